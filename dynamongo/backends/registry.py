"""The registry of backends: entry points in the group `dynamongo.backends`, each loaded on first use.

A package adds a backend by declaring one::

    [project.entry-points."dynamongo.backends"]
    mine = "my_package:MyBackend"
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from dynamongo.backends.base import Backend
from dynamongo.exceptions import ConfigurationError

_GROUP = "dynamongo.backends"


def backend_names() -> list[str]:
    """Return the names of the installed backends, sorted."""
    return sorted({point.name for point in _find_entry_points()})  # two packages may declare one name


def check_backend_name(name: str) -> None:
    """Raise `ConfigurationError` if no backend has that name."""
    if name not in backend_names():
        raise ConfigurationError(f"unknown backend {name!r}; installed are: {', '.join(backend_names())}")


def load_backend(name: str) -> Callable[..., Backend]:
    """Return the class or factory of the backend registered under `name`; raise as `check_backend_name` does."""
    check_backend_name(name)
    point = next(point for point in _find_entry_points() if point.name == name)
    return cast("Callable[..., Backend]", point.load())


def _find_entry_points() -> Any:
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow to import, and not needed with a backend instance

    return entry_points(group=_GROUP)
