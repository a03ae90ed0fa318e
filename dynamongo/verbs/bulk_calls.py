"""What the verbs for many items prepare, and how they are explained.

Each verb prepares a `BulkCall`; `model.bulk_verbs` and `aio.bulk_verbs` execute it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from dynamongo.connection.connection import connection_of
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.operations import Put
from dynamongo.planning.scan_policy import ScanPolicy
from dynamongo.planning.strategies import Strategy
from dynamongo.planning.write_builders import check_changes
from dynamongo.verbs.bound_verbs import BoundVerb, TargetedVerb
from dynamongo.verbs.bulk_entries import check_several, delete_entry, save_entry, update_entry
from dynamongo.verbs.bulk_writes import AnyIterable, BulkCall, WriteOptions
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.write_plan import WritePlan

M = TypeVar("M", bound=Instance)


class SaveVerb(BoundVerb[M]):
    """Stores several items. `Model.save_many` describes the arguments."""

    name = "save_many"

    def prepare(
        self,
        items: AnyIterable[M | Mapping[str, Any]],
        options: WriteOptions,
        *,
        overwrite: bool | Condition = True,
    ) -> BulkCall[M]:
        """Return the call that stores the items."""
        check_several(self._mapper, items)
        place = self._find_destination()
        make_entry = functools.partial(save_entry, self._mapper, place.table, overwrite)
        return BulkCall(place, options, make_entry, items)

    def explain(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,  # noqa: FBT001, FBT002 - as in `save_one`
    ) -> WritePlan:
        """Return how the items would be stored. Makes no request."""
        check_several(self._mapper, items)
        table = self._model.table_name()
        writes = [save_entry(self._mapper, table, overwrite, item).write for item in items]
        puts = [write for write in writes if isinstance(write, Put)]
        condition = puts[0].condition if puts else None  # an example: with a version, each item has its own
        # A batch takes no conditions. Source: BatchWriteItem, API reference.
        if any(put.condition is not None for put in puts):
            return WritePlan(f"Put {table}", 1, len(writes), check=condition)
        return WritePlan(f"BatchWrite {table}", connection_of(self._model).limits.batch_write, len(writes))


class DeleteVerb(TargetedVerb[M]):
    """Deletes several items. `Model.delete_many` describes the arguments."""

    name = "delete_many"

    def prepare(self, strategy: Strategy, scans: ScanPolicy | None, options: WriteOptions) -> BulkCall[M]:
        """Return the call that deletes the items."""
        return self._prepare(strategy, scans, options, delete_entry)

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

    def prepare_stream(self, strategies: AnyIterable[Strategy], options: WriteOptions) -> BulkCall[M]:
        """Return the call that deletes the items as the iterable yields their strategies."""
        return self._prepare_stream(strategies, options, delete_entry)


class UpdateVerb(TargetedVerb[M]):
    """Changes some attributes of several items. `Model.update_many` describes the arguments."""

    name = "update_many"

    def prepare(
        self,
        strategy: Strategy,
        updates: Updates,
        scans: ScanPolicy | None,
        options: WriteOptions,
    ) -> BulkCall[M]:
        """Return the call that updates the items."""
        changes = check_changes(self._mapper, updates)
        return self._prepare(strategy, scans, options, functools.partial(update_entry, changes))

    def explain(self, strategy: Strategy, updates: Updates) -> WritePlan:
        """Return how the items would be found and updated. Makes no request."""
        check_changes(self._mapper, updates)
        source, step = self._resolve(strategy), f"UpdateItem {self._model.table_name()}"
        targets, plan = self._find_targets(source)
        if targets is None:
            return WritePlan(step, 1, None, plan, cast("Condition | None", source))
        return WritePlan(step, 1, len(targets), warnings=("each item must exist",))

    def prepare_stream(self, strategies: AnyIterable[Strategy], updates: Updates, options: WriteOptions) -> BulkCall[M]:
        """Return the call that updates the items as the iterable yields their strategies."""
        changes = check_changes(self._mapper, updates)
        return self._prepare_stream(strategies, options, functools.partial(update_entry, changes))
