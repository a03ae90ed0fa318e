"""Setting rules: which settings of a table are valid, and what a table has where none is given.

Source: "CreateTable" and "UpdateTable" in the DynamoDB API reference.
"""

from __future__ import annotations

from typing import Final, get_args

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import InvalidRequestError
from dynamongo.schema import TableClass, TableSettings

DEFAULT_SETTINGS: Final = TableSettings("standard", "aws_owned", deletion_protection=False)

_KEY_ARN: Final = "arn:aws:kms:us-east-1:000000000000:key/"
"""What comes before the id of a key, of which DescribeTable shows the ARN. Memory has neither regions nor accounts."""


def check_settings(settings: TableSettings) -> None:
    """Refuse a table class that there is not."""
    if settings.table_class is not None and settings.table_class not in get_args(TableClass):
        raise InvalidRequestError(
            "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, "
            "STANDARD_INFREQUENT_ACCESS]."
        )


def complete_settings(settings: TableSettings, old: TableSettings = DEFAULT_SETTINGS) -> TableSettings:
    """Return the settings as DescribeTable shows them; what is not given is as it was."""
    encryption, protection = settings.encryption, settings.deletion_protection
    return replace(
        old,
        table_class=settings.table_class or old.table_class,
        encryption=old.encryption if encryption is None else _as_arn(encryption),
        deletion_protection=old.deletion_protection if protection is None else protection,
    )


def _as_arn(encryption: str) -> str:
    if encryption == "aws_owned" or encryption.startswith("arn:"):
        return encryption
    return f"{_KEY_ARN}{'aws-managed' if encryption == 'aws_managed' else encryption}"
