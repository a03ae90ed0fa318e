"""What was read in part can be looked at, and is never stored in place of the whole."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from dynamongo import (
    AttributeNotLoaded,
    Connection,
    DictField,
    Field,
    IntField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.fields.partial_map import PartialDict, PartialList

ADDRESS: dict[str, Any] = {
    "city": StringField(),
    "zip": StringField(),
    "geo": DictField(lat=IntField(), lon=IntField()),
}


class Person(Model):
    __table__ = "people"
    __hash_key__ = "id"
    id = StringField(required=True)
    address = DictField(ADDRESS)
    homes = ListField(DictField(ADDRESS))
    outer = DictField(inner=DictField(ADDRESS))
    free = DictField()
    anything = Field()
    data = JSONField()
    words = ListField(StringField)
    letters = SetField(StringField)


HOME = {"city": "Rome", "zip": "00100", "geo": {"lat": 1, "lon": 2}}
WHOLE = {"id": "1", "address": HOME, "homes": [HOME, HOME], "free": HOME, "words": ["a", "b"]}
PATHS = [Person.address.city, Person.address.geo.lat, Person.homes[0].city, Person.free["city"], Person.words[0]]


@pytest.fixture(autouse=True)
def _table() -> Iterator[None]:
    with Connection.using(MemoryBackend()):
        Person.create_table()
        Person(**WHOLE).save()
        yield


@pytest.fixture
def part() -> Any:
    return Person.get_one("1", projection=PATHS)


Storing: TypeAlias = Callable[[Any, Any], object]
STORING: dict[str, Storing] = {
    "assigned": lambda part, whole: setattr(whole, "address", part.address),
    "assigned to a free map": lambda part, whole: setattr(whole, "free", part.free),
    "assigned to another field": lambda part, whole: setattr(whole, "free", part.address),
    "assigned to a field of anything": lambda part, whole: setattr(whole, "anything", part.address),
    "within a field of anything": lambda part, whole: setattr(whole, "anything", [{"x": part.address}]),
    "assigned as JSON": lambda part, whole: setattr(whole, "data", part.address),
    "within JSON": lambda part, whole: setattr(whole, "data", {"x": [part.words]}),
    "assigned in a list": lambda part, whole: setattr(whole, "homes", [part.address]),
    "assigned in a map": lambda part, whole: setattr(whole, "outer", {"inner": part.address}),
    "assigned in a free map": lambda part, whole: setattr(whole, "free", {"inner": part.address}),
    "a member of it, put into a map": lambda part, whole: (whole.address.update(geo=part.address["geo"]), whole.save()),
    "put into a list": lambda part, whole: (whole.homes.append(part.address), whole.save()),
    "put into a map": lambda part, whole: (whole.free.update(x=part.address), whole.save()),
    "put, and what was changed saved": lambda part, whole: (
        whole.free.update(x=part.address),
        whole.save(only_changed=True),
    ),
    "a copy": lambda part, whole: setattr(whole, "address", part.address.copy()),
    "a shallow copy": lambda part, whole: setattr(whole, "address", copy.copy(part.address)),
    "a deep copy": lambda part, whole: setattr(whole, "address", copy.deepcopy(part.address)),
    "a pickled copy": lambda part, whole: setattr(whole, "address", pickle.loads(pickle.dumps(part.address))),
    "a union": lambda part, whole: setattr(whole, "address", part.address | {"zip": "1"}),
    "a union from the other side": lambda part, whole: setattr(whole, "address", {"zip": "1"} | part.address),
    "a list": lambda part, whole: setattr(whole, "words", part.words),
    "a list, as a set": lambda part, whole: setattr(whole, "letters", part.words),
    "a list of maps": lambda part, whole: setattr(whole, "homes", part.homes),
    "an element of a list": lambda part, whole: setattr(whole, "address", part.homes[0]),
    "to a constructor": lambda part, _: Person(id="2", address=part.address),
    "from a dict": lambda part, _: Person.from_dict(part.to_dict()),
    "save_one of a dict": lambda part, _: Person.save_one(part.to_dict()),
    "create_one of a dict": lambda part, _: Person.create_one({**part.to_dict(), "id": "2"}),
    "an update": lambda part, _: Person.update_one("1", Person.address.set(part.address)),
    "an update of anything": lambda part, _: Person.update_one("1", Person.anything.set(part.address)),
    "an update of a member": lambda part, _: Person.update_one("1", Person.outer.inner.set(part.address)),
    "an update of a free member": lambda part, _: Person.update_one("1", Person.free["x"].set(part.address)),
    "an update if there is none": lambda part, _: Person.update_one(
        "1", Person.outer.set_if_not_exists({"inner": part.address})
    ),
    "an append": lambda part, _: Person.update_one("1", Person.homes.append(part.address)),
    "a prepend to a list in a free map": lambda part, _: Person.update_one("1", Person.free["x"].prepend(part.address)),
    "an update from a dict": lambda part, _: Person.update_from_dict("1", {"address": part.address}),
    "a transaction": lambda part, _: in_transaction(
        lambda tx: tx.update(Person, "1", Person.address.set(part.address))
    ),
    "a transaction that saves": lambda part, _: in_transaction(lambda tx: tx.save(part)),
    "a batch": lambda part, _: in_batch({**part.to_dict(), "id": "2"}),
    "a condition": lambda part, _: Person.find(Person.address == part.address, scans="allow").all(),
    "a default": lambda part, _: DictField(ADDRESS, default=part.address).check_declaration(),
    "what a default makes": lambda part, _: DictField(ADDRESS, default=lambda: part.address).default,
    "a default of a member": lambda part, _: DictField(x=DictField(ADDRESS, default=lambda: part.address)).validate({}),
}


def in_transaction(add: Callable[[Any], object]) -> None:
    with Connection.transaction() as tx:
        add(tx)


def in_batch(values: dict[str, Any]) -> None:
    with Person.batch() as batch:
        batch.save(values)


def test_elements_are_read_at_any_position() -> None:
    Person(id="2", words=["a", "b", "c"], homes=[{"city": "Rome"}, HOME]).save()
    part: Any = Person.get_one("2", projection=[Person.words[2], Person.words[1], Person.homes[1].zip])
    assert part.to_dict() == {"id": "2", "words": ["b", "c"], "homes": [{"zip": "00100"}]}
    found: Any = Person.find(Person.words[0] == "a", projection=[Person.words[1]], scans="allow", as_dicts=True).all()
    assert {"words": ["b"]} in found


@pytest.mark.parametrize("store", STORING.values(), ids=STORING)
def test_it_is_not_stored(store: Callable[[Any, Any], object], part: Any) -> None:
    with pytest.raises(AttributeNotLoaded):
        store(part, Person.get_one("1"))
    assert Person.get_one("1") == Person(**WHOLE)
    assert Person.get_many(scans="allow") == [Person(**WHOLE)]


def test_bulk_writes_say_which_item_it_is(part: Any) -> None:
    items: list[Any] = [{"id": "3"}, {**part.to_dict(), "id": "2"}]
    with pytest.raises(AttributeNotLoaded, match=r"^item 1: Person.address was read in part"):
        Person.save_many(items)
    assert [type(outcome.error) for outcome in Person.save_iter(items)] == [AttributeNotLoaded, type(None)]
    assert Person.get_one("2", None) is None


def test_it_can_be_looked_at(part: Any) -> None:
    assert part.to_dict() == {
        "id": "1",
        "address": {"city": "Rome", "geo": {"lat": 1}},
        "homes": [{"city": "Rome"}],
        "free": {"city": "Rome"},
        "words": ["a"],
    }
    assert json.loads(json.dumps(part.address)) == {"city": "Rome", "geo": {"lat": 1}}
    assert dict(part.address) == part.address
    assert (type(part.address), type(part.words)) == (PartialDict, PartialList)


def test_what_was_not_read_is_not_taken_for_missing(part: Any) -> None:
    touches: list[Callable[[], object]] = [
        lambda: part.address.pop("zip", None),
        lambda: part.address.setdefault("zip", "1"),
        lambda: (part.address | {"city": "Oslo"})["zip"],
        lambda: part.address.copy().get("zip"),
        lambda: part.homes[0].get("zip"),
    ]
    for touch in touches:
        with pytest.raises(AttributeNotLoaded):
            touch()


def test_what_was_read_can_be_changed_in_place(part: Any) -> None:
    part.address["zip"] = "1"
    assert part.address.pop("zip") == "1"
    assert part.address.setdefault("city", "Oslo") == "Rome"


def test_what_was_read_whole_is_whole() -> None:
    part: Any = Person.get_one("1", projection=[Person.address, Person.homes[1]])
    whole = Person.get_one("1")
    whole.address, whole.free = part.address, part.homes[0]
    whole.save()
    assert Person.get_one("1").to_dict() == {**whole.to_dict(), "address": HOME, "free": HOME}
