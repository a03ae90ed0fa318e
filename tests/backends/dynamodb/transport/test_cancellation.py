"""Cancelled tasks: the connection is closed, no place in the pool is lost, and `was_sent` is never wrong."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import json
import random
import socket
import ssl
import threading
import weakref
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path as FilePath
from typing import Any

import pytest
import trustme
from transport_colours import cancel

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.alarm import NEVER
from dynamongo.backends.dynamodb.transport.light_start import find_light_start
from dynamongo.backends.dynamodb.transport.loop_pool import LoopPool
from dynamongo.exceptions import ServiceError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.operations import Get, UpdateItem
from dynamongo.operations.results import GetResult

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "top-secret", "region": "us-east-2"}
BIG = "x" * 12_000_000
"""More than the buffers of both sides of a connection hold."""


def send_much(key: str) -> UpdateItem:
    """An update, since an item that is too large to be stored is not even sent."""
    return UpdateItem("table", {"id": key}, (SetUpdate(Path("text"), BIG),))


class Stage:
    """A server that answers reads with the key it was asked for, and stops at one point until it is told to go on.

    Attributes:
        point: Where it stops: `"read"`, `"answer"` or `"half"` of an answer; nowhere by default.
        reached: Is set when it has stopped there.
        go_on: Has it go on.
        seen: The keys that it was asked for.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self.port = self._listening.getsockname()[1]
        self.point: str | None = None
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.seen: list[str] = []
        self.connection_count = 0
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._run(self._accept)

    def _run(self, function: Callable[..., None], *arguments: Any) -> None:
        self._threads.append(threading.Thread(target=function, args=arguments))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listening.accept()
                self.connection_count += 1
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.append(accepted)
                self._run(self._serve, accepted)

    def _stop_at(self, point: str) -> None:
        if self.point == point:
            self.reached.set()
            self.go_on.wait(10)

    def _serve(self, accepted: socket.socket) -> None:
        with accepted, contextlib.suppress(OSError):
            self._stop_at("handshake")
            speaking = accepted if self._context is None else self._context.wrap_socket(accepted, server_side=True)
            self._open.append(speaking)
            with speaking, speaking.makefile("rb") as reader:
                while self._answer(speaking, reader):
                    pass

    def _answer(self, speaking: socket.socket, reader: Any) -> bool:
        head = reader.readline()
        if not head:
            return False
        self._stop_at("read")
        length = 0
        while line := reader.readline().strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if len(text := reader.read(length)) < length:
            return False
        request = json.loads(text)
        key = (request.get("Key") or request["Item"])["id"]["S"]
        self.seen.append(key)
        self._stop_at("answer")
        body = json.dumps({"Item": {"id": {"S": key}}} if "Key" in request else {}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nx-amz-crc32: {zlib.crc32(body)}\r\n\r\n".encode()
        answer = head + body
        speaking.sendall(answer[:40])
        self._stop_at("half")
        speaking.sendall(answer[40:])
        return True

    def close(self) -> None:
        self.go_on.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["http", "https"])
