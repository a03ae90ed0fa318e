"""The verbs that read items, awaited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, overload

from dynamongo.aio.model_verbs import AsyncModelVerbs
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.strategies import Strategy
from dynamongo.verbs.calls import REQUIRED, GetCall, perform_async
from dynamongo.verbs.instance import Instance

M = TypeVar("M", bound=Instance)
T = TypeVar("T")


class AsyncReadVerbs(AsyncModelVerbs[M]):
    """The verbs that read items, awaited."""

    __slots__ = ()

    @overload
    async def get_one(
        self, strategy: Strategy, *, consistent: bool = False, projection: Iterable[Any] | None = None
    ) -> M: ...
    @overload
    async def get_one(
        self, strategy: Strategy, default: T, *, consistent: bool = False, projection: Iterable[Any] | None = None
    ) -> M | T: ...
    async def get_one(
        self,
        strategy: Strategy,
        default: Any = REQUIRED,
        *,
        consistent: bool = False,
        projection: Iterable[Any] | None = None,
    ) -> Any:
        """Read one item, as `Model.get_one` does."""
        mapper: Mapper[M] = self._model.__mapper__
        return await perform_async(GetCall(mapper, self._model.table_name(), strategy, default, consistent, projection))
