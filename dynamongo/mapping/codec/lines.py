"""The lines of the compiled codec for one field: what each task does with a value, by its fast path or by the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from dynamongo.fields.base import Field, is_decoded_unchecked
from dynamongo.fields.containers import ListField, SetField
from dynamongo.mapping.codec import plain as plain_codec
from dynamongo.mapping.codec.fast_paths import NAMES, is_own, make_fast_path
from dynamongo.mapping.codec.keys import KeyCodec
from dynamongo.mapping.codec.source import Source

_UNCHANGING: Final = (str, int, bool, float, Decimal, bytes)
"""The types of defaults that all instances can share."""

_EMPTY: dict[type, str] = {ListField: "[]", SetField: "set()"}
"""The source of `missing_value()` for fields with a fast path, where it is not `None`."""


_ABSENT: Final = object()


def write_build(fields: Mapping[str, Field[Any]]) -> Source:
    """Return the source of the function from keyword arguments to the values of a new instance; see `Codec.build`."""
    source = Source("build", NAMES)
    source.names.update(ABSENT=_ABSENT, default_of=plain_codec.default_of, validate_by=plain_codec.validate)
    names = list(map(source.name_text, fields))
    lines = ["def build(given):", "    get, absent = given.get, 0"]
    for number, (name, field) in enumerate(zip(names, fields.values(), strict=True)):
        lines += [f"    v{number} = get({name}, ABSENT)", *write_build_field(f"v{number}", field, source)]
    # Each field was given or is absent; if the numbers differ, a given name belongs to no field.
    lines += [f"    if len(given) + absent != {len(names)}:", "        return None"]
    source.functions.append([*lines, "    return {", *(f"    {each}" for each in write_members(names)), "    }"])
    return source


def write_members(names: Iterable[str]) -> list[str]:
    """Return the lines inside the braces of a dict from the names to the variables `v0`, `v1` and so on."""
    return [f"    {name}: v{number}," for number, name in enumerate(names)]


def write_build_field(v: str, field: Field[Any], source: Source) -> list[str]:
    """Return the lines that turn the argument in the variable `v` into what an instance holds.

    For `age = IntField(min_value=0, default=18)`, after `v2 = get('name2', ABSENT)`::

        if v2 is ABSENT:
            absent += 1
            v2 = default8
        elif type(v2) is int and ... and v2 >= low6:
            pass
        elif v2 is None:
            v2 = None
        else:
            v2 = validate_by(field7, v2)
    """
    fast = make_fast_path(field, v, source)
    field_name = source.name("field", field)
    missing = _write_missing(field, field_name, has_fast_path=fast is not None)
    lines = [f"    if {v} is ABSENT:", "        absent += 1"]
    lines += [f"        {v} = {_write_default(field, field_name, missing, source, has_fast_path=fast is not None)}"]
    if fast is not None and fast.test is not None:
        lines += [
            f"    elif {fast.test}:",
            "        pass" if fast.result == v else f"        {v} = {fast.result}",
        ]
    lines += [f"    elif {v} is None:", f"        {v} = {missing}"]
    return [*lines, "    else:", f"        {v} = validate_by({field_name}, {v})"]


def _write_missing(field: Field[Any], field_name: str, *, has_fast_path: bool) -> str:
    """Return the source of the missing value, which a field without a fast path may have overridden."""
    return _EMPTY.get(type(field), "None") if has_fast_path else f"{field_name}.missing_value()"


def write_absent(field: Field[Any], source: Source) -> str:
    """Return the source of the value that is read of an item without the attribute."""
    if not field.has_read_rule and is_own(field):
        return _EMPTY.get(type(field), "None")
    return f"{source.name('field', field)}.read_absent()"


def _write_default(field: Field[Any], field_name: str, missing: str, source: Source, *, has_fast_path: bool) -> str:
    """Return the source of the default: an immutable constant by name, anything else as a call."""
    if not field.has_default and type(field).default is Field.default:
        return missing
    if has_fast_path and field.has_constant_default and field.validator is None:
        value = field.default
        if type(value) in _UNCHANGING:
            return source.name("default", value)
    return f"default_of({field_name})"


def write_encode_field(name: str, field: Field[Any], source: Source) -> list[str]:
    """Return the lines that store the value in `v` under the name that the source refers to as `name`.

    For `age = IntField(min_value=0, required=True)`, after `v = values['name2']`::

        if type(v) is int and ... and v >= low6:
            item['name2'] = v
        elif v is not None:
            item['name2'] = encode_by(field7, v)
        else:
            refuse_missing(field7)
    """
    fast = make_fast_path(field, "v", source)
    field_name = source.name("field", field)
    is_there = f"not {field_name}.is_absent(v)"
    if fast is not None:
        is_there = "v" if type(field) is SetField else "v is not None"
    lines = [f"    if {is_there}:", f"        item[{name}] = encode_by({field_name}, v)"]
    if fast is not None and fast.test is not None:
        lines[0] = f"    elif {is_there}:"
        lines = [f"    if {fast.test}:", f"        item[{name}] = {fast.result}", *lines]
    return [*lines, "    else:", f"        refuse_missing({field_name})"] if field.required else lines


def write_encode_keys(keys: KeyCodec, stored: Mapping[str, str], names: Mapping[str, str], source: Source) -> list[str]:
    """Return the lines that have the key codec refuse a missing or empty key."""
    source.names["encode_key"] = keys.encode
    # A key that is 0 is also encoded a second time, to the same value: one test serves all types.
    there = " and ".join(f"item.get({stored[name]})" for name in keys.names)
    held = "".join(f"values[{names[name]}], " for name in keys.field_names)
    return [f"    if not ({there}):", f"        item.update(encode_key(({held})))"]


def write_decode_field(v: str, field: Field[Any], source: Source) -> list[str]:
    """Return the lines that turn the attribute value in the variable `v` into the Python value.

    For `tags = ListField(StringField())`, after `v3 = get('name3')`::

        if type(v3) is list and len(v3_ := [v3e for v3e in v3 if type(v3e) is str]) == len(v3):
            v3 = v3_
        elif v3 is None:
            count += 1
            v3 = []
        else:
            v3 = field8.decode_value(v3)
    """
    fast = make_fast_path(field, v, source)
    field_name = source.name("field", field)
    absent = ["    count += 1", f"    {v} = {write_absent(field, source)}"]
    if field.is_key:
        absent = [f"    refuse_keyless({field_name})"]
    # `decode_value` is the part of `decode` without checks; keys are always checked.
    read = "decode_value" if is_decoded_unchecked(field) and not field.is_key else "decode"
    lines = [f"if {v} is None:", *absent, "else:", f"    {v} = {field_name}.{read}({v})"]
    if fast is None or fast.test is None:
        return lines
    lines[0] = f"elif {v} is None:"
    return [f"if {fast.test}:", "    pass" if fast.result == v else f"    {v} = {fast.result}", *lines]
