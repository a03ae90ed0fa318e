"""Forty traps: where a store that is carelessly written in Python differs from DynamoDB.

`rules.TRAPS` names the tests of each trap; those that belong to no other class of the contract are here. No operation
can reach some of the traps, because invalid conditions cannot even be built.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

import pytest

from dynamongo.exceptions import ExpressionError, InvalidRequestError
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LT,
    NE,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    Not,
    NotExists,
    Path,
    Size,
)
from dynamongo.expressions.updates import AddUpdate, AnyUpdate, IncrementUpdate, RemoveUpdate, SetUpdate
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import UpdateItem
from dynamongo.testing.contract import rules
from dynamongo.testing.contract.base import ContractBase, MakeTable, proves
from dynamongo.testing.contract.conditions import holds
from dynamongo.testing.contract.table import Table, exact

KEY: Item = {"pk": "a"}
A, B, L, M, N, S, Z = Path("a"), Path("b"), Path("l"), Path("m"), Path("n"), Path("s"), Path("z")
WORDS = ("status", "size", "count", "name", "key", "values", "order", "SELECT", "url", "ttl", "and", "not", "between")


class TrapContract(ContractBase):
    """The traps that no other class covers.

    Attributes:
        traps: The names of tests, or of cases as `"test_name[case]"`, by the number of the trap.
    """

    traps: ClassVar[Mapping[int, tuple[str, ...]]] = rules.TRAPS

    def _holds(self, table: Table, *conditions: AnyCondition) -> list[bool]:
        """Return whether each condition holds for the item; a filter and the condition of a write must agree."""
        return [self._holds_one(table, condition) for condition in conditions]

    def _holds_one(self, table: Table, condition: AnyCondition) -> bool:
        filtered = table.scan(filter=condition).count == 1
        assert holds(table, UpdateItem(table.name, KEY, (), condition)) is filtered
        return filtered

    @proves("1.5")
    def test_true_is_not_1(self, table: Table) -> None:
        table.put({**KEY, "a": True, "l": [True], "m": {"x": False}, "n": 1, "z": 0})
        conditions = (
            Comparison(A, EQ, 1),
            Comparison(N, EQ, True),
            Comparison(A, EQ, N),
            Comparison(Z, EQ, False),
            Comparison(L, EQ, [1]),
            Comparison(M, EQ, {"x": 0}),
            Contains(L, 1),
            In(A, (1, 0)),
        )
        assert self._holds(table, *conditions) == [False] * len(conditions)
        assert exact(table.get(KEY)) == exact({**KEY, "a": True, "l": [True], "m": {"x": False}, "n": 1, "z": 0})

    @proves("7.4")
    def test_missing_attribute_differs_from_every_value(self, table: Table) -> None:
        table.put({**KEY, "b": 1})
        values: tuple[AttributeValue, ...] = ("x", 0, False, None, "", [])
        for value in values:
            assert self._holds(table, Comparison(A, NE, value), Comparison(A, EQ, value)) == [True, False]
        table.delete(KEY)
        table.put(KEY, condition=Comparison(A, NE, "x"))
        assert table.items() == [KEY]

    @proves("7.3")
    def test_two_missing_attributes_are_not_equal(self, table: Table) -> None:
        table.put(KEY)
        assert self._holds(table, Comparison(A, EQ, B), Comparison(A, NE, B)) == [False, True]

    @proves("7.6")
    def test_values_of_two_types_have_no_order(self, table: Table) -> None:
        values: tuple[AttributeValue, ...] = ("z", b"z", True, None, [9], {"x": 9}, frozenset({9}))
        for value in values:
            table.put({**KEY, "a": value, "n": 5})
            assert self._holds(table, Comparison(A, LT, 5), Comparison(A, GE, 5), Comparison(A, LT, N)) == [False] * 3
            assert self._holds(table, Comparison(B, LT, 5), Between(A, 0, 9)) == [False] * 2

    @proves("7.17")
    def test_not_inverts_conditions_on_missing_attributes(self, table: Table) -> None:
        table.put({**KEY, "b": "x"})
        conditions = (Not(Comparison(A, LT, 5)), Not(Comparison(A, EQ, B)), Not(Contains(A, "x")), Not(Exists(A)))
        assert self._holds(table, *conditions) == [True] * 4
        assert self._holds(table, Not(Comparison(A, NE, 5))) == [False]
        table.delete(KEY)
        table.put(KEY, condition=Not(Exists(Path("pk"))))
        assert table.items() == [KEY]

    @proves("1.7")
    def test_empty_values_zero_and_false_are_values(self, table: Table) -> None:
        table.put({**KEY, "a": "", "z": 0, "b": False, "l": [], "n": None})
        conditions = (
            IsType(A, "S"),
            Comparison(Size(A), EQ, 0),
            IsType(B, "BOOL"),
            Comparison(Size(L), EQ, 0),
            Exists(Z),
            Exists(N),
        )
        assert self._holds(table, *conditions) == [True] * len(conditions)
        table.update(KEY, *(SetUpdate(path, "new", if_not_exists=True) for path in (A, Z, B, L, N)))
        assert exact(table.get(KEY)) == exact({**KEY, "a": "", "z": 0, "b": False, "l": [], "n": None})

    @proves("2.10", "3.6")
    def test_numbers_are_equal_by_value(self, table: Table) -> None:
        table.put({**KEY, "a": 1, "l": [1], "m": {"x": 1}, "s": frozenset({1, 2})})
        one = Decimal("1.0")
        conditions = (
            Comparison(A, EQ, one),
            Comparison(L, EQ, [one]),
            Comparison(M, EQ, {"x": one}),
            Comparison(S, EQ, frozenset({Decimal("2.0"), one})),
            Contains(L, one),
            Contains(S, one),
            In(A, (one,)),
        )
        assert self._holds(table, *conditions) == [True] * len(conditions)

    @proves("2.11")
    def test_fractions_and_38_digits_are_exact(self, table: Table) -> None:
        long = int("1" * 38)
        table.put({**KEY, "a": Decimal("0.1"), "n": long, "b": long + 1, "z": Decimal("0." + "1" * 37)})
        table.update(KEY, IncrementUpdate(A, Decimal("0.2")), AddUpdate(Z, Decimal("0." + "0" * 36 + "2")))
        assert self._holds(table, Comparison(N, EQ, B), Comparison(N, LT, B)) == [False, True]
        expected: Item = {"a": Decimal("0.3"), "n": long, "b": long + 1, "z": Decimal("0." + "1" * 36 + "3")}
        assert exact(table.get(KEY)) == exact({**KEY, **expected})

    @proves("2.15", "2.16")
    def test_sum_out_of_range_is_refused(self, table: Table) -> None:
        large, small = 9 * 10**125, Decimal("1E-38")
        item: Item = {**KEY, "a": large, "n": 1}
        table.put(item)
        updates: tuple[AnyUpdate, ...] = (
            IncrementUpdate(A, 10**125),
            AddUpdate(A, 10**125),
            IncrementUpdate(N, small),
            AddUpdate(N, small),
        )
        for update in updates:
            with pytest.raises(InvalidRequestError):
                table.update(KEY, SetUpdate(B, "trace"), update)
        assert table.items() == [item]

    @proves("1.11")
    def test_strings_are_ordered_by_their_bytes(self, make_table: MakeTable) -> None:
        table = make_table("S", "S")
        table.put_all([{**KEY, "sk": sk, "a": sk} for sk in ("\U0001f600", "\uffff", "a", "B")])
        assert [item["sk"] for item in table.query("a").items] == ["B", "a", "\uffff", "\U0001f600"]
        assert [item["sk"] for item in table.scan(filter=Comparison(A, GT, "\uffff")).items] == ["\U0001f600"]
        assert [item["sk"] for item in table.scan(filter=Comparison(A, LT, "a")).items] == ["B"]

    @proves("8.6", "8.10")
    def test_binaries_are_searched_byte_by_byte(self, table: Table) -> None:
        table.put({**KEY, "b": b"\x01\x02\x03"})
        found = (Contains(B, b"\x02"), Contains(B, b"\x02\x03"), BeginsWith(B, b"\x01"), BeginsWith(B, b"\x01\x02"))
        assert self._holds(table, *found) == [True] * 4
        assert self._holds(table, Contains(B, b"\x10"), BeginsWith(B, b"\x02")) == [False] * 2

    @proves("3.5")
    def test_sets_have_no_order(self, table: Table) -> None:
        table.put({**KEY, "s": frozenset(["a", "b", "c"]), "m": {"l": [frozenset([1, 2, 3])]}})
        other: Item = {"l": [frozenset([3, 2, 1])]}
        conditions = (Comparison(S, EQ, frozenset(["c", "a", "b"])), Comparison(M, EQ, other), In(M, (1, other)))
        assert self._holds(table, *conditions) == [True] * 3

    @proves("1.9", "1.10")
    def test_lists_and_maps_are_equal_by_content(self, table: Table) -> None:
        table.put({**KEY, "m": {"x": 1, "y": [2]}, "l": [{"x": 1, "y": [2]}, ["in"]]})
        turned: AttributeValue = {"y": [2], "x": 1}
        conditions = (
            Comparison(M, EQ, turned),
            Comparison(L / 0, EQ, M),
            In(L, ([], [turned, ["in"]])),
            Contains(L, turned),
            Contains(L, ["in"]),
        )
        assert self._holds(table, *conditions) == [True] * len(conditions)
        assert self._holds(table, Comparison(M, EQ, {"x": 1}), Comparison(L, EQ, [["in"], turned])) == [False] * 2

    @proves("8.13")
    def test_contains_does_not_hold_for_other_types(self, table: Table) -> None:
        table.put({**KEY, "m": {"x": 1}, "s": frozenset({"abc"}), "b": frozenset({2}), "n": 12, "a": "12"})
        conditions = (
            Contains(M, "x"),
            Contains(M, 1),
            Contains(S, "b"),
            Contains(S, frozenset({"abc"})),
            Contains(B, "2"),
            Contains(N, "2"),
            Contains(N, 2),
            Contains(A, 2),
        )
        assert self._holds(table, *conditions) == [False] * len(conditions)

    @proves("8.14")
    def test_size_of_a_string_counts_utf16_units(self, table: Table) -> None:
        table.put({**KEY, "s": "h\u00e9llo\U0001f600"})
        assert self._holds(table, *(Comparison(Size(S), EQ, size) for size in (6, 7, 10))) == [False, True, False]

    @proves("8.16")
    def test_size_of_a_value_without_size_is_no_error(self, table: Table) -> None:
        table.put({**KEY, "n": 5, "b": True, "z": None})
        for path in (N, B, Z, A):
            conditions = (Comparison(Size(path), EQ, 1), Comparison(Size(path), LT, 9), Comparison(Size(path), GE, 0))
            assert self._holds(table, *conditions) == [False] * 3

    @proves("5.2")
    def test_reserved_words_are_names_like_others(self, table: Table) -> None:
        item: Item = {**KEY, **dict.fromkeys(WORDS, 1), "m": dict.fromkeys(WORDS, 1)}
        table.put(item)
        for word in WORDS:
            assert self._holds(table, Comparison(Path(word), EQ, 1), Comparison(M / word, EQ, 1)) == [True] * 2
            assert table.get(KEY, projection=(Path(word),)) == {word: 1}
            table.update(KEY, AddUpdate(Path(word), 1), SetUpdate(M / word, Path(word)))
            table.update(KEY, RemoveUpdate(Path(word)))
        assert table.get(KEY) == {**KEY, "m": dict.fromkeys(WORDS, 1)}

    @proves("15.16")
    def test_second_condition_on_the_range_key_is_refused_and_not_dropped(self, ranged: Table) -> None:
        sk = Path("sk")
        ranged.put_all([{**KEY, "sk": value} for value in "abc"])
        with pytest.raises(InvalidRequestError):
            ranged.query("a", Comparison(sk, GT, "a"), filter=Comparison(sk, LT, "c"))
        assert [item["sk"] for item in ranged.query("a", Between(sk, "b", "b")).items] == ["b"]

    @proves("7.11")
    def test_reversed_bounds_are_refused_as_values_and_empty_as_paths(self, ranged: Table) -> None:
        with pytest.raises((ExpressionError, InvalidRequestError)):
            ranged.query("a", Between(Path("sk"), "c", "a"))
        ranged.put({**KEY, "sk": "b", "a": "a", "z": "z", "n": "n"})
        assert ranged.query("a", filter=Between(N, A, Z)).count == 1
        assert ranged.query("a", filter=Between(N, Z, A)).count == 0

    @proves("12.1")
    def test_update_reads_the_old_item(self, table: Table) -> None:
        table.put({**KEY, "a": 1, "b": 2})
        table.update(KEY, SetUpdate(A, B), SetUpdate(B, A))
        assert table.get(KEY) == {**KEY, "a": 2, "b": 1}
        table.update(KEY, IncrementUpdate(A, 5), SetUpdate(B, A))
        assert table.get(KEY) == {**KEY, "a": 7, "b": 2}

    @proves("12.20")
    def test_arithmetic_needs_a_number_to_start_from(self, table: Table) -> None:
        table.put(KEY)
        for amount in (1, -1):
            with pytest.raises(InvalidRequestError):
                table.update(KEY, IncrementUpdate(N, amount))
        assert table.items() == [KEY]
        table.update(KEY, AddUpdate(N, 1), SetUpdate(A, 0, if_not_exists=True))
        table.update(KEY, IncrementUpdate(A, 1))
        assert table.items() == [{**KEY, "n": 1, "a": 1}]

    @proves("12.5")
    def test_failed_update_changes_nothing(self, table: Table) -> None:
        updates = (SetUpdate(Z, "trace"), AddUpdate(N, 1), SetUpdate(A, Path("missing")))
        with pytest.raises(InvalidRequestError):
            table.update(KEY, *updates)
        assert table.items() == []
        table.put({**KEY, "n": 1, "a": "old"})
        with pytest.raises(InvalidRequestError):
            table.update(KEY, *updates)
        assert table.items() == [{**KEY, "n": 1, "a": "old"}]
        assert self._holds(table, NotExists(Z)) == [True]
