"""The planner: what a strategy comes to, and the operations that serve it.

===================================================================  =============================================
what is asked for                                                    plan
===================================================================  =============================================
what no item can satisfy: `year < 1` and `year > 2`, `in_([])`       nothing
the whole key of one item                                            Get
the whole keys of several: a list, `in_`, `keys_in`, ORed keys       BatchGet
`==` on the hash key of the table or of an index that serves         Query
`in_` or ORed `==` on such a hash key                                one Query per value
anything else                                                        Scan
===================================================================  =============================================

Only conditions that are ANDed at the top supply keys, and an OR of which every branch does. What the key does not cover
becomes the *filter*, which the store evaluates after the key, or where the store cannot (batch gets, conditions on key
attributes in a query) the *residual*, which the executor evaluates on what comes back. `access` has the rule by which
the table or an index is chosen. Planning does no I/O: a plan is data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NoReturn, cast

from dynamongo.conditions import EQ, Comparison, Condition, Or, Path, conjuncts, cover, paths_of
from dynamongo.exceptions import ExpressionError
from dynamongo.frozen import dataclass, replace
from dynamongo.operations import BatchGet, Get, KeyCondition, Query, Scan
from dynamongo.planner.access import Access, Candidate, Wanted, access_paths, choose, consider
from dynamongo.planner.contradictions import find_contradiction
from dynamongo.planner.keys import find_keys
from dynamongo.planner.parts import find_choice, split_filter
from dynamongo.planner.ranges import fold_range
from dynamongo.planner.rechecks import recheck
from dynamongo.plans import Checks, Plan
from dynamongo.schema import TableSchema
from dynamongo.strategies import Source, Target
from dynamongo.values import AttributeValue, Item

__all__ = ["ReadOptions", "find_choice", "fold_range", "plan_read", "recheck", "split_filter"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a read asks for beside its items.

    Attributes:
        descending: Whether to reverse the order.
        limit: How many items to return at most.
        consistent: Whether to see every write that was acknowledged before.
        index: The name of the index to read, whatever the planner would choose.
        projection: The paths that are wanted; whole items where it is empty.
        page_size: How many items a request reads at most.
        segments: Into how many segments a scan is divided, which are read at the same time.
        is_sorted: Whether items that the store gives no order are sorted by their key.
        always: Attributes that every item has.
    """

    descending: bool = False
    limit: int | None = None
    consistent: bool = False
    index: str | None = None
    projection: tuple[Path, ...] = ()
    page_size: int | None = None
    segments: int | None = None
    is_sorted: bool = True
    always: frozenset[str] = frozenset()

    @property
    def attributes(self) -> frozenset[str] | None:
        """The attributes that are wanted, or `None` for all."""
        return frozenset(path.attribute for path in self.projection) or None


def plan_read(table: TableSchema, source: Source, options: ReadOptions) -> Plan:
    """The plan that reads what `source` means from the table (by its full name).

    Raises:
        ExpressionError: The index that is asked for cannot serve the read.
    """
    return _Planner(table, options).plan(source)


def _checks_by_key(targets: tuple[Target, ...]) -> Checks:
    """What has to hold for the item of each key; one that is named several times is wanted for any of its checks."""
    named: dict[tuple[AttributeValue, ...], list[Condition | None]] = {}
    for target in targets:
        named.setdefault(tuple(target.key.values()), []).append(target.check)
    return {key: _any_of(checks) for key, checks in named.items()}


def _any_of(checks: list[Condition | None]) -> Condition | None:
    wanted = [check for check in checks if check is not None]
    if len(wanted) < len(checks):
        return None
    return wanted[0] if len(wanted) == 1 else Or(*wanted)


