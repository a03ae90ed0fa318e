"""Parameters of attacks: what shows little more than its neighbours is among the slow tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest

from attacks.awaited import COLOURS, LOOPS


def mark_slow(values: Iterable[Any], slow: Collection[Any]) -> list[Any]:
    """Return the values as parameters, of which some are slow."""
    return [pytest.param(*as_row(value), marks=[pytest.mark.slow] if value in slow else []) for value in values]


def as_row(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


ON_COLOURS = mark_slow(COLOURS, ["uvloop"])
ON_LOOPS = mark_slow(LOOPS, ["uvloop"])
SCHEMES = mark_slow(["http", "https"], ["http"])
"""TLS has the faults of plain connections, and more."""
