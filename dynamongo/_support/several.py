"""`Several`: the type of an argument that takes several values, and no text, whose characters are never meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias, TypeVar

V_co = TypeVar("V_co", covariant=True)


class _Collection(Protocol[V_co]):
    """A list, tuple, set, dict or view; a `str` is none, since it only tells of texts whether it contains them."""

    def __contains__(self, value: object, /) -> bool: ...
    def __iter__(self) -> Iterator[V_co]: ...


Several: TypeAlias = _Collection[V_co] | Iterator[V_co]
