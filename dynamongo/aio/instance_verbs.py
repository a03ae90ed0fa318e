"""The verbs of an instance, awaited. `Model` describes them; here are their names, arguments and results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.write_builders import flatten
from dynamongo.verbs.calls import given
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from dynamongo.aio.verbs import AsyncVerbs
    from dynamongo.verbs import returned
    from dynamongo.verbs.returned import WholeReturns
else:  # few updates return something else than the new item
    returned = LazyModule("dynamongo.verbs.returned")

M = TypeVar("M", bound=Instance)


class AsyncInstanceVerbs(Generic[M]):
    """The verbs of an instance, awaited: `user.aio` is made for each use, and holds nothing but the instance."""

    __slots__ = ("_instance",)

    def __init__(self, instance: M) -> None:
        self._instance = instance

    @property
    def instance(self) -> M:
        """The instance."""
        return self._instance

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._instance, "aio")  # its class may be made for the model

    def __repr__(self) -> str:
        return f"<the verbs of a {type(self._instance).__name__}, awaited>"

    @overload
    async def save(
        self, overwrite: bool | Condition = ..., *, only_changed: bool = ..., returns: Literal["new"] = ...
    ) -> M: ...
    @overload
    async def save(
        self, overwrite: bool | Condition = ..., *, only_changed: Literal[False] = ..., returns: Literal["old"]
    ) -> M | None: ...
    async def save(
        self, overwrite: bool | Condition = True, *, only_changed: bool = False, returns: WholeReturns = "new"
    ) -> M | None:
        """Save the instance, as `Model.save` does, and return it, or what it has replaced."""
        return await self._verbs.save_one(
            self._instance, overwrite, only_changed=only_changed, **given(returns=returns)
        )

    async def create(self) -> M:
        """Save the instance, whose item must not exist yet, as `Model.create` does, and return it."""
        return await self._verbs.create_one(self._instance)

    async def delete(self, *, condition: Condition | None = None) -> M | None:
        """Delete the instance's item, as `Model.delete` does."""
        return await self._verbs.delete_one(self._instance, **given(condition))

    @overload
    async def update(
        self,
        update: Updates,
        /,
        *updates: Updates,
        condition: Condition | None = ...,
        returns: Literal["new"] = ...,
    ) -> M: ...
    @overload
    async def update(
        self, update: Updates, /, *updates: Updates, condition: Condition | None = ..., returns: WholeReturns
    ) -> M: ...
    async def update(self, *updates: Updates, condition: Condition | None = None, returns: WholeReturns = "new") -> M:
        """Update the instance's item, as `Model.update` does, and take over what is stored."""
        if returns != "new":
            returned.check_returns(type(self._instance).__name__, returns, returned.WHOLE)
        updated: Any = await self._verbs.update_one(
            self._instance, tuple(flatten(updates)), **given(condition, returns)
        )
        return self._take_over(updated) if returns == "new" else updated

    @overload
    async def upsert(
        self, *updates: Updates, condition: Condition | None = ..., returns: Literal["new"] = ...
    ) -> M: ...
    @overload
    async def upsert(
        self, update: Updates, /, *updates: Updates, condition: Condition | None = ..., returns: WholeReturns
    ) -> M | None: ...
    async def upsert(
        self, *updates: Updates, condition: Condition | None = None, returns: WholeReturns = "new"
    ) -> M | None:
        """Update the instance's item, or create it, as `Model.upsert` does."""
        if returns != "new":
            returned.check_returns(type(self._instance).__name__, returns, returned.WHOLE)
        upserted: Any = await self._verbs.upsert_one(
            self._instance, tuple(flatten(updates)), **given(condition, returns)
        )
        return self._take_over(upserted) if returns == "new" else upserted

    async def reload(self) -> M:
        """Read the instance's item again, as `Model.reload` does."""
        return self._take_over(await self._verbs.get_one(self._instance, consistent=True))

    @property
    def _verbs(self) -> AsyncVerbs[M]:
        """The awaited verbs of the class, which a model may replace."""
        return cast("Any", type(self._instance)).aio  # type: ignore[no-any-return]  # `Model` has it, in a layer above

    def _take_over(self, stored: M) -> M:
        mapper: Mapper[M] = type(self._instance).__mapper__
        return mapper.take_over(self._instance, stored)
