"""The verbs for many items: `User.save_many(...)`, `User.save_many.explain(...)`, and the streams of their outcomes.

Each verb is an object, so that it can be both called and explained. It prepares a `BulkCall`, which others execute:
here `perform_bulk` and `stream_bulk`, blocking.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from dynamongo.connection.connection import connection_of
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.model.bound_verbs import BoundVerb, TargetedVerb
from dynamongo.model.bulk_entries import delete_entries, save_entries, update_entries
from dynamongo.model.bulk_writes import BulkCall, WriteOptions, perform_bulk, stream_bulk
from dynamongo.model.instance import Instance
from dynamongo.model.progress import ProgressOption, find_total
from dynamongo.model.results import BatchResult, WriteOutcome
from dynamongo.model.write_plan import WritePlan
from dynamongo.operations import Put
from dynamongo.planning.scan_policy import ScanPolicy
from dynamongo.planning.strategies import Strategy
from dynamongo.planning.write_builders import check_changes

M = TypeVar("M", bound=Instance)


class SaveMany(BoundVerb[M]):
    """Store several items as if one after the other.

    All items are validated before the first is sent. Costs one BatchWriteItem request per 25 items, or one PutItem
    request per item if `overwrite` is `False` or a condition.
    """

    name = "save_many"

    def __call__(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,  # noqa: FBT001, FBT002 - as in `save_one`
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Store the items.

        Args:
            items: Instances, or dicts of their values.
            overwrite: As in `save_one`.
            max_workers: How many requests run at the same time at most; 10 by default, and 1 in memory.
            progress: A callback that is passed a `Progress`, or `True` for a progress bar.

        Returns:
            Every item as an instance, either among the successes or among the failures with the reason.

        Raises:
            ValidationError: An item is invalid; nothing was written. The message names its position.
            AttributeNotLoaded: An item, or a map or list in it, was read in part; otherwise the same.
        """
        return perform_bulk(self.prepare(items, WriteOptions(max_workers, progress), overwrite=overwrite))

    def prepare(
        self,
        items: Iterable[M | Mapping[str, Any]],
        options: WriteOptions,
        *,
        overwrite: bool | Condition = True,
    ) -> BulkCall[M]:
        """Validate the items, and return the call that stores them; raises as `save_many` does."""
        place = self._find_destination()
        entries = list(save_entries(self._mapper, place.table, items, overwrite=overwrite))
        for index, entry in enumerate(entries):
            if entry.error is not None:
                raise type(entry.error)(f"item {index}: {entry.error}") from entry.error
        return BulkCall(place, options, lambda: entries)

    def explain(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,  # noqa: FBT001, FBT002 - as in `save_one`
    ) -> WritePlan:
        """Return how the items would be stored. Makes no request."""
        table = self._model.table_name()
        writes = [entry.write for entry in save_entries(self._mapper, table, items, overwrite=overwrite)]
        puts = [write for write in writes if isinstance(write, Put)]
        condition = puts[0].condition if puts else None  # an example: with a version, each item has its own
        # A batch takes no conditions. Source: BatchWriteItem, API reference.
        if any(put.condition is not None for put in puts):
            return WritePlan(f"Put {table}", 1, len(writes), check=condition)
        return WritePlan(f"BatchWrite {table}", connection_of(self._model).limits.batch_write, len(writes))

    def stream(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,  # noqa: FBT001, FBT002 - as in `save_one`
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[M]]:
        """Store the items while iterating; see `Model.save_iter`."""
        return stream_bulk(self.prepare_stream(items, WriteOptions(max_workers, progress), overwrite=overwrite))

    def prepare_stream(
        self, items: Iterable[M | Mapping[str, Any]], options: WriteOptions, *, overwrite: bool | Condition = True
    ) -> BulkCall[M]:
        """Return the call that stores the items as the iterable yields them; an invalid one is an outcome."""
        place = self._find_destination()
        make_entries = functools.partial(save_entries, self._mapper, place.table, items, overwrite=overwrite)
        return BulkCall(place, options, make_entries, total=find_total(items))


