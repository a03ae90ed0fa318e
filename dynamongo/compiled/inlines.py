"""Inlines: what a field does with the values that need nothing done, written out as Python expressions.

Most values are what their field holds already, and what is stored for them is themselves. An inline tells those apart
by a test that costs no call; for all other values, be they wrong or in need of conversion, the field's own methods are
called, so that the meaning of a field is in its class alone. There are inlines for the very classes below, and none
for what is derived from them, which may override anything, or for a field with a validator, which is to be called
once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from dynamongo import codecs
from dynamongo.exceptions import ValidationError
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
)
from dynamongo.fields.datetimes import format_local, parse_own
from dynamongo.fields.maps import HeldDict
from dynamongo.frozen import dataclass
from dynamongo.generated import make_function
from dynamongo.values import AttributeValue, Number, lowest_form


@dataclass(frozen=True, slots=True)
class Inline:
    """Expressions about a value that is in a variable, which may leave what they found in the variable with a `_`.

    Attributes:
        accepts: Whether the Python value is one that the field holds, as it is; `None` where only the field can tell.
        stored: The attribute value that is stored for a value that was accepted.
        reads: Whether the attribute value is one that the field writes; `None` where only the field can tell.
        held: The Python value for an attribute value of that kind.
    """

    accepts: str | None
    stored: str
    reads: str | None
    held: str


class Source:
    """Functions of one model as they are written: their lines, and the objects that they name.

    Args:
        encodes: Whether they are those that encode, not those that decode.
    """

    def __init__(self, *, encodes: bool) -> None:
        self.encodes = encodes
        self.names: dict[str, Any] = dict(_NAMES)
        self.functions: list[list[str]] = []

    def name(self, kind: str, thing: object) -> str:
        """A new name for an object, which begins with what it is."""
        name = f"{kind}{len(self.names)}"
        self.names[name] = thing
        return name

    def name_field(self, name: str, field: Field[Any]) -> str:
        """The name of a field of the model, which messages and tracebacks show."""
        self.names[f"{name}_field"] = field
        return f"{name}_field"

    def define(self, label: str, lines: list[str]) -> str:
        """Add a function of one variable, `v`, for the field with the label, and return its name."""
        name = f"{'encode' if self.encodes else 'decode'}{len(self.functions)}"
        self.functions.append([f"def {name}(v):  # {label}", *(f"    {line}" for line in lines)])
        return name

    def compile(self, name: str) -> Callable[..., Any]:
        """The function of that name."""
        return make_function(name, str(self), self.names)

    def __str__(self) -> str:
        return "\n\n".join("\n".join(lines) + "\n" for lines in self.functions)


Writer: TypeAlias = Callable[[Any, str, Source], Inline]


def make_inline(field: Field[Any], v: str, source: Source) -> Inline | None:
    """The inline for values of the field in the variable `v`, if there is one."""
    write = _WRITERS.get(type(field))
    inline = None if write is None else write(field, v, source)
    if inline is None or (field.validator is None and field.choices is None):
        return inline
    return Inline(None, inline.stored, inline.reads, inline.held)


def encode_freely(value: Any) -> AttributeValue:
    """`codecs.encode`, and `None` where it refuses the value: the field has its own words for that."""
    try:
        return codecs.encode(value)
    except ValidationError:
        return None


def float_form(value: float) -> Number | None:
    """The number that is stored for a float, and `None` where there is none."""
    return lowest_form(Decimal(repr(value)))


def _text(field: StringField[Any], v: str, source: Source) -> Inline:
    tests = [f"type({v}) is str", f"{v}.isascii()", *_lengths(field, v)]
    if field.regex is not None:
        tests.append(f"{source.name('match', field.regex.match)}({v})")
    return Inline(" and ".join(tests), v, f"type({v}) is str", v)


def _parsed_text(field: Field[Any], v: str, _: Source) -> Inline:
    return Inline(None, v, None if field.is_key else f"type({v}) is str", v)


def _lengths(field: StringField[Any] | BinaryField[Any], v: str) -> list[str]:
    least = [] if field.min_length is None else [f"len({v}) >= {field.min_length}"]
    return least if field.max_length is None else [*least, f"len({v}) <= {field.max_length}"]


def _bounds(field: IntField[Any] | DecimalField[Any] | FloatField[Any], v: str, source: Source) -> list[str]:
    low, high = field.min_value, field.max_value
    tests = [] if low is None else [f"{v} >= {source.name('low', low)}"]
    return tests if high is None else [*tests, f"{v} <= {source.name('high', high)}"]


def _int(field: IntField[Any], v: str, source: Source) -> Inline:
    fits = f"(-1_000_000_000 < {v} < 1_000_000_000 or lowest_form({v}) is not None)"
    tests = [f"type({v}) is int", fits, *_bounds(field, v, source)]
    return Inline(" and ".join(tests), v, f"type({v}) is int", v)


def _decimal(field: DecimalField[Any], v: str, source: Source) -> Inline:
    tests = [f"type({v}) is Decimal", f"({v}_ := lowest_form({v})) is not None", *_bounds(field, v, source)]
    is_number = f"(type({v}) is Decimal or type({v}) is int)"
    return Inline(" and ".join(tests), f"{v}_", is_number, f"({v} if type({v}) is Decimal else Decimal({v}))")


def _float(field: FloatField[Any], v: str, source: Source) -> Inline:
    tests = [f"type({v}) is float", f"({v}_ := float_form({v})) is not None", *_bounds(field, v, source)]
    is_number = f"(type({v}) is Decimal or type({v}) is int)"
    return Inline(" and ".join(tests), f"{v}_", None if field.is_key else is_number, f"float({v})")


def _boolean(_: Field[Any], v: str, __: Source) -> Inline:
    return Inline(f"({v} is True or {v} is False)", v, f"({v} is True or {v} is False)", v)


def _binary(field: BinaryField[Any], v: str, _: Source) -> Inline:
    is_bytes = f"type({v}) is bytes"
    return Inline(" and ".join([is_bytes, *_lengths(field, v)]), v, is_bytes, v)


def _uuid(_: Field[Any], v: str, __: Source) -> Inline:
    return Inline(f"type({v}) is UUID", f"str({v})", None, v)


def _date(_: Field[Any], v: str, __: Source) -> Inline:
    return Inline(f"type({v}) is date", f"{v}.isoformat()", None, v)


def _datetime(field: DateTimeField[Any], v: str, _: Source) -> Inline:
    """A datetime in UTC, or without a time zone, is stored as it is, unless the field says otherwise."""
    zones: list[str] = []
    if field.tzd != "reject" and not field.drop_tzinfo:
        zones.append(f"{v}.tzinfo is UTC")
    if field.tzd in ("allow", "reject") or field.drop_tzinfo:
        zones.append(f"{v}.tzinfo is None")
    is_own = field.serialized_format is None
    accepts = f"type({v}) is datetime and ({' or '.join(zones)})" if is_own and zones else None
    stored = f"format_local({v}) if {v}.tzinfo is None else format_local({v}) + '+00:00'"
    reads = f"type({v}) is str and ({v}_ := parse_own({v})) is not None"
    return Inline(accepts, stored, reads if is_own and not field.is_key else None, f"{v}_")


def _enum(field: EnumField[Any], v: str, source: Source) -> Inline:
    accepts = f"type({v}) is {source.name('Enum', field.enum_class)}"
    kind = {"S": "str", "N": "int"}.get(field.stored_type or "")
    members = source.name("members", field.members)
    reads = f"type({v}) is {kind} and ({v}_ := {members}.get({v})) is not None"
    can_read = kind is not None and not field.is_key
    return Inline(accepts, f"{v}.{'name' if field.by_name else 'value'}", reads if can_read else None, f"{v}_")


def _list(field: ListField[Any], v: str, source: Source) -> Inline:
    element = None if type(field.element) is SetField else make_inline(field.element, f"{v}e", source)
    accepts, reads = _each(element, v, "list")
    return Inline(accepts, f"{v}_", reads, f"{v}_")


def _set(field: SetField[Any], v: str, source: Source) -> Inline:
    member = make_inline(field.member, f"{v}e", source)
    accepts, _ = _each(member, v, "set")
    _, reads = _each(member, v, "frozenset")
    return Inline(accepts and f"{v} and {accepts}", f"frozenset({v}_)", reads, f"set({v}_)")  # none is stored empty


def _each(part: Inline | None, v: str, kind: str) -> tuple[str | None, str | None]:
    """Tests that all parts of a container pass theirs, which leave a list of what they come to."""

    def test(passes: str | None, result: str) -> str | None:
        if passes is None:
            return None
        return f"type({v}) is {kind} and len({v}_ := [{result} for {v}e in {v} if {passes}]) == len({v})"

    return (None, None) if part is None else (test(part.accepts, part.stored), test(part.reads, part.held))


def _any(_: Field[Any], v: str, __: Source) -> Inline:
    return Inline(f"({v}_ := encode_freely({v})) is not None", f"{v}_", f"{v} is not None", f"decode_freely({v})")


def _dict(field: DictField[Any], v: str, source: Source) -> Inline:
    if not field.fields:
        accepts = f"type({v}) is dict and ({v}_ := encode_freely({v})) is not None"
        return Inline(accepts, f"{v}_", f"type({v}) is dict", f"decode_item({v})")
    convert = _define_encode(field, source) if source.encodes else _define_decode(field, source)
    succeeds = convert and f"({v}_ := {convert}({v})) is not None"
    return Inline(succeeds, f"{v}_", succeeds, f"{v}_")


def _define_encode(field: DictField[Any], source: Source) -> str | None:
    """A function that encodes a map of which every member is as it should be, and returns `None` for any other."""
    has_defaults = any(member.has_default for member in field.fields.values())
    refused = "type(v) is not HeldDict or v._undeclared"
    if not has_defaults:  # which a new dict would gain
        refused = "v._undeclared if type(v) is HeldDict else type(v) is not dict"
    lines = [f"if {refused}:", "    return None", "get, item = v.get, {}"]
    for name, member in field.fields.items():
        inline = make_inline(member, "m", source)
        if inline is None or inline.accepts is None:
            return None
        is_needed = member.required or type(member) in _CONTAINERS
        lines += [f"m = get({name!r})", f"if {inline.accepts}:", f"    item[{name!r}] = {inline.stored}"]
        lines += ["else:" if is_needed else "elif m is not None:", "    return None"]
    return source.define(field.label, [*lines, "return item if len(item) == len(v) else None"])


def _define_decode(field: DictField[Any], source: Source) -> str | None:
    """A function that decodes a map of which every member is as it is written, and returns `None` for any other."""
    lines = ["if type(v) is not dict:", "    return None", "get, held = v.get, HeldDict()"]
    for name, member in field.fields.items():
        inline = make_inline(member, "m", source)
        if inline is None or inline.reads is None:
            return None
        lines += [f"m = get({name!r})", f"if {inline.reads}:", f"    held[{name!r}] = {inline.held}"]
        lines += ["else:" if type(member) in _CONTAINERS else "elif m is not None:", "    return None"]
    return source.define(field.label, [*lines, "return held if len(held) == len(v) else None"])


_NAMES: dict[str, Any] = {
    "Decimal": Decimal,
    "HeldDict": HeldDict,
    "UTC": dt.timezone.utc,
    "UUID": uuid.UUID,
    "date": dt.date,
    "datetime": dt.datetime,
    "decode_freely": codecs.decode,
    "decode_item": codecs.decode_item,
    "encode_freely": encode_freely,
    "float_form": float_form,
    "format_local": format_local,
    "lowest_form": lowest_form,
    "parse_own": parse_own,
}
_CONTAINERS = (ListField, SetField)  # which hold an empty container where there is no value
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
