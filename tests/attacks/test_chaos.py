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
import itertools
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    ItemNotFound,
    ListField,
    Model,
    RetryPolicy,
    ServiceError,
    StringField,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import Fault, FaultPlan, MemoryBackend, VirtualClock

WRITES = int(os.environ.get("DYNAMONGO_CHAOS_WRITES", "10000"))
KEYS = [f"{number:03}" for number in range(120)]
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


class Thing(Model):
    """Its log has the name of every write since it was last put."""

    __table__ = "things"
    __hash_key__ = "id"
    id = StringField(required=True)
    log = ListField(StringField, required=True)


State: TypeAlias = "tuple[str, ...] | None"
FAILS: Any = "the condition fails"
Effect: TypeAlias = Callable[[State], State]


@dataclass
class Chaos:
    """The store under test, and the states in which its items may be.

    Attributes:
        under: Replaces the random faults for a block: by none (`"calm"`), or by one that every request meets
            (`"throttled"`, `"conflict"`).
        random: What decides everything.
    """

    under: Callable[[str], contextlib.AbstractContextManager[None]]
    random: random.Random

    def __post_init__(self) -> None:
        self.states: dict[str, set[State]] = {key: {None} for key in KEYS}
        self.outcomes = Counter[str]()
        self._numbers = itertools.count()

    def name(self) -> str:
        return f"w{next(self._numbers)}"

    def note(self, key: str, effect: Effect, error: BaseException | None) -> None:
        """Take note of what became of a write."""
        outcome = "done" if error is None else type(error).__name__
        self.outcomes[outcome] += 1
        before = self.states[key]
        made = {effect(state) for state in before} - {FAILS}
        match error:
            case None:
                after = made
            case ConditionalCheckFailedException() | ItemNotFound():
                after = {state for state in before if effect(state) == FAILS}
            case WriteOutcomeUnknown():
                after = before | made
            case ThrottledError() | TransactionConflict() | WriteNotSent():
                after = before
            case ServiceError(was_sent=False):
                after = before
            case _:
                raise error
        assert after, f"{key}: {outcome} cannot be, of {before}"
        self.states[key] = after

    def settle(self, keys: Sequence[str] = KEYS) -> None:
        """Read the items, which have to be in one of their states, and go on from there."""
        with self.under("calm"):
            found: dict[str, State] = {thing.id: tuple(thing.log) for thing in Thing.get_many(keys, consistent=True)}
        for key in keys:
            assert found.get(key) in self.states[key], key
            self.states[key] = {found.get(key)}


# What a write makes of a state.


def put(name: str) -> Effect:
    return lambda _: (name,)


def create(name: str) -> Effect:
    return lambda state: (name,) if state is None else FAILS


def update(name: str) -> Effect:
    return lambda state: FAILS if state is None else (*state, name)


def upsert(name: str) -> Effect:
    return lambda state: (*(state or ()), name)


def update_short(name: str) -> Effect:
    return lambda state: FAILS if state is None or len(state) > 3 else (*state, name)


def check(state: State) -> State:
    return FAILS if state is None else state


def delete(_: State) -> State:
    return None


# Writes of one item, of many, and of some together.


def write_one(chaos: Chaos) -> int:
    key, name = chaos.random.choice(KEYS), chaos.name()
    thing, append = Thing(id=key, log=[name]), Thing.log.append(name)
    short = (Thing.id == key) & (Thing.log.size() <= 3)
    verbs: list[tuple[Effect, Callable[[], Any]]] = [
        (put(name), thing.save),
        (create(name), thing.create),
        (update(name), lambda: Thing.update_one(key, append)),
        (upsert(name), lambda: Thing.upsert_one(key, append)),
        (update_short(name), lambda: Thing.update_one(short, append)),
        (delete, lambda: Thing.delete_one(key)),
    ]
    effect, verb = chaos.random.choice(verbs)
    chaos.note(key, effect, catch(verb))
    return 1


def write_many(chaos: Chaos) -> int:
    keys = chaos.random.sample(KEYS, chaos.random.randint(1, 60))
    names = [chaos.name() for _ in keys]
    things = [Thing(id=key, log=[name]) for key, name in zip(keys, names, strict=True)]
    append = Thing.log.append(names[0])
    verbs: list[tuple[Callable[[str], Effect], Callable[[], Any]]] = [
        (put, lambda: Thing.save_many(things)),
        (put, lambda: list(Thing.save_iter(iter(things)))),
        (create, lambda: Thing.save_many(things, overwrite=False)),
        (lambda _: update(names[0]), lambda: Thing.update_many(keys, append)),
        (lambda _: delete, lambda: Thing.delete_many(keys)),
        (lambda _: delete, lambda: list(Thing.delete_iter(iter(keys)))),
    ]
    effect, verb = chaos.random.choice(verbs)
    result: Any = None

    def run() -> None:
        nonlocal result
        result = verb()

    error = catch(run)
    outcomes = dict.fromkeys(keys, error) if error is not None else outcomes_of(result)
    assert sorted(outcomes) == sorted(keys)
    for key, name in zip(keys, names, strict=True):
        chaos.note(key, effect(name), outcomes[key])
    return len(keys)


