"""The memory backend: a store, a lock around every operation, and what tests add: clock, faults, lag, snapshots."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.forks import BACKEND, make_lock
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.backends.base import Limits, note_unsent
from dynamongo.backends.memory.clock import Clock, VirtualClock, pass_time, pass_time_async, switch_tasks
from dynamongo.backends.memory.executors import EXECUTORS, REFUSALS, find_executor, translate_refusal
from dynamongo.backends.memory.lifecycle import find_described
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.ttl import delete_expired
from dynamongo.backends.memory.writes import write
from dynamongo.exceptions import (
    ConfigurationError,
    ExpressionError,
    InvalidRequestError,
    ValidationError,
)
from dynamongo.expressions.values import hidden_values, shorten
from dynamongo.operations import Operation, Put, TransactWrite

if TYPE_CHECKING:
    from dynamongo.backends.memory import faults as injected
    from dynamongo.backends.memory import lag as lagging
    from dynamongo.backends.memory import snapshot_files
else:  # few tests inject faults, have a lag, or read and write files
    injected = LazyModule("dynamongo.backends.memory.faults")
    lagging = LazyModule("dynamongo.backends.memory.lag")
    snapshot_files = LazyModule("dynamongo.backends.memory.snapshot_files")

R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The contents of a memory backend at one moment; any memory backend can restore it."""

    store: Store


