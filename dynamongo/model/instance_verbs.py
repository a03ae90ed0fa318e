"""The verbs of an instance that write its item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.mapping.mapper import Mapper
from dynamongo.model.write_verbs import WriteVerbs
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.calls import given

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.planning import write_builders
    from dynamongo.verbs import returned
    from dynamongo.verbs.returned import WholeReturns
else:  # many programs only read, and few updates return something else than the new item
    write_builders = LazyModule("dynamongo.planning.write_builders")
    returned = LazyModule("dynamongo.verbs.returned")


class InstanceVerbs(WriteVerbs[K]):
    """The verbs of an instance that write its item, by those of its class, which a model may override."""

    __abstract__ = True

    @overload
    def save(
        self, overwrite: bool | Condition = ..., *, only_changed: bool = ..., returns: Literal["new"] = ...
    ) -> Self: ...
    @overload
    def save(
        self, overwrite: bool | Condition = ..., *, only_changed: Literal[False] = ..., returns: Literal["old"]
    ) -> Self | None: ...
    def save(
        self, overwrite: bool | Condition = True, *, only_changed: bool = False, returns: WholeReturns = "new"
    ) -> Self | None:
        """Save the instance as `save_one` does, and return it, or what it has replaced."""
        if returns == "new":  # as most do; an override of `save_one` may not take it
            return type(self).save_one(self, overwrite, only_changed=only_changed)
        return type(self).save_one(self, overwrite, only_changed=cast("Literal[False]", only_changed), returns=returns)

    def create(self) -> Self:
        """Save the instance, whose item must not exist yet, as `create_one` does, and return it."""
        return type(self).create_one(self)

    def delete(self, *, condition: Condition | None = None) -> Self | None:
        """Delete the instance's item as `delete_one` does.

        Returns:
            The item as it was stored; `None` if there was none, or if it did not satisfy the condition.
        """
        return type(self).delete_one(self, **given(condition))

    @overload
    def update(
        self,
        update: Updates,
        /,
        *updates: Updates,
        condition: Condition | None = ...,
        returns: Literal["new"] = ...,
    ) -> Self: ...
    @overload
    def update(
        self, update: Updates, /, *updates: Updates, condition: Condition | None = ..., returns: WholeReturns
    ) -> Self: ...
    def update(self, *updates: Updates, condition: Condition | None = None, returns: WholeReturns = "new") -> Self:
        """Update the instance's item as `update_one` does, and take over what is stored.

        Args:
            updates: Updates, or lists of them.
            condition: What the stored item must satisfy.
            returns: `"old"` for the item as it was, as another instance. This one takes over the new item all the same.
        """
        if returns != "new":
            returned.check_returns(type(self).__name__, returns, returned.WHOLE)
        mapper: Mapper[Self] = type(self).__mapper__
        updated: Any = type(self).update_one(self, tuple(write_builders.flatten(updates)), **given(condition, returns))
        return mapper.take_over(self, updated) if returns == "new" else updated

    @overload
    def upsert(
        self,
        update: Updates,
        /,
        *updates: Updates,
        condition: Condition | None = ...,
        returns: Literal["new"] = ...,
    ) -> Self: ...
    @overload
    def upsert(
        self, update: Updates, /, *updates: Updates, condition: Condition | None = ..., returns: WholeReturns
    ) -> Self | None: ...
    def upsert(
        self, *updates: Updates, condition: Condition | None = None, returns: WholeReturns = "new"
    ) -> Self | None:
        """Update the instance's item as `update` does, or create it from its key and the updates.

        Of an item that was created, there is no old one: then `returns="old"` returns `None`.
        """
        if returns != "new":
            returned.check_returns(type(self).__name__, returns, returned.WHOLE)
        mapper: Mapper[Self] = type(self).__mapper__
        upserted: Any = type(self).upsert_one(self, tuple(write_builders.flatten(updates)), **given(condition, returns))
        return mapper.take_over(self, upserted) if returns == "new" else upserted
