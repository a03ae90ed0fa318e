"""Table settings: table class, encryption, deletion protection and point-in-time recovery, as requests and responses.

Source: "UpdateTable", "TableDescription" and "UpdateContinuousBackups" in the DynamoDB API reference.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from dynamongo.operations import ContinuousBackups, UpdateContinuousBackups, UpdateTableSettings
from dynamongo.schema import TableClass, TableSettings

_Wire: TypeAlias = dict[str, Any]

_CLASSES: Final[dict[TableClass, str]] = {"standard": "STANDARD", "infrequent_access": "STANDARD_INFREQUENT_ACCESS"}
_CLASSES_BY_NAME: Final[dict[str, TableClass]] = {wire: name for name, wire in _CLASSES.items()}


def render_settings(settings: TableSettings) -> _Wire:
    """Return the arguments of CreateTable and UpdateTable for the settings that are given."""
    arguments: _Wire = {}
    if settings.table_class is not None:
        arguments["TableClass"] = _CLASSES.get(settings.table_class, settings.table_class)
    if settings.encryption is not None:
        arguments["SSESpecification"] = _render_encryption(settings.encryption)
    if settings.deletion_protection is not None:
        arguments["DeletionProtectionEnabled"] = settings.deletion_protection
    return arguments


def render_new_settings(operation: UpdateTableSettings) -> _Wire:
    """Return the arguments of UpdateTable that change settings."""
    return {"TableName": operation.table} | render_settings(operation.settings)


def render_new_backups(operation: UpdateContinuousBackups) -> _Wire:
    """Return the arguments of UpdateContinuousBackups."""
    specification: _Wire = {"PointInTimeRecoveryEnabled": operation.enabled}
    if operation.recovery_days is not None:
        specification["RecoveryPeriodInDays"] = operation.recovery_days
    return {"TableName": operation.table, "PointInTimeRecoverySpecification": specification}


def _render_encryption(encryption: str) -> _Wire:
    if encryption == "aws_owned":
        return {"Enabled": False}
    managed: _Wire = {"Enabled": True, "SSEType": "KMS"}
    return managed if encryption == "aws_managed" else managed | {"KMSMasterKeyId": encryption}


def parse_settings(wire: _Wire) -> TableSettings:
    """Return the settings in a description of a table, which leaves out what is as it is by default."""
    table_class = wire.get("TableClassSummary", {}).get("TableClass", "STANDARD")
    return TableSettings(
        table_class=_CLASSES_BY_NAME.get(table_class, table_class),
        encryption=_parse_encryption(wire.get("SSEDescription", {})),
        deletion_protection=wire.get("DeletionProtectionEnabled", False),
    )


def _parse_encryption(wire: _Wire) -> str:
    if wire.get("Status", "DISABLED") in {"DISABLED", "DISABLING"}:
        return "aws_owned"
    key: str = wire.get("KMSMasterKeyArn", "aws_managed")
    return key


def parse_backups(wire: _Wire) -> ContinuousBackups:
    """Return what `ContinuousBackupsDescription` says of point-in-time recovery.

    `ContinuousBackupsStatus` says something else: it is ENABLED for every table.
    """
    recovery = wire.get("PointInTimeRecoveryDescription", {})
    is_on = recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
    return ContinuousBackups(recovery.get("RecoveryPeriodInDays", 35) if is_on else None)
