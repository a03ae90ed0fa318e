"""Keys: which are valid, and which are equal."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.numbers import Number
from dynamongo.expressions.values import Item, ScalarType
from dynamongo.operations import BatchDelete, BatchGet, BatchPut, BatchWrite, Delete, Get, Operation, Put, UpdateItem
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.table import Table, cases, in_order

ByKey = Callable[[str, Item], Operation[Any]]

BY_KEY: dict[str, ByKey] = {
    "get": Get,
    "delete": Delete,
    "update": UpdateItem,
    "batch get": lambda table, key: BatchGet(table, (key,)),
    "batch delete": lambda table, key: BatchWrite(table, (BatchDelete(key),)),
}
PUTS: dict[str, ByKey] = {
    "put": Put,
    "batch put": lambda table, item: BatchWrite(table, (BatchPut(item),)),
}

INCOMPLETE_KEYS: dict[str, Item] = {
    "empty": {},
    "hash key missing": {"sk": 1},
    "range key missing": {"pk": "a"},
    "other name": {"pk": "a", "range": 1},
}
MISTYPED_KEYS: dict[str, Item] = {
    "number for a string": {"pk": 1, "sk": 1},
    "binary for a string": {"pk": b"a", "sk": 1},
    "string for a number": {"pk": "a", "sk": "1"},
    "boolean for a number": {"pk": "a", "sk": True},
    "null": {"pk": None, "sk": 1},
    "list": {"pk": ["a"], "sk": 1},
    "map": {"pk": {"S": "a"}, "sk": 1},
    "set": {"pk": "a", "sk": frozenset({1})},
}
EMPTY_KEYS: dict[str, Item] = {
    "empty string as hash key": {"pk": "", "sk": "a"},
    "empty string as range key": {"pk": "a", "sk": ""},
    "empty binary as hash key": {"pk": b"", "sk": b"a"},
    "empty binary as range key": {"pk": b"a", "sk": b""},
}
EXTRA_KEYS: dict[str, Item] = {"extra attribute": {"pk": "a", "sk": 1, "x": 1}}


def for_each(operations: dict[str, ByKey], keys: dict[str, Item]) -> dict[str, tuple[ByKey, Item]]:
    """Return a case for every operation with every key."""
    return {f"{name}, {case}": (make, key) for name, make in operations.items() for case, key in keys.items()}


class KeyContract(ContractBase):
    """Validation and identity of keys."""

    @proves("6.6")
    @cases("operation, key", for_each(BY_KEY, INCOMPLETE_KEYS | MISTYPED_KEYS | EXTRA_KEYS))
    def test_key_must_match_the_schema(self, make_table: MakeTable, operation: ByKey, key: Item) -> None:
        table = make_table("S", "N")
        table.put({"pk": "a", "sk": 1})
        with pytest.raises(InvalidRequestError, match="does not match the schema"):
            table.execute(operation(table.name, key))
        assert table.items() == [{"pk": "a", "sk": 1}]

    @proves("6.8")
    @cases("operation, item", for_each(PUTS, INCOMPLETE_KEYS | MISTYPED_KEYS))
    def test_item_must_have_its_key(self, make_table: MakeTable, operation: ByKey, item: Item) -> None:
        table = make_table("S", "N")
        with pytest.raises(InvalidRequestError):
            table.execute(operation(table.name, item))
        assert table.items() == []

    @proves("6.9")
    @cases("operation, key", for_each(BY_KEY | PUTS, EMPTY_KEYS))
    def test_key_must_not_be_empty(self, make_table: MakeTable, operation: ByKey, key: Item) -> None:
        key_type: ScalarType = "S" if isinstance(key["pk"], str) else "B"
        table = make_table(key_type, key_type)
        with pytest.raises(InvalidRequestError, match="cannot contain an empty"):
            table.execute(operation(table.name, key))
        assert table.items() == []

    @proves("6.7")
    @cases("operation", BY_KEY)
    def test_range_key_of_a_table_without_one_is_refused(self, table: Table, operation: ByKey) -> None:
        with pytest.raises(InvalidRequestError, match="does not match the schema"):
            table.execute(operation(table.name, {"pk": "a", "sk": "b"}))

    @proves("6.2")
    def test_decimal_key_is_the_same_key(self, make_table: MakeTable) -> None:
        table = make_table("N", "N")
        table.put({"pk": 1, "sk": 100, "v": "old"})
        table.put({"pk": Decimal("1.0"), "sk": Decimal("1E+2"), "v": "new"})
        assert table.items() == [{"pk": 1, "sk": 100, "v": "new"}]
        assert table.get({"pk": Decimal("1.00"), "sk": Decimal("100.0")}) == {"pk": 1, "sk": 100, "v": "new"}
        table.delete({"pk": Decimal("1E0"), "sk": Decimal("100.0")})
        assert table.items() == []

    @proves("6.3")
    def test_key_of_38_digits_is_exact(self, make_table: MakeTable) -> None:
        table = make_table("N")
        numbers: list[Number] = [int("1" * 38), int("1" * 37 + "2"), Decimal("0." + "1" * 38)]
        table.put_all([{"pk": number} for number in numbers])
        assert in_order(table.items()) == in_order([{"pk": number} for number in numbers])

    @proves(
        cases={
            "1.12": ["composed and decomposed"],
            "6.4": ["split elsewhere", "joined by NUL", "swapped"],
            "6.5": ["case", "trailing space", "trailing zero byte"],
        }
    )
    @cases(
        "key_type, first, second",
        {
            "split elsewhere": ("S", ("a|b", "c"), ("a", "b|c")),
            "joined by NUL": ("S", ("a\0b", "c"), ("a", "b\0c")),
            "swapped": ("S", ("a", "b"), ("b", "a")),
            "composed and decomposed": ("S", ("\u00e9", "x"), ("e\u0301", "x")),
            "case": ("S", ("a", "b"), ("A", "b")),
            "trailing space": ("S", ("a", "b"), ("a ", "b")),
            "trailing zero byte": ("B", (b"a", b"b"), (b"a\0", b"b")),
        },
    )
    def test_keys_differ(
        self, make_table: MakeTable, key_type: ScalarType, first: tuple[Any, Any], second: tuple[Any, Any]
    ) -> None:
        table = make_table(key_type, key_type)
        items: list[Item] = [{"pk": hash_key, "sk": range_key} for hash_key, range_key in (first, second)]
        table.put_all(items)
        assert in_order(table.items()) == in_order(items)

    @proves("6.1")
    @cases("key_type, key", {"string": ("S", "a"), "number": ("N", Decimal("-1.5")), "binary": ("B", b"\x00\xff")})
    def test_table_without_range_key_finds_its_item(
        self, make_table: MakeTable, key_type: ScalarType, key: Any
    ) -> None:
        table = make_table(key_type)
        table.put({"pk": key, "v": 1})
        table.update({"pk": key})
        assert table.get({"pk": key}) == {"pk": key, "v": 1}
        assert table.query(key).items == ({"pk": key, "v": 1},)
        assert table.delete({"pk": key}, return_old=True) == {"pk": key, "v": 1}
        assert table.get({"pk": key}) is None
