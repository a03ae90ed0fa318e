"""The fixture `colour`: what uses it runs with the blocking and with the awaited verbs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from colours import COLOURS, await_all_verbs


@pytest.fixture(scope="module")
def event_loop_of_module() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@pytest.fixture(params=COLOURS)
def colour(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The colour of all verbs of the test."""
    if request.param == "awaited":
        await_all_verbs(monkeypatch, request.getfixturevalue("event_loop_of_module"))
    return str(request.param)
