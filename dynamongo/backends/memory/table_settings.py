"""Table settings in memory: they are kept and described, and nothing but deletion protection has an effect.

DynamoDB also limits how often they change (a table class twice in 30 days, encryption four times a day, deletion
protection once in 15 seconds), which would only get in the way of tests.

Source: "UpdateTable" and "UpdateContinuousBackups" in the DynamoDB API reference.
"""

from __future__ import annotations

from typing import Final

from dynamongo.backends.memory.checks import INVALID, refuse_constraints, violation
from dynamongo.backends.memory.lifecycle import NOTHING_TO_CHANGE, describe, find_described
from dynamongo.backends.memory.setting_rules import check_settings, complete_settings
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.exceptions import InvalidRequestError, TableNotFound
from dynamongo.operations import (
    ContinuousBackups,
    DescribeContinuousBackups,
    TableDescription,
    UpdateContinuousBackups,
    UpdateTableSettings,
)
from dynamongo.schema import TableSettings

_RECOVERY_DAYS: Final = 35
"""The longest period, and the one that recovery has unless another is given."""


def update_settings(store: Store, operation: UpdateTableSettings) -> TableDescription:
    """Change one setting of a table; the value that it has already is accepted for all but the default key."""
    settings = operation.settings
    check_settings(settings)
    _check_single(settings)
    table = find_described(store, operation.table)
    if settings.encryption == table.settings.encryption == "aws_owned":
        raise InvalidRequestError(f"{INVALID} Table is already encrypted by default")
    table.settings = complete_settings(settings, table.settings)
    return describe(table)


def _check_single(settings: TableSettings) -> None:
    """Refuse several changes in one request, which DynamoDB does not make."""
    given = [
        name
        for name, value in (
            ("DeletionProtection", settings.deletion_protection),
            ("Server-Side Encryption", settings.encryption),
            ("TableClass", settings.table_class),
        )
        if value is not None
    ]
    if not given:
        raise InvalidRequestError(NOTHING_TO_CHANGE)
    if len(given) > 1:
        raise InvalidRequestError(f"{INVALID} {given[0]} modification must be the only operation in the request")


def update_continuous_backups(store: Store, operation: UpdateContinuousBackups) -> ContinuousBackups:
    """Switch point-in-time recovery on or off; switching it on again without a period resets that."""
    days = operation.recovery_days
    if days is not None:
        _check_days(days)
    table = _find_backed_up(store, operation.table)
    if days is not None and not operation.enabled:
        raise InvalidRequestError(
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."
        )
    table.recovery_days = (days or _RECOVERY_DAYS) if operation.enabled else None
    return ContinuousBackups(table.recovery_days)


def describe_continuous_backups(store: Store, operation: DescribeContinuousBackups) -> ContinuousBackups:
    """Return whether point-in-time recovery is on."""
    return ContinuousBackups(_find_backed_up(store, operation.table).recovery_days)


def _check_days(days: int) -> None:
    if not 1 <= days <= _RECOVERY_DAYS:
        bound = f"less than or equal to {_RECOVERY_DAYS}" if days > 0 else "greater than or equal to 1"
        at = "pointInTimeRecoverySpecification.recoveryPeriodInDays"
        refuse_constraints([violation(f"'{days}'", at, f"have value {bound}")])


def _find_backed_up(store: Store, name: str) -> MemoryTable:
    """Return a table; the requests about backups have an error of their own for one that is missing."""
    if name not in store.tables:
        raise TableNotFound(f"Table not found: {name}", code="TableNotFoundException")
    return store.tables[name]