class _Planner:
    """Plans one read."""

    def __init__(self, table: TableSchema, options: ReadOptions) -> None:
        self._table = table
        self._options = options

    def plan(self, source: Source) -> Plan:
        if self._options.limit == 0:
            return self._nothing("the limit is 0")
        if isinstance(source, tuple):
            return self._plan_targets(source)
        parts = conjuncts(source)
        if (contradiction := find_contradiction(parts)) is not None:
            return self._nothing(f"`{contradiction}` holds for no item")
        if self._options.index is not None:
            return self._plan_index(self._options.index, parts)
        found = find_keys(parts, self._table.keys)
        return self._plan_condition(parts) if found is None else self._plan_keys(*found)

    def _nothing(self, reason: str) -> Plan:
        return self._finish(Plan((), warnings=(reason,)))

    def _finish(self, plan: Plan) -> Plan:
        """The plan with what every plan has of the options."""
        options = self._options
        loaded = self._loaded(plan)
        warnings = plan.warnings
        if options.segments is not None and plan.scan is None and plan.operations:
            warnings += (f"segments={options.segments} is for scans, and makes no difference here",)
        return replace(
            plan,
            descending=options.descending,
            limit=options.limit,
            projection=options.projection,
            loaded=loaded,
            cursor_names=self._cursor_names(plan),
            warnings=warnings,
        )

    def _loaded(self, plan: Plan) -> tuple[Path, ...] | None:
        """The paths that the items have, beside which nothing of them is known."""
        if self._options.projection:
            return cover((*self._options.projection, *map(Path, self._cursor_names(plan))))
        held = next((access.held for access in access_paths(self._table) if access.name == plan.index), None)
        is_partial = plan.index is not None and held is not None and not _fetches(plan)
        return tuple(Path(name) for name in sorted(held)) if is_partial and held is not None else None

    def _cursor_names(self, plan: Plan) -> tuple[str, ...]:
        index_keys = next((index.keys.names for index in self._table.indexes if index.name == plan.index), ())
        return tuple(dict.fromkeys((*index_keys, *self._table.keys.names)))

    def _key_paths(self) -> tuple[Path, ...]:
        return tuple(Path(name) for name in self._table.keys.names)

    def _project(self, residual: Condition | None, index_keys: Sequence[str] = ()) -> tuple[Path, ...]:
        """What has to be read for what is wanted: the keys too, which cursors need, and what the residual looks at."""
        if not self._options.projection:
            return ()
        looked_at = () if residual is None else paths_of(residual)
        return cover((*self._options.projection, *self._key_paths(), *map(Path, index_keys), *looked_at))

    # Keys.

    def _plan_targets(self, targets: tuple[Target, ...]) -> Plan:
        if self._options.index is not None:
            self._refuse("keys name items of the table")
        if not targets:
            return self._nothing("there are no keys")
        keys = [target.key for target in targets]
        if all(target.check is None for target in targets):
            return self._plan_keys(keys, None)
        if len(targets) == 1:
            return self._plan_keys(keys, targets[0].check)
        plan = self._plan_keys(keys, Or(*(target.condition for target in targets)))
        return replace(plan, checks=_checks_by_key(targets))

    def _plan_keys(self, found: Iterable[Item], residual: Condition | None) -> Plan:
        unique = tuple({tuple(key.values()): key for key in found}.values())
        if not unique:
            return self._nothing("no key is empty")
        options, table = self._options, self._table
        projection = self._project(residual)
        if len(unique) == 1:
            get = Get(table.name, unique[0], projection, consistent=options.consistent)
            return self._finish(Plan((get,), residual))
        batch = BatchGet(table.name, unique, projection, consistent=options.consistent)
        return self._finish(Plan((batch,), residual, table.keys.names if options.is_sorted else ()))

    # The table and its indexes.

    def _wanted(self, parts: tuple[Condition, ...]) -> Wanted:
        options = self._options
        return Wanted(parts, options.attributes, options.consistent, options.always)

    def _plan_condition(self, parts: tuple[Condition, ...]) -> Plan:
        best, rejected = choose(self._table, self._wanted(parts))
        plan = self._plan_scan(Access(self._table), parts) if best is None else self._plan_queries(best)
        return replace(plan, rejected=rejected) if parts else plan

    def _plan_index(self, name: str, parts: tuple[Condition, ...]) -> Plan:
        access = next((access for access in access_paths(self._table)[1:] if access.name == name), None)
        if access is None:
            self._refuse("the table has no such index")
        wanted = self._wanted(parts)
        if obstacle := access.find_obstacle(wanted, is_forced=True):
            self._refuse(obstacle)
        found = consider(access, wanted, is_forced=True)
        plan = self._plan_queries(found) if isinstance(found, Candidate) else self._plan_scan(access, parts)
        return replace(plan, warnings=(*plan.warnings, *access.find_losses(wanted)))

    def _refuse(self, reason: str) -> NoReturn:
        raise ExpressionError(f"the index {self._options.index} cannot serve this read: {reason}")

    def _plan_queries(self, candidate: Candidate) -> Plan:
        if not candidate.hash_key.values:
            return self._nothing("no key is empty")
        access, options = candidate.access, self._options
        held = None if access.held is None else access.held
        kept, residual = split_filter(candidate.rest, access.keys.names, held)
        projection = self._project(residual, access.keys.names)
        fetch = candidate.fetches and not projection
        scalars = cast("tuple[str, ...]", candidate.hash_key.values)  # or numbers, or binary: one type with an order
        queries = tuple(
            Query(
                self._table.name,
                KeyCondition(Comparison(Path(access.keys.hash_key.name), EQ, value), candidate.range_key),
                kept,
                None if access.index is None else access.index.name,
                projection,
                descending=options.descending,
                limit=self._page_limit(kept, residual),
                consistent=options.consistent,
                fetch=fetch,
            )
            for value in sorted(set(scalars), reverse=options.descending)
        )
        note = ("each item is fetched from the table as well, which a local index does not save",)
        return self._finish(Plan(queries, residual, warnings=note if candidate.fetches else ()))

    def _page_limit(self, kept: Condition | None, residual: Condition | None) -> int | None:
        """How many items a request reads at most: what is wanted at most, where nothing of it is filtered out."""
        limit = self._options.limit if kept is None and residual is None else None
        return min((each for each in (limit, self._options.page_size) if each is not None), default=None)

    def _plan_scan(self, access: Access, parts: tuple[Condition, ...]) -> Plan:
        options = self._options
        kept, residual = split_filter(parts, (), access.held)
        index_keys = () if access.index is None else access.keys.names
        order_by = tuple(dict.fromkeys((*index_keys, *self._table.keys.names))) if options.is_sorted else ()
        fetches = access.fetches(self._wanted(parts))
        projection = self._project(residual, index_keys)
        scan = Scan(
            self._table.name,
            kept,
            None if access.index is None else access.index.name,
            projection,
            limit=options.page_size if options.is_sorted else self._page_limit(kept, residual),
            consistent=options.consistent,
            fetch=fetches and not projection,
        )
        segments = options.segments
        scans = (
            (scan,)
            if segments is None
            else tuple(replace(scan, segment=number, total_segments=segments) for number in range(segments))
        )
        return self._finish(Plan(scans, residual, order_by))


def _fetches(plan: Plan) -> bool:
    first = plan.operations[0]
    return isinstance(first, (Query, Scan)) and first.fetch
