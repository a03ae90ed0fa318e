"""Plans: what the planner decided, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from dynamongo.conditions import EQ, Comparison, Condition, Path
from dynamongo.operations import BatchGet, Get, Query, Scan
from dynamongo.values import Item

_SHOWN = 3

Read: TypeAlias = Get | BatchGet | Query | Scan


@dataclass(frozen=True, slots=True)
class Plan:
    """How a read is served.

    Attributes:
        operations: What is executed, in this order: one Get, one BatchGet of any number of keys (sent in chunks),
            one or more queries, or one Scan (both sent page by page). None where nothing can match.
        residual: What is evaluated on the items that come back.
        order_by: The key attributes that the result is sorted by, where the store's own order does not serve.
        descending: Whether the order is reversed.
        limit: How many items are returned at most.
    """

    operations: tuple[Read, ...]
    residual: Condition | None = None
    order_by: tuple[str, ...] = ()
    descending: bool = False
    limit: int | None = None

    @property
    def keys(self) -> tuple[Item, ...] | None:
        """The keys of the plan's items, where they are known without reading and no other condition applies."""
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
        """The scan of the whole table that the plan comes down to, if it does."""
        first = self.operations[0] if self.operations else None
        return first if isinstance(first, Scan) else None

    def __str__(self) -> str:
        if not self.operations:
            return "Nothing: the condition can match no item, so no request is made"
        lines = [line for operation in self.operations[:_SHOWN] for line in _describe(operation)]
        if len(self.operations) > _SHOWN:
            lines.append(f"and {len(self.operations) - _SHOWN} more of the kind")
        if self.residual is not None:
            lines.append(f"  residual       {self.residual}")
        if self.order_by:
            lines.append(f"  sorted by      {', '.join(self.order_by)}{' descending' if self.descending else ''}")
        if self.limit is not None:
            lines.append(f"  limit          {self.limit}")
        return "\n".join(lines)


def _describe(operation: Read) -> Iterator[str]:
    yield f"{type(operation).__name__} {operation.table}"
    match operation:
        case Get(key=key):
            yield f"  key            {describe_key(key)}"
        case BatchGet(keys=keys):
            shown = [describe_key(key) for key in keys[:_SHOWN]]
            more = f" and {len(keys) - len(shown)} more" if len(keys) > len(shown) else ""
            yield f"  keys           {'; '.join(shown)}{more}"
        case Query(key_condition=condition):
            yield f"  key condition  {condition}"
            if operation.descending:
                yield "  order          descending"
            yield from _describe_filter(operation.filter)
        case Scan():
            yield "  reads          the whole table"
            yield from _describe_filter(operation.filter)


def describe_key(key: Item) -> str:
    """The key as people read it, such as `email = 'x' AND day = 3`."""
    return " AND ".join(str(Comparison(Path(name), EQ, value)) for name, value in key.items())


def _describe_filter(condition: Condition | None) -> Iterator[str]:
    if condition is not None:
        yield f"  filter         {condition}"
