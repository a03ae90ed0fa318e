"""Attribute values that collide: near-equal numbers, empty values, values that Python takes for equal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dynamongo.expressions.values import AttributeValue, ScalarType

_LONG = 10**37 + 3

STRINGS = ["", "a", "ab", "b", "B", "1", "é", "e\u0301", "\uffff", "😀", "a😀"]
NUMBERS: list[int | Decimal] = [
    *(0, 1, 2, -1, 9, 10, Decimal("1.0"), Decimal("1.5"), Decimal("-1.5"), Decimal("0.1"), Decimal("1E+2")),
    *(_LONG, _LONG + 1, -_LONG, Decimal(_LONG).scaleb(-37), Decimal("1E-130"), 9 * 10**125),
]
BINARIES = [b"", b"a", b"ab", b"b", b"\x00", b"\x7f", b"\x80", b"\xff", b"a\xff"]
LONG_TEXTS = ["x" * 900, "y" * 1020, "é" * 510]  # an index key takes 1,024 bytes, which the emulator does not check
MEMBER_NAMES = ["a", "b", "x.y", "é"]

KEY_VALUES: dict[ScalarType, list[Any]] = {
    "S": ["a", "ab", "b", "é", "😀", "\uffff", "1", "|", "a|b", "b" * 300],
    "N": [0, 1, Decimal("1.0"), 2, 10, -1, Decimal("1.5"), Decimal("-1.5"), _LONG, _LONG + 1],
    "B": [b"a", b"a\x00", b"a\xff", b"\xff", b"\xff\xff", b"\x80", b"\x7f", b"b"],
}
BAD_KEY_VALUES: list[AttributeValue] = ["", b"", "a", 1, b"a", None, True, [], {}, frozenset({"a"}), 2**70]
LONG_KEY = "k" * 2049

strings = st.sampled_from(STRINGS)
numbers = st.sampled_from(NUMBERS)
binaries = st.sampled_from(BINARIES)
scalars = st.one_of(numbers, strings, numbers, binaries, st.sampled_from([True, False, None]))
number_sets = st.frozensets(st.sampled_from([0, 1, 2, Decimal("1.5"), _LONG]), min_size=1, max_size=3)
sets: st.SearchStrategy[Any] = st.one_of(
    st.frozensets(st.sampled_from(["", "a", "b", "1", "é"]), min_size=1, max_size=3),
    number_sets,
    st.frozensets(st.sampled_from([b"", b"a", b"b", b"1", b"\xff"]), min_size=1, max_size=3),
)
_flat: st.SearchStrategy[Any] = st.one_of(scalars, scalars, sets)


def containers(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists and maps of these members."""
    return st.one_of(st.lists(members, max_size=4), st.dictionaries(st.sampled_from(MEMBER_NAMES), members, max_size=3))


_nested = containers(_flat)
_deep = containers(st.one_of(_nested, _flat))
values: st.SearchStrategy[Any] = st.one_of(scalars, sets, _nested, _nested, _deep, st.sampled_from(LONG_TEXTS))


def rarely(rare: st.SearchStrategy[Any], common: st.SearchStrategy[Any], odds: int = 20) -> st.SearchStrategy[Any]:
    """The common case but for one of `odds`; it shrinks to the common one."""
    return st.integers(1, odds).flatmap(lambda number: rare if number == odds else common)
