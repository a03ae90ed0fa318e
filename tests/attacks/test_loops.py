"""Event loops that end, share a backend, fork or cancel what they do: nobody gets another's response, nothing leaks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import threading
import time
import warnings
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import anyio
import pytest

from attacks.awaited import LOOPS
from attacks.forking import echo
from attacks.server import ScriptedServer, Send, Wait, answer, run_scripted_server
from attacks.soak import MADE_UP, trusted_context
from attacks.variants import mark_slow
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import Get, Put
from dynamongo.operations.results import GetResult

Run = Callable[[Callable[[], Awaitable[None]]], None]

NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux lists a process's descriptors")


@pytest.fixture(
    params=mark_slow(
        [f"{loop}-{scheme}" for loop in LOOPS for scheme in ("http", "https")], slow=["asyncio-http", "uvloop-https"]
    )
)
def way(request: pytest.FixtureRequest) -> str:
    """A loop and a scheme; by default, each of them is met once."""
    return str(request.param)


@pytest.fixture
def run(way: str) -> Run:
    """Runs an asynchronous function on a new loop to its end, and cancels what it has left."""

    def run(main: Callable[[], Awaitable[None]]) -> None:
        anyio.run(main, backend="asyncio", backend_options={"use_uvloop": way.startswith("uvloop")})

    return run


@pytest.fixture
def server(way: str, tmp_path: Path) -> Iterator[ScriptedServer]:
    """A server that answers a read with the key it was asked for."""
    with contextlib.ExitStack() as stack:
        context = None if way.endswith("http") else stack.enter_context(trusted_context(tmp_path))
        yield stack.enter_context(run_scripted_server(echo, context))


@pytest.fixture
def backend(server: ScriptedServer) -> Iterator[DynamoDBBackend]:
    """A backend with four connections for each loop."""
    with contextlib.closing(DynamoDBBackend(**MADE_UP, endpoint_url=server.url, max_connections=4)) as opened:
        yield opened


async def get(backend: DynamoDBBackend, name: str) -> None:
    """Read an item, and check that it is no other's."""
    assert await backend.execute_async(Get("table", {"id": name})) == GetResult({"id": name})


async def get_at_once(backend: DynamoDBBackend, name: str, count: int = 20) -> None:
    await asyncio.gather(*[get(backend, f"{name}-{number}") for number in range(count)])


def count_sockets() -> int:
    count = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # that of the folder itself is closed by now
            count += str(each.readlink()).startswith("socket:")
    return count


def wait_for_sockets(count: int) -> None:
    """Wait until so many sockets are open: the server closes its own a little later."""
    for _ in range(200):
        if count_sockets() <= count:
            return
        time.sleep(0.01)
    assert count_sockets() <= count


class TestEnds:
    @NEEDS_PROC
    def test_each_loop_opens_its_own_connections_and_closes_them(
        self, run: Run, server: ScriptedServer, backend: DynamoDBBackend
    ) -> None:
        async def main() -> None:
            await get_at_once(backend, "a")
            await backend.close_async()

        run(main)
        before = count_sockets()
        for _ in range(5):
            run(main)
        wait_for_sockets(before)

    @NEEDS_PROC
    def test_what_a_loop_leaves_open_is_closed_with_a_warning_when_the_next_one_asks(
        self, run: Run, server: ScriptedServer, backend: DynamoDBBackend
    ) -> None:
        async def main() -> None:
            await get_at_once(backend, "a")

        run(main)
        for _ in range(5):
            with pytest.warns(ResourceWarning, match=r"4 connections to \S+ were left open by an event loop"):
                run(main)
        before = count_sockets()
        backend.close()  # which the program knows of, so that nothing warns
        wait_for_sockets(before - 8)

    def test_loop_ends_with_requests_under_way(
        self, run: Run, server: ScriptedServer, backend: DynamoDBBackend
    ) -> None:
        """The loop cancels them: four that were sent, and eight that wait for a place."""
        server.script = lambda request: [Wait(0.01), *echo(request)]
        sent: dict[str, bool] = {}

        async def work(name: str) -> None:
            try:
                while True:
                    await get(backend, name)
            except asyncio.CancelledError as error:
                sent[name] = error.was_sent  # type: ignore[attr-defined]
                raise

        async def main() -> None:
            await get_at_once(backend, "warm")
            tasks.extend([asyncio.create_task(work(f"left-{number}")) for number in range(12)])
            await asyncio.sleep(0.05)

        async def afterwards() -> None:
            await get_at_once(backend, "afterwards")
            await backend.close_async()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            for _ in range(3):
                tasks: list[asyncio.Task[None]] = []
                run(main)
                assert all(task.cancelled() for task in tasks)
            run(afterwards)
        assert set(sent.values()) == {True, False}

    def test_loop_is_closed_under_its_tasks(
        self, recwarn: pytest.WarningsRecorder, server: ScriptedServer, backend: DynamoDBBackend
    ) -> None:
        """Nothing is cancelled, as where a program stops its loop and goes on: the tasks are collected later."""

        async def stop_after(name: str) -> None:
            await get(backend, name)
            asyncio.get_running_loop().stop()

        for number in range(3):
            loop = asyncio.new_event_loop()
            tasks = [loop.create_task(stop_after(f"{number}-first"))]
            tasks += [loop.create_task(get_at_once(backend, f"{number}-{each}", 50)) for each in range(4)]
            loop.set_exception_handler(lambda *_: None)  # of tasks that are destroyed
            loop.run_forever()
            loop.close()
            del loop, tasks
            gc.collect()

        async def afterwards() -> None:
            await get_at_once(backend, "afterwards")
            await backend.close_async()

        asyncio.run(afterwards())
        assert any("left open" in str(each.message) for each in recwarn)

    def test_backend_that_is_forgotten_warns(self, run: Run, server: ScriptedServer) -> None:
        async def main() -> None:
            await get_at_once(DynamoDBBackend(**MADE_UP, endpoint_url=server.url), "a", 3)

        with pytest.warns(ResourceWarning, match="3 connections to .* left open"):
            forget(run, main)


