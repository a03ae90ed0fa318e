"""Which backend runs operations, under which settings; transactions, recordings and budgets."""

from __future__ import annotations

from dynamongo.connection.connection import Connection

__all__ = ["Connection"]
