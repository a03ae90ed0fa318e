"""Backends execute operations. `memory` and `dynamodb` are included; entry points add others."""

from __future__ import annotations

from dynamongo.backends.base import Backend, Limits, make_bounded, takes_reader, takes_seconds
from dynamongo.backends.registry import backend_names, check_backend_name, load_backend

__all__ = [
    "Backend",
    "Limits",
    "backend_names",
    "check_backend_name",
    "load_backend",
    "make_bounded",
    "takes_reader",
    "takes_seconds",
]
