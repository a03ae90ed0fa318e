"""Compiled codecs: for every model one function from its values to its item, and one back.

They are made of generated source when they are first needed, and do field by field what these few lines say ::

    item[name] = field.encode(field.validate(value))        unless field.is_absent(value)
    values[name] = field.decode(stored)                     or field.missing_value(), for nothing and for NULL

What most values need is written out (see `dynamongo.compiled.inlines`); for all others these methods are called.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeAlias

from dynamongo.compiled.inlines import Source, make_inline
from dynamongo.exceptions import ValidationError
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField, SetField
from dynamongo.strategies import ModelKeys, refuse_empty_key
from dynamongo.values import AttributeValue, Item

Values: TypeAlias = dict[str, Any]

_EMPTY: dict[type, str] = {ListField: "[]", SetField: "set()"}
"""What a field with an inline holds where nothing is stored, if it is not `None`."""


class Codec:
    """The two functions of a model.

    Args:
        fields: Its fields by name.
        find_keys: Returns the key fields; raises for an abstract model, which has no items.
        index_keys: The names of the attributes that are keys of indexes.
    """

    def __init__(
        self, fields: Mapping[str, Field[Any]], find_keys: Callable[[], ModelKeys], index_keys: Iterable[str]
    ) -> None:
        self._fields = fields
        self._find_keys = find_keys
        self._index_keys = tuple(index_keys)

    @functools.cached_property
    def encode(self) -> Callable[[Values, Item], Item]:
        """Puts what is stored for the values of an instance into an item, and returns that.

        Raises `ValidationError` where a value does not suit its field, or a required one is missing.
        """
        return self._write_encode().compile("encode")

    @functools.cached_property
    def decode(self) -> Callable[[Item], Values]:
        """Returns the values of an instance by the names of the fields, and what has no field under `_undeclared`.

        Raises `ValidationError` where a stored attribute holds something that its field could not have stored.
        """
        return self._write_decode().compile("decode")

    def show(self) -> str:
        """The source of both functions, for people."""
        return f"{self._write_encode()}\n\n{self._write_decode()}"

    def _write_encode(self) -> Source:
        source = Source(encodes=True)
        source.names.update(encode_by=_encode_by, refuse_missing=_refuse_missing, refuse_empty_key=refuse_empty_key)
        lines = ["def encode(values, item):"]
        for name, field in self._fields.items():
            lines += [f"    v = values[{name!r}]", *_write_encode_field(name, field, source)]
        lines += _write_encode_keys(self._find_keys(), source)
        for name in self._index_keys:
            field_name = source.name_field(name, self._fields[name])
            lines += [f"    if not item.get({name!r}, True):"]
            lines += [f"        refuse_empty_key({field_name}, item[{name!r}])"]
        source.functions.append([*lines, "    return item"])
        return source

    def _write_decode(self) -> Source:
        source = Source(encodes=False)
        source.names["NAMES"] = frozenset(self._fields)
        lines = ["def decode(item):", "    get, absent = item.get, 0"]
        for number, (name, field) in enumerate(self._fields.items()):
            lines += [f"    v{number} = get({name!r})", *_write_decode_field(f"v{number}", name, field, source)]
        members = [f"        {name!r}: v{number}," for number, name in enumerate(self._fields)]
        lines += ["    values = {", *members, "    }"]
        lines += [f"    if len(item) + absent != {len(self._fields)}:"]
        lines += ["        undeclared = {name: value for name, value in item.items() if name not in NAMES}"]
        lines += ["        if undeclared:", "            values['_undeclared'] = undeclared"]
        source.functions.append([*lines, "    return values"])
        return source


def _write_encode_field(name: str, field: Field[Any], source: Source) -> list[str]:
    """Lines that store the value in `v`."""
    inline = make_inline(field, "v", source)
    field_name = source.name_field(name, field)
    is_there = f"not {field_name}.is_absent(v)"
    if inline is not None:
        is_there = "v" if type(field) is SetField else "v is not None"
    lines = [f"    if {is_there}:", f"        item[{name!r}] = encode_by({field_name}, v)"]
    if inline is not None and inline.accepts is not None:
        lines[0] = f"    elif {is_there}:"
        lines = [f"    if {inline.accepts}:", f"        item[{name!r}] = {inline.stored}", *lines]
    return [*lines, "    else:", f"        refuse_missing({field_name})"] if field.required else lines


def _write_encode_keys(keys: ModelKeys, source: Source) -> list[str]:
    """What is no key, since it is missing or empty, is left to the keys to refuse."""
    source.names["encode_key"] = keys.encode
    there = " and ".join(f"item.get({name!r})" for name in keys.names)
    held = "".join(f"values[{name!r}], " for name in keys.names)
    return [f"    if not ({there}):", f"        item.update(encode_key(({held})))"]


def _write_decode_field(v: str, name: str, field: Field[Any], source: Source) -> list[str]:
    """Lines that turn the attribute value in the variable into the Python value."""
    inline = make_inline(field, v, source)
    field_name = source.name_field(name, field)
    missing = [f"        {v} = {field_name}.missing_value()"]
    if inline is not None:
        empty = _EMPTY.get(type(field))
        missing = [] if empty is None else [f"        {v} = {empty}"]
    lines = [f"    if {v} is None:", "        absent += 1", *missing]
    lines += ["    else:", f"        {v} = {field_name}.decode({v})"]
    if inline is None or inline.reads is None:
        return lines
    lines[0] = f"    elif {v} is None:"
    return [f"    if {inline.reads}:", "        pass" if inline.held == v else f"        {v} = {inline.held}", *lines]


def _encode_by(field: Field[Any], value: Any) -> AttributeValue:
    return field.encode(field.validate(value))


def _refuse_missing(field: Field[Any]) -> NoReturn:
    raise ValidationError(f"{field.label} is required, and has no value")
