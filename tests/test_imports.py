"""What `import dynamongo` and the first calls of a program import, and that nobody notices what they do not.

Every module here costs a cold start on AWS Lambda, a command-line tool or a test run 0.1 to 20 ms.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pickle
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest

import dynamongo
from dynamongo import BatchResult, Connection, Model, Page, Progress, WriteOutcome
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Capacity

NEVER = {
    "argparse": "it is for command lines",
    "asyncio": "only the verbs that are awaited need it, and their caller has it",
    "base64": "`binascii` does the same, where binary values are written as text",
    "boto3": "only the dynamodb backend needs it",
    "botocore": "only the dynamodb backend needs it",
    "concurrent.futures": "threads are started by reads of segments and by bulk writes, without it",
    "dataclasses": "it imports `inspect`, and makes each class in 0.5 ms; see `_support.dataclasses`",
    "dateutil": "it reads times that are not ISO 8601",
    "difflib": "it suggests names, in errors",
    "email_validator": "it checks addresses that are unusual",
    "importlib.metadata": "it looks for backends of other packages",
    "importlib.resources": "nothing is read from the package",
    "inspect": "the code of a function says which parameters it has",
    "ipaddress": "only `IPAddressField` and `URLField` need it, for values",
    "json": "only the dynamodb backend, `JSONField` and cursors need it",
    "logging": "retries are logged",
    "pathlib": "no path is needed",
    "queue": "threads are started by reads of segments and by bulk writes",
    "random": "waits before retries are drawn from it",
    "secrets": "it imports `random`",
    "socket": "only the dynamodb backend needs it",
    "ssl": "only the dynamodb backend needs it",
    "subprocess": "no process is started",
    "traceback": "it imports the tokenizer",
    "typing_extensions": "only type checkers need it",
    "urllib": "URLs are taken apart when they are checked",
    "uuid": "only `UUIDField` and transactions need it",
    # Our own.
    "dynamongo.aio.verbs": "only programs that await need it",
    "dynamongo.backends.dynamodb": "a backend is loaded when it is first used",
    "dynamongo.connection.recording": "few programs record",
    "dynamongo.connection.transactions": "few programs start with a transaction",
    "dynamongo.executor.cursors": "only pages have cursors",
    "dynamongo.executor.reads": "reads of several items need it",
    "dynamongo.executor.writes": "writes of several items need it",
    "dynamongo.model.batch": "few programs have batches",
    "dynamongo.verbs.bulk_writes": "writes of several items need it",
    "dynamongo.model.result_set": "reads of several items need it",
    "dynamongo.planning.plan": "a key needs no plan",
    "dynamongo.planning.planner": "a key needs no plan",
    "dynamongo.testing": "only tests need it",
    "sortedcontainers": "it imports `traceback`, and is for partitions of more than 4,000 items",
    "dynamongo.backends.memory.faults": "few tests inject faults",
}
AT_IMPORT = {
    **NEVER,
    "dynamongo.backends.memory": "a backend is loaded when it is first used",
    "dynamongo.executor.schema_diff": "only what manages tables needs it",
    "dynamongo.executor.table_lifecycle": "only what manages tables needs it",
    "dynamongo.mapping.typed_fields": "only typed models and documents need it",
    "dynamongo.verbs.progress": "bulk verbs and what manages tables report progress",
    "linecache": "it imports the tokenizer",
}
FIRST_TEST = """
from dynamongo import Connection, DictField, IntField, Model, StringField
from dynamongo.backends.memory import MemoryBackend
class User(Model[str]):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    visits = IntField(min_value=0)
    address = DictField(city=StringField())
with Connection.using(MemoryBackend()):
    User.create_table()
    user = User(email="jane@example.com", visits=1, address={"city": "Oslo"}).save()
    assert User.get_one("jane@example.com") == user
    assert User.delete_one("jane@example.com") == user
    User.delete_table()
"""
FIRST_TYPED = FIRST_TEST.replace("Model", "TypedModel").replace("email =", "email: StringField[str] =")
FIRST_AWAITED = """
import asyncio
from dynamongo import Connection, IntField, Model, StringField
from dynamongo.backends.memory import MemoryBackend
class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    visits = IntField(min_value=0)
async def main():
    await User.aio.create_table()
    user = await User(email="jane@example.com", visits=1).aio.save()
    assert await User.aio.get_one("jane@example.com") == user
    assert await user.aio.delete() == user
    await User.aio.delete_table()
with Connection.using(MemoryBackend()):
    asyncio.run(main())
"""


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


def imported_by(program: str) -> set[str]:
    before = "import sys; before = set(sys.modules)\n"
    return set(run(f"{before}{program}\nprint(*sorted(set(sys.modules) - before))").split())


@pytest.mark.parametrize(
    ("program", "unwanted"), [("import dynamongo", AT_IMPORT), (FIRST_TEST, NEVER), (FIRST_TYPED, NEVER)]
)
def test_what_is_not_needed_is_not_imported(program: str, unwanted: dict[str, str]) -> None:
    found = imported_by(program)
    assert "dynamongo.model.model" in found
    assert {name: reason for name, reason in unwanted.items() if name in found} == {}


def test_awaited_verbs_for_one_item_import_as_little() -> None:
    found = imported_by(FIRST_AWAITED)
    assert {"dynamongo.aio.verbs", "dynamongo.aio.instance_verbs"} <= found
    unwanted = {name for name in NEVER if name.startswith("dynamongo.")} - {"dynamongo.aio.verbs"}
    lazy = {"dynamongo.aio.batch", "dynamongo.aio.result_set", "dynamongo.aio.tasks", "dynamongo.aio.write_stream"}
    assert found & (unwanted | lazy) == set()


def test_importing_compiles_no_text() -> None:
    # `typing` compiles a type that is written as text, and the first use of the compiler in a process takes 1.3 ms.
    program = """
