"""The types of arguments that take several values: `Several`, and `ListOrTuple` for those of a list.

A `str` is neither: Python can iterate over it, but its characters are never what is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, SupportsIndex, TypeAlias, TypeVar

V_co = TypeVar("V_co", covariant=True)


class CollectionOf(Protocol[V_co]):
    """A list, tuple, set, dict or view; not a `str`, whose `__contains__` takes no other object than a `str`."""

    def __contains__(self, value: object, /) -> bool: ...
    def __iter__(self) -> Iterator[V_co]: ...


class EnumClassOf(Protocol[V_co]):
    """The class of an enumeration, which has its members."""

    @property
    def __members__(self) -> Any: ...
    def __iter__(self) -> Iterator[V_co]: ...


Several: TypeAlias = CollectionOf[V_co] | Iterator[V_co] | EnumClassOf[V_co]


class ListOrTuple(Protocol[V_co]):
    """A list or a tuple, told from sets and dicts by `*`."""

    def __contains__(self, value: object, /) -> bool: ...
    def __iter__(self) -> Iterator[V_co]: ...
    def __mul__(self, times: SupportsIndex, /) -> Any: ...
