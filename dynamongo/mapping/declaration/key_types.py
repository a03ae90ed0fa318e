"""The types of keys that class statements name, as in `class Visit(Model[tuple[str, date]])`.

Type checkers read them. At run time they are compared with the keys that the class declares, as far as both say how
many values make a key.
"""

from __future__ import annotations

import types
from typing import Any, Final, TypeVar, Union, get_args, get_origin

from dynamongo._support.annotations import is_class
from dynamongo.exceptions import SchemaError
from dynamongo.fields.base import Field
from dynamongo.mapping.keys.model_keys import ModelKeys

_OF_FIELDS: Final = {
    "DateField": "date",
    "DateTimeField": "datetime",
    "TimedeltaField": "timedelta",
    "TimestampField": "datetime",
    "UUIDField": "UUID",
    "DecimalField": "Decimal",
    "FloatField": "float",
    "S": "str",
    "N": "int",
    "B": "bytes",
}
"""The types of the values of fields, by the class of the field or by what it stores; for messages."""


class KeyedBase(types.GenericAlias):
    """`Model[str]` at run time: `Model` takes its place among the bases of a class, and is what a call makes."""

    def __call__(self, *arguments: Any, **values: Any) -> Any:
        """Make an instance, on which Python's own alias would set an attribute."""
        model: Any = self.__origin__
        return model(*arguments, **values)


def find_key_type(bases: tuple[Any, ...]) -> Any:
    """Return the type of keys that a class has from the bases in its statement; `None` if that is unknown."""
    for base in bases:
        key = getattr(base, "__key_type__", None)  # an alias has the attributes of its class
        if key is not None:
            return _substitute(key, base.__args__) if isinstance(base, KeyedBase) else key
    return None


def _substitute(key: Any, arguments: tuple[Any, ...]) -> Any:
    """Return the type with the argument for its type variable; `None` if there is more than one."""
    if len(arguments) != 1:
        return None
    if isinstance(key, TypeVar):
        return arguments[0]
    return key[arguments] if len(getattr(key, "__parameters__", ())) == 1 else None


def give_key_type(model: Any, key: Any) -> KeyedBase:
    """Return `Model[str]`; raise `TypeError` for `User["a"]`, if the class does not leave the type of its keys open."""
    may_be_open = "__abstract__" in vars(model) or "__key_type__" in vars(model)  # a table has keys of one type
    given: Any = model.__key_type__ if may_be_open else None
    if not isinstance(given, TypeVar) and not getattr(given, "__parameters__", ()):
        raise TypeError(f"{model.__name__}[...] says nothing: the type of its keys is fixed; get_one reads an item")
    return KeyedBase(model, key)


def check_key_type(model: type, key: Any, keys: ModelKeys) -> None:
    """Raise `SchemaError` if a class names keys of another number of values than it declares."""
    if not _may_be(key, keys.tuple_size):
        types_of_parts, names = ", ".join(map(_name_type, keys.parts)), ", ".join(keys.part_names)
        is_single = keys.tuple_size is None
        raise SchemaError(
            f"{model.__name__}: its key is {names if is_single else f'({names})'}, of which"
            f" {key.__name__ if is_class(key) else key} cannot be the type: write"
            f" Model[{types_of_parts if is_single else f'tuple[{types_of_parts}]'}]"
        )


def _may_be(key: Any, tuple_size: int | None) -> bool:
    """Return whether a type can be that of keys that are a tuple of so many values, or one value without a size."""
    origin, arguments = get_origin(key), get_args(key)
    if origin is tuple:
        return ... in arguments or len([each for each in arguments if each != ()]) == tuple_size
    if origin in (Union, types.UnionType):
        return any(_may_be(each, tuple_size) for each in arguments)
    return tuple_size is None or not is_class(key) or key in (Any, object) or issubclass(key, tuple)


def _name_type(field: Field[Any]) -> str:
    return _OF_FIELDS.get(type(field).__name__) or _OF_FIELDS[field.stored_type or "S"]