class DeleteMany(TargetedVerb[M]):
    """Delete several items.

    Items that are given by key (a list, `in_`, `keys_in`) are deleted without being read: one BatchWriteItem request
    per 25, and one DeleteItem request for each that has a condition of its own; a missing item counts as deleted. Any
    other condition is read first, as `get_many` would, and each delete checks it again, so that an item that was
    changed in between is reported, not destroyed. If the condition is too large for a write, each delete checks the
    part of it that held for its item when that was read.
    """

    name = "delete_many"

    def __call__(
        self,
        strategy: Strategy,
        *,
        scans: ScanPolicy | None = None,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Delete the items.

        Args:
            strategy: A list of strategies for one item each, or any condition.
            scans: As in `get_many`.
            max_workers: As in `save_many`.
            progress: As in `save_many`.

        Returns:
            The items; those that were deleted by key are instances that hold only the key.

        Raises:
            ExpressionError: An entry of the list does not fix the whole key of one item, or the condition is about more
                attributes than a delete can check again. Nothing was deleted.
            ScanForbidden: It takes a full scan, and the policy forbids that.
        """
        return self._perform(self.prepare(strategy, scans, WriteOptions(max_workers, progress)))

    def prepare(self, strategy: Strategy, scans: ScanPolicy | None, options: WriteOptions) -> BulkCall[M]:
        """Return the call that deletes the items."""
        return self._prepare(strategy, scans, options, delete_entries)

    def explain(self, strategy: Strategy) -> WritePlan:
        """Return how the items would be found and deleted. Makes no request."""
        source, table = self._resolve(strategy), self._model.table_name()
        targets, plan = self._find_targets(source)
        if targets is None:
            return WritePlan(f"Delete {table}", 1, None, plan, cast("Condition | None", source))
        checked = sum(target.check is not None for target in targets)
        note = (f"{checked} of them with a condition: one request each",) if checked else ()
        per_request = connection_of(self._model).limits.batch_write
        return WritePlan(f"BatchWrite {table}", per_request, len(targets), warnings=note)

    def stream(
        self, strategies: Iterable[Strategy], *, max_workers: int | None = None, progress: ProgressOption = None
    ) -> Iterator[WriteOutcome[M]]:
        """Delete the items while iterating; see `Model.delete_iter`."""
        return stream_bulk(self.prepare_stream(strategies, WriteOptions(max_workers, progress)))

    def prepare_stream(self, strategies: Iterable[Strategy], options: WriteOptions) -> BulkCall[M]:
        """Return the call that deletes the items as the iterable yields their strategies."""
        return self._prepare_stream(strategies, options, delete_entries)


class UpdateMany(TargetedVerb[M]):
    """Change some attributes of several items, with one UpdateItem request for each.

    Items that are given by key are updated without being read, and must exist. Any other condition is read first, as
    `get_many` would, and each update checks it again, so that an item that was changed in between is reported, not
    changed. If the condition is too large for a write, each update checks the part of it that held for its item when
    that was read.
    """

    name = "update_many"

    def __call__(
        self,
        strategy: Strategy,
        updates: Updates,
        *,
        scans: ScanPolicy | None = None,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Update the items.

        Args:
            strategy: A list of strategies for one item each, or any condition.
            updates: As in `update_one`; the same for every item.
            scans: As in `get_many`.
            max_workers: As in `save_many`.
            progress: As in `save_many`.

        Returns:
            The items as they are now; the others are among the failures, each with the reason: `ItemNotFound`, or a
            condition that does not hold.

        Raises:
            ExpressionError: As in `update_one`, or the condition is about more attributes than an update can check
                again. Nothing was changed.
            ScanForbidden: It takes a full scan, and the policy forbids that.
        """
        return self._perform(self.prepare(strategy, updates, scans, WriteOptions(max_workers, progress)))

    def prepare(
        self,
        strategy: Strategy,
        updates: Updates,
        scans: ScanPolicy | None,
        options: WriteOptions,
    ) -> BulkCall[M]:
        """Return the call that updates the items."""
        changes = check_changes(self._mapper, updates)
        return self._prepare(strategy, scans, options, functools.partial(update_entries, changes))

    def explain(self, strategy: Strategy, updates: Updates) -> WritePlan:
        """Return how the items would be found and updated. Makes no request."""
        check_changes(self._mapper, updates)
        source, step = self._resolve(strategy), f"UpdateItem {self._model.table_name()}"
        targets, plan = self._find_targets(source)
        if targets is None:
            return WritePlan(step, 1, None, plan, cast("Condition | None", source))
        return WritePlan(step, 1, len(targets), warnings=("each item must exist",))

    def stream(
        self,
        strategies: Iterable[Strategy],
        updates: Updates,
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[M]]:
        """Update the items while iterating; see `Model.update_iter`."""
        return stream_bulk(self.prepare_stream(strategies, updates, WriteOptions(max_workers, progress)))

    def prepare_stream(self, strategies: Iterable[Strategy], updates: Updates, options: WriteOptions) -> BulkCall[M]:
        """Return the call that updates the items as the iterable yields their strategies."""
        changes = check_changes(self._mapper, updates)
        return self._prepare_stream(strategies, options, functools.partial(update_entries, changes))
