"""A condition beside the key of an update or delete, on both backends, with every kind of strategy."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from colours import blocking_only

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    ExpressionError,
    IntField,
    ItemNotFound,
    Model,
    Strategy,
    StringField,
    TransactionCanceled,
    VersionConflict,
    VersionField,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.transactions import Transaction
from dynamongo.expressions.updates import Updates
from dynamongo.verbs.write_calls import DeleteCall, UpdateCall

pytestmark = pytest.mark.usefixtures("colour")


_prefixes = (f"conditional-{number}-" for number in itertools.count())


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "day"
    city = StringField(required=True)
    day = IntField(required=True)
    stars = IntField()
    note = StringField()


class Page(Model):
    __table__ = "pages"
    __hash_key__ = "title"
    title = StringField(required=True)
    stars = IntField()
    version = VersionField()


class Other(Model):
    __table__ = "others"
    __hash_key__ = "title"
    title = StringField(required=True)
    stars = IntField()


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    Visit.create_table()
    Page.create_table()
    Visit(city="Oslo", day=1, stars=3).save()
    yield made
    Page.delete_table()
    Visit.delete_table()
    Connection.set_config()


def stored() -> Visit | None:
    return Visit.get_one(("Oslo", 1), None)


STRATEGIES: dict[str, Any] = {
    "key": ("Oslo", 1),
    "dict": {"city": "Oslo", "day": 1},
    "instance": Visit(city="Oslo", day=1),
    "key condition": (Visit.city == "Oslo") & (Visit.day == 1),
    "key condition and more": (Visit.city == "Oslo") & Visit.note.not_exists() & (Visit.day == 1),
}


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_update_is_made_only_if_the_condition_holds(strategy: Any) -> None:
    with pytest.raises(ConditionalCheckFailedException) as caught:
        Visit.update_one(strategy, Visit.stars.set(9), condition=Visit.stars > 3)
    assert caught.value.item == stored() == Visit(city="Oslo", day=1, stars=3)
    assert Visit.update_one(strategy, Visit.stars.set(9), condition=Visit.stars == 3).stars == 9


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_delete_is_made_only_if_the_condition_holds(strategy: Any) -> None:
    assert Visit.delete_one(strategy, condition=(Visit.stars > 3) | Visit.note.exists()) is None
    assert stored() is not None
    assert Visit.delete_one(strategy, condition=Visit.stars == 3) == Visit(city="Oslo", day=1, stars=3)
    assert stored() is None


def test_what_the_strategy_says_must_hold_as_well() -> None:
    strategy = STRATEGIES["key condition"] & (Visit.stars > 3)
    with pytest.raises(ConditionalCheckFailedException, match="`stars > …`"):
        Visit.update_one(strategy, Visit.stars.set(9), condition=Visit.note.not_exists())
    assert Visit.delete_one(strategy, condition=Visit.note.not_exists()) is None
    assert stored() == Visit(city="Oslo", day=1, stars=3)


@pytest.mark.parametrize("condition", [Visit.stars > 3, (Visit.stars > 3) & Visit.note.exists(), ~Visit.stars.exists()])
def test_it_sends_what_a_strategy_with_the_condition_sends(condition: Any) -> None:
    mapper, key = Visit.__mapper__, STRATEGIES["key condition"]
    update = Visit.stars.set(9)
    beside = UpdateCall(mapper, "visits", ("Oslo", 1), update, upsert=False, condition=condition)
    within = UpdateCall(mapper, "visits", key & condition, update, upsert=False)
    assert beside.operation == within.operation
    assert (
        DeleteCall(mapper, "visits", ("Oslo", 1), condition).operation
        == DeleteCall(mapper, "visits", key & condition).operation
    )


def test_missing_item_is_not_found_and_not_created() -> None:
    with pytest.raises(ItemNotFound):
        Visit.update_one(("Rome", 1), Visit.stars.set(9), condition=Visit.stars.not_exists())
    assert Visit.delete_one(("Rome", 1), condition=Visit.stars.not_exists()) is None
    assert Visit.find().count() == 1


def test_upsert_creates_an_item_if_the_condition_holds_for_none() -> None:
    with pytest.raises(ConditionalCheckFailedException) as caught:
        Visit.upsert_one(("Rome", 1), Visit.stars.set(9), condition=Visit.stars > 3)
    assert caught.value.item is None
    assert Visit.upsert_one(("Rome", 1), Visit.stars.set(9), condition=Visit.stars.not_exists()).stars == 9


def test_update_from_dict_takes_it() -> None:
    with pytest.raises(ConditionalCheckFailedException):
        Visit.update_from_dict(("Oslo", 1), {"note": "x"}, condition=Visit.stars > 3)
    values = {"city": "Oslo", "day": 1, "note": "x"}
    assert Visit.update_from_dict(values, condition=Visit.stars == 3).note == "x"


class TestInstances:
    def test_update_and_upsert_take_over_what_is_stored_if_it_holds(self) -> None:
        visit = Visit.get_one(("Oslo", 1))
        for change in (visit.update, visit.upsert):
            with pytest.raises(ConditionalCheckFailedException):
                change(Visit.note.set("x"), condition=Visit.stars > 3)
        assert visit.note is None
        assert visit.update(Visit.note.set("x"), [Visit.stars.set(4)], condition=Visit.stars == 3) is visit
        assert visit.upsert(Visit.note.set("y"), condition=Visit.stars == 4) == stored()

    def test_delete_returns_nothing_if_it_does_not_hold(self) -> None:
        visit = Visit.get_one(("Oslo", 1))
        assert visit.delete(condition=Visit.stars > 3) is None
        assert stored() == visit
        assert visit.delete(condition=Visit.stars == 3) == visit
        assert visit.delete(condition=Visit.stars.not_exists()) is None

    @blocking_only
    def test_verbs_that_a_model_overrides_need_not_take_it(self) -> None:
        class Own(Visit):
            __table__ = "visits"

            @classmethod
            def update_one(cls, strategy: Strategy, updates: Updates, *, upsert: bool = False) -> Any:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # without `condition`
                return super().update_one(strategy, updates, upsert=upsert)

            @classmethod
            def delete_one(cls, strategy: Strategy) -> Any:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # as above
                return super().delete_one(strategy)

        visit = Own.get_one(("Oslo", 1))
        assert visit.update(Own.stars.set(1)).upsert(Own.stars.add(1)).stars == 2
        assert Own.update_from_dict(("Oslo", 1), {"note": "x"}).note == "x"
        assert visit.delete() is not None


class TestVersions:
    @pytest.fixture
    def page(self) -> Page:
        return Page(title="a", stars=1).save()

    def test_version_is_checked_beside_the_condition(self, page: Page) -> None:
        Page.get_one("a").save()
        for write in (lambda: page.update(Page.stars.set(2), condition=Page.stars == 1), page.delete):
            with pytest.raises(VersionConflict, match="is at version 2, but the write expects version 1"):
                write()
        with pytest.raises(VersionConflict):
            page.delete(condition=Page.stars > 1)

    def test_condition_that_fails_alone_is_no_conflict(self, page: Page) -> None:
        with pytest.raises(ConditionalCheckFailedException, match=r"^Page: `stars > …` does not hold") as caught:
            page.update(Page.stars.set(2), condition=Page.stars > 1)
        assert not isinstance(caught.value, VersionConflict)
        assert page.delete(condition=Page.stars > 1) is None
        assert page.update(Page.stars.set(2), condition=Page.stars == 1).version == 2
        assert page.delete(condition=Page.stars == 2) == page

    def test_key_has_no_version_to_check(self, page: Page) -> None:
        Page.get_one("a").save()
        assert Page.update_one("a", Page.stars.set(2), condition=Page.stars == 1).version == 3


WRITES: dict[str, Callable[[Transaction, Any], None]] = {
    "update": lambda tx, condition: tx.update(Visit, ("Oslo", 1), Visit.note.set("x"), condition=condition),
    "update of an instance": lambda tx, condition: tx.update(
        Visit(city="Oslo", day=1), Visit.note.set("x"), condition=condition
    ),
    "upsert": lambda tx, condition: tx.upsert(Visit, ("Oslo", 1), Visit.note.set("x"), condition=condition),
    "delete": lambda tx, condition: tx.delete(Visit, ("Oslo", 1), condition=condition),
    "delete of an instance": lambda tx, condition: tx.delete(Visit(city="Oslo", day=1), condition=condition),
    "check": lambda tx, condition: tx.check(Visit, ("Oslo", 1), condition=condition),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_transaction_is_cancelled_if_it_does_not_hold(write: Callable[[Transaction, Any], None]) -> None:
    transaction = Connection.transaction(return_items=True)
    with pytest.raises(TransactionCanceled) as caught, transaction as tx:  # noqa: PT012 - it is the end that raises
        write(tx, Visit.stars > 3)
        tx.save(Visit(city="Rome", day=1))
    assert [reason.code for reason in caught.value.reasons] == ["ConditionalCheckFailed", "None"]
    assert caught.value.reasons[0].item == stored() == Visit(city="Oslo", day=1, stars=3)
    with Connection.transaction() as tx:
        write(tx, Visit.stars == 3)
        tx.save(Visit(city="Rome", day=1))
    assert Visit.get_one(("Rome", 1)).day == 1


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (True, r"^Visit: condition must be a condition, such as User\.age > 18; got True$"),
        ("stars > 3", r"condition must be a condition"),
        ([Visit.stars > 3], r"condition must be a condition"),
        (Page.version > 3, r"^Visit has no field 'version': it belongs to Page$"),
        (Other.stars > 3, r"^Visit: stars belongs to Other; use a field of Visit or of a base of both$"),
        ((Visit.stars > 3) & (Other.stars > 3), r"stars belongs to Other"),
    ],
    ids=str,
)
def test_what_is_no_condition_of_the_model_is_refused_at_once(condition: Any, message: str) -> None:
    writes: list[Callable[[], Any]] = [
        lambda: Visit.update_one(("Oslo", 1), Visit.stars.set(1), condition=condition),
        lambda: Visit.delete_one(("Oslo", 1), condition=condition),
    ]
    for write in writes:
        with Connection.record() as calls, pytest.raises(ExpressionError, match=message):
            write()
        assert calls.requests == 0
    for action in WRITES.values():
        with pytest.raises(ExpressionError, match=message), Connection.transaction() as tx:
            action(tx, condition)


def test_it_does_not_replace_the_key() -> None:
    with pytest.raises(ExpressionError, match="day is missing"):
        Visit.delete_one(Visit.city == "Oslo", condition=Visit.day == 1)
