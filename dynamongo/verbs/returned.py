"""What the writes of one item return: `returns=` of the verbs, which is `ReturnValues` of DynamoDB.

Returned items consume no capacity. Source: "ReturnValues" in UpdateItem, API reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.operands import cover
from dynamongo.expressions.update_evaluation import apply_updates
from dynamongo.expressions.values import Item, shorten
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.operations import Put, ReturnValues, UpdateItem

M = TypeVar("M", bound=Recorded)

Returns: TypeAlias = Literal["new", "old", "updated_new", "updated_old", "none"]
"""What an update returns: the item as it is now, or as it was; of either only what was updated; or nothing."""

WholeReturns: TypeAlias = Literal["new", "old"]
"""What a save returns, and the update of an instance."""

WHOLE: Final = ("new", "old")

_VALUES: Final[dict[str, ReturnValues]] = {
    "new": "ALL_NEW",
    "old": "ALL_OLD",
    "updated_new": "UPDATED_NEW",
    "updated_old": "UPDATED_OLD",
    "none": "NONE",
}


def return_updated(model: str, update: UpdateItem, returns: Returns) -> UpdateItem:
    """Return the update as one that returns something else than the new item."""
    check_returns(model, returns, _VALUES)
    return replace(update, returns=_VALUES[returns])


def return_replaced(model: str, write: Put | UpdateItem | None, returns: WholeReturns) -> Put:
    """Return the write of a save as one that returns the item that it replaces."""
    check_returns(model, returns, WHOLE)
    if not isinstance(write, Put):  # also where there is nothing to send, so that nothing could be returned
        raise ExpressionError(
            f"{model}: returns='old' is for saves of whole items; leave out only_changed=True, or update() the item"
        )
    return replace(write, return_old=True)


def check_returns(model: str, returns: str, known: Iterable[str]) -> None:
    """Raise `ExpressionError` for anything but one of the known words."""
    if not isinstance(cast("object", returns), str) or returns not in known:
        words = ", ".join(map(repr, known))
        raise ExpressionError(f"{model}: returns must be one of {words}; got {shorten(returns)}")


def finish_update(
    mapper: Mapper[M], update: UpdateItem, attributes: Item | None, returns: Returns, strategy: object
) -> M | None:
    """Return what the update was to return, given the attributes that the store returned.

    With `"old"`, an instance as the strategy takes over the new item, which is what the updates make of the old one.
    """
    if returns == "none":
        return None
    if returns != "old":
        loaded = cover([*(field.path for field in mapper.keys.fields), *(each.path for each in update.updates)])
        return mapper.decode_written({**update.key, **(attributes or {})}, "updated", loaded)
    if isinstance(strategy, mapper.origin):
        new = apply_updates(update.key if attributes is None else attributes, update.updates)
        mapper.take_over(cast("Any", strategy), mapper.decode_written(new, "updated"))
    return None if attributes is None else mapper.decode_written(attributes, "updated")
