"""Thousands of random writes under random faults, on both backends: the table is what the results said.

For every item the test keeps the states it may be in. A write that was done, or failed its condition, leaves those that
agree with that; one whose outcome is unknown adds what it would have made. Now and then, and at the end, the table is
read without faults, and every item has to be in one of its states: nothing lost, nothing invented.

Most faults are over when the request is sent again. So that a call runs out of attempts whatever the random faults
are, some writes are made while the store refuses every request.

`DYNAMONGO_CHAOS_WRITES` says how many items are written, and `DYNAMONGO_CHAOS_SEED` which ones.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from faulty_server import (
    CloseAfter,
    CutAfter,
    CutBefore,
    Damage,
    FailAfter,
    Partial,
    RandomFaults,
    Refuse,
    Script,
    run_faulty_server,
)

from attacks.chaos import Chaos, write_all
from attacks.colours import Blocking, Colour, InTasks
from dynamongo import Connection, RetryPolicy
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock

WRITES = int(os.environ.get("DYNAMONGO_CHAOS_WRITES", "10000"))
Under: TypeAlias = "Callable[[str], contextlib.AbstractContextManager[None]]"
FAULTS = (
    Refuse(),
    Refuse.throttling(),
    Refuse("TransactionConflictException", 400),
    FailAfter(),
    CutBefore(),
    CutAfter(),
    CutAfter(40),
    CloseAfter(),
    Damage(),
    Partial(0),
    Partial(3),
)


@contextlib.contextmanager
def memory_chaos(seed: int) -> Iterator[tuple[Backend, Under, Callable[[], int]]]:
    plan = FaultPlan.random(seed, rate=0.15)
    backend = MemoryBackend(clock=VirtualClock(), faults=plan)
    others = {
        "calm": FaultPlan(),
        "throttled": FaultPlan(Fault.throttle(times=None)),
        "conflict": FaultPlan(Fault.conflict(times=None)),
    }

    @contextlib.contextmanager
    def under(name: str) -> Iterator[None]:
        backend.faults = others[name]
        yield
        backend.faults = plan

    yield backend, under, lambda: sum(plan.hits.values())


@contextlib.contextmanager
def dynamodb_chaos(seed: int, server_url: str, transport: str) -> Iterator[tuple[Backend, Under, Callable[[], int]]]:
    plan = RandomFaults(seed, 0.15, FAULTS)
    others = {
        "calm": Script(),
        "throttled": Script({("*", None): Refuse.throttling()}),
        "conflict": Script({("*", None): Refuse("TransactionConflictException", 400)}),
    }
    with run_faulty_server(server_url) as server:
        made_up: dict[str, Any] = {"access_key_id": "x", "secret_access_key": "x", "region": "us-east-2"}
        backend = DynamoDBBackend(**made_up, endpoint_url=server.url, transport=transport)

        @contextlib.contextmanager
        def under(name: str) -> Iterator[None]:
            server.plan = others[name]
            yield
            server.plan = plan

        yield backend, under, lambda: sum(seen.fault is not None for seen in server.log)
        backend.close()


COLOURS: dict[str, Callable[[random.Random, float], Colour]] = {
    "blocking": lambda _, __: Blocking(),
    "awaited": InTasks,
    "uvloop": lambda draw, aftermath: InTasks(draw, aftermath, pytest.importorskip("uvloop").new_event_loop),
}
SLOW_CASES = ["memory-uvloop", "auto-blocking", "auto-awaited", "auto-uvloop", "boto3-blocking", "boto3-awaited"]
CASES = ["memory-blocking", "memory-awaited", *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW_CASES)]


@pytest.mark.parametrize("case", CASES)
def test_table_is_what_the_results_said(case: str, request: pytest.FixtureRequest) -> None:
    name, colour = case.split("-")
    seed = int(os.environ.get("DYNAMONGO_CHAOS_SEED", "20261"))
    draw = random.Random(seed)
    prepare = memory_chaos(seed)
    if name != "memory":
        prepare = dynamodb_chaos(seed, request.getfixturevalue("server_url"), name)
    retries = RetryPolicy(attempts=2, base=0.001, cap=0.002)
    with prepare as (backend, under, count_faults):
        Connection.set_config(backend=backend, retries=retries, table_prefix=f"chaos-{os.getpid()}-")
        chaos = Chaos(under, draw, COLOURS[colour](draw, 0.0 if name == "memory" else 0.05))
        written = chaos.colour.run(write_all(chaos, WRITES))
    Connection.set_config()
    expected = {"done", "WriteOutcomeUnknown", "ConditionalCheckFailedException", "ItemNotFound", "ThrottledError"}
    expected |= {"TransactionCanceled", "TransactionConflict"}
    assert expected | ({"CancelledError", "NotBegun"} if colour != "blocking" else set()) <= chaos.outcomes.keys()
    assert count_faults() > written / 200
