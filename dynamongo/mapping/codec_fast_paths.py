"""Inlines: what a field does with the values that need nothing done, written out as Python expressions.

Most values are what their field holds already, and what is stored for them is themselves. An inline tells those apart
by a test that costs no call; for all other values, be they wrong or in need of conversion, the field's own methods are
called, so that the meaning of a field is in its class alone. There are inlines for the very classes below, and none
for what is derived from them, which may override anything, or for a field with a validator, which is to be called
once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.numbers import Number, canonical_number
from dynamongo.expressions.values import AttributeValue, has_utf8_form
from dynamongo.fields import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    EmailField,
    EnumField,
    Field,
    FloatField,
    IntField,
    IPAddressField,
    ListField,
    SetField,
    StringField,
    URLField,
    UUIDField,
    VersionField,
    python_values,
)
from dynamongo.fields.datetimes import format_local, parse_own
from dynamongo.fields.maps import HeldDict
from dynamongo.fields.text import PLAIN_EMAIL, PLAIN_IPV4, LimitedText
from dynamongo.fields.url import PLAIN_URL
from dynamongo.mapping.codec_source import Source


@dataclass(frozen=True, slots=True)
class Inline:
    """Expressions about a value that is in a variable, which may leave what they found in the variable with a `_`.

    Attributes:
        test: Whether the value is one of those that need nothing done; `None` where only the field can tell.
        result: What becomes of such a value: what an instance holds of it, and no container of somebody else's; or
            what is stored for it.
    """

    test: str | None
    result: str


Writer: TypeAlias = Callable[[Any, str, Source], Inline]


def make_inline(field: Field[Any], v: str, source: Source) -> Inline | None:
    """The inline for values of the field in the variable `v`, if there is one."""
    write = _WRITERS.get(type(field))
    if write is None:
        return None
    inline = write(field, v, source)
    is_checked = field.validator is not None or field.choices is not None or field.is_expiry
    return Inline(None, inline.result) if is_checked else inline


def encode_freely(value: Any) -> AttributeValue:
    """`python_values.encode`, and `None` where it refuses the value: the field has its own words for that."""
    try:
        return python_values.encode(value)
    except ValidationError:
        return None


def hold_freely(value: Any) -> Any:
    """`python_values.round_trip`, and `None` where it refuses the value."""
    try:
        return python_values.round_trip(value)
    except ValidationError:
        return None


def float_form(value: float) -> Number | None:
    """The number that is stored for a float, and `None` where there is none."""
    return canonical_number(Decimal(repr(value)))


def _text(field: StringField[Any], v: str, source: Source) -> Inline:
    storable = [f"({v}.isascii() or has_utf8_form({v}))"] if source.is_of_python else []
    return Inline(" and ".join([f"type({v}) is str", *storable, *_limits(field, v, source)]), v)


def _limits(field: LimitedText[Any], v: str, source: Source) -> list[str]:
    matches = [] if field.regex is None else [f"{source.name('match', field.regex.match)}({v})"]
    return [*_lengths(field, v, source), *matches]


def _parsed_text(field: LimitedText[Any], v: str, source: Source) -> Inline:
    """A text of which a pattern says that it is in normal form; the parsers take long."""
    is_plain = f"{source.name('match', _PLAIN[type(field)].match)}({v})"
    reads = " and ".join([f"type({v}) is str", is_plain, *_limits(field, v, source)])
    is_left = source.is_of_python or (isinstance(field, IPAddressField) and field.version == 6)
    return Inline(None if is_left else reads, v)


def _lengths(field: LimitedText[Any] | BinaryField[Any], v: str, source: Source) -> list[str]:
    low, high = field.min_length, field.max_length
    tests = [] if low is None else [f"len({v}) >= {source.name('least', low)}"]
    return tests if high is None else [*tests, f"len({v}) <= {source.name('most', high)}"]


def _bounds(field: IntField[Any] | DecimalField[Any] | FloatField[Any], v: str, source: Source) -> list[str]:
    low, high = field.min_value, field.max_value
    tests = [] if low is None else [f"{v} >= {source.name('low', low)}"]
    return tests if high is None else [*tests, f"{v} <= {source.name('high', high)}"]


def _int(field: IntField[Any], v: str, source: Source) -> Inline:
    if source.task == "decode":
        return Inline(" and ".join([f"type({v}) is int", *_bounds(field, v, source)]), v)
    fits = f"(-1_000_000_000 < {v} < 1_000_000_000 or canonical_number({v}) is not None)"
    return Inline(" and ".join([f"type({v}) is int", fits, *_bounds(field, v, source)]), v)


def _decimal(field: DecimalField[Any], v: str, source: Source) -> Inline:
    if source.task == "decode":
        is_number = f"(type({v}) is Decimal or type({v}) is int)"
        taken = f"({v} if type({v}) is Decimal else Decimal({v}))"
        return Inline(" and ".join([is_number, *_bounds(field, v, source)]), taken)
    tests = [f"type({v}) is Decimal", f"({v}_ := canonical_number({v})) is not None", *_bounds(field, v, source)]
    return Inline(" and ".join(tests), v if source.task == "build" else f"{v}_")


def _float(field: FloatField[Any], v: str, source: Source) -> Inline:
    if source.task == "decode":
        is_number = f"(type({v}) is Decimal or type({v}) is int and -MOST < {v} < MOST)"
        if field.min_value is None and field.max_value is None:
            return Inline(None if field.is_key else is_number, f"float({v})")
        tests = [is_number, f"(({v}_ := float({v})) is not None)", *_bounds(field, f"{v}_", source)]
        return Inline(None if field.is_key else " and ".join(tests), f"{v}_")
    tests = [f"type({v}) is float", f"({v}_ := float_form({v})) is not None", *_bounds(field, v, source)]
    positive = f"({v} + 0.0)"  # DynamoDB has no negative zero
    return Inline(" and ".join(tests), positive if source.task == "build" else f"{v}_")


def _boolean(_: Field[Any], v: str, __: Source) -> Inline:
    return Inline(f"({v} is True or {v} is False)", v)


def _binary(field: BinaryField[Any], v: str, source: Source) -> Inline:
    return Inline(" and ".join([f"type({v}) is bytes", *_lengths(field, v, source)]), v)


def _uuid(_: Field[Any], v: str, source: Source) -> Inline:
    from uuid import UUID  # noqa: PLC0415 - as in `UUIDField`

    source.names["UUID"] = UUID
    return Inline(f"type({v}) is UUID" if source.is_of_python else None, f"str({v})" if source.task == "encode" else v)


def _date(_: Field[Any], v: str, source: Source) -> Inline:
    stored = f"{v}.isoformat()" if source.task == "encode" else v
    return Inline(f"type({v}) is date" if source.is_of_python else None, stored)


def _datetime(field: DateTimeField[Any], v: str, source: Source) -> Inline:
    """A datetime in UTC, or without a time zone, is stored as it is, unless the field says otherwise."""
    is_own = field.serialized_format is None
    if source.task == "decode":
        reads = [f"type({v}) is str", f"({v}_ := parse_own({v})) is not None"]
        zones = _zones(field, f"{v}_")
        reads += [] if len(zones) == 2 else [f"({' or '.join(zones)})"]
        return Inline(" and ".join(reads) if is_own and zones and not field.is_key else None, f"{v}_")
    zones = _zones(field, v)
    accepts = f"type({v}) is datetime and ({' or '.join(zones)})" if is_own and zones else None
    stored = f"format_local({v}) if {v}.tzinfo is None else format_local({v}) + '+00:00'"
    return Inline(accepts, v if source.task == "build" else stored)


def _zones(field: DateTimeField[Any], v: str) -> list[str]:
    """The tests of which one holds for a datetime that the field leaves as it is."""
    zones: list[str] = []
    if field.tzd != "reject" and not field.drop_tzinfo:
        zones.append(f"{v}.tzinfo is UTC")
    if field.tzd in ("allow", "reject") or field.drop_tzinfo:
        zones.append(f"{v}.tzinfo is None")
    return zones


def _enum(field: EnumField[Any], v: str, source: Source) -> Inline:
    if source.is_of_python:
        stored = f"{v}.{'name' if field.by_name else 'value'}"
        is_member = f"type({v}) is {source.name('Enum', field.enum_class)}"
        return Inline(is_member, v if source.task == "build" else stored)
    kind = {"S": "str", "N": "int"}.get(field.stored_type or "")
    reads = f"type({v}) is {kind} and ({v}_ := {source.name('members', field.members)}.get({v})) is not None"
    return Inline(reads if kind is not None and not field.is_key else None, f"{v}_")


def _list(field: ListField[Any], v: str, source: Source) -> Inline:
    element = None if type(field.element) is SetField else make_inline(field.element, f"{v}e", source)
    return Inline(_test_each(element, v, "list"), f"{v}_")


def _set(field: SetField[Any], v: str, source: Source) -> Inline:
    member = make_inline(field.member, f"{v}e", source)
    if source.task == "decode":
        return Inline(_test_each(member, v, "frozenset"), f"set({v}_)")
    test = _test_each(member, v, "set")
    is_held = test and f"{v} and {test}"  # an empty one is not stored
    return Inline(is_held, f"set({v}_)" if source.task == "build" else f"frozenset({v}_)")


def _test_each(part: Inline | None, v: str, kind: str) -> str | None:
    """The test that all parts of a container pass theirs, which leaves a list of what they come to."""
    if part is None or part.test is None:
        return None
    return f"type({v}) is {kind} and len({v}_ := [{part.result} for {v}e in {v} if {part.test}]) == len({v})"


def _any(_: Field[Any], v: str, source: Source) -> Inline:
    if source.task == "decode":
        return Inline(f"{v} is not None", f"decode_freely({v})")
    take = "hold_freely" if source.task == "build" else "encode_freely"
    return Inline(f"({v}_ := {take}({v})) is not None", f"{v}_")


def _dict(field: DictField[Any], v: str, source: Source) -> Inline:
    if field.fields:
        take = _define_take(field, source)
        return Inline(take and f"({v}_ := {take}({v})) is not None", f"{v}_")
    if source.task == "decode":
        return Inline(f"type({v}) is dict", f"decode_map({v})")
    take = "hold_freely" if source.task == "build" else "encode_freely"
    return Inline(f"type({v}) is dict and ({v}_ := {take}({v})) is not None", f"{v}_")


def _define_take(field: DictField[Any], source: Source) -> str | None:
    """A function that takes a map of which every member needs nothing done, and returns `None` for any other.

    The new map has its members in the order in which they are declared: the store keeps none.
    """
    lines = [f"if {_refuse_map(field, source)}:", "    return None", "get, taken = v.get, {}"]
    for name, member in field.fields.items():
        inline = make_inline(member, "m", source)
        if inline is None or inline.test is None:
            return None
        key = source.name_text(name)
        lines += [f"m = get({key})", f"if {inline.test}:", f"    taken[{key}] = {inline.result}"]
        is_needed = type(member) in _CONTAINERS or member.required
        lines += ["else:" if is_needed else "elif m is not None:", "    return None"]
    is_held = field.applies_defaults and source.task != "encode"
    taken = "HeldDict(taken)" if is_held else "taken"
    return source.define([*lines, f"return {taken} if len(taken) == len(v) else None"])


def _refuse_map(field: DictField[Any], source: Source) -> str:
    """The test of what is no plain map for the field: a new dict would gain defaults, for example."""
    if source.task == "decode":
        return "type(v) is not dict"
    if any(member.has_default for member in field.fields.values()):
        return "type(v) is not HeldDict or v._undeclared"
    return "v._undeclared if type(v) is HeldDict else type(v) is not dict"


NAMES: dict[str, Any] = {
    "Decimal": Decimal,
    "HeldDict": HeldDict,
    "MOST": 10**125,
    "UTC": dt.timezone.utc,
    "date": dt.date,
    "datetime": dt.datetime,
    "decode_freely": python_values.decode,
    "decode_map": python_values.decode_map,
    "encode_freely": encode_freely,
    "float_form": float_form,
    "format_local": format_local,
    "hold_freely": hold_freely,
    "has_utf8_form": has_utf8_form,
    "canonical_number": canonical_number,
    "parse_own": parse_own,
}
"""What the expressions name."""

_CONTAINERS = (ListField, SetField)  # which hold an empty container where there is no value
_PLAIN: dict[type, re.Pattern[str]] = {EmailField: PLAIN_EMAIL, IPAddressField: PLAIN_IPV4, URLField: PLAIN_URL}
_WRITERS: dict[type, Writer] = {
    BinaryField: _binary,
    BooleanField: _boolean,
    DateField: _date,
    DateTimeField: _datetime,
    DecimalField: _decimal,
    DictField: _dict,
    EmailField: _parsed_text,
    EnumField: _enum,
    Field: _any,
    FloatField: _float,
    IPAddressField: _parsed_text,
    IntField: _int,
    ListField: _list,
    SetField: _set,
    StringField: _text,
    URLField: _parsed_text,
    UUIDField: _uuid,
    VersionField: _int,
}
