"""The facet `aio`: what `User.aio` and `user.aio` are, and how a model replaces it.

A model that overrides a verb has to say what the awaited one does: `user.aio.save()` never calls `User.save`, which
blocks. Until then it is refused, since what the override does (a check, a time stamp) would be left out unnoticed.
Where nothing would be missing, `save = AsyncInstanceVerbs.save` in the class below says so.

>>> import asyncio
>>> from dynamongo import Connection, Model, StringField
>>> from dynamongo.aio import AsyncFacet, AsyncInstanceVerbs
>>> from dynamongo.backends.memory import MemoryBackend
>>> class NoteVerbs(AsyncInstanceVerbs["Note"]):
...     async def save(self, *arguments, **named):
...         self.instance.shorten()
...         return await super().save(*arguments, **named)
>>> class Note(Model):
...     __table__ = "notes"
...     __hash_key__ = "title"
...     title = StringField()
...     aio = AsyncFacet(instance_verbs=NoteVerbs)
...     def shorten(self):
...         self.title = self.title[:5]
...     def save(self, *arguments, **named):
...         self.shorten()
...         return super().save(*arguments, **named)
>>> with Connection.using(MemoryBackend()):
...     Note.create_table()
...     asyncio.run(Note(title="a long title").aio.save())
Note(title='a lon')
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from dynamongo._support.generics import Generic
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field
from dynamongo.mapping.declaration.options import refuse
from dynamongo.planning.strategy_types import K_contra
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.aio import instance_verbs, overrides, verbs
    from dynamongo.aio.instance_verbs import AsyncInstanceVerbs
    from dynamongo.aio.verbs import AsyncVerbs
else:  # programs that block need none of these
    instance_verbs = LazyModule("dynamongo.aio.instance_verbs")
    overrides = LazyModule("dynamongo.aio.overrides")
    verbs = LazyModule("dynamongo.aio.verbs")

M = TypeVar("M", bound=Instance)
X = TypeVar("X")


class AsyncFacet(Generic[K_contra]):
    """Binds the awaited verbs to the model, or to the instance, that it is looked up on.

    Args:
        verbs: What the awaited verbs of the model are: a class derived from `AsyncVerbs`.
        instance_verbs: What those of its instances are: a class derived from `AsyncInstanceVerbs`.
    """

    def __init__(
        self, verbs: type[AsyncVerbs[Any]] | None = None, instance_verbs: type[AsyncInstanceVerbs[Any]] | None = None
    ) -> None:
        self._overridden: frozenset[str] = frozenset()
        self._given = verbs, instance_verbs
        self._is_bound = False
        self._of_model: Any = None
        self._of_instance: Any = None

    @overload
    def __get__(self, instance: None, owner: type[M]) -> AsyncVerbs[M, K_contra]: ...
    @overload
    def __get__(self, instance: M, owner: type[M]) -> AsyncInstanceVerbs[M]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        if not self._is_bound:
            self._bind(owner.__name__)
        return self._of_model(owner) if instance is None else self._of_instance(instance)

    def refusing(self, names: frozenset[str]) -> Self:
        """Return a facet that refuses these verbs, unless its classes have verbs of their own in their place."""
        copied = copy.copy(self)  # whose class may be derived
        vars(copied).update(_overridden=names, _is_bound=False)
        return copied

    def _bind(self, model: str) -> None:
        """Find the classes of the verbs, which are imported when the first of them is used."""
        refuse = functools.partial(overrides.refuse_overridden, model, self._overridden)
        self._of_model = refuse(self._given[0], verbs.AsyncVerbs, "verbs")
        self._of_instance = refuse(self._given[1], instance_verbs.AsyncInstanceVerbs, "instance_verbs")
        self._is_bound = True  # last, for threads


if TYPE_CHECKING:

    def facet_of(keys: Callable[[Any], X]) -> AsyncFacet[X]:
        """Return the facet of models with keys of that type."""
        ...


def guard_facet(model: type[Instance], changed: frozenset[str]) -> None:
    """Have the facet of a model refuse the verbs that the model overrides.

    Args:
        model: The model, as its class is created.
        changed: What it has in place of attributes of `Model`: names of verbs, or `aio`.

    Raises:
        SchemaError: It has something else in place of the facet.
    """
    facet = next(vars(base)["aio"] for base in model.__mro__ if "aio" in vars(base))
    if isinstance(facet, Field):  # which the declaration refuses, as any that would hide something
        return
    if not isinstance(facet, AsyncFacet):
        refuse(
            model,
            "aio",
            f"would hide the awaited verbs; rename it, or make it an AsyncFacet(...); got {shorten(facet)}",
        )
    if overridden := changed - {"aio"}:
        cast("Any", model).aio = facet.refusing(overridden)
