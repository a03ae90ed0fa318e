"""`Connection`: which backend serves the models, under which table prefix, and how plans are executed on it."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from dynamongo._support.dataclasses import replace
from dynamongo._support.forks import CONNECTION, make_lock
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.arguments import check_flag
from dynamongo.backends import Backend, Limits
from dynamongo.connection.across import AcrossReads
from dynamongo.connection.execution import Execution
from dynamongo.connection.overrides import backends, open_prefixes, prefixes
from dynamongo.connection.settings import Settings, check_backend, check_option_names
from dynamongo.connection.table_names import TableNames, names_under
from dynamongo.exceptions import ConfigurationError
from dynamongo.expressions.values import hide_values
from dynamongo.mapping.records import Recorded
from dynamongo.planning.scan_policy import ScanPolicy

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.connection import async_verbs, recording, snapshot_reads, transactions
    from dynamongo.connection.options import ConnectionOptions
    from dynamongo.executor import cursors
    from dynamongo.planning.strategy_types import AnyKey, OneItem
else:  # most programs use none of these, or not in their first call
    async_verbs = LazyModule("dynamongo.connection.async_verbs")
    cursors = LazyModule("dynamongo.executor.cursors")
    recording = LazyModule("dynamongo.connection.recording")
    snapshot_reads = LazyModule("dynamongo.connection.snapshot_reads")
    transactions = LazyModule("dynamongo.connection.transactions")

M = TypeVar("M", bound=Recorded)
R = TypeVar("R")

# Bound once, because every request uses them.
_open_in_context = backends.in_context.get
_open_in_process = backends.in_process


class AsyncConnectionFacet:
    """Makes what `connection.aio` is; `Connection.aio` is that of the default connection."""

    def __get__(self, instance: Connection | None, owner: type[Connection]) -> async_verbs.AsyncConnectionVerbs:
        return async_verbs.AsyncConnectionVerbs(default_connection if instance is None else instance)


class Connection(Execution, AcrossReads):
    """A backend, a table prefix and a scan policy.

    Models use the default connection, which `Connection.set_config` configures, unless their `__connection__`
    names another. The backend is made when it is first needed.

    Args:
        access_key_id: The AWS access key, with `secret_access_key`; without them, boto3 looks for credentials itself.
        secret_access_key: The AWS secret key.
        region: The AWS region.
        table_prefix: The prefix of every table name.
        options: As in `dynamongo.connection.settings.ConnectionOptions`.

    Raises:
        ConfigurationError: A setting has an invalid value. Settings that contradict each other are found when the
            backend is made.
        TypeError: There is no such option.
    """

    aio = AsyncConnectionFacet()
    """What needs I/O, awaited: `async with Connection.aio.transaction()`, `await connection.aio.close()`."""

    def __init__(
        self,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        region: str | None = None,
        table_prefix: str | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> None:
        check_option_names(options)
        self._settings = Settings(access_key_id, secret_access_key, region, table_prefix, **options)
        super().__init__(self._settings.make_senders())
        self._backend: Backend | None = None
        self._retired: weakref.WeakSet[Backend] = weakref.WeakSet()  # closed, but reads may go on with them
        self.own_names = TableNames(None)
        self._lock = make_lock(CONNECTION)
        hide_values(self, is_hidden=not self._settings.show_values)

    @classmethod
    def set_config(
        cls,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        region: str | None = None,
        table_prefix: str | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> None:
        """Configure the default connection. The arguments are those of `Connection`; each call replaces all of them.

        What is left out comes from the environment again, or from its default.
        """
        # Made first: an invalid setting must leave the default connection as it is.
        default_connection.reconfigure(cls(access_key_id, secret_access_key, region, table_prefix, **options))

    @overload
    @staticmethod
    @contextlib.contextmanager
    def using(
        backend: Backend | str, *, table_prefix: str | None = None, everywhere: bool = False
    ) -> Generator[Backend]: ...
    @overload
    @staticmethod
    @contextlib.contextmanager
    def using(backend: None = None, *, table_prefix: str, everywhere: bool = False) -> Generator[None]: ...
    @staticmethod
    @contextlib.contextmanager
    def using(
        backend: Backend | str | None = None, *, table_prefix: str | None = None, everywhere: bool = False
    ) -> Generator[Backend | None]:
        """Serve every model from another backend, or under another table prefix, inside the block.

        It replaces those of whichever connection a model has, for the current thread or asyncio task, and for tasks
        started inside the block, but not for threads that are started inside it or belong to a pool. With
        `everywhere=True` it holds for every thread and task of the process, as tests need it; `docs/testing.md` lists
        what it reaches. Of several open blocks the one that was opened last wins, of those that set a backend and of
        those that set a prefix. A backend given by name is made for the block, with the settings of the default
        connection, and closed at its end.

        Args:
            backend: A backend, or the name of one; by default, each connection's own. For that of another connection,
                pass `connection.backend`.
            table_prefix: The prefix of every table name, in place of the connection's own.
            everywhere: Whether the block holds for the whole process.

        Raises:
            ConfigurationError: `backend` is not a backend, no backend has that name, no table could have the prefix, or
                neither is given.
            ExpressionError: `everywhere` is neither `True` nor `False`.
        """
        if everywhere is not False:
            check_flag("Connection.using", "everywhere", everywhere)
        if backend is not None:
            check_backend(backend)
        elif table_prefix is None:
            raise ConfigurationError("Connection.using takes a backend, a table_prefix, or both; got None")
        names, chosen = names_under(table_prefix), backend
        if isinstance(chosen, str):
            chosen = replace(default_connection._settings, backend=chosen).make_backend()
        blocks = backends.open(chosen, in_process=everywhere), prefixes.open(names, in_process=everywhere)
        try:
            yield chosen
        finally:
            backends.close(blocks[0])
            prefixes.close(blocks[1])
            if chosen is not None and isinstance(backend, str):
                chosen.close()

    @staticmethod
    def transaction(token: str | None = None, *, return_items: bool = False) -> transactions.Transaction:
        """Execute the writes of a `with` block together, or none of them. Costs one TransactWriteItems request.

        Every action is checked when it is added: at most 100 actions and 4 MB, one action per item. Nothing is sent if
        the block raises. There may be several models, if their connections share a backend. Capacity is charged twice.

        Args:
            token: Identifies the transaction, in 1 to 36 ASCII characters: repeated within ten minutes, it is executed
                only once. Random by default; pass your own if the program may be restarted half-way.
            return_items: Whether an action whose condition does not hold returns the stored item, from which its
                reason gets its `error`; for a model with a `VersionField` it always does.

        Raises:
            TransactionCanceled: An action failed, so none was executed; `.reasons` has one reason for each action.
            WriteOutcomeUnknown: The response was lost, after all attempts.

        >>> from dynamongo import Connection, IntField, Model, StringField
        >>> from dynamongo.backends.memory import MemoryBackend
        >>> class Account(Model):
        ...     __table__ = "accounts"
        ...     __hash_key__ = "owner"
        ...     owner = StringField()
        ...     balance = IntField(required=True)
        >>> with Connection.using(MemoryBackend()):
        ...     Account.create_table()
        ...     with Connection.transaction() as tx:
        ...         tx.create(Account(owner="jane", balance=10))
        ...         tx.create(Account(owner="john", balance=0))
        ...     with Connection.transaction() as tx:
        ...         tx.update(Account, (Account.owner == "jane") & (Account.balance >= 7), Account.balance.subtract(7))
        ...         tx.update(Account, "john", Account.balance.add(7))
        ...     [account.balance for account in Connection.transact_get([(Account, "jane"), (Account, "john")])]
        [3, 7]
        """
        return transactions.Transaction(token, return_items=return_items)

    @overload
    @staticmethod
    def transact_get(items: Iterable[M | tuple[type[M], OneItem[AnyKey, M]]]) -> list[M | None]: ...
    @overload
    @staticmethod
    def transact_get(items: Iterable[Recorded | tuple[type[Recorded], object]]) -> list[Any]: ...
    @staticmethod
    def transact_get(items: Iterable[Any]) -> list[Any]:
        """Read items of any models in one snapshot. Costs one TransactGetItems request, at twice the read units.

        Args:
            items: At most 100 instances that have their key, or pairs of a model and a strategy for one item.

        Returns:
            One instance per item, in the same order, or `None` where no item is stored.
        """
        return snapshot_reads.read_snapshot(items)

    @staticmethod
    def record() -> contextlib.AbstractContextManager[recording.Calls]:
        """Collect the requests that a `with` block makes, on any connection, with their cost; see `recording.record`.

        Warns once about single gets that should be one `get_many`.
        """
        return recording.record()

    @property
    def backend(self) -> Backend:
        """The backend in use: the one of the `using` block that was opened last, or the connection's own."""
        # Every request comes here. Blocks of the process are rare: only with them is it worth comparing numbers.
        blocks = _open_in_context()
        if _open_in_process:
            backend = self._find_backend()
        elif blocks:
            return blocks[-1][1]
        else:
            backend = self._backend
        return self.own_backend if backend is None else backend

    @property
    def limits(self) -> Limits:
        """How much the backend in use takes in one request. Does not make the backend: `explain` needs none."""
        backend = self._find_backend()
        return self._settings.find_limits() if backend is None else backend.limits

    @property
    def own_backend(self) -> Backend:
        """The backend of the connection itself, whichever `using` blocks are open."""
        with self._lock:  # two backends would have two pools of connections, and two memory backends two stores
            if self._backend is None:
                self._backend = self._settings.make_backend()
            return self._backend

    @property
    def table_prefix(self) -> str:
        """The prefix in use: of a `using` block, or the connection's own. The environment is read once for it."""
        return self.table_names.prefix or ""

    @property
    def table_names(self) -> TableNames:
        """The full names of tables under the prefix in use."""
        if open_prefixes and (names := prefixes.latest()) is not None:
            return names
        if self.own_names.prefix is None:
            self.own_names = TableNames(self._settings.find_table_prefix())
        return self.own_names

    @property
    def region(self) -> str | None:
        """The AWS region, if it is known without boto3; `None` also for an endpoint that is not AWS's."""
        return self._settings.find_region()

    @property
    def cursor_rules(self) -> cursors.CursorRules:
        """How cursors are signed, and how long they are valid."""
        return cursors.make_rules(self._settings.cursor_key, self._settings.cursor_ttl)

    @property
    def scans(self) -> ScanPolicy:
        """What to do when a plan is a full scan."""
        return self._settings.scans or "warn"

    def reconfigure(self, other: Connection) -> None:
        """Take over the settings of another connection, and close the backend that was made for the old ones."""
        with self._lock:
            own = self._take_own()
            self._settings = other._settings
            hide_values(self, is_hidden=not self._settings.show_values)
            self.own_names = TableNames(None)
            super().__init__(self._settings.make_senders())
        if own is not None:
            own.close()

    def close(self) -> None:
        """Close the backend if the connection made it; the next use makes another."""
        with self._lock:
            own = self._take_own()
        if own is not None:
            own.close()

    async def close_async(self) -> None:
        """Close the backend as `close` does, without blocking the event loop: `connection.aio.close()`."""
        with self._lock:
            own = self._take_own()
            # Another loop may be closing one, or a read that had begun may have opened it again.
            retired = {own, *self._retired}
        for backend in retired:
            close: Any = getattr(backend, "close_async", None)
            if close is not None:
                await close()
            elif backend is not None and backend is own:
                backend.close()

    def __copy__(self) -> Connection:
        """Return another connection with the same settings. It makes its own backend, unless one is set."""
        (copied := Connection()).reconfigure(self)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Connection:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Connection cannot be pickled: it may hold credentials, a session and open sockets; "
            "pickle its settings, and create a Connection from them after loading"
        )

    def __repr__(self) -> str:
        return f"<Connection {self._settings}>"

    def _find_backend(self) -> Backend | None:
        """Return the backend in use, or `None` if it is the connection's own and has not been made yet."""
        override = backends.latest()
        return self._backend if override is None else override

    def _take_own(self) -> Backend | None:
        """Forget the backend, and return it if the connection has to close it."""
        own, self._backend = self._backend, None
        if own is None or own is self._settings.backend:  # a backend that was handed in belongs to the caller
            return None
        with contextlib.suppress(TypeError):  # of a class with slots that cannot be referred to weakly
            self._retired.add(own)
        return own


default_connection = Connection()


def connection_of(model: Any) -> Connection:
    """Return the connection of a model: its own, or the default one."""
    connection: Connection = model.__connection__ or default_connection
    return connection
