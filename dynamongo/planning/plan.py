"""Plans: what the planner decided, as data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from dynamongo._support.dataclasses import dataclass, field, replace
from dynamongo.expressions.conditions import AnyCondition, Path, all_of
from dynamongo.expressions.operands import cover, paths_of
from dynamongo.expressions.values import Item
from dynamongo.mapping.keys.model_keys import describe_key
from dynamongo.operations import (
    MAX_BATCH_GET,
    BatchGet,
    Get,
    KeyCondition,
    Query,
    Scan,
)
from dynamongo.operations.steps import describe_step

if TYPE_CHECKING:  # most models have none
    from dynamongo.mapping.keys.composed import ComposedKeys

_SHOWN = 3
"""How many keys or key conditions a printed plan lists."""

_UNITS_OF_MB = 128
"""Read units of a MB: one for two eventually consistent reads of 4 KB.

Source: "DynamoDB provisioned capacity mode" in the developer guide.
"""

ReadOperation: TypeAlias = Get | BatchGet | Query | Scan


@dataclass(frozen=True, slots=True)
class Rejected:
    """An access path that was not chosen.

    Attributes:
        name: The name of the table or of the index.
        reason: Why it was not chosen.
        is_near: Whether only this reason, which the caller or the model could change, keeps it from serving.
    """

    name: str
    reason: str
    is_near: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Requests:
    """The number of requests of a plan.

    Attributes:
        at_least: The least number, unless a limit is reached before.
        growth: What adds requests, or `None`.
    """

    at_least: int
    growth: str | None = None

    def __str__(self) -> str:
        return str(self.at_least) if self.growth is None else f"{self.at_least}, and {self.growth}"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a read is served. Print it to read it.

    For `(User.city == "Oslo") & (User.age > 18) & (User.age < 30) & (User.email != "x")` and an index::

        Query users.by_city
          key condition  city = 'Oslo' AND age BETWEEN 18 AND 30
          filter         email <> 'x'
          residual       age > 18 AND age < 30
          limit          5
          requests       1, and one more for each MB that is read
          not used       users: no condition compares its hash key `email` by ==

    Attributes:
        operations: The steps, in this order: one Get; one BatchGet of any number of keys, sent in chunks; one or more
            queries; one Scan, or one for each segment at the same time. Queries and scans are sent page by page. Empty
            if nothing can match.
        residual: The condition that is evaluated on the items that the store returns.
        order_by: The key attributes that the result is sorted by, if the store's own order does not serve.
        descending: Whether the order is reversed.
        limit: How many items are returned at most.
        projection: The paths that are wanted; empty for whole items.
        loaded: The paths that items are read with, unless they are whole.
        cursor_names: The attributes that tell the position of an item in the read.
        rejected: The other access paths, each with the reason why it was not chosen.
        warnings: What the reader of the plan should know.
        batch_get: How many keys of a BatchGet the backend takes in one request.
        max_units_per_second: How many read units the read may consume per second.
        names: The names of fields by those of their attributes, where these differ.
        key_templates: The keys that tell what the residual tests, if no item has attributes for it.
        stated: The conditions on fields that the keys are composed of, which the key conditions say.
    """

    operations: tuple[ReadOperation, ...]
    residual: AnyCondition | None = None
    order_by: tuple[str, ...] = ()
    descending: bool = False
    limit: int | None = None
    projection: tuple[Path, ...] = ()
    loaded: tuple[Path, ...] | None = None
    cursor_names: tuple[str, ...] = field(default=(), compare=False)
    rejected: tuple[Rejected, ...] = field(default=(), compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    batch_get: int = field(default=MAX_BATCH_GET, compare=False, repr=False)
    names: Mapping[str, str] = field(default_factory=dict[str, str], compare=False, repr=False)
    max_units_per_second: float | None = None
    stated: tuple[AnyCondition, ...] = field(default=(), compare=False)
    key_templates: Any = field(default=None, compare=False, repr=False)  # or `ComposedKeys`, which few models import

    @property
    def keys(self) -> tuple[Item, ...] | None:
        """The keys of the items, if they are known without reading and no other condition applies."""
        match self.operations:
            case ():
                return ()
            case (Get(key=key),) if self.residual is None:
                return (key,)
            case (BatchGet(keys=keys),) if self.residual is None:
                return keys
            case _:
                return None

    @property
    def scan(self) -> Scan | None:
        """The scan of the whole table or index, if the plan is one."""
        first = self.operations[0] if self.operations else None
        return first if isinstance(first, Scan) else None

    @property
    def is_parallel(self) -> bool:
        """Whether segments of a scan are read at the same time."""
        first = self.operations[0] if self.operations else None
        return isinstance(first, Scan) and first.total_segments is not None

    @property
    def index(self) -> str | None:
        """The name of the index that is read, if any."""
        first = self.operations[0] if self.operations else None
        return first.index if isinstance(first, (Query, Scan)) else None

    @property
    def key_condition(self) -> KeyCondition | None:
        """The key condition of the query, or of the first of several."""
        first = self.operations[0] if self.operations else None
        return first.key_condition if isinstance(first, Query) else None

    @property
    def filter(self) -> AnyCondition | None:
        """The condition that the store evaluates on the items that it reads; it bills all of them."""
        first = self.operations[0] if self.operations else None
        return first.filter if isinstance(first, (Query, Scan)) else None

    def counting(self) -> Plan:
        """Return the plan that counts the same items, and transfers none unless the residual has to test them."""
        # The executor tests the residual, so it needs the attributes that the residual names.
        tested = None if self.residual is None else find_tested(self.residual, self.key_templates)
        operations = tuple(_count(operation, tested, self.cursor_names) for operation in self.operations)
        return replace(self, operations=operations, order_by=(), projection=(), loaded=None)

    @property
    def requests(self) -> Requests:
        """The number of requests, and what adds to it."""
        match self.operations:
            case ():
                return Requests(0)
            case (Get(),):
                return Requests(1)
            case (BatchGet(keys=keys),):
                # Rounded up. Source of the 16 MB: BatchGetItem, API reference; of the 1 MB below: Query.
                return Requests(-(-len(keys) // self.batch_get), "one more for each 16 MB, and for unprocessed keys")
            case (Query(limit=None) | Scan(limit=None), *_):
                return Requests(len(self.operations), "one more for each MB that is read")
            case (Query(limit=size) | Scan(limit=size), *_):
                return Requests(len(self.operations), f"one more for each MB or {size} items that are read")
            case _:
                return Requests(len(self.operations))

    def __str__(self) -> str:
        lines = list(_describe_plan(self))
        return "\n".join([*lines, *_lines("stored as", *_find_renamed(lines, self.names))])


def find_tested(residual: AnyCondition, templates: ComposedKeys | None) -> tuple[Path, ...]:
    """Return what to read of items for a residual besides their keys."""
    paths = tuple(dict.fromkeys(paths_of(residual)))
    if templates is None:
        return paths
    # A global index refuses the path of a member that no item has, and a local one would read the table for it.
    return (*[path for path in paths if path.attribute not in templates.never_stored], *templates.told_by)


def _count(operation: ReadOperation, tested: tuple[Path, ...] | None, keys: tuple[str, ...]) -> ReadOperation:
    """Return the operation for a count: the store sends the number alone if there is no residual to test."""
    projection = cover((*map(Path, keys), *(tested or ())))
    # Only a query and a scan can return a count alone. Source: "Select" in Query, API reference.
    if isinstance(operation, (Get, BatchGet)):
        return replace(operation, projection=projection)
    if tested is not None:
        return replace(operation, projection=projection, fetch=False)
    return replace(operation, projection=(), fetch=False, count_only=True)


def _describe_plan(plan: Plan) -> Iterator[str]:
    if not plan.operations:
        yield "Nothing: no item can match, so no request is made"
        yield from _lines("because", *plan.warnings)
        return
    yield describe_step(plan.operations[0])
    yield from _describe_steps(plan)
    if plan.stated:
        yield from _lines("stands for", str(all_of(plan.stated)))
    if plan.filter is not None:
        yield from _lines("filter", str(plan.filter))
    if plan.residual is not None:
        yield from _lines("residual", str(plan.residual))
    if plan.projection:
        yield from _lines("projection", ", ".join(map(str, plan.projection)))
    if plan.order_by:
        names = ", ".join(plan.names.get(name, name) for name in plan.order_by)
        yield from _lines("sorted by", f"{names}{' descending' if plan.descending else ''}")
    if plan.limit is not None:
        yield from _lines("limit", str(plan.limit))
    yield from _lines("requests", str(plan.requests))
    if plan.max_units_per_second is not None:
        yield from _lines("rate", _describe_rate(plan.operations[0], plan.max_units_per_second))
    yield from _lines("not used", *map(str, plan.rejected))
    yield from _lines("note", *plan.warnings)


def _find_renamed(lines: list[str], names: Mapping[str, str]) -> list[str]:
    """Return how the fields that the lines name are stored, where that is under another name."""
    text = "\n".join(lines)
    return [f"{name}: {stored}" for stored, name in names.items() if _is_named(name, text) or _is_named(stored, text)]


def _is_named(name: str, text: str) -> bool:
    """Return whether the text has the name, and not only a longer word with it."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _lines(label: str, *texts: str) -> Iterator[str]:
    for position, text in enumerate(texts):
        yield f"  {'' if position else label:<13}  {text}"


def _describe_steps(plan: Plan) -> Iterator[str]:
    match plan.operations[0]:
        case Get(key=key):
            yield from _lines("key", describe_key(key, plan.names))
        case BatchGet(keys=keys):
            yield from _lines("keys", *_shorten([describe_key(key, plan.names) for key in keys]))
        case Query() as query:
            conditions = [str(each.key_condition) for each in plan.operations if isinstance(each, Query)]
            yield from _lines("key condition", *_shorten(conditions))
            if query.descending:
                yield from _lines("order", "descending")
        case Scan(total_segments=segments, index=index):
            share = "" if segments is None else f", in {segments} segments at the same time"
            yield from _lines("reads", f"the whole {'table' if index is None else 'index'}{share}")
    if plan.operations[0].consistent:
        yield from _lines("consistent", "yes, at twice the read units")


def _describe_rate(operation: ReadOperation, units_per_second: float) -> str:
    """Return the limit and what it means for a large read, whose size a plan does not know."""
    units = _UNITS_OF_MB * (2 if operation.consistent else 1)
    rate = f"{units_per_second:g} read units per second"
    return rate if isinstance(operation, Get) else f"{rate}, so {units / units_per_second:.3g} s for each MB"


def _shorten(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"and {len(lines) - _SHOWN} more"]
