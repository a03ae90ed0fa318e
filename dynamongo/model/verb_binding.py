"""`BulkVerb`: binds a verb for many items to the model that it is looked up on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from dynamongo.model import bulk_verbs
    from dynamongo.model.bulk_verbs import DeleteMany, SaveMany, UpdateMany
else:  # many programs never write several items in one call
    bulk_verbs = LazyModule("dynamongo.model.bulk_verbs")

M = TypeVar("M", bound=Instance)
V = TypeVar("V")


class BulkVerb(Generic[V]):
    """Binds a verb to the model that it is looked up on: `save_many = BulkVerb("SaveMany")`.

    Args:
        kind: The name of the class of the verb, in `bulk_verbs`.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind

    @overload
    def __get__(self: BulkVerb[SaveMany[Any]], instance: object, owner: type[M]) -> SaveMany[M]: ...
    @overload
    def __get__(self: BulkVerb[DeleteMany[Any]], instance: object, owner: type[M]) -> DeleteMany[M]: ...
    @overload
    def __get__(self: BulkVerb[UpdateMany[Any]], instance: object, owner: type[M]) -> UpdateMany[M]: ...
    def __get__(self, instance: object, owner: Any) -> Any:
        return getattr(bulk_verbs, self._kind)(owner)
