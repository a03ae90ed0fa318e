"""The memory backend: one lock, and a function for every operation."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.forks import BACKEND, make_lock
from dynamongo.backends.base import Limits
from dynamongo.backends.memory.clock import Clock, VirtualClock, pass_time
from dynamongo.backends.memory.executors import EXECUTORS
from dynamongo.backends.memory.faults import Execute, FaultPlan, execute_under
from dynamongo.backends.memory.lag import Lag
from dynamongo.backends.memory.lifecycle import find_described
from dynamongo.backends.memory.reads import MAX_BATCH_GET
from dynamongo.backends.memory.store import Store
from dynamongo.backends.memory.table import MemoryTable
from dynamongo.backends.memory.ttl import delete_expired
from dynamongo.backends.memory.writes import MAX_BATCH_WRITE, write
from dynamongo.exceptions import ExpressionError, InvalidRequestError, UnsupportedOperation, ValidationError
from dynamongo.expressions.values import hidden_values
from dynamongo.operations import Operation, Put, TransactWrite

if TYPE_CHECKING:
    from dynamongo.backends.memory.snapshot_files import AnyPath

R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that a memory backend held at one moment; it goes with any other memory backend too."""

    store: Store


class MemoryBackend:
    """Keeps tables in memory and answers as DynamoDB would.

    Every operation is atomic, transactions too, and may be called for from any thread. What the backend does not do,
    it refuses. Nothing happens by itself: an item whose time to live is over stays, as on DynamoDB it may for days,
    until `expire` is called. An item in a result is the one in the store, and must not be
    changed; models make instances of it.

    Args:
        clock: Tells the time in seconds since the epoch; the tokens of transactions, `expire` and `wait` go by it. With
            a `VirtualClock` nothing ever sleeps.
        faults: What is to go wrong.
        lag: How many seconds a read that need not be consistent, and every one of a global index, is behind. On
            DynamoDB it is mostly less than a second; here it is exactly this, so that a test finds out who relies on
            reading what was just written.

    Attributes:
        clock: The clock it was given.
        monotonic: Tells the time by which waits and slow answers go: that of a virtual clock, else of `time.monotonic`.
        faults: The plan of what is to go wrong, to which more can be added; it may be replaced by another plan.

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
    limits = Limits(batch_get=MAX_BATCH_GET, batch_write=MAX_BATCH_WRITE, concurrency=1)

    def __init__(self, *, clock: Clock = time.time, faults: FaultPlan | None = None, lag: float | None = None) -> None:
        self.clock = clock
        self.monotonic = clock.now if isinstance(clock, VirtualClock) else time.monotonic
        self.faults = FaultPlan() if faults is None else faults
        self._store = Store()
        self._lag = None if lag is None else Lag(lag, self._store)
        self._lock = make_lock(BACKEND)

    def execute(self, operation: Operation[R], seconds: float | None = None) -> R:
        """Do one operation, atomically, and return its result; errors as in `dynamongo.backends.Backend`.

        Args:
            operation: What to do.
            seconds: How long the caller waits for the answer: a slow one (`Fault.slow`) that takes longer is lost.
        """
        executor = EXECUTORS.get(type(operation))
        if executor is None:
            raise UnsupportedOperation(f"the memory backend does not do {type(operation).__name__}")
        try:
            if self.faults.is_active and (faults := self.faults.take(operation)):
                execute: Execute[R] = partial(self._execute, executor, operation)
                return execute_under(faults, operation, execute, partial(pass_time, self.clock), seconds)
            if self._lag is not None or type(operation) is TransactWrite:
                return cast("R", self._execute(executor, operation))
            with self._lock:
                return cast("R", executor(self._store, operation))
        except (ValidationError, ExpressionError) as error:
            raise InvalidRequestError(str(error)) from error
        except RecursionError as error:
            raise InvalidRequestError("the request is nested too deep") from error

    def _execute(self, executor: Callable[..., Any], operation: Operation[Any], *left: Collection[int]) -> Any:
        """Do it in one step; the clock, which may be anybody's code, is asked before."""
        now = self.clock() if self._lag is not None or type(operation) is TransactWrite else None
        with self._lock:
            if now is not None:
                self._store.advance_to(now)
            if self._lag is None:
                return executor(self._store, operation, *left)
            result = executor(self._lag.store_for(operation), operation, *left)
            self._lag.after(operation)
            return result

    def expire(self, now: float | None = None) -> int:
        """Delete all items whose time to live is over, and return how many there were.

        Those are the items whose time to live attribute is a number less than `now`, which is in seconds since the
        epoch and the clock's if left out. As on DynamoDB, what expired more than five years ago stays: most likely
        it is no time.

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
        current = self.clock()
        at = current if now is None else now
        with self._lock:
            self._store.advance_to(current)
            return sum(delete_expired(table, at) for table in self._store.tables.values())

    def snapshot(self) -> Snapshot:
        """What all tables hold now, for `restore`. It costs next to nothing: items are never copied."""
        with self._lock:
            return Snapshot(self._store.fork())

    def restore(self, snapshot: Snapshot) -> None:
        """Hold what a snapshot holds, and nothing else; it may be restored any number of times.

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
            self._store.advance_to(now)
            if self._lag is not None:
                self._lag.follow(self._store)

    def fork(self) -> MemoryBackend:
        """Another backend that holds the same, with the same clock and lag, and no faults."""
        forked = MemoryBackend(clock=self.clock, lag=None if self._lag is None else self._lag.seconds)
        forked.restore(self.snapshot())
        return forked

    def __copy__(self) -> MemoryBackend:
        return self.fork()

    def __deepcopy__(self, memo: dict[int, Any]) -> MemoryBackend:
        return self.fork()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a MemoryBackend cannot be pickled: `dump` writes a table to a file, and `load` reads it")

    def dump(self, path: AnyPath, table: str | None = None) -> int:
        """Write the items of a table to a file, in the format of DynamoDB's export to Amazon S3 (DynamoDB JSON).

        Args:
            path: The file; it is compressed if its name ends in `.gz`, and replaced if it is there, once all of it is
                written. A link is followed, and a pipe or a device written into.
            table: The full name of the table; it may be left out if there is only one.

        Returns:
            How many items there are.

        Raises:
            TableNotFound: There is no such table.
            ExpressionError: No table is named, and there is not exactly one.
            ValidationError: The path is that of a folder.
        """
        from dynamongo.backends.memory.snapshot_files import write_items  # noqa: PLC0415 - as in `load`

        with self._lock:
            found = self._find_table(table).fork()
        return write_items(path, (stored.item for stored in found.primary.read_all()))

    def load(self, path: AnyPath, table: str | None = None) -> int:
        """Put all items of a file, or of an export's folder, into a table, which has to be there; all of them, or none.

        Args:
            path: A file with a line of DynamoDB JSON for each item, compressed by gzip or not; or the folder of an
                export to Amazon S3, whose data files are read in the order of their names.
            table: As in `dump`.

        Returns:
            How many items were read; one that has the key of another replaces it.

        Raises:
            ValidationError: A line is damaged, or holds no item of the table; nothing was loaded. The message has the
                file and the number of the line.
            TableNotFound: There is no such table.
            ExpressionError: No table is named, and there is not exactly one.
        """
        from dynamongo.backends.memory.snapshot_files import read_items  # noqa: PLC0415 - files and gzip are for few

        count = 0
        with self._lock:
            name = self._find_table(table).schema.name
            loaded = Store()  # so that nothing is loaded unless everything is
            loaded.tables[name] = self._store.tables[name].fork()
            for count, (place, item) in enumerate(read_items(path), 1):  # noqa: B007 - the last is the number of items
                try:
                    with hidden_values():  # what is in a file is what was stored
                        write(loaded, Put(name, item))
                except (InvalidRequestError, ValidationError) as error:
                    raise ValidationError(f"{place}: no item of {name}: {error}") from error
            self._store.tables[name] = loaded.tables[name]
            if self._lag is not None:
                self._lag.synchronize(name)
        return count

    def _find_table(self, name: str | None) -> MemoryTable:
        tables = self._store.tables
        if name is not None:
            return find_described(self._store, name)
        if len(tables) != 1:
            raise ExpressionError(f"which table? there are {len(tables)}: {', '.join(tables) or 'none'}; name one")
        return next(iter(tables.values()))

    def wait(self, seconds: float) -> None:
        """Advance a virtual clock. By any other nothing is worth waiting for: the next attempt is made at once."""
        if isinstance(self.clock, VirtualClock):
            self.clock.advance(seconds=seconds)

    def close(self) -> None:
        """Assert that every scheduled fault was met, and schedule none any more. The tables stay.

        Raises:
            FaultNotHit: A fault was met less often than it is scheduled; a second call does not say it again.
        """
        faults, self.faults = self.faults, FaultPlan()
        faults.assert_hit()
