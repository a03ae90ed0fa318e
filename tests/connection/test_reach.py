"""What a `Connection.using` block reaches: the table of `docs/testing.md`, row by row."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.testclient import TestClient

from dynamongo import Connection, Model, StringField
from dynamongo.backends import Backend, Limits
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection
from dynamongo.operations import Operation

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "testing.md"

T = TypeVar("T")


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField()


class Wide(MemoryBackend):
    """A backend at which several requests are under way at once, each in a thread of its own."""

    limits = Limits(concurrency=4)

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def execute(self, operation: Operation[T], seconds: float | None = None) -> T:
        self.threads.add(threading.get_ident())
        return super().execute(operation, seconds)


class Outside:
    """What was there before the block: a pool and an event loop, each with a thread that is running already."""

    def __init__(self, stack: contextlib.ExitStack, default: Backend) -> None:
        self.default = default
        self.pool = stack.enter_context(ThreadPoolExecutor(1))
        self.pool.submit(threading.get_ident).result()
        self.loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self.loop.run_forever)
        thread.start()
        stack.callback(self._stop, thread)
        self.questions: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.task = asyncio.run_coroutine_threadsafe(self._answer(), self.loop)

    async def _answer(self) -> Backend:
        """A task that was started before the block, and asks inside it."""
        await self.loop.run_in_executor(None, self.questions.get)
        return ask()

    def _stop(self, thread: threading.Thread) -> None:
        self.questions.put(None)
        self.task.result(timeout=30)
        asyncio.run_coroutine_threadsafe(self.loop.shutdown_default_executor(), self.loop).result(timeout=30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        thread.join()
        self.loop.close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    default = MemoryBackend()
    Connection.set_config(backend=default)
    with contextlib.ExitStack() as stack:
        yield Outside(stack, default)
    Connection.set_config()


def ask() -> Backend:
    return default_connection.backend


def in_thread(function: Callable[[], T]) -> T:
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


# How each row asks which backend is in use.


def ask_here(_outside: Outside) -> Backend:
    return ask()


def ask_in_new_task(_outside: Outside) -> Backend:
    async def ask_soon() -> Backend:
        await asyncio.sleep(0)
        return ask()

    async def main() -> Backend:
        return await asyncio.create_task(ask_soon())

    return asyncio.run(main())


def ask_in_earlier_task(outside: Outside) -> Backend:
    outside.questions.put(None)
    return outside.task.result(timeout=30)


def ask_in_to_thread(_outside: Outside) -> Backend:
    return asyncio.run(asyncio.to_thread(ask))


def ask_in_anyio_thread(_outside: Outside) -> Backend:
    async def main() -> Backend:
        return await anyio.to_thread.run_sync(ask)

    return anyio.run(main)


def ask_in_thread(_outside: Outside) -> Backend:
    return in_thread(ask)


def ask_in_timer(_outside: Outside) -> Backend:
    found: queue.SimpleQueue[Backend] = queue.SimpleQueue()
    timer = threading.Timer(0, lambda: found.put(ask()))
    timer.start()
    timer.join()
    return found.get()


def ask_in_new_pool(_outside: Outside) -> Backend:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def ask_in_earlier_pool(outside: Outside) -> Backend:
    return outside.pool.submit(ask).result()


def ask_in_executor(_outside: Outside) -> Backend:
    async def main() -> Backend:
        return await asyncio.get_running_loop().run_in_executor(None, ask)

    return asyncio.run(main())


def ask_in_generator(_outside: Outside) -> Backend:
    def generate() -> Generator[Backend]:
        yield ask()

    return next(generate())


def ask_while_writing_many(_outside: Outside) -> Backend:
    """Requests under way at once go through dynamongo's own threads."""
    backend = ask()
    assert isinstance(backend, Wide)
    Note.create_table()
    result = Note.save_many(Note(title=f"note {number}") for number in range(60))
    assert result.success_count == 60
    assert backend.threads - {threading.get_ident()}
    return backend


def ask_app(prepare: Callable[[FastAPI, list[Backend]], None]) -> Backend:
    """Return the backend that a request to an app finds."""
    app, found = FastAPI(), list[Backend]()
    prepare(app, found)
    with TestClient(app) as client:
        assert client.get("/").status_code == 200
    return found[0]


def ask_in_async_path(_outside: Outside) -> Backend:
    def prepare(app: FastAPI, found: list[Backend]) -> None:
        @app.get("/")
        async def path() -> None:
            found.append(ask())

    return ask_app(prepare)


def ask_in_sync_path(_outside: Outside) -> Backend:
    def prepare(app: FastAPI, found: list[Backend]) -> None:
        @app.get("/")
        def path() -> None:
            found.append(ask())

    return ask_app(prepare)


def ask_in_background(_outside: Outside) -> Backend:
    def prepare(app: FastAPI, found: list[Backend]) -> None:
        @app.get("/")
        def path(tasks: BackgroundTasks) -> None:
            tasks.add_task(lambda: found.append(ask()))

    return ask_app(prepare)


