"""`Connection`: which backend serves the models, under which table prefix, and how plans are carried out on it.

What is set in code wins over the environment:

=====================================================  ==================================================
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,          credentials; read by boto3, with all else it reads
`AWS_SESSION_TOKEN`
`AWS_REGION_NAME`, `AWS_REGION`, `AWS_DEFAULT_REGION`  the AWS region, the first that is set; the profile's and
                                                       then `us-east-2`, with a warning, where none is
`AWS_MAX_ATTEMPTS`                                     how many requests a call makes at most, as `max_attempts`
                                                       of AWS's configuration files, where `retries` is not set
`AWS_TABLE_PREFIX`                                     put before every table name; asked for once, when the
                                                       first is needed, and again after `set_config`
`DYNAMONGO_BACKEND`                                    the backend's name; `dynamodb` where it is not set
=====================================================  ==================================================
"""

from __future__ import annotations

import contextlib
import os
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar, cast

from dynamongo._support.dataclasses import dataclass, field, names_of, replace
from dynamongo._support.forks import CONNECTION, make_lock
from dynamongo.arguments import check_flag, check_seconds
from dynamongo.backends import (
    Backend,
    Limits,
    backend_names,
    bound,
    check_backend_name,
    load_backend,
    takes_seconds,
)
from dynamongo.connection.overrides import (
    close_override,
    latest_override,
    open_in_context,
    open_override,
    process_blocks,
)
from dynamongo.connection.recording import Calls, execute_observed, observers, record
from dynamongo.exceptions import BackendError, ConfigurationError
from dynamongo.executor import Attempt, Executor, RetryBudget, RetryPolicy, Steps, Wait
from dynamongo.executor.cursors import CursorRules, make_rules
from dynamongo.expressions.values import hide_values, shorten
from dynamongo.operations import Operation
from dynamongo.planning.scan_policy import ScanPolicy, check_policy

if TYPE_CHECKING:
    from boto3.session import Session

    from dynamongo.connection.transactions import Transaction

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the code has set; `None` leaves it to the environment or the default."""

    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    region: str | None = None
    table_prefix: str | None = None
    backend: str | Backend | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    session: Session | None = None
    client: Any = None
    scans: ScanPolicy | None = None
    cursor_key: bytes | Sequence[bytes] | None = field(default=None, repr=False)
    retries: RetryPolicy | None = None
    transport: str | None = None
    session_token: str | None = field(default=None, repr=False)
    timeout: float | None = None
    connect_timeout: float | None = None
    cursor_ttl: float | None = None
    show_values: bool = True

    def __post_init__(self) -> None:
        if self.scans is not None:
            check_policy(self.scans)
        if self.backend is not None:
            _check_backend(self.backend)
        if self.cursor_key is not None or self.cursor_ttl is not None:
            make_rules(self.cursor_key, self.cursor_ttl)
        if not isinstance(cast("object", self.show_values), bool):
            raise ConfigurationError(f"show_values is True or False; got {shorten(self.show_values)}")
        if self.retries is not None and not isinstance(cast("object", self.retries), RetryPolicy):
            raise ConfigurationError(
                f"retries is a RetryPolicy, as RetryPolicy(attempts=3); got {shorten(self.retries)}"
            )
        for name in ("timeout", "connect_timeout"):
            if (seconds := getattr(self, name)) is not None:
                check_seconds(name, seconds)

    def make_backend(self) -> Backend:
        """The backend that is set, or a new one of the kind that is named."""
        chosen = self._choose()
        if not isinstance(chosen, str):
            return chosen
        factory = load_backend(chosen)
        return factory(**self._arguments_for(factory))

    def find_limits(self) -> Limits:
        """The limits that the backend or its class declares, without making one; DynamoDB's if it declares none."""
        chosen = self._choose()
        limits = getattr(load_backend(chosen) if isinstance(chosen, str) else chosen, "limits", None)
        return limits if isinstance(limits, Limits) else Limits()

    def _choose(self) -> str | Backend:
        return self.backend or os.environ.get("DYNAMONGO_BACKEND") or "dynamodb"

    def _arguments_for(self, factory: Callable[..., Backend]) -> dict[str, Any]:
        """The settings that the backend knows: the memory backend needs no credentials, and is given none."""
        region = self.region or (None if self._brings_region() else os.environ.get("AWS_REGION_NAME"))
        settings = {name: getattr(self, name) for name in names_of(self)} | {"region": region}
        import inspect  # noqa: PLC0415 - it takes long, and a backend may be given as itself

        known = inspect.signature(factory).parameters
        return {name: value for name, value in settings.items() if name in known and value is not None}

    def _brings_region(self) -> bool:
        """Whether the code has set what brings a region, which wins over the environment's."""
        has_own = self.client is not None or self.profile is not None
        return has_own or (self.session is not None and bool(self.session.region_name))


