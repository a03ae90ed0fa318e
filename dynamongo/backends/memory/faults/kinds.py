"""The kinds of faults, and the operations that each can befall.

Source: "Error handling with DynamoDB" in the developer guide, and "Errors" of each action in the API reference.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, get_args

from dynamongo._support.dataclasses import dataclass
from dynamongo.operations import (
    AnyOperation,
    BatchGet,
    BatchWrite,
    Delete,
    Operation,
    Put,
    TransactGet,
    TransactWrite,
    UpdateItem,
)

CancelCode: TypeAlias = Literal[
    "ItemCollectionSizeLimitExceeded", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"
]
"""Why DynamoDB cancels a transaction, other than for what it says."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """The store asks to slow down; nothing was done."""


@dataclass(frozen=True, slots=True)
class Unprocessed:
    """The store does not get to `count` of the keys or writes of a batch, or to any of them if that is `None`."""

    count: int | None


@dataclass(frozen=True, slots=True)
class Fail:
    """The store answers with an error of its own, before or after it did what was asked."""

    done: bool


@dataclass(frozen=True, slots=True)
class LoseResponse:
    """The connection breaks, before or after the store did what was asked."""

    done: bool


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The connection cannot be made."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A transaction is at work on an item; nothing was done."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """A transaction is cancelled because of one of its actions, for the reason that the code gives."""

    code: CancelCode


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer takes so many seconds."""

    seconds: float


FaultKind: TypeAlias = Throttle | Unprocessed | Fail | LoseResponse | Unreachable | Conflict | Cancel | Slow

NAMES: Final[dict[type[FaultKind], str]] = {
    Throttle: "throttle",
    Unprocessed: "unprocessed",
    Fail: "fail",
    LoseResponse: "lose_response",
    Unreachable: "unreachable",
    Conflict: "conflict",
    Cancel: "cancel",
    Slow: "slow",
}
"""The kinds by the names under which `Fault` makes them."""

OPERATIONS: Final[dict[str, type[Operation[Any]]]] = {each.__name__: each for each in get_args(AnyOperation)}

_TRANSACTIONS = (TransactWrite, TransactGet)
_BEFALLEN: dict[type[FaultKind], tuple[type[Operation[Any]], ...]] = {
    Unprocessed: (BatchGet, BatchWrite),
    Conflict: (Put, Delete, UpdateItem, *_TRANSACTIONS),
    Cancel: _TRANSACTIONS,
}


def can_befall(kind: FaultKind, operation: type[Operation[Any]]) -> bool:
    """Whether DynamoDB ever answers an operation in this way."""
    return operation in _BEFALLEN.get(type(kind), (operation,))


def befallen_by(kind: FaultKind) -> list[str]:
    """The names of the operations that a fault of this kind can befall."""
    return sorted(name for name, operation in OPERATIONS.items() if can_befall(kind, operation))
