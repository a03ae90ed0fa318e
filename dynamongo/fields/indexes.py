"""Secondary indexes as a model declares them.

A global index has keys of its own, each of one to four attributes, and holds the items of the whole table that have all
of these; DynamoDB updates it a moment after the table, so it cannot be read consistently. A local index shares the
table's hash key, has another range key, can be read consistently, and can only be created together with the table.

Source: "Improving data access with secondary indexes" in the DynamoDB developer guide, and "Projection" in the API
reference.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field
from dynamongo.schema import IndexSchema

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo._support.several import Several

FieldReference: TypeAlias = "Field[Any] | str"
"""A field of the same class body, or its name."""

KeyReference: TypeAlias = "FieldReference | Sequence[FieldReference]"
"""The field or fields of a key of a global index."""

IndexProjection: TypeAlias = "Literal['all', 'keys_only'] | Several[FieldReference]"
"""What an index holds besides its own keys and the table's: everything, nothing, or these attributes."""


class Index:
    """Base of `GlobalIndex` and `LocalIndex`.

    Attributes:
        hash_key: The field that is the hash key, or its name, or a tuple of several; `None` for the table's.
        range_key: The field that is the range key, or its name, or a tuple of several.
        projection: What the index holds besides the keys.
        name: Its name in DynamoDB; by default that of the attribute in the model.
    """

    is_global = True

    def __init__(
        self,
        hash_key: KeyReference | None,
        range_key: KeyReference | None,
        projection: IndexProjection,
        name: str | None,
    ) -> None:
        self.hash_key = hash_key
        self.range_key = range_key
        self.name = name
        self._label = type(self).__name__
        self.projection: Literal["all", "keys_only"] | tuple[FieldReference, ...] = self._check_projection(projection)
        self._schema: IndexSchema | None = None

    def _check_projection(self, projection: Any) -> Any:
        if projection in ("all", "keys_only"):
            return projection
        if isinstance(projection, str) or not isinstance(projection, Iterable):
            raise SchemaError(
                f"{self._label}: projection must be 'all', 'keys_only' or a list of fields; got {shorten(projection)}"
            )
        return tuple(cast("Iterable[Any]", projection))

    def resolve(self, names: Mapping[int, str]) -> Self:
        """Return a copy that refers to its fields by name; `names` maps the `id` of each field to its name."""
        resolved = copy.copy(self)
        resolved.hash_key = _names_of(self.hash_key, names)
        resolved.range_key = _names_of(self.range_key, names)
        if not isinstance(self.projection, str):
            resolved.projection = tuple(_name_of(reference, names) for reference in self.projection)
        return resolved

    def bind(self, label: str, schema: IndexSchema) -> Self:
        """Return a copy of the index that belongs to a model, as `label`, with its schema."""
        bound = copy.copy(self)
        bound._label, bound._schema, bound.name = label, schema, schema.name  # noqa: SLF001 - a copy of self
        return bound

    def take_schema(self, schema: IndexSchema) -> None:
        """Adopt a new schema, after an option of the model was changed."""
        self._schema = schema

    @property
    def schema(self) -> IndexSchema:
        """The index in its table; raises `SchemaError` for one that no model with a table declares."""
        if self._schema is None:
            raise SchemaError(f"{self._label} belongs to no model that has a table")
        return self._schema

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._label}>" if self._schema else f"<{self._label}>"


class GlobalIndex(Index):
    """A global secondary index: other keys for the same items.

    Args:
        hash_key: The field that is its hash key, or the name of the field; or a tuple or list of up to four, all of
            which a query has to compare by `==`.
        range_key: The field that is its range key, or its name; or a tuple or list of up to four, by which items are
            sorted from left to right. An item that lacks one of all these fields is not in the index.
        projection: `"all"`, `"keys_only"`, or a list of fields or names that it holds besides the keys: at most 20, and
            at most 100 in all indexes of a table.
        name: Its name in DynamoDB, of 3 to 255 letters, digits, `_`, `.` and `-`; by default that of the attribute.
        read_units: What `create_table` provisions for it, in read units per second; by default as for the table.
        write_units: The same in write units.

    >>> from dynamongo import IntField, Model, StringField
    >>> class User(Model):
    ...     __table__ = "users"
    ...     __hash_key__ = "email"
    ...     email = StringField()
    ...     name = StringField(required=True)
    ...     year_of_birth = IntField(required=True)
    ...     by_name = GlobalIndex(hash_key=name, range_key="year_of_birth")
    >>> User.by_name.schema.keys.names
    ('name', 'year_of_birth')

    With several fields in a key, no attribute has to be made up of others, such as `"acme#eu"` or `"2025-03"`:

    >>> class Order(Model):
    ...     __table__ = "orders"
    ...     __hash_key__ = "id"
    ...     id = StringField()
    ...     tenant, region = StringField(required=True), StringField(required=True)
    ...     year, month = IntField(required=True), IntField(required=True)
    ...     by_month = GlobalIndex(hash_key=(tenant, region), range_key=(year, month))
    >>> print(Order.by_month.schema.keys)
    hash key tenant (S), region (S); range key year (N), month (N)
    """

    def __init__(  # noqa: PLR0913 - the parts of an index in DynamoDB
        self,
        hash_key: KeyReference,
        range_key: KeyReference | None = None,
        *,
        projection: IndexProjection = "all",
        name: str | None = None,
        read_units: int | None = None,
        write_units: int | None = None,
    ) -> None:
        super().__init__(hash_key, range_key, projection, name)
        self.read_units = read_units
        self.write_units = write_units


class LocalIndex(Index):
    """A local secondary index: another range key under the table's hash key. The table needs a range key.

    Args:
        range_key: The field that is its range key, or its name. An item that lacks it is not in the index.
        projection: As in `GlobalIndex`. DynamoDB fetches attributes that a local index does not hold from the table,
            at the cost of another read for each item.
        name: As in `GlobalIndex`.
    """

    is_global = False

    def __init__(
        self, range_key: FieldReference, *, projection: IndexProjection = "all", name: str | None = None
    ) -> None:
        super().__init__(None, range_key, projection, name)


def _names_of(key: Any, names: Mapping[int, str]) -> Any:
    """Return the name or names of the fields of a key."""
    if isinstance(key, (tuple, list)):
        return tuple(_name_of(reference, names) for reference in cast("Sequence[Any]", key))
    return _name_of(key, names)


def _name_of(reference: Any, names: Mapping[int, str]) -> Any:
    """Return the name of a field; anything else as it is, for the declaration to refuse."""
    # By `id`, since `==` of two fields builds a condition.
    return names.get(id(reference), reference)
