"""Partitions compared with `SortedDict`, whatever their size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sortedcontainers import SortedDict

from dynamongo.backends.memory import ordered, partitions
from dynamongo.backends.memory.ordered import TOP, WHOLE, Boundary, Interval
from dynamongo.backends.memory.partitions import Partition, Stored

bare = st.integers(0, 30)
tuples = st.tuples(st.integers(0, 5), st.text("ab", max_size=2))


@pytest.fixture(scope="module", autouse=True)
def small_lists() -> Iterator[None]:
    """Let sorted lists replace plain ones at a length that tests soon reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "MOST_IN_LIST", 6)
        patch.setattr(partitions, "MOST_IN_LIST", 6)
        yield


def bounds(sorts: st.SearchStrategy[Any]) -> st.SearchStrategy[Boundary]:
    whole = st.builds(Boundary, sorts, st.booleans())
    first = st.builds(lambda sort, is_after: Boundary((sort[0], TOP) if is_after else sort[:1]), tuples, st.booleans())
    return whole | first if sorts is tuples else whole


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[str, Any]], list[tuple[Interval, bool]]]:
    """Operations on a partition, each followed by reads."""
    sorts = draw(st.sampled_from([bare, tuples]))
    steps = st.tuples(st.sampled_from(["put", "put", "discard", "read", "copy"]), sorts)
    ends = st.none() | bounds(sorts)
    reads = st.tuples(st.builds(Interval, ends, ends), st.booleans())
    return draw(st.lists(steps, max_size=40)), draw(st.lists(reads, max_size=4))


def read_expected(expected: SortedDict[Any, Stored], within: Interval, *, descending: bool) -> list[Stored]:
    read = [entry for sort, entry in expected.items() if sort in within]
    return read[::-1] if descending else read


@given(histories())
def test_partition_is_a_sorted_dict(history: tuple[list[tuple[str, Any]], list[tuple[Interval, bool]]]) -> None:
    steps, reads = history
    expected: SortedDict[Any, Stored] = SortedDict()
    partition = Partition()
    copies: list[tuple[Partition, list[Stored]]] = []
    for what, sort in steps:
        if what == "put":
            entry = Stored({}, 1)
            if sort in expected:
                partition.entries[sort] = entry
            else:
                partition.insert(sort, entry)
            expected[sort] = entry
        elif what == "discard" and sort in expected:
            assert partition.discard(sort) is expected.pop(sort)
        elif what == "read":
            assert list(partition.read()) == list(expected.values())
        elif what == "copy":
            copies.append((partition.copy(), list(expected.values())))
    for within, descending in [*reads, (WHOLE, False), (WHOLE, True)]:
        assert list(partition.read(within, descending=descending)) == read_expected(
            expected, within, descending=descending
        )
    assert (len(partition), partition.entries) == (len(expected), dict(expected))
    for copied, entries in copies:
        assert list(copied.read()) == entries


ENDS = [None, *(Boundary(value, is_after) for value in (3, 4, 11) for is_after in (False, True))]


@pytest.mark.parametrize("count", [3, 8])
@pytest.mark.parametrize("high", ENDS, ids=str)
@pytest.mark.parametrize("low", ENDS, ids=str)
def test_short_and_long_orders_are_read_alike(count: int, low: Boundary | None, high: Boundary | None) -> None:
    expected: SortedDict[Any, Stored] = SortedDict({sort: Stored({}, 1) for sort in range(0, 2 * count, 2)})
    partition = Partition()
    for sort, entry in expected.items():
        partition.insert(sort, entry)
    for descending in (False, True):
        within = Interval(low, high)
        read = list(partition.read(within, descending=descending))
        assert read == read_expected(expected, within, descending=descending)


@given(histories().map(lambda history: history[1]), st.lists(bare | tuples))
def test_sort_is_in_an_interval_if_it_is_between_the_boundaries(reads: Any, sorts: list[Any]) -> None:
    for within, _ in reads:
        low, high = within.low, within.high
        for sort in sorts:
            if all(bound is None or isinstance(bound.value, type(sort)) for bound in (low, high)):
                above = low is None or low.value < sort or (low.value == sort and not low.is_after)
                below = high is None or sort < high.value or (high.value == sort and high.is_after)
                assert (sort in within) is (above and below)
