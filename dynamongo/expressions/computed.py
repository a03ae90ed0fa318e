"""Computed values: what an update may set besides values and copies, computed by the store from the item before.

DynamoDB takes one `+` or `-` in a value. Its functions can be nested.

Source: "Update expressions" in the DynamoDB developer guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import AttributeValue


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left + right` or `left - right`, of numbers that exist."""

    left: UpdateOperand
    operator: Literal["+", "-"]
    right: UpdateOperand


@dataclass(frozen=True, slots=True)
class IfNotExists:
    """The value at `path`, or `otherwise` if there is none."""

    path: Path
    otherwise: UpdateOperand


@dataclass(frozen=True, slots=True)
class ListAppend:
    """The elements of the list `first`, then those of the list `second`; both must exist."""

    first: UpdateOperand
    second: UpdateOperand


Computed: TypeAlias = Arithmetic | IfNotExists | ListAppend
WITH_PATHS: Final = (Path, Arithmetic, IfNotExists, ListAppend)
"""The values of updates in which there may be paths."""

UpdateOperand: TypeAlias = "AttributeValue | Path | IfNotExists | ListAppend"
"""What can be an operand of another value."""


def operands_in(value: AttributeValue | Path | Computed) -> Iterator[AttributeValue | Path]:
    """Yield the paths and constants in the value of an update, from left to right."""
    match value:
        case Arithmetic():
            yield from operands_in(value.left)
            yield from operands_in(value.right)
        case IfNotExists():
            yield value.path
            yield from operands_in(value.otherwise)
        case ListAppend():
            yield from operands_in(value.first)
            yield from operands_in(value.second)
        case _:
            yield value
