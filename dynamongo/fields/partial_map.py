"""Values that were read in part: a map that knows which members were read, and a list.

Both can be read and changed, but never stored: that would drop what was not read.
"""

from __future__ import annotations

from collections.abc import Iterable
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


class Members(dict[str, Any]):
    """The members of a document of which only some were read."""


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
        label = value.label
        raise AttributeNotLoaded(
            f"{label} was read in part, and storing it would drop the rest: call reload() for the whole item, or update"
            " single members by their path"
        )


def guard(value: Any, paths: Iterable[Path], label: str) -> Any:
    """Guard the Python value of an attribute of which only `paths` were read; `Path()` means the whole value.

    Maps and lists are guarded at any depth.
    """
    inner = list(paths)
    if any(not path.elements for path in inner):
        return value
    if isinstance(value, list):
        elements = cast("list[Any]", value)
        are_whole = all(len(path.elements) == 1 for path in inner)  # such as `[0]`, unlike `[0].city`
        return PartialList(elements if are_whole else [_guard_element(each, label) for each in elements], label)
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    names = dict.fromkeys(path.name for path in inner)
    kept = {name: guard(members[name], _inside(inner, name), f"{label}.{name}") for name in names if name in members}
    return (PartialDocument if isinstance(value, Members) else PartialDict)(kept, names, label)


def _guard_element(element: Any, label: str) -> Any:
    """Guard an element of a list: DynamoDB returns lists without gaps, so that its position is unknown."""
    if not isinstance(element, dict):
        return element
    members = cast("dict[str, Any]", element)
    return guard(members, map(Path, members), f"{label}[]")


def _inside(paths: Iterable[Path], name: str) -> list[Path]:
    return [path.below() for path in paths if path.name == name]
