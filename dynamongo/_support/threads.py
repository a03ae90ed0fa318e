"""Several iterators at work at once, each in a thread of its own, and their results as one stream.

The threads are daemons, so that a stream that is left open never keeps a program from ending: at the end of the
interpreter nobody joins them, and no request follows those that are under way. `concurrent.futures` joins its threads
there, whatever they wait for.

All queues are `SimpleQueue`s, whose methods a signal cannot interrupt half-way: Ctrl-C may strike between any two
steps of the reader, and loses no message and no lock.
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
    """A source is at its end, because of the error if there is one."""

    error: BaseException | None = None


_PATIENCE = 0.5
"""How many seconds a stream that is closed waits for what is under way."""

_Message: TypeAlias = _Result[T] | _End


def merge(sources: Iterable[Iterator[T]], workers: int, on_stop: Callable[[], None] | None = None) -> Generator[T]:
    """Yield the results of all sources as they come, with at most `workers` of the sources at work at once.

    Sources are taken from the iterable as workers become free, in the caller's thread; with one worker everything
    runs there, one source after the other. A source that is ahead of the reader waits for it.

    The first error stops all sources, each after the result it is at work on, and is raised when they have stopped;
    what they still come to is dropped. So does an interruption such as Ctrl-C; a second one does not wait for them, and
    neither does the end of the interpreter. Closing the generator (a `break`, an error in the reader's loop) waits for
    half a second, and abandons what takes longer: such an error may be what ends the program.

    Args:
        sources: What is to be merged.
        workers: How many sources are at work at once.
        on_stop: Called when the sources are to stop early, before they are waited for.
    """
    if workers == 1:
        for source in sources:
            yield from source
    else:
        yield from _merge_threads(iter(sources), workers, on_stop)


def _merge_threads(sources: Iterator[Iterator[T]], workers: int, on_stop: Callable[[], None] | None) -> Generator[T]:
    crew = _Crew[T](workers)
    active = 0
    is_over = False
    patience = None
    try:
        while True:
            while active < workers and (source := next(sources, None)) is not None:
                if crew.take(source, active):
                    active += 1
                else:
                    yield from source
            if not active:
                is_over = True
                return
            message = crew.messages.get()
            if isinstance(message, _Result):
                crew.room.put(None)
                yield message.value
                continue
            active -= 1
            if message.error is not None:
                raise message.error
    except GeneratorExit:
        patience = _PATIENCE
        raise
    finally:
        if not sys.is_finalizing():  # there, the threads are frozen, with whatever locks they hold
            crew.stop(None if is_over else on_stop, patience)


class _Crew(Generic[T]):
    """The threads that draw from sources, on behalf of one reader.

    Attributes:
        messages: What the sources come to.
        room: A token for each result that may be made before the reader has taken another one.
    """

    def __init__(self, workers: int) -> None:
        self.messages: SimpleQueue[_Message[T]] = SimpleQueue()
        self.room: SimpleQueue[None] = SimpleQueue()
        for _ in range(2 * workers):
            self.room.put(None)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_stopping = False

    def take(self, source: Iterator[T], active: int) -> bool:
        """Draw from the source in a thread; return whether there is one for it."""
        if active == len(self._threads) and not self._start_thread():
            return False
        context = contextvars.copy_context()
        self._jobs.put(lambda: context.run(self._draw, source))
        return True

    def stop(self, on_stop: Callable[[], None] | None, patience: float | None) -> None:
        """Let every source finish the result that it is at work on, and wait for that, so many seconds if given."""
        self._is_stopping = True
        if on_stop is not None:
            on_stop()
        for _ in self._threads:
            self.room.put(None)
            self._jobs.put(None)
        deadline = None if patience is None else time.monotonic() + patience
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():  # where it collects the generator
                thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def _start_thread(self) -> bool:
        thread = threading.Thread(target=self._work, name=f"dynamongo_{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        try:
            thread.start()
        except RuntimeError:  # there are too many threads, or the interpreter is about to end
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
            self.room.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where the results are read
            end = _End(error)
        finally:
            self.messages.put(end)

    def _has_room(self) -> bool:
        """Wait until the reader has room for one more result; return whether one is still wanted."""
        self.room.get()
        return not self._is_stopping
