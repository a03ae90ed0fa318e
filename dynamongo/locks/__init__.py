"""Distributed locks with a lease, each of which is one item of a table; see `docs/locks.md`."""

from __future__ import annotations

from dynamongo.locks.items import LockFields, LockItem
from dynamongo.locks.lock import Lock

__all__ = ["Lock", "LockFields", "LockItem"]
