"""Setting differences: how the table class, encryption, deletion protection and recovery of a live table differ.

A setting that the model does not declare is left alone. DynamoDB changes each in a request of its own.

Source: "UpdateTable" and "UpdateContinuousBackups" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from dynamongo.executor.schema_diff import Declared, Difference, DifferenceKind, TableChange
from dynamongo.operations import ContinuousBackups, TableDescription, UpdateContinuousBackups, UpdateTableSettings
from dynamongo.schema import Recovery, TableSettings

_NAMES: Final[dict[DifferenceKind, str]] = {
    "table class": "table_class",
    "encryption": "encryption",
    "deletion protection": "deletion_protection",
}
"""The names of the settings, by the kinds of their differences."""

_DEFAULTS: Final = ("standard", "aws_owned", False, None)


def compare_settings(declared: Declared, live: TableDescription, backups: ContinuousBackups) -> Iterator[Difference]:
    """Yield the differences from what is declared."""
    table = live.schema.name
    for kind, name in _NAMES.items():
        wanted, found = getattr(declared.settings, name), getattr(live.settings, name)
        if wanted is not None and not _is_met(wanted, found):
            yield Difference(kind, table, wanted, found)
    if not _is_recovery_met(declared.recovery, backups.recovery_days):
        yield Difference("point-in-time recovery", table, declared.recovery, backups.recovery_days)


def list_undeclared_settings(declared: Declared, live: TableDescription) -> Iterator[Difference]:
    """Yield settings that the model does not declare, and that are not what a new table would have."""
    for kind, name in _NAMES.items():
        found = getattr(live.settings, name)
        if getattr(declared.settings, name) is None and found not in _DEFAULTS:
            yield Difference(kind, live.schema.name, None, found, "leave")


def plan_settings(table: str, differences: Sequence[Difference]) -> Iterator[TableChange]:
    """Yield the changes that fix the differences, one for each request."""
    for each in differences:
        if each.kind in _NAMES:
            changed: dict[str, Any] = {_NAMES[each.kind]: each.model}
            yield UpdateTableSettings(table, TableSettings(**changed))
        elif each.kind == "point-in-time recovery":
            yield plan_recovery(table, each.model)


def plan_recovery(table: str, declared: Recovery) -> UpdateContinuousBackups:
    """Return the change that makes the recovery of a table what is declared."""
    return UpdateContinuousBackups(table, declared is not False, None if type(declared) is bool else declared)


def _is_met(wanted: object, found: object) -> bool:
    """Return whether the table has what is declared: of a key, DynamoDB shows the ARN, which ends with the id."""
    if wanted == found or not isinstance(wanted, str) or not isinstance(found, str):
        return wanted == found
    if wanted == "aws_managed":  # which has an ARN like any other key of KMS: only KMS could tell
        return found.startswith("arn:")
    return found.startswith("arn:") and found.endswith(f":key/{wanted}")


def _is_recovery_met(wanted: Recovery | None, days: int | None) -> bool:
    match wanted:
        case None:
            return True
        case bool():
            return wanted is (days is not None)
        case _:
            return wanted == days
