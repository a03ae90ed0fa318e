"""What was read in part: a map that knows which of its members were not read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, cast

from dynamongo.conditions import Path
from dynamongo.exceptions import AttributeNotLoaded


class PartialDict(dict[str, Any]):
    """A map of which some members were read, and no others are known."""

    def __init__(self, members: dict[str, Any], loaded: Iterable[str], label: str) -> None:
        super().__init__(members)
        self._loaded = frozenset(loaded)
        self._label = label

    def __missing__(self, name: str) -> NoReturn:
        self._check_loaded(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        self._check_loaded(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The member, or the default where it is known that there is none."""
        self._check_loaded(name)
        return super().get(name, default)

    def _check_loaded(self, name: object) -> None:
        if name not in self._loaded and not super().__contains__(name):
            refuse_unloaded(f"{self._label}.{name}")


def refuse_unloaded(label: str) -> NoReturn:
    """Raise `AttributeNotLoaded` for what messages call `label`."""
    raise AttributeNotLoaded(
        f"{label} was not read: the projection, or the index that was read, leaves it out;"
        " ask for it with projection=, or call reload() for the whole item"
    )


def guard(value: Any, paths: Iterable[Path], label: str) -> Any:
    """The Python value of an attribute of which only `paths` were read; `Path()` is the value itself.

    Maps are guarded, at any depth. Of a list, DynamoDB returns the elements that were asked for, without gaps.
    """
    inner = list(paths)
    if not isinstance(value, dict) or any(not path.elements for path in inner):
        return cast("Any", value)
    members = cast("dict[str, Any]", value)
    names = dict.fromkeys(str(path.elements[0]) for path in inner)
    kept = {name: guard(members[name], _inside(inner, name), f"{label}.{name}") for name in names if name in members}
    return PartialDict(kept, names, label)


def _inside(paths: Iterable[Path], name: str) -> list[Path]:
    return [Path(*path.elements[1:]) for path in paths if path.elements[0] == name]