def ask_in_process(_outside: Outside) -> Backend | None:
    """Another process cannot reach this one's memory; it uses the backend of its own settings."""
    script = "from dynamongo.connection.connection import default_connection as c; print(type(c.backend).__name__)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "DynamoDBBackend"
    return None


ROWS: dict[str, tuple[Callable[[Outside], Backend | None], bool, bool]] = {
    "the block, and what it calls": (ask_here, True, True),
    "a generator that the block makes and runs": (ask_in_generator, True, True),
    "`save_many` and the like": (ask_while_writing_many, True, True),
    "a task that was started in the block, also by `asyncio.run`": (ask_in_new_task, True, True),
    "a task that was started before the block": (ask_in_earlier_task, False, True),
    "`asyncio.to_thread`": (ask_in_to_thread, True, True),
    "`anyio.to_thread.run_sync`, Starlette's `run_in_threadpool`": (ask_in_anyio_thread, True, True),
    "`threading.Thread`": (ask_in_thread, False, True),
    "`threading.Timer`": (ask_in_timer, False, True),
    "`ThreadPoolExecutor` made in the block": (ask_in_new_pool, False, True),
    "`ThreadPoolExecutor` made before the block": (ask_in_earlier_pool, False, True),
    "`loop.run_in_executor`": (ask_in_executor, False, True),
    "FastAPI's `TestClient`: an `async def` path function": (ask_in_async_path, True, True),
    "FastAPI's `TestClient`: a `def` path function": (ask_in_sync_path, True, True),
    "FastAPI's `TestClient`: `BackgroundTasks`": (ask_in_background, True, True),
    "another process": (ask_in_process, False, False),
}


@pytest.mark.skipif(
    getattr(sys.flags, "thread_inherit_context", False), reason="threads were asked to inherit the context"
)
@pytest.mark.parametrize("row", ROWS)
def test_block_reaches_what_its_row_says(row: str, outside: Outside) -> None:
    find, reaches, _ = ROWS[row]
    with Connection.using(Wide()) as backend:
        assert (find(outside) is backend) is reaches


@pytest.mark.parametrize("row", ROWS)
def test_block_of_the_process_reaches_what_its_row_says(row: str, outside: Outside) -> None:
    before = ask()
    find, _, reaches = ROWS[row]
    with Connection.using(Wide(), everywhere=True) as backend:
        assert (find(outside) is backend) is reaches
    assert ask() is in_thread(ask) is before


# Dependencies of FastAPI that enter the block themselves.


class App:
    """An app with a dependency that enters the block, and what its parts found."""

    def __init__(self, *, is_async: bool, everywhere: bool) -> None:
        self.backend = MemoryBackend()
        self.found: dict[str, bool] = {}
        self.everywhere = everywhere
        app = FastAPI(dependencies=[Depends(self.enter_async if is_async else self.enter)])

        @app.get("/async")
        async def asynchronous(tasks: BackgroundTasks) -> None:
            self.note("path function")
            tasks.add_task(self.note, "background")

        @app.get("/sync")
        def synchronous(tasks: BackgroundTasks) -> None:
            self.note("path function")
            tasks.add_task(self.note, "background")

        self.app = app

    def note(self, where: str) -> None:
        self.found[where] = ask() is self.backend

    def enter(self) -> Iterator[None]:
        with Connection.using(self.backend, everywhere=self.everywhere):
            self.note("dependency")
            yield

    async def enter_async(self) -> AsyncIterator[None]:
        with Connection.using(self.backend, everywhere=self.everywhere):
            self.note("dependency")
            yield

    def get(self, path: str) -> dict[str, bool]:
        with TestClient(self.app) as client:
            assert client.get(path).status_code == 200
        return self.found


DEPENDENCIES: dict[str, tuple[bool, str, bool, bool]] = {
    "a `def` dependency of FastAPI that enters the block: the path function": (False, "path function", False, True),
    "a `def` dependency of FastAPI that enters the block: `BackgroundTasks`": (False, "background", False, True),
    "an `async def` dependency of FastAPI that enters the block: the path function": (
        True,
        "path function",
        True,
        True,
    ),
    "an `async def` dependency of FastAPI that enters the block: `BackgroundTasks`": (True, "background", True, True),
}


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("path", ["/async", "/sync"])
@pytest.mark.parametrize("row", DEPENDENCIES)
def test_dependency_reaches_what_its_row_says(row: str, path: str, outside: Outside, *, everywhere: bool) -> None:
    is_async, where, *reaches = DEPENDENCIES[row]
    found = App(is_async=is_async, everywhere=everywhere).get(path)
    assert found["dependency"]
    assert found[where] is reaches[everywhere]
    assert ask() is in_thread(ask) is outside.default


# Fixtures.


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def plain(outside: Outside) -> Iterator[Backend]:
    with Connection.using(MemoryBackend()) as backend:
        yield backend


