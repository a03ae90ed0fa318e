"""The fixtures under the plugins that run asynchronous tests, each in a pytest of its own."""

from __future__ import annotations

from typing import NamedTuple

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import asyncio
import unittest

import pytest
from dynamongo import Model, StringField
from dynamongo.backends.memory import Fault

class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField()


HEAD


FIXTURE
async def users(memory_backend):
    await User.aio.create_table()
    yield memory_backend
    await User.aio.delete_table()


async def use(memory_backend, virtual_clock):
    before = virtual_clock.now()
    memory_backend.faults.schedule(Fault.throttle(operation="PutItem", times=2), Fault.slow(60, operation="GetItem"))
    await asyncio.gather(*(User.aio.save_one(User(email=str(number))) for number in range(20)))
    assert len([user async for user in User.aio.find(scans="allow")]) == 20
    assert (await User.aio.get_one("7", default=None, consistent=True)).email == "7"
    assert virtual_clock.now() > before + 60


MARK
async def test_tasks_use_the_backend_and_its_clock(users, memory_backend, virtual_clock):
    assert users is memory_backend
    await use(memory_backend, virtual_clock)


MARK
async def test_backend_is_new_for_every_test(memory_backend):
    assert not await User.aio.table_exists()


MARK
async def test_fault_is_not_met(users):
    users.faults.schedule(Fault.throttle(operation="Query"))


MARK
async def test_failure_is_reported_alone(users):
    users.faults.schedule(Fault.throttle(operation="Query"))
    assert 1 == 2


def test_loop_of_its_own(memory_backend, virtual_clock):
    User.create_table()
    asyncio.run(use(memory_backend, virtual_clock))


class TestUnittest(unittest.IsolatedAsyncioTestCase):
    @pytest.fixture(autouse=True)
    def fixtures(self, memory_backend, virtual_clock):
        self.backend, self.clock = memory_backend, virtual_clock

    async def asyncSetUp(self):
        await User.aio.create_table()

    async def test_uses_the_backend(self):
        await use(self.backend, self.clock)

    async def test_fault_is_not_met(self):
        self.backend.faults.schedule(Fault.throttle(operation="Query"))

    async def test_failure_is_reported_alone(self):
        self.backend.faults.schedule(Fault.throttle(operation="Query"))
        self.assertEqual(1, 2)
"""


class Plugin(NamedTuple):
    """What a user of a plugin writes."""

    name: str
    settings: str = ""
    head: str = ""
    fixture: str = "@pytest.fixture"
    mark: str = ""


PLUGINS = {
    "pytest-asyncio, a loop per test": Plugin(
        "pytest_asyncio.plugin",
        "asyncio_mode = strict\nasyncio_default_fixture_loop_scope = function",
        "import pytest_asyncio",
        "@pytest_asyncio.fixture",
        "@pytest.mark.asyncio",
    ),
    "pytest-asyncio, a loop per session": Plugin(
        "pytest_asyncio.plugin",
        "asyncio_mode = auto\nasyncio_default_fixture_loop_scope = session\nasyncio_default_test_loop_scope = session",
    ),
    "anyio": Plugin(
        "anyio.pytest_plugin",
        head="@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'",
        mark="@pytest.mark.anyio",
    ),
}


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_fixtures_serve_asynchronous_tests(
    plugin: Plugin, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(plugin.name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    tests = TESTS.replace("HEAD", plugin.head).replace("FIXTURE", plugin.fixture).replace("MARK", plugin.mark)
    pytester.makeini(f"[pytest]\nfilterwarnings = error\n{plugin.settings}")
    pytester.makeconftest("pytest_plugins = ['dynamongo.testing.plugin']")
    pytester.makepyfile(tests)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", plugin.name)
    result.assert_outcomes(passed=4, failed=4)
    errors = [line for line in result.outlines if line.startswith("E ")]
    assert sum("FaultNotHit: 1 of 1" in line for line in errors) == 2
    assert sum("1 == 2" in line or "1 != 2" in line for line in errors) == 2
