"""`WritePlan`: what a verb for many items is going to do, as `User.delete_many.explain(...)` shows it."""

from __future__ import annotations

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.planning.plan import Plan, Requests

_PER_ITEM = "one more for each item that is found"


@dataclass(frozen=True, slots=True)
class WritePlan:
    """How a verb for many items is executed. Print it to read it.

    It prints as follows, after the plan of its read, if there is one::

        Delete users
          writes         each item that is found, one request each
          checks again   city = 'Oslo' AND age > 18
          requests       1, and one more for each MB that is read, and one more for each item that is found

    Attributes:
        step: The kind of request and its table, such as `"BatchWrite users"`.
        per_request: How many items a request writes.
        writes: How many items are written, or `None` if that is only known after the read.
        read: The plan that finds the items, or `None` if they are known.
        check: What each write checks again, because its item may have changed after it was read.
        warnings: What the reader of the plan should know.
    """

    step: str
    per_request: int = 1
    writes: int | None = None
    read: Plan | None = None
    check: AnyCondition | None = None
    warnings: tuple[str, ...] = ()

    @property
    def requests(self) -> Requests:
        """How many requests are made, including those of the read."""
        if self.read is None:
            # Rounded up.
            count = -(-(self.writes or 0) // self.per_request)
            return Requests(count, "one more for each retry of unprocessed items" if self.per_request > 1 else None)
        reads = self.read.requests
        return Requests(reads.at_least, _PER_ITEM if reads.growth is None else f"{reads.growth}, and {_PER_ITEM}")

    def __str__(self) -> str:
        lines = [] if self.read is None else [str(self.read)]
        lines.append(self.step)
        writes = "each item that is found" if self.writes is None else f"{self.writes} items"
        share = f"{self.per_request} per request" if self.per_request > 1 else "one request each"
        lines.append(f"  writes         {writes}, {share}")
        if self.check is not None:
            lines.append(f"  checks again   {self.check}")
        lines.append(f"  requests       {self.requests}")
        lines += [f"  note           {warning}" for warning in self.warnings]
        return "\n".join(lines)
