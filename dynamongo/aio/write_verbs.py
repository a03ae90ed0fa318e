"""The verbs that write one item, awaited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from dynamongo.aio.model_verbs import AsyncModelVerbs
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.strategies import Strategy
from dynamongo.planning.strategy_types import K
from dynamongo.planning.write_builders import updates_of_dict
from dynamongo.verbs.calls import given, perform_async
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.write_calls import DeleteCall, SaveCall, UpdateCall

if TYPE_CHECKING:
    from dynamongo.planning.strategy_types import OneItem
    from dynamongo.verbs.returned import Returns, WholeReturns

M = TypeVar("M", bound=Instance)


class AsyncWriteVerbs(AsyncModelVerbs[M, K]):
    """The verbs that write one item, awaited."""

    __slots__ = ()

    @overload
    async def save_one(
        self,
        item: M | Mapping[str, Any],
        overwrite: bool | Condition = ...,
        *,
        only_changed: bool = ...,
        returns: Literal["new"] = ...,
    ) -> M: ...
    @overload
    async def save_one(
        self,
        item: M | Mapping[str, Any],
        overwrite: bool | Condition = ...,
        *,
        only_changed: Literal[False] = ...,
        returns: Literal["old"],
    ) -> M | None: ...
    async def save_one(
        self,
        item: M | Mapping[str, Any],
        overwrite: bool | Condition = True,
        *,
        only_changed: bool = False,
        returns: WholeReturns = "new",
    ) -> M | None:
        """Store an item, as `Model.save_one` does."""
        mapper: Mapper[M] = self._model.__mapper__
        return await perform_async(SaveCall(mapper, self._model.table_name(), item, overwrite, only_changed, returns))

    async def create_one(self, item: M | Mapping[str, Any]) -> M:
        """Store an item that must not exist yet, as `Model.create_one` does."""
        return await self.save_one(item, overwrite=False)

    async def delete_one(self, strategy: OneItem[K, M], *, condition: Condition | None = None) -> M | None:
        """Delete an item, as `Model.delete_one` does."""
        mapper: Mapper[M] = self._model.__mapper__
        return await perform_async(DeleteCall(mapper, self._model.table_name(), strategy, condition))

    @overload
    async def update_one(
        self,
        strategy: OneItem[K, M],
        updates: Updates,
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Literal["new", "updated_new", "updated_old"] = ...,
    ) -> M: ...
    @overload
    async def update_one(
        self,
        strategy: OneItem[K, M],
        updates: Updates,
        *,
        upsert: Literal[False] = ...,
        condition: Condition | None = ...,
        returns: Literal["old"],
    ) -> M: ...
    @overload
    async def update_one(
        self,
        strategy: OneItem[K, M],
        updates: Updates,
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Returns,
    ) -> M | None: ...
    async def update_one(
        self,
        strategy: Strategy,
        updates: Updates,
        *,
        upsert: bool = False,
        condition: Condition | None = None,
        returns: Returns = "new",
    ) -> M | None:
        """Change some attributes of an item, as `Model.update_one` does."""
        mapper, table = cast("Mapper[M]", self._model.__mapper__), self._model.table_name()
        call = UpdateCall(mapper, table, strategy, updates, upsert=upsert, condition=condition, returns=returns)
        return await perform_async(call)

    @overload
    async def upsert_one(
        self,
        strategy: OneItem[K, M],
        updates: Updates,
        *,
        condition: Condition | None = ...,
        returns: Literal["new", "updated_new", "updated_old"] = ...,
    ) -> M: ...
    @overload
    async def upsert_one(
        self, strategy: OneItem[K, M], updates: Updates, *, condition: Condition | None = ..., returns: Returns
    ) -> M | None: ...
    async def upsert_one(
        self, strategy: Strategy, updates: Updates, *, condition: Condition | None = None, returns: Returns = "new"
    ) -> M | None:
        """Change some attributes of an item, and create it if it is missing, as `Model.upsert_one` does."""
        updated: M | None = await self.update_one(strategy, updates, upsert=True, **given(condition, returns))
        return updated

    @overload
    async def update_from_dict(
        self,
        strategy: OneItem[K, M],
        values: Mapping[str, Any],
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Literal["new", "updated_new", "updated_old"] = ...,
    ) -> M: ...
    @overload
    async def update_from_dict(
        self,
        strategy: OneItem[K, M],
        values: Mapping[str, Any],
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Returns,
    ) -> M | None: ...
    @overload
    async def update_from_dict(
        self,
        strategy: Mapping[str, Any],
        values: None = ...,
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Literal["new", "updated_new", "updated_old"] = ...,
    ) -> M: ...
    @overload
    async def update_from_dict(
        self,
        strategy: Mapping[str, Any],
        values: None = ...,
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Returns,
    ) -> M | None: ...
    async def update_from_dict(
        self,
        strategy: Strategy,
        values: Mapping[str, Any] | None = None,
        *,
        upsert: bool = False,
        condition: Condition | None = None,
        returns: Returns = "new",
    ) -> M | None:
        """Set several attributes of an item, as `Model.update_from_dict` does."""
        strategy, updates = updates_of_dict(self._model.__mapper__, strategy, values)
        updated: M | None = await self.update_one(strategy, updates, upsert=upsert, **given(condition, returns))
        return updated
