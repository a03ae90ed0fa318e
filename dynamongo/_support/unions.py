"""Closed unions: every `match` over one ends in `assert_never`, so that a new member breaks the type check there."""

from __future__ import annotations

from typing import NoReturn


def assert_never(value: NoReturn) -> NoReturn:
    """Mark the branch that no member of a closed union reaches (`typing.assert_never` needs Python 3.11)."""
    raise AssertionError(f"unreachable: {value!r}")
