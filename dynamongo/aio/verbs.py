"""The verbs of a model, awaited. `Model` describes them; here are their names, arguments and results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar, overload

from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.strategies import Strategy
from dynamongo.verbs.calls import REQUIRED, GetCall, perform_async
from dynamongo.verbs.instance import Instance

M = TypeVar("M", bound=Instance)
T = TypeVar("T")


class AsyncVerbs(Generic[M]):
    """The verbs of a model, awaited: `User.aio` is made for each use, and holds nothing but the model."""

    __slots__ = ("_model",)

    def __init__(self, model: type[M]) -> None:
        self._model = model

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
        model = self._model
        mapper: Mapper[M] = model.__mapper__
        return await perform_async(GetCall(mapper, model.table_name(), strategy, default, consistent, projection))
