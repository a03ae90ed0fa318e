"""Fast paths of fields that store their values in a format of others: the test of the field, and a call of the format.

`UUIDField(format="hex")` and `DateTimeField(format="iso-z")`, for a value in `v`::

    build, encode   type(v) is UUID                             stored as encode1(v)
    build, encode   type(v) is datetime and (v.tzinfo is UTC) and not v.microsecond % 1000
    decode          v is not None and (v_ := decode1(v)) is not None    held as v_
"""

from __future__ import annotations

from typing import Any

from dynamongo.fields import DateTimeField, Field, FloatField, IntField, StringField
from dynamongo.fields.datetime_formats import OF_PYTHON
from dynamongo.fields.formats import Format, FormattedField
from dynamongo.mapping.codec.source import FastPath, Source


def apply_format(field: FormattedField[Any], form: Format, own: FastPath, v: str, source: Source) -> FastPath:
    """Return the fast path of a field with a format; `own` is that of the field without one."""
    if not source.is_of_python:
        return _write_decoding(field, form, v, source)
    # Only the field itself can tell whether a text can be stored as a number.
    is_left = own.test is None or isinstance(field, StringField)
    test = None if is_left else " and ".join([own.test or "", *_write_fit(field, v)])
    if source.task == "build":
        return FastPath(test, own.result)
    positive = f"{v} + 0.0" if isinstance(field, FloatField) else v  # as in the path of the field
    return FastPath(test, f"{source.name('encode', form.encode)}({positive})")


def apply_slots(field: Field[Any], own: FastPath, v: str, source: Source) -> FastPath:
    """Return the fast path of a field of which keys are made; `own` is that of the field elsewhere."""
    is_own = type(field) in (IntField, StringField) and getattr(field, "stored_format", None) is None
    if own.test is None or not is_own:
        return FastPath(None, own.result)
    tests = [own.test]
    excluded = dict.fromkeys(each for slot in field.slots for each in slot.excluded)
    for slot in field.slots:
        if slot.width is not None:
            tests.append(f"0 <= {v} < {10**slot.width:d}")
        elif not slot.is_number:
            tests.append(f"{v} != ''")
    # For a few characters, this is faster than a regular expression.
    tests += [f"{source.name('literal', each)} not in {v}" for each in excluded]
    return FastPath(" and ".join(dict.fromkeys(tests)), v)


def _write_decoding(field: FormattedField[Any], form: Format, v: str, source: Source) -> FastPath:
    if field.is_checked or field.is_key:
        return FastPath(None, v)
    tests = [
        f"{v} is not None and ({v}_ := {source.name('decode', form.decode)}({v})) is not None",
        *_write_fit(field, f"{v}_"),
    ]
    if isinstance(field, DateTimeField) and field.format in OF_PYTHON:  # the others are read in the one zone they have
        zones = list_zones(field, f"{v}_")
        tests.append(f"({' or '.join(zones)})")
    return FastPath(" and ".join(tests), f"{v}_")


def _write_fit(field: FormattedField[Any], v: str) -> list[str]:
    """Return the tests that the format can hold the value."""
    if isinstance(field, DateTimeField) and field.quantum > 1:
        return [f"not {v}.microsecond % {field.quantum:d}"]
    return []


def list_zones(field: DateTimeField[Any], v: str) -> list[str]:
    """Return the tests for the time zones that the field leaves unchanged."""
    zones: list[str] = []
    if field.tzd != "reject" and not field.drop_tzinfo:
        zones.append(f"{v}.tzinfo is UTC")
    if field.tzd in ("allow", "reject") or field.drop_tzinfo:
        zones.append(f"{v}.tzinfo is None")
    return zones
