"""What the verbs for many items prepare, and how they are explained.

Each verb prepares a `BulkCall`; `model.bulk_verbs` and `aio.bulk_verbs` execute it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from dynamongo._support.dataclasses import replace
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import AnyCondition, Condition, all_of, conjuncts
from dynamongo.expressions.updates import Updates
from dynamongo.mapping.mapper import Mapper
from dynamongo.operations import Put
from dynamongo.planning.known_plans import plan_for
from dynamongo.planning.plan import Plan
from dynamongo.planning.read import OnInvalid, Read
from dynamongo.planning.scan_policy import ScanPolicy, check_policy
from dynamongo.planning.strategies import ResolvedStrategy, Strategy, Target, resolve_many, resolve_one
from dynamongo.planning.strategy_types import K
from dynamongo.planning.write_builders import check_changes
from dynamongo.verbs.bulk_entries import Entry, check_several, delete_entry, save_entry, update_entry
from dynamongo.verbs.bulk_writes import AnyIterable, BulkCall
from dynamongo.verbs.destinations import Destination, WriteOptions
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.read_arguments import check_on_invalid
from dynamongo.verbs.write_plan import WritePlan

if TYPE_CHECKING:
    from dynamongo.planning.strategy_types import Items

M = TypeVar("M", bound=Instance)

_UNIQUE = "each item with its guards: a transaction where unique values change"


class BoundVerb(Generic[M]):
    """A verb for many items of one model."""

    name: ClassVar[str]

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._mapper: Mapper[M] = model.__mapper__

    def _find_destination(self) -> Destination[M]:
        connection = connection_of(self._model)
        return Destination(self._mapper, self._model.table_name(), connection, connection.backend)


class TargetedVerb(BoundVerb[M], Generic[M, K]):
    """A verb for the items that a strategy finds."""

    def _resolve(self, strategy: Strategy) -> ResolvedStrategy:
        if strategy is None:  # every item, to `get_many`; a variable that is not set must not empty a table
            raise ExpressionError(
                f"{self._mapper.name}.{self.name} requires a strategy; None would mean every item of the table"
            )
        return resolve_many(strategy, self._mapper, to_write=True)

    def _prepare(
        self,
        strategy: Strategy,
        scans: ScanPolicy | None,
        options: WriteOptions,
        make: Callable[..., Entry[M]],
        on_invalid: OnInvalid,
    ) -> BulkCall[M]:
        """Return the call that writes the items that the strategy means, after a read unless their keys are known.

        Args:
            strategy: The strategy.
            scans: The scan policy of the read.
            options: How the items are written.
            make: Makes the entry of a target that is known or found.
            on_invalid: What to do about items that are found, and do not suit the model.
        """
        check_on_invalid(self._mapper.name, on_invalid)
        if scans is not None:
            # Also where no read follows: a misspelled policy must not pass because of the strategy.
            check_policy(scans)
        source, place = self._resolve(strategy), self._find_destination()
        targets, _ = self._find_targets(source)  # a condition may name them, too, such as `User.email.in_([...])`
        make_entry = functools.partial(make, self._mapper, place.table)
        if targets is not None:
            return BulkCall(place, options, make_entry, targets)
        # Sorted, so that the result lists the items as `get_many` would.
        read = self._make_read(source, is_sorted=True, scans=scans, rate=options.max_units_per_second)
        return BulkCall(place, options, make_entry, read=replace(read, on_invalid=on_invalid))

    def _prepare_stream(
        self, strategies: AnyIterable[Strategy], options: WriteOptions, make: Callable[..., Entry[M]]
    ) -> BulkCall[M]:
        """Return the call that writes the items as the iterable yields their strategies, one for each item."""
        mapper, place = self._mapper, self._find_destination()

        def make_entry(strategy: Strategy) -> Entry[M]:
            return make(mapper, place.table, resolve_one(strategy, mapper, to_write=True))

        return BulkCall(place, options, make_entry, strategies)

    def _find_targets(self, source: ResolvedStrategy) -> tuple[tuple[Target, ...] | None, Plan | None]:
        """Return the targets that are known without reading, or else the plan that finds them."""
        if isinstance(source, tuple):
            return source, None
        read = self._make_read(source, is_sorted=False)  # the order of keys that are not read does not matter
        batch_get = connection_of(self._model).limits.batch_get
        # Each write checks the kind, so that it need not be read.
        plan = plan_for(self._mapper, replace(read, kinds=None), batch_get)
        if plan.keys is not None:
            return tuple(Target(key) for key in plan.keys), None
        return None, plan if read.kinds is None else plan_for(self._mapper, read, batch_get)

    def _find_check(self, source: ResolvedStrategy) -> AnyCondition | None:
        """Return what each write checks again, given the condition of the read."""
        kinds = self._mapper.kinds
        kind = None if kinds is None else kinds.condition
        return all_of((*conjuncts(kind), *conjuncts(cast("AnyCondition | None", source))))

    def _make_read(
        self,
        source: ResolvedStrategy,
        *,
        is_sorted: bool,
        scans: ScanPolicy | None = None,
        rate: float | None = None,
    ) -> Read:
        return Read(
            self._mapper.schema(self._model.table_name()),
            source,
            is_sorted=is_sorted,
            required=self._mapper.declaration.required,
            scans=scans,
            max_units_per_second=rate,
            names=self._mapper.renamed,
            kinds=self._mapper.kinds,
            guard_exclusion=self._mapper.guard_exclusion,
            key_templates=self._mapper.read_key_templates,
        )


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
        return BulkCall(place, options, make_entry, items, checks_first=True)

    def explain(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,  # noqa: FBT001, FBT002 - as in `save_one`
    ) -> WritePlan:
        """Return how the items would be stored. Makes no request."""
        check_several(self._mapper, items)
        table = self._model.table_name()
        writes = [save_entry(self._mapper, table, overwrite, item, is_save=False).write for item in items]
        if self._mapper.unique is not None:
            return WritePlan(f"Put or TransactWrite {table}", 1, len(writes), warnings=(_UNIQUE,))
        puts = [write for write in writes if isinstance(write, Put)]
        condition = puts[0].condition if puts else None  # an example: with a version, each item has its own
        # A batch takes no conditions. Source: BatchWriteItem, API reference.
        if any(put.condition is not None for put in puts):
            return WritePlan(f"Put {table}", 1, len(writes), check=condition)
        return WritePlan(f"BatchWrite {table}", connection_of(self._model).limits.batch_write, len(writes))


class DeleteVerb(TargetedVerb[M, K]):
    """Deletes several items. `Model.delete_many` describes the arguments."""

    name = "delete_many"

    def prepare(
        self, strategy: Strategy, scans: ScanPolicy | None, options: WriteOptions, on_invalid: OnInvalid = "raise"
    ) -> BulkCall[M]:
        """Return the call that deletes the items."""
        return self._prepare(strategy, scans, options, delete_entry, on_invalid)

    def explain(self, strategy: Items[K, M]) -> WritePlan:
        """Return how the items would be found and deleted. Makes no request."""
        source, table = self._resolve(strategy), self._model.table_name()
        targets, plan = self._find_targets(source)
        if self._mapper.unique is not None:
            count, check = (None, source) if targets is None else (len(targets), None)
            return WritePlan(f"Delete or TransactWrite {table}", 1, count, plan, self._find_check(check), (_UNIQUE,))
        if targets is None:
            return WritePlan(f"Delete {table}", 1, None, plan, self._find_check(source))
        if (kind := self._find_check(None)) is not None:
            return WritePlan(f"Delete {table}", 1, len(targets), check=kind)
        checked = sum(target.check is not None for target in targets)
        note = (f"{checked} of them with a condition: one request each",) if checked else ()
        per_request = connection_of(self._model).limits.batch_write
        return WritePlan(f"BatchWrite {table}", per_request, len(targets), warnings=note)

    def prepare_stream(self, strategies: AnyIterable[Strategy], options: WriteOptions) -> BulkCall[M]:
        """Return the call that deletes the items as the iterable yields their strategies."""
        return self._prepare_stream(strategies, options, delete_entry)


class UpdateVerb(TargetedVerb[M, K]):
    """Changes some attributes of several items. `Model.update_many` describes the arguments."""

    name = "update_many"

    def prepare(
        self,
        strategy: Strategy,
        updates: Updates,
        scans: ScanPolicy | None,
        options: WriteOptions,
        on_invalid: OnInvalid = "raise",
    ) -> BulkCall[M]:
        """Return the call that updates the items."""
        changes = check_changes(self._mapper, updates)
        return self._prepare(strategy, scans, options, functools.partial(update_entry, changes), on_invalid)

    def explain(self, strategy: Items[K, M], updates: Updates) -> WritePlan:
        """Return how the items would be found and updated. Makes no request."""
        check_changes(self._mapper, updates)
        source, step = self._resolve(strategy), f"UpdateItem {self._model.table_name()}"
        passed = self._find_passed_hooks()
        if self._mapper.unique is not None:
            passed = (*passed, _UNIQUE)
        targets, plan = self._find_targets(source)
        if targets is None:
            return WritePlan(step, 1, None, plan, self._find_check(source), warnings=passed)
        check = self._find_check(None)
        return WritePlan(step, 1, len(targets), check=check, warnings=("each item must exist", *passed))

    def _find_passed_hooks(self) -> tuple[str, ...]:
        """Return the note on hooks and validators, which an update by expression cannot call."""
        rules = self._mapper.rules
        names = () if rules is None else rules.passed_by_updates
        return (f"updates do not call {', '.join(names)}",) if names else ()

    def prepare_stream(self, strategies: AnyIterable[Strategy], updates: Updates, options: WriteOptions) -> BulkCall[M]:
        """Return the call that updates the items as the iterable yields their strategies."""
        changes = check_changes(self._mapper, updates)
        return self._prepare_stream(strategies, options, functools.partial(update_entry, changes))
