"""Forms in which other programs store values, and models of one field to read them with."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dynamongo import (
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
    Model,
    SetField,
    StringField,
    URLField,
    UUIDField,
)
from dynamongo.connection.connection import connection_of
from dynamongo.mapping.records import record_of
from dynamongo.operations import Put

Meta: Any = type(Model)


class Colour(enum.Enum):
    RED = "red"
    CRIMSON = "red"  # noqa: PIE796 - an alias


class Money(Field[Any]):
    """Stores a map whose members belong together."""

    stored_type = "M"

    def encode(self, value: Any) -> Any:
        return {"amount": value[0], "currency": value[1]}

    def decode_value(self, stored: Any) -> Any:
        return stored["amount"], stored["currency"]


CONF: dict[str, Any] = {"level": IntField(default=1), "names": ListField(StringField), "sub": DictField(a=IntField())}

FORMS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "list that is missing": (lambda: ListField(StringField), ..., ["theirs"]),
    "list that is NULL": (lambda: ListField(StringField), None, ["theirs"]),
    "set that is missing": (lambda: SetField(StringField), ..., frozenset({"theirs"})),
    "set that is NULL": (lambda: SetField(StringField), None, frozenset({"theirs"})),
    "map that is missing": (lambda: DictField(CONF), ..., {"level": 5}),
    "map that is NULL": (lambda: DictField(CONF), None, {"level": 5}),
    "map without its list": (lambda: DictField(CONF), {"level": 2}, {"level": 9, "names": ["theirs"]}),
    "map with NULLs": (lambda: DictField(CONF), {"level": None, "names": None}, {"level": 5}),
    "map with an unknown member": (lambda: DictField(CONF), {"level": 1, "other": 2}, {"level": 5}),
    "empty map": (lambda: DictField(a=IntField()), {}, {"a": 5}),
    "free map with NULL": (DictField, {"a": None}, {"a": 5}),
    "elements without their list": (lambda: ListField(DictField(CONF)), [{"level": 1}], [{"level": 2}]),
    "instant with Z": (DateTimeField, "2024-05-01T10:00:00Z", "2025-01-01T00:00:00Z"),
    "instant to the second": (DateTimeField, "2024-05-01T10:00:00", "2025-01-01T00:00:00"),
    "UUID in capitals": (UUIDField, "12345678-ABCD-4BCD-8BCD-1234567890AB", str(uuid.UUID(int=4))),
    "number finer than a float": (FloatField, Decimal("0.10000000000000000000001"), 7),
    "JSON with spaces": (JSONField, '{"b": 1, "a": 2}', '{"c": 3}'),
    "address in capitals": (EmailField, "Jane@EXAMPLE.com", "x@y.com"),
    "IP address written long": (IPAddressField, "2001:0DB8:0000:0000:0000:0000:0000:0001", "::1"),
    "URL in capitals": (URLField, "HTTP://Example.COM", "http://x.org"),
    "text that is NULL": (StringField, None, "theirs"),
    "text with a default that is missing": (lambda: StringField(default="d"), ..., "theirs"),
    "number that is NULL": (DecimalField, None, 2),
    "alias of an enumeration": (lambda: EnumField(Colour), "red", "red"),
    "anything": (Field, {"a": [1, {"b": frozenset({"c"})}]}, "theirs"),
    "map of a custom field": (Money, {"amount": 1, "currency": "EUR"}, {"amount": 2, "currency": "USD"}),
}


def page_of(**fields: Any) -> Any:
    body = {"__module__": __name__, "__table__": f"pages-{uuid.uuid4().hex}", "__hash_key__": "id"}
    model = Meta("Page", (Model,), {**body, "id": StringField(required=True), "name": StringField(), **fields})
    model.create_table()
    return model


def store(model: Any, **attributes: Any) -> None:
    """Write an item as another program does."""
    item = {name: value for name, value in attributes.items() if value is not ...}
    connection_of(model).execute(Put(model.table_name(), {"id": "1", **item}))


def stored(model: Any) -> Any:
    """The item as it is stored."""
    return record_of(model.get_one("1")).stored
