"""Connections: where settings come from, which backend is in use, and what closing one releases."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import boto3
import pytest

from dynamongo import Connection, Model, StringField
from dynamongo._support.dataclasses import names_of
from dynamongo.backends import Backend, Limits
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import connection_of, default_connection
from dynamongo.connection.settings import ConnectionOptions, Settings
from dynamongo.exceptions import ConfigurationError, CredentialsError
from dynamongo.operations import DescribeTable, Get, GetResult, Operation

R = TypeVar("R")

VARIABLES = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION_NAME",
    "AWS_TABLE_PREFIX",
    "DYNAMONGO_BACKEND",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_PROFILE",
]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No settings from outside, and none left behind."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    yield
    Connection.set_config()


@pytest.fixture
def session() -> boto3.Session:
    return boto3.Session("made-up", "made-up", region_name="us-west-2")


class Counted:
    """A backend that counts how often it was closed, and returns an item for every Get."""

    name = "counted"
    limits = Limits()

    def __init__(self) -> None:
        self.closed = 0

    def execute(self, operation: Operation[R]) -> R:
        return cast("R", GetResult({"asked": repr(operation)}))

    def wait(self, seconds: float) -> None:
        raise AssertionError(seconds)

    def close(self) -> None:
        self.closed += 1


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField()


def settings_of(connection: Connection) -> Any:
    """Return the settings of the backend that the connection made."""
    backend = connection.backend
    assert isinstance(backend, DynamoDBBackend)
    return backend._settings


class TestBackend:
    def test_backend_is_dynamodb_where_nothing_is_set(self) -> None:
        assert isinstance(Connection().backend, DynamoDBBackend)

    def test_backend_may_be_named(self) -> None:
        assert isinstance(Connection(backend="memory").backend, MemoryBackend)

    def test_backend_that_is_ready_is_used_itself(self) -> None:
        backend = MemoryBackend()
        assert Connection(backend=backend).backend is backend

    def test_backend_is_made_once_and_kept(self) -> None:
        connection = Connection(backend="memory")
        assert connection.backend is connection.backend

    def test_threads_that_come_first_together_share_one_backend(self) -> None:
        connection = Connection(backend="memory")
        barrier = threading.Barrier(8)
        found: list[Backend] = []

        def ask() -> None:
            barrier.wait()
            found.append(connection.backend)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(set(map(id, found))) == 1

    def test_environment_names_the_backend_when_it_is_first_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        connection = Connection()
        monkeypatch.setenv("DYNAMONGO_BACKEND", "memory")
        assert isinstance(connection.backend, MemoryBackend)

    def test_backend_set_in_code_wins_over_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DYNAMONGO_BACKEND", "dynamodb")
        assert isinstance(Connection(backend="memory").backend, MemoryBackend)

    def test_unknown_backend_is_refused_at_once_and_the_known_ones_are_listed(self) -> None:
        message = r"^unknown backend 'mongodb'; installed are: .*dynamodb.*memory"
        for make in (Connection, Connection.set_config):
            with pytest.raises(ConfigurationError, match=message):
                make(backend="mongodb")
        with pytest.raises(ConfigurationError, match=message), Connection.using("mongodb"):
            pass

    def test_unknown_backend_in_the_environment_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DYNAMONGO_BACKEND", "mongodb")
        with pytest.raises(ConfigurationError, match="unknown backend 'mongodb'"):
            _ = Connection().backend

    @pytest.mark.parametrize("backend", [MemoryBackend, 5, object()], ids=["class", "number", "object"])
    def test_invalid_backend_is_refused_at_once(self, backend: Any) -> None:
        message = r"backend must be the name of a backend \(.*memory.*\) or an instance of one; got "
        with pytest.raises(ConfigurationError, match=message):
            Connection(backend=backend)
        with pytest.raises(ConfigurationError, match=message), Connection.using(backend):
            pass

    def test_none_is_refused_by_using(self) -> None:
        with pytest.raises(ConfigurationError, match="got None"), Connection.using(cast("Any", None)):
            pass

    def test_run_executes_on_the_backend_in_use(self) -> None:
        result = Connection(backend=Counted()).run(lambda sender: sender.send(Get("t", {"k": 1})))
        assert result == GetResult({"asked": repr(Get("t", {"k": 1}))})


class Timed(MemoryBackend):
    """Waits by a method of its own."""

    def __init__(self) -> None:
        super().__init__()
        del self.monotonic

    def monotonic(self) -> float:
        return 5.0


class Slotted:
    """Takes no weak references."""

    __slots__ = ("inner",)
    name = "slotted"
    limits = Limits()

    def __init__(self) -> None:
        self.inner = MemoryBackend()

    def execute(self, operation: Operation[R]) -> R:
        return self.inner.execute(operation)

    def wait(self, seconds: float) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("make", [MemoryBackend, Timed])
def test_connection_does_not_keep_the_backend_of_a_closed_block(make: Callable[[], MemoryBackend]) -> None:
    backend = make()
    with Connection.using(backend):
        User.create_table()
        assert User(email="a").save() == User.get_one("a")
    reference = weakref.ref(backend)
    del backend
    gc.collect()
    assert reference() is None


def test_backend_may_refuse_weak_references() -> None:
    with Connection.using(Slotted()):
        User.create_table()
        assert User(email="a").save() == User.get_one("a")


class TestSettings:
    @pytest.mark.parametrize("name", ["timeout", "connect_timeout"])
    @pytest.mark.parametrize("seconds", [0, -1, "5", True, float("inf")])
    def test_timeouts_are_checked_where_they_are_set(self, name: str, seconds: Any) -> None:
        with pytest.raises(
            ConfigurationError, match=rf"^{name} must be a number of seconds > 0 and <= 1000000000; got"
        ):
            Connection.set_config(**{name: seconds})

    def test_retries_are_a_policy(self) -> None:
        retries: Any = 3
        with pytest.raises(
            ConfigurationError, match=r"^retries must be a RetryPolicy, such as RetryPolicy\(attempts=3\); got 3$"
        ):
            Connection.set_config(retries=retries)

    def test_every_setting_is_an_option_of_the_connection(self) -> None:
        positional = ("access_key_id", "secret_access_key", "region", "table_prefix")
        assert names_of(Settings) == (*positional, *ConnectionOptions.__annotations__)

    @pytest.mark.parametrize("configure", [Connection, Connection.set_config])
    def test_unknown_option_is_refused_with_the_nearest(self, configure: Any) -> None:
        with pytest.raises(TypeError, match="unexpected keyword argument 'endpoint'; did you mean 'endpoint_url'"):
            configure(endpoint="http://localhost:8000")

    def test_settings_reach_the_backend(self) -> None:
        found = settings_of(Connection("AKIA", "hush", "eu-west-1", endpoint_url="http://localhost:8000"))
        assert (found.access_key_id, found.secret_access_key) == ("AKIA", "hush")
        assert (found.region, found.endpoint_url) == ("eu-west-1", "http://localhost:8000")

    def test_profile_reaches_the_backend(self) -> None:
        assert settings_of(Connection(profile="work")).profile == "work"

    def test_session_and_client_reach_the_backend(self, session: boto3.Session) -> None:
        assert settings_of(Connection(session=session)).session is session
        client = object()
        assert settings_of(Connection(client=client)).client is client

    def test_region_comes_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_REGION_NAME", "eu-north-1")
        assert settings_of(Connection()).region == "eu-north-1"

    def test_region_set_in_code_wins_over_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, session: boto3.Session
    ) -> None:
        monkeypatch.setenv("AWS_REGION_NAME", "eu-north-1")
        assert settings_of(Connection(region="eu-west-1")).region == "eu-west-1"
        assert settings_of(Connection(session=session)).region is None
        assert settings_of(Connection(client=object())).region is None

    def test_session_without_a_region_takes_the_one_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_REGION_NAME", "eu-north-1")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
        assert settings_of(Connection(session=boto3.Session("made-up", "made-up"))).region == "eu-north-1"

    def test_settings_that_only_another_backend_knows_do_not_matter(self) -> None:
        connection = Connection("AKIA", "hush", "eu-west-1", "app-", backend="memory")
        assert isinstance(connection.backend, MemoryBackend)

    def test_settings_that_contradict_each_other_are_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="a client brings its own region; leave out one or the other"):
            _ = Connection(client=object(), region="eu-west-1").backend
        with pytest.raises(ConfigurationError, match="a profile brings its own access_key_id, secret_access_key"):
            _ = Connection("AKIA", "hush", profile="work").backend

    def test_half_of_the_credentials_is_refused_without_showing_it(self) -> None:
        with pytest.raises(CredentialsError, match="secret_access_key was given without access_key_id") as caught:
            _ = Connection(secret_access_key="hush").backend
        assert "hush" not in str(caught.value)

    def test_unknown_scan_policy_is_refused_at_once(self) -> None:
        with pytest.raises(ConfigurationError, match="scans must be one of warn, forbid, allow; got 'never'"):
            Connection(scans=cast("Any", "never"))

    def test_scans_warn_where_nothing_is_set(self) -> None:
        assert Connection().scans == "warn"
        assert Connection(scans="forbid").scans == "forbid"

    def test_secrets_are_never_shown(self) -> None:
        connection = Connection("AKIA", "hush", region="eu-west-1")
        shown = f"{connection!r} {connection} {connection.backend!r} {vars(connection)}"
        assert "hush" not in shown
        assert "eu-west-1" in repr(connection)


class TestSetConfig:
    def test_default_connection_is_the_one_that_models_use(self) -> None:
        Connection.set_config(table_prefix="app-", backend="memory")
        assert connection_of(User) is default_connection
        assert User.table_name() == "app-users"

    def test_each_call_replaces_all_settings(self) -> None:
        Connection.set_config(region="eu-west-1", table_prefix="app-", scans="forbid", backend="memory")
        Connection.set_config(scans="allow")
        assert (default_connection.table_prefix, default_connection.scans) == ("", "allow")
        assert settings_of(default_connection).region is None

    def test_seeds_arguments_may_be_positional(self) -> None:
        Connection.set_config("AKIA", "hush", "eu-west-1", "app-")
        found = settings_of(default_connection)
        assert (found.access_key_id, found.secret_access_key, found.region) == ("AKIA", "hush", "eu-west-1")
        assert default_connection.table_prefix == "app-"

    def test_call_that_is_refused_changes_nothing(self) -> None:
        backend = MemoryBackend()
        Connection.set_config(table_prefix="app-", backend=backend)
        with pytest.raises(ConfigurationError):
            Connection.set_config(table_prefix="other-", backend="mongodb")
        assert default_connection.table_prefix == "app-"
        assert default_connection.backend is backend

    def test_backend_that_was_handed_in_is_not_closed(self) -> None:
        backend = Counted()
        Connection.set_config(backend=backend)
        assert default_connection.backend is backend
        Connection.set_config(backend="memory")
        assert backend.closed == 0

    def test_backend_that_the_connection_made_is_replaced(self) -> None:
        Connection.set_config(backend="memory")
        first = default_connection.backend
        Connection.set_config(backend="memory")
        assert default_connection.backend is not first


class TestTablePrefix:
    def test_there_is_none_where_nothing_is_set(self) -> None:
        assert Connection().table_prefix == ""

    def test_it_comes_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_TABLE_PREFIX", "env-")
        assert Connection().table_prefix == "env-"

    @pytest.mark.parametrize("prefix", ["app-", ""])
    def test_what_is_set_in_code_wins_even_if_it_is_empty(self, monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
        monkeypatch.setenv("AWS_TABLE_PREFIX", "env-")
        assert Connection(table_prefix=prefix).table_prefix == prefix

    def test_it_stays_inside_a_using_block(self) -> None:
        Connection.set_config(table_prefix="app-")
        with Connection.using(MemoryBackend()) as backend:
            User.create_table()
            assert User.table_name() == "app-users"
            assert backend.execute(DescribeTable("app-users")).schema.name == "app-users"


class TestUsing:
    def test_block_uses_the_backend_and_restores_the_previous_one(self) -> None:
        outer, inner = MemoryBackend(), MemoryBackend()
        Connection.set_config(backend=outer)
        with Connection.using(inner) as given:
            assert given is inner
            assert default_connection.backend is inner
        assert default_connection.backend is outer

    def test_blocks_nest(self) -> None:
        first, second = MemoryBackend(), MemoryBackend()
        with Connection.using(first):
            with Connection.using(second):
                assert default_connection.backend is second
            assert default_connection.backend is first

    def test_error_ends_the_block_too(self) -> None:
        outer = MemoryBackend()
        Connection.set_config(backend=outer)
        with pytest.raises(RuntimeError), Connection.using(MemoryBackend()):
            raise RuntimeError
        assert default_connection.backend is outer

    def test_block_holds_for_every_connection(self) -> None:
        own = Connection(backend=MemoryBackend())
        with Connection.using(MemoryBackend()) as backend:
            assert own.backend is backend

    def test_backend_is_not_made_inside_a_block_that_does_not_need_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DYNAMONGO_BACKEND", "mongodb")
        with Connection.using(MemoryBackend()) as backend:
            assert Connection().backend is backend

    def test_backend_given_by_name_is_made_for_the_block(self) -> None:
        with Connection.using("memory") as first, Connection.using("memory") as second:
            assert isinstance(first, MemoryBackend)
            assert first is not second

    def test_backend_that_was_handed_in_is_not_closed(self) -> None:
        backend = Counted()
        with Connection.using(backend):
            pass
        assert backend.closed == 0

    def test_other_threads_do_not_see_the_block(self) -> None:
        outer = MemoryBackend()
        Connection.set_config(backend=outer)
        found: list[Backend] = []
        with Connection.using(MemoryBackend()):
            thread = threading.Thread(target=lambda: found.append(default_connection.backend))
            thread.start()
            thread.join()
        assert found == [outer]

    def test_each_asyncio_task_has_its_own_and_inherits_the_one_it_was_started_in(self) -> None:
        around = MemoryBackend()

        async def swap(backend: MemoryBackend) -> bool:
            inherited = default_connection.backend is around
            with Connection.using(backend):
                await asyncio.sleep(0.001)
                return inherited and default_connection.backend is backend

        async def main() -> list[bool]:
            with Connection.using(around):
                results = await asyncio.gather(*(swap(MemoryBackend()) for _ in range(5)))
                return [*results, default_connection.backend is around]

        assert asyncio.run(main()) == [True] * 6

    @pytest.mark.parametrize("everywhere", [False, True])
    def test_connection_is_not_accepted_as_a_backend(self, *, everywhere: bool) -> None:
        connection: Any = Connection(backend=MemoryBackend())
        message = r"an instance of one; got <Connection .*; pass its `.backend`$"
        with pytest.raises(ConfigurationError, match=message), Connection.using(connection, everywhere=everywhere):
            pass
        with pytest.raises(ConfigurationError, match=message):
            Connection(backend=connection)
        with Connection.using(connection.backend, everywhere=everywhere) as backend:
            assert default_connection.backend is backend is connection.backend


class TestCopies:
    @pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy])
    def test_copy_of_a_connection_has_its_settings_and_a_backend_of_its_own(self, make_copy: Any) -> None:
        connection = Connection(table_prefix="app-", backend="memory", scans="forbid")
        made = connection.backend
        copied = make_copy({"default": connection})["default"] if make_copy is copy.deepcopy else make_copy(connection)
        assert (copied.table_prefix, copied.scans, repr(copied)) == ("app-", "forbid", repr(connection))
        assert copied.backend is not made
        copied.close()
        assert connection.backend is made

    @pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy])
    def test_copy_of_a_connection_shares_a_backend_that_was_handed_in(self, make_copy: Any) -> None:
        backend = MemoryBackend()
        assert make_copy(Connection(backend=backend)).backend is backend

    @pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy])
    def test_copy_of_a_result_set_is_the_same_read(self, make_copy: Any) -> None:
        with Connection.using(MemoryBackend()):
            User.create_table()
            User.save_many([User(email="a"), User(email="b")])
            found = User.find(None, scans="allow", page_size=1)
            next(iter(found))
            assert {user.email for user in make_copy(found)} == {"a", "b"}

    @pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy])
    def test_copy_of_a_memory_backend_is_a_fork(self, make_copy: Any) -> None:
        backend = MemoryBackend()
        with Connection.using(backend):
            User.create_table()
        with Connection.using(make_copy(backend)):
            User.save_one(User(email="a"))
        assert backend.execute(DescribeTable("users")).item_count == 0

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (Connection(), "a Connection cannot be pickled: it may hold credentials"),
            (User.find("a"), "this ResultSet cannot be pickled: .* `.cursor`"),
            (MemoryBackend(), "a MemoryBackend cannot be pickled: `dump`"),
        ],
        ids=["connection", "result set", "memory backend"],
    )
    def test_pickle_is_refused_with_a_reason(self, value: object, message: str) -> None:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match=message):
                pickle.dumps(value, protocol)


class TestClose:
    def test_close_releases_what_the_connection_made_and_the_next_use_makes_another(self) -> None:
        connection = Connection(backend="memory")
        first = connection.backend
        connection.close()
        assert connection.backend is not first

    def test_close_leaves_a_backend_that_was_handed_in(self) -> None:
        backend = Counted()
        connection = Connection(backend=backend)
        assert connection.backend is backend
        connection.close()
        assert backend.closed == 0
        assert connection.backend is backend

    def test_close_may_be_called_twice_and_before_any_use(self) -> None:
        connection = Connection(backend="memory")
        connection.close()
        connection.close()
        assert isinstance(connection.backend, MemoryBackend)


class TestConnectionOfAModel:
    def test_model_may_have_its_own(self) -> None:
        class Log(Model):
            __table__ = "logs"
            __hash_key__ = "id"
            __connection__ = Connection(table_prefix="audit-", backend=MemoryBackend())
            id = StringField()

        Connection.set_config(table_prefix="app-", backend=MemoryBackend())
        Log.create_table()
        assert Log.table_name() == "audit-logs"
        assert Log.table_exists()
        assert not User.table_exists()

    def test_base_may_have_one_for_all_its_models_and_a_model_another(self) -> None:
        shared, special = Connection(table_prefix="a-"), Connection(table_prefix="b-")

        class Base(Model):
            __abstract__ = True
            __connection__ = shared
            id = StringField()

        class First(Base):
            __table__ = "first"
            __hash_key__ = "id"

        class Second(Base):
            __table__ = "second"
            __hash_key__ = "id"
            __connection__ = special

        assert (connection_of(First), First.table_name()) == (shared, "a-first")
        assert (connection_of(Second), Second.table_name()) == (special, "b-second")

    def test_connections_keep_their_tables_apart(self) -> None:
        one, other = Connection(backend=MemoryBackend()), Connection(backend=MemoryBackend())

        class Here(Model):
            __table__ = "shared"
            __hash_key__ = "id"
            __connection__ = one
            id = StringField()

        class There(Here):
            __connection__ = other

        Here.create_table()
        There.create_table()
        Here.save_one({"id": "x"})
        assert There.get_one("x", None) is None


def modules_after(code: str) -> set[str]:
    """Return the top-level modules that are imported after the code has run in a fresh interpreter."""
    script = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(finished.stdout.split())


def test_boto3_is_imported_only_to_talk_to_dynamodb() -> None:
    use = """
from dynamongo import Connection, Model, StringField
class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField()
Connection.set_config(backend="memory")
User.create_table()
User.save_one({"email": "a"})
"""
    assert modules_after("import dynamongo").isdisjoint({"boto3", "botocore"})
    assert modules_after(use).isdisjoint({"boto3", "botocore"})
    assert "dynamongo" in modules_after("import dynamongo")


def test_blocks_that_end_in_another_order_leave_none_behind() -> None:
    first, second = MemoryBackend(), MemoryBackend()
    outer, inner = Connection.using(first), Connection.using(second)
    connection = Connection(backend=MemoryBackend())
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert connection.backend is second
    inner.__exit__(None, None, None)
    assert connection.backend not in (first, second)
