"""`BulkVerb`: binds a verb for many items to the model that it is looked up on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from dynamongo._support.generics import Generic
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from dynamongo.model.bulk_verbs import DeleteMany, SaveMany, UpdateMany

M = TypeVar("M", bound=Instance)
X = TypeVar("X")
V_co = TypeVar("V_co", covariant=True)


class BulkVerb(Generic[V_co]):
    """Binds a verb to the model that it is looked up on: a decorator of the function that makes it for a model."""

    def __init__(self, make: Callable[[Any], V_co]) -> None:
        self._make = make

    @overload
    def __get__(self: BulkVerb[SaveMany[Any]], instance: object, owner: type[M]) -> SaveMany[M]: ...
    @overload
    def __get__(self: BulkVerb[DeleteMany[Any, X]], instance: object, owner: type[M]) -> DeleteMany[M, X]: ...
    @overload
    def __get__(self: BulkVerb[UpdateMany[Any, X]], instance: object, owner: type[M]) -> UpdateMany[M, X]: ...
    def __get__(self, instance: object, owner: Any) -> Any:
        return self._make(owner)
