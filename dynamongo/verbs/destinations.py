"""Where the items of a bulk write go, and how: fixed when a verb is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dynamongo._support.dataclasses import dataclass, field
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.arguments import check_capacity_units
from dynamongo.backends import Backend
from dynamongo.connection.clocks import writing_to
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.values import shorten
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.verbs.progress import ProgressOption

if TYPE_CHECKING:
    from dynamongo.executor import rate_limits
    from dynamongo.executor.rate_limits import RateLimit
else:  # few writes are slowed down
    rate_limits = LazyModule("dynamongo.executor.rate_limits")

M = TypeVar("M", bound=Recorded)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Destination(Generic[M]):
    """Where items are written, fixed when a verb is called: a `using` block that is opened later changes nothing.

    Attributes:
        mapper: The mapper of the model.
        table: The full name of the table.
        connection: The connection that executes the writes.
        backend: The backend.
    """

    mapper: Mapper[M]
    table: str
    connection: Connection
    backend: Backend

    def build(self, make: Callable[..., T], *arguments: Any) -> T:
        """Return what the function returns, which makes a write, by the clock of the backend."""
        if self.mapper.rules is None:
            return make(*arguments)
        with writing_to(self.backend):
            return make(*arguments)


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How items are written.

    Attributes:
        max_workers: How many requests run at the same time at most; by default, as many as suit the backend.
        progress: Where progress is reported.
        max_units_per_second: How many write units to consume per second at most.
        limit: What spreads the requests over time, if there are to be no more units per second. All that is written
            with the same options shares it.
    """

    max_workers: int | None = None
    progress: ProgressOption = None
    max_units_per_second: float | None = None
    limit: RateLimit | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rate = check_capacity_units("bulk write", "max_units_per_second", self.max_units_per_second)
        # A frozen dataclass refuses plain assignment.
        object.__setattr__(self, "limit", None if rate is None else rate_limits.RateLimit(rate))
        if self.max_workers is not None and (type(self.max_workers) is not int or self.max_workers < 1):
            raise ExpressionError(f"max_workers must be an int >= 1; got {shorten(self.max_workers)}")
