"""`Lock`: a lock that processes on any machine share, with a lease."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import DynamongoError, LockNotAcquired
from dynamongo.executor import Sender, Steps
from dynamongo.locks.state import LockState

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.locks import async_verbs
else:  # programs that block need none of it
    async_verbs = LazyModule("dynamongo.locks.async_verbs")


class Lock(LockState):
    """A lock that processes on any machine share: one item of a table, with a lease that a heartbeat renews.

    `with Lock("nightly-import"):` waits until the lock is free, and `async with` does so without blocking the event
    loop. If the holder crashes, the lock is free when its lease has run out. A `Lock` is not reentrant, and serves one
    thread or task at a time: make one wherever it is used. Creating one does no I/O.

    Acquiring a lock that is free costs one write, as do every renewal and the release. Waiting for one costs one write
    and a consistent read for every look at it; taking it over costs another write.

    Args:
        name: The name of the lock; with `model`, any strategy for one item of it.
        lease: For how many seconds the lock is held unless its lease is renewed, such as after a crash.
        timeout: How many seconds to wait at most; `None` for as long as it takes, 0 not to wait.
        heartbeat: Whether the lease is renewed in the background until the lock is released, which is done whenever a
            third of it has passed; or after how many seconds it is. In a `with` block a thread does it, in an
            `async with` block a task, and on a memory backend with a virtual clock, the clock.
        poll: How many seconds pass at most between two looks at a lock that somebody else holds.
        owner: Who acquires the lock, for people; by default the host and the number of the process.
        model: The model of the item: `LockItem`, or one that is derived from `LockFields`.
        table: The name of another table of the model.

    Raises:
        ConfigurationError: An argument is none of these.

    >>> from dynamongo import Connection, Lock, LockItem
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> with Connection.using(MemoryBackend()):
    ...     LockItem.create_table()
    ...     with Lock("nightly-import", lease=30) as lock:
    ...         print(lock.is_held, Lock("nightly-import").try_acquire())
    True False
    """

    @property
    def aio(self) -> async_verbs.AsyncLockVerbs:
        """What makes requests, awaited: `await lock.aio.acquire()`."""
        return async_verbs.AsyncLockVerbs(self)

    def acquire(self, timeout: float | None = None) -> Self:
        """Acquire the lock, and return it.

        Args:
            timeout: How many seconds to wait at most; by default, as the lock says.

        Raises:
            LockNotAcquired: Somebody else has held it for all that time.
            ConfigurationError: This `Lock` is in use, or the item under its key is no lock.
        """
        attempt, backend = self.begin(timeout)
        connection = attempt.requests.connection
        try:
            connection.check_blocking(backend)
            hold = connection.run(attempt.steps, backend)
        except BaseException:
            try:
                if attempt.is_pending:
                    connection.run(attempt.abandon, backend)
            finally:
                self.fail(attempt)
            raise
        self.keep(hold, backend, in_task=False)
        return self

    def try_acquire(self) -> bool:
        """Acquire the lock without waiting; return whether it is held now."""
        try:
            self.acquire(timeout=0)
        except LockNotAcquired:
            return False
        return True

    def renew(self) -> None:
        """Begin a new lease now, where no heartbeat does it.

        Raises:
            LockLost: The lock is not held any more.
        """
        hold, backend = self.current()
        hold.check()
        _run(hold.requests.connection, hold.renew, backend)

    def release(self) -> None:
        """Release the lock.

        Raises:
            LockLost: It was not held any more.
        """
        hold, backend = self.end()
        _run(hold.requests.connection, hold.release, backend)

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _noting_failure(error):
            self.release()

    async def __aenter__(self) -> Self:
        await self.aio.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _noting_failure(error):
            await self.aio.release()


@contextlib.contextmanager
def _noting_failure(error: BaseException | None) -> Generator[None]:
    """Let the error of a `with` block pass if the release fails as well, with a note of that."""
    try:
        yield
    except DynamongoError as failure:
        if error is None:
            raise
        if sys.version_info >= (3, 11):
            error.add_note(f"and the lock could not be released: {failure}")


def _run(connection: Connection, steps: Callable[[Sender], Steps[None]], backend: Backend) -> None:
    connection.check_blocking(backend)
    connection.run(steps, backend)
