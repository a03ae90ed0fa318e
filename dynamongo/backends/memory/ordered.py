"""Ordered values, and the intervals of them that are read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dynamongo._support.dataclasses import dataclass

if TYPE_CHECKING:
    from sortedcontainers import SortedList

MOST_IN_LIST: Final = 4_000
"""Up to this length, inserting into a list is faster than inserting into a `SortedList`."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place between values: just before `value` or, with `is_after`, just after it."""

    value: Any
    is_after: bool = False

    def place_in(self, values: list[Any]) -> int:
        """Return how many of the sorted values come before the boundary."""
        return bisect_right(values, self.value) if self.is_after else bisect_left(values, self.value)


@dataclass(frozen=True, slots=True)
class Interval:
    """The values between two boundaries; `None` leaves that end open."""

    low: Boundary | None = None
    high: Boundary | None = None

    def __contains__(self, value: object) -> bool:
        low, high = self.low, self.high
        # In a list of this value alone, no value comes before `low`, and one comes before `high`.
        return (low is None or low.place_in([value]) == 0) and (high is None or high.place_in([value]) == 1)

    def after(self, value: Any, *, descending: bool = False) -> Interval:
        """Return the rest of the interval, for a reader that has reached a value."""
        if descending:
            return Interval(self.low, Boundary(value))
        return Interval(Boundary(value, is_after=True), self.high)


WHOLE: Final = Interval()


class _Top:
    """Compares greater than every value, so that `(x, TOP)` sorts after every tuple that starts with `x`.

    Sorting and bisecting use `<` only; where the left value knows no `TOP`, Python tries `TOP > left`.
    """

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "TOP"


TOP: Final = _Top()

_Values: TypeAlias = "list[Any] | SortedList[Any]"


class Order:
    """Distinct values in order.

    Inserting into a list takes time in proportion to its length, so a `SortedList` replaces a list that grows long.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Iterable[Any]) -> None:
        self._values: _Values = sorted(values)
        self._limit()

    def add(self, value: Any) -> None:
        """Add a value that is not there."""
        if isinstance(self._values, list):
            insort(self._values, value)
            self._limit()
        else:
            self._values.add(value)

    def remove(self, value: Any) -> None:
        """Remove a value that is there."""
        if isinstance(self._values, list):
            del self._values[bisect_left(self._values, value)]
        else:
            self._values.remove(value)

    def select(self, within: Interval = WHOLE, *, descending: bool = False) -> Iterable[Any]:
        """Return the values in an interval, in order or in reverse."""
        values = self._values
        if within is WHOLE:  # no copy is needed: nothing changes a view while it is read
            return reversed(values) if descending else values
        low, high = within.low, within.high
        if not isinstance(values, list):
            # `irange` takes values, not boundaries: the low one is included if its boundary lies before it, and the
            # high one if its boundary lies after it.
            ends = None if low is None else low.value, None if high is None else high.value
            inclusive = low is None or not low.is_after, high is None or high.is_after
            return values.irange(*ends, inclusive=inclusive, reverse=descending)
        start = 0 if low is None else low.place_in(values)
        selected = values[start : len(values) if high is None else high.place_in(values)]
        return reversed(selected) if descending else selected

    def copy(self) -> Order:
        """Return an independent copy."""
        copied = Order(())
        copied._values = self._values.copy()
        return copied

    def _limit(self) -> None:
        if len(self._values) > MOST_IN_LIST:
            from sortedcontainers import SortedList  # noqa: PLC0415 - slow to import, and few tests store that many items

            self._values = SortedList(self._values)
