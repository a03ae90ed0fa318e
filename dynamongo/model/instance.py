"""Instances of a model: their values, and the item that is stored for them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from dynamongo._support.codegen import is_plain_name
from dynamongo._support.dataclasses import dataclass, replace
from dynamongo.exceptions import AttributeNotLoaded, ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import Condition, Path
from dynamongo.expressions.evaluation import MISSING, Resolved
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.expressions.values import AttributeValue, Item, equals, hidden_values, print_value
from dynamongo.fields import python_values
from dynamongo.fields.base import Field
from dynamongo.fields.indexes import Index
from dynamongo.fields.partial_map import guard
from dynamongo.mapping.declaration import OPTIONS
from dynamongo.mapping.deltas import Change, Delta, apply_deltas, make_deltas
from dynamongo.mapping.model_codec import Maker, read_plainly
from dynamongo.mapping.versions import lock, next_version
from dynamongo.model.metaclass import ModelMeta
from dynamongo.operations import Put, UpdateItem
from dynamongo.planning.plan import Plan, describe_key

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the item of an instance, where that is more than a whole item of declared attributes.

    Attributes:
        stored: The item as it was read, or as it was last saved; `None` where it was neither.
        undeclared: Its attributes that the model does not declare.
        loaded: The paths that were read, where the item was not read whole.
    """

    stored: Item | None
    undeclared: Item
    loaded: tuple[Path, ...] | None = None


