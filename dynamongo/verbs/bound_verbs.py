"""Bound verbs: what the verbs for many items of one model have in common."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ExpressionError
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.plan import Plan
from dynamongo.planning.planner import plan_for
from dynamongo.planning.read import Read
from dynamongo.planning.scan_policy import ScanPolicy, check_policy
from dynamongo.planning.strategies import ResolvedStrategy, Strategy, Target, resolve_many, resolve_one
from dynamongo.verbs.bulk_entries import Entry
from dynamongo.verbs.bulk_writes import AnyIterable, BulkCall, Destination, WriteOptions
from dynamongo.verbs.instance import Instance

M = TypeVar("M", bound=Instance)


class BoundVerb(Generic[M]):
    """A verb for many items of one model."""

    name: ClassVar[str]

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._mapper: Mapper[M] = model.__mapper__

    def _find_destination(self) -> Destination[M]:
        connection = connection_of(self._model)
        return Destination(self._mapper, self._model.table_name(), connection, connection.backend)


class TargetedVerb(BoundVerb[M]):
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
    ) -> BulkCall[M]:
        """Return the call that writes the items that the strategy means, after a read unless their keys are known.

        Args:
            strategy: The strategy.
            scans: The scan policy of the read.
            options: How the items are written.
            make: Makes the entry of a target that is known or found.
        """
        if scans is not None:
            # Also where no read follows: a misspelled policy must not pass because of the strategy.
            check_policy(scans)
        source, place = self._resolve(strategy), self._find_destination()
        targets, _ = self._find_targets(source)  # a condition may name them, too, such as `User.email.in_([...])`
        make_entry = functools.partial(make, self._mapper, place.table)
        if targets is not None:
            return BulkCall(place, options, make_entry, targets)
        # Sorted, so that the result lists the items as `get_many` would.
        return BulkCall(place, options, make_entry, read=self._make_read(source, is_sorted=True, scans=scans))

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
        plan = plan_for(self._mapper, read, connection_of(self._model).limits.batch_get)
        if plan.keys is not None:
            return tuple(Target(key) for key in plan.keys), None
        return None, plan

    def _make_read(self, source: ResolvedStrategy, *, is_sorted: bool, scans: ScanPolicy | None = None) -> Read:
        table = self._mapper.schema(self._model.table_name())
        required = self._mapper.declaration.required
        return Read(table, source, is_sorted=is_sorted, required=required, scans=scans)
