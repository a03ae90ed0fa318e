"""The planner: from a read to the operations that serve it.

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

Only conditions that are ANDed at the top supply keys, and an OR whose every branch does. Conditions that the key does
not cover become the *filter*, which the store evaluates after the key. Where the store cannot evaluate them (in batch
gets; on key attributes in a query), they become the *residual*, which the executor evaluates on the items that it
receives. `access_paths` holds the rule that chooses the table or an index. Planning does no I/O: a plan is data.

Programs repeat a few reads with other values: `known_plans` takes their plans from `plan_templates`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NoReturn, cast

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, Or, Path, all_of, conjuncts
from dynamongo.expressions.operands import cover
from dynamongo.expressions.values import Item
from dynamongo.operations import MAX_BATCH_GET, BatchGet, Get, KeyCondition, Query, Scan
from dynamongo.planning.access_paths import AccessPath, Candidate, access_paths, choose, consider
from dynamongo.planning.conjuncts import split_filter
from dynamongo.planning.contradictions import find_contradiction
from dynamongo.planning.key_lookup import find_keys
from dynamongo.planning.plan import Plan, ReadOperation, Rejected, find_tested
from dynamongo.planning.read import Read
from dynamongo.planning.strategies import Target

if TYPE_CHECKING:
    from dynamongo.mapping.keys.composed import ComposedKeys
    from dynamongo.mapping.kinds import key_kinds
else:  # most models have no templated keys
    key_kinds = LazyModule("dynamongo.mapping.kinds.key_kinds")

_FETCHES = "each item is also fetched from the table, at the cost of another read for each"


def plan_read(read: Read, batch_get: int = MAX_BATCH_GET) -> Plan:
    """Return the plan that serves the read.

    Args:
        read: What is read, from the table by its full name.
        batch_get: How many keys the backend takes in one request.

    Raises:
        ExpressionError: The index that is asked for cannot serve the read, or the order cannot be kept.
    """
    return Planner(read, batch_get).plan()


class Planner:
    """Plans one read.

    Args:
        read: The read.
        batch_get: How many keys the backend takes in one request.

    Attributes:
        served: The read with conditions on the keys of the access path that serves it.
    """

    def __init__(self, read: Read, batch_get: int) -> None:
        self._read = read
        self._batch_get = batch_get
        self._table = read.table
        self.served = read

    def plan(self) -> Plan:
        """Return the plan; raises as `plan_read`."""
        read, source = self._read, self._read.source
        # DynamoDB refuses a limit of 0. Source: "Limit" in Query, API reference.
        if read.limit == 0:
            return self._nothing("the limit is 0")
        if isinstance(source, tuple):
            return self._plan_targets(source)
        parts, keys = read.parts, self._table.keys
        if (contradiction := find_contradiction(parts)) is not None:
            return self._nothing(f"no item can satisfy `{contradiction}`")
        if read.index is not None:
            # Even where the condition fixes a whole key, an index that the caller names is read.
            return self._plan_index(read.index)
        self.served = read.serve(keys)
        if self.served.is_impossible:
            return self._nothing("no key can be made of a value in the condition")
        found = find_keys(self.served.parts, keys)
        return self._plan_condition() if found is None else self._plan_keys(*found)

    def _nothing(self, reason: str) -> Plan:
        return self._make((), warnings=(reason,))

    def _make(  # noqa: PLR0913 - what the plans of several kinds differ in
        self,
        operations: tuple[ReadOperation, ...],
        residual: AnyCondition | None = None,
        order_by: tuple[str, ...] = (),
        *,
        access: AccessPath | None = None,
        rejected: tuple[Rejected, ...] = (),
        warnings: tuple[str, ...] = (),
    ) -> Plan:
        """Return the plan, with what every plan takes over from the read."""
        read = self._read
        if read.descending and not read.is_sorted and operations:
            self._check_order(operations[0], rejected)
        if read.segments is not None and operations and not isinstance(operations[0], Scan):
            warnings += (f"segments={read.segments} has no effect: this is not a scan",)
        cursor_names = self._table.keys.names if access is None else access.cursor_names
        return Plan(
            operations,
            residual,
            order_by,
            read.descending,
            read.limit,
            read.projection,
            self._loaded(access, operations, cursor_names),
            cursor_names,
            rejected,
            warnings,
            self._batch_get,
            read.names,
            stated=self.served.stated,
            key_templates=read.key_templates if read.unstored else None,
        )

    @staticmethod
    def _check_order(operation: ReadOperation, rejected: tuple[Rejected, ...]) -> None:
        """Refuse to reverse what has no order: only a query has one, and lazy reads are not sorted."""
        if isinstance(operation, (Scan, BatchGet)):
            what = "a scan" if isinstance(operation, Scan) else "a read of several keys"
            near = [f"; the index {each.name} would serve it, but {each.reason}" for each in rejected if each.is_near]
            raise ExpressionError(
                f"descending=True needs an order, and {what} has none: use get_many, which sorts the items,"
                f" or compare the hash key of the table or of an index by =={''.join(near)}"
            )

    def _loaded(
        self, access: AccessPath | None, operations: tuple[ReadOperation, ...], cursor_names: tuple[str, ...]
    ) -> tuple[Path, ...] | None:
        """Return the paths that the items are read with; `None` for whole items."""
        if self._read.projection:
            # With the key, so that a partly read instance still says which item it is. What only the residual tests is
            # not among them, and is dropped.
            return cover((*self._read.projection, *map(Path, cursor_names), *self._find_class_path(access)))
        if access is None or access.held is None or _fetches(operations[0]):
            return None
        return tuple(Path(name) for name in sorted(access.held))

    def _project(self, residual: AnyCondition | None, access: AccessPath) -> tuple[Path, ...]:
        """Return what to read: the paths that are wanted, the keys, for cursors, and what the residual tests."""
        read = self._read
        if not read.projection:
            return ()
        # DynamoDB adds no keys to a projection. Source: "ProjectionExpression" in Query, API reference.
        tested = () if residual is None else find_tested(residual, read.key_templates)
        told = self._find_class_path(access)
        return cover((*read.projection, *map(Path, access.cursor_names), *told, *tested))

    def _find_class_path(self, access: AccessPath | None) -> tuple[Path, ...]:
        """Return the path that tells the class of an item, if several are read, and it can be read."""
        kinds = self._read.kinds
        if kinds is None or not kinds.is_mixed:
            return ()
        can_read = access is None or access.held is None or kinds.path.attribute in access.held or access.is_local
        return (kinds.path,) if can_read else ()

    # Keys.

    def _plan_targets(self, targets: tuple[Target, ...]) -> Plan:
        if self._read.index is not None:
            self._refuse("keys identify items of the table")
        if not targets:
            return self._nothing("the list of keys is empty")
        keys = [target.key for target in targets]
        if all(target.check is None for target in targets):
            check: AnyCondition | None = None
        elif len(targets) == 1:
            check = targets[0].check
        else:
            # The residual of a batch is one condition; `checks_by_key` takes it apart again when it is evaluated.
            check = Or(*(target.condition for target in targets))
        return self._plan_keys(keys, all_of((*conjuncts(check), *conjuncts(self._read.kind))))

    def _plan_keys(self, found: Iterable[Item], residual: AnyCondition | None) -> Plan:
        # DynamoDB refuses a request that names a key twice. Source: BatchGetItem, API reference.
        unique = tuple({tuple(key.values()): key for key in found}.values())
        if not unique:
            return self._nothing("a key cannot be empty")  # `find_choice` leaves out empty values
        read, table = self._read, self._table
        projection = self._project(residual, AccessPath(table))
        if len(unique) == 1:
            return self._make((Get(table.name, unique[0], projection, consistent=read.consistent),), residual)
        batch = BatchGet(table.name, unique, projection, consistent=read.consistent)
        return self._make((batch,), residual, table.keys.names if read.is_sorted else ())

    # The table and its indexes.

    def _plan_condition(self) -> Plan:
        best, rejected = choose(self._read)
        if best is not None:
            return self._plan_queries(best, rejected)
        # Without a condition there is nothing that an index could have served.
        return self._plan_scan(AccessPath(self._table), rejected if self._read.parts else ())

    def _plan_index(self, name: str) -> Plan:
        # The first path is the table itself.
        access = next((access for access in access_paths(self._table)[1:] if access.name == name), None)
        if access is None:
            self._refuse("the table has no such index")
        read = self._read
        losses = access.find_losses(read)
        found = consider(access, read, is_forced=True)
        if isinstance(found, Candidate):
            return self._plan_queries(found, losses=losses)
        # A scan has all of the condition as its filter, members of keys included.
        for each in (read.serve(access.keys), read):
            if obstacle := access.find_obstacle(each, is_forced=True):
                self._refuse(obstacle)
        return self._plan_scan(access, losses=losses)

    def _refuse(self, reason: str) -> NoReturn:
        raise ExpressionError(f"the index {self._read.index} cannot serve this read: {reason}")

    def _plan_queries(
        self, candidate: Candidate, rejected: tuple[Rejected, ...] = (), losses: tuple[str, ...] = ()
    ) -> Plan:
        if not candidate.hash_key.values:
            return self._nothing("a key cannot be empty")
        access, self.served = candidate.access, candidate.read
        if self.served.is_impossible:
            return self._nothing("no key can be made of a value in the condition")
        rest = (*candidate.rest, *self._exclude_guards(access, is_query=True))
        kept, residual = split_filter(rest, {*access.keys.names, *self._read.unstored}, access.held)
        # A query takes one value of the hash key, so several values take several queries. Source: Query, API reference.
        hash_keys = self._list_hash_keys(candidate)
        queries = tuple([self._make_query(candidate, hash_key, kept, residual) for hash_key in hash_keys])
        warnings = (*((_FETCHES,) if candidate.fetches else ()), *candidate.find_gaps(), *losses)
        return self._make(queries, residual, access=access, rejected=rejected, warnings=warnings)

    def _exclude_guards(self, access: AccessPath, *, is_query: bool) -> tuple[AnyCondition, ...]:
        """Return the condition that leaves out guards of unique constraints, where the read would meet some.

        They have the key attributes of the table and no others, so most indexes hold none. No key of an item is like
        theirs, so a query by the hash key of the table finds none.
        """
        read, names, own = self._read, self._table.keys.names, access.keys.names
        if read.guard_exclusion is None or not set(own) <= set(names) or (is_query and own[0] == names[0]):
            return ()
        is_told_apart = read.kinds is not None and read.kinds.are_told and read.kinds.path.attribute not in names
        return () if is_told_apart else (read.guard_exclusion,)

    def _list_hash_keys(self, candidate: Candidate) -> list[tuple[Comparison, ...]]:
        """Return the conditions on the hash attributes, for each query."""
        if candidate.hash_key.equalities:
            return [candidate.hash_key.equalities]
        paths = [self._read.path_of(attribute.name) for attribute in candidate.access.keys.hash_attributes]
        scalars = cast("list[tuple[str, ...]]", candidate.hash_key.values)  # or numbers, or binary: types with an order
        # Sorted, since the pages of several queries follow each other: so all items are in the order of both keys.
        values = sorted(set(scalars), reverse=self._read.descending)
        columns = [
            [Comparison(path, EQ, value) for value in column]
            for path, column in zip(paths, zip(*values, strict=True), strict=True)
        ]
        return list(zip(*columns, strict=True))

    def _make_query(
        self,
        candidate: Candidate,
        hash_key: Sequence[Comparison],
        kept: AnyCondition | None,
        residual: AnyCondition | None,
    ) -> Query:
        access, read = candidate.access, self._read
        projection = self._project(residual, access)
        return Query(
            self._table.name,
            KeyCondition(*hash_key, *candidate.range_key),
            kept,
            access.index_name,
            projection,
            descending=read.descending,
            limit=self._page_limit(kept, residual),
            consistent=read.consistent,
            # With a projection, DynamoDB fetches what that names; without one, whole items have to be requested.
            # Source: "Select" in Query, API reference.
            fetch=candidate.fetches and not projection,
        )

    def _page_limit(self, kept: AnyCondition | None, residual: AnyCondition | None) -> int | None:
        """Return how many items a request reads at most: the limit, unless a condition filters some out."""
        # DynamoDB counts the items that it reads, before the filter: a limit of 10 with a filter that keeps one item in
        # ten would take ten requests. Source: "Limit" in Query, API reference.
        return self._read.request_limit(within_limit=kept is None and residual is None)

    def _plan_scan(self, access: AccessPath, rejected: tuple[Rejected, ...] = (), losses: tuple[str, ...] = ()) -> Plan:
        read = self.served = self._read
        # Unlike that of a query, the filter of a scan may name keys. Source: "FilterExpression" in Scan, API reference.
        parts = (*read.parts, *self._find_key_forms(), *self._exclude_guards(access, is_query=False))
        kept, residual = split_filter(parts, read.unstored, access.held)
        projection = self._project(residual, access)
        scan = Scan(
            self._table.name,
            kept,
            access.index_name,
            projection,
            # All items have to be read before they can be sorted, whatever the limit of the read is.
            limit=read.page_size if read.is_sorted else self._page_limit(kept, residual),
            consistent=read.consistent,
            fetch=access.fetches(read) and not projection,
        )
        order_by = access.cursor_names if read.is_sorted else ()
        scans = _divide_scan(scan, read.segments)
        return self._make(scans, residual, order_by, access=access, rejected=rejected, warnings=losses)

    def _find_key_forms(self) -> tuple[AnyCondition, ...]:
        """Return what tells the model's items from others by their keys, if nothing else does."""
        read = self._read
        is_told = read.key_templates is None or read.kinds is not None
        return () if is_told else key_kinds.find_forms(cast("ComposedKeys", read.key_templates), self._table.keys)


def _divide_scan(scan: Scan, segments: int | None) -> tuple[Scan, ...]:
    if segments is None:
        return (scan,)
    return tuple(replace(scan, segment=number, total_segments=segments) for number in range(segments))


def _fetches(operation: ReadOperation) -> bool:
    return isinstance(operation, (Query, Scan)) and operation.fetch
