"""Warnings that dynamongo gives: what works, and will cost or fail one day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ScanWarning(UserWarning):
    """The strategy needs a scan of the whole table, and every item read is billed."""


class ItemSizeWarning(UserWarning):
    """An item that was written comes near the 400 KB that DynamoDB stores at most.

    Attributes:
        model: The name of its model.
        key: Its key, by the names of the fields.
        size: Its bytes.
    """

    def __init__(self, message: str, model: str = "", key: Mapping[str, Any] | None = None, size: int = 0) -> None:
        super().__init__(message)
        self.model = model
        self.key = dict(key or {})
        self.size = size


class NPlusOneWarning(UserWarning):
    """Items are read one by one, at a request each, where one batch would do."""


class BlockingCallWarning(UserWarning):
    """A blocking call was made on a running event loop, whose tasks all have to wait for the store."""
