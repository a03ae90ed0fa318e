"""The kinds of field that a model may declare."""

from __future__ import annotations

from dynamongo.fields.base import Field

__all__ = ["Field"]
