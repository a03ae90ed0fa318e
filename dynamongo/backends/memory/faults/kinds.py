"""The kinds of faults, and the operations that each applies to.

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
"""Why DynamoDB cancels a valid transaction: the codes of `CancellationReason`."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """The store throttles the request; nothing was done."""


@dataclass(frozen=True, slots=True)
class Unprocessed:
    """The store leaves `count` of the keys or writes of a batch unprocessed; all of them if it is `None`."""

    count: int | None


@dataclass(frozen=True, slots=True)
class Fail:
    """The store fails with an internal error, before or after it executed the operation (`done`)."""

    done: bool


@dataclass(frozen=True, slots=True)
class LoseResponse:
    """The connection breaks, before or after the store executed the operation (`done`)."""

    done: bool


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The connection cannot be established."""


@dataclass(frozen=True, slots=True)
class ItemConflict:
    """Another transaction is changing an item; nothing was done."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """A transaction is cancelled because of one of its actions; `code` says why."""

    code: CancelCode


@dataclass(frozen=True, slots=True)
class Slow:
    """The response takes so many seconds."""

    seconds: float


FaultKind: TypeAlias = Throttle | Unprocessed | Fail | LoseResponse | Unreachable | ItemConflict | Cancel | Slow

KIND_NAMES: Final[dict[type[FaultKind], str]] = {
    Throttle: "throttle",
    Unprocessed: "unprocessed",
    Fail: "fail",
    LoseResponse: "lose_response",
    Unreachable: "unreachable",
    ItemConflict: "conflict",
    Cancel: "cancel",
    Slow: "slow",
}
"""The name of each kind, which is that of the class method of `Fault` that makes it."""

_OPERATIONS: Final[dict[str, type[Operation[Any]]]] = {each.__name__: each for each in get_args(AnyOperation)}

# Kinds that are not listed apply to every operation. Of reads, only those in a transaction meet conflicts ("Transaction
# conflict handling in DynamoDB" in the developer guide).
_TRANSACTIONS = (TransactWrite, TransactGet)
_LIMITED: dict[type[FaultKind], tuple[type[Operation[Any]], ...]] = {
    Unprocessed: (BatchGet, BatchWrite),
    ItemConflict: (Put, Delete, UpdateItem, *_TRANSACTIONS),
    Cancel: _TRANSACTIONS,
}


def applies_to(kind: FaultKind, operation: type[Operation[Any]]) -> bool:
    """Return whether DynamoDB can ever respond to an operation in this way."""
    return operation in _LIMITED.get(type(kind), (operation,))


def operations_for(kind: FaultKind) -> list[str]:
    """Return the names of the operations that a fault of this kind applies to."""
    return sorted(name for name, operation in _OPERATIONS.items() if applies_to(kind, operation))
