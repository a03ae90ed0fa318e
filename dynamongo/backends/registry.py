"""The registry of backends: entry points of the group `dynamongo.backends`, each loaded when it is first used.

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
    """The names of the installed backends, sorted."""
    return sorted({point.name for point in _find_entry_points()})


def check_backend_name(name: str) -> None:
    """Raise `ConfigurationError` if no backend has that name."""
    if name not in backend_names():
        raise ConfigurationError(f"there is no backend {name!r}; installed are: {', '.join(backend_names())}")


def load_backend(name: str) -> Callable[..., Backend]:
    """The class or factory of the backend that is registered under `name`; raises as `check_backend_name`."""
    check_backend_name(name)
    point = next(point for point in _find_entry_points() if point.name == name)
    return cast("Callable[..., Backend]", point.load())


def _find_entry_points() -> Any:
    from importlib.metadata import entry_points  # noqa: PLC0415 - it takes long, and a backend may be given as itself

    return entry_points(group=_GROUP)
