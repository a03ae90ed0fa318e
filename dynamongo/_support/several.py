"""The types of arguments that take several values: `Several`, and `ListOrTuple` for those of a list.

Neither is a text, whose characters are never meant, although Python could iterate over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, SupportsIndex, TypeAlias, TypeVar

V_co = TypeVar("V_co", covariant=True)


class CollectionOf(Protocol[V_co]):
    """A list, tuple, set, dict or view; a `str` is none, since it only tells of texts whether it contains them."""

    def __contains__(self, value: object, /) -> bool: ...
    def __iter__(self) -> Iterator[V_co]: ...


class EnumClassOf(Protocol[V_co]):
    """The class of an enumeration, which has its members."""

    @property
    def __members__(self) -> Any: ...
    def __iter__(self) -> Iterator[V_co]: ...


Several: TypeAlias = CollectionOf[V_co] | Iterator[V_co] | EnumClassOf[V_co]


class ListOrTuple(Protocol[V_co]):
    """A list or a tuple, as their methods tell."""

    def __contains__(self, value: object, /) -> bool: ...
    def __iter__(self) -> Iterator[V_co]: ...
    def __mul__(self, times: SupportsIndex, /) -> Any: ...
