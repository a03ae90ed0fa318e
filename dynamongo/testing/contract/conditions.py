"""Conditions: a table of their meaning, checked in filters and in the conditions of all writes."""

from __future__ import annotations

import pytest

from dynamongo.exceptions import ConditionalCheckFailedException, InvalidRequestError
from dynamongo.expressions.conditions import (
    EQ,
    LT,
    NE,
    And,
    AnyCondition,
    Comparison,
    Exists,
    In,
    Not,
    NotExists,
    Or,
    Path,
    Size,
)
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import Delete, Operation, Put, UpdateItem, WriteResult
from dynamongo.testing.contract import rules
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.sample import STORED
from dynamongo.testing.contract.table import Table, cases
from dynamongo.testing.contract.truths import TRUE_OF_MISSING, TRUTHS

A, B = Path("a"), Path("b")
FALSE, TRUE = Exists(Path("missing")), NotExists(Path("missing"))


def holds(table: Table, write: Operation[WriteResult]) -> bool:
    """Execute the write, and return whether its condition held."""
    try:
        table.execute(write)
    except ConditionalCheckFailedException:
        return False
    return True


def comparisons(count: int) -> list[AnyCondition]:
    """Return `count` comparisons that do not hold."""
    return [Comparison(A, EQ, number) for number in range(count)]


class ConditionContract(ContractBase):
    """What conditions mean, in filters and in writes alike."""

    @proves("7.1", cases=rules.TRUTHS)
    @cases("condition, expected", {str(condition): (condition, expected) for condition, expected in TRUTHS})
    def test_condition_means_the_same_everywhere(self, table: Table, condition: AnyCondition, expected: bool) -> None:
        table.put(STORED)
        key = {"pk": STORED["pk"]}
        answers = {
            "scan": table.scan(filter=condition).count == 1,
            "query": table.query(STORED["pk"], filter=condition).count == 1,
            "put": holds(table, Put(table.name, STORED, condition)),
            "update": holds(table, UpdateItem(table.name, key, (), condition)),
            "update of an attribute": holds(table, UpdateItem(table.name, key, (SetUpdate(Path("$"), 1),), condition)),
            "delete": holds(table, Delete(table.name, key, condition)),
        }
        assert answers == dict.fromkeys(answers, expected)

    @proves("7.17")
    @cases("condition, expected", {str(condition): (condition, expected) for condition, expected in TRUTHS})
    def test_not_is_two_valued(self, table: Table, condition: AnyCondition, expected: bool) -> None:
        table.put(STORED)
        assert table.scan(filter=Not(condition)).count == (0 if expected else 1)
        assert table.scan(filter=Not(Not(condition))).count == (1 if expected else 0)

    @proves(
        "7.21",
        cases={
            "7.21": ["attribute_not_exists(pk)", "pk = 'a'", "pk <> 'a'", "NOT attribute_exists(pk)", "size(n) < 5"]
        },
    )
    @cases("condition, expected", {str(condition): (condition, expected) for condition, expected in TRUE_OF_MISSING})
    def test_missing_item_has_no_attributes(self, table: Table, condition: AnyCondition, expected: bool) -> None:
        key: Item = {"pk": "a"}
        assert holds(table, Delete(table.name, key, condition)) is expected
        assert holds(table, UpdateItem(table.name, key, (), condition)) is expected
        table.delete(key)
        assert holds(table, Put(table.name, key, condition)) is expected
        assert table.items() == ([key] if expected else [])

    @proves("7.18")
    @cases(
        "condition, expected",
        {
            "and": (And(TRUE, TRUE), True),
            "and, one false": (And(TRUE, FALSE), False),
            "or": (Or(FALSE, TRUE), True),
            "or, none true": (Or(FALSE, FALSE), False),
            "and of three": (And(TRUE, TRUE, FALSE), False),
            "or of three": (Or(FALSE, FALSE, TRUE), True),
            "or of ands": (Or(And(FALSE, TRUE), And(TRUE, TRUE)), True),
            "and of ors": (And(Or(FALSE, TRUE), Or(FALSE, FALSE)), False),
            "and binds closer than or": (Or(TRUE, And(TRUE, FALSE)), True),
            "or inside and": (And(Or(TRUE, TRUE), FALSE), False),
            "not of and": (Not(And(TRUE, FALSE)), True),
            "not of or": (Not(Or(TRUE, FALSE)), False),
            "not inside and": (And(Not(FALSE), TRUE), True),
            "not not": (Not(Not(TRUE)), True),
            "three deep": (Not(And(Or(FALSE, Not(And(TRUE, Or(FALSE, TRUE)))), TRUE)), True),
        },
    )
    def test_conditions_combine(self, table: Table, condition: AnyCondition, expected: bool) -> None:
        table.put({"pk": "a"})
        assert table.scan(filter=condition).count == expected
        assert holds(table, Delete(table.name, {"pk": "a"}, condition)) is expected

    @proves("7.22")
    def test_key_attributes_can_be_read_in_the_condition_of_a_write(self, ranged: Table) -> None:
        key: Item = {"pk": "a", "sk": "b"}
        ranged.put({**key, "copy": "a"})
        assert holds(ranged, Put(ranged.name, {**key, "copy": "a"}, Comparison(Path("pk"), EQ, Path("copy"))))
        assert not holds(ranged, UpdateItem(ranged.name, key, (), Comparison(Path("sk"), NE, "b")))
        assert holds(ranged, Delete(ranged.name, key, Comparison(Path("sk"), LT, "c")))

    @proves("7.23")
    def test_one_value_may_be_compared_with_itself(self, table: Table) -> None:
        table.put({"pk": "a"})
        assert table.scan(filter=Comparison(1, EQ, 1)).count == 1
        assert table.scan(filter=Comparison("x", NE, "x")).count == 0

    @proves("7.15")
    def test_in_takes_100_choices(self, table: Table) -> None:
        table.put({"pk": "a", "a": 99})
        assert table.scan(filter=In(A, tuple(range(100)))).count == 1
        assert table.scan(filter=In(A, tuple(range(100, 200)))).count == 0

    @proves("7.16")
    def test_in_refuses_101_choices(self, table: Table) -> None:
        table.put({"pk": "a", "a": 100})
        with pytest.raises(InvalidRequestError):
            table.scan(filter=In(A, tuple(range(101))))
        with pytest.raises(InvalidRequestError):
            table.delete({"pk": "a"}, condition=In(A, tuple(range(101))))

    @proves("7.19")
    def test_condition_takes_300_operators(self, table: Table) -> None:
        table.put({"pk": "a", "a": 149})
        condition = Not(Or(*comparisons(150)))  # 150 comparisons, 149 OR, 1 NOT
        assert table.scan(filter=condition).count == 0
        assert not holds(table, Delete(table.name, {"pk": "a"}, condition))

    @proves("7.20")
    def test_condition_refuses_301_operators(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.scan(filter=Or(*comparisons(151)))
        with pytest.raises(InvalidRequestError):
            table.put({"pk": "a"}, condition=Or(*comparisons(151)))
        assert table.items() == []

    @proves("7.28", "9.7", "24.5")
    def test_mistake_in_a_filter_is_found_even_if_nothing_is_read(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.scan(filter=And(FALSE, Comparison(Path("l", -1), EQ, 1)))

    @proves("8.17")
    def test_size_of_two_attributes_can_be_compared(self, table: Table) -> None:
        table.put({"pk": "a", "a": "four", "b": [1, 2, 3, 4]})
        assert table.scan(filter=Comparison(Size(A), EQ, Size(B))).count == 1
        assert table.scan(filter=Comparison(Size(A), LT, Size(B))).count == 0