class Instance(metaclass=ModelMeta):
    """The part of `Model` that holds values: one for each field, and the stored attributes that have no field.

    The values are in the instance's `__dict__` under the names of the fields, so that reading one costs no call. The
    library keeps nothing else there, since serializers dump it: what was read or saved is in a slot.
    """

    __abstract__ = True
    __slots__ = ("__dict__", "__weakref__", "_record")

    _record: Record | Item | None
    """What is known of the stored item: nothing, the item itself, or a `Record` where there is more to say."""

    def __init__(self, /, **values: Any) -> None:
        codec = type(self).__codec__
        try:
            held = codec.build(values)
        except ValidationError:
            self._check_names(values)  # an unknown name is the first that is told
            raise
        if held is None:
            self._check_names(values)
        else:
            codec.fill(self, held)
        _set_record(self, None)

    def __setattr__(self, name: str, value: Any) -> None:
        field = type(self).__fields__.get(name)
        if field is not None:
            vars(self)[name] = field.missing_value() if value is None else field.validate(value)
        elif name in OPTIONS:
            raise SchemaError(f"{name} belongs to the model and not to an item: set {type(self).__name__}.{name}")
        elif name.startswith("_") or _is_assignable(_find_in_class(type(self), name)):
            super().__setattr__(name, value)
        else:
            self._check_names([name])

    def __delattr__(self, name: str) -> None:
        field = type(self).__fields__.get(name)
        if field is None:
            super().__delattr__(name)
        else:
            vars(self)[name] = field.missing_value()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """An instance of the values in a dict; the same as the constructor.

        Raises:
            ValidationError: A value does not suit its field, or a name is not one of a field.
        """
        try:
            return cls(**values)
        except TypeError:
            cls._check_names(values)  # one may be no str
            raise

    def to_dict(self, only: Iterable[str] | None = None) -> dict[str, Any]:
        """The values of the declared fields as a new dict of Python values, `None` where there is none.

        Of an item that was not read whole, the dict has what was read.

        Args:
            only: The names of the fields to include; all of them by default.

        Raises:
            ValidationError: A name in `only` is not one of a field.
        """
        fields = type(self).__fields__
        if isinstance(only, str):
            raise ValidationError(f"{type(self).__name__}.to_dict: only takes a list of names; got {only!r}")
        names = [name for name in fields if name in vars(self)] if only is None else list(only)
        self._check_names(names)
        try:
            return {name: copy.deepcopy(getattr(self, name)) for name in names}
        except RecursionError:
            raise ValidationError(f"{type(self).__name__}.to_dict: a value is nested too deep to be copied") from None

    def undeclared(self) -> dict[str, Any]:
        """The stored attributes that the model does not declare, as a new dict of Python values.

        They came with the item when it was read, and are saved with it.
        """
        return python_values.decode_map(self._undeclared)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return False
        known = cast("Self", other)
        return (self._values(), self._undeclared, self._loaded) == (known._values(), known._undeclared, known._loaded)

    __hash__ = None  # type: ignore[assignment]  # instances can change

    def __repr__(self) -> str:
        values = self._values()
        shown = {name: value for name, value in values.items() if not type(self).__fields__[name].is_absent(value)}
        odd = {name: value for name, value in shown.items() if not is_plain_name(name)}  # no keyword argument in source
        arguments = [f"{name}={print_value(value)}" for name, value in shown.items() if name not in odd]
        return f"{type(self).__name__}({', '.join([*arguments, *([f'**{print_value(odd)}'] if odd else [])])})"

    def _encode_item(self) -> Item:
        """The item that is stored for the instance, as attribute values.

        Validates every value again, since a list or dict in it may have been changed.

        Raises:
            ValidationError: A value does not suit its field, or a required one is missing.
            AttributeNotLoaded: The item was not read whole, so that there would be less of it than before.
        """
        record = self._record
        if type(record) is not Record:
            return type(self).__codec__.encode(vars(self), {})
        if record.loaded is not None:
            raise AttributeNotLoaded(
                f"{type(self).__name__}: the item with {self._describe_key(self._key())} was not read whole, and would"
                " lose what was not read if it were saved: call reload() first, or change it with update()"
            )
        return type(self).__codec__.encode(vars(self), dict(record.undeclared))

    @classmethod
    def _decode_item(cls, item: Item) -> Self:
        """An instance of what is stored.

        Raises:
            ValidationError: A stored attribute holds something that its field could not have stored.
        """
        decoded: list[Self] = cls.__codec__.decode((item,))
        return decoded[0]

    @classmethod
    def _decode_items(cls, items: Iterable[Item]) -> list[Self]:
        """Instances of what is stored; raises as `_decode_item`."""
        return cls.__codec__.decode(items)

    @classmethod
    def _name_item(cls, key: Item) -> Self:
        """An instance that holds a key alone, of an item that was not read: it is partial, and cannot be saved."""
        loaded = tuple(map(Path, key))
        instance = cls._decode_part(key, loaded)
        _set_record(instance, Record(None, {}, loaded))
        return instance

    @classmethod
    def _explain_unreadable(cls, item: Item, read: Callable[[], object]) -> ValidationError:
        """The error for an item that does not suit the model, with its key alone of what is stored.

        Args:
            item: The item.
            read: Reads again what was refused.
        """
        named = cls._describe_key(item) or "none of the model's key attributes"
        with hidden_values():
            try:
                read()
            except ValidationError as error:
                return ValidationError(f"{error}; stored in the item with {named}")
        return ValidationError(f"{cls.__name__} cannot be read from the item with {named}")

    @classmethod
    def _decode_found(cls, items: list[Item], plan: Plan) -> list[Self]:
        """Instances of items that were read with the plan."""
        if plan.loaded is None:
            return cls._decode_items(items)
        return [cls._decode_part(item, plan.loaded) for item in items]

    @classmethod
    def _decode_part(cls, item: Item, loaded: tuple[Path, ...]) -> Self:
        """An instance of an item of which only these paths were read; it refuses to show any others."""
        parts = {path.attribute for path in loaded if len(path.elements) > 1}
        instance = cls._decode_item({name: value for name, value in item.items() if name not in parts})
        undeclared = {name: value for name, value in item.items() if name not in cls.__fields__}
        values: dict[str, Any] = vars(instance)
        for name, field in cls.__fields__.items():
            paths = [Path(*path.elements[1:]) for path in loaded if path.attribute == name]
            value = values.pop(name)
            if name in parts and item.get(name) is not None:
                value = cls._decode_loaded(field, item)
            if paths:
                values[name] = guard(value, paths, field.label)
        _set_record(instance, Record(item, undeclared, loaded))
        return instance

    @classmethod
    def _decode_loaded(cls, field: Field[Any], item: Item) -> Any:
        stored = item[field.path.attribute]
        try:
            return field.decode_loaded(stored)
        except ValidationError:
            raise cls._explain_unreadable(item, lambda: field.decode_loaded(stored)) from None

    def _take_over(self, other: Self) -> Self:
        """Hold what another instance of the model holds, and return this one."""
        vars(self).update(other._values())
        self._record = other._record
        return self

    # What was changed, and which version it was changed of.

    def _find_changes(self) -> tuple[tuple[Delta, ...], tuple[Condition, ...]]:
        """The updates that make what is stored into what the instance holds, and what has to hold for them.

        Raises:
            ValidationError: A value does not suit its field, or a required one is missing.
            ExpressionError: The key was changed.
            AttributeNotLoaded: Something was changed of which only a part was read.
        """
        version = type(self).__declaration__.version
        fields = [(name, field) for name, field in type(self).__fields__.items() if name in vars(self)]
        found = [self._find_change(name, field) for name, field in fields if name != version]
        changes = [change for change in found if change is not None]
        for change in changes:
            if change.field.is_key:
                raise ExpressionError(
                    f"{change.field.label} is part of the key, and was changed: save() makes a new item of it"
                )
        return make_deltas(changes)

    def _find_change(self, name: str, field: Field[Any]) -> Change | None:
        """What was changed of an attribute: what was decoded is compared with what is held, as it would be stored."""
        stored = cast("Item", self._stored).get(name, MISSING)
        paths = [Path(*path.elements[1:]) for path in self._loaded or () if path.attribute == name]
        if any(path.elements for path in paths):
            self._refuse_changed_part(name, field, paths)
            return None
        held = self._encode_field(name, field)
        if self._loaded is not None and not paths:
            return Change(field, MISSING, None, held)  # it was assigned, and nobody knows what is stored
        if _is_same(held, stored):
            return None
        read = _as_written(field, stored)
        return None if _is_same(held, read) else Change(field, stored, read, held)

    def _refuse_changed_part(self, name: str, field: Field[Any], paths: Sequence[Path]) -> None:
        stored = cast("Item", self._stored).get(name)
        loaded = field.missing_value() if stored is None else field.decode_loaded(stored)
        if vars(self)[name] != guard(loaded, paths, ""):
            raise AttributeNotLoaded(f"{field.label} was read in part, and was changed: change it with update()")

    def _encode_field(self, name: str, field: Field[Any]) -> Resolved:
        """What is stored for the value of one field."""
        value = vars(self)[name]
        if not field.is_absent(value):
            encoded = field.encode(field.validate(value))
            return field.refuse_empty(encoded) if field.is_key or field.is_index_key else encoded
        if field.required:
            raise ValidationError(f"{field.label} is required, and has no value")
        return MISSING

    def _lock(self) -> Condition | None:
        """What a write of the loaded item checks; nothing for an instance that only names one, or has no version."""
        name = type(self).__declaration__.version
        if name is None or (self._stored is None and vars(self).get(name) is None):
            return None
        return lock(name, getattr(self, name))

    def _note_saved(self, write: Put | UpdateItem) -> None:
        """Remember what is stored for the instance now that the write of it was done."""
        item = write.item if isinstance(write, Put) else self._updated_item(write)
        record = self._record
        if type(record) is not Record:
            _set_record(self, item)
        else:
            loaded = None if record.loaded is None else self._add_held(record.loaded)
            _set_record(self, replace(record, stored=item, loaded=loaded))
        version = type(self).__declaration__.version
        if version is not None:
            vars(self)[version] = item[version]

    def _add_held(self, loaded: tuple[Path, ...]) -> tuple[Path, ...]:
        """The paths that are known to be as they are stored, once what was assigned beside the loaded ones is saved."""
        known = {path.attribute for path in loaded}
        return (*loaded, *(Path(name) for name in self._values() if name not in known))

    def _updated_item(self, write: UpdateItem) -> Item:
        deltas = [update for update in write.updates if isinstance(update, (SetUpdate, RemoveUpdate))]
        item = apply_deltas(cast("Item", self._stored), deltas)
        version = type(self).__declaration__.version
        return item if version is None else {**item, version: next_version(vars(self)[version])}

    def _key(self) -> Item:
        keys = type(self).__declaration__.keys
        return keys.codec.encode([vars(self)[name] for name in keys.names])

    def _values(self) -> dict[str, Any]:
        """The values of the fields; not what the user keeps on the instance besides."""
        return {name: vars(self)[name] for name in type(self).__fields__ if name in vars(self)}

    @property
    def _stored(self) -> Item | None:
        """What is stored for the instance, as far as it knows: the item as it was read, or as it was last saved."""
        record = self._record
        return record.stored if type(record) is Record else cast("Item | None", record)

    @property
    def _undeclared(self) -> Item:
        """Stored attributes that the model does not declare, as attribute values."""
        return self._record.undeclared if type(self._record) is Record else {}

    @property
    def _loaded(self) -> tuple[Path, ...] | None:
        """The paths that were read, where the item was not read whole."""
        return self._record.loaded if type(self._record) is Record else None

    @classmethod
    def _make_maker(cls) -> Maker:
        """How the codec makes instances."""

        def record_of(item: Item) -> Record | Item:
            undeclared = {name: value for name, value in item.items() if name not in cls.__fields__}
            return Record(item, undeclared) if undeclared else item

        def explain(item: Item) -> ValidationError:
            return cls._explain_unreadable(item, lambda: read_plainly(cls.__fields__, item))

        is_own = cls.__init__ is Instance.__init__ and cls.__new__ is object.__new__
        fill_new = _set_values if is_own else _add_values
        return Maker(cls, cls.__new__, _set_values, fill_new, _set_record, record_of, explain)

    @classmethod
    def _describe_key(cls, item: Item) -> str:
        return describe_key({name: item[name] for name in cls.__declaration__.keys.names if name in item})

    @classmethod
    def _check_names(cls, names: Iterable[str]) -> None:
        """Raise `ValidationError` if one of the names is not that of a field."""
        unknown = [str(name) for name in names if name not in cls.__fields__]
        if not unknown:
            return
        import difflib  # noqa: PLC0415 - only an error needs it

        guesses = [guess for name in unknown for guess in difflib.get_close_matches(name, cls.__fields__, n=1)]
        hint = f"; did you mean {', '.join(guesses)}?" if guesses else f"; it has {', '.join(cls.__fields__)}"
        raise ValidationError(f"{cls.__name__} has no field {', '.join(unknown)}{hint}")


