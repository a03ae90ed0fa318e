"""The fixture `colour`: what uses it runs with the blocking verbs, and again with the awaited ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from colours import COLOURS, await_all_verbs

ON_BOTH_BACKENDS = {"test_conditional_writes", "test_hooks", "test_result_set"}
"""The modules whose awaited tests run on the emulator, too; the others would show little more, and take longer."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = {item for item in items if is_left_out(item)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def is_left_out(item: pytest.Item) -> bool:
    parameters = getattr(item, "callspec", None)
    if parameters is None or parameters.params.get("colour") != "awaited" or item.path.stem in ON_BOTH_BACKENDS:
        return False
    return "dynamodb" in parameters.params.values()


@pytest.fixture(scope="module")
def loop_of_module(request: pytest.FixtureRequest) -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    backend = request.getfixturevalue("dynamodb_backend") if request.path.stem in ON_BOTH_BACKENDS else None
    yield loop
    if backend is not None:  # which has connections on this loop
        loop.run_until_complete(backend.close_async())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@pytest.fixture(params=COLOURS)
def colour(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The colour of all verbs of the test."""
    if request.param == "awaited":
        await_all_verbs(monkeypatch, request.getfixturevalue("loop_of_module"))
    return str(request.param)
