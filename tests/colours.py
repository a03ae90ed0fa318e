"""Runs tests of blocking verbs a second time, with the awaited verbs in their place.

The fixture `colour` replaces each verb of `Model` by one that runs its awaited form on an event loop to the end. So
what the tests say holds for both colours, and there is only one copy of them.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Any

import pytest
from typing_extensions import Self

from dynamongo import Connection
from dynamongo.aio.batch import AsyncBatch
from dynamongo.aio.instance_verbs import AsyncInstanceVerbs
from dynamongo.aio.result_set import AsyncResultSet
from dynamongo.aio.verbs import AsyncVerbs
from dynamongo.model.bulk_verbs import DeleteMany, SaveMany, UpdateMany
from dynamongo.model.instance_verbs import InstanceVerbs
from dynamongo.model.many_verbs import ManyVerbs
from dynamongo.model.read_verbs import ReadVerbs
from dynamongo.model.table_verbs import TableVerbs
from dynamongo.model.write_verbs import WriteVerbs

COLOURS = ("blocking", "awaited")

blocking_only = pytest.mark.parametrize("colour", ["blocking"], indirect=True)
"""Marks a test about what only the blocking verbs have, such as threads; `tests/aio` has its counterpart."""


class DrivenResultSet:
    """An `AsyncResultSet` whose methods block.

    Args:
        found: The result set.
        loop: Where it is awaited.
    """

    def __init__(self, found: AsyncResultSet[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.found = found
        self.loop = loop

    def __iter__(self) -> Iterator[Any]:
        return iterate(aiter(self.found), self.loop)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.found, name)
        return drive(value, self.loop) if inspect.ismethod(value) else value


class DrivenBatch:
    """An `AsyncBatch` that blocks.

    Args:
        batch: The batch.
        loop: Where it is awaited.
    """

    def __init__(self, batch: AsyncBatch[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.batch = batch
        self.loop = loop

    def __enter__(self) -> Self:
        self.loop.run_until_complete(self.batch.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.loop.run_until_complete(self.batch.__aexit__(kind, error, traceback))

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.batch, name)
        return drive(value, self.loop) if inspect.ismethod(value) else value


def drive(verb: Callable[..., Any], loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    """Return a function that calls the awaited verb, and blocks until its result is there."""

    def call(*arguments: Any, **named: Any) -> Any:
        result = verb(*arguments, **named)
        if inspect.iscoroutine(result):
            return loop.run_until_complete(result)
        if inspect.isasyncgen(result):
            return iterate(result, loop)
        if isinstance(result, AsyncResultSet):
            return DrivenResultSet(result, loop)
        return DrivenBatch(result, loop) if isinstance(result, AsyncBatch) else result

    return call


def iterate(items: AsyncIterator[Any], loop: asyncio.AbstractEventLoop) -> Iterator[Any]:
    """Yield the items, awaiting each when it is asked for; close the iterator when the iteration is left."""

    async def get_next() -> Any:
        return await anext(items)

    try:
        while True:
            try:
                item = loop.run_until_complete(get_next())
            except StopAsyncIteration:
                return
            yield item
    finally:
        if inspect.isasyncgen(items) and not loop.is_closed():
            loop.run_until_complete(items.aclose())


def verbs_of(facade: type) -> list[str]:
    """Return the names of the verbs of a class of awaited verbs."""
    return [name for name, _ in inspect.getmembers(facade, inspect.isfunction) if not name.startswith("_")]


def await_all_verbs(patch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> None:
    """Let the verbs of all models be those that are awaited."""
    for kind, name in ((SaveMany, "save"), (DeleteMany, "delete"), (UpdateMany, "update")):
        patch.setattr(kind, "__call__", _of_object(f"{name}_many", loop))
        patch.setattr(kind, "stream", _of_object(f"{name}_iter", loop))
    for name in verbs_of(AsyncVerbs):
        if not name.endswith("_many") or name == "get_many":
            patch.setattr(_find_owner(name), name, classmethod(_of_class(name, loop)))
    for name in verbs_of(AsyncInstanceVerbs):
        patch.setattr(_find_owner(name), name, _of_instance(name, loop))
    patch.setattr(Connection, "find_across", staticmethod(drive(Connection.aio.find_across, loop)))


def _find_owner(name: str) -> type:
    return next(owner for owner in (ReadVerbs, WriteVerbs, ManyVerbs, InstanceVerbs, TableVerbs) if name in vars(owner))


def _of_class(name: str, loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    def verb(cls: Any, *arguments: Any, **named: Any) -> Any:
        return drive(getattr(cls.aio, name), loop)(*arguments, **named)

    return verb


def _of_object(name: str, loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    def verb(self: Any, *arguments: Any, **named: Any) -> Any:
        return drive(getattr(self._model.aio, name), loop)(*arguments, **named)

    return verb


def _of_instance(name: str, loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    def verb(self: Any, *arguments: Any, **named: Any) -> Any:
        return drive(getattr(self.aio, name), loop)(*arguments, **named)

    return verb
