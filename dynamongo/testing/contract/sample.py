"""The sample: an item with attributes of all types, which the conditions in `truths` are about."""

from __future__ import annotations

from decimal import Decimal

from dynamongo.expressions.conditions import Comparison, Path
from dynamongo.expressions.values import AttributeType, Item

LONG = int("1" * 38)
DEEP_MAP: Item = {"x": 1, "tags": frozenset({"a", "b"}), "l": [True, {"y": Decimal("0.5")}]}

STORED: Item = {
    "pk": "key",
    "s": "hello",
    "same": "hello",
    "emoji": "h\u00e9llo\U0001f600",
    "high": "\U0001f600",
    "digit": "2",
    "no_text": "",
    "n": 5,
    "five": 5,
    "six": 6,
    "zero": 0,
    "minus": -1,
    "half": Decimal("0.5"),
    "long": LONG,
    "b": b"\x01\x02\x80",
    "no_bytes": b"",
    "t": True,
    "f": False,
    "null": None,
    "l": ["x", 1, True, None, b"b", ["in"], {"k": "v"}, frozenset({"m"})],
    "ones": [1],
    "no_list": [],
    "m": DEEP_MAP,
    "no_map": {},
    "ss": frozenset({"a", "bc", ""}),
    "ns": frozenset({1, 2, Decimal("2.5")}),
    "bs": frozenset({b"a", b"\xff"}),
    "x.y": "dotted",
    "x": {"y": "nested"},
}

TYPES: dict[str, AttributeType] = {
    "s": "S", "no_text": "S", "n": "N", "zero": "N", "b": "B", "no_bytes": "B", "t": "BOOL", "f": "BOOL",
    "null": "NULL", "l": "L", "no_list": "L", "m": "M", "no_map": "M", "ss": "SS", "ns": "NS", "bs": "BS",
}  # fmt: skip

P, C = Path, Comparison
S, N, BIN, T, NULL, L, M = P("s"), P("n"), P("b"), P("t"), P("null"), P("l"), P("m")
SS, NS, BS, EMOJI, HIGH = P("ss"), P("ns"), P("bs"), P("emoji"), P("high")
GONE, LOST = P("gone"), P("lost")
