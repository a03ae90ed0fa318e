"""Backends: what executes operations. Two ship, `memory` and `dynamodb`; entry points add others."""

from __future__ import annotations

from dynamongo.backends.base import Backend, Limits, bound, takes_seconds
from dynamongo.backends.registry import backend_names, check_backend_name, load_backend

__all__ = ["Backend", "Limits", "backend_names", "bound", "check_backend_name", "load_backend", "takes_seconds"]
