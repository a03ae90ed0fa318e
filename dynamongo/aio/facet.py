"""The facet `aio`: what `User.aio` and `user.aio` are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from dynamongo.aio import instance_verbs, verbs
    from dynamongo.aio.instance_verbs import AsyncInstanceVerbs
    from dynamongo.aio.verbs import AsyncVerbs
else:  # programs that block need none of these
    instance_verbs = LazyModule("dynamongo.aio.instance_verbs")
    verbs = LazyModule("dynamongo.aio.verbs")

M = TypeVar("M", bound=Instance)


class AsyncFacet:
    """Binds the awaited verbs to the model, or to the instance, that it is looked up on."""

    @overload
    def __get__(self, instance: None, owner: type[M]) -> AsyncVerbs[M]: ...
    @overload
    def __get__(self, instance: M, owner: type[M]) -> AsyncInstanceVerbs[M]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return verbs.AsyncVerbs(owner) if instance is None else instance_verbs.AsyncInstanceVerbs(instance)
