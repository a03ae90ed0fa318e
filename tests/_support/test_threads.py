"""Several iterators at work at once."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator

import pytest

from dynamongo._support.threads import merge

WORKERS = pytest.mark.parametrize("workers", [1, 2, 8])


def numbers(first: int, count: int) -> Iterator[int]:
    yield from range(first, first + count)


def threads() -> int:
    return sum(thread.name.startswith("dynamongo") for thread in threading.enumerate())


@WORKERS
def test_every_result_of_every_source_comes_once(workers: int) -> None:
    found = list(merge((numbers(first, 10) for first in range(0, 200, 10)), workers))
    assert sorted(found) == list(range(200))


@WORKERS
def test_results_of_one_source_keep_their_order(workers: int) -> None:
    found = list(merge([numbers(0, 50), numbers(100, 50), numbers(200, 50)], workers))
    for start in (0, 100, 200):
        assert [number for number in found if start <= number < start + 50] == list(range(start, start + 50))


@WORKERS
def test_no_sources_give_nothing(workers: int) -> None:
    assert list(merge([], workers)) == []


def test_one_worker_runs_in_the_callers_thread() -> None:
    assert next(merge([iter(threading.current_thread, None)], 1)) is threading.current_thread()


def test_sources_are_at_work_at_the_same_time() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def source() -> Iterator[int]:
        yield barrier.wait()

    assert sorted(merge([source() for _ in range(4)], 4)) == [0, 1, 2, 3]


def test_no_more_sources_are_taken_than_there_are_workers() -> None:
    taken: list[int] = []

    def sources() -> Iterator[Iterator[int]]:
        for number in range(10):
            taken.append(number)
            yield numbers(number, 1)

    stream = merge(sources(), 3)
    next(stream)
    assert len(taken) <= 4
    stream.close()


def test_source_that_is_ahead_waits_for_the_reader() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1_000):
            made.append(number)
            yield number

    stream = merge([source()], 2)
    next(stream)
    assert len(made) <= 5
    stream.close()


@WORKERS
def test_first_error_is_raised_once_and_stops_all_sources(workers: int) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(merge([failing(), failing(), iter(int, 1)], workers))
    assert threads() == 0


def test_closing_the_stream_leaves_no_thread_behind() -> None:
    stream = merge([iter(int, 1) for _ in range(8)], 8)
    next(stream)
    assert threads() > 0
    stream.close()
    assert threads() == 0


def test_error_of_what_gives_the_sources_stops_the_workers() -> None:
    def sources() -> Iterator[Iterator[int]]:
        yield numbers(0, 3)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(merge(sources(), 4))
    assert threads() == 0


def test_sources_see_the_context_of_the_reader() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    variable.set("set")

    def source() -> Iterator[str]:
        yield variable.get()

    assert list(merge([source(), source()], 2)) == ["set", "set"]


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_where_no_thread_can_be_started_the_reader_does_the_work(allowed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    start, left = threading.Thread.start, iter(range(allowed))

    def refuse(thread: threading.Thread) -> None:
        if next(left, None) is None:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    found = list(merge((numbers(first, 10) for first in range(0, 200, 10)), 4))
    assert sorted(found) == list(range(200))
    assert threads() == 0


def test_sources_are_asked_to_stop_when_the_stream_is_left_and_not_at_its_end() -> None:
    told: list[str] = []
    assert len(list(merge([numbers(0, 3), numbers(3, 3)], 2, lambda: told.append("end")))) == 6
    assert told == []
    stream = merge([iter(int, 1), iter(int, 1)], 2, lambda: told.append("left"))
    next(stream)
    stream.close()
    assert told == ["left"]


def test_stream_that_is_left_abandons_what_takes_too_long() -> None:
    going_on = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        going_on.wait()

    stream = merge([source(), source()], 2)
    next(stream)
    stream.close()
    assert threads() > 0
    going_on.set()
    for thread in threading.enumerate():
        if thread.name.startswith("dynamongo"):
            thread.join()
    assert threads() == 0
