"""The verbs of an instance, awaited. `Model` describes them; here are their names, arguments and results."""

from __future__ import annotations

from typing import Generic, TypeVar

from dynamongo.aio.verbs import AsyncVerbs
from dynamongo.mapping.mapper import Mapper
from dynamongo.verbs.instance import Instance

M = TypeVar("M", bound=Instance)


class AsyncInstanceVerbs(Generic[M]):
    """The verbs of an instance, awaited: `user.aio` is made for each use, and holds nothing but the instance."""

    __slots__ = ("_instance", "_verbs")

    def __init__(self, instance: M) -> None:
        self._instance = instance
        self._verbs = AsyncVerbs(type(instance))

    async def reload(self) -> M:
        """Read the instance's item again, as `Model.reload` does."""
        mapper: Mapper[M] = type(self._instance).__mapper__
        return mapper.take_over(self._instance, await self._verbs.get_one(self._instance, consistent=True))
