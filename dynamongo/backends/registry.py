"""The registry of backends: the two that ship, and entry points in the group `dynamongo.backends`.

Each is loaded on first use. A package adds a backend by declaring an entry point::

    [project.entry-points."dynamongo.backends"]
    mine = "my_package:MyBackend"

The names `memory` and `dynamodb` are dynamongo's own. They are not looked up among the entry points, which would take
25 ms at the first use, as long as importing half of dynamongo.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, cast

from dynamongo._support.stacklevel import caller_level
from dynamongo.backends.base import Backend
from dynamongo.exceptions import ConfigurationError

_GROUP: Final = "dynamongo.backends"

_OWN: Final = {
    "dynamodb": ("dynamongo.backends.dynamodb", "DynamoDBBackend"),
    "memory": ("dynamongo.backends.memory", "MemoryBackend"),
}
"""The module and class of each backend that ships, as its entry point in `pyproject.toml` declares them."""


def backend_names() -> list[str]:
    """Return the names of the installed backends, sorted."""
    return sorted({*_OWN, *(point.name for point in _find_entry_points())})  # two packages may declare one name


def check_backend_name(name: str) -> None:
    """Raise `ConfigurationError` if no backend has that name."""
    if name not in _OWN and name not in (names := backend_names()):
        raise ConfigurationError(f"unknown backend {name!r}; installed are: {', '.join(names)}")


@functools.cache  # for each name that is installed: `explain` looks one up in every call, and to find it takes 2 ms
def load_backend(name: str) -> Callable[..., Backend]:
    """Return the class or factory of the backend registered under `name`; raise as `check_backend_name` does."""
    check_backend_name(name)
    if name in _OWN:
        module, attribute = _OWN[name]
        factory: Any = getattr(import_module(module), attribute)
    else:
        factory = next(point for point in _find_entry_points() if point.name == name).load()
    return cast("Callable[..., Backend]", factory)


def _find_entry_points() -> list[Any]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow to import, and not needed for our own backends

    found = entry_points(group=_GROUP)
    for point in found:
        if point.name in _OWN and point.value != ":".join(_OWN[point.name]):
            warnings.warn(
                f"{point.value} is registered as a backend {point.name!r}, which is the name of one of dynamongo's own:"
                " it is ignored, and needs another name",
                stacklevel=caller_level(),
            )
    return [point for point in found if point.name not in _OWN]
