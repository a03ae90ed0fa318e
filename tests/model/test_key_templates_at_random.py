"""Writes at random: after each of them, every stored item has the keys that its members make."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamongo import Connection, DateField, GlobalIndex, IntField, Model, StringField
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Put, Scan

DAY = dt.date(2026, 1, 2)


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "PK"
    __range_key__ = "SK"
    PK = StringField(template="CUSTOMER#{customer_id}")
    SK = StringField(template="VISIT#{number}")
    customer_id = IntField(required=True)
    number = IntField()
    place = StringField()
    day = DateField()
    GSI1PK = StringField(template="{place}#{day}", required=False)
    GSI1SK = StringField(template="{number}")
    by_place = GlobalIndex(hash_key="GSI1PK", range_key="GSI1SK")


def stored(backend: Backend) -> list[dict[str, Any]]:
    items: list[Any] = list(backend.execute(Scan(Visit.table_name())).items)
    return items


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["save", "only_changed", "update", "from_instance", "upsert", "delete", "migrate", "strip"]),
        st.integers(0, 2),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, DAY, dt.date(2027, 1, 1)]),
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(operations=OPERATIONS)
def test_after_any_writes_every_item_has_the_keys_of_its_members(operations: list[Any]) -> None:
    backend = MemoryBackend()
    with Connection.using(backend):
        Visit.create_table()
        for operation in operations:
            _apply(backend, *operation)
            for each in stored(backend):
                _check_item(each)


def _apply(backend: Backend, verb: str, number: int, place: str | None, day: dt.date | None) -> None:
    key = (1, number)
    found = Visit.get_one(key, None)
    changes = [
        Visit.place.remove() if place is None else Visit.place.set(place),
        Visit.day.remove() if day is None else Visit.day.set(day),
    ]
    if verb == "save":
        Visit(customer_id=1, number=number, place=place, day=day).save()
    elif verb == "upsert":
        Visit.upsert_one(key, changes)
    elif verb == "migrate":
        list(Visit.find(scans="allow").migrate())
    elif found is None:
        return
    elif verb == "only_changed":
        found.place = place
        found.save(only_changed=True)
    elif verb == "update":
        Visit.update_one(key, changes)
    elif verb == "from_instance":
        found.update(changes[number % 2])
    elif verb == "delete":
        found.delete()
    else:  # as another program may have stored it
        kept = {name: value for name, value in found.to_item().items() if name not in ("customer_id", "number")}
        backend.execute(Put(Visit.table_name(), kept))


def _check_item(each: dict[str, Any]) -> None:
    visit = Visit.from_item(each)
    members = (visit.customer_id, visit.number, visit.place, visit.day)
    assert each["PK"] == f"CUSTOMER#{members[0]}"
    assert each["SK"] == f"VISIT#{members[1]}"
    assert each["GSI1SK"] == str(members[1])
    expected = None if None in members else f"{members[2]}#{members[3]}"
    assert each.get("GSI1PK") == expected
