"""Cancellations: the error that a write alone would raise, for the reason for which it cancels a transaction."""

from __future__ import annotations

from typing import Final, NoReturn

from dynamongo.exceptions import (
    BackendError,
    CancellationReason,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
)

CONDITION_FAILED: Final = "ConditionalCheckFailed"
"""The code of the reason that a condition does not hold, whose error depends on the action."""

_ERRORS: Final[dict[str, type[BackendError]]] = {
    "ItemCollectionSizeLimitExceeded": LimitExceededError,
    "ProvisionedThroughputExceeded": ThrottledError,
    "ThrottlingError": ThrottledError,
    "TransactionConflict": TransactionConflict,
    "ValidationError": InvalidRequestError,
}


def error_of(reason: CancellationReason) -> BackendError | None:
    """Return the error that the action would have raised alone; `None` if it was not the reason, or for a condition."""
    kind = _ERRORS.get(reason.code)
    return None if kind is None else kind(reason.message or reason.code, code=reason.code)


def raise_other(error: TransactionCanceled) -> NoReturn:
    """Raise the error of the action for which a transaction was cancelled, where that is not a condition."""
    found = next((each for reason in error.reasons if (each := error_of(reason)) is not None), None)
    if found is None:
        raise error
    raise found.copy_context(error) from error
