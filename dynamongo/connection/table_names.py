"""`TableNames`: the full names of tables under one prefix."""

from __future__ import annotations

import re
from typing import Any, Final

from dynamongo.exceptions import ConfigurationError, SchemaError
from dynamongo.expressions.values import shorten

# Source: "Naming rules" in the DynamoDB developer guide.
_SHORTEST: Final = 3
_LONGEST: Final = 255
_PREFIX: Final = r"[A-Za-z0-9_.-]{0,254}"

_KEPT: Final = 1000
"""How many names are kept: a program may have a table for each customer and day."""


class TableNames(dict[Any, str]):
    """The full names of tables by their names without the prefix, or by their ARNs, as far as they were asked for.

    Every request needs one: to look it up here takes no longer than to build it, and each is checked once.

    Attributes:
        prefix: The prefix; `None` until a connection has looked for it in the environment.
    """

    __slots__ = ("prefix",)

    def __init__(self, prefix: str | None) -> None:
        super().__init__()
        self.prefix = prefix

    def add(self, table: str, subject: str) -> str:
        """Return the full name of a table, from now on known here.

        Args:
            table: Its name without the prefix.
            subject: What has that name, for messages, such as `User.__table__`.

        Raises:
            SchemaError: No table can have the full name.
        """
        name = f"{self.prefix}{table}"
        if not _SHORTEST <= len(name) <= _LONGEST:
            raise SchemaError(
                f"{subject}: the name of a table has {_SHORTEST} to {_LONGEST} characters with its prefix;"
                f" got {shorten(name)}, which has {len(name)}"
            )
        if len(self) >= _KEPT:
            self.clear()
        self[table] = name
        return name


def names_under(prefix: str | None) -> TableNames | None:
    """Return the full names of tables under a prefix, if one is given; raise `ConfigurationError` as `check_prefix`."""
    if prefix is None:
        return None
    check_prefix(prefix, "table_prefix")
    return TableNames(prefix)


def check_prefix(prefix: object, subject: str) -> None:
    """Raise `ConfigurationError` for a prefix with which no table could have its name."""
    if not isinstance(prefix, str) or not re.fullmatch(_PREFIX, prefix):
        raise ConfigurationError(
            f"{subject} must be up to 254 letters, digits, `_`, `.` and `-`; got {shorten(prefix)}"
        )
