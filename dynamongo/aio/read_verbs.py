"""The verbs that read items, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.aio.model_verbs import AsyncModelVerbs
from dynamongo.exceptions import UnreadableItem
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.strategies import Strategy
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.calls import REQUIRED, GetCall, GetRawCall, perform_async
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.aio import result_set
    from dynamongo.aio.result_set import AsyncResultSet
    from dynamongo.planning.strategy_types import Items, OneItem
    from dynamongo.verbs import read_calls
    from dynamongo.verbs.read_arguments import AnyReadArguments, KeepingArguments, Projection, ReadArguments
else:  # `get_one` needs none of these
    read_calls = LazyModule("dynamongo.verbs.read_calls")
    result_set = LazyModule("dynamongo.aio.result_set")

M = TypeVar("M", bound=Instance)
T = TypeVar("T")


class AsyncReadVerbs(AsyncModelVerbs[M, K]):
    """The verbs that read items, awaited."""

    __slots__ = ()

    @overload
    async def get_one(
        self, strategy: OneItem[K, M], *, consistent: bool = False, projection: Projection | None = None
    ) -> M: ...
    @overload
    async def get_one(
        self, strategy: OneItem[K, M], default: T, *, consistent: bool = False, projection: Projection | None = None
    ) -> M | T: ...
    async def get_one(
        self,
        strategy: Strategy,
        default: Any = REQUIRED,
        *,
        consistent: bool = False,
        projection: Projection | None = None,
    ) -> Any:
        """Read one item, as `Model.get_one` does."""
        mapper: Mapper[M] = self._model.__mapper__
        return await perform_async(GetCall(mapper, self._model.table_name(), strategy, default, consistent, projection))

    async def exists(self, strategy: OneItem[K, M], *, consistent: bool = False) -> bool:
        """Return whether there is an item, as `Model.exists` does."""
        names = self._model.__mapper__.keys.field_names
        return await self.get_raw(strategy, None, consistent=consistent, projection=names) is not None

    @overload
    async def get_raw(
        self, strategy: OneItem[K, M], *, consistent: bool = False, projection: Projection | None = None
    ) -> dict[str, Any]: ...
    @overload
    async def get_raw(
        self, strategy: OneItem[K, M], default: T, *, consistent: bool = False, projection: Projection | None = None
    ) -> dict[str, Any] | T: ...
    async def get_raw(
        self,
        strategy: Strategy,
        default: Any = REQUIRED,
        *,
        consistent: bool = False,
        projection: Projection | None = None,
    ) -> Any:
        """Read one item as it is stored, as `Model.get_raw` does."""
        mapper: Mapper[M] = self._model.__mapper__
        call = GetRawCall(mapper, self._model.table_name(), strategy, default, consistent, projection)
        return await perform_async(call)

    @overload
    async def get_many(
        self,
        strategy: Items[K, M] | None = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[ReadArguments],
    ) -> list[M]: ...
    @overload
    async def get_many(
        self,
        strategy: Items[K, M] | None = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[KeepingArguments],
    ) -> list[M | UnreadableItem]: ...
    @overload
    async def get_many(
        self,
        strategy: Items[K, M] | None = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[AnyReadArguments],
    ) -> list[Any]: ...
    async def get_many(
        self,
        strategy: Strategy = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[AnyReadArguments],
    ) -> list[Any]:
        """Read several items, as `Model.get_many` does."""
        found: AsyncResultSet[Any] = read_calls.prepare_get_many(
            result_set.AsyncResultSet, self._model, strategy, arguments, descending=descending, limit=limit
        )
        return await found.all()

    @overload
    def find(
        self,
        strategy: Items[K, M] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        as_items: Literal[False] = False,
        **arguments: Unpack[ReadArguments],
    ) -> AsyncResultSet[M]: ...
    @overload
    def find(
        self,
        strategy: Items[K, M] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        as_items: Literal[False] = False,
        **arguments: Unpack[KeepingArguments],
    ) -> AsyncResultSet[M | UnreadableItem]: ...
    @overload
    def find(
        self,
        strategy: Items[K, M] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[True],
        **arguments: Unpack[ReadArguments],
    ) -> AsyncResultSet[dict[str, Any]]: ...
    @overload
    def find(
        self,
        strategy: Items[K, M] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[True],
        **arguments: Unpack[KeepingArguments],
    ) -> AsyncResultSet[dict[str, Any] | UnreadableItem]: ...
    @overload
    def find(
        self,
        strategy: Items[K, M] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        as_items: Literal[True],
        **arguments: Unpack[AnyReadArguments],
    ) -> AsyncResultSet[dict[str, Any]]: ...
    @overload
    def find(
        self,
        strategy: Items[K, M] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: bool = False,
        **arguments: Unpack[AnyReadArguments],
    ) -> AsyncResultSet[Any]: ...
    @overload
    def find(
        self,
        strategy: Items[K, M] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        as_items: bool,
        **arguments: Unpack[AnyReadArguments],
    ) -> AsyncResultSet[Any]: ...
    def find(  # noqa: PLR0913 - what a caller may choose
        self,
        strategy: Strategy = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: bool = False,
        as_items: bool = False,
        **arguments: Unpack[AnyReadArguments],
    ) -> AsyncResultSet[Any]:
        """Read several items lazily, as `Model.find` does: `async for user in User.aio.find(...)`. Nothing to await."""
        return read_calls.prepare_find(
            result_set.AsyncResultSet,
            self._model,
            strategy,
            arguments,
            descending=descending,
            limit=limit,
            cursor=cursor,
            as_dicts=as_dicts,
            as_items=as_items,
        )
