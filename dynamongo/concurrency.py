"""Several iterators at work at once, each in a thread of its own, and their results as one stream."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Generator, Iterable, Iterator
from queue import Queue
from typing import Generic, TypeAlias, TypeVar

from dynamongo.frozen import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Result(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _End:
    """A source is at its end, because of the error if there is one."""

    error: BaseException | None = None


_Message: TypeAlias = _Result[T] | _End


def merge(sources: Iterable[Iterator[T]], workers: int) -> Generator[T]:
    """The results of all sources as they come, with at most `workers` of the sources at work at once.

    Sources are taken from the iterable as workers become free, in the caller's thread; with one worker everything
    runs there, one source after the other. A source that is ahead of the reader waits for it. The first error stops
    all sources, each after the result it is at work on, and is raised when they have stopped; what they still come to
    is dropped. So does closing the generator: no thread is left behind.
    """
    if workers == 1:
        for source in sources:
            yield from source
    else:
        yield from _merge_threads(iter(sources), workers)


def _merge_threads(sources: Iterator[Iterator[T]], workers: int) -> Generator[T]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - in memory there is one worker

    messages: Queue[_Message[T]] = Queue(maxsize=workers)
    stopping = threading.Event()
    active = 0
    with ThreadPoolExecutor(workers, thread_name_prefix="dynamongo") as pool:
        try:
            while True:
                while active < workers and (source := next(sources, None)) is not None:
                    pool.submit(contextvars.copy_context().run, _work, source, messages, stopping)
                    active += 1
                if not active:
                    return
                message = messages.get()
                if isinstance(message, _Result):
                    yield message.value
                    continue
                active -= 1
                if message.error is not None:
                    raise message.error
        finally:
            stopping.set()
            while active:
                active -= isinstance(messages.get(), _End)


def _work(source: Iterator[T], messages: Queue[_Message[T]], stopping: threading.Event) -> None:
    end = _End()
    try:
        while not stopping.is_set():
            messages.put(_Result(next(source)))
    except StopIteration:
        pass
    except BaseException as error:  # noqa: BLE001 - it is raised where the results are read
        end = _End(error)
    finally:
        messages.put(end)
