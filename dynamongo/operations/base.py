"""The base of all operations, and the entries of a `BatchWrite`, which requests and results share."""

from __future__ import annotations

from typing import TypeVar

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.generics import Generic
from dynamongo.expressions.values import Item

R_co = TypeVar("R_co", covariant=True)


class Operation(Generic[R_co]):
    """Base of all operations; `R_co` is the type of the result."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class BatchPut:
    """A put inside a `BatchWrite`."""

    item: Item


@dataclass(frozen=True, slots=True)
class BatchDelete:
    """A delete inside a `BatchWrite`."""

    key: Item