@pytest.fixture
def whole(outside: Outside) -> Iterator[Backend]:
    with Connection.using(MemoryBackend(), everywhere=True) as backend:
        yield backend


@pytest.mark.parametrize("fixture", ["plain", "whole"])
def test_fixture_reaches_its_test(fixture: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(fixture) is ask()


@pytest.mark.anyio
async def test_fixture_reaches_an_async_test(whole: Backend) -> None:
    assert whole is ask()


@pytest.mark.parametrize("everywhere", [False, True])
def test_generator_reaches_its_caller_until_it_ends(*, everywhere: bool, outside: Outside) -> None:
    def generate() -> Generator[Backend]:
        with Connection.using(MemoryBackend(), everywhere=everywhere) as backend:
            yield backend

    steps = generate()
    assert next(steps) is ask()
    steps.close()
    assert ask() is outside.default


FIXTURES: dict[str, tuple[bool | None, bool]] = {
    "a generator that enters the block: its caller, until the generator ends": (True, True),
    "a pytest fixture that yields in the block: a test that is `def`": (True, True),
    "a pytest fixture that yields in the block: a test that is `async def`": (None, True),
}


def test_table_of_the_document_is_this_one() -> None:
    cells = {True: "yes", False: "no", None: "as the plugin has it"}
    tested = {row: (plain, everywhere) for row, (_, plain, everywhere) in ROWS.items()}
    tested |= {row: (plain, everywhere) for row, (*_, plain, everywhere) in DEPENDENCIES.items()}
    rows = [f"| {row} | {cells[plain]} | {cells[whole]} |" for row, (plain, whole) in (tested | FIXTURES).items()]
    text = DOCUMENT.read_text(encoding="utf-8")
    table = "\n".join(["| what runs | `using(...)` | `using(..., everywhere=True)` |", "| --- | --- | --- |", *rows])
    assert table in text, f"the table should be:\n{table}"


# Several blocks at once.


def test_block_that_was_opened_last_wins(outside: Outside) -> None:
    with Connection.using(MemoryBackend()) as plain:
        with Connection.using(MemoryBackend(), everywhere=True) as whole:
            assert ask() is in_thread(ask) is whole
            with Connection.using(MemoryBackend()) as inner:
                assert ask() is inner
                assert in_thread(ask) is whole
                with Connection.using(MemoryBackend(), everywhere=True) as innermost:
                    assert ask() is in_thread(ask) is innermost
                assert ask() is inner
            assert ask() is whole
        assert ask() is plain


def test_earlier_block_of_another_thread_is_overridden(outside: Outside) -> None:
    is_open, may_end = threading.Event(), threading.Event()
    found: list[Backend] = []

    def serve() -> None:
        with Connection.using(MemoryBackend()):
            is_open.set()
            assert may_end.wait(30)
            found.append(ask())

    thread = threading.Thread(target=serve)
    thread.start()
    assert is_open.wait(30)
    with Connection.using(MemoryBackend(), everywhere=True) as whole:
        may_end.set()
        thread.join()
    assert found == [whole]


@pytest.mark.parametrize("first_ended", [0, 1])
def test_blocks_of_the_process_may_end_in_any_order(first_ended: int, outside: Outside) -> None:
    before = ask()
    backends = MemoryBackend(), MemoryBackend()
    blocks = [Connection.using(backend, everywhere=True) for backend in backends]
    for block in blocks:
        block.__enter__()
    assert ask() is backends[1]
    blocks[first_ended].__exit__(None, None, None)
    assert ask() is in_thread(ask) is backends[1 - first_ended]
    blocks[1 - first_ended].__exit__(None, None, None)
    assert ask() is in_thread(ask) is before


def test_one_backend_may_be_in_several_blocks(outside: Outside) -> None:
    backend = MemoryBackend()
    first, second = Connection.using(backend, everywhere=True), Connection.using(backend, everywhere=True)
    with second:
        with first:
            pass
        assert in_thread(ask) is backend


def test_block_of_the_process_may_end_in_another_thread(outside: Outside) -> None:
    before = ask()
    block = Connection.using(MemoryBackend(), everywhere=True)
    block.__enter__()
    in_thread(lambda: block.__exit__(None, None, None))
    assert ask() is before


def test_block_of_the_process_ends_when_it_raises(outside: Outside) -> None:
    before = ask()
    with pytest.raises(RuntimeError), Connection.using("memory", everywhere=True):
        raise RuntimeError
    assert in_thread(ask) is before


def test_threads_that_open_and_close_blocks_at_once_leave_none(outside: Outside) -> None:
    before, barrier = ask(), threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        for _ in range(200):
            with Connection.using(MemoryBackend(), everywhere=True), Connection.using(MemoryBackend()) as inner:
                assert isinstance(inner, MemoryBackend)
                ask()

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work) for _ in range(8)]:
            future.result()
    assert ask() is before
