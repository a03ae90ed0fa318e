"""Fast paths: Python expressions for values that a field stores and holds unchanged, compiled into the codec.

Most values already are what their field holds, and are stored as they are. The test of a fast path recognizes them
without a function call; for all other values, wrong ones and those that need conversion, the compiled code calls the
field's own methods, so that what a field means is defined in its class alone. Some tests, for a value in `v`::

    StringField()           decode         type(v) is str
    StringField()           build, encode  type(v) is str and (v.isascii() or has_utf8_form(v))
    IntField(min_value=0)   decode         type(v) is int and v >= low6
    DateField()             build, encode  type(v) is date, stored as v.isoformat()

`type(v) is int`, not `isinstance`: a bool is an int, and a subclass may compare or print as it likes.

Only the classes listed below have fast paths. Their subclasses have none, because these may override anything; a field
with a validator has no test, because its validator must be called.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from dynamongo._support.lazy import LazyPattern
from dynamongo._support.lazy_imports import LazyModule
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
    JSONField,
    ListField,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
    VersionField,
    python_values,
)
from dynamongo.fields.datetimes import format_local, parse_own
from dynamongo.fields.formats import FormattedField
from dynamongo.fields.held_maps import HeldDict
from dynamongo.fields.ip_addresses import PLAIN_IPV4
from dynamongo.fields.text import PLAIN_EMAIL, LimitedText
from dynamongo.fields.url import PLAIN_URL
from dynamongo.mapping.codec.source import FastPath, Source

if TYPE_CHECKING:
    from dynamongo.fields import datetime_formats
    from dynamongo.mapping.codec import format_fast_paths, map_fast_paths
else:  # for the models that have such fields, when their codecs are compiled
    datetime_formats = LazyModule("dynamongo.fields.datetime_formats")
    format_fast_paths = LazyModule("dynamongo.mapping.codec.format_fast_paths")
    map_fast_paths = LazyModule("dynamongo.mapping.codec.map_fast_paths")

FastPathMaker: TypeAlias = Callable[[Any, str, Source], FastPath]


def make_fast_path(field: Field[Any], v: str, source: Source) -> FastPath | None:
    """Return the fast path for values of the field in the variable `v`, if there is one."""
    make = _MAKERS.get(type(field)) or (_document if is_document(field) else None)
    if make is None:
        return None
    fast = make(field, v, source)
    if isinstance(field, FormattedField) and field.stored_format is not None:
        fast = format_fast_paths.apply_format(field, field.stored_format, fast, v, source)
    fast = format_fast_paths.apply_slots(field, fast, v, source) if field.slots else fast
    is_checked = field.validator is not None or field.choices is not None or field.is_expiry
    if is_checked:
        return FastPath(None, fast.result)
    return fast if field.reserved_prefix is None else _leave_out(field, field.reserved_prefix, fast, v)


def _leave_out(field: Field[Any], prefix: str, fast: FastPath, v: str) -> FastPath:
    """Return the fast path without values that begin with the prefix, which the field refuses."""
    if fast.test is None or fast.result != v:
        return FastPath(None, fast.result)
    reserved = prefix.encode() if field.stored_type == "B" else prefix
    return FastPath(f"{fast.test} and {v}[:{len(prefix)}] != {reserved!r}", v)


def encode_freely(value: Any) -> AttributeValue:
    """Encode as `python_values.encode`, but return `None` for an unsuitable value: the field reports it."""
    try:
        return python_values.encode_parts(value)
    except (RecursionError, ValidationError):
        return None


def hold_freely(value: Any) -> Any:
    """Convert as `python_values.round_trip`, but return `None` for an unsuitable value."""
    try:
        return python_values.hold_parts(value)
    except (RecursionError, ValidationError):
        return None


def float_form(value: float) -> Number | None:
    """Return the number that is stored for a float, or `None` for one that DynamoDB cannot store."""
    return canonical_number(Decimal(repr(value)))


def _text(field: StringField[Any], v: str, source: Source) -> FastPath:
    # Text from the store is UTF-8. A str may also hold lone surrogates, which have no UTF-8 form.
    storable = [f"({v}.isascii() or has_utf8_form({v}))"] if source.is_of_python else []
    return FastPath(" and ".join([f"type({v}) is str", *storable, *_limits(field, v, source)]), v)


def _limits(field: LimitedText[Any], v: str, source: Source) -> list[str]:
    matches = [] if field.regex is None else [f"{source.name('match', field.regex.match)}({v})"]
    return [*_lengths(field, v, source), *matches]


def _parsed_text(field: LimitedText[Any], v: str, source: Source) -> FastPath:
    """Accept text that a pattern recognizes as already canonical, because the parsers are slow."""
    is_plain = f"{source.name('match', _PLAIN[type(field)].match)}({v})"
    reads = " and ".join([f"type({v}) is str", is_plain, *_limits(field, v, source)])
    # Text that the user gives is always parsed; the plain pattern is of IPv4 addresses.
    is_left = source.is_of_python or (isinstance(field, IPAddressField) and field.version == 6)
    return FastPath(None if is_left else reads, v)


def _lengths(field: LimitedText[Any] | BinaryField[Any], v: str, source: Source) -> list[str]:
    low, high = field.min_length, field.max_length
    tests = [] if low is None else [f"len({v}) >= {source.name('least', low)}"]
    return tests if high is None else [*tests, f"len({v}) <= {source.name('most', high)}"]


def _bounds(field: IntField[Any] | DecimalField[Any] | FloatField[Any], v: str, source: Source) -> list[str]:
    low, high = field.min_value, field.max_value
    tests = [] if low is None else [f"{v} >= {source.name('low', low)}"]
    return tests if high is None else [*tests, f"{v} <= {source.name('high', high)}"]


def _int(field: IntField[Any], v: str, source: Source) -> FastPath:
    if not source.is_of_python:
        return FastPath(" and ".join([f"type({v}) is int", *_bounds(field, v, source)]), v)
    # An int below this bound has fewer than the 38 digits of a DynamoDB number, so it needs no closer look.
    fits = f"(-1_000_000_000 < {v} < 1_000_000_000 or canonical_number({v}) is not None)"
    return FastPath(" and ".join([f"type({v}) is int", fits, *_bounds(field, v, source)]), v)


def _decimal(field: DecimalField[Any], v: str, source: Source) -> FastPath:
    if not source.is_of_python:
        is_number = f"(type({v}) is Decimal or type({v}) is int)"
        taken = f"({v} if type({v}) is Decimal else Decimal({v}))"
        return FastPath(" and ".join([is_number, *_bounds(field, v, source)]), taken)
    tests = [f"type({v}) is Decimal", f"({v}_ := canonical_number({v})) is not None", *_bounds(field, v, source)]
    return FastPath(" and ".join(tests), v if source.task == "build" else f"{v}_")


def _float(field: FloatField[Any], v: str, source: Source) -> FastPath:
    if not source.is_of_python:  # a key is read by its field, which checks that the float would be stored as it was
        is_number = f"(type({v}) is Decimal or type({v}) is int and -MOST < {v} < MOST)"
        if field.min_value is None and field.max_value is None:
            return FastPath(None if field.is_key else is_number, f"float({v})")
        # Compares the float that the instance will hold, not the number that is stored.
        tests = [is_number, f"(({v}_ := float({v})) is not None)", *_bounds(field, f"{v}_", source)]
        return FastPath(None if field.is_key else " and ".join(tests), f"{v}_")
    tests = [f"type({v}) is float", f"({v}_ := float_form({v})) is not None", *_bounds(field, v, source)]
    positive = f"({v} + 0.0)"  # turns -0.0 into 0.0: DynamoDB has no negative zero
    return FastPath(" and ".join(tests), positive if source.task == "build" else f"{v}_")


def _boolean(_: Field[Any], v: str, __: Source) -> FastPath:
    return FastPath(f"({v} is True or {v} is False)", v)


def _binary(field: BinaryField[Any], v: str, source: Source) -> FastPath:
    return FastPath(" and ".join([f"type({v}) is bytes", *_lengths(field, v, source)]), v)


def _uuid(_: Field[Any], v: str, source: Source) -> FastPath:
    from uuid import UUID  # noqa: PLC0415 - as in `UUIDField`

    source.names["UUID"] = UUID
    # To read one, its text has to be parsed: that is the field's own business, as for dates.
    return FastPath(
        f"type({v}) is UUID" if source.is_of_python else None, f"str({v})" if source.task == "encode" else v
    )


def _date(_: Field[Any], v: str, source: Source) -> FastPath:
    stored = f"{v}.isoformat()" if source.task == "encode" else v
    return FastPath(f"type({v}) is date" if source.is_of_python else None, stored)


def _datetime(field: DateTimeField[Any], v: str, source: Source) -> FastPath:
    """Accept datetimes in UTC and those without a time zone, unless the field converts them."""
    is_own = field.serialized_format is None
    if not source.is_of_python:
        reads = [f"type({v}) is str", f"({v}_ := parse_own({v})) is not None"]
        zones = format_fast_paths.list_zones(field, f"{v}_")
        # `parse_own` returns one of the two, so there is nothing to test if the field leaves both unchanged.
        reads += [] if len(zones) == 2 else [f"({' or '.join(zones)})"]
        return FastPath(" and ".join(reads) if is_own and zones and not field.is_key else None, f"{v}_")
    zones = format_fast_paths.list_zones(field, v)
    accepts = f"type({v}) is datetime and ({' or '.join(zones)})" if is_own and zones else None
    stored = f"format_local({v}) if {v}.tzinfo is None else format_local({v}) + '+00:00'"
    return FastPath(accepts, v if source.task == "build" else stored)


def _timestamp(field: TimestampField[Any], v: str, source: Source) -> FastPath:
    form = datetime_formats.EPOCH_FORMAT
    source.names.update(read_epoch=form.decode, write_epoch=form.encode)
    if source.is_of_python:
        stored = v if source.task == "build" else f"write_epoch({v})"
        return FastPath(f"type({v}) is datetime and {v}.tzinfo is UTC", stored)
    reads = f"{v} is not None and ({v}_ := read_epoch({v})) is not None"
    return FastPath(None if field.is_key else reads, f"{v}_")


def _by_field(_: Field[Any], v: str, __: Source) -> FastPath:
    """Leave all values to the field itself, which calls no code of users."""
    return FastPath(None, v)


def _enum(field: EnumField[Any], v: str, source: Source) -> FastPath:
    if source.is_of_python:
        stored = f"{v}.{'name' if field.by_name else 'value'}"
        is_member = f"type({v}) is {source.name('Enum', field.enum_class)}"
        return FastPath(is_member, v if source.task == "build" else stored)
    kind = {"S": "str", "N": "int"}.get(field.stored_type or "")
    reads = f"type({v}) is {kind} and ({v}_ := {source.name('members', field.members)}.get({v})) is not None"
    return FastPath(reads if kind is not None and not field.is_key else None, f"{v}_")


def _list(field: ListField[Any], v: str, source: Source) -> FastPath:
    element = None if type(field.element) is SetField else make_fast_path(field.element, f"{v}e", source)
    return FastPath(_test_each(element, v, "list"), f"{v}_")


def _set(field: SetField[Any], v: str, source: Source) -> FastPath:
    member = make_fast_path(field.member, f"{v}e", source)
    if not source.is_of_python:
        return FastPath(_test_each(member, v, "frozenset"), f"set({v}_)")
    test = _test_each(member, v, "set")
    is_held = test and f"{v} and {test}"  # an empty one is not stored
    return FastPath(is_held, f"set({v}_)" if source.task == "build" else f"frozenset({v}_)")


def _test_each(part: FastPath | None, v: str, kind: str) -> str | None:
    """Return the test that all parts of a container take their fast path; it leaves the list of their results.

    `ListField(StringField())` reads `v` if this holds: one part that fails the inner test makes the list shorter::

        type(v) is list and len(v_ := [ve for ve in v if type(ve) is str]) == len(v)
    """
    if part is None or part.test is None:
        return None
    return f"type({v}) is {kind} and len({v}_ := [{part.result} for {v}e in {v} if {part.test}]) == len({v})"


def _any(_: Field[Any], v: str, source: Source) -> FastPath:
    if not source.is_of_python:
        return FastPath(f"{v} is not None", f"decode_freely({v})")
    take = "hold_freely" if source.task == "build" else "encode_freely"
    return FastPath(f"({v}_ := {take}({v})) is not None", f"{v}_")


def _dict(field: DictField[Any], v: str, source: Source) -> FastPath:
    if field.fields:
        take = map_fast_paths.define_map(field, source)
        return FastPath(take and f"({v}_ := {take}({v})) is not None", f"{v}_")
    if not source.is_of_python:
        return FastPath(f"type({v}) is dict", f"decode_map({v})")
    take = "hold_freely" if source.task == "build" else "encode_freely"
    return FastPath(f"type({v}) is dict and ({v}_ := {take}({v})) is not None", f"{v}_")


def _document(field: Any, v: str, source: Source) -> FastPath:
    if source.task == "build":  # what the document holds is encoded, and checked, when the model is saved
        return FastPath(f"type({v}) is {source.name('Document', field.document_type.kind)}", v)
    take = map_fast_paths.define_document(field, source)
    return FastPath(f"({v}_ := {take}({v})) is not None", f"{v}_")


NAMES: dict[str, Any] = {
    "Decimal": Decimal,
    "HeldDict": HeldDict,
    "MOST": 10**125,  # below the largest number of DynamoDB, 9.99e125; any int up to it fits into a float
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
"""The globals of the compiled functions."""

_PLAIN: dict[type, LazyPattern] = {EmailField: PLAIN_EMAIL, IPAddressField: PLAIN_IPV4, URLField: PLAIN_URL}
_MAKERS: dict[type, FastPathMaker] = {
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
    JSONField: _by_field,
    ListField: _list,
    SetField: _set,
    StringField: _text,
    TimedeltaField: _by_field,
    TimestampField: _timestamp,
    URLField: _parsed_text,
    UUIDField: _uuid,
    VersionField: _int,
}


def is_own(field: Field[Any]) -> bool:
    """Return whether the library itself defines the values of the field completely."""
    return type(field) in _MAKERS or is_document(field)


def is_document(field: Field[Any]) -> bool:
    """Return whether the values of the field are instances of a `Document`, and the library itself defines them."""
    return isinstance(field, DictField) and field.is_document
