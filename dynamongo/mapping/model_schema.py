"""What a model declares, and checks of what callers name: fields, paths, indexes and projections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import (
    DynamongoError,
    ExpressionError,
    InvalidRequestError,
    TableExists,
    TableMismatch,
    TableNotFound,
    ValidationError,
)
from dynamongo.expressions.conditions import AnyCondition, Exists, NotExists, Path
from dynamongo.expressions.values import MAX_ITEM_BYTES, Item, check_name, shorten
from dynamongo.fields.any_field import AnyField
from dynamongo.fields.base import Field
from dynamongo.fields.indexes import Index
from dynamongo.fields.operators import Operators
from dynamongo.mapping.declaration.model import Declaration
from dynamongo.mapping.keys.model_keys import ModelKeys, describe_key, name_model
from dynamongo.operations import Put, UpdateItem
from dynamongo.schema import TableSchema

if TYPE_CHECKING:
    from dynamongo.mapping import held_values, item_sizes
    from dynamongo.mapping.keys.composed import ComposedKeys
    from dynamongo.mapping.unique import Constraints
else:  # only errors need them
    held_values = LazyModule("dynamongo.mapping.held_values")
    item_sizes = LazyModule("dynamongo.mapping.item_sizes")

_KEY_REFUSALS: Final = (
    "does not match the schema",
    "does not match schema type",
    "missed key schema element",
    "Missing the key",
    "Type mismatch for key",
)
"""What DynamoDB says about a request whose keys are not those of the table."""


class ModelSchema:
    """What a model class declares: the part of its `Mapper` that knows nothing about instances.

    Args:
        model: The class.
        fields: Its fields by name, bound to it.
        declaration: What it declares; `None` for an abstract model, which has no table.

    Attributes:
        name: The name of the class, for messages.
        declaration: All that the class declares; its table has no prefix.
        table: The name of the table without its prefix, or its ARN; `None` if a callable returns it.
        keys: The key fields.
        key_templates: The keys that are composed of other fields, also those of indexes; `None` if there are none.
        indexes: The indexes by the names of their attributes.
        fields: The fields by their names.
        attributes: The fields by the names of their attributes.
        renamed: The names of those fields that are stored under other names, by these.
        version: The path of the `VersionField`, if there is one.
        unique: What is unique among its items besides the key; `None` for nothing.
        guard_exclusion: What leaves the guards of unique constraints out of a read that would meet them; `None` if
            the table has none that the model knows of.
        exists: The condition that there is an item.
        is_missing: The condition that there is none.
        owners: The owners of paths that need no check: the model, and `None` where no field made the path.
        plan_templates: What the planner keeps of the plans that it has made; see `planning.plan_templates`.
    """

    declaration: Declaration
    table: str | None
    keys: ModelKeys
    key_templates: ComposedKeys | None
    indexes: Mapping[str, Index]
    version: Path | None
    unique: Constraints | None
    guard_exclusion: AnyCondition | None
    exists: Exists
    is_missing: NotExists
    plan_templates: dict[Any, Any]

    def __init__(self, model: type, fields: Mapping[str, Field[Any]], declaration: Declaration | None) -> None:
        self.name = model.__name__
        self.fields = fields
        self.attributes = {field.path.attribute: field for field in fields.values()}
        self.renamed = {stored: field.path.name for stored, field in self.attributes.items() if field.stored_as}
        self._full_name = name_model(model)
        self.owners: frozenset[str | None] = frozenset([None, self._full_name])
        self._bases = model.__mro__
        self.unique = self.guard_exclusion = (
            None  # not on the class: in CPython, attributes of an instance are faster to read
        )
        if declaration is not None:
            self.take_declaration(declaration)

    def take_declaration(self, declaration: Declaration, table: str | None = None) -> None:
        """Apply a declaration, the first one or one after an option was assigned. Keys and fields never change.

        Args:
            declaration: The declaration.
            table: The table that the class is bound to, if it is another one.
        """
        self.declaration = declaration
        self.table = (declaration.table.name if table is None else table) or None
        self.keys = declaration.keys
        self.key_templates = declaration.keys.key_templates
        self.indexes = declaration.indexes
        self.version = declaration.version
        self.exists = Exists(declaration.keys.hash_key.path)
        self.is_missing = NotExists(declaration.keys.hash_key.path)
        self._schema = declaration.table  # under the full name of the latest call of `schema`
        self.plan_templates = {}

    def expect_guards(self, exclusion: AnyCondition, prefix: str) -> None:
        """Leave guards of unique constraints out of reads, and refuse keys with which an item could pose as one."""
        self.guard_exclusion = exclusion
        self.keys.hash_key.reserve(prefix)
        self.keys.codec.reset()
        self.plan_templates = {}  # of plans that leave none out

    @property
    def read_key_templates(self) -> ComposedKeys | None:
        """The keys of all items that the model reads, as far as they are composed alike."""
        return self.key_templates

    def schema(self, table: str) -> TableSchema:
        """Return the declared table under its full name."""
        schema = self._schema  # read once: another thread may ask for another table
        if schema.name != table:
            self._schema = schema = replace(self.declaration.table, name=table)
        return schema

    def pick_key(self, item: Item) -> Item:
        """Return the key attributes of an item, as far as it has them."""
        return {name: item[name] for name in self.keys.names if name in item}

    def describe_key(self, item: Item) -> str:
        """Return the key of an item as people read it, such as `email = 'x' AND day = 3`."""
        key = self.pick_key(item)
        return describe_key(key if self.key_templates is None else self.key_templates.tell(key), self.renamed)

    def check_names(self, names: Iterable[object], error: type[DynamongoError] = ValidationError) -> None:
        """Raise the error if one of the names is not that of a field."""
        if unknown := [name for name in names if name not in self.fields]:
            raise error(self.describe_unknown(unknown))

    def describe_unknown(self, names: Sequence[object]) -> str:
        """Return the message for names that are not those of fields."""
        return held_values.describe_unknown(self.name, self.fields, names, self.renamed)

    def check_paths(self, paths: Iterable[Path], *, to_write: bool = False) -> None:
        """Refuse paths of another model, with which a condition or an update would silently do something else.

        Args:
            paths: The paths in conditions, updates and projections.
            to_write: Whether values are stored at the paths or copied from them, so that the rules of their fields
                matter.

        Raises:
            ExpressionError: There is no such field, or the path belongs to a field of another model.
        """
        for path in paths:
            if path.elements[0] not in self.attributes and path.owner is None:
                raise ExpressionError(self.describe_unknown([path.attribute]))
            if path.owner not in self.owners:
                self._check_owner(path, to_write=to_write)

    def find_attribute(self, name: str) -> Field[Any]:
        """Return the field that is stored under the name, or a field of any values for an undeclared attribute."""
        if name in self.attributes:
            return self.attributes[name]
        return AnyField().bind(self.name, Path(check_name(name)).made_by(self._full_name, name))

    def _check_owner(self, path: Path, *, to_write: bool) -> None:
        """Refuse the path of another class, unless it is a base whose field the model declares alike."""
        base: Any = next((each for each in self._bases if name_model(each) == path.owner), None)
        other = str(path.owner).rpartition(".")[2]
        own, inherited = self.attributes.get(path.attribute), base and base.__mapper__.attributes.get(path.attribute)
        if own is None and (inherited is not None or base is None):
            raise ExpressionError(f"{self.name} has no field {path.name!r}: it belongs to {other}")
        if base is None:
            raise ExpressionError(
                f"{self.name}: {path} belongs to {other}; use a field of {self.name} or of a base of both"
            )
        # `Admin.find(User.name == "x")` is right if `Admin` inherits the field, or its own stores values alike.
        if own is None:  # neither of them declares the attribute
            return
        if inherited is None:
            is_same = not to_write
        else:
            is_same = own.can_copy(inherited) and inherited.can_copy(own) if to_write else own.stores_like(inherited)
        if not is_same:
            differs = "rules" if inherited is not None and own.stores_like(inherited) else "values"
            raise ExpressionError(
                f"{self.name}: {path} belongs to {other}, and {self.name} redeclares it with other {differs}; use the"
                f" field of {self.name}"
            )

    def resolve_index(self, index: Any) -> str | None:
        """Return the name in DynamoDB of an index, given the index itself, that name, or its attribute in the model."""
        if index is None:
            return None
        for name, known in self.indexes.items():
            if index is known or index in (name, known.name):
                return known.schema.name
        if not self.indexes:
            raise ExpressionError(f"{self.name} declares no indexes; got index={shorten(index)}")
        raise ExpressionError(f"unknown index {shorten(index)}; {self.name} has: {', '.join(self.indexes)}")

    def resolve_projection(self, wanted: Iterable[Any] | None) -> tuple[Path, ...]:
        """Return the paths of a projection, which may contain fields and their names; none for whole items."""
        if wanted is None:
            return ()
        if isinstance(wanted, (str, Operators)):
            raise ExpressionError(f"{self.name}: projection must be a list of fields; got {shorten(wanted)}")
        paths = tuple(path for each in wanted for path in self.projected_paths(each))
        if not paths:
            raise ExpressionError(f"{self.name}: projection must name at least one field")
        self.check_paths(paths)
        return paths

    def projected_paths(self, wanted: Any) -> tuple[Path, ...]:
        """Return the path of a field, or of the field with that name."""
        if isinstance(wanted, str):
            self.check_names([wanted], ExpressionError)
            return self.stored_paths(self.fields[wanted])
        if isinstance(wanted, Field):
            return self.stored_paths(cast("Field[Any]", wanted))
        raise ExpressionError(
            f"{self.name}: projection must contain fields, such as User.name or User.address.city, or their names;"
            f" got {shorten(wanted)}"
        )

    def stored_paths(self, field: Field[Any]) -> tuple[Path, ...]:
        """Return the path of a field, or those of the keys that tell its value."""
        if field.stored or self.key_templates is None:
            return (field.path,)
        return tuple(self.attributes[name].path for name in self.key_templates.keys_of(field.path.attribute))

    def locate_error(
        self, error: DynamongoError, table: str, key: Item | None = None, operation: object = None
    ) -> DynamongoError:
        """Return the error of a refused request with the names of the table and the item.

        Args:
            error: The error. One that is not a refusal is returned unchanged.
            table: The full name of the table.
            key: The key of the item, or an item that contains it.
            operation: The refused operation.
        """
        if isinstance(error, TableMismatch):
            return TableMismatch(f"{self.name}: {error}", error.differences)
        if not isinstance(error, (InvalidRequestError, TableNotFound, TableExists)):
            return error
        where = f"the table {table}"
        about = where if key is None else f"the item with {self.describe_key(key)} in {where}"
        text = f"{self.name}: {error.message} ({about}){self.hint_at(error.message, operation)}"
        return type(error)(text, code=error.code).copy_context(error)

    def hint_at(self, refusal: str, operation: object) -> str:
        """Return what the store's message leaves out: paths of an update, sizes, or how the keys may differ."""
        if "document path" in refusal and isinstance(operation, UpdateItem):
            paths = [update.path for update in operation.updates]
            nested = [f"{self.name}.{path}".replace(".[", "[", 1) for path in paths if len(path.elements) > 1]
            return f"; the map or list that contains {', '.join(nested)} must exist" if nested else ""
        if refusal.startswith("Item size"):
            if isinstance(operation, Put):
                size = item_sizes.measure(operation.item, self.attributes)
                return f"; it has {size.describe_bytes()}; {size.describe_largest()}"
            return f"; an item takes at most {MAX_ITEM_BYTES:,} bytes"
        if not any(words in refusal for words in _KEY_REFUSALS):
            return ""
        keys = ", ".join(f"{key.name} ({key.type})" for key in self.declaration.table.keys.attributes)
        return f"; the key of the model is {keys}; compare_table() shows whether the table has the same"
