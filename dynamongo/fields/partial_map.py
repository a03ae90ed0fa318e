"""Values that were read in part: a map that knows which members were read, and a list.

Both can be read and changed, but never stored: that would drop what was not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, cast

from dynamongo.exceptions import AttributeNotLoaded
from dynamongo.expressions.conditions import Path


class PartialDict(dict[str, Any]):
    """A map of which only some members were read. Its copies and unions are such maps, too."""

    def __init__(self, members: dict[str, Any], loaded: Iterable[str], label: str) -> None:
        super().__init__(members)
        self._loaded = frozenset(loaded)
        self.label = label

    def __missing__(self, name: str) -> NoReturn:
        self._check_loaded(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        self._check_loaded(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the member, or the default if the item is known to lack it."""
        self._check_loaded(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        """Remove and return the member, or return the default if the item is known to lack it."""
        self._check_loaded(name)
        return super().pop(name, *default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the member, after setting it to the default if the item is known to lack it."""
        self._check_loaded(name)
        return super().setdefault(name, default)

    def copy(self) -> PartialDict:
        """Return a copy that knows which members were read."""
        return PartialDict(self, self._loaded, self.label)

    def __or__(self, other: Any) -> Any:
        return self._join(super().__or__(other))

    def __ror__(self, other: Any) -> Any:
        return self._join(super().__ror__(other))

    def _join(self, members: Any) -> Any:
        if not isinstance(members, dict):
            return members
        return PartialDict(cast("dict[str, Any]", members), self._loaded, self.label)

    def _check_loaded(self, name: object) -> None:
        # A member that was set after reading is there, whether or not it was read.
        if name not in self._loaded and not super().__contains__(name):
            refuse_unloaded(f"{self.label}.{name}")


class PartialDocument(PartialDict):
    """A document of which only some members were read; they are its attributes, too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.get(name)


class PartialList(list[Any]):
    """A list of which only some elements, or parts of elements, were read; there are no gaps."""

    def __init__(self, elements: Iterable[Any], label: str) -> None:
        super().__init__(elements)
        self.label = label


def refuse_unloaded(label: str) -> NoReturn:
    """Raise `AttributeNotLoaded` for the attribute that messages call `label`."""
    raise AttributeNotLoaded(
        f"{label} was not read: the projection or the index leaves it out, or the instance was made of its key alone;"
        " ask for it with projection=, or call reload() for the whole item"
    )


def refuse_part(value: object) -> None:
    """Raise `AttributeNotLoaded` if a map or list that is to be stored was read in part."""
    if isinstance(value, (PartialDict, PartialList)):
        refuse_storing(value.label)


def refuse_storing(label: str) -> NoReturn:
    """Raise `AttributeNotLoaded` for the value that messages call `label`, which was read in part."""
    raise AttributeNotLoaded(
        f"{label} was read in part, and storing it would drop the rest: call reload() for the whole item, or update"
        " single members by their path"
    )


def guard(value: Any, paths: Sequence[Path] | None, label: str) -> Any:
    """Guard the Python value of an attribute of which only `paths` were read, at any depth.

    Args:
        value: The value, without members or elements that were not read.
        paths: The paths, relative to the value, so that `Path()` means all of it; `None` if only what is there tells.
        label: What messages call the value.
    """
    if is_whole(paths):
        return value
    if isinstance(value, list):
        elements = cast("list[Any]", value)
        if are_elements_whole(paths):
            return PartialList(elements, label)
        return PartialList([guard(each, None, f"{label}[]") for each in elements], label)
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    names = list_loaded(paths, members)
    kept = {name: guard(members[name], inside(paths, name), f"{label}.{name}") for name in names if name in members}
    return PartialDict(kept, names, label)


def is_whole(paths: Sequence[Path] | None) -> bool:
    """Return whether all of a value was read, given the paths relative to it."""
    return paths is not None and any(not path.elements for path in paths)


def are_elements_whole(paths: Sequence[Path] | None) -> bool:
    """Return whether the elements of a list were read as a whole, such as `[0]`, unlike `[0].city`.

    DynamoDB returns lists without gaps, so nobody knows which path an element belongs to.
    """
    return paths is not None and all(len(path.elements) == 1 for path in paths)


def list_loaded(paths: Sequence[Path] | None, present: Iterable[str]) -> list[str]:
    """Return the names of the members that were read; `present` are those that are there."""
    return list(dict.fromkeys(present if paths is None else [path.name for path in paths]))


def inside(paths: Sequence[Path] | None, name: str) -> Sequence[Path] | None:
    """Return the paths that lead into a member, relative to it."""
    return None if paths is None else [path.below() for path in paths if path.name == name]
