"""Transactions in memory: tokens by the clock, atomicity under threads, and what the emulator answers otherwise.

What every backend does with transactions is in the contract.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import (
    CancellationReason,
    IdempotencyMismatch,
    InvalidRequestError,
    TableNotFound,
    TransactionCanceled,
)
from dynamongo.expressions.conditions import GE, Comparison, Contains, Exists, NotExists, Path
from dynamongo.expressions.updates import AddUpdate, IncrementUpdate, SetUpdate
from dynamongo.operations import (
    Action,
    Capacity,
    ConditionCheck,
    CreateTable,
    Delete,
    DeleteTable,
    Get,
    Put,
    Scan,
    TransactGet,
    TransactGetResult,
    TransactWrite,
    TransactWriteResult,
    UpdateItem,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract.base import proves

TABLE = "accounts"
SCHEMA = TableSchema(
    TABLE, KeySchema(KeyAttribute("id", "S")), indexes=(IndexSchema("by_g", KeySchema(KeyAttribute("g", "S"))),)
)
NONE = CancellationReason()
START = 1_800_000_000.0


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backend(clock: Clock) -> MemoryBackend:
    backend = MemoryBackend(clock=clock)
    backend.execute(CreateTable(SCHEMA))
    return backend


def put(id_: str, **attributes: Any) -> Put:
    return Put(TABLE, {"id": id_, **attributes})


def add(id_: str, amount: int) -> UpdateItem:
    return UpdateItem(TABLE, {"id": id_}, (AddUpdate(Path("n"), amount),))


def write(backend: MemoryBackend, *actions: Action, token: str | None = None) -> TransactWriteResult:
    return backend.execute(TransactWrite(actions, token))


def read(backend: MemoryBackend, id_: str = "a") -> Any:
    return backend.execute(Get(TABLE, {"id": id_})).item


def read_all(backend: MemoryBackend, index: str | None = None) -> list[Any]:
    return sorted((item["id"], item) for item in backend.execute(Scan(TABLE, index=index)).items)


class TestTokens:
    @proves("21.27")
    def test_actions_are_carried_out_once_in_ten_minutes(self, backend: MemoryBackend, clock: Clock) -> None:
        write(backend, add("a", 1), token="t")
        clock.now += 599.9
        write(backend, add("a", 1), token="t")
        assert read(backend) == {"id": "a", "n": 1}
        clock.now += 0.1
        write(backend, add("a", 1), token="t")
        assert read(backend) == {"id": "a", "n": 2}

    @proves("21.27")
    def test_asking_again_makes_the_ten_minutes_no_longer(self, backend: MemoryBackend, clock: Clock) -> None:
        write(backend, add("a", 1), token="t")
        for _ in range(3):
            clock.now += 200
            write(backend, add("a", 1), token="t")
        assert read(backend) == {"id": "a", "n": 2}

    def test_token_may_be_used_for_something_else_after_ten_minutes(self, backend: MemoryBackend, clock: Clock) -> None:
        write(backend, add("a", 1), token="t")
        clock.now += 599
        with pytest.raises(IdempotencyMismatch):
            write(backend, add("a", 2), token="t")
        clock.now += 1
        write(backend, add("a", 2), token="t")
        assert read(backend) == {"id": "a", "n": 3}

    def test_without_a_token_actions_are_carried_out_every_time(self, backend: MemoryBackend) -> None:
        write(backend, add("a", 1))
        write(backend, add("a", 1))
        assert read(backend) == {"id": "a", "n": 2}

    def test_actions_are_the_same_whatever_the_order_of_members_and_the_form_of_numbers(
        self, backend: MemoryBackend
    ) -> None:
        write(backend, put("a", m={"x": 1, "y": 2}, s=frozenset({"p", "q"})), token="t")
        write(
            backend,
            Put(TABLE, {"s": frozenset({"q", "p"}), "m": {"y": Decimal("2.0"), "x": 1}, "id": "a"}, return_old=True),
            token="t",
        )

    @pytest.mark.parametrize(
        "other",
        [
            (put("a", v=True),),
            (put("a", v=[1]),),
            (put("a", v=1, w=1),),
            (Put("other", {"id": "a", "v": 1}),),
            (Put(TABLE, {"id": "a", "v": 1}, NotExists(Path("id"))),),
            (Put(TABLE, {"id": "a", "v": 1}, return_item_on_failure=True),),
            (put("a", v=1), put("b", v=1)),
            (Delete(TABLE, {"id": "a"}),),
            (UpdateItem(TABLE, {"id": "a"}, (SetUpdate(Path("v"), 1),)),),
        ],
        ids=lambda actions: f"{len(actions)} {type(actions[0]).__name__} {getattr(actions[0], 'item', '')}",
    )
    def test_token_of_other_actions_is_refused(self, backend: MemoryBackend, other: tuple[Action, ...]) -> None:
        write(backend, put("a", v=1), token="t")
        with pytest.raises(IdempotencyMismatch):
            write(backend, *other, token="t")
        assert read_all(backend) == [("a", {"id": "a", "v": 1})]

    def test_order_of_the_actions_counts(self, backend: MemoryBackend) -> None:
        write(backend, put("a"), put("b"), token="t")
        with pytest.raises(IdempotencyMismatch):
            write(backend, put("b"), put("a"), token="t")

    def test_token_is_of_the_actions_as_they_were_given(self, backend: MemoryBackend) -> None:
        item: Any = {"id": "a", "l": [1]}
        wanted: list[Any] = [1]
        actions = (Put(TABLE, item), ConditionCheck(TABLE, {"id": "b"}, ~Contains(Path("l"), wanted)))
        write(backend, *actions, token="t")
        item["l"].append(2)
        with pytest.raises(IdempotencyMismatch):
            write(backend, *actions, token="t")
        item["l"].pop()
        wanted.append(2)
        with pytest.raises(IdempotencyMismatch):
            write(backend, *actions, token="t")

    def test_cancelled_transaction_leaves_its_token_unused(self, backend: MemoryBackend) -> None:
        check = ConditionCheck(TABLE, {"id": "b"}, Exists(Path("id")))
        with pytest.raises(TransactionCanceled):
            write(backend, add("a", 1), check, token="t")
        write(backend, put("b"))
        write(backend, add("a", 1), check, token="t")
        assert read(backend) == {"id": "a", "n": 1}

    def test_asking_again_costs_the_reading_of_the_items(self, backend: MemoryBackend) -> None:
        actions = (put("a", v="x" * 5000), Delete(TABLE, {"id": "b"}))
        assert write(backend, *actions, token="t") == TransactWriteResult(Capacity(write_units=12))
        assert write(backend, *actions, token="t") == TransactWriteResult(Capacity(read_units=6))

    def test_actions_are_not_carried_out_again_in_a_table_that_was_created_anew(self, backend: MemoryBackend) -> None:
        write(backend, add("a", 1), token="t")
        backend.execute(DeleteTable(TABLE))
        backend.execute(CreateTable(TableSchema(TABLE, KeySchema(KeyAttribute("other", "N")))))
        write(backend, add("a", 1), token="t")
        assert backend.execute(Scan(TABLE)).count == 0

    def test_tokens_are_each_backends_own(self, backend: MemoryBackend, clock: Clock) -> None:
        other = MemoryBackend(clock=clock)
        other.execute(CreateTable(SCHEMA))
        write(backend, add("a", 1), token="t")
        write(other, add("a", 2), token="t")
        assert read(other) == {"id": "a", "n": 2}


class TestCancelling:
    def test_every_action_says_why_and_the_first_failure_hides_no_other(self, backend: MemoryBackend) -> None:
        backend.execute(put("a", n=1, text="x"))
        missing = "The provided expression refers to an attribute that does not exist in the item"
        failed = "The conditional request failed"
        with pytest.raises(TransactionCanceled) as caught:
            write(
                backend,
                Put(TABLE, {"id": "a"}, NotExists(Path("id")), return_item_on_failure=True),
                put("b"),
                UpdateItem(TABLE, {"id": "c"}, (IncrementUpdate(Path("n"), 1),)),
                ConditionCheck(TABLE, {"id": "d"}, Exists(Path("id")), return_item_on_failure=True),
                put("e", g=1),
                Delete(TABLE, {"id": "g", "x": 1}),
            )
        invalid = "One or more parameter values were invalid:"
        assert caught.value.reasons == (
            CancellationReason("ConditionalCheckFailed", failed, {"id": "a", "n": 1, "text": "x"}),
            NONE,
            CancellationReason("ValidationError", missing),
            CancellationReason("ConditionalCheckFailed", failed),
            CancellationReason(
                "ValidationError", f"{invalid} Type mismatch for Index Key g Expected: S Actual: N IndexName: by_g"
            ),
            CancellationReason("ValidationError", "The provided key element does not match the schema"),
        )
        assert read_all(backend) == [("a", {"id": "a", "n": 1, "text": "x"})]

    def test_indexes_stay_as_they_were(self, backend: MemoryBackend) -> None:
        backend.execute(put("a", g="x"))
        before = read_all(backend, "by_g")
        with pytest.raises(TransactionCanceled):
            write(backend, put("a", g="y"), put("b", g="y"), put("c", g=1))
        assert read_all(backend, "by_g") == before == [("a", {"id": "a", "g": "x"})]

    @pytest.mark.parametrize(
        "wrong", [put(""), put("b", g=""), UpdateItem(TABLE, {"id": "b"}, (SetUpdate(Path("g"), ""),))]
    )
    def test_empty_key_makes_the_whole_request_invalid(self, backend: MemoryBackend, wrong: Action) -> None:
        failing = ConditionCheck(TABLE, {"id": "c"}, Exists(Path("id")))
        with pytest.raises(InvalidRequestError, match="cannot contain an empty string value"):
            write(backend, put("a"), failing, wrong)
        assert read_all(backend) == []

    def test_unknown_table_wins_over_reasons_and_repetition_over_an_unknown_table(self, backend: MemoryBackend) -> None:
        unknown = Put("unknown", {"id": "a"})
        with pytest.raises(TableNotFound):
            write(backend, put("a", g=1), unknown)
        with pytest.raises(InvalidRequestError, match="cannot include multiple operations on one item"):
            write(backend, put("a"), unknown, Delete(TABLE, {"id": "a"}))

    def test_update_of_nothing_is_refused(self, backend: MemoryBackend) -> None:
        with pytest.raises(InvalidRequestError, match="Member must not be null"):
            write(backend, put("a"), UpdateItem(TABLE, {"id": "b"}))
        assert read_all(backend) == []

    def test_items_are_too_large_together_after_their_updates(self, backend: MemoryBackend) -> None:
        names = "abcdefghijk"
        for name in names:
            backend.execute(put(name, v="x" * 400_000))
        with pytest.raises(InvalidRequestError, match="4MB"):
            write(backend, *(add(name, 1) for name in names))
        with pytest.raises(InvalidRequestError, match="4MB"):
            backend.execute(TransactGet(tuple(Get(TABLE, {"id": name}) for name in names)))
        assert write(backend, *(add(name, 1) for name in names[:10])).consumed == Capacity(write_units=7820)

    def test_get_of_nothing_that_the_item_has_is_not_as_of_a_missing_item(self, backend: MemoryBackend) -> None:
        backend.execute(put("a", v=1))
        gets = (Get(TABLE, {"id": "a"}, (Path("w"),)), Get(TABLE, {"id": "b"}), Get(TABLE, {"id": "c"}, (Path("v"),)))
        assert backend.execute(TransactGet(gets)) == TransactGetResult(({}, None, None), Capacity(read_units=6))


class TestThreads:
    ACCOUNTS = tuple("abcdefgh")
    THREADS = 8
    MOVES = 150
    TOTAL = 100 * len(ACCOUNTS)

    @pytest.fixture(autouse=True)
    def interrupt_often(self) -> Iterator[None]:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        yield
        sys.setswitchinterval(interval)

    @pytest.fixture
    def bank(self, backend: MemoryBackend) -> MemoryBackend:
        for name in self.ACCOUNTS:
            backend.execute(put(name, n=100, g="x"))
        return backend

    def move(self, bank: MemoryBackend, seed: int) -> int:
        """Move amounts between accounts that may not be overdrawn, and say how often that was done."""
        random = Random(seed)
        cancelled: list[TransactionCanceled] = []
        for _ in range(self.MOVES):
            source, target = random.sample(self.ACCOUNTS, 2)
            amount = random.randint(1, 40)
            taken = UpdateItem(
                TABLE,
                {"id": source},
                (IncrementUpdate(Path("n"), -amount),),
                Comparison(Path("n"), GE, amount),
            )
            try:
                write(bank, add(target, amount), taken)
            except TransactionCanceled as error:
                cancelled.append(error)
        codes = {tuple(reason.code for reason in error.reasons) for error in cancelled}
        assert codes <= {("None", "ConditionalCheckFailed")}
        return self.MOVES - len(cancelled)

    def read_sum(self, bank: MemoryBackend) -> int:
        items: Any = bank.execute(TransactGet(tuple(Get(TABLE, {"id": name}) for name in self.ACCOUNTS))).items
        return sum(item["n"] for item in items)

    def run(self, work: Callable[[int], int]) -> list[int]:
        with ThreadPoolExecutor(self.THREADS) as pool:
            return list(pool.map(work, range(self.THREADS)))

    def test_moving_amounts_keeps_the_sum(self, bank: MemoryBackend) -> None:
        done = self.run(lambda seed: self.move(bank, seed))
        amounts = [item["n"] for _, item in read_all(bank)]
        assert (sum(amounts), min(amounts) >= 0, min(done) > 0) == (self.TOTAL, True, True)
        assert read_all(bank, "by_g") == read_all(bank)

    def test_no_reader_sees_half_a_transaction(self, bank: MemoryBackend) -> None:
        def work(seed: int) -> int:
            if seed % 2:
                return self.move(bank, seed)
            sums = {self.read_sum(bank) for _ in range(self.MOVES)}
            assert sums == {self.TOTAL}
            return self.MOVES

        assert min(self.run(work)) > 0

    def test_of_many_with_one_token_one_is_carried_out(self, bank: MemoryBackend) -> None:
        self.run(lambda _: len([write(bank, add("a", 1), token=f"t{number}") for number in range(50)]))
        assert read(bank) == {"id": "a", "n": 150, "g": "x"}


def test_what_was_read_stays_as_it_was_when_the_store_changes(backend: MemoryBackend) -> None:
    backend.execute(put("a", g="x", n=1, l=[1], m={"s": frozenset({"p"})}))
    got = [read(backend), backend.execute(TransactGet((Get(TABLE, {"id": "a"}),))).items[0]]
    got += [item for index in (None, "by_g") for _, item in read_all(backend, index)]
    with pytest.raises(TransactionCanceled) as caught:
        write(backend, Put(TABLE, {"id": "a"}, NotExists(Path("id")), return_item_on_failure=True))
    got.append(caught.value.reasons[0].item)
    updates = (
        SetUpdate(Path("l", 0), 2),
        SetUpdate(Path("l", 9), 3),
        AddUpdate(Path("m", "s"), frozenset({"q"})),
        SetUpdate(Path("copy"), Path("m")),
    )
    write(backend, UpdateItem(TABLE, {"id": "a"}, updates))
    assert got == [{"id": "a", "g": "x", "n": 1, "l": [1], "m": {"s": frozenset({"p"})}}] * 5
    write(backend, UpdateItem(TABLE, {"id": "a"}, (SetUpdate(Path("copy", "s"), 1),)))
    assert read(backend)["m"] == {"s": frozenset({"p", "q"})}
