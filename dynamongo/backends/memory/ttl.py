"""Time to live: UpdateTimeToLive, DescribeTimeToLive, and the deletion of what has expired.

Source: "Using time to live (TTL) in DynamoDB" in the developer guide.
"""

from __future__ import annotations

from typing import cast

from dynamongo.backends.memory.checks import refuse_constraints, violation
from dynamongo.backends.memory.lifecycle import find_described
from dynamongo.backends.memory.partitions import Stored
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.numbers import Number
from dynamongo.expressions.sizes import text_size
from dynamongo.expressions.values import type_of
from dynamongo.operations import DescribeTimeToLive, TimeToLive, UpdateTimeToLive

_MAX_AGE_SECONDS = 5 * 365 * 24 * 60 * 60
"""Items that expired longer ago are never deleted, so that a wrong unit of time does not empty a table."""


def update_time_to_live(store: Store, operation: UpdateTimeToLive) -> TimeToLive:
    """Enable or disable the expiry of a table's items."""
    _check_attribute_name(operation.attribute)
    table = find_described(store, operation.table)
    _check_transition(table.expires_by, operation)
    table.expires_by = operation.attribute if operation.enabled else None
    return TimeToLive(table.expires_by)


def describe_time_to_live(store: Store, operation: DescribeTimeToLive) -> TimeToLive:
    """Return which attribute holds the time of expiry, if one does."""
    return TimeToLive(find_described(store, operation.table).expires_by)


def delete_expired(table: MemoryTable, now: float) -> int:
    """Delete the items that have expired by `now`, in seconds since the epoch, and return their number."""
    if table.expires_by is None:
        return 0
    expired = [stored for stored in table.primary.read_all() if _is_expired(stored, table.expires_by, now)]
    for stored in expired:
        table.replace(table.primary.locate(stored.item), stored, None)
    return len(expired)


def _check_attribute_name(attribute: str) -> None:
    if not 1 <= text_size(attribute) <= 255:
        bound = "less than or equal to 255" if attribute else "greater than or equal to 1"
        at = "timeToLiveSpecification.attributeName"
        refuse_constraints([violation(f"'{attribute}'", at, f"have length {bound}")])


def _check_transition(current: str | None, operation: UpdateTimeToLive) -> None:
    if current not in (None, operation.attribute):
        raise InvalidRequestError(
            f"TimeToLive is active on a different AttributeName: current AttributeName is {current}"
        )
    # DynamoDB also refuses a second change within an hour or so; that would only get in the way of tests.
    if operation.enabled == (current is not None):
        raise InvalidRequestError(f"TimeToLive is already {'enabled' if operation.enabled else 'disabled'}")


def _is_expired(stored: Stored, attribute: str, now: float) -> bool:
    """Return whether an item's time has passed; DynamoDB ignores times more than five years ago as mistakes."""
    time = stored.item.get(attribute)
    # `type_of` also refuses True, which is an int in Python.
    return type_of(time) == "N" and now - _MAX_AGE_SECONDS <= cast("Number", time) < now
