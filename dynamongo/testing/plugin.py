"""Fixtures for tests that need a store: a memory backend of their own, and its clock.

A project switches them on in its topmost `conftest.py`::

    pytest_plugins = ["dynamongo.testing.plugin"]

A test that passes although a fault which it scheduled was never met fails then, whatever fixture its memory backend
comes from.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from dynamongo.backends.memory import MemoryBackend, VirtualClock
from dynamongo.connection.connection import Connection


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """The clock of `memory_backend`, which stands still until it is advanced."""
    return VirtualClock()


@pytest.fixture
def memory_backend(virtual_clock: VirtualClock) -> Iterator[MemoryBackend]:
    """An empty memory backend, which serves every model in every thread and task of the process while the test runs.

    That holds whatever connection a model has. A `Connection.using` block inside the test wins over it.
    """
    backend = MemoryBackend(clock=virtual_clock)
    with Connection.using(backend, everywhere=True):
        yield backend


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Assert at the end of a test that passed that it met the faults it had scheduled."""
    outcome = yield
    for value in pyfuncitem.funcargs.values():
        if isinstance(value, MemoryBackend):
            value.faults.assert_hit()
    return outcome
