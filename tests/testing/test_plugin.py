"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dynamongo.testing.contract import TaskContract
from dynamongo.testing.contract.base import names_of_tests
from dynamongo.testing.contract.tokens import TokenContract

pytest_plugins = ["pytester"]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "testing.md"

CONFTEST = """
import pytest
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend

pytest_plugins = ["dynamongo.testing.plugin"]

@pytest.fixture
def flaky():
    return MemoryBackend(faults=FaultPlan(Fault.throttle()))
"""
TESTS = """
import time

import pytest
from dynamongo import Model, StringField, ThrottledError
from dynamongo.backends.memory import Fault
from dynamongo.operations import DescribeTable


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField()


def test_models_use_the_backend(memory_backend, virtual_clock):
    User.create_table()
    User.save_one(User(email="a"))
    assert memory_backend.execute(DescribeTable("users")).item_count == 1
    assert memory_backend.clock is virtual_clock


def test_backend_is_new_for_every_test(memory_backend):
    assert not User.table_exists()


def test_fault_is_met(memory_backend):
    memory_backend.faults.schedule(Fault.throttle(times=2))
    User.create_table()


def test_fault_is_not_met(memory_backend):
    memory_backend.faults.schedule(Fault.throttle(operation="Query"))


def test_fault_of_another_fixture_is_not_met(flaky):
    pass


def test_failure_is_reported_alone(memory_backend):
    memory_backend.faults.schedule(Fault.throttle(operation="Query"))
    assert 1 == 2
"""


@pytest.fixture(autouse=True)
def _no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the pytest of a test without the plugins that happen to be installed, which take long to import."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def test_test_fails_that_did_not_meet_the_fault_it_scheduled(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*FaultNotHit: 1 of 1 scheduled faults were hit less often than scheduled:",
            "*Fault.throttle(operation='Query'): hit 0 of 1 times; matching requests: 0",
            "*assert 1 == 2",
        ]
    )
    told = [line for line in result.outlines if line.startswith("E ") and "FaultNotHit: 1 of 1" in line]
    assert len(told) == 2


TESTS_WITH_THREADS = """
from concurrent.futures import ThreadPoolExecutor

import pytest
from dynamongo import Connection, Model, StringField
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection

POOL = ThreadPoolExecutor(1)
STORE = MemoryBackend()


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField()


class Log(User):
    __table__ = "logs"
    __connection__ = Connection(backend=STORE)


@pytest.fixture(autouse=True, scope="module")
def real_store():
    Connection.set_config(backend=STORE)
    yield
    assert STORE.snapshot().store.tables == {}
    Connection.set_config()


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("model", [User, Log])
def test_threads_write_to_the_memory_backend(memory_backend, model, number):
    POOL.submit(model.create_table).result()
    POOL.submit(model.save_one, model(email="a")).result()
    assert memory_backend is POOL.submit(lambda: default_connection.backend).result()
    assert model.get_one("a").email == "a"


def test_former_backend_is_back():
    assert default_connection.backend is POOL.submit(lambda: default_connection.backend).result() is STORE
"""


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_memory_backend_serves_threads_and_is_removed_again(
    options: tuple[str, ...], pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS_WITH_THREADS)
    pytester.runpytest_subprocess("-p", "no:cacheprovider", *options).assert_outcomes(passed=13)


def block(name: str) -> str:
    """The blocks of the document of this name, in their order."""
    found = re.findall(rf"^```{name}\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return "\n".join(found)


def first_block() -> str:
    """The first block of the document, which has its model."""
    first = re.search(r"^```python\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert first is not None
    return first[1]


def test_tests_of_the_document_pass(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(block("python conftest"))
    pytester.makepyfile(first_block() + block("python test"))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=block("python test").count("def test_"))


def test_tests_of_the_document_that_await_pass(pytester: pytest.Pytester, server_url: str) -> None:
    """Also on a server, where each test has an event loop whose connections have to be closed."""
    pytest.importorskip("pytest_asyncio")
    table = f"documented-{os.getpid()}"
    on_server = block("python server conftest").replace("http://localhost:8000", server_url)
    pytester.makeini(block("ini") + "filterwarnings = error")
    pytester.makeconftest(block("python conftest") + on_server)
    pytester.makepyfile(
        test_memory=first_block() + block("python async test"),
        test_server=first_block().replace("accounts", table)
        + "async def test_first():\n    await Account.aio.create_table()\n"
        + "async def test_second():\n    await Account.aio.delete_table()\n",
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
    result.assert_outcomes(passed=3)


def test_contract_of_the_document_runs(pytester: pytest.Pytester) -> None:
    """A part of it, since all of it takes long to collect."""
    part = block("python contract").replace("(BackendContract)", "(TokenContract)")
    imports = (
        "from dynamongo.backends.memory import MemoryBackend as MyBackend\n"
        "from dynamongo.testing.contract.tokens import TokenContract\n"
    )
    pytester.makeini("[pytest]\nfilterwarnings = error")
    pytester.makepyfile(imports + part)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    passed = 2 * len(cases_of(TokenContract)) + len(cases_of(TaskContract))
    result.assert_outcomes(passed=passed)


def cases_of(contract: type) -> list[str]:
    """The names of the tests of a part of the contract, those that have cases by their cases alone."""
    names = list(names_of_tests(contract))
    return [name for name in names if not any(each.startswith(f"{name}[") for each in names)]
