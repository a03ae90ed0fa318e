"""Injection: execute an operation with faults, raising what the dynamodb backend raises for them.

The messages are those of DynamoDB and botocore.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Generator, Sequence
from typing import Any, Generic, NoReturn, Protocol, TypeVar, cast

from dynamongo._support.unions import assert_never
from dynamongo.backends.base import note_sent
from dynamongo.backends.memory.capacity import THROTTLED
from dynamongo.backends.memory.faults.fault import Fault
from dynamongo.backends.memory.faults.kinds import (
    Cancel,
    CancelCode,
    Fail,
    ItemConflict,
    LoseResponse,
    Slow,
    Throttle,
    Unprocessed,
    Unreachable,
)
from dynamongo.exceptions import (
    BackendError,
    CancellationReason,
    DynamongoError,
    ServiceError,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
)
from dynamongo.operations import Operation, TransactGet, TransactWrite

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_CLOSED = "Connection was closed before we received a valid response from endpoint URL"
_UNREACHABLE = "Could not connect to the endpoint URL"
_ONGOING = "Transaction is ongoing for the item"
_MESSAGES: dict[CancelCode, str] = {
    "ItemCollectionSizeLimitExceeded": "Collection size exceeded.",
    "ProvisionedThroughputExceeded": THROTTLED,
    "ThrottlingError": (
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table "
        "or index so please try again shortly."
    ),
    "TransactionConflict": _ONGOING,
}


class Execute(Protocol[R_co]):
    """Executes the operation; of a batch it leaves the parts at some positions unprocessed."""

    def __call__(self, *skipped: Collection[int]) -> R_co:
        """Execute the operation and return its result; at most one collection of positions is passed."""
        ...


class FaultyCall(Generic[R]):
    """An operation with its faults: slow ones and, as the last, at most one other.

    The backend lets `delay` pass, and then has it `respond`. If that takes more than `seconds`, the response is lost,
    but the operation has been executed.

    Attributes:
        delay: How many seconds the caller waits.
    """

    def __init__(
        self, faults: Sequence[Fault], operation: Operation[R], execute: Execute[R], seconds: float | None
    ) -> None:
        self._faults = faults
        self._operation = operation
        self._execute = execute
        slowness = sum(fault.kind.seconds for fault in faults if isinstance(fault.kind, Slow))
        self._is_over = seconds is not None and slowness > seconds
        self.delay = min(slowness, seconds) if seconds is not None else slowness

    @contextlib.contextmanager
    def interruptible(self) -> Generator[None]:
        """Execute the operation, without an answer, if the block that lets the delay pass is interrupted.

        The delay is that of the response: as with one that takes too long, nobody waits for it any more.
        """
        try:
            yield
        except BaseException as error:
            note_sent(error, was_sent=True)
            with contextlib.suppress(DynamongoError):
                _inject(self._faults[-1], self._operation, self._execute)
            raise

    def respond(self) -> R:
        """Execute the operation as its faults let it; return its result or raise the error of the last fault."""
        if not self._faults:
            return self._execute()
        # All backends report in `.seconds` how long a failed request took; see `dynamongo.backends.base`.
        try:
            lost_after = self.delay if self._is_over else None
            return _respond(self._faults[-1], self._operation, self._execute, lost_after=lost_after)
        except BackendError as error:
            error.seconds = self.delay
            raise


def _respond(fault: Fault, operation: Operation[R], execute: Execute[R], *, lost_after: float | None) -> R:
    if lost_after is None:
        return _inject(fault, operation, execute)
    with contextlib.suppress(DynamongoError):  # the caller has stopped waiting, and hears of neither result nor error
        _inject(fault, operation, execute)
    raise ServiceError(f"no response in {lost_after:.3g} s", code="ReadTimeoutError")


def _inject(fault: Fault, operation: Operation[R], execute: Execute[R]) -> R:
    match fault.kind:
        case Slow():
            return execute()
        case Throttle():
            raise ThrottledError(THROTTLED)
        case Unprocessed(count):
            places = fault.places(operation)
            return execute(places if count is None else places[-count:])
        case Fail(done):
            _attempt(execute, done=done)
            raise ServiceError("Internal server error")
        case LoseResponse(done):
            _attempt(execute, done=done)
            raise ServiceError(_CLOSED, code="ConnectionClosedError")
        case Unreachable():
            raise ServiceError(_UNREACHABLE, code="EndpointConnectionError", was_sent=False)
        case ItemConflict():
            if not isinstance(operation, (TransactWrite, TransactGet)):
                raise TransactionConflict(_ONGOING)
            _cancel(operation, fault, "TransactionConflict")
        case Cancel(code):
            _cancel(cast("TransactWrite | TransactGet", operation), fault, code)
        case _:
            assert_never(fault.kind)


def _attempt(execute: Execute[Any], *, done: bool) -> None:
    """Execute the operation if it is to be done; its result or error does not reach the caller."""
    if done:
        with contextlib.suppress(DynamongoError):
            execute()


def _cancel(operation: TransactWrite | TransactGet, fault: Fault, code: CancelCode) -> NoReturn:
    parts = operation.actions if isinstance(operation, TransactWrite) else operation.gets
    reasons = [CancellationReason()] * len(parts)
    reasons[fault.places(operation)[0]] = CancellationReason(code, _MESSAGES[code])
    raise TransactionCanceled(tuple(reasons))
