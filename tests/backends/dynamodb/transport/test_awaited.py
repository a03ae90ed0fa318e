"""Awaited requests: their connections, limits and errors, and what is left of them when a loop ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from faulty_server import CutBefore, FaultyServer, Refuse, Script, Slow, run_faulty_server

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.exceptions import ConfigurationError, ServiceError, TableNotFound
from dynamongo.operations import BatchPut, BatchWrite, CreateTable, DeleteTable, DescribeTable, Get, Put, Scan
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "top-secret", "region": "us-east-2"}
DESCRIBE = DescribeTable("missing-table")


@pytest.fixture
def server(server_url: str) -> Iterator[FaultyServer]:
    """The emulator behind a proxy that writes down what it gets."""
    with run_faulty_server(server_url) as running:
        yield running


def make_backend(server: FaultyServer, **options: Any) -> DynamoDBBackend:
    return DynamoDBBackend(**MADE_UP, endpoint_url=server.url, **options)


async def ask(backend: DynamoDBBackend, seconds: float | None = None) -> None:
    with pytest.raises(TableNotFound):
        await backend.execute_async(DESCRIBE, seconds)


async def ask_at_once(backend: DynamoDBBackend, count: int) -> None:
    await asyncio.gather(*[ask(backend) for _ in range(count)])


SLOWLY = Script({("*", None): Slow(0.05)})


class TestConnections:
    def test_connection_is_kept(self, server: FaultyServer) -> None:
        async def run() -> None:
            backend = make_backend(server)
            for _ in range(5):
                await ask(backend)
            await backend.close_async()

        asyncio.run(run())
        assert (len(server.log), server.connection_count) == (5, 1)

    def test_tasks_at_once_have_their_own(self, server: FaultyServer) -> None:
        async def run() -> None:
            backend = make_backend(server)
            server.plan = SLOWLY
            await ask_at_once(backend, 8)
            await ask_at_once(backend, 8)
            await backend.close_async()

        asyncio.run(run())
        assert (len(server.log), server.connection_count) == (16, 8)

    def test_more_than_max_connections_wait(self, server: FaultyServer) -> None:
        async def run() -> None:
            async def ask_often() -> None:
                for _ in range(3):
                    await ask(backend)

            backend = make_backend(server, max_connections=3)
            server.plan = Script({("*", None): Slow(0.005)})
            await asyncio.gather(*[ask_often() for _ in range(10)])
            await backend.close_async()

        asyncio.run(run())
        assert (len(server.log), server.connection_count) == (30, 3)

    def test_closed_connection_is_replaced(self, server: FaultyServer) -> None:
        async def run() -> None:
            backend = make_backend(server)
            for _ in range(3):
                await ask(backend)
                server.hang_up()
            await backend.close_async()

        asyncio.run(run())
        assert (len(server.log), server.connection_count) == (3, 3)

    def test_large_requests_and_responses_are_whole(self, server: FaultyServer) -> None:
        schema = TableSchema("awaited", KeySchema(KeyAttribute("id", "S")))
        text = "ä" * 150_000

        async def run() -> set[str]:
            backend = make_backend(server)
            await backend.execute_async(CreateTable(schema))
            puts = tuple(BatchPut({"id": str(number), "text": text}) for number in range(3))
            await backend.execute_async(BatchWrite("awaited", puts))
            found = await backend.execute_async(Scan("awaited"))
            await backend.execute_async(DeleteTable("awaited"))
            await backend.close_async()
            assert all(item["text"] == text for item in found.items)
            return {str(item["id"]) for item in found.items}

        assert asyncio.run(run()) == {"0", "1", "2"}


class TestErrors:
    def test_error_of_the_store_is_raised(self, server: FaultyServer) -> None:
        async def run() -> None:
            backend = make_backend(server)
            server.plan = Script({("PutItem", 1): Refuse("InternalServerError")})
            with pytest.raises(ServiceError) as caught:
                await backend.execute_async(Put("awaited", {"id": "a"}))
            assert (caught.value.was_sent, caught.value.endpoint) == (True, server.url)
            await backend.close_async()

        asyncio.run(run())

    def test_nobody_listens(self) -> None:
        async def run() -> None:
            backend = DynamoDBBackend(**MADE_UP, endpoint_url="http://127.0.0.1:1")
            with pytest.raises(ServiceError, match=r"no connection to http://127\.0\.0\.1:1/") as caught:
                await backend.execute_async(DESCRIBE)
            assert (caught.value.was_sent, caught.value.is_transient) == (False, True)

        asyncio.run(run())

    def test_request_ends_at_its_deadline(self, server: FaultyServer) -> None:
        async def run() -> None:
            backend = make_backend(server)
            await ask(backend, 30)
            server.plan = Script({("*", None): Slow(0.3)})
            with pytest.raises(ServiceError, match="within the time left for the call") as caught:
                await backend.execute_async(Get("awaited", {"id": "a"}), 0.05)
            assert caught.value.was_sent
            await backend.close_async()

        asyncio.run(run())

    def test_shorter_alarm_of_an_earlier_request_does_not_end_the_next(self, server: FaultyServer) -> None:
        async def run() -> float:
            backend = make_backend(server)
            await ask(backend, 0.1)
            server.plan = Script({("*", None): Slow(1)})
            started = time.monotonic()
            with pytest.raises(ServiceError, match="within the time left for the call"):
                await backend.execute_async(DESCRIBE, 0.3)
            await backend.close_async()
            return time.monotonic() - started

        assert 0.25 < asyncio.run(run()) < 0.9

    def test_request_that_was_sent_is_not_sent_again(self, server: FaultyServer) -> None:
        async def run() -> None:
            backend = make_backend(server)
            await ask(backend)
            server.plan = Script({("PutItem", 1): CutBefore()})
            with pytest.raises(ServiceError, match="closed without a response") as caught:
                await backend.execute_async(Put("awaited", {"id": "a"}))
            assert caught.value.was_sent
            await backend.close_async()

        asyncio.run(run())
        assert server.actions == ["DescribeTable", "PutItem"]


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", True])
def test_invalid_max_connections_is_refused(count: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_connections must be an int >= 1; got"):
        DynamoDBBackend(**MADE_UP, max_connections=count)
