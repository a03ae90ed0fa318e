"""Computed values: what an update sets by arithmetic, `if_not_exists` and `list_append`.

Source: "Update expressions" in the DynamoDB developer guide, and sections of the API's messages recorded on AWS.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.computed import Arithmetic, Computed, IfNotExists, ListAppend
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.table import Table, cases, exact

KEY: Final[Item] = {"pk": "a"}
A, B, L, M, X = Path("a"), Path("b"), Path("l"), Path("m", "n"), Path("x")
BEFORE: Final[Item] = {"a": 5, "b": 2, "l": [1], "k": ["z"], "m": {"n": 7}, "s": "text", "none": None}

RESULTS: Final[dict[str, tuple[Computed, Any]]] = {
    "sum of two attributes": (Arithmetic(A, "+", B), 7),
    "difference of two attributes": (Arithmetic(B, "-", A), -3),
    "sum with itself": (Arithmetic(A, "+", A), 10),
    "sum of two constants": (Arithmetic(1, "+", 2), 3),
    "constant minus attribute": (Arithmetic(10, "-", A), 5),
    "sum with a member": (Arithmetic(M, "+", A), 12),
    "default that is not needed": (IfNotExists(A, X), 5),
    "default that is needed": (IfNotExists(X, 9), 9),
    "default of null": (IfNotExists(Path("none"), 9), None),
    "default from an attribute": (IfNotExists(X, A), 5),
    "default of a default": (IfNotExists(X, IfNotExists(Path("y"), "z")), "z"),
    "sum with a default": (Arithmetic(IfNotExists(X, 0), "+", 1), 1),
    "sum of two defaults": (Arithmetic(IfNotExists(A, 0), "-", IfNotExists(X, 4)), 1),
    "two lists": (ListAppend(L, Path("k")), [1, "z"]),
    "a list twice": (ListAppend(L, L), [1, 1]),
    "a list and a constant": (ListAppend(L, [2, []]), [1, 2, []]),
    "a constant and a list": (ListAppend([None], L), [None, 1]),
    "a missing list and another": (ListAppend(IfNotExists(X, []), L), [1]),
    "three lists": (ListAppend(ListAppend(L, Path("k")), L), [1, "z", 1]),
    "default of two lists": (IfNotExists(X, ListAppend(L, L)), [1, 1]),
}
FAILING: Final[dict[str, Computed]] = {
    "missing term": Arithmetic(A, "+", X),
    "missing first term": Arithmetic(X, "-", A),
    "text as a term": Arithmetic(A, "+", Path("s")),
    "list as a term": Arithmetic(L, "+", A),
    "missing default": IfNotExists(X, Path("y")),
    "missing list": ListAppend(X, L),
    "number as a list": ListAppend(L, A),
    "text as a list": ListAppend(Path("s"), L),
    "default of another type": Arithmetic(IfNotExists(X, "0"), "+", 1),
}
INVALID: Final[dict[str, Computed]] = {
    "text plus": Arithmetic("1", "+", A),
    "minus text": Arithmetic(A, "-", "1"),
    "plus a list": Arithmetic(A, "+", [1]),
    "list and text": ListAppend(L, "x"),
    "number and list": ListAppend(1, L),
}


class ComputedContract(ContractBase):
    """What an update computes from the item as it was before."""

    @proves("12.41", "12.42", "12.43")
    @cases("value, result", RESULTS)
    def test_computed_value_is_stored(self, table: Table, value: Computed, result: Any) -> None:
        table.put(KEY | BEFORE)
        table.update(KEY, SetUpdate(Path("new"), value))
        assert exact(table.get(KEY)) == exact(KEY | BEFORE | {"new": result})

    @proves("12.44")
    def test_every_value_is_computed_from_the_item_before(self, table: Table) -> None:
        table.put(KEY | {"a": 5, "b": 2})
        table.update(
            KEY,
            SetUpdate(A, Arithmetic(A, "+", B)),
            SetUpdate(B, Arithmetic(A, "-", B)),
            SetUpdate(X, IfNotExists(A, 0), if_not_exists=True),
            RemoveUpdate(Path("y")),
        )
        assert exact(table.get(KEY)) == exact(KEY | {"a": 7, "b": 3, "x": 5})

    @proves("12.45")
    @cases("value", FAILING)
    def test_value_that_cannot_be_computed_changes_nothing(self, table: Table, value: Computed) -> None:
        table.put(KEY | BEFORE)
        with pytest.raises(InvalidRequestError):
            table.update(KEY, SetUpdate(B, 1), SetUpdate(Path("new"), value))
        assert exact(table.items()) == exact([KEY | BEFORE])

    @proves("12.46")
    @cases("value", INVALID)
    def test_constant_of_another_type_is_refused_at_once(self, table: Table, value: Computed) -> None:
        with pytest.raises(InvalidRequestError, match="Incorrect operand type for operator or function"):
            table.update(KEY, SetUpdate(Path("new"), value))
        assert table.items() == []
