"""Instances of a model: their values, and the item that is stored for them."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from dynamongo import codecs
from dynamongo.compiled import Codec
from dynamongo.conditions import Condition, Path
from dynamongo.declaration import Declaration, collect_fields, collect_indexes, declare
from dynamongo.exceptions import AttributeNotLoaded, ExpressionError, SchemaError, ValidationError
from dynamongo.fields.base import Field
from dynamongo.indexes import Index
from dynamongo.operations import Put, UpdateItem
from dynamongo.partial import guard
from dynamongo.plans import Plan, describe_key
from dynamongo.schema import TableSchema
from dynamongo.updates import RemoveUpdate, SetUpdate
from dynamongo.values import AttributeValue, Item, equals, hidden_values, print_value
from dynamongo.versions import lock, next_version

if TYPE_CHECKING:
    from typing_extensions import Self


class ModelMeta(type):
    """Reads the declaration of a model when its class is created."""

    __fields__: Mapping[str, Field[Any]]
    __declared__: Declaration | None
    __codec__: Codec
    __schema__: TableSchema  # under the full name that was asked for last

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        cls.__fields__ = collect_fields(cls)
        indexes = collect_indexes(cls)
        cls.__declared__ = None if namespace.get("__abstract__") else declare(cls, cls.__fields__, indexes)
        declared = cls.__declared__
        index_keys = () if declared is None else declared.index_keys
        cls.__codec__ = Codec(cls.__fields__, lambda: cls.__declaration__.keys.codec, index_keys)
        bound = indexes if declared is None else declared.indexes
        if declared is not None:
            cls.__schema__ = declared.table
        for attribute, value in (*cls.__fields__.items(), *bound.items()):
            setattr(cls, attribute, value)

    @property
    def __declaration__(cls) -> Declaration:
        if cls.__declared__ is None:
            raise SchemaError(f"{cls.__name__} is abstract: it has no table; derive a model from it")
        return cls.__declared__


class Instance(metaclass=ModelMeta):
    """The part of `Model` that holds values: one for each field, and the stored attributes that have no field.

    The values are in the instance's `__dict__` under the names of the fields, so that reading one costs no call.
    """

    __abstract__ = True

    _undeclared: Mapping[str, AttributeValue] = {}
    """Stored attributes that the model does not declare, as attribute values."""

    _stored: Item | None = None
    """What is stored for the instance, as far as it knows: the item as it was read, or as it was last saved."""

    _loaded: tuple[Path, ...] | None = None
    """The paths that were read, where the item was not read whole."""

    def __init__(self, /, **values: Any) -> None:
        try:
            held = type(self).__codec__.build(values)
        except ValidationError:
            self._check_names(values)  # an unknown name is the first that is told
            raise
        if held is None:
            self._check_names(values)
        elif type(self).__init__ is Instance.__init__ and type(self).__new__ is object.__new__:
            _set_values(self, held)
        else:  # a derived class may have set something before
            vars(self).update(held)

    def __setattr__(self, name: str, value: Any) -> None:
        field = type(self).__fields__.get(name)
        if field is not None:
            vars(self)[name] = field.missing_value() if value is None else field.validate(value)
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
        return cls(**values)

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
        return codecs.decode_item(dict(self._undeclared))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._held() == cast("Self", other)._held()

    __hash__ = None  # type: ignore[assignment]  # instances can change

    def __repr__(self) -> str:
        fields = type(self).__fields__
        shown = ", ".join(
            f"{name}={print_value(vars(self)[name])}"
            for name, field in fields.items()
            if name in vars(self) and not field.is_absent(vars(self)[name])
        )
        return f"{type(self).__name__}({shown})"

    def _encode_item(self) -> Item:
        """The item that is stored for the instance, as attribute values.

        Validates every value again, since a list or dict in it may have been changed.

        Raises:
            ValidationError: A value does not suit its field, or a required one is missing.
            AttributeNotLoaded: The item was not read whole, so that there would be less of it than before.
        """
        if self._loaded is not None:
            raise AttributeNotLoaded(
                f"{type(self).__name__}: the item with {self._describe_key(self._key())} was not read whole, and would"
                " lose what was not read if it were saved: call reload() first, or change it with update()"
            )
        return type(self).__codec__.encode(vars(self), dict(self._undeclared))

    @classmethod
    def _decode_item(cls, item: Item) -> Self:
        """An instance of what is stored.

        Raises:
            ValidationError: A stored attribute holds something that its field could not have stored.
        """
        return cls._decode_items((item,))[0]

    @classmethod
    def _decode_items(cls, items: Iterable[Item]) -> list[Self]:
        """Instances of what is stored; raises as `_decode_item`."""
        decode, make, fill = cls.__codec__.decode, cls.__new__, _set_values
        instances: list[Self] = []
        for item in items:
            try:
                values = decode(item)
            except ValidationError:
                raise cls._explain_unreadable(item) from None
            values["_stored"] = item
            instance = make(cls)
            fill(instance, values)
            instances.append(instance)
        return instances

    @classmethod
    def _name_item(cls, key: Item) -> Self:
        """An instance that holds a key alone, of an item that was not read."""
        instance = cls._decode_item(key)
        vars(instance)["_stored"] = None
        return instance

    @classmethod
    def _explain_unreadable(cls, item: Item) -> ValidationError:
        """The error for an item that does not suit the model, with its key alone of what is stored."""
        named = cls._describe_key(item)
        with hidden_values():
            try:
                cls.__codec__.decode(item)
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
        instance = cls._decode_item(item)
        values: dict[str, Any] = vars(instance)
        for name, field in cls.__fields__.items():
            paths = [Path(*path.elements[1:]) for path in loaded if path.attribute == name]
            value = values.pop(name)
            if paths:
                values[name] = guard(value, paths, field.label)
        values["_loaded"] = loaded
        return instance

    def _take_over(self, other: Self) -> Self:
        """Hold what another instance of the model holds, and return this one."""
        vars(self).update(other._held())
        self._stored = other._stored
        return self

    # What was changed, and which version it was changed of.

    def _find_changes(self) -> tuple[SetUpdate | RemoveUpdate, ...]:
        """The updates that make what is stored into what the instance holds.

        Raises:
            ValidationError: A value does not suit its field, or a required one is missing.
            ExpressionError: The key was changed.
            AttributeNotLoaded: Something was changed of which only a part was read.
        """
        declaration = type(self).__declaration__
        changes: list[SetUpdate | RemoveUpdate] = []
        for name, field in type(self).__fields__.items():
            if name not in vars(self) or name == declaration.version or not self._is_changed(name, field):
                continue
            value = self._encode_field(name, field)
            if field.is_key:
                raise ExpressionError(
                    f"{field.label} is part of the key, and was changed: save() makes a new item of it"
                )
            changes.append(RemoveUpdate(Path(name)) if value is None else SetUpdate(Path(name), value))
        return tuple(changes)

    def _is_changed(self, name: str, field: Field[Any]) -> bool:
        stored = cast("Item", self._stored).get(name)
        paths = [Path(*path.elements[1:]) for path in self._loaded or () if path.attribute == name]
        if all(not path.elements for path in paths):
            value = self._encode_field(name, field)
            return value is not stored and (value is None or stored is None or not equals(value, stored))
        if vars(self)[name] == guard(field.missing_value() if stored is None else field.decode(stored), paths, ""):
            return False
        raise AttributeNotLoaded(f"{field.label} was read in part, and was changed: change it with update()")

    def _encode_field(self, name: str, field: Field[Any]) -> AttributeValue:
        """What is stored for the value of one field; `None` for none."""
        value = vars(self)[name]
        if not field.is_absent(value):
            encoded = field.encode(field.validate(value))
            return field.refuse_empty(encoded) if field.is_key or field.is_index_key else encoded
        if field.required:
            raise ValidationError(f"{field.label} is required, and has no value")
        return None

    def _lock(self) -> Condition | None:
        """What a write of the loaded item checks; nothing for an instance that only names one, or has no version."""
        name = type(self).__declaration__.version
        if name is None or (self._stored is None and vars(self).get(name) is None):
            return None
        return lock(name, getattr(self, name))

    def _note_saved(self, write: Put | UpdateItem) -> None:
        """Remember what is stored for the instance now that the write of it was done."""
        item = write.item if isinstance(write, Put) else self._updated_item(write)
        vars(self)["_stored"] = item
        version = type(self).__declaration__.version
        if version is not None:
            vars(self)[version] = item[version]

    def _updated_item(self, write: UpdateItem) -> Item:
        item = dict(cast("Item", self._stored))
        for update in write.updates:
            name = update.path.attribute
            if isinstance(update, SetUpdate):
                item[name] = cast("AttributeValue", update.value)
            elif isinstance(update, RemoveUpdate):
                del item[name]
            else:
                item[name] = next_version(vars(self)[name])
        return item

    def _key(self) -> Item:
        keys = type(self).__declaration__.keys
        return keys.codec.encode([vars(self)[name] for name in keys.names])

    def _held(self) -> dict[str, Any]:
        """The values of the fields, and the undeclared attributes; not what the user keeps on the instance besides."""
        values = {name: vars(self)[name] for name in type(self).__fields__ if name in vars(self)}
        return values | {"_undeclared": self._undeclared, "_loaded": self._loaded}

    @classmethod
    def _describe_key(cls, item: Item) -> str:
        return describe_key({name: item[name] for name in cls.__declaration__.keys.names if name in item})

    @classmethod
    def _check_names(cls, names: Iterable[str]) -> None:
        """Raise `ValidationError` if one of the names is not that of a field."""
        unknown = [name for name in names if name not in cls.__fields__]
        if not unknown:
            return
        guesses = [guess for name in unknown for guess in difflib.get_close_matches(name, cls.__fields__, n=1)]
        hint = f"; did you mean {', '.join(guesses)}?" if guesses else f"; it has {', '.join(cls.__fields__)}"
        raise ValidationError(f"{cls.__name__} has no field {', '.join(unknown)}{hint}")


_set_values: Callable[[Instance, dict[str, Any]], None] = Instance.__dict__["__dict__"].__set__
"""Gives an instance its values. `vars(instance).update` would make a second dict for it."""


def _find_in_class(model: type, name: str) -> object:
    """What the class or one of its bases has under the name, as it is there; `None` for nothing."""
    return next((vars(base)[name] for base in model.__mro__ if name in vars(base)), None)


def _is_assignable(attribute: object) -> bool:
    """Whether what a class has under a name may be set on an instance: a property or a plain value, but no method."""
    return hasattr(attribute, "__set__") or not (
        attribute is None or callable(attribute) or hasattr(attribute, "__get__") or isinstance(attribute, Index)
    )
