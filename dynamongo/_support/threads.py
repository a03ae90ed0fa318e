"""Run several iterators concurrently, each in its own thread, and merge their results into one stream.

The threads are daemons, so that an open stream never keeps a program from ending: the interpreter does not join them,
and they send no request after those in flight. `concurrent.futures` would join its threads, whatever they wait for.

All queues are `SimpleQueue`s, whose methods no signal can interrupt half-way: Ctrl-C may arrive between any two steps
of the reader without losing a message or a lock.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeAlias, TypeVar

from dynamongo._support.dataclasses import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Result(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _End:
    """A source is exhausted, or has raised the error."""

    error: BaseException | None = None


_PATIENCE = 0.5
"""How many seconds a closed stream waits for results in progress."""

_Message: TypeAlias = _Result[T] | _End


def merge(sources: Iterable[Iterator[T]], workers: int, on_stop: Callable[[], None] | None = None) -> Generator[T]:
    """Yield the results of all sources as they arrive, running at most `workers` sources at once.

    Sources are taken from the iterable as workers become free, in the caller's thread; with one worker everything
    runs there, one source after the other. A source that is ahead of the reader waits for it.

    The first error stops all sources, each after its result in progress, and is raised when they have stopped; their
    remaining results are dropped. An interruption such as Ctrl-C does the same; after a second one nobody waits for
    the sources, and neither does the interpreter when it ends. Closing the generator (a `break`, an error in the
    reader's loop) waits for half a second and abandons what takes longer, since that error may end the program.

    Args:
        sources: The iterators to merge.
        workers: How many sources run at once.
        on_stop: Called when the sources have to stop early, before waiting for them.
    """
    if workers == 1:
        for source in sources:
            yield from source
    else:
        yield from _merge_threads(iter(sources), workers, on_stop)


def _merge_threads(sources: Iterator[Iterator[T]], workers: int, on_stop: Callable[[], None] | None) -> Generator[T]:
    crew = _Crew[T](workers)
    patience = None
    try:
        while True:
            while crew.active < workers and (source := next(sources, None)) is not None:
                if not crew.take(source):  # no thread can be started: this one does the work
                    yield from source
            if not crew.active:
                on_stop = None  # all sources ended by themselves: there is nothing to stop
                return
            message = crew.messages.get()
            if isinstance(message, _Result):
                crew.room.put(None)
                yield message.value
                continue
            crew.active -= 1
            if message.error is not None:
                raise message.error
    except GeneratorExit:
        patience = _PATIENCE
        raise
    finally:
        if not sys.is_finalizing():  # then, the threads are frozen, and may hold locks
            crew.stop(on_stop, patience)


class _Crew(Generic[T]):
    """The threads that draw from sources for one reader.

    Attributes:
        active: How many sources are running.
        messages: The results and ends of the sources.
        room: A token for each result that may be produced ahead of the reader.
    """

    def __init__(self, workers: int) -> None:
        self.active = 0
        self.messages: SimpleQueue[_Message[T]] = SimpleQueue()
        self.room: SimpleQueue[None] = SimpleQueue()
        for _ in range(2 * workers):
            self.room.put(None)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_stopping = False

    def take(self, source: Iterator[T]) -> bool:
        """Draw from the source in a thread; return `False` if none is free and none can be started."""
        if self.active == len(self._threads) and not self._start_thread():
            return False
        self.active += 1
        context = contextvars.copy_context()  # two threads cannot be in one context at once
        self._jobs.put(lambda: context.run(self._draw, source))
        return True

    def stop(self, on_stop: Callable[[], None] | None, patience: float | None) -> None:
        """Stop every source after its result in progress; wait for `patience` seconds at most, if given."""
        self._is_stopping = True
        if on_stop is not None:
            on_stop()
        for _ in self._threads:
            self.room.put(None)
            self._jobs.put(None)
        deadline = None if patience is None else time.monotonic() + patience
        for thread in self._threads:
            # The current thread is a worker if the generator is garbage-collected there.
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def _start_thread(self) -> bool:
        thread = threading.Thread(target=self._work, name=f"dynamongo_{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        try:
            thread.start()
        except RuntimeError:  # too many threads, or the interpreter is ending
            self._threads.pop()
            return False
        return True

    def _work(self) -> None:
        for draw in iter(self._jobs.get, None):
            draw()

    def _draw(self, source: Iterator[T]) -> None:
        end = _End()
        try:
            while self._has_room():
                self.messages.put(_Result(next(source)))
        except StopIteration:
            self.room.put(None)  # the token that was taken for one more result
        except BaseException as error:  # noqa: BLE001 - the reader raises it
            end = _End(error)
        finally:
            self.messages.put(end)

    def _has_room(self) -> bool:
        """Wait until the reader has room for one more result; return whether it still wants one."""
        self.room.get()
        return not self._is_stopping
