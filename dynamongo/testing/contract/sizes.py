"""Sizes: of items and keys in bytes, and of nesting in levels."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.updates import AppendUpdate, SetUpdate
from dynamongo.expressions.values import AttributeValue, Item, ScalarType
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.table import Table, cases

MAX_BYTES = 409_600

BYTES: dict[str, tuple[AttributeValue, int]] = {
    "empty string": ("", 0),
    "string in UTF-8": ("h\u00e9\U0001f600", 7),
    "binary": (b"\x00\xff", 2),
    "true": (True, 1),
    "null": (None, 1),
    "0": (0, 1),
    "1": (1, 2),
    "12": (12, 2),
    "123": (123, 3),
    "-1": (-1, 3),
    "100": (100, 2),
    "0.5": (Decimal("0.5"), 2),
    "1.5": (Decimal("1.5"), 3),
    "3.14159": (Decimal("3.14159"), 5),
    "123456": (123456, 4),
    "1E+125": (10**125, 2),
    "38 digits": (int("1" * 38), 20),
    "-38 digits": (-int("1" * 38), 21),
    "empty list": ([], 3),
    "list": (["a"], 5),
    "list in a list": ([["a"], 1], 12),
    "empty map": ({}, 3),
    "map": ({"k": "a"}, 6),
    "map in a map": ({"k": {}}, 8),
    "string set": (frozenset({"a", "\u00e9"}), 3),
    "number set": (frozenset({1, 123}), 5),
    "binary set": (frozenset({b"a", b""}), 1),
}

KEYS_AT_LIMIT: dict[str, tuple[ScalarType, AttributeValue, AttributeValue]] = {
    "string": ("S", "x" * 2048, "x" * 1024),
    "string of two-byte characters": ("S", "\u00e9" * 1024, "\u00e9" * 512),
    "binary": ("B", b"x" * 2048, b"x" * 1024),
}

KEYS_TOO_LONG: dict[str, tuple[ScalarType, AttributeValue, AttributeValue]] = {
    "hash key": ("S", "x" * 2049, "b"),
    "hash key of two-byte characters": ("S", "\u00e9" * 1025, "b"),
    "binary hash key": ("B", b"x" * 2049, b"b"),
    "range key": ("S", "a", "x" * 1025),
    "range key of two-byte characters": ("S", "a", "\u00e9" * 513),
    "binary range key": ("B", b"a", b"x" * 1025),
}

LEAVES: list[AttributeValue] = ["leaf", 1, frozenset({"a"}), [], {}]
DEEPEST: dict[str, AttributeValue] = {}
TOO_DEEP: dict[str, AttributeValue] = {}


def nest_in_lists(value: AttributeValue, levels: int) -> AttributeValue:
    """Wrap the value in `levels` lists."""
    for _ in range(levels):
        value = [value]
    return value


def nest_in_maps(value: AttributeValue, levels: int) -> AttributeValue:
    """Wrap the value in `levels` maps."""
    for _ in range(levels):
        value = {"k": value}
    return value


for _name, _nest in (("lists", nest_in_lists), ("maps", nest_in_maps)):
    for _leaf in LEAVES:
        DEEPEST[f"{_leaf!r} in 31 {_name}"] = _nest(_leaf, 31)
        TOO_DEEP[f"{_leaf!r} in 32 {_name}"] = _nest(_leaf, 32)


class SizeContract(ContractBase):
    """Limits of items, keys and nesting."""

    @proves(
        "4.1",
        cases={
            "4.2": ["string in UTF-8", "empty string", "binary"],
            "4.3": ["true", "null"],
            "4.4": ["0", "1", "12", "123", "1.5", "3.14159", "123456", "38 digits"],
            "4.5": ["100", "0.5", "1E+125"],
            "4.6": ["-1", "-38 digits"],
            "4.7": ["empty list", "list", "list in a list"],
            "4.8": ["empty map", "map", "map in a map"],
            "4.9": ["string set", "number set", "binary set"],
        },
    )
    @cases("value, size", BYTES)
    def test_item_may_have_409600_bytes_and_no_more(self, table: Table, value: AttributeValue, size: int) -> None:
        fill = MAX_BYTES - len("pk" + "a" + "v" + "fill") - size
        largest: Item = {"pk": "a", "v": value, "fill": "x" * fill}
        table.put(largest)
        with pytest.raises(InvalidRequestError, match="exceeded the maximum allowed size"):
            table.put({**largest, "fill": "x" * (fill + 1)})
        assert table.get({"pk": "a"}) == largest

    @proves("4.10")
    def test_attribute_names_count_in_utf8(self, table: Table) -> None:
        name = "h\u00e9\U0001f600"
        fill = MAX_BYTES - len("pk" + "a") - len(name.encode())
        table.put({"pk": "a", name: "x" * fill})
        with pytest.raises(InvalidRequestError):
            table.put({"pk": "a", name: "x" * (fill + 1)})

    @proves("4.11")
    def test_update_may_not_make_the_item_too_large(self, table: Table) -> None:
        fill = MAX_BYTES - len("pk" + "a" + "x" + "y")
        table.put({"pk": "a", "x": "x" * (fill - 1000)})
        with pytest.raises(InvalidRequestError, match="exceeded the maximum allowed size"):
            table.update({"pk": "a"}, SetUpdate(Path("y"), "y" * 1001))
        assert table.get({"pk": "a"}) == {"pk": "a", "x": "x" * (fill - 1000)}
        # some regions also count a few bytes for the text of the update
        table.update({"pk": "a"}, SetUpdate(Path("y"), "y" * 900))

    @proves("6.10")
    @cases("key_type, hash_key, range_key", KEYS_AT_LIMIT)
    def test_key_may_have_2048_and_1024_bytes(
        self, make_table: MakeTable, key_type: ScalarType, hash_key: AttributeValue, range_key: AttributeValue
    ) -> None:
        table, item = make_table(key_type, key_type), {"pk": hash_key, "sk": range_key}
        table.put(item)
        assert table.get(item) == item

    @proves("6.11", cases={"6.11": ["hash key of two-byte characters"]})
    @cases("key_type, hash_key, range_key", KEYS_TOO_LONG)
    def test_key_is_too_long(
        self, make_table: MakeTable, key_type: ScalarType, hash_key: AttributeValue, range_key: AttributeValue
    ) -> None:
        table = make_table(key_type, key_type)
        with pytest.raises(InvalidRequestError, match="size"):
            table.put({"pk": hash_key, "sk": range_key})
        with pytest.raises(InvalidRequestError, match="size"):
            table.update({"pk": hash_key, "sk": range_key})
        assert table.items() == []

    @proves("4.12", cases={"4.14": ["[] in 31 lists", "{} in 31 maps"]})
    @cases("value", DEEPEST)
    def test_value_may_have_32_levels(self, table: Table, value: AttributeValue) -> None:
        table.put({"pk": "a", "v": value})
        table.update({"pk": "b"}, SetUpdate(Path("v"), value))
        assert table.get({"pk": "a"}) == {"pk": "a", "v": value}
        assert table.get({"pk": "b"}) == {"pk": "b", "v": value}
        assert table.scan(filter=Comparison(Path("v"), EQ, value)).count == 2

    @proves("4.13", cases={"4.14": ["[] in 32 lists", "{} in 32 maps"]})
    @cases("value", TOO_DEEP)
    def test_value_may_not_have_33_levels(self, table: Table, value: AttributeValue) -> None:
        with pytest.raises(InvalidRequestError, match=r"[Nn]est"):
            table.put({"pk": "a", "v": value})
        with pytest.raises(InvalidRequestError, match=r"[Nn]est"):
            table.update({"pk": "a"}, SetUpdate(Path("v"), value))
        with pytest.raises(InvalidRequestError, match=r"[Nn]est"):
            table.scan(filter=Comparison(Path("v"), EQ, value))
        assert table.items() == []

    @proves("4.15")
    def test_update_may_not_nest_too_deep(self, table: Table) -> None:
        item: Item = {"pk": "a", "m": {"n": 1}, "l": []}
        table.put(item)
        table.update({"pk": "a"}, SetUpdate(Path("m", "deep"), nest_in_maps("leaf", 30)))
        for update in (
            SetUpdate(Path("m", "deep"), nest_in_maps("leaf", 31)),
            AppendUpdate(Path("l"), (nest_in_lists("leaf", 31),)),
        ):
            with pytest.raises(InvalidRequestError, match=r"[Nn]est"):
                table.update({"pk": "a"}, update)
        assert table.get({"pk": "a"}) == {"pk": "a", "m": {"n": 1, "deep": nest_in_maps("leaf", 30)}, "l": []}
