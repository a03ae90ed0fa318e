"""The verbs for many items: `User.save_many(...)`, `User.save_many.explain(...)`, and the streams of their outcomes.

Each verb is an object, so that it can be both called and explained. What it does is prepared in `verbs.bulk_calls`, and
executed here, blocking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.model.result_set import ResultSet
from dynamongo.model.write_stream import perform_bulk, stream_bulk
from dynamongo.planning.read import OnInvalid
from dynamongo.planning.scan_policy import ScanPolicy
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.bulk_calls import DeleteVerb, SaveVerb, UpdateVerb
from dynamongo.verbs.bulk_writes import BulkCall
from dynamongo.verbs.destinations import WriteOptions
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.item_forms import as_stored
from dynamongo.verbs.progress import ProgressOption
from dynamongo.verbs.results import BatchResult, WriteOutcome

if TYPE_CHECKING:
    from dynamongo.planning.strategy_types import Items, OneItem

M = TypeVar("M", bound=Instance)


class SaveMany(SaveVerb[M]):
    """Store several items as if one after the other.

    All items are validated before the first is sent. Costs one BatchWriteItem request per 25 items, or one PutItem
    request per item if `overwrite` is `False` or a condition. Only then are items of other kinds safe from a model with
    a `__kind__`, since a BatchWriteItem takes no conditions.
    """

    def __call__(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Store the items.

        Args:
            items: Instances, or dicts of their values.
            overwrite: As in `save_one`.
            max_workers: How many requests run at the same time at most; 10 by default, and 1 in memory.
            max_units_per_second: How many write units to consume per second at most, on average, so that a backfill
                leaves the rest to others. A request is not cut: it waits until those before it are paid for.
            progress: A callback that is passed a `Progress`, or `True` for a progress bar.

        Returns:
            Every item as an instance, either among the successes or among the failures with the reason.

        Raises:
            ValidationError: An item is invalid; nothing was written. The message names its position.
            AttributeNotLoaded: An item, or a map or list in it, was read in part; otherwise the same.
        """
        return perform_bulk(
            self.prepare(items, WriteOptions(max_workers, progress, max_units_per_second), overwrite=overwrite)
        )

    def stream(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[M]]:
        """Store the items while iterating; see `Model.save_iter`."""
        call = self.prepare(items, WriteOptions(max_workers, progress, max_units_per_second), overwrite=overwrite)
        return stream_bulk(call, "save_iter")


class DeleteMany(DeleteVerb[M, K]):
    """Delete several items.

    Items that are given by key (a list, `in_`, `keys_in`) are deleted without being read: one BatchWriteItem request
    per 25, and one DeleteItem request for each that has a condition of its own, or whose model has a `__kind__`; a
    missing item counts as deleted. Any other condition is read first, as `get_many` would, and each delete checks it
    again, so that an item that was changed in between is reported, not destroyed. If the condition is too large for a
    write, each delete checks the part of it that held for its item when that was read.
    """

    def __call__(  # noqa: PLR0913 - what a caller may choose
        self,
        strategy: Items[K, M],
        *,
        scans: ScanPolicy | None = None,
        on_invalid: OnInvalid = "raise",
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Delete the items.

        Args:
            strategy: A list of strategies for one item each, or any condition.
            scans: As in `get_many`.
            on_invalid: What to do about items that are found, and do not suit the model: `"raise"` writes nothing,
                `"skip"` and a callback leave them as they are. `find(..., on_invalid="keep")` writes them, too.
            max_workers: As in `save_many`.
            max_units_per_second: As in `save_many`; also how many read units its read consumes, if it makes one.
            progress: As in `save_many`.

        Returns:
            The items; those that were deleted by key are instances that hold only the key.

        Raises:
            ExpressionError: An entry of the list does not fix the whole key of one item, or the condition is about more
                attributes than a delete can check again. Nothing was deleted.
            ScanForbidden: It takes a full scan, and the policy forbids that.
            UnreadableItem: An item that was read does not suit the model. Nothing was written.
        """
        return _perform(
            self._model,
            self.prepare(strategy, scans, WriteOptions(max_workers, progress, max_units_per_second), on_invalid),
        )

    def stream(
        self,
        strategies: Iterable[OneItem[K, M]],
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[M]]:
        """Delete the items while iterating; see `Model.delete_iter`."""
        return stream_bulk(
            self.prepare_stream(strategies, WriteOptions(max_workers, progress, max_units_per_second)), "delete_iter"
        )


class UpdateMany(UpdateVerb[M, K]):
    """Change some attributes of several items, with one UpdateItem request for each.

    Items that are given by key are updated without being read, and must exist. Any other condition is read first, as
    `get_many` would, and each update checks it again, so that an item that was changed in between is reported, not
    changed. If the condition is too large for a write, each update checks the part of it that held for its item when
    that was read.
    """

    def __call__(  # noqa: PLR0913 - what a caller may choose
        self,
        strategy: Items[K, M],
        updates: Updates,
        *,
        scans: ScanPolicy | None = None,
        on_invalid: OnInvalid = "raise",
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Update the items.

        Args:
            strategy: A list of strategies for one item each, or any condition.
            updates: As in `update_one`; the same for every item.
            scans: As in `get_many`.
            on_invalid: What to do about items that are found, and do not suit the model: `"raise"` writes nothing,
                `"skip"` and a callback leave them as they are. `find(..., on_invalid="keep")` writes them, too.
            max_workers: As in `save_many`.
            max_units_per_second: As in `save_many`; also how many read units its read consumes, if it makes one.
            progress: As in `save_many`.

        Returns:
            The items as they are now; the others are among the failures, each with the reason: `ItemNotFound`, or a
            condition that does not hold.

        Raises:
            ExpressionError: As in `update_one`, or the condition is about more attributes than an update can check
                again. Nothing was changed.
            ScanForbidden: It takes a full scan, and the policy forbids that.
            UnreadableItem: An item that was read does not suit the model. Nothing was written.
        """
        return _perform(
            self._model,
            self.prepare(
                strategy, updates, scans, WriteOptions(max_workers, progress, max_units_per_second), on_invalid
            ),
        )

    def stream(
        self,
        strategies: Iterable[OneItem[K, M]],
        updates: Updates,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[M]]:
        """Update the items while iterating; see `Model.update_iter`."""
        return stream_bulk(
            self.prepare_stream(strategies, updates, WriteOptions(max_workers, progress, max_units_per_second)),
            "update_iter",
        )


def _perform(model: type[M], call: BulkCall[M]) -> BatchResult[M]:
    """Execute a call: its read, if there is one, and then its writes."""
    if call.read is None:
        return perform_bulk(call)
    found = ResultSet(model, call.read, as_stored, backend=call.destination.backend)
    return perform_bulk(call, *found.targets())
