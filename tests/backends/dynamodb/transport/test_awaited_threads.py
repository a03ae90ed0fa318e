"""What blocks runs in threads when it is awaited: boto3, its start, and a refresh of credentials."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials, RefreshableCredentials
from faulty_server import FaultyServer, Script, Slow, run_faulty_server
from transport_colours import cancel

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.transport import loop_pool, transport
from dynamongo.exceptions import CredentialsError, TableNotFound
from dynamongo.operations import DescribeTable

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "top-secret", "region": "us-east-2"}
DESCRIBE = DescribeTable("missing-table")


@pytest.fixture
def server(server_url: str) -> Iterator[FaultyServer]:
    """The emulator behind a proxy that writes down what it gets."""
    with run_faulty_server(server_url) as running:
        yield running


@pytest.fixture
def session() -> Any:
    return boto3.Session("made-up", "top-secret", region_name="us-east-2")


async def ask(backend: DynamoDBBackend) -> None:
    with pytest.raises(TableNotFound):
        await backend.execute_async(DESCRIBE)


class Gate:
    """Where a thread waits for an event loop that goes on meanwhile."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._is_open = threading.Event()

    def wait(self) -> None:
        """Wait until it is open; this fails in the thread of the loop, which never comes to opening it."""
        self._reached.set()
        assert self._is_open.wait(20), "the loop did not go on"

    async def reached(self) -> None:
        """Await that a thread waits."""
        assert await asyncio.to_thread(self._reached.wait, 20)

    def open(self) -> None:
        """Let all threads pass from now on."""
        self._is_open.set()


class Refreshing:
    """Credentials that refresh when a gate is opened.

    Attributes:
        gate: The gate.
        threads: Those that did it.
        lifetime: For how many seconds the next ones are valid: 900 and less is due at once, if nothing is mandatory.
    """

    def __init__(self, lifetime: float) -> None:
        self.gate = Gate()
        self.threads: list[threading.Thread] = []
        self.lifetime = lifetime
        self.credentials: Any = RefreshableCredentials.create_from_metadata(self._make(), self._refresh, "test")

    def _make(self) -> dict[str, str]:
        expiry = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=self.lifetime)
        key = f"key-{len(self.threads)}"
        return {"access_key": key, "secret_key": "s", "token": "t", "expiry_time": expiry.isoformat()}

    def _refresh(self) -> dict[str, str]:
        self.threads.append(threading.current_thread())
        self.gate.wait()
        return self._make()


class TestCredentials:
    def test_refresh_runs_in_a_thread_once_for_all_tasks(self, session: Any, server: FaultyServer) -> None:
        refreshing = Refreshing(1)
        session._session._credentials = refreshing.credentials
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)

        async def main() -> None:
            refreshing.lifetime = 5_000
            asking = asyncio.gather(*[ask(backend) for _ in range(20)])
            await refreshing.gate.reached()
            refreshing.gate.open()
            await asking
            await backend.close_async()

        asyncio.run(main())
        assert len(refreshing.threads) == 1
        assert refreshing.threads[0] is not threading.main_thread()
        assert {seen.headers["authorization"].partition("key-")[2][:2] for seen in server.log} == {"1/"}

    def test_cancelled_task_does_not_stop_the_refresh_of_others(self, session: Any, server: FaultyServer) -> None:
        refreshing = Refreshing(5_000)
        session._session._credentials = refreshing.credentials
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)

        async def main() -> None:
            await ask(backend)
            refreshing.credentials._expiry_time = dt.datetime.now(dt.timezone.utc)
            first, second = [asyncio.ensure_future(ask(backend)) for _ in range(2)]
            await refreshing.gate.reached()
            assert not await cancel(first)
            refreshing.gate.open()
            await second
            await backend.close_async()

        asyncio.run(main())
        assert (len(refreshing.threads), len(server.log)) == (1, 2)

    @pytest.mark.parametrize("has_own_kind", [False, True])
    def test_only_those_of_an_unknown_kind_are_asked_in_a_thread(
        self, session: Any, server: FaultyServer, *, has_own_kind: bool
    ) -> None:
        threads: set[threading.Thread] = set()

        class Own(Credentials):
            def get_frozen_credentials(self) -> Any:
                threads.add(threading.current_thread())
                return super().get_frozen_credentials()

        class Noted(Credentials):
            @property
            def access_key(self) -> str:
                threads.add(threading.current_thread())
                return "key"

            @access_key.setter
            def access_key(self, value: str) -> None: ...

        session._session._credentials = (Own if has_own_kind else Noted)("key", "secret")
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)

        async def main() -> None:
            await ask(backend)
            threads.clear()
            for _ in range(3):
                await ask(backend)
            await backend.close_async()

        asyncio.run(main())
        assert (threading.main_thread() in threads) is not has_own_kind

    def test_error_reaches_every_task(self, session: Any, server: FaultyServer) -> None:
        refreshing = Refreshing(5_000)
        session._session._credentials = refreshing.credentials
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)

        def fail() -> dict[str, str]:
            raise RuntimeError("no metadata")

        async def main() -> None:
            await ask(backend)
            refreshing.credentials._expiry_time = dt.datetime.now(dt.timezone.utc)
            refreshing.credentials._refresh_using = fail
            tasks = [backend.execute_async(DESCRIBE) for _ in range(3)]
            errors = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(error) for error in errors] == [CredentialsError] * 3
            await backend.close_async()

        asyncio.run(main())