_set_values: Callable[[Instance, dict[str, Any]], None] = Instance.__dict__["__dict__"].__set__
"""Gives an instance its values. `vars(instance).update` would make a second dict for it."""

_set_record: Callable[[Instance, Record | Item | None], None] = Instance.__dict__["_record"].__set__
"""Gives an instance its record, past the check of names that every other assignment goes through."""


def _add_values(instance: Instance, values: Mapping[str, Any]) -> None:
    """Give an instance its values where a derived class may have set something before."""
    vars(instance).update(values)


def _is_same(left: Resolved, right: Resolved) -> bool:
    return left is right or (left is not MISSING and right is not MISSING and equals(left, right))


def _as_written(field: Field[Any], stored: Resolved) -> Resolved:
    """What the field would store for what it reads, since others may store the same value in another form."""
    value = field.missing_value() if stored is MISSING or stored is None else field.decode(stored)
    return MISSING if field.is_absent(value) else field.own_form(cast("AttributeValue", stored), value)


def _find_in_class(model: type, name: str) -> object:
    """What the class or one of its bases has under the name, as it is there; `None` for nothing."""
    return next((vars(base)[name] for base in model.__mro__ if name in vars(base)), None)


def _is_assignable(attribute: object) -> bool:
    """Whether what a class has under a name may be set on an instance: a property or a plain value, but no method."""
    return hasattr(attribute, "__set__") or not (
        attribute is None or callable(attribute) or hasattr(attribute, "__get__") or isinstance(attribute, Index)
    )
