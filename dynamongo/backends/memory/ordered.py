"""Orders: values that are kept in order, and the intervals of them that are read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeAlias

from sortedcontainers import SortedList

MOST_IN_LIST: Final = 4_000
"""So many values are kept in a list, into which one more is inserted in less time than into a `SortedList`."""


class Bound(NamedTuple):
    """A place between values: just before the given one or, with `is_after`, just after it."""

    value: Any
    is_after: bool = False

    def place_in(self, values: list[Any]) -> int:
        """How many of the values, which are in order, come before it."""
        return bisect_right(values, self.value) if self.is_after else bisect_left(values, self.value)


class Interval(NamedTuple):
    """The values between two bounds; `None` is no bound."""

    low: Bound | None = None
    high: Bound | None = None

    def __contains__(self, value: object) -> bool:
        low, high = self
        return (low is None or low.place_in([value]) == 0) and (high is None or high.place_in([value]) == 1)

    def after(self, value: Any, *, descending: bool = False) -> Interval:
        """What is left of the interval to a reader that has come to a value."""
        return Interval(self.low, Bound(value)) if descending else Interval(Bound(value, is_after=True), self.high)


WHOLE: Final = Interval()


class _Top:
    """Greater than every value. `(x, TOP)` stands just after every tuple that starts with `x`."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "TOP"


TOP: Final = _Top()

_Values: TypeAlias = list[Any] | SortedList[Any]


class Order:
    """Different values in order.

    Most orders are short, and best kept in a list. To insert into that takes time in proportion to its length, and so
    a `SortedList` takes over from it.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Iterable[Any]) -> None:
        self._values: _Values = sorted(values)
        self._limit()

    def add(self, value: Any) -> None:
        """Take in a value that is not there."""
        if isinstance(self._values, SortedList):
            self._values.add(value)
        else:
            insort(self._values, value)
            self._limit()

    def remove(self, value: Any) -> None:
        """Take out a value that is there."""
        if isinstance(self._values, SortedList):
            self._values.remove(value)
        else:
            del self._values[bisect_left(self._values, value)]

    def select(self, within: Interval = WHOLE, *, descending: bool = False) -> Iterable[Any]:
        """The values in an interval, or those in reverse."""
        values = self._values
        if within is WHOLE:
            return reversed(values) if descending else values
        low, high = within
        if isinstance(values, SortedList):
            ends = None if low is None else low.value, None if high is None else high.value
            inclusive = low is None or not low.is_after, high is None or high.is_after
            return values.irange(*ends, inclusive=inclusive, reverse=descending)
        start = 0 if low is None else low.place_in(values)
        selected = values[start : len(values) if high is None else high.place_in(values)]
        return reversed(selected) if descending else selected

    def copy(self) -> Order:
        """An order of its own of the same values."""
        copied = Order(())
        copied._values = self._values.copy()
        return copied

    def _limit(self) -> None:
        if len(self._values) > MOST_IN_LIST:
            self._values = SortedList(self._values)