class TestBoto3:
    def test_start_runs_in_a_thread_once_for_all_tasks(
        self, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=server.url)
        gate = Gate()
        starts: list[threading.Thread] = []
        start = transport._start_with_boto3

        def start_later(*arguments: Any) -> Any:
            starts.append(threading.current_thread())
            gate.wait()
            return start(*arguments)

        monkeypatch.setattr(transport, "_start_with_boto3", start_later)

        async def main() -> None:
            asking = asyncio.gather(*[ask(backend) for _ in range(20)])
            await gate.reached()
            gate.open()
            await asking
            await backend.close_async()

        asyncio.run(main())
        assert len(starts) == 1
        assert starts[0] is not threading.main_thread()

    def test_it_sends_in_a_thread_with_the_context_of_the_task(self, session: Any, server: FaultyServer) -> None:
        variable = contextvars.ContextVar("variable", default="unset")
        seen: list[tuple[str, bool]] = []
        gate = Gate()

        def watch(**_: Any) -> None:
            seen.append((variable.get(), threading.current_thread() is threading.main_thread()))
            gate.wait()

        session.events.register("before-send.dynamodb", watch)
        backend = DynamoDBBackend(session=session, endpoint_url=server.url)

        async def main() -> str:
            variable.set("of the task")
            await backend.open_async()
            asking = asyncio.ensure_future(ask(backend))
            await gate.reached()
            gate.open()
            await asking
            described = backend.describe_transport()
            await backend.close_async()
            return described

        assert asyncio.run(main()).startswith("boto3 in a thread: ")
        assert seen == [("of the task", False)]

    def test_request_of_a_cancelled_task_may_be_carried_out(self, server: FaultyServer) -> None:
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=server.url, transport="boto3")
        server.plan = Script({("*", 1): Slow(0.4)})

        async def main() -> None:
            await backend.open_async()
            task = asyncio.ensure_future(ask(backend))
            for _ in range(500):
                if server.log:
                    break
                await asyncio.sleep(0.01)
            assert await cancel(task)
            await ask(backend)
            await backend.close_async()

        asyncio.run(main())
        assert len(server.log) == 2


def test_loop_that_cannot_watch_sockets_has_threads_send(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the usual loop of Windows."""
    monkeypatch.setattr(loop_pool, "_BLIND", (asyncio.AbstractEventLoop,))
    backend = DynamoDBBackend(**MADE_UP, endpoint_url=server.url)

    async def main() -> str:
        await asyncio.gather(*[ask(backend) for _ in range(5)])
        described = backend.describe_transport()
        await backend.close_async()
        return described

    assert asyncio.run(main()).startswith("direct in a thread: ")
    assert len(server.log) == 5