import builtins
def record(source, *arguments, **named):
    if isinstance(source, str):
        print(source)
    return original(source, *arguments, **named)
original, builtins.compile = compile, record
import dynamongo
import dynamongo.backends.dynamodb
import dynamongo.backends.memory
"""
    assert run(program) == ""


def test_public_names_can_be_imported_and_are_listed() -> None:
    program = "import dynamongo; print(sorted(dir(dynamongo))); from dynamongo import *; print(sorted(globals()))"
    listed, star = run(program).splitlines()
    assert set(dynamongo.__all__) <= set(ast.literal_eval(listed))
    assert set(dynamongo.__all__) <= set(ast.literal_eval(star))
    later = run("import dynamongo; print(*(set(dynamongo.__all__) - set(vars(dynamongo))))").split()
    assert "ResultSet" in later
    for name in later:
        assert run(f"from dynamongo import {name}; print({name} is not None)") == "True\n"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="module 'dynamongo' has no attribute 'Nothing'"):
        _ = dynamongo.Nothing  # type: ignore[attr-defined]  # the mistake
    with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
        run_here("from dynamongo import Nothing")


def run_here(program: str) -> None:
    exec(program, {})


@pytest.mark.parametrize(
    "package",
    ["dynamongo", "dynamongo.aio", "dynamongo.backends.memory", "dynamongo.connection.settings", "dynamongo.executor"],
)
def test_package_imports_the_names_that_type_checkers_see(package: str) -> None:
    module = importlib.import_module(package)
    tree = ast.parse(Path(str(module.__file__)).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {str(node.module): tuple(alias.name for alias in node.names) for node in imports}
    lazy = ast.literal_eval(
        next(node for line in block.orelse for node in ast.walk(line) if isinstance(node, ast.Dict))
    )
    if package != "dynamongo.connection.settings":  # which has other imports for type checkers
        assert lazy == seen
    for name, names in lazy.items():
        assert seen[name] == names
        for each in names:
            assert getattr(module, each) is getattr(importlib.import_module(name), each)


TEXTS = {path.stem: path.read_text() for path in Path(dynamongo.__file__).parent.rglob("*.py")}
USERS = {name: text for name, text in TEXTS.items() if "\n    from " in text and " = LazyModule(" in text}


@pytest.mark.parametrize("text", USERS.values(), ids=USERS)
def test_lazy_modules_are_those_that_type_checkers_see(text: str) -> None:
    block = next(node for node in ast.parse(text).body if isinstance(node, ast.If) and node.orelse)
    assigned: dict[str, str] = {}
    for node in block.orelse:
        assert isinstance(node, ast.Assign)
        assert isinstance(node.targets[0], ast.Name)
        assert isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Name) and node.value.func.id != "LazyModule":
            continue
        assigned[node.targets[0].id] = ast.literal_eval(node.value.args[0])
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert assigned.items() <= imported.items()


def test_results_can_be_pickled_by_a_program_that_has_not_used_them() -> None:
    values = [
        BatchResult([1], []),
        Page([1], None, 1, 1, Capacity()),
        Progress(1),
        WriteOutcome(0, 1),
    ]
    program = f"import pickle; print(pickle.loads({pickle.dumps(values)!r}))"
    assert run(program) == f"{values}\n"


def hints_of(owner: Any) -> dict[str, Any]:
    found = {}
    for name, member in inspect.getmembers(owner, inspect.isroutine):
        try:
            found[name] = typing.get_type_hints(getattr(member, "__func__", member))
        except (NameError, TypeError):  # names that only type checkers know, such as `Self` before Python 3.11
            continue
    return found


def test_annotations_of_public_verbs_can_be_evaluated() -> None:
    model, connection, backend = hints_of(Model), hints_of(Connection), hints_of(MemoryBackend)
    assert model["compare_table"]["return"] == tuple[dynamongo.Difference, ...]
    assert {"describe", "table_exists", "table_name", "to_dict", "undeclared"} <= model.keys()
    assert {"close", "record", "reconfigure", "transact_get", "transaction", "using"} <= connection.keys()
    assert {"__init__", "execute", "expire", "fork", "restore", "snapshot", "wait"} <= backend.keys()


THREADS = (
    FIRST_TEST
    + """
import sys, threading
def work(number):
    barrier.wait()
    with Connection.using(MemoryBackend()):
        User.create_table()
        User.save_many([User(email=f"{each}@example.com", visits=each) for each in range(3)])
        found.append(len(User.get_many(User.visits > 0, scans="allow")))
        with Connection.record() as calls, Connection.transaction() as tx:
            tx.create(User(email="john@example.com"))
        found.append(calls.requests)
        from dynamongo import Plan, ResultSet
sys.setswitchinterval(1e-6)
barrier, found = threading.Barrier(8), []
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert sorted(found) == [1] * 8 + [2] * 8, found
"""
)


def test_threads_may_import_at_once() -> None:
    for _ in range(3):
        run(THREADS)
