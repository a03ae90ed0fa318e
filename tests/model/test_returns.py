"""What a write returns: `returns=` of the verbs for one item, on both backends and in both colours."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from colours import blocking_only

from dynamongo import (
    AttributeNotLoaded,
    Connection,
    DictField,
    ExpressionError,
    IntField,
    ItemNotFound,
    Model,
    Strategy,
    StringField,
    VersionConflict,
    VersionField,
    WrittenButUnreadable,
    if_not_exists,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.updates import Updates
from dynamongo.operations import Put

pytestmark = pytest.mark.usefixtures("colour")
_prefixes = (f"returns-{number}-" for number in itertools.count())


class Town(Model):
    __table__ = "towns"
    __hash_key__ = "name"
    __billing__ = "on_demand"
    name = StringField(required=True)
    visits = IntField()
    mayor = StringField()
    place = DictField(street=StringField(), floor=IntField())


class Counted(Town):
    version = VersionField()


class Kind(Model):
    __table__ = "things"
    __hash_key__ = "name"
    __billing__ = "on_demand"
    __kind_field__ = "kind"
    name = StringField(required=True)
    price = IntField()


class Car(Kind):
    __kind__ = "car"


class Ship(Kind):
    __kind__ = "ship"


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()))
    for model in (Town, Kind):
        model.create_table()
    yield made
    for model in (Town, Kind):
        model.delete_table()
    Connection.set_config()


@pytest.fixture
def oslo() -> Town:
    return Town(name="Oslo", visits=1, mayor="Eva", place={"street": "a", "floor": 1}).save()


CHANGES = [Town.visits.increment(), Town.mayor.remove(), Town.place.floor.set(Town.visits + 4)]
OLD = Town(name="Oslo", visits=1, mayor="Eva", place={"street": "a", "floor": 1})
NEW = Town(name="Oslo", visits=2, place={"street": "a", "floor": 5})


def test_update_returns_the_item_as_it_is_or_as_it_was(oslo: Town) -> None:
    assert Town.update_one("Oslo", CHANGES, returns="old") == OLD
    assert Town.get_one("Oslo") == NEW
    oslo.save()
    assert Town.update_one("Oslo", CHANGES, returns="new") == NEW
    oslo.save()
    assert Town.update_one("Oslo", CHANGES, returns="none") is None
    assert Town.get_one("Oslo") == NEW
    assert Town.update_from_dict("Oslo", {"visits": 9, "mayor": "Jo"}, returns="old") == NEW
    assert Town.upsert_one("Oslo", Town.visits.set(10), returns="old").visits == 9  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # there is one


def test_update_returns_only_what_was_updated(oslo: Town) -> None:
    old = Town.update_one("Oslo", CHANGES, returns="updated_old")
    assert (old.name, old.visits, old.mayor, old.place) == ("Oslo", 1, "Eva", {"floor": 1})
    oslo.save()
    new = Town.update_one("Oslo", CHANGES, returns="updated_new")
    assert (new.name, new.visits, new.mayor, new.place) == ("Oslo", 2, None, {"floor": 5})
    with pytest.raises(AttributeNotLoaded):
        _ = (new.place or {})["street"]
    with pytest.raises(AttributeNotLoaded):
        new.save()
    assert Town.upsert_one("Bergen", Town.mayor.remove(), returns="updated_old").mayor is None


def test_instance_takes_over_the_new_item_whatever_is_returned(oslo: Town) -> None:
    old = oslo.update(*CHANGES, returns="old")
    assert (old, oslo) == (OLD, NEW)
    oslo.visits = 7
    oslo.save(only_changed=True)
    assert Town.get_one("Oslo") == oslo
    assert oslo.upsert(Town.mayor.set("Jo"), returns="old") == Town(name="Oslo", visits=7, place=NEW.place)
    assert Town.get_one("Oslo") == oslo


def test_there_is_no_old_item_of_one_that_is_created(backend: Backend) -> None:
    made = Town(name="Bergen")
    old = made.upsert(Town.visits.set(if_not_exists(Town.visits, 0) + 1), returns="old")
    if isinstance(backend, MemoryBackend):  # the emulator returns the key, and DynamoDB nothing
        assert old is None
    assert made == Town.get_one("Bergen") == Town(name="Bergen", visits=1)
    with pytest.raises(ItemNotFound):
        Town.update_one("Rome", Town.visits.set(1), returns="old")


def test_save_returns_what_it_has_replaced(oslo: Town) -> None:
    moved = Town(name="Oslo", visits=5)
    assert moved.save(returns="old") == OLD
    assert moved.save(only_changed=True) is moved
    assert Town.save_one({"name": "Oslo"}, returns="old") == moved
    assert Town(name="Bergen").save(returns="old") is None
    assert oslo.save(Town.visits.not_exists(), returns="old") == Town(name="Oslo")
    assert Town.get_one("Oslo") == oslo
    assert Town(name="Rome").save(overwrite=False, returns="old") is None


def test_versions_count() -> None:
    oslo = Counted(name="Oslo", visits=1).save()
    stale = Counted.get_one("Oslo")
    assert oslo.update(Counted.visits.increment(), returns="old").version == 1
    assert (oslo.version, oslo.visits) == (2, 2)
    old = oslo.save(returns="old")
    assert (old and old.version, oslo.version) == (2, 3)
    with pytest.raises(VersionConflict):
        stale.update(Counted.visits.increment(), returns="old")
    assert Counted.update_one("Oslo", Counted.visits.set(1), returns="updated_new").version == 4


def test_kinds_are_read_as_what_they_were(backend: Backend) -> None:
    car = Car(name="a", price=1).save()
    old = Kind.update_one("a", Kind.price.set(2), returns="old")
    assert (type(old), old.price) == (Car, 1)
    assert Car.update_one("a", Car.price.set(3), returns="updated_old").price == 2
    assert car.save(returns="old") == Car(name="a", price=3)
    ship = Ship(name="b")
    if isinstance(backend, MemoryBackend):  # the emulator returns the key, as an old item without a kind
        ship.upsert(Ship.price.set(1), returns="old")
        assert (type(Kind.get_one("b")), ship.price) == (Ship, 1)


@blocking_only
def test_old_item_that_cannot_be_read_was_replaced_all_the_same(backend: Backend) -> None:
    backend.execute(Put(Town.table_name(), {"name": "Oslo", "visits": "many"}))
    with pytest.raises(WrittenButUnreadable, match="the item was replaced, but"):
        Town(name="Oslo", visits=3).save(returns="old")
    assert Town.get_one("Oslo").visits == 3


def test_what_cannot_be_returned_is_refused(oslo: Town) -> None:
    given: Any
    for given in ("ALL_OLD", "now", None, True, 5, [], {}):
        with pytest.raises(ExpressionError, match="returns must be one of 'new', 'old'"):
            Town.update_one("Oslo", CHANGES, returns=given)
        with pytest.raises(ExpressionError, match="returns must be one of 'new', 'old'"):
            oslo.save(returns=given)
    for given in ("none", "updated_new"):
        with pytest.raises(ExpressionError, match="returns must be one of 'new', 'old'; got"):
            oslo.update(*CHANGES, returns=given)
        with pytest.raises(ExpressionError, match="returns must be one of 'new', 'old'; got"):
            oslo.upsert(*CHANGES, returns=given)
    with pytest.raises(ExpressionError, match="leave out only_changed=True"):
        oslo.save(only_changed=True, returns="old")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]  # the point
    many: Any = Town
    with pytest.raises(TypeError, match="returns"):
        many.save_many([oslo], returns="old")
    with pytest.raises(TypeError, match="returns"):
        many.update_many(["Oslo"], CHANGES, returns="old")
    assert Town.get_one("Oslo") == OLD


@blocking_only
def test_verbs_that_a_model_overrides_need_not_take_it() -> None:
    class Old(Town):
        @classmethod
        def update_one(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # without `returns`
            cls, strategy: Strategy, updates: Updates, *, upsert: bool = False, condition: AnyCondition | None = None
        ) -> Any:
            return super().update_one(strategy, updates, upsert=upsert, condition=condition)

        @classmethod
        def save_one(cls, item: Any, overwrite: Any = True, *, only_changed: bool = False) -> Any:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: FBT002 - as above
            return super().save_one(item, overwrite, only_changed=only_changed)

    assert Old(name="a").save().update(Old.visits.set(1)).visits == 1
    with pytest.raises(TypeError, match="returns"):
        Old(name="a").save(returns="old")


def test_returned_items_cost_nothing(backend: Backend, oslo: Town) -> None:
    spent: list[float] = []
    words: Any
    for words in ("new", "old", "updated_new", "updated_old", "none"):
        with Connection.record() as calls:
            Town.update_one("Oslo", CHANGES[:1], returns=words)
        spent.append(calls.write_units)
    assert set(spent) == {1}