def forget(run: Run, main: Callable[[], Awaitable[None]]) -> None:
    run(main)
    gc.collect()


class TestThreads:
    def test_loops_of_several_threads_share_a_backend(
        self, run: Run, server: ScriptedServer, backend: DynamoDBBackend
    ) -> None:
        """And with them a thread that blocks."""
        failures: list[BaseException] = []

        async def main() -> None:
            for number in range(5):
                await get_at_once(backend, f"{threading.get_ident()}-{number}")
            await backend.close_async()

        def block() -> None:
            for number in range(50):
                name = f"blocking-{number}"
                assert backend.execute(Get("table", {"id": name})) == GetResult({"id": name})

        def work(function: Callable[[], None]) -> None:
            try:
                function()
            except BaseException as error:  # noqa: BLE001 - the test tells it
                failures.append(error)

        works = [lambda: run(main)] * 4 + [block]
        threads = [threading.Thread(target=work, args=(each,)) for each in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []

    def test_backend_is_closed_while_loops_of_other_threads_use_it(
        self, run: Run, server: ScriptedServer, backend: DynamoDBBackend
    ) -> None:
        """Requests that were begun are answered; those that come later open connections that are closed after use."""
        failures: list[BaseException] = []
        is_over = threading.Event()

        async def main() -> None:
            while not is_over.is_set():
                await get_at_once(backend, f"{threading.get_ident()}", 6)
            await backend.close_async()

        def work() -> None:
            try:
                run(main)
            except BaseException as error:  # noqa: BLE001 - the test tells it
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            backend.close()
            time.sleep(0.01)
        is_over.set()
        for thread in threads:
            thread.join()
        assert failures == []


class TestCancellation:
    @pytest.mark.parametrize("seed", range(3))
    def test_scopes_of_anyio_end_at_any_time(
        self, run: Run, server: ScriptedServer, backend: DynamoDBBackend, seed: int
    ) -> None:
        """Scopes cancel again at every await, also while something is cleaned up."""
        draw = random.Random(seed)
        answered: list[str] = []

        async def work(name: str) -> None:
            with anyio.move_on_after(draw.random() * 0.02):
                await backend.execute_async(Put("table", {"id": name}))
                answered.append(name)

        async def main() -> None:
            await get_at_once(backend, "before", 8)
            for each in range(8):
                async with anyio.create_task_group() as group:
                    for number in range(12):
                        group.start_soon(work, f"{each}-{number}")
            with anyio.fail_after(10):  # all places are free again
                await get_at_once(backend, "afterwards", 8)
            await backend.close_async()

        server.script = lambda request: [Wait(0.005), Send(answer())] if "Item" in request.content else echo(request)
        run(main)
        seen = Counter(request.content["Item"]["id"]["S"] for request in server.log if request.action == "PutItem")
        assert set(answered) <= set(seen)
        assert set(seen.values()) <= {1}

    def test_cancelled_again_while_it_is_cancelled(
        self, run: Run, server: ScriptedServer, backend: DynamoDBBackend
    ) -> None:
        async def main() -> None:
            for delay in range(12):
                tasks = [asyncio.create_task(get(backend, f"{delay}-{number}")) for number in range(8)]
                for _ in range(delay):
                    await asyncio.sleep(0)
                for _ in range(3):
                    for task in tasks:
                        task.cancel()
                    await asyncio.sleep(0)
                await asyncio.gather(*tasks, return_exceptions=True)
            async with asyncio.timeout(10) if hasattr(asyncio, "timeout") else contextlib.nullcontext():
                await get_at_once(backend, "afterwards", 8)
            await backend.close_async()

        run(main)
