"""Measure a user's own model: its codec, and the verbs on the memory backend.

Items are invented from the types of the fields, or read from a file in DynamoDB JSON (`--items`), one per line.
"""

from __future__ import annotations

import datetime as dt
import importlib
import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.timing import OURS, Effort, Measurement, Side, compare, repeat
from dynamongo import (
    BinaryField,
    BooleanField,
    Connection,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    DynamongoError,
    EmailField,
    EnumField,
    Field,
    FloatField,
    IntField,
    IPAddressField,
    ListField,
    Model,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
    VersionField,
)
from dynamongo.backends.dynamodb_json import decode_item, render_item
from dynamongo.backends.memory import MemoryBackend

_MOMENT = dt.datetime(2024, 5, 1, 10, tzinfo=dt.timezone.utc)
_MAKERS: dict[type, Callable[[Any, int], Any]] = {
    StringField: lambda field, number: f"text {number}"[: field.max_length],
    EmailField: lambda _, number: f"user{number}@example.com",
    URLField: lambda _, number: f"https://example.com/{number}",
    IPAddressField: lambda _, number: f"192.0.2.{number % 256}",
    UUIDField: lambda _, number: uuid.UUID(int=number),
    IntField: lambda field, number: (field.min_value or 0) + number % 10,
    FloatField: lambda field, number: (field.min_value or 0.0) + number % 10 / 8,
    DecimalField: lambda field, number: (field.min_value or Decimal(0)) + Decimal(number % 10) / 8,
    BooleanField: lambda _, number: number % 2 == 0,
    BinaryField: lambda field, number: str(number).encode()[: field.max_length],
    DateField: lambda _, number: _MOMENT.date() + dt.timedelta(days=number % 1_000),
    DateTimeField: lambda _, number: _MOMENT + dt.timedelta(seconds=number),
    TimestampField: lambda _, number: _MOMENT + dt.timedelta(seconds=number),
    TimedeltaField: lambda _, number: dt.timedelta(seconds=number),
    EnumField: lambda field, number: list(field.enum_class)[number % len(field.enum_class)],
    ListField: lambda field, number: [make_value(field.element, number + k) for k in range(3)],
    SetField: lambda field, number: {make_value(field.member, number + k) for k in range(3)},
    DictField: lambda field, number: {name: make_value(each, number) for name, each in field.fields.items()},
    VersionField: lambda _, __: None,
}


class CannotMakeError(Exception):
    """A field accepts none of the values that this module can invent."""


def make_value(field: Field[Any], number: int) -> Any:
    """Return a value that the field accepts, a different one for each number where possible."""
    if field.choices is not None:
        return field.choices[number % len(field.choices)]
    maker = next((_MAKERS[kind] for kind in type(field).__mro__ if kind in _MAKERS), None)
    try:
        value = number if maker is None else maker(field, number)
        return value if value is None else field.validate(value)
    except DynamongoError as error:
        message = f"cannot invent a value for {field.label} ({error}); pass items with --items"
        raise CannotMakeError(message) from error


def load_model(name: str) -> type[Model]:
    """Return the model that a name such as `app.models:User` refers to."""
    module, _, attribute = name.partition(":")
    found = getattr(importlib.import_module(module), attribute, None)
    if not (isinstance(found, type) and issubclass(found, Model)):
        raise SystemExit(f"--model must name a model, such as app.models:User; got {name}")
    return found


def make_items(model: type[Model], path: Path | None, count: int) -> list[Model]:
    """Return instances of the model, read from a file or invented."""
    mapper = model.__mapper__
    if path is not None:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [mapper.decode(decode_item(json.loads(line)["Item"])) for line in lines if line.strip()]
    return [model(**{name: make_value(each, n) for name, each in mapper.fields.items()}) for n in range(count)]


def run(model: type[Model], items: list[Model], effort: Effort) -> Iterator[Measurement]:
    """Encode, decode, save, get and query the items on the memory backend."""
    mapper = model.__mapper__
    turns = itertools.cycle(items)
    wires = itertools.cycle([json.loads(render_item(mapper.encode(item))) for item in items])
    yield _measure("encode: model to wire", lambda: render_item(mapper.encode(next(turns))), effort)
    yield _measure("decode: wire to model", lambda: mapper.decode(decode_item(next(wires))), effort)
    with Connection.using(MemoryBackend()):
        model.create_table()
        keys = itertools.cycle([item.to_dict(only=mapper.keys.names) for item in items])
        model.save_many(items)
        by_hash = mapper.fields[model.__hash_key__]
        yield _measure("save_one", lambda: model.save_one(next(turns)), effort)
        yield _measure("get_one", lambda: model.get_one(next(keys)), effort)
        yield _measure("query", lambda: model.find(by_hash == next(keys)[model.__hash_key__], limit=10).all(), effort)
        yield _measure(f"scan of {len(items):,}", lambda: model.find(scans="allow").all(), effort)


def _measure(task: str, work: Callable[[], object], effort: Effort) -> Measurement:
    return compare(task, [Side(OURS, repeat(work))], effort)
