"""Truths of conditions whose operands are in unusual places: values come first, and sizes are compared with sizes."""

from __future__ import annotations

from dynamongo.expressions.conditions import GT, LT, AnyCondition, BeginsWith, Between, Comparison, Contains, In, Size
from dynamongo.testing.contract.sample import BIN, DEEP_MAP, GONE, L, M, N, P, S, T

OPERANDS: list[tuple[AnyCondition, bool]] = [
    (BeginsWith("hello!", S), True),
    (BeginsWith("help", S), False),
    (BeginsWith(b"\x01\x02\x80\x00", BIN), True),
    (BeginsWith("hello", GONE), False),
    (BeginsWith("hello", L / 0), False),
    (BeginsWith("hello", P("no_text")), True),
    (Contains("so hello", S), True),
    (Contains(b"\x00\x01\x02\x80", BIN), True),
    (Contains("hell", S), False),
    (Contains("hello", GONE), False),
    (Contains(["x", 5], N), True),
    (Contains(["x", "5"], N), False),
    (Contains([DEEP_MAP], M), True),
    (Contains([1, None], T), False),
    (Contains(frozenset({"hello"}), S), True),
    (Contains(frozenset({5}), S), False),
    (Contains(5, N), False),
    (Contains([5, 8], Size(L)), True),
    (Contains(L, L / 0), True),
    (Comparison(Size(S), GT, Size(BIN)), True),
    (Comparison(Size(S), LT, Size(GONE)), False),
    (Between(6, N, Size(L)), True),
    (In(5, (Size(BIN), Size(S))), True),
]
