"""`Mapper`: everything that the rest of the library needs to know about a model class, as `User.__mapper__`.

Planning, transactions, bulk writes, result sets and the verbs of `Model` know a class only through its mapper: what it
declares, how instances become items and items become instances, and how messages describe an item.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Mapping
from types import MethodType
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, cast

from dynamongo._support.dataclasses import replace
from dynamongo._support.generics import Generic
from dynamongo._support.lazy import lazy_property
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import AttributeNotLoaded, Problem, UnreadableItem, ValidationError
from dynamongo.expressions.conditions import AnyCondition, Path
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item, shorten
from dynamongo.fields import BinaryField, IntField, StringField
from dynamongo.fields.base import Field
from dynamongo.mapping.codec.model import Codec
from dynamongo.mapping.declaration.model import Declaration
from dynamongo.mapping.model_schema import ModelSchema
from dynamongo.mapping.records import Record, Recorded, make_record, record_of, set_record, set_values, stored_item_of
from dynamongo.mapping.versions import lock, next_version
from dynamongo.operations import ItemReader, Put, ReadItems, UpdateItem

if TYPE_CHECKING:
    from dynamongo.mapping import partial_items
    from dynamongo.mapping.changes import deltas, stored_forms
    from dynamongo.mapping.kinds.kinds import Kinds
    from dynamongo.mapping.problems import given as given_problems
    from dynamongo.mapping.problems import stored as problems
    from dynamongo.mapping.rules.base import Rules
else:  # only partial reads, saves of what was read, and errors need them
    deltas = LazyModule("dynamongo.mapping.changes.deltas")
    given_problems = LazyModule("dynamongo.mapping.problems.given")
    partial_items = LazyModule("dynamongo.mapping.partial_items")
    problems = LazyModule("dynamongo.mapping.problems.stored")
    stored_forms = LazyModule("dynamongo.mapping.changes.stored_forms")

M = TypeVar("M", bound=Recorded)

_PLAIN_KEYS: Final = frozenset([BinaryField, IntField, StringField])


class Mapper(ModelSchema, Generic[M]):
    """What a model class declares, and the conversion between its instances and stored items.

    Args:
        model: The class.
        fields: Its fields by name, bound to it.
        declaration: What it declares; `None` for an abstract model, which has no table.
        rules: What it does to its items beyond what the fields do.

    Attributes:
        model: The class.
        origin: The class that declares the model: `model` itself, unless that is bound to another table.
        codec: The compiled functions between values and items.
        kinds: How its items are told from others in the table; `None` if nothing tells them.
        rules: What it does to its items beyond what the fields do; `None` for nothing.
        key_members: What the keys of an item tell; `None` if no key is made of other fields.
    """

    kinds: Kinds | None

    def __init__(
        self,
        model: type[M],
        fields: Mapping[str, Field[Any]],
        declaration: Declaration | None,
        rules: Rules | None = None,
    ) -> None:
        self.model = self.origin = model
        index_keys = () if declaration is None else declaration.index_keys
        self.rules, self.kinds = rules, None
        self.key_members = None if rules is None else rules.key_members
        self.codec = Codec(model, fields, lambda: self.keys.codec, index_keys, self.explain_unreadable, rules=rules)
        self._formed = {
            field.path.attribute: field for field in fields.values() if not (field.reads_one_form or field.is_key)
        }
        super().__init__(model, fields, declaration)
        self.unions: dict[Any, Any] = {}  # the mappers of `find_across`

    def bind(self, model: type[M], table: str | None) -> Mapper[M]:
        """Return the mapper of a class that is bound to another table or connection, which has this one's fields.

        Args:
            model: The class, derived from this one's.
            table: The name of its table; `None` for the table of this one.
        """
        bound: Mapper[M] = object.__new__(type(self))  # `copy.copy` would take five times the time
        vars(bound).update(vars(self))
        bound.model = model
        if self.rules is not None:
            bound.rules = self.rules.bind(model)
        bound.take_declaration(self.declaration, table)
        return bound

    # Instances and items.

    def as_instance(self, item: M | Mapping[str, Any]) -> M:
        """Return the instance itself, or a new one with the values of a dict, or of an instance of another table.

        Raises:
            ValidationError: It is neither an instance nor a dict of valid values.
        """
        known: Any = item
        if type(known) is self.model:  # almost always
            return known
        if isinstance(item, self.origin):
            return self.mapper_of(item).adopt(item) if self.is_foreign(item) else item
        if isinstance(item, Mapping):
            model: Any = self.model
            built: M = model.from_dict(item)  # which a model may override
            return built
        raise ValidationError(f"{self.name}: expected an instance or a dict of its values; got {shorten(item)}")

    def mapper_of(self, instance: M) -> Mapper[M]:
        """Return the mapper of the instance's own class, which may be derived from the model, and store more."""
        own: Mapper[M] = self.class_like(type(instance)).__mapper__
        return own if own.keys.names == self.keys.names else self

    def mapper_for(self, strategy: object) -> Mapper[M]:
        """Return the mapper for a write of what a strategy names: that of an instance, whose class may have more rules.

        The same mapper for anything but an instance of a derived class.
        """
        known: Any = strategy
        return self.mapper_of(known) if type(known) is not self.model and isinstance(known, self.origin) else self

    def class_like(self, model: Any) -> Any:
        """Return the class, which is derived from the model, bound to what the model is bound to."""
        origin, own = model.__mapper__.origin, vars(self.model)
        if origin is self.origin or self.model is self.origin:
            return self.model if origin is self.origin else origin
        bound = origin.on_table(own["__table__"]) if "__table__" in own else origin
        return bound.on(own["__connection__"]) if "__connection__" in own else bound

    def is_foreign(self, instance: M) -> bool:
        """Return whether the instance belongs to another table: what it knows of its stored item is not about ours."""
        model = type(instance)
        return model is not self.model and model is not self.class_like(model)

    def adopt(self, instance: M) -> M:
        """Return a new instance of this table with the values of one of another table, which stays as it is."""
        held: dict[str, Any] = vars(instance)
        make: Any = self.model.__new__
        adopted: M = make(self.model)
        set_values(adopted, {name: copy.deepcopy(held[name]) for name in self.fields if name in held})
        if self.version is not None and self.version.name in held:
            vars(adopted)[self.version.name] = None
        set_record(adopted, replace(record_of(instance), stored=None))
        return adopted

    def build(self, values: Mapping[str, Any]) -> M:
        """Return a new instance with these values; raises `ValidationError` as the constructor does."""
        try:
            return self.model(**values)
        except TypeError:
            given_problems.explain_names(self, values)
            raise

    def encode(self, instance: M) -> Item:
        """Return the item that is stored for the instance, as attribute values.

        Validates every value again, since a list or dict in it may have been changed. What has not changed since the
        item was read keeps the form in which it is stored.

        Raises:
            ValidationError: A value does not suit its field, or a required one is missing; the error tells all.
            AttributeNotLoaded: The item was only partly read, so saving it would lose the rest.
        """
        record: Any = instance.__record__
        try:
            if record is None or type(record) is tuple:  # no value has the form of another program
                return self.codec.encode(vars(instance), {})
            if type(record) is not Record:  # nothing is undeclared, and nothing was left out when it was read
                stored, item = record, self.codec.encode(vars(instance), {})
            elif record.loaded is None:
                stored, item = record.stored, self.codec.encode(vars(instance), record.start_item())
            else:
                self._refuse_part(instance)
        except ValidationError as error:
            raise given_problems.explain_instance(self, vars(instance), error) from error.__cause__
        if self._formed and stored is not None:
            stored_forms.keep_stored_forms(self._formed, stored, item)
        if self.key_members is not None and type(record) is Record and record.told:
            self.key_members.leave_out(record.told, stored_item_of(instance) or {}, item)
        return item

    def _refuse_part(self, instance: M) -> NoReturn:
        raise AttributeNotLoaded(
            f"{self.name}: the item with {self.describe_key(self.key_of(instance))} was only partly read, and"
            " saving it would lose the rest: call reload() first, or change it with update()"
        )

    def model_for(self, item: Item) -> type[M] | None:  # noqa: ARG002 - `KindMapper` looks at it
        """Return the class of a stored item; `None` if it is of another kind. Without kinds, that is the model."""
        return self.model

    def make_reader(self) -> ItemReader | None:
        """Return what reads whole items to instances while they are JSON, for `decode_read`; `None` if nothing can."""
        read = self.codec.read
        if read is None:
            return None
        # An instance holds the keys of these fields as they are stored.
        is_plain = all(type(field) in _PLAIN_KEYS and not field.stored_as for field in self.keys.fields)
        return ItemReader(MethodType(read, self.model), vars if is_plain else self.key_of, self.keys.names)

    make_own_reader = make_reader
    """The same, for items that are of the model's own class."""

    def decode(self, item: Item) -> M:
        """Return an instance of a whole item.

        Raises:
            ValidationError: A stored attribute holds something that its field could not have stored.
        """
        decoded: list[M] = self.codec.decode(self.model, (item,))
        return decoded[0]

    decode_own = decode
    """The same, whatever kind the item says it is of."""

    def decode_read(self, items: Iterable[Item], loaded: tuple[Path, ...] | None) -> list[M]:
        """Return instances of items of which these paths were read; `None` means whole items."""
        if type(items) is ReadItems:
            decode = self.decode if loaded is None else functools.partial(self.decode_partial, loaded=loaded)
            return items.finish(decode, partial_items.complete if self.codec.completes else None)
        if loaded is None:
            return self.codec.decode(self.model, items)
        return [self.decode_partial(item, loaded) for item in items]

    def decode_written(self, item: Item, done: str, loaded: tuple[Path, ...] | None = None) -> M:
        """Return an instance of the item that a write returned.

        Args:
            item: The item.
            done: What the write did, in the past tense.
            loaded: The paths that it returned; `None` for the whole item.

        Raises:
            WrittenButUnreadable: The write succeeded, but the stored item does not suit the model, or a hook failed.
        """
        try:
            return self.decode(item) if loaded is None else self.decode_partial(item, loaded)
        except Exception as error:  # of a hook, it may be any: the caller has to know that the write was done
            raise problems.explain_written(self, item, done, error) from error

    def decode_partial(self, item: Item, loaded: tuple[Path, ...]) -> M:
        """Return an instance of an item of which only these paths were read; others raise `AttributeNotLoaded`."""
        return partial_items.read_partial(self, item, loaded)

    def decode_key(self, key: Item) -> M:
        """Return an instance with only a key, for an item that was not read; it cannot be saved."""
        loaded = tuple(map(Path, key))
        instance = partial_items.decode_partial(self, key, loaded)
        # `stored` is `None`: nothing was read, so there is no version to check.
        set_record(instance, Record(None, {}, loaded))
        return instance

    @lazy_property
    def partial_codec(self) -> Codec:
        """The codec of items that may lack what was not read."""
        has_hooks = self.codec.completes  # which would be called too early
        if not has_hooks and not any(field.required_on_read for field in self.fields.values()):
            return self.codec
        fields = {name: field.ignoring_absence() for name, field in self.fields.items()}
        told = None if self.rules is None else self.rules.of_parts
        return Codec(self.model, fields, lambda: self.keys.codec, (), self.explain_unreadable, rules=told)

    # Keys.

    def key_of(self, instance: M) -> Item:
        """Return the key of an instance.

        Raises:
            ValidationError: A key value is missing.
        """
        held = vars(instance)
        key: Item = self.keys.codec.encode([held[name] for name in self.keys.field_names])
        return key

    # What an instance knows about its stored item.

    def is_partial(self, instance: M) -> bool:
        """Return whether the item of the instance was only partly read."""
        return record_of(instance).loaded is not None

    def lock_of(self, instance: M) -> AnyCondition | None:
        """Return the condition that a write of the loaded item checks, if its model has a `VersionField`.

        An instance that only names an item, or belongs to another table, has no version to check.
        """
        version = self.version
        if version is None or self.is_foreign(instance):
            return None
        if record_of(instance).stored is None and vars(instance).get(version.name) is None:
            return None
        return lock(version, getattr(instance, version.name))

    def note_saved(self, instance: M, write: Put | UpdateItem) -> None:
        """Record what is stored for the instance after the write has succeeded."""
        item = write.item if isinstance(write, Put) else self._apply_update(instance, write)
        if self.rules is not None:
            self.rules.after_write(instance, item)
        record = instance.__record__
        if record is None or type(record) is tuple:
            set_record(instance, (item,))
        elif type(record) is not Record:
            set_record(instance, item)
        elif record.loaded is None:
            set_record(instance, make_record(item, self.codec.known, record.still_told(item)))
        else:
            set_record(
                instance, replace(record, stored=item, loaded=partial_items.add_held(self, instance, record.loaded))
            )
        if self.version is not None:  # the write has incremented it
            vars(instance)[self.version.name] = item[self.version.attribute]

    def take_over(self, instance: M, other: M) -> M:
        """Copy values and record from another instance of the model, and return the instance."""
        # Attributes that the user keeps on the instance besides its fields stay, unless a hook has made them anew.
        held = vars(other)
        if not self.codec.completes:
            held = {name: value for name, value in held.items() if name in self.fields}
        vars(instance).update(held)
        set_record(instance, other.__record__)
        return instance

    def _apply_update(self, instance: M, write: UpdateItem) -> Item:
        # The rest is the increment of the version, which follows below.
        changes = [update for update in write.updates if isinstance(update, (SetUpdate, RemoveUpdate))]
        item = deltas.apply_deltas(cast("Item", stored_item_of(instance)), changes)
        version = self.version
        return item if version is None else {**item, version.attribute: next_version(vars(instance)[version.name])}

    # Errors in the model's words.

    def explain_unreadable(self, item: Item, found: tuple[Problem, ...] | None = None) -> UnreadableItem:
        """Return the error for a stored item that does not suit the model, for the reasons that were found, if any.

        It shows no stored value but the key.
        """
        return problems.explain_unreadable(self, item, found)
