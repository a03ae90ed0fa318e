"""Transactions in memory: tokens and cancellation, where the contract does not say it all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from backends.memory.accounts import NONE, SCHEMA, TABLE, Clock, add, put, read, read_all, write

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import (
    CancellationReason,
    IdempotencyMismatch,
    InvalidRequestError,
    TableNotFound,
    TransactionCanceled,
)
from dynamongo.expressions.conditions import Contains, Exists, NotExists, Path
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
    TransactWriteResult,
    UpdateItem,
)
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract.base import proves


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backend(clock: Clock) -> MemoryBackend:
    backend = MemoryBackend(clock=clock)
    backend.execute(CreateTable(SCHEMA))
    return backend


class TestTokens:
    @proves("21.27")
    def test_actions_are_executed_once_in_ten_minutes(self, backend: MemoryBackend, clock: Clock) -> None:
        write(backend, add("a", 1), token="t")
        clock.now += 599.9
        write(backend, add("a", 1), token="t")
        assert read(backend) == {"id": "a", "n": 1}
        clock.now += 0.1
        write(backend, add("a", 1), token="t")
        assert read(backend) == {"id": "a", "n": 2}

    @proves("21.27")
    def test_repetition_does_not_extend_the_ten_minutes(self, backend: MemoryBackend, clock: Clock) -> None:
        write(backend, add("a", 1), token="t")
        for _ in range(3):
            clock.now += 200
            write(backend, add("a", 1), token="t")
        assert read(backend) == {"id": "a", "n": 2}

    def test_token_may_be_used_for_other_actions_after_ten_minutes(self, backend: MemoryBackend, clock: Clock) -> None:
        write(backend, add("a", 1), token="t")
        clock.now += 599
        with pytest.raises(IdempotencyMismatch):
            write(backend, add("a", 2), token="t")
        clock.now += 1
        write(backend, add("a", 2), token="t")
        assert read(backend) == {"id": "a", "n": 3}

    def test_actions_without_a_token_are_executed_every_time(self, backend: MemoryBackend) -> None:
        write(backend, add("a", 1))
        write(backend, add("a", 1))
        assert read(backend) == {"id": "a", "n": 2}

    def test_order_of_members_and_form_of_numbers_make_no_difference(self, backend: MemoryBackend) -> None:
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

    def test_order_of_actions_matters(self, backend: MemoryBackend) -> None:
        write(backend, put("a"), put("b"), token="t")
        with pytest.raises(IdempotencyMismatch):
            write(backend, put("b"), put("a"), token="t")

    def test_token_stands_for_the_actions_at_the_time_of_the_call(self, backend: MemoryBackend) -> None:
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

    def test_repetition_costs_a_read_of_the_items(self, backend: MemoryBackend) -> None:
        actions = (put("a", v="x" * 5000), Delete(TABLE, {"id": "b"}))
        assert write(backend, *actions, token="t") == TransactWriteResult(Capacity(write_units=12))
        assert write(backend, *actions, token="t") == TransactWriteResult(Capacity(read_units=6))

    def test_repetition_does_nothing_in_a_recreated_table(self, backend: MemoryBackend) -> None:
        write(backend, add("a", 1), token="t")
        backend.execute(DeleteTable(TABLE))
        backend.execute(CreateTable(TableSchema(TABLE, KeySchema(KeyAttribute("other", "N")))))
        write(backend, add("a", 1), token="t")
        assert backend.execute(Scan(TABLE)).count == 0

    def test_backends_do_not_share_tokens(self, backend: MemoryBackend, clock: Clock) -> None:
        other = MemoryBackend(clock=clock)
        other.execute(CreateTable(SCHEMA))
        write(backend, add("a", 1), token="t")
        write(other, add("a", 2), token="t")
        assert read(other) == {"id": "a", "n": 2}


class TestCancelling:
    def test_every_action_has_its_own_reason(self, backend: MemoryBackend) -> None:
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

    def test_cancelled_transaction_leaves_indexes_unchanged(self, backend: MemoryBackend) -> None:
        backend.execute(put("a", g="x"))
        before = read_all(backend, "by_g")
        with pytest.raises(TransactionCanceled):
            write(backend, put("a", g="y"), put("b", g="y"), put("c", g=1))
        assert read_all(backend, "by_g") == before == [("a", {"id": "a", "g": "x"})]

    @pytest.mark.parametrize(
        "wrong", [put(""), put("b", g=""), UpdateItem(TABLE, {"id": "b"}, (SetUpdate(Path("g"), ""),))]
    )
    def test_empty_key_refuses_the_whole_request(self, backend: MemoryBackend, wrong: Action) -> None:
        failing = ConditionCheck(TABLE, {"id": "c"}, Exists(Path("id")))
        with pytest.raises(InvalidRequestError, match="cannot contain an empty string value"):
            write(backend, put("a"), failing, wrong)
        assert read_all(backend) == []

    def test_repeated_item_is_refused_before_an_unknown_table_and_that_before_reasons(
        self, backend: MemoryBackend
    ) -> None:
        unknown = Put("unknown", {"id": "a"})
        with pytest.raises(TableNotFound):
            write(backend, put("a", g=1), unknown)
        with pytest.raises(InvalidRequestError, match="cannot include multiple operations on one item"):
            write(backend, put("a"), unknown, Delete(TABLE, {"id": "a"}))

    def test_update_without_updates_is_refused(self, backend: MemoryBackend) -> None:
        with pytest.raises(InvalidRequestError, match="Member must not be null"):
            write(backend, put("a"), UpdateItem(TABLE, {"id": "b"}))
        assert read_all(backend) == []

    def test_total_size_counts_updated_items(self, backend: MemoryBackend) -> None:
        names = "abcdefghijk"
        for name in names:
            backend.execute(put(name, v="x" * 400_000))
        with pytest.raises(InvalidRequestError, match="4MB"):
            write(backend, *(add(name, 1) for name in names))
        with pytest.raises(InvalidRequestError, match="4MB"):
            backend.execute(TransactGet(tuple(Get(TABLE, {"id": name}) for name in names)))
        assert write(backend, *(add(name, 1) for name in names[:10])).consumed == Capacity(write_units=7820)

    def test_item_without_the_projected_attributes_differs_from_a_missing_item(self, backend: MemoryBackend) -> None:
        backend.execute(put("a", v=1))
        gets = (Get(TABLE, {"id": "a"}, (Path("w"),)), Get(TABLE, {"id": "b"}), Get(TABLE, {"id": "c"}, (Path("v"),)))
        assert backend.execute(TransactGet(gets)) == TransactGetResult(({}, None, None), Capacity(read_units=6))


def test_items_read_do_not_change_with_the_store(backend: MemoryBackend) -> None:
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