class MemoryBackend:
    """Keeps tables in memory and answers as DynamoDB would.

    Every operation is atomic, including transactions, and may be called from any thread. The backend refuses what it
    does not support. Nothing happens in the background: an expired item stays, as on DynamoDB it may for days, until
    `expire` is called. An item in a result is the one in the store and must not be changed; models copy it.

    Args:
        clock: Returns the time in seconds since the epoch, for the tokens of transactions, `expire` and `wait`. With a
            `VirtualClock` nothing ever sleeps.
        faults: The faults to inject.
        lag: How many seconds eventually consistent reads, including all reads of global indexes, are behind. On
            DynamoDB it is usually less than a second; here it is exact, so that a test reveals code that relies on
            reading its own writes.

    Attributes:
        clock: The clock.
        monotonic: Returns the time that waits and slow responses take: the virtual clock's, else `time.monotonic`.
        call_later: That of a virtual clock; `None` with any other.

    >>> from dynamongo.operations import CreateTable, Get, Put
    >>> from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
    >>> backend = MemoryBackend()
    >>> backend.execute(CreateTable(TableSchema("users", KeySchema(KeyAttribute("email", "S"))))).status
    'ACTIVE'
    >>> backend.execute(Put("users", {"email": "a@b.c", "age": 40})).consumed
    Capacity(read_units=0.0, write_units=1.0)
    >>> backend.execute(Get("users", {"email": "a@b.c"})).item
    {'email': 'a@b.c', 'age': 40}
    """

    name = "memory"
    is_local = True
    limits = Limits(concurrency=1)  # threads gain nothing where a lock surrounds every operation

    def __init__(
        self, *, clock: Clock = time.time, faults: injected.FaultPlan | None = None, lag: float | None = None
    ) -> None:
        if not callable(cast("object", clock)):
            raise ConfigurationError(
                f"clock must return the time in seconds, as time.time or a VirtualClock does; got {shorten(clock)}"
            )
        self.clock = clock
        self.monotonic = clock.now if isinstance(clock, VirtualClock) else time.monotonic
        self.call_later = clock.call_later if isinstance(clock, VirtualClock) else None
        self._faults = faults
        self._store = Store()
        self._lag: lagging.Lag | None = None if lag is None else lagging.Lag(lag, self._store)
        self._lock = make_lock(BACKEND)

    @property
    def faults(self) -> injected.FaultPlan:
        """The plan of the faults to inject. Schedule more on it, or replace it by another plan."""
        with self._lock:  # two threads must not make two plans
            if self._faults is None:
                self._faults = injected.FaultPlan()
            return self._faults

    @faults.setter
    def faults(self, plan: injected.FaultPlan) -> None:
        self._faults = plan

    def assert_faults_hit(self) -> None:
        """Assert that every scheduled fault was hit.

        Raises:
            FaultNotHit: A fault was hit less often than scheduled.
        """
        if self._faults is not None:
            self._faults.assert_hit()

    def execute(self, operation: Operation[R], seconds: float | None = None) -> R:
        """Execute one operation atomically and return its result; raise errors as `dynamongo.backends.Backend` does.

        Args:
            operation: The operation.
            seconds: How long the caller waits; a response that takes longer (`Fault.slow`) is lost.
        """
        if self._faults is not None and self._faults.is_active:
            return self._execute_with(self._faults, operation, seconds)
        executor = EXECUTORS.get(type(operation)) or find_executor(operation)  # one call less, in every operation
        try:
            # The usual case, the last, is written out: another layer of calls would slow down all operations.
            if self._lag is not None or type(operation) is TransactWrite:
                return self._execute(executor, operation)  # type: ignore[no-any-return]  # executors are in a dict
            with self._lock:
                return executor(self._store, operation)  # type: ignore[no-any-return]  # as above
        except REFUSALS as error:
            raise translate_refusal(error) from error

    async def execute_async(self, operation: Operation[R], seconds: float | None = None) -> R:
        """Execute one operation as `execute` does, after other tasks of the event loop have gone on.

        Tasks take turns before each operation, as they would while a request is under way: so what two of them read
        and write is interleaved as in production.

        If the task is cancelled at that moment, the operation is not executed, and `was_sent` of the `CancelledError`
        is `False`. If it is cancelled during a slow response, the operation is executed: as its faults let it.
        """
        try:
            await switch_tasks()
        except BaseException as error:
            note_unsent(error)
            raise
        if self._faults is None or not self._faults.is_active:
            return self.execute(operation, seconds)
        call = self._begin_with(self._faults, operation, seconds)
        if call.delay:
            with call.interruptible():
                await pass_time_async(self.clock, call.delay)
        return self._respond(call)

    def _execute_with(self, plan: injected.FaultPlan, operation: Operation[R], seconds: float | None) -> R:
        call = self._begin_with(plan, operation, seconds)
        if call.delay:
            with call.interruptible():
                pass_time(self.clock, call.delay)  # without the lock, so that other threads go on
        return self._respond(call)

    def _begin_with(
        self, plan: injected.FaultPlan, operation: Operation[R], seconds: float | None
    ) -> injected.FaultyCall[R]:
        execute = partial(self._execute, find_executor(operation), operation)
        try:
            faults = plan.take(operation)
        except REFUSALS as error:  # of a key that it compares
            raise translate_refusal(error) from error
        return injected.FaultyCall(faults, operation, execute, seconds)

    @staticmethod
    def _respond(call: injected.FaultyCall[R]) -> R:
        try:
            return call.respond()
        except REFUSALS as error:
            raise translate_refusal(error) from error

    def _execute(self, executor: Callable[..., Any], operation: Operation[Any], *skipped: Collection[int]) -> Any:
        """Execute an operation under the lock, and read the clock before: it may be code that uses the backend.

        A fault passes the positions of the parts of a batch that are to be `skipped`, and so left unprocessed.
        """
        # Nothing else goes by the time: transactions have tokens that expire, and a lag delays changes.
        now = self.clock() if self._lag is not None or type(operation) is TransactWrite else None
        with self._lock:
            if now is not None:
                self._store.advance_to(now)
            if self._lag is None:
                return executor(self._store, operation, *skipped)
            result = executor(self._lag.store_for(operation), operation, *skipped)
            self._lag.after(operation)
            return result

    def expire(self, now: float | None = None) -> int:
        """Delete all expired items, and return their number.

        An item has expired if its time to live attribute is a number less than `now`, which is in seconds since the
        epoch and defaults to the clock's time. As on DynamoDB, an item that expired more than five years ago stays,
        since its number is probably no time at all.

        >>> from dynamongo.operations import CreateTable, Put, UpdateTimeToLive
        >>> from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
        >>> backend = MemoryBackend(clock=lambda: 1_800_000_000.0)
        >>> created = backend.execute(CreateTable(TableSchema("sessions", KeySchema(KeyAttribute("id", "S")))))
        >>> backend.execute(UpdateTimeToLive("sessions", "until"))
        TimeToLive(attribute='until')
        >>> written = backend.execute(Put("sessions", {"id": "a", "until": 1_800_000_060}))
        >>> backend.expire(), backend.expire(1_800_000_061), backend.expire(1_800_000_061)
        (0, 1, 0)
        """
        current = self.clock()  # outside the lock, as in `_execute`
        at = current if now is None else now
        with self._lock:
            self._store.advance_to(current)
            return sum(delete_expired(table, at) for table in self._store.tables.values())

    def snapshot(self) -> Snapshot:
        """Return the present contents of all tables, for `restore`. This is cheap: items are never copied."""
        with self._lock:
            return Snapshot(self._store.fork())

    def restore(self, snapshot: Snapshot) -> None:
        """Replace all contents by those of a snapshot, which may be restored any number of times.

        >>> from dynamongo.operations import CreateTable, DescribeTable, Put
        >>> from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
        >>> backend = MemoryBackend()
        >>> created = backend.execute(CreateTable(TableSchema("users", KeySchema(KeyAttribute("id", "S")))))
        >>> empty = backend.snapshot()
        >>> written = backend.execute(Put("users", {"id": "a"}))
        >>> backend.execute(DescribeTable("users")).item_count
        1
        >>> backend.restore(empty)
        >>> backend.execute(DescribeTable("users")).item_count
        0
        """
        with self._lock:
            now, self._store = self._store.now, snapshot.store.fork()
            self._store.advance_to(now)  # the snapshot is older, but a store's time never goes back
            if self._lag is not None:
                self._lag.follow(self._store)

    def fork(self) -> MemoryBackend:
        """Return an independent backend with the same contents, clock and lag, and without faults."""
        forked = MemoryBackend(clock=self.clock, lag=None if self._lag is None else self._lag.seconds)
        forked.restore(self.snapshot())
        return forked

    def __copy__(self) -> MemoryBackend:
        return self.fork()

    def __deepcopy__(self, memo: dict[int, Any]) -> MemoryBackend:
        return self.fork()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a MemoryBackend cannot be pickled: `dump` writes a table to a file, and `load` reads it")

    def dump(self, path: snapshot_files.AnyPath, table: str | None = None) -> int:
        """Write the items of a table to a file, in the format of DynamoDB's export to Amazon S3 (DynamoDB JSON).

        Args:
            path: The file. It is compressed if its name ends in `.gz`. An existing file is replaced once everything is
                written; a link is followed, and a pipe or device is written to.
            table: The full name of the table, which may be omitted if there is only one.

        Returns:
            The number of items.

        Raises:
            TableNotFound: There is no such table.
            ExpressionError: `table` is omitted, and there is not exactly one table.
            ValidationError: The path is that of a folder.
        """
        with self._lock:
            # Writing needs no lock, since a fork does not change: other threads go on while a disk or pipe is slow.
            found = self._store.tables[self._find_table(table)].fork()
        return snapshot_files.write_items(path, (stored.item for stored in found.primary.read_all()))

    def load(self, path: snapshot_files.AnyPath, table: str | None = None) -> int:
        """Put all items of a file or an export's folder into an existing table: all of them, or none.

        Args:
            path: A file with a line of DynamoDB JSON for each item, compressed by gzip or not; or the folder of an
                export to Amazon S3, whose data files are read in the order of their names.
            table: As in `dump`.

        Returns:
            The number of items read. An item replaces another with the same key.

        Raises:
            ValidationError: A line is damaged, or its item does not fit the table; nothing was loaded. The message
                names the file and the line.
            TableNotFound: There is no such table.
            ExpressionError: `table` is omitted, and there is not exactly one table.
        """
        count = 0
        with self._lock:
            # The lock is held while the file is read: a write meanwhile would be lost when the copy replaces the table.
            name = self._find_table(table)
            loaded = Store()  # so that nothing is loaded unless everything is
            loaded.tables[name] = self._store.tables[name].fork()
            for count, (place, item) in enumerate(snapshot_files.read_items(path), 1):  # noqa: B007 - used after the loop: the last number is the count
                try:
                    with hidden_values():  # errors must not show stored values: many people read logs
                        write(loaded, Put(name, item))
                except (InvalidRequestError, ValidationError) as error:
                    raise ValidationError(f"{place}: the item does not fit table {name}: {error}") from error
            self._store.tables[name] = loaded.tables[name]
            if self._lag is not None:  # a fork has no listener: the replica has not seen the puts
                self._lag.synchronize(name)
        return count

    def _find_table(self, name: str | None) -> str:
        """Return the full name of a table that exists: the given one, or that of the only table."""
        tables = self._store.tables
        if name is not None:
            find_described(self._store, name)
            return name
        if len(tables) != 1:
            known = f"there are {len(tables)}: {', '.join(tables)}" if tables else "no table exists"
            raise ExpressionError(f"table= may only be omitted if there is exactly one table; {known}")
        return next(iter(tables))

    def wait(self, seconds: float) -> None:
        """Advance a virtual clock. With any other clock return at once: a store in memory needs no time to recover."""
        if isinstance(self.clock, VirtualClock):
            self.clock.advance(seconds=seconds)

    async def wait_async(self, seconds: float) -> None:
        """Wait as `wait` does, while other tasks of the event loop go on."""
        self.wait(seconds)
        await switch_tasks()

    def close(self) -> None:
        """Assert that every scheduled fault was hit, and clear the plan. The tables stay.

        Raises:
            FaultNotHit: A fault was hit less often than scheduled; a second call does not repeat the error.
        """
        faults, self._faults = self._faults, None
        if faults is not None:
            faults.assert_hit()
