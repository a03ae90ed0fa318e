"""Random writes of unique values: guards always equal the values of items, whoever writes at the same time.

One writer is compared with a few lines of Python that know nothing of guards. Many writers, in threads and in tasks,
and with faults in the store, have to leave a table in which no value occurs twice and every value has its guard.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unique_users import User, check_guards, expected_guards

from dynamongo import (
    BackendError,
    BulkWriteError,
    ConditionalCheckFailedException,
    Connection,
    ItemNotFound,
    RetryPolicy,
)
from dynamongo.backends.memory import FaultPlan, MemoryBackend
from dynamongo.connection.connection import default_connection
from dynamongo.operations import Delete, Put

pytestmark = pytest.mark.slow

IDS = "abc"
VALUES: dict[str, list[Any]] = {
    "email": [None, "x", "y"],
    "tenant": [None, "t", "u"],
    "name": [None, "n"],
    "number": [None, 1, 2],
}
UNIQUE = (("email",), ("tenant", "name"), ("number",))
VERBS = ("create", "save", "save changes", "save loaded", "update", "update loaded", "upsert", "delete")
ALL_VERBS = [*VERBS, "delete loaded", "save many", "batch"]
REFUSALS = (BulkWriteError, ConditionalCheckFailedException, ItemNotFound)

values = st.fixed_dictionaries({name: st.sampled_from(choices) for name, choices in VALUES.items()})
steps = st.lists(st.tuples(st.sampled_from(ALL_VERBS), st.sampled_from(IDS), values), max_size=12)


def write(verb: str, key: str, held: dict[str, Any]) -> Any:
    """Make one write, which may have to read an instance first."""
    fields: Any = User
    updates = [
        getattr(fields, name).remove() if value is None else getattr(fields, name).set(value)
        for name, value in held.items()
    ]
    loaded = User.get_one(key, None) if "loaded" in verb or verb == "save changes" else None
    match verb:
        case "create":
            return User(id=key, **held).create()
        case "save":
            return User(id=key, **held).save()
        case "save many":
            return User.save_many([User(id=key, **held)]).raise_if_failed()
        case "batch":
            with User.batch() as batch:
                batch.save(User(id=key, **held))
        case "save changes" | "save loaded" if loaded is not None:
            for name, value in held.items():
                setattr(loaded, name, value)
            return loaded.save(only_changed=verb == "save changes")
        case "update" | "update loaded":
            return User.update_one(key if loaded is None else loaded, updates)
        case "upsert":
            return User.upsert_one(key, updates)
        case "delete":
            return User.delete_one(key)
        case "delete loaded" if loaded is not None:
            return loaded.delete()
    return None


def expect(table: dict[str, Any], verb: str, key: str, held: dict[str, Any]) -> bool:
    """Change the table as the verb should, and return whether it should succeed."""
    if "delete" in verb:
        table.pop(key, None)
        return True
    if verb in ("save changes", "save loaded") and key not in table:
        return True
    if (verb == "create" and key in table) or (verb in ("update", "update loaded") and key not in table):
        return False
    for names in UNIQUE:
        mine = [held[name] for name in names]
        taken = [[other[name] for name in names] for at, other in table.items() if at != key]
        if None not in mine and mine in taken:
            return False
    table[key] = held
    return True


def is_done(verb: str, key: str, held: dict[str, Any]) -> bool:
    try:
        write(verb, key, held)
    except REFUSALS:
        return False
    return True


@given(steps)
def test_writes_have_the_outcome_that_the_values_of_others_allow(moves: list[tuple[str, str, dict[str, Any]]]) -> None:
    table: dict[str, Any] = {}
    with Connection.using(backend := MemoryBackend()):
        Connection.set_config(backend=backend, scans="allow")
        User.create_table()
        for verb, key, held in moves:
            wanted = expect(table, verb, key, held)
            assert is_done(verb, key, held) == wanted
            check_guards()
        assert {user.id: {name: getattr(user, name) for name in VALUES} for user in User.find()} == table


def write_at_random(seed: int, count: int) -> None:
    chooser = random.Random(seed)
    for _ in range(count):
        held = {name: chooser.choice(choices) for name, choices in VALUES.items()}
        with contextlib.suppress(ConditionalCheckFailedException, ItemNotFound, BackendError):
            write(chooser.choice(VERBS), chooser.choice(IDS), held)


async def write_at_random_async(seed: int, count: int) -> None:
    chooser = random.Random(seed)
    for _ in range(count):
        key = chooser.choice(IDS)
        held = {name: chooser.choice(choices) for name, choices in VALUES.items()}
        with contextlib.suppress(ConditionalCheckFailedException, ItemNotFound, BackendError):
            loaded = await User.aio.get_one(key, None)
            await asyncio.sleep(0)
            match chooser.randrange(4):
                case 0:
                    await User(id=key, **held).aio.save()
                case 1 if loaded is not None:
                    await loaded.aio.update(User.email.set(chooser.choice("xy")))
                case 2:
                    await User.aio.delete_one(key if loaded is None else loaded)
                case _:
                    await User.aio.upsert_one(key, User.number.set(chooser.choice([1, 2])))


@pytest.fixture(params=range(8))
def faulty(request: pytest.FixtureRequest) -> Any:
    """A backend with faults, which throttles, fails, loses responses and cancels transactions."""
    backend = MemoryBackend()
    retries = RetryPolicy(1 if request.param % 2 else 10, base=0, budget=None)
    Connection.set_config(backend=backend, scans="allow", retries=retries)
    User.create_table()
    backend.faults = FaultPlan.random(request.param, rate=0.15, max_seconds=0.0)
    yield backend
    Connection.set_config()


def settle(backend: MemoryBackend) -> None:
    """Look at the table without faults."""
    backend.faults = FaultPlan()
    check_guards()


def test_threads_keep_the_guards(faulty: MemoryBackend) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_at_random, range(8), [60] * 8))
    settle(faulty)


def test_tasks_keep_the_guards(faulty: MemoryBackend) -> None:
    async def run() -> None:
        await asyncio.gather(*[write_at_random_async(seed, 40) for seed in range(8)])

    asyncio.run(run())
    settle(faulty)


def test_repair_agrees_with_the_items_whatever_others_did(faulty: MemoryBackend) -> None:
    faulty.faults = FaultPlan()
    chooser = random.Random(7)
    for number in range(60):
        held: dict[str, Any] = {"id": chooser.choice("abcdef"), "email": f"e{chooser.randrange(40)}", "number": number}
        place = User.table_name()
        if chooser.random() < 0.4:
            default_connection.backend.execute(Put(place, held))
        elif chooser.random() < 0.3:
            default_connection.backend.execute(Delete(place, {"id": held["id"]}))
        else:
            with contextlib.suppress(ConditionalCheckFailedException):
                User(**held).save()
    with contextlib.suppress(AssertionError):  # of two items with one value, which nothing repairs
        expected_guards()
    for _ in range(2):
        problems = [each for page in User.check_unique(repair=True, page_size=5) for each in page.problems]
        left = [each for each in problems if not each.is_repaired]
    assert {each.kind for each in left} <= {"duplicate"}
    for each in left:
        User.delete_one(each.key["id"])
    list(User.check_unique(repair=True))
    check_guards()