def stage(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    context = None
    if request.param == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with contextlib.closing(Stage(context)) as opened:
        yield opened


@pytest.fixture
def backend(stage: Stage, request: pytest.FixtureRequest) -> DynamoDBBackend:
    scheme = request.node.callspec.params["stage"]
    return DynamoDBBackend(**MADE_UP, endpoint_url=f"{scheme}://localhost:{stage.port}", max_connections=2)


async def get(backend: DynamoDBBackend, key: str) -> None:
    """Read an item, and check that it is no other's."""
    assert await backend.execute_async(Get("table", {"id": key})) == GetResult({"id": key})


async def check_afterwards(backend: DynamoDBBackend) -> None:
    """Check that both places are free, and every request gets its own answer."""
    await asyncio.wait_for(asyncio.gather(*[get(backend, f"after-{number}") for number in range(10)]), 5)
    await backend.close_async()


async def reach(stage: Stage) -> None:
    assert await asyncio.to_thread(stage.reached.wait, 5)


class TestEveryPoint:
    @pytest.mark.parametrize("is_warm", [False, True])
    @pytest.mark.parametrize("point", ["read", "answer", "half"])
    def test_while_the_response_is_awaited(
        self, stage: Stage, backend: DynamoDBBackend, point: str, *, is_warm: bool
    ) -> None:
        async def run() -> None:
            if is_warm:
                await get(backend, "first")
            stage.point = point
            task = asyncio.create_task(get(backend, "cancelled"))
            await reach(stage)
            assert await cancel(task)
            stage.point = None
            stage.go_on.set()
            await check_afterwards(backend)

        asyncio.run(run())
        assert stage.connection_count == 3

    def test_while_connecting(self, stage: Stage, backend: DynamoDBBackend) -> None:
        """The system accepts connections before the server does, so over plain HTTP the request may be sent already."""

        async def run() -> bool:
            stage.point = "handshake"
            task = asyncio.create_task(get(backend, "cancelled"))
            await reach(stage)
            was_sent = await cancel(task)
            stage.point = None
            stage.go_on.set()
            await check_afterwards(backend)
            return was_sent

        was_sent = asyncio.run(run())
        assert was_sent is False or stage._context is None
        assert was_sent or "cancelled" not in stage.seen

    def test_while_sending(self, stage: Stage, backend: DynamoDBBackend) -> None:
        async def run() -> None:
            stage.point = "read"
            task = asyncio.create_task(backend.execute_async(send_much("cancelled")))
            await reach(stage)
            assert not await cancel(task)
            stage.point = None
            stage.go_on.set()
            await check_afterwards(backend)

        asyncio.run(run())
        assert "cancelled" not in stage.seen

    def test_while_waiting_for_a_place(self, stage: Stage, backend: DynamoDBBackend) -> None:
        async def run() -> None:
            stage.point = "answer"
            first = [asyncio.create_task(get(backend, f"first-{number}")) for number in range(2)]
            await reach(stage)
            waiting = [asyncio.create_task(get(backend, f"waiting-{number}")) for number in range(5)]
            await asyncio.sleep(0.01)
            assert [await cancel(task) for task in waiting[:3]] == [False] * 3
            stage.point = None
            stage.go_on.set()
            await asyncio.gather(*first, *waiting[3:])
            await check_afterwards(backend)

        asyncio.run(run())
        assert not {"waiting-0", "waiting-1", "waiting-2"} & set(stage.seen)

    def test_when_a_place_was_just_handed_on(self, stage: Stage, backend: DynamoDBBackend) -> None:
        async def run() -> None:
            async def get_and_cancel(key: str) -> None:
                await get(backend, key)
                for each in waiting:  # in the step that handed on a place, so before its task runs
                    each.cancel()

            stage.point = "answer"
            first = [asyncio.create_task(get_and_cancel(f"first-{number}")) for number in range(2)]
            await reach(stage)
            waiting = [asyncio.create_task(get(backend, f"waiting-{number}")) for number in range(5)]
            stage.point = None
            stage.go_on.set()
            results = await asyncio.gather(*first, *waiting, return_exceptions=True)
            assert results[:2] == [None, None]
            assert all(isinstance(each, asyncio.CancelledError) for each in results[2:])
            await check_afterwards(backend)

        asyncio.run(run())
        assert not any(key.startswith("waiting") for key in stage.seen)

    def test_before_it_began_and_while_the_transport_is_opened(self, stage: Stage, backend: DynamoDBBackend) -> None:
        async def run() -> None:
            task = asyncio.create_task(get(backend, "cancelled"))
            await asyncio.sleep(0)
            assert not await cancel(task)
            await check_afterwards(backend)

        asyncio.run(run())
        assert "cancelled" not in stage.seen

    @pytest.mark.parametrize("seed", range(3))
    def test_at_any_step_of_the_loop(self, stage: Stage, backend: DynamoDBBackend, seed: int) -> None:
        draw = random.Random(seed)

        async def work(number: int, sent: dict[str, bool]) -> None:
            key = f"{number}"
            try:
                await get(backend, key)
            except asyncio.CancelledError as error:
                sent[key] = error.was_sent  # type: ignore[attr-defined]
                raise

        async def run() -> dict[str, bool]:
            sent: dict[str, bool] = {}
            for number in range(0, 300, 5):
                tasks = [asyncio.create_task(work(number + each, sent)) for each in range(5)]
                for _ in range(draw.randrange(12)):
                    await asyncio.sleep(0 if draw.random() < 0.8 else 0.001)
                draw.choice(tasks).cancel()
                draw.choice(tasks).cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            await check_afterwards(backend)
            return sent

        sent = asyncio.run(run())
        assert sent
        assert not {key for key, was_sent in sent.items() if not was_sent} & set(stage.seen)


def test_request_that_is_refused_before_it_was_sent_whole_has_its_answer(
    stage: Stage, backend: DynamoDBBackend
) -> None:
    def refuse(speaking: socket.socket, reader: Any) -> bool:
        reader.readline()
        speaking.sendall(b"HTTP/1.1 413 Too Long\r\nContent-Length: 0\r\n\r\n")
        stage.go_on.wait(5)
        return False

    async def run() -> None:
        stage._answer = refuse  # type: ignore[method-assign]
        with pytest.raises(ServiceError) as caught:
            await backend.execute_async(send_much("a"))
        assert caught.value.code == "413"
        stage.go_on.set()
        await backend.close_async()

    asyncio.run(run())


def test_place_that_is_not_given_in_time_is_not_handed_on_by_a_cancelled_task(environ: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        endpoint = find_light_start(ClientSettings(**MADE_UP, endpoint_url="http://localhost:1")).endpoint
        pool = LoopPool(asyncio.get_running_loop(), endpoint, None, 1)
        pool._free = 0
        task = asyncio.ensure_future(pool.exchange(lambda: b"", lambda _: None, 60))
        await asyncio.sleep(0)
        pool._end_waits(NEVER)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pool._free == 0
        pool._hand_on()
        assert pool._free == 1

    asyncio.run(run())


def test_connection_keeps_no_context_of_a_task_alive(stage: Stage, backend: DynamoDBBackend) -> None:
    variable: contextvars.ContextVar[object] = contextvars.ContextVar("variable")

    class Value:
        pass

    async def ask() -> weakref.ref[Value]:
        value = Value()
        variable.set(value)
        await get(backend, "a")
        return weakref.ref(value)

    async def run() -> None:
        refer = await asyncio.create_task(ask())
        await asyncio.sleep(0)  # the loop is still waking this task up
        gc.collect()
        assert refer() is None
        await backend.close_async()

    asyncio.run(run())