class _Terms(NamedTuple):
    """What `execute` has to know of a backend, at hand for the one that was used last.

    Attributes:
        backend: The backend.
        is_bounded: Whether the time of an operation can be bounded.
        seconds: How long a call may take.
        now: Tells the time by the backend's clock.
        budget: What retries are paid from.
        executor: What plans are carried out with.
    """

    backend: Backend | None
    is_bounded: bool
    seconds: float
    now: Callable[[], float]
    budget: RetryBudget
    executor: Executor


_USUAL_RETRIES = RetryPolicy()
_NO_TERMS = _Terms(None, False, 0.0, time.monotonic, RetryBudget(None), Executor(Limits(), _USUAL_RETRIES))  # noqa: FBT003 - in their order


def _check_backend(backend: object) -> None:
    if isinstance(backend, str):
        check_backend_name(backend)
    elif isinstance(backend, (type, Connection)) or not callable(getattr(backend, "execute", None)):
        mend = "; give its `.backend`" if isinstance(backend, Connection) else ""
        raise ConfigurationError(
            f"a backend is given as its name ({', '.join(backend_names())}) or as an instance; "
            f"got {shorten(backend)}{mend}"
        )


class Connection:
    """A backend, a table prefix and a scan policy.

    Models use the default connection, which `Connection.set_config` configures, unless their `__connection__`
    names another. The backend is made when it is first needed.

    Args:
        access_key_id: The AWS access key, with `secret_access_key`; boto3 finds credentials itself without them.
        secret_access_key: The AWS secret key.
        region: The AWS region.
        table_prefix: Put before every table name.
        backend: The name of a backend, such as `"memory"`, or one that is ready.
        endpoint_url: Where the dynamodb backend sends its requests, if not to AWS.
        profile: The name of a profile in AWS's configuration files.
        session: A `boto3.Session`.
        client: A boto3 client for DynamoDB.
        scans: What happens when a plan is a full scan: `"warn"` (the default), `"forbid"` or `"allow"`.
        cursor_key: Signs the cursors of pages, so that they can go to a browser and come back unchanged: bytes that
            nobody else knows, 32 random ones for example. Of several, the first signs and all are accepted: to change
            the key, put the new one before the old one, and drop that when its cursors are no longer in use.
        retries: How often, and after which waits, what the store did not do is sent again, and how long a call may
            take.
        transport: How the dynamodb backend sends its requests: `"auto"` (the default), directly, and through boto3
            where somebody is to see them there; or `"boto3"`, always through boto3.
        session_token: Of temporary credentials, with the access key and the secret key that it belongs to.
        timeout: How many seconds one request to DynamoDB may take; boto3's setting, 60 seconds without a byte, by
            default. `RetryPolicy.max_seconds` bounds the call with all its requests.
        connect_timeout: How many seconds it may take to connect; boto3's setting, 60 seconds, by default.
        cursor_ttl: For how many seconds a new cursor holds; needs a `cursor_key`. Cursors without an expiry are then
            refused.
        show_values: Whether messages of errors and printed plans have the values that callers gave, shortened. `False`
            hides them, so that nobody reads them in a log: in the whole process, as long as the connection is in use,
            since a value is refused before it is known where it was to go. What is stored is never shown.

    Raises:
        ConfigurationError: A setting has a value that does not exist. Settings that contradict each other are found
            when the backend is made.
    """

    def __init__(  # noqa: PLR0913 - every setting by its name
        self,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        region: str | None = None,
        table_prefix: str | None = None,
        *,
        backend: str | Backend | None = None,
        endpoint_url: str | None = None,
        profile: str | None = None,
        session: Session | None = None,
        client: Any = None,
        scans: ScanPolicy | None = None,
        cursor_key: bytes | Sequence[bytes] | None = None,
        retries: RetryPolicy | None = None,
        transport: str | None = None,
        session_token: str | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        cursor_ttl: float | None = None,
        show_values: bool = True,
    ) -> None:
        self._settings = _Settings(
            access_key_id,
            secret_access_key,
            region,
            table_prefix,
            backend,
            endpoint_url,
            profile,
            session,
            client,
            scans,
            cursor_key,
            retries,
            transport,
            session_token,
            timeout,
            connect_timeout,
            cursor_ttl,
            show_values,
        )
        self._backend: Backend | None = None
        self._table_prefix: str | None = None
        self._last = _NO_TERMS
        self._executors = weakref.WeakKeyDictionary[Backend, Executor]()
        self._lock = make_lock(CONNECTION)
        hide_values(self, is_hidden=not show_values)

    @classmethod
    def set_config(  # noqa: PLR0913 - every setting by its name
        cls,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        region: str | None = None,
        table_prefix: str | None = None,
        *,
        backend: str | Backend | None = None,
        endpoint_url: str | None = None,
        profile: str | None = None,
        session: Session | None = None,
        client: Any = None,
        scans: ScanPolicy | None = None,
        cursor_key: bytes | Sequence[bytes] | None = None,
        retries: RetryPolicy | None = None,
        transport: str | None = None,
        session_token: str | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        cursor_ttl: float | None = None,
        show_values: bool = True,
    ) -> None:
        """Configure the default connection. The arguments are those of `Connection`; each call replaces all of them.

        What is left out comes from the environment again, or from the default.
        """
        fresh = cls(
            access_key_id,
            secret_access_key,
            region,
            table_prefix,
            backend=backend,
            endpoint_url=endpoint_url,
            profile=profile,
            session=session,
            client=client,
            scans=scans,
            cursor_key=cursor_key,
            retries=retries,
            transport=transport,
            session_token=session_token,
            timeout=timeout,
            connect_timeout=connect_timeout,
            cursor_ttl=cursor_ttl,
            show_values=show_values,
        )
        default_connection.reconfigure(fresh)

    @staticmethod
    @contextlib.contextmanager
    def using(backend: Backend | str, *, everywhere: bool = False) -> Generator[Backend]:
        """Serve every model from another backend inside the block, whatever connection it has.

        Holds for the current thread or asyncio task, and for tasks started inside the block: not for threads that are
        started in it, nor for those of a pool. With `everywhere=True` it holds for every thread and task of the
        process, as tests need it; `docs/testing.md` says what reaches where. Of several open blocks the one that was
        opened last wins. Table prefixes stay. A backend given by name is made for the block, with the settings of the
        default connection, and closed at its end.

        Args:
            backend: A backend, or the name of one; of a connection that is `connection.backend`.
            everywhere: Whether the block holds for the whole process.

        Raises:
            ConfigurationError: It is no backend, or there is none of that name.
            ExpressionError: `everywhere` is neither `True` nor `False`.
        """
        if everywhere is not False:
            check_flag("Connection.using", "everywhere", everywhere)
        _check_backend(backend)  # None, which is no backend, would mean the default one
        settings = replace(default_connection._settings, backend=backend)
        chosen = settings.make_backend()
        block = open_override(chosen, in_process=everywhere)
        try:
            yield chosen
        finally:
            close_override(block)
            if isinstance(backend, str):
                chosen.close()

    @staticmethod
    def transaction(token: str | None = None, *, return_items: bool = False) -> Transaction:
        """Carry out the writes of a `with` block together, or none of them. Costs one TransactWriteItems request.

        Every action is checked when it is added: no more than 100, no more than 4 MB, one for each item. Nothing is
        sent when the block raises. The models may be several, on connections to one backend. Units are charged twice.

        Args:
            token: See `Transaction`.
            return_items: See `Transaction`.

        Raises:
            TransactionCanceled: An action could not be carried out, and so none was; `.reasons` has one for each.
            WriteOutcomeUnknown: The answer was lost, after all attempts.

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
        from dynamongo.connection.transactions import Transaction  # noqa: PLC0415 - most programs have none

        return Transaction(token, return_items=return_items)

    @staticmethod
    def transact_get(items: Iterable[Any]) -> list[Any]:
        """Read items of any models as they are at one moment. Costs one TransactGetItems request, and units twice.

        Args:
            items: Instances that hold their key, and pairs of a model and a strategy for one item; 100 at most.

        Returns:
            An instance for each, in their order, or `None` where there is none.
        """
        from dynamongo.connection.transactions import transact_get  # noqa: PLC0415 - as in `transaction`

        return transact_get(items)

    @staticmethod
    def record() -> contextlib.AbstractContextManager[Calls]:
        """Collect the requests that the block makes, on any connection.

        >>> from dynamongo import Connection, Model, StringField
        >>> from dynamongo.backends.memory import MemoryBackend
        >>> class Note(Model):
        ...     __table__ = "notes"
        ...     __hash_key__ = "title"
        ...     title = StringField()
        >>> with Connection.using(MemoryBackend()):
        ...     Note.create_table()
        ...     with Connection.record() as calls:
        ...         found = Note.get_one("a", default=None)
        >>> calls.assert_plan("Get notes")
        >>> calls.requests, calls.read_units
        (1, 0.5)
        """
        return record()

    @property
    def backend(self) -> Backend:
        """The backend in use: the one of the `using` block that was opened last, or the connection's own."""
        blocks = open_in_context()
        if process_blocks:
            backend = self._find_backend()
        elif blocks:
            return blocks[-1][1]
        else:
            backend = self._backend
        return self.own_backend if backend is None else backend

    @property
    def limits(self) -> Limits:
        """How much the backend in use takes in one request, told without making a backend."""
        backend = self._find_backend()
        return self._settings.find_limits() if backend is None else backend.limits

    def _find_backend(self) -> Backend | None:
        """The backend in use, unless it is the connection's own and has not been made yet."""
        override = latest_override()
        return self._backend if override is None else override

    @property
    def own_backend(self) -> Backend:
        """The backend of the connection itself, whatever `using` blocks are open."""
        with self._lock:
            if self._backend is None:
                self._backend = self._settings.make_backend()
            return self._backend

    @property
    def table_prefix(self) -> str:
        """What is put before every table name. The environment is asked once, when it is first needed."""
        if self._table_prefix is None:
            prefix = self._settings.table_prefix
            self._table_prefix = os.environ.get("AWS_TABLE_PREFIX", "") if prefix is None else prefix
        return self._table_prefix

    @property
    def cursor_rules(self) -> CursorRules:
        """How cursors are signed, and how long they hold."""
        return make_rules(self._settings.cursor_key, self._settings.cursor_ttl)

    @property
    def scans(self) -> ScanPolicy:
        """What happens when a plan is a full scan."""
        return self._settings.scans or "warn"

    def reconfigure(self, other: Connection) -> None:
        """Take over the settings of another connection, and close the backend made for the old ones."""
        with self._lock:
            self._close_own()
            self._settings = other._settings
            hide_values(self, is_hidden=not self._settings.show_values)
            self._table_prefix = None
            self._forget_executors()

    def run(self, make_steps: Callable[[Executor], Steps[R]], backend: Backend | None = None) -> R:
        """Carry out what the executor is asked to do, and return its result.

        Args:
            make_steps: What it is asked to do.
            backend: Where; the backend in use by default.
        """
        if backend is None:
            backend = self.backend
        terms = self._last
        if terms.backend is not backend:
            terms = self._find_terms(backend)
        return drive(make_steps(terms.executor), backend, terms.seconds)

    def execute(self, operation: Operation[R], backend: Backend | None = None) -> R:
        """Execute one operation, as `run` does with `Executor.send`, in less time."""
        if backend is None:
            backend = self.backend
        known, is_bounded, seconds, now, budget, _ = self._last
        if known is not backend:
            _, is_bounded, seconds, now, budget, _ = self._find_terms(backend)
        started: float | None = None
        try:
            if is_bounded and not observers.get():  # in fewer steps, since this is every request
                bounded: Any = backend  # whose `execute` takes seconds
                result: R = bounded.execute(operation, seconds)
            else:
                started = now()
                result = execute_observed(bound(backend), operation, seconds)
        except TypeError as error:
            was_called = error.__traceback__ is not None and error.__traceback__.tb_next is not None
            if was_called or not is_bounded or takes_seconds(backend):
                raise
            self._last = _NO_TERMS  # `execute` was replaced meanwhile, by a function that takes the operation alone
            return self.execute(operation, backend)
        except BackendError as error:
            began = now() - error.seconds if started is None else started
            steps = self._executor_for(backend).send_again(operation, error, began)
        else:
            if not budget.is_full:
                budget.give_back(1)
            return result
        return drive(steps, backend, seconds)

    def _executor_for(self, backend: Backend) -> Executor:
        """The executor for a backend, which has its retry budget; the connection keeps one for each backend."""
        try:
            found = self._executors.get(backend)
            return found or self._executors.setdefault(backend, self._make_executor(backend))
        except TypeError:  # a backend without a hash or weak references has a new budget for each call
            return self._make_executor(backend)

    def _make_executor(self, backend: Backend) -> Executor:
        retries = self._settings.retries
        if retries is None:
            attempts = getattr(backend, "max_attempts", None)
            retries = _USUAL_RETRIES if attempts is None else RetryPolicy(attempts)
        return Executor(backend.limits, retries, now=getattr(backend, "monotonic", time.monotonic))

    def _find_terms(self, backend: Backend) -> _Terms:
        executor = self._executor_for(backend)
        bounded = takes_seconds(backend)
        terms = _Terms(backend, bounded, executor.retries.max_seconds, executor.now, executor.budget, executor)
        self._last = terms  # of which another thread may make others at once
        return terms

    def _forget_executors(self) -> None:
        self._last = _NO_TERMS
        self._executors.clear()

    def close(self) -> None:
        """Close the backend if the connection made it; the next use would make another."""
        with self._lock:
            self._close_own()

    def _close_own(self) -> None:
        if self._backend is not None and self._backend is not self._settings.backend:
            self._backend.close()
        self._backend = None

    def __copy__(self) -> Connection:
        """Another connection with the same settings. It makes its own backend, unless one is set."""
        copied = Connection()
        copied.reconfigure(self)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Connection:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Connection cannot be pickled: it may hold credentials, a session and open sockets; "
            "pass its settings, and make a Connection of them where they are read"
        )

    def __repr__(self) -> str:
        return f"<Connection {self._settings}>"


def drive(steps: Steps[R], backend: Backend, seconds: float | None = None) -> R:
    """Perform the effects of an executor's generator one after the other, and return what it comes to.

    Args:
        steps: The generator.
        backend: What executes operations.
        seconds: How long an operation may take that is executed for the first time.
    """
    execute = bound(backend)
    try:
        effect = next(steps)
        while True:
            if isinstance(effect, Wait):
                backend.wait(effect.seconds)
                effect = steps.send(None)
                continue
            try:
                if isinstance(effect, Attempt):
                    result = execute_observed(execute, effect.operation, effect.seconds)
                else:
                    result = execute_observed(execute, effect, seconds)
            except Exception as error:  # noqa: BLE001 - the generator decides what the error means
                effect = steps.throw(error)
            else:
                effect = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # a generator's result arrives untyped


default_connection = Connection()
