"""Pytest fixtures for tests that need a store: a memory backend for each test, and its clock.

Enable them in the topmost `conftest.py` of a project::

    pytest_plugins = ["dynamongo.testing.plugin"]

They serve tests that await as well: any plugin may run these, on any loop of asyncio.

The plugin also fails a test that scheduled a fault and never hit it, whichever fixture its memory backend comes from.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from dynamongo.backends.memory import MemoryBackend, VirtualClock
from dynamongo.connection.connection import Connection


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """Return the clock of `memory_backend`, which stands still until the test advances it."""
    return VirtualClock()


@pytest.fixture
def memory_backend(virtual_clock: VirtualClock) -> Iterator[MemoryBackend]:
    """Yield an empty memory backend that serves all models, in all threads and tasks, while the test runs.

    It takes the place of every connection. A `Connection.using` block inside the test takes precedence.
    """
    backend = MemoryBackend(clock=virtual_clock)
    with Connection.using(backend, everywhere=True):
        yield backend


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Assert that a test which passed hit all of its scheduled faults."""
    # Around all of the test: plugins for coroutines, and unittest, run its function each in a way of their own.
    outcome = yield
    for value in getattr(item, "funcargs", {}).values():
        if isinstance(value, MemoryBackend):
            value.assert_faults_hit()
    return outcome
