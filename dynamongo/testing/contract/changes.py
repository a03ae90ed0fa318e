"""What updates do: the attributes of an item before, the updates, and the attributes after."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import AttributeValue, Item

Updates: TypeAlias = tuple[AnyUpdate, ...]

P = Path
A, B, L, M, N, S = P("a"), P("b"), P("l"), P("m"), P("n"), P("s")
NINES = int("9" * 38)
TOP = NINES * 10**88  # the largest number


def put(path: Path, value: AttributeValue | Path) -> SetUpdate:
    """Return SET path = value."""
    return SetUpdate(path, value)


def default(path: Path, value: AttributeValue | Path) -> SetUpdate:
    """Return SET path = if_not_exists(path, value)."""
    return SetUpdate(path, value, if_not_exists=True)


def remove(path: Path) -> RemoveUpdate:
    """Return REMOVE path."""
    return RemoveUpdate(path)


def add(path: Path, value: Any) -> AddUpdate:
    """Return ADD path value."""
    return AddUpdate(path, value)


def discard(path: Path, *members: Any) -> DeleteUpdate:
    """Return DELETE path {members}."""
    return DeleteUpdate(path, frozenset(members))


def more(path: Path, amount: Any) -> IncrementUpdate:
    """Return SET path = path + amount."""
    return IncrementUpdate(path, amount)


def append(path: Path, *elements: AttributeValue) -> AppendUpdate:
    """Return SET path = list_append(if_not_exists(path, []), elements)."""
    return AppendUpdate(path, elements)


def prepend(path: Path, *elements: AttributeValue) -> AppendUpdate:
    """Return SET path = list_append(elements, if_not_exists(path, []))."""
    return AppendUpdate(path, elements, at_start=True)


def fs(*members: Any) -> Any:
    """Return a set."""
    return frozenset(members)


ABC: list[AttributeValue] = ["a", "b", "c"]
ABCDE: list[AttributeValue] = ["a", "b", "c", "d", "e"]

CHANGES: dict[str, tuple[Item, Updates, Item]] = {
    "nothing": ({"a": 1}, (), {"a": 1}),
    # every update reads the old item
    "swap": ({"a": 1, "b": 2}, (put(A, B), put(B, A)), {"a": 2, "b": 1}),
    "copy of what is incremented": ({"a": 1}, (more(A, 5), put(B, A)), {"a": 6, "b": 1}),
    "move": ({"a": 1}, (put(B, A), remove(A)), {"b": 1}),
    "copy of what is added to": ({"a": 1}, (add(A, 5), put(B, A)), {"a": 6, "b": 1}),
    "copy of what is deleted from": (
        {"s": fs("a", "b")},
        (discard(S, "a"), put(B, S)),
        {"s": fs("b"), "b": fs("a", "b")},
    ),
    "copy out of a list that shrinks": ({"l": ABC}, (remove(L / 0), put(A, L / 1)), {"l": ["b", "c"], "a": "b"}),
    "map copied into itself": ({"m": {"x": 1}}, (put(M / "m", M),), {"m": {"x": 1, "m": {"x": 1}}}),
    "all kinds at once": (
        {"n": 1, "s": fs("a", "b"), "l": [1], "a": 1, "b": 1},
        (put(A, "new"), remove(B), add(N, 2), discard(S, "a"), append(L, 2), default(M, {})),
        {"n": 3, "s": fs("b"), "l": [1, 2], "a": "new", "m": {}},
    ),
    # SET
    "set of a new attribute": ({}, (put(A, 1),), {"a": 1}),
    "set of another type": ({"a": 1}, (put(A, {"x": [None]}),), {"a": {"x": [None]}}),
    "set of the same value": ({"a": 1}, (put(A, 1),), {"a": 1}),
    "set of null and false and empty values": (
        {"a": 1, "b": 1, "m": 1, "l": 1},
        (put(A, None), put(B, False), put(M, {}), put(L, "")),
        {"a": None, "b": False, "m": {}, "l": ""},
    ),
    "set in a map": ({"m": {"x": 1, "y": 2}}, (put(M / "x", 3),), {"m": {"x": 3, "y": 2}}),
    "set of a new member of a map": ({"m": {}}, (put(M / "x", 3),), {"m": {"x": 3}}),
    "set of two members of a map": (
        {"m": {"x": 1, "y": 2}},
        (put(M / "x", 3), put(M / "z", 4)),
        {"m": {"x": 3, "y": 2, "z": 4}},
    ),
    "set deep inside": ({"m": {"l": [0, {"x": 1}]}}, (put(M / "l" / 1 / "x", 2),), {"m": {"l": [0, {"x": 2}]}}),
    "copy of the key": ({}, (put(A, P("pk")),), {"a": "a"}),
    "copy from inside": ({"m": {"l": [1, {}]}}, (put(A, M / "l" / 1),), {"m": {"l": [1, {}]}, "a": {}}),
    # SET in a list
    "set of an element": ({"l": ABC}, (put(L / 1, "X"),), {"l": ["a", "X", "c"]}),
    "set of two elements": ({"l": ABC}, (put(L / 2, "Y"), put(L / 0, "X")), {"l": ["X", "b", "Y"]}),
    "set just after the end": ({"l": ABC}, (put(L / 3, "X"),), {"l": ["a", "b", "c", "X"]}),
    "set far after the end": ({"l": ABC}, (put(L / 99, "X"),), {"l": ["a", "b", "c", "X"]}),
    "set after the end of an empty list": ({"l": []}, (put(L / 5, "X"),), {"l": ["X"]}),
    "two set after the end, in the order of their positions": (
        {"l": ABC},
        (put(L / 20, "Y"), put(L / 10, "X")),
        {"l": ["a", "b", "c", "X", "Y"]},
    ),
    # REMOVE
    "remove": ({"a": 1, "b": 2}, (remove(A),), {"b": 2}),
    "remove of a missing attribute": ({"a": 1}, (remove(B),), {"a": 1}),
    "remove of the last attribute": ({"a": 1}, (remove(A),), {}),
    "remove from a map": ({"m": {"x": 1, "y": 2}}, (remove(M / "x"),), {"m": {"y": 2}}),
    "remove of the last member of a map": ({"m": {"x": 1}}, (remove(M / "x"),), {"m": {}}),
    "remove of a missing member of a map": ({"m": {"x": 1}}, (remove(M / "y"),), {"m": {"x": 1}}),
    "remove from a list": ({"l": ABC}, (remove(L / 1),), {"l": ["a", "c"]}),
    "remove of two neighbours": ({"l": ABC}, (remove(L / 0), remove(L / 1)), {"l": ["c"]}),
    "remove of two elements": ({"l": ABCDE}, (remove(L / 1), remove(L / 3)), {"l": ["a", "c", "e"]}),
    "remove of two elements, last first": ({"l": ABCDE}, (remove(L / 3), remove(L / 1)), {"l": ["a", "c", "e"]}),
    "remove of all elements": ({"l": ABC}, (remove(L / 0), remove(L / 1), remove(L / 2)), {"l": []}),
    "remove after the end": ({"l": ABC}, (remove(L / 3),), {"l": ABC}),
    "set and remove in one list": ({"l": ABC}, (put(L / 1, "X"), remove(L / 0)), {"l": ["X", "c"]}),
    "set after the end and remove": ({"l": ABC}, (put(L / 9, "X"), remove(L / 0)), {"l": ["b", "c", "X"]}),
    "remove in an element and of another": ({"l": [{"x": 1}, 2]}, (remove(L / 0 / "x"), remove(L / 1)), {"l": [{}]}),
    # if_not_exists
    "default of a missing attribute": ({}, (default(A, 1),), {"a": 1}),
    "default of an attribute": ({"a": 2}, (default(A, 1),), {"a": 2}),
    "default of null": ({"a": None}, (default(A, 1),), {"a": None}),
    "default of false": ({"a": False}, (default(A, 1),), {"a": False}),
    "default of 0": ({"a": 0}, (default(A, 1),), {"a": 0}),
    "default of the empty string": ({"a": ""}, (default(A, 1),), {"a": ""}),
    "default of the empty list": ({"l": []}, (default(L, [1]),), {"l": []}),
    "default from another attribute": ({"b": 1}, (default(A, B),), {"a": 1, "b": 1}),
    "default from a missing attribute that is not needed": ({"a": 1}, (default(A, B),), {"a": 1}),
    "default in a map": ({"m": {}}, (default(M / "x", 1),), {"m": {"x": 1}}),
    # arithmetic
    "0.1 + 0.2": ({"n": Decimal("0.1")}, (more(N, Decimal("0.2")),), {"n": Decimal("0.3")}),
    "1 - 1": ({"n": 1}, (more(N, -1),), {"n": 0}),
    "1 - 2": ({"n": 1}, (more(N, -2),), {"n": -1}),
    "1.5 + 0.5": ({"n": Decimal("1.5")}, (more(N, Decimal("0.5")),), {"n": 2}),
    "0 - 0": ({"n": 0}, (more(N, 0),), {"n": 0}),
    "37 digits + 1 digit": ({"n": int("1" * 37) * 10}, (more(N, 2),), {"n": int("1" * 37 + "2")}),
    "38 digits - 1": ({"n": NINES}, (more(N, -1),), {"n": NINES - 1}),
    "38 digits + 1": ({"n": NINES}, (more(N, 1),), {"n": 10**38}),
    "largest - largest": ({"n": TOP}, (more(N, -TOP),), {"n": 0}),
    "smallest + smallest": ({"n": Decimal("1E-130")}, (more(N, Decimal("1E-130")),), {"n": Decimal("2E-130")}),
    "increment in a list": ({"l": [1, 2]}, (more(L / 1, 5),), {"l": [1, 7]}),
    "increment in a map": ({"m": {"n": 1}}, (more(M / "n", 5),), {"m": {"n": 6}}),
    # list_append
    "append": ({"l": [1]}, (append(L, 2, "x"),), {"l": [1, 2, "x"]}),
    "prepend": ({"l": [1]}, (prepend(L, 2, "x"),), {"l": [2, "x", 1]}),
    "append to nothing": ({}, (append(L, 1),), {"l": [1]}),
    "prepend to nothing": ({}, (prepend(L, 1),), {"l": [1]}),
    "append to the empty list": ({"l": []}, (append(L, [1]),), {"l": [[1]]}),
    "append of nothing": ({"l": [1]}, (append(L),), {"l": [1]}),
    "append in a map": ({"m": {"l": [1]}}, (append(M / "l", 2),), {"m": {"l": [1, 2]}}),
    "append to nothing in a map": ({"m": {}}, (append(M / "l", 2),), {"m": {"l": [2]}}),
    "append to a list in a list": ({"l": [[1], 2]}, (append(L / 0, 3),), {"l": [[1, 3], 2]}),
    # ADD
    "add to a number": ({"n": 1}, (add(N, Decimal("1.5")),), {"n": Decimal("2.5")}),
    "add to nothing": ({}, (add(N, 2),), {"n": 2}),
    "add of a negative number": ({"n": 1}, (add(N, -1),), {"n": 0}),
    "add in a map": ({"m": {"n": 1}}, (add(M / "n", 1), add(M / "new", 1)), {"m": {"n": 2, "new": 1}}),
    "add to a list's element": ({"l": [1]}, (add(L / 0, 1),), {"l": [2]}),
    "add to a string set": ({"s": fs("a")}, (add(S, fs("a", "b")),), {"s": fs("a", "b")}),
    "add to a number set": ({"s": fs(1)}, (add(S, fs(2, Decimal("1.0"))),), {"s": fs(1, 2)}),
    "add of a member that is there": ({"s": fs(1, 2)}, (add(S, fs(Decimal("1.0"))),), {"s": fs(1, 2)}),
    "add to a binary set": ({"s": fs(b"a")}, (add(S, fs(b"b", b"")),), {"s": fs(b"a", b"b", b"")}),
    "add of a set to nothing": ({}, (add(S, fs("a")),), {"s": fs("a")}),
    "add to a set in a map": ({"m": {"s": fs("a")}}, (add(M / "s", fs("b")),), {"m": {"s": fs("a", "b")}}),
    # DELETE
    "delete from a string set": ({"s": fs("a", "b")}, (discard(S, "a", "x"),), {"s": fs("b")}),
    "delete from a number set": ({"s": fs(1, 2)}, (discard(S, Decimal("1.0")),), {"s": fs(2)}),
    "delete from a binary set": ({"s": fs(b"a", b"b")}, (discard(S, b"a"),), {"s": fs(b"b")}),
    "delete of all members": ({"s": fs("a", "b")}, (discard(S, "b", "a"),), {}),
    "delete of other members": ({"s": fs("a")}, (discard(S, "b"),), {"s": fs("a")}),
    "delete from nothing": ({"a": 1}, (discard(S, "a"),), {"a": 1}),
    "delete of all members in a map": ({"m": {"s": fs("a")}}, (discard(M / "s", "a"),), {"m": {}}),
    "delete from a missing member of a map": ({"m": {}}, (discard(M / "s", "a"),), {"m": {}}),
}  # fmt: skip

CREATED: dict[str, tuple[Updates, Item]] = {
    "nothing": ((), {}),
    "set": ((put(A, 1),), {"a": 1}),
    "remove": ((remove(A),), {}),
    "default": ((default(A, 1),), {"a": 1}),
    "append": ((append(L, 1),), {"l": [1]}),
    "add": ((add(N, 1), add(S, fs("a"))), {"n": 1, "s": fs("a")}),
    "delete": ((discard(S, "a"),), {}),
    "copy of the key": ((put(A, P("pk")),), {"a": "a"}),
}

REFUSED: dict[str, tuple[Item, Updates]] = {
    # a missing value
    "copy of a missing attribute": ({}, (put(A, B),)),
    "copy of a missing attribute after a good one": ({}, (put(P("z"), 1), put(A, B))),
    "copy from a missing member": ({"m": {}}, (put(A, M / "x"),)),
    "copy from a missing element": ({"l": [1]}, (put(A, L / 1),)),
    "default from a missing attribute": ({}, (default(A, B),)),
    "increment of a missing attribute": ({}, (more(N, 1),)),
    "increment of a missing member": ({"m": {}}, (more(M / "n", 1),)),
    # a value of another type
    "increment of a string": ({"n": "1"}, (more(N, 1),)),
    "increment of true": ({"n": True}, (more(N, 1),)),
    "increment of null": ({"n": None}, (more(N, 1),)),
    "increment of a number set": ({"n": fs(1)}, (more(N, 1),)),
    "append to a string": ({"l": "abc"}, (append(L, 1),)),
    "append to null": ({"l": None}, (append(L, 1),)),
    "append to a set": ({"l": fs("a")}, (append(L, "b"),)),
    "prepend to a map": ({"l": {}}, (prepend(L, 1),)),
    "add of a number to a string": ({"n": "1"}, (add(N, 1),)),
    "add of a number to true": ({"n": True}, (add(N, 1),)),
    "add of a number to null": ({"n": None}, (add(N, 1),)),
    "add of a number to a number set": ({"n": fs(1)}, (add(N, 1),)),
    "add of a set to a number": ({"s": 1}, (add(S, fs(1)),)),
    "add of a string set to a number set": ({"s": fs(1)}, (add(S, fs("a")),)),
    "add of a set to a list": ({"s": ["a"]}, (add(S, fs("a")),)),
    "delete from a number": ({"s": 1}, (discard(S, 1),)),
    "delete of strings from a number set": ({"s": fs(1)}, (discard(S, "1"),)),
    "delete from a list": ({"s": ["a"]}, (discard(S, "a"),)),
    # a parent that is missing or has another type
    "set in a missing map": ({}, (put(M / "x", 1),)),
    "set in a missing map after a good one": ({}, (put(A, 1), put(M / "x", 1))),
    "set in a missing list": ({}, (put(L / 0, 1),)),
    "set two levels into a map": ({"m": {}}, (put(M / "x" / "y", 1),)),
    "set in a string as in a map": ({"m": "text"}, (put(M / "x", 1),)),
    "set in a string as in a list": ({"m": "text"}, (put(M / 0, 1),)),
    "set in a list as in a map": ({"l": [1]}, (put(L / "x", 1),)),
    "set in a map as in a list": ({"m": {"x": 1}}, (put(M / 0, 1),)),
    "set in null": ({"m": None}, (put(M / "x", 1),)),
    "set inside a missing element": ({"l": [{}]}, (put(L / 5 / "x", 1),)),
    "set inside the element after the last": ({"l": [{}]}, (put(L / 1 / "x", 1),)),
    "default in a missing map": ({}, (default(M / "x", 1),)),
    "append in a missing map": ({}, (append(M / "l", 1),)),
    "add in a missing map": ({}, (add(M / "n", 1),)),
    "add in a missing element": ({"l": []}, (add(L / 0 / "n", 1),)),
    "add in a string": ({"m": "text"}, (add(M / "n", 1),)),
    "remove in a missing map": ({}, (remove(M / "x"),)),
    "remove in a missing list": ({}, (remove(L / 0),)),
    "remove in a string": ({"m": "text"}, (remove(M / "x"),)),
    "remove in a list as in a map": ({"l": [1]}, (remove(L / "x"),)),
    "remove in a map as in a list": ({"m": {"x": 1}}, (remove(M / 0),)),
    "remove inside a missing element": ({"l": []}, (remove(L / 0 / "x"),)),
    "delete in a missing map": ({}, (discard(M / "s", "a"),)),
    "delete in a list as in a map": ({"l": [1]}, (discard(L / "s", "a"),)),
    # a result out of range
    "largest + largest": ({"n": TOP}, (more(N, TOP),)),
    "add to the largest": ({"n": TOP}, (add(N, TOP),)),
    "1 + 1E-38": ({"n": 1}, (more(N, Decimal("1E-38")),)),
    "add of 1E-38 to 1": ({"n": 1}, (add(N, Decimal("1E-38")),)),
    "1E-92 + 1E-130": ({"n": Decimal("1E-92")}, (more(N, Decimal("1E-130")),)),
}

REFUSED_AT_ONCE: dict[str, Updates] = {
    "hash key": (put(P("pk"), "b"),),
    "hash key, set to what it is": (put(P("pk"), "a"),),
    "hash key, removed": (put(A, 1), remove(P("pk"))),
    "hash key, added to": (add(P("pk"), 1),),
    "hash key, inside": (put(P("pk", "x"), 1),),
    "same path twice": (put(A, 1), put(A, 2)),
    "same path twice, in two clauses": (put(A, 1), remove(A)),
    "path and its parent": (put(M, {}), put(M / "x", 1)),
    "path and its parent, in two clauses": (add(M / "x" / "y", 1), remove(M)),
    "list and its element": (append(L, 1), remove(L / 0)),
    "member and element of one attribute": (put(M / "x", 1), put(M / 0, 1)),
    "negative position": (put(L / -1, 1),),
    "negative position, removed": (remove(L / -1),),
    "increment by a string": (more(N, "1"),),
    "increment by true": (more(N, True),),
    "add of a string": (add(P("new"), "x"),),
    "add of true": (add(N, True),),
    "add of a list": (add(L, [1]),),
    "add of null": (add(P("new"), None),),
}
