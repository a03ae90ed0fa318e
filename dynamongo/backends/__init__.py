"""Backends execute operations. `memory` and `dynamodb` are included; entry points add others."""

from __future__ import annotations

from dynamongo.backends.base import (
    AsyncBackend,
    Backend,
    Limits,
    is_awaitable,
    make_awaitable,
    make_bounded,
    note_sent,
    note_unsent,
    open_async,
    takes_reader,
    takes_seconds,
    wait_async,
)
from dynamongo.backends.registry import backend_names, check_backend_name, load_backend

__all__ = [
    "AsyncBackend",
    "Backend",
    "Limits",
    "backend_names",
    "check_backend_name",
    "is_awaitable",
    "load_backend",
    "make_awaitable",
    "make_bounded",
    "note_sent",
    "note_unsent",
    "open_async",
    "takes_reader",
    "takes_seconds",
    "wait_async",
]
