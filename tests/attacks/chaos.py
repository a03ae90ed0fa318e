"""The writes of `test_chaos`, and the states in which the items may be after each.

Each write is written once, as a coroutine that calls verbs through a `Colour`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from attacks.colours import Colour, NotBegun
from dynamongo import (
    ConditionalCheckFailedException,
    ItemNotFound,
    ListField,
    Model,
    ServiceError,
    StringField,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
    WriteNotSent,
    WriteOutcomeUnknown,
)

KEYS = [f"{number:03}" for number in range(120)]


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
        colour: What calls the verbs.
    """

    under: Callable[[str], contextlib.AbstractContextManager[None]]
    random: random.Random
    colour: Colour

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
            case asyncio.CancelledError() if not getattr(error, "was_sent", True):
                after = before
            case WriteOutcomeUnknown() | asyncio.CancelledError():
                after = before | made
            case ThrottledError() | TransactionConflict() | WriteNotSent() | NotBegun():
                after = before
            case ServiceError(was_sent=False):
                after = before
            case _:
                raise error
        assert after, f"{key}: {outcome} cannot be, of {before}"
        self.states[key] = after

    async def settle(self, keys: Sequence[str] = KEYS) -> None:
        """Read the items, which have to be in one of their states, and go on from there."""
        while True:  # some faults are not over when the request is sent again, and some tasks are cancelled
            things, error = await self.colour.attempt(Thing, "get_many", keys, consistent=True)
            if error is None:
                break
        found: dict[str, State] = {thing.id: tuple(thing.log) for thing in things}
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


# Writes of one item, of many, and of some together; of `keys`, which no other task writes to meanwhile.


async def write_one(chaos: Chaos, keys: Sequence[str]) -> int:
    key, name = chaos.random.choice(keys), chaos.name()
    thing, append = Thing(id=key, log=[name]), Thing.log.append(name)
    short = (Thing.id == key) & (Thing.log.size() <= 3)
    verbs: list[tuple[Effect, Any, str, tuple[Any, ...]]] = [
        (put(name), thing, "save", ()),
        (create(name), thing, "create", ()),
        (update(name), Thing, "update_one", (key, append)),
        (upsert(name), Thing, "upsert_one", (key, append)),
        (update_short(name), Thing, "update_one", (short, append)),
        (delete, Thing, "delete_one", (key,)),
    ]
    effect, owner, verb, arguments = chaos.random.choice(verbs)
    _, error = await chaos.colour.attempt(owner, verb, *arguments)
    chaos.note(key, effect, error)
    return 1


async def write_many(chaos: Chaos, keys: Sequence[str]) -> int:
    keys = chaos.random.sample(keys, chaos.random.randint(1, len(keys) // 2))
    names = [chaos.name() for _ in keys]
    things = [Thing(id=key, log=[name]) for key, name in zip(keys, names, strict=True)]
    append = Thing.log.append(names[0])
    verbs: list[tuple[Callable[[str], Effect], str, tuple[Any, ...]]] = [
        (put, "save_many", (things,)),
        (put, "save_iter", (iter(things),)),
        (create, "save_many", (things, False)),
        (lambda _: update(names[0]), "update_many", (keys, append)),
        (lambda _: delete, "delete_many", (keys,)),
        (lambda _: delete, "delete_iter", (iter(keys),)),
    ]
    effect, verb, arguments = chaos.random.choice(verbs)
    result, error = await chaos.colour.attempt(Thing, verb, *arguments)
    outcomes = outcomes_of(verb, keys, result, error)
    assert sorted(outcomes) == sorted(keys)
    for key, name in zip(keys, names, strict=True):
        chaos.note(key, effect(name), outcomes[key])
    return len(keys)


def outcomes_of(
    verb: str, keys: Sequence[str], result: Any, error: BaseException | None
) -> dict[str, BaseException | None]:
    """What became of each item, which has to be told once."""
    if error is not None and not isinstance(error, asyncio.CancelledError):
        return dict.fromkeys(keys, error)
    told: list[tuple[str, BaseException | None]] = [
        (each.item.id, each.error) for each in (result or () if verb.endswith("_iter") else ())
    ]
    many = result if error is None else getattr(error, "partial_result", None)
    if many is not None and not isinstance(many, list):
        told += [(item.id, None) for item in many.success]
        told += [(failure.item.id, failure.error) for failure in many.failures]
    assert len(dict(told)) == len(told)
    if error is None:
        return dict(told)
    return dict.fromkeys(keys, NotBegun()) | dict(told)  # what a cancelled verb does not tell of was not written


async def write_together(chaos: Chaos, keys: Sequence[str], *, is_answered: bool = True) -> int:
    keys = chaos.random.sample(keys, chaos.random.randint(1, 4))
    name = chaos.name()
    effects: dict[str, Effect] = {}
    before = {key: set(chaos.states[key]) for key in keys}

    def fill(tx: Any) -> None:
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

    error = await chaos.colour.transact(fill)
    if isinstance(error, TransactionCanceled):
        chaos.outcomes["TransactionCanceled"] += 1
        for key, reason in zip(keys, error.reasons, strict=True):
            if reason.code == "ConditionalCheckFailed":
                chaos.note(key, effects[key], ConditionalCheckFailedException())
        return len(keys)
    for key, effect in effects.items():
        chaos.note(key, effect, error)
    if is_answered and isinstance(error, (WriteOutcomeUnknown, asyncio.CancelledError)):
        await chaos.settle(keys)
        assert_all_or_nothing(before, {key: chaos.states[key] for key in keys}, effects)
    return len(keys)


async def write_refused(chaos: Chaos) -> int:
    """Writes that are refused however often they are sent."""
    with chaos.under("throttled"):
        written = await write_one(chaos, KEYS) + await write_many(chaos, KEYS)
        written += await write_together(chaos, KEYS, is_answered=False)
    with chaos.under("conflict"):
        return written + await write_one(chaos, KEYS)


async def write_at_random(chaos: Chaos, keys: Sequence[str]) -> int:
    """Make some writes of any kind, one after the other."""
    written = 0
    for _turn in range(5):
        writes = chaos.random.choice([write_one, write_one, write_many, write_together])
        written += await writes(chaos, keys)
    return written


def assert_all_or_nothing(
    before: dict[str, set[State]], after: dict[str, set[State]], effects: dict[str, Effect]
) -> None:
    """A transaction whose outcome is unknown was carried out, or it was not."""
    is_done = all(after[key] <= {effect(state) for state in before[key]} for key, effect in effects.items())
    is_not_done = all(after[key] <= before[key] for key in after)
    assert is_done or is_not_done


async def write_all(chaos: Chaos, count: int) -> int:
    """Write so many items, in tasks at once if the colour has any, and read them now and then."""
    await chaos.colour.call(Thing, "create_table")
    written = 0
    shares = [KEYS[number :: chaos.colour.tasks] for number in range(chaos.colour.tasks)]
    while written < count:
        written += sum(await chaos.colour.gather([write_at_random(chaos, share) for share in shares]))
        if chaos.random.random() < 0.1:
            await chaos.settle()
            written += await write_refused(chaos)
    written += await write_refused(chaos)
    await chaos.settle()
    with chaos.under("calm"):
        await chaos.colour.call(Thing, "delete_table")
    return written