def outcomes_of(result: Any) -> dict[str, BaseException | None]:
    """What became of each item, which has to be told once."""
    if isinstance(result, list):
        told = [(each.item.id, each.error) for each in result]
    else:
        told = [(item.id, None) for item in result.success]
        told += [(failure.item.id, failure.error) for failure in result.failures]
    assert len(dict(told)) == len(told)
    return dict(told)


def write_together(chaos: Chaos) -> int:
    keys = chaos.random.sample(KEYS, chaos.random.randint(1, 4))
    name = chaos.name()
    effects: dict[str, Effect] = {}
    before = {key: set(chaos.states[key]) for key in keys}

    def run() -> None:
        with Connection.transaction() as tx:
            for key in keys:
                verb = chaos.random.choice(["save", "create", "update", "upsert", "delete", "check"])
                thing, append = Thing(id=key, log=[name]), Thing.log.append(name)
                arguments: tuple[Any, ...] = {"update": (Thing, key, append), "upsert": (Thing, key, append)}.get(
                    verb, (thing,)
                )
                arguments = {"delete": (Thing, key), "check": (Thing, key)}.get(verb, arguments)
                getattr(tx, verb)(*arguments)
                effects[key] = {
                    "save": put(name),
                    "create": create(name),
                    "update": update(name),
                    "upsert": upsert(name),
                    "delete": delete,
                    "check": check,
                }[verb]

    error = catch(run)
    if isinstance(error, TransactionCanceled):
        chaos.outcomes["TransactionCanceled"] += 1
        for key, reason in zip(keys, error.reasons, strict=True):
            if reason.code == "ConditionalCheckFailed":
                chaos.note(key, effects[key], ConditionalCheckFailedException())
        return len(keys)
    for key in keys:
        chaos.note(key, effects[key], error)
    if isinstance(error, WriteOutcomeUnknown):
        chaos.settle(keys)
        assert_all_or_nothing(before, {key: chaos.states[key] for key in keys}, effects)
    return len(keys)


def write_refused(chaos: Chaos) -> int:
    """Writes that are refused however often they are sent."""
    with chaos.under("throttled"):
        written = write_one(chaos) + write_many(chaos) + write_together(chaos)
    with chaos.under("conflict"):
        return written + write_one(chaos)


def assert_all_or_nothing(
    before: dict[str, set[State]], after: dict[str, set[State]], effects: dict[str, Effect]
) -> None:
    """A transaction whose outcome is unknown was carried out, or it was not."""
    is_done = all(after[key] <= {effect(state) for state in before[key]} for key, effect in effects.items())
    is_not_done = all(after[key] <= before[key] for key in after)
    assert is_done or is_not_done


def catch(run: Callable[[], Any]) -> BaseException | None:
    try:
        run()
    except Exception as error:  # noqa: BLE001 - `Chaos.note` raises what it does not expect
        return error
    return None


@contextlib.contextmanager
def memory_chaos(seed: int) -> Iterator[tuple[Backend, Chaos, Callable[[], int]]]:
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

    yield backend, Chaos(under, random.Random(seed)), lambda: sum(plan.hits.values())


@contextlib.contextmanager
def dynamodb_chaos(seed: int, server_url: str, transport: str) -> Iterator[tuple[Backend, Chaos, Callable[[], int]]]:
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

        yield backend, Chaos(under, random.Random(seed)), lambda: sum(seen.fault is not None for seen in server.log)
        backend.close()


@pytest.mark.parametrize(
    "name", ["memory", pytest.param("auto", marks=pytest.mark.slow), pytest.param("boto3", marks=pytest.mark.slow)]
)
def test_table_is_what_the_results_said(name: str, request: pytest.FixtureRequest) -> None:
    seed = int(os.environ.get("DYNAMONGO_CHAOS_SEED", "20261"))
    prepare = memory_chaos(seed)
    if name != "memory":
        prepare = dynamodb_chaos(seed, request.getfixturevalue("server_url"), name)
    retries = RetryPolicy(attempts=2, base=0.001, cap=0.002)
    with prepare as (backend, chaos, count_faults):
        Connection.set_config(backend=backend, retries=retries, table_prefix=f"chaos-{os.getpid()}-")
        with chaos.under("calm"):
            Thing.create_table()
        written = 0
        while written < WRITES:
            writes = chaos.random.choice([write_one, write_one, write_many, write_together])
            written += writes(chaos)
            if chaos.random.random() < 0.02:
                chaos.settle()
                written += write_refused(chaos)
        written += write_refused(chaos)
        chaos.settle()
        with chaos.under("calm"):
            Thing.delete_table()
    Connection.set_config()
    expected = {"done", "WriteOutcomeUnknown", "ConditionalCheckFailedException", "ItemNotFound", "ThrottledError"}
    assert expected | {"TransactionCanceled", "TransactionConflict"} <= chaos.outcomes.keys()
    assert count_faults() > written / 200
