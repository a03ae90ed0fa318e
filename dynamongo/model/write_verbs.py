"""The verbs that write one item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.strategies import Strategy
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.calls import given, perform
from dynamongo.verbs.instance import KeyedInstance

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.planning import write_builders
    from dynamongo.planning.strategy_types import OneItem
    from dynamongo.verbs import write_calls
    from dynamongo.verbs.returned import Returns, WholeReturns
    from dynamongo.verbs.write_calls import DeleteCall, UpdateCall
else:  # many programs only read
    write_builders = LazyModule("dynamongo.planning.write_builders")
    write_calls = LazyModule("dynamongo.verbs.write_calls")


class WriteVerbs(KeyedInstance[K]):
    """The verbs of a model that write one item. `Model` describes how a model is declared."""

    __abstract__ = True

    @overload
    @classmethod
    def save_one(
        cls,
        item: Self | Mapping[str, Any],
        overwrite: bool | Condition = ...,
        *,
        only_changed: bool = ...,
        returns: Literal["new"] = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def save_one(
        cls,
        item: Self | Mapping[str, Any],
        overwrite: bool | Condition = ...,
        *,
        only_changed: Literal[False] = ...,
        returns: Literal["old"],
    ) -> Self | None: ...
    @classmethod
    def save_one(
        cls,
        item: Self | Mapping[str, Any],
        overwrite: bool | Condition = True,
        *,
        only_changed: bool = False,
        returns: WholeReturns = "new",
    ) -> Self | None:
        """Store an item, replacing any item with the same key. Costs one PutItem request; with `__unique__`, more.

        Args:
            item: An instance, or a dict of its values.
            overwrite: `True` to replace any stored item; `False` to fail if there is one; or a condition that the
                stored item must satisfy (a missing item has no attributes).
            only_changed: Whether to send only what has changed since the instance was read or saved: with one
                UpdateItem request, or none if nothing has changed. The item must exist. Changes that others made to
                other attributes stay, in the store and in the instance. Changed members of a `DictField` are sent by
                their paths. An instance that was neither read nor saved is saved whole.
            returns: `"old"` for the item that was replaced, instead of the saved one.

        Returns:
            The saved instance: `item` itself if it is one. With `returns="old"`, the item as it was, if any.

        Raises:
            ConditionalCheckFailedException: `overwrite` did not allow it; `.item` is the stored item, or `None`.
            VersionConflict: The model has a `VersionField`, and the stored item is at another version.
            ImmutableConflict: An immutable field has another value in the stored item.
            UniqueViolation: Another item has a value that `__unique__` allows only once.
            ItemNotFound: Only changes were to be sent, and the item no longer exists.
            ValidationError: A value does not suit its field, a required one is missing, or a name is unknown.
        """
        mapper: Mapper[Self] = cls.__mapper__
        return perform(write_calls.SaveCall(mapper, cls.table_name(), item, overwrite, only_changed, returns))

    @classmethod
    def create_one(cls, item: Self | Mapping[str, Any]) -> Self:
        """Store an item that must not exist yet: `save_one` with `overwrite=False`. Costs one PutItem request.

        Raises:
            ConditionalCheckFailedException: There is an item with that key already, in `.item`.
        """
        return cls.save_one(item, overwrite=False)

    @classmethod
    def delete_one(cls, strategy: OneItem[K, Self], *, condition: Condition | None = None) -> Self | None:
        """Delete an item. Costs one DeleteItem request.

        Args:
            strategy: As in `get_one`; the store checks conditions besides the key in the same request.
            condition: What the stored item must satisfy as well; checked in the same request.

        Returns:
            The item as it was; `None` if there was none, or if it did not satisfy the conditions.

        Raises:
            ExpressionError: The strategy does not fix the whole key of one item.
            VersionConflict: The strategy is an instance at another version than the stored item.
        """
        call: DeleteCall[Self] = write_calls.DeleteCall(cls.__mapper__, cls.table_name(), strategy, condition)
        return perform(call)

    @overload
    @classmethod
    def update_one(
        cls,
        strategy: OneItem[K, Self],
        updates: Updates,
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Literal["new", "updated_new", "updated_old"] = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def update_one(
        cls,
        strategy: OneItem[K, Self],
        updates: Updates,
        *,
        upsert: Literal[False] = ...,
        condition: Condition | None = ...,
        returns: Literal["old"],
    ) -> Self: ...
    @overload
    @classmethod
    def update_one(
        cls,
        strategy: OneItem[K, Self],
        updates: Updates,
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Returns,
    ) -> Self | None: ...
    @classmethod
    def update_one(
        cls,
        strategy: Strategy,
        updates: Updates,
        *,
        upsert: bool = False,
        condition: Condition | None = None,
        returns: Returns = "new",
    ) -> Self | None:
        """Change some attributes of an item. Costs one UpdateItem request; of unique values (`__unique__`), more.

        Args:
            strategy: As in `get_one`; the store checks conditions besides the key in the same request.
            updates: One or more updates, such as `User.visits.increment()`. All of them see the item as it was before.
            upsert: Whether to create a missing item from its key and the updates.
            condition: What the stored item must satisfy as well, checked in the same request; a missing item has no
                attributes. It means the same as conditions ANDed to a key, and takes less time.
            returns: What to return: `"new"`, the item as it is now; `"old"`, as it was; `"updated_new"` or
                `"updated_old"`, of either only the key and what was updated, so that less is transferred; or
                `"none"`. None of them costs capacity.

        Returns:
            The item as it is now, or what `returns` says. `"old"` is `None` for an item that was created; an instance
            given as the strategy then takes over the new item. `"none"` is `None`.

        Raises:
            ItemNotFound: There is no such item; nothing was created.
            ConditionalCheckFailedException: The item does not satisfy the conditions; `.item` is the stored item.
            VersionConflict: The strategy is an instance at another version than the stored item.
            UniqueViolation: Another item has a value that `__unique__` allows only once.
            ExpressionError: Updates overlap or change the key, or the strategy does not fix the key of one item.
        """
        mapper, table = cls.__mapper__, cls.table_name()
        call: UpdateCall[Self] = write_calls.UpdateCall(
            mapper, table, strategy, updates, upsert=upsert, condition=condition, returns=returns
        )
        return perform(call)

    @overload
    @classmethod
    def upsert_one(
        cls,
        strategy: OneItem[K, Self],
        updates: Updates,
        *,
        condition: Condition | None = ...,
        returns: Literal["new", "updated_new", "updated_old"] = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def upsert_one(
        cls, strategy: OneItem[K, Self], updates: Updates, *, condition: Condition | None = ..., returns: Returns
    ) -> Self | None: ...
    @classmethod
    def upsert_one(
        cls, strategy: Strategy, updates: Updates, *, condition: Condition | None = None, returns: Returns = "new"
    ) -> Self | None:
        """Change some attributes of an item, and create it if it is missing: `update_one` with `upsert=True`."""
        updated: Self | None = cls.update_one(strategy, updates, upsert=True, **given(condition, returns))
        return updated

    @overload
    @classmethod
    def update_from_dict(
        cls,
        strategy: OneItem[K, Self],
        values: Mapping[str, Any],
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Literal["new", "updated_new", "updated_old"] = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def update_from_dict(
        cls,
        strategy: OneItem[K, Self],
        values: Mapping[str, Any],
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Returns,
    ) -> Self | None: ...
    @overload
    @classmethod
    def update_from_dict(
        cls,
        strategy: Mapping[str, Any],
        values: None = ...,
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Literal["new", "updated_new", "updated_old"] = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def update_from_dict(
        cls,
        strategy: Mapping[str, Any],
        values: None = ...,
        *,
        upsert: bool = ...,
        condition: Condition | None = ...,
        returns: Returns,
    ) -> Self | None: ...
    @classmethod
    def update_from_dict(
        cls,
        strategy: Strategy,
        values: Mapping[str, Any] | None = None,
        *,
        upsert: bool = False,
        condition: Condition | None = None,
        returns: Returns = "new",
    ) -> Self | None:
        """Set several attributes of an item, as `update_one` does; `None` removes one.

        Args:
            strategy: As in `update_one`; or, as the only argument, a dict with the item's key among the new values.
            values: New values by field name.
            upsert: As in `update_one`.
            condition: As in `update_one`.
            returns: As in `update_one`.

        Raises:
            ValidationError: A value does not suit its field, or a name is unknown.
            ExpressionError: The only dict lacks the key, or contains nothing else.
        """
        strategy, updates = write_builders.updates_of_dict(cls.__mapper__, strategy, values)
        updated: Self | None = cls.update_one(strategy, updates, upsert=upsert, **given(condition, returns))
        return updated
