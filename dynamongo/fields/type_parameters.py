"""The type parameters of fields, and `Assigned`: what type checkers know of assignments to a field of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamongo._support.generics import Generic, TypeVar
from dynamongo.expressions.values import AttributeType

# The value of an instance. The overloads of each constructor set it through `self`: `str` with `required=True`, else
# `str | None`.
T = TypeVar("T")
# What the field takes for a value, and converts; never `None`.
Input_contra = TypeVar("Input_contra", default=T, contravariant=True)
# The DynamoDB type that the field stores; `Any` where that depends on the value.
Stored_co = TypeVar("Stored_co", bound=AttributeType, default=Any, covariant=True)


class Assigned(Generic[T, Input_contra]):
    """Base of `Field`, apart from its `__get__`.

    With both in one class, of which one takes more than the other returns, pyright would forget what was assigned:
    `user.year = 1990; user.year += 1` would add to `int | None`.
    """

    if TYPE_CHECKING:

        def __set__(self, instance: object, value: T | Input_contra) -> None: ...
        def __delete__(self, instance: object) -> None: ...
