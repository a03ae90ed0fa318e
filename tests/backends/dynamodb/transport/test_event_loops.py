"""Event loops: each has its own connections, which end with it or are closed, and what is left open is told."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import threading
import traceback
import warnings
import weakref
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path as FilePath
from typing import Any

import pytest
from faulty_server import FaultyServer, Script, Slow, run_faulty_server

from dynamongo import Connection
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb import backend as backend_module
from dynamongo.backends.dynamodb.transport import loop_pool
from dynamongo.backends.dynamodb.transport.loop_connection import LoopConnection
from dynamongo.backends.dynamodb.transport.transport import make_transport
from dynamongo.exceptions import ServiceError, TableNotFound
from dynamongo.operations import DescribeTable

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "top-secret", "region": "us-east-2"}
DESCRIBE = DescribeTable("missing-table")
SLOWLY = Script({("*", None): Slow(0.1)})

Main = Callable[[], Awaitable[Any]]


@pytest.fixture
def server(server_url: str) -> Iterator[FaultyServer]:
    """The emulator behind a proxy that writes down what it gets."""
    with run_faulty_server(server_url) as running:
        yield running


@pytest.fixture
def backend(server: FaultyServer) -> Iterator[DynamoDBBackend]:
    made = DynamoDBBackend(**MADE_UP, endpoint_url=server.url)
    yield made
    made.close()


@pytest.fixture(params=["asyncio", "uvloop"])
def new_loop(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    if request.param == "uvloop":
        return pytest.importorskip("uvloop").new_event_loop  # type: ignore[no-any-return]
    return asyncio.new_event_loop


def run(new_loop: Callable[[], asyncio.AbstractEventLoop], main: Main) -> None:
    """Run a coroutine on a loop of its own, as `asyncio.run` does, which takes no loop before Python 3.12."""
    loop = new_loop()
    try:
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


async def ask(backend: DynamoDBBackend, seconds: float | None = None) -> None:
    with pytest.raises(TableNotFound):
        await backend.execute_async(DESCRIBE, seconds)


async def ask_at_once(backend: DynamoDBBackend, count: int) -> None:
    await asyncio.wait_for(asyncio.gather(*[ask(backend) for _ in range(count)]), 5)


def make_connection(server: FaultyServer) -> Connection:
    return Connection(
        MADE_UP["access_key_id"], MADE_UP["secret_access_key"], MADE_UP["region"], endpoint_url=server.url
    )


def count_connections(server: FaultyServer) -> int:
    """Return how many sockets this process has that are connected to the server."""
    count = 0
    for each in FilePath("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if each.readlink().name.startswith("socket:"):
                with socket.socket(fileno=os.dup(int(each.name))) as copy:
                    count += copy.getpeername() == ("127.0.0.1", server.server_port)
    return count


class TestLoops:
    def test_each_has_its_own(self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer) -> None:
        async def main() -> None:
            for _ in range(3):
                await ask(backend)
            await backend.close_async()

        for _ in range(3):
            run(new_loop, main)
        assert (server.connection_count, len(server.log)) == (3, 9)

    def test_several_run_in_several_threads(
        self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer
    ) -> None:
        errors: list[BaseException] = []
        barrier = threading.Barrier(4)

        async def main() -> None:
            barrier.wait(5)
            for _ in range(5):
                await asyncio.gather(*[ask(backend) for _ in range(5)])
            barrier.wait(5)

        def work() -> None:
            try:
                run(new_loop, main)
            except BaseException as error:
                errors.append(error)
                raise

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (errors, len(server.log)) == ([], 100)
        assert server.connection_count <= 20

    def test_loop_that_is_over_is_not_kept_alive(self, new_loop: Any, backend: DynamoDBBackend) -> None:
        loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

        async def main() -> None:
            loops.append(weakref.ref(asyncio.get_running_loop()))
            await ask(backend)

        run(new_loop, main)
        gc.collect()
        assert loops[0]() is None

    def test_blocking_calls_have_theirs(self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer) -> None:
        async def main() -> None:
            await ask(backend)
            with pytest.raises(TableNotFound):
                backend.execute(DESCRIBE)
            await backend.close_async()

        run(new_loop, main)
        assert server.connection_count == 2

    def test_child_of_a_fork_closes_its_copies_and_nothing_else(
        self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer
    ) -> None:
        loop = new_loop()
        loop.run_until_complete(ask_at_once(backend, 2))
        child = os.fork()
        if child == 0:
            try:
                assert count_connections(server) == 0
                backend.close()
                run(new_loop, lambda: ask(backend))
                os._exit(0)
            except BaseException:  # noqa: BLE001 - the child must not return to pytest
                traceback.print_exc()
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        loop.run_until_complete(ask_at_once(backend, 2))
        loop.run_until_complete(backend.close_async())
        loop.close()
        assert (server.connection_count, len(server.log)) == (3, 5)


def drop(backends: list[DynamoDBBackend]) -> None:
    backends.clear()
    gc.collect()


class TestClosing:
    def test_what_is_left_open_is_told_by_the_next_loop(
        self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer
    ) -> None:
        run(new_loop, lambda: ask_at_once(backend, 2))
        with pytest.warns(ResourceWarning) as caught:
            run(new_loop, lambda: ask(backend))
        assert [str(each.message).partition(";")[0].rpartition(" to ")[0] for each in caught] == [
            "dynamongo: 2 connections"
        ]
        backend.close()
        assert count_connections(server) == 0

    def test_what_is_left_open_is_told_when_the_backend_goes(self, new_loop: Any, server: FaultyServer) -> None:
        backends = [DynamoDBBackend(**MADE_UP, endpoint_url=server.url)]
        run(new_loop, lambda: ask(backends[0]))
        gc.collect()
        message = r"1 connection to .* call `await connection\.aio\.close\(\)`"
        with pytest.warns(ResourceWarning, match=message) as caught:
            drop(backends)
        assert (len(caught), count_connections(server)) == (1, 0)

    def test_what_a_connection_closed_in_the_loop_is_not(self, new_loop: Any, server: FaultyServer) -> None:
        connection = make_connection(server)
        backend: Any = connection.backend

        async def main() -> None:
            for _ in range(2):
                await ask(backend)  # the second time as a read does that has begun before
                gc.collect()
                await connection.aio.close()
            assert count_connections(server) == 0

        with warnings.catch_warnings(record=True) as caught:  # a finalizer cannot raise
            warnings.simplefilter("always")
            run(new_loop, main)
        assert [str(each.message) for each in caught] == []

    def test_request_that_waits_while_the_connection_is_closed_uses_the_next_backend(
        self, new_loop: Any, server: FaultyServer
    ) -> None:
        connection = make_connection(server)
        first: Any = connection.backend
        go_on = threading.Event()

        async def main() -> None:
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(1))
            busy = loop.run_in_executor(None, go_on.wait, 5)
            request = asyncio.ensure_future(connection.execute_async(DESCRIBE))
            await asyncio.sleep(0.01)
            connection.close()
            go_on.set()
            await busy
            with pytest.raises(TableNotFound):
                await request
            await first.close_async()
            assert count_connections(server) == 1
            await connection.aio.close()
            assert count_connections(server) == 0

        run(new_loop, main)

    def test_what_was_closed_after_the_loop_is_not(self, new_loop: Any, server: FaultyServer) -> None:
        backends = [DynamoDBBackend(**MADE_UP, endpoint_url=server.url)]
        run(new_loop, lambda: ask(backends[0]))
        backends[0].close()
        assert count_connections(server) == 0
        drop(backends)

    def test_requests_under_way_are_waited_for(
        self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer
    ) -> None:

        async def main() -> None:
            await ask(backend)
            server.plan = SLOWLY
            tasks = [asyncio.ensure_future(ask(backend)) for _ in range(3)]
            await asyncio.sleep(0.05)
            await backend.close_async()
            await asyncio.sleep(0)
            assert all(task.done() for task in tasks)
            await asyncio.gather(*tasks)

        run(new_loop, main)
        assert count_connections(server) == 0

    def test_blocking_close_closes_connections_of_a_loop_in_another_thread(
        self, backend: DynamoDBBackend, server: FaultyServer
    ) -> None:
        asked, closed = threading.Event(), threading.Event()

        async def main() -> None:
            await ask(backend)
            asked.set()
            await asyncio.to_thread(closed.wait, 5)
            await asyncio.sleep(0)

        thread = threading.Thread(target=lambda: asyncio.run(main()))
        thread.start()
        assert asked.wait(5)
        backend.close()
        closed.set()
        thread.join()
        assert count_connections(server) == 0

    def test_two_loops_close_one_backend_at_once(self, new_loop: Any, server: FaultyServer) -> None:
        backends = [DynamoDBBackend(**MADE_UP, endpoint_url=server.url)]
        asked, closed = threading.Barrier(2), threading.Barrier(2)

        async def main(is_first: bool) -> None:  # noqa: FBT001 - there are two
            await ask(backends[0])
            request = asyncio.ensure_future(ask(backends[0]))
            await asyncio.sleep(0)
            asked.wait(5)
            if is_first:
                await backends[0].close_async()
                closed.wait(5)
            else:
                closed.wait(5)
                await backends[0].close_async()
                assert request.done()
            await request

        with ThreadPoolExecutor(2) as threads:
            runs = [threads.submit(run, new_loop, partial(main, is_first)) for is_first in (True, False)]
            for each in runs:
                each.result()
        assert count_connections(server) == 0
        drop(backends)

    def test_alarm_does_not_keep_what_is_closed(self, new_loop: Any, backend: DynamoDBBackend) -> None:
        async def main() -> None:
            await ask(backend, 30)
            (connection,) = [each for each in gc.get_objects() if type(each) is LoopConnection and each.is_open]
            kept = weakref.ref(connection)
            del connection
            await backend.close_async()
            gc.collect()
            assert kept() is None

        run(new_loop, main)

    def test_what_is_opened_for_requests_from_before_is_closed_after_use(
        self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer
    ) -> None:
        go_on = threading.Event()

        async def main() -> None:
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(1))
            busy = loop.run_in_executor(None, go_on.wait, 5)
            requests = asyncio.ensure_future(ask_at_once(backend, 3))
            await asyncio.sleep(0.01)
            backend.close()
            go_on.set()
            await asyncio.gather(busy, requests)
            assert count_connections(server) == 0
            await ask(backend)
            assert count_connections(server) == 1
            await backend.close_async()

        run(new_loop, main)

    def test_closing_does_not_block_the_loop_while_a_thread_opens(
        self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opening, go_on = threading.Event(), threading.Event()

        def make_late(*arguments: Any) -> Any:
            opening.set()
            assert go_on.wait(5), "the loop could not go on"
            return make_transport(*arguments)

        monkeypatch.setattr(backend_module, "make_transport", make_late)

        async def main() -> None:
            request = asyncio.ensure_future(ask(backend))
            await asyncio.to_thread(opening.wait, 5)
            asyncio.get_running_loop().call_later(0.01, go_on.set)
            await backend.close_async()
            await request
            assert count_connections(server) == 0

        run(new_loop, main)

    def test_closed_backend_opens_again(self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer) -> None:
        async def main() -> None:
            for _ in range(2):
                await ask(backend)
                await backend.close_async()
            await backend.close_async()

        run(new_loop, main)
        assert server.connection_count == 2


class TestPool:
    def test_idle_connection_closes_when_the_server_does(
        self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer
    ) -> None:
        async def main() -> None:
            await ask_at_once(backend, 2)
            server.hang_up()
            for _ in range(100):
                if count_connections(server) == 0:
                    break
                await asyncio.sleep(0.01)
            else:
                raise AssertionError("they are still open")
            await ask(backend)
            await backend.close_async()

        run(new_loop, main)
        assert server.connection_count == 3

    def test_connection_that_was_idle_for_long_is_replaced(
        self, new_loop: Any, backend: DynamoDBBackend, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loop_pool, "MAX_IDLE_SECONDS", 0.05)

        async def main() -> None:
            await ask_at_once(backend, 3)
            await asyncio.sleep(0.1)
            await ask(backend)
            assert count_connections(server) == 1
            await backend.close_async()

        run(new_loop, main)
        assert server.connection_count == 4

    def test_place_is_waited_for_in_order_and_within_the_time(self, new_loop: Any, server: FaultyServer) -> None:
        server.plan = SLOWLY
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=server.url, max_connections=1)

        async def name(number: int) -> None:
            with pytest.raises(TableNotFound):
                await backend.execute_async(DescribeTable(f"table-{number}"), 5)

        async def main() -> None:
            tasks = [asyncio.ensure_future(name(number)) for number in range(4)]
            await asyncio.sleep(0)
            with pytest.raises(ServiceError, match="all 1 are in use; set max_connections=") as caught:
                await backend.execute_async(DescribeTable("late"), 0.05)
            assert (caught.value.was_sent, caught.value.is_transient) == (False, True)
            await asyncio.gather(*tasks)
            await backend.close_async()

        run(new_loop, main)
        assert [seen.body for seen in server.log] == [b'{"TableName":"table-%d"}' % number for number in range(4)]

    def test_times_without_a_byte_and_deadlines_are_kept_by_one_timer(
        self, new_loop: Any, server: FaultyServer
    ) -> None:
        backend = DynamoDBBackend(**MADE_UP, endpoint_url=server.url)

        async def main() -> None:
            for seconds in (30, 5, None, 0.5, 20):  # a shorter one has the timer ring earlier
                await ask(backend, seconds)
            server.plan = Script({("*", None): Slow(0.06, piece=60)})
            for seconds in (0.1, 0.1):
                with pytest.raises(ServiceError, match="within the time left for the call"):
                    await backend.execute_async(DESCRIBE, seconds)
            await ask(backend, 5)
            await backend.close_async()

        run(new_loop, main)
