"""Validators of whole items, what updates by expression cannot call, and all problems of an item at once."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo import (
    AttributeNotLoaded,
    Connection,
    DictField,
    Document,
    DocumentField,
    ExpressionError,
    IntField,
    ListField,
    Model,
    Problem,
    SchemaError,
    SetField,
    StringField,
    ValidationError,
    before_save,
    validator,
)
from dynamongo.backends.base import Backend

ASKED: list[str] = []


class Event(Model):
    __table__ = f"events-{uuid.uuid4().hex}"
    __hash_key__ = "name"
    name = StringField(required=True, max_length=5)
    start = IntField(required=True, min_value=0, stored_as="from")
    end = IntField(required=True, min_value=0)
    places = ListField(StringField(max_length=5))
    room = DictField(floor=IntField(required=True), name=StringField())
    tags = SetField(StringField)

    @before_save
    def fill(self) -> None:
        if self.name == "day":
            self.end = self.start + 1

    @validator("start", "end", updates="refuse")
    def in_order(self) -> None:
        ASKED.append("in_order")
        if self.end < self.start:
            raise ValueError("end is before start")

    @validator
    def not_odd(self) -> bool:
        ASKED.append("not_odd")
        return self.name != "odd"


@pytest.fixture(autouse=True)
def _events(on_each_backend: Backend, colour: str) -> Iterator[None]:
    Event.create_table()
    Event.save_one({"name": "a", "start": 1, "end": 2})
    ASKED.clear()
    yield
    Event.delete_table()


def event(**values: Any) -> Event:
    return Event(**{"name": "b", "start": 1, "end": 2, **values})


def names() -> list[str]:
    return sorted(each.name for each in Event.find(None, scans="allow"))


class TestValidators:
    """They refuse an item when it is saved, by whichever verb."""

    def test_saves(self) -> None:
        wrong = event(start=3)
        with pytest.raises(ValidationError, match=r"^Event\.start, Event\.end: end is before start$") as caught:
            wrong.save()
        assert caught.value.problems == (Problem(("start",), None, "Event.start, Event.end: end is before start"),)
        assert isinstance(caught.value.__cause__, ValueError)
        copied = pickle.loads(pickle.dumps(caught.value))
        assert (str(copied), copied.problems) == (str(caught.value), caught.value.problems)
        with pytest.raises(ValidationError, match=r"^Event: not_odd returned False$"):
            Event.create_one({"name": "odd", "start": 1, "end": 2})
        with pytest.raises(ValidationError, match=r"^item 1: Event.start, Event.end: end is before") as located:
            Event.save_many([event(), wrong])
        assert located.value.problems == caught.value.problems
        assert [each.error is None for each in Event.save_iter([event(name="c"), wrong])] == [False, True]
        with pytest.raises(ValidationError), Event.batch() as batch:
            batch.save(wrong)
        with pytest.raises(ValidationError), Connection.transaction() as tx:
            tx.save(wrong)
        assert names() == ["a", "c"]

    def test_they_are_asked_last_and_once(self) -> None:
        assert event(name="day", start=7).save().end == 8  # which a hook has set
        assert ASKED == ["in_order", "not_odd"]

    def test_instances_are_built_and_read_step_by_step(self) -> None:
        found = Event.get_one("a")
        found.start = 5
        found.end = 6
        found.save(only_changed=True)
        found.start = 7
        with pytest.raises(ValidationError):
            found.save(only_changed=True)
        Event.on_table(Event.table_name()).from_item({"name": "b", "from": 3, "end": 1})

    def test_items_that_were_read_in_part(self) -> None:
        part = Event.get_one("a", projection=[Event.name, Event.places])
        part.places = ["x"]
        part.save(only_changed=True)
        assert ASKED == ["not_odd"]  # what the other is about was neither read nor assigned
        part.end = 0
        with pytest.raises(AttributeNotLoaded, match=r"Event.start was not .* Event.in_order \(validator\) asked"):
            part.save(only_changed=True)

    def test_errors_of_a_program_are_no_problems(self) -> None:
        class Buggy(Event):
            @validator
            def compare(self) -> None:
                raise KeyError("bug")

        with pytest.raises(KeyError, match="bug"):
            Buggy(name="b", start=1, end=2).save()
        with pytest.raises(ValidationError, match=r"^Buggy.name is required but has no value$"):
            Buggy(start=1, end=2).save()


class TestUpdates:
    """Updates by expression call no validator, which is told, and may be refused."""

    def test_those_of_its_fields_are_refused(self) -> None:
        message = r"^Event: an update by expression cannot change start, because it does not call Event\.in_order \(val"
        updates: list[Any] = [Event.start.set(9), Event.start.increment()]
        for update in updates:
            with pytest.raises(ExpressionError, match=message):
                Event.update_one("a", update)
        calls: list[Any] = [
            lambda: Event.get_one("a").update(Event.places.append("x"), updates[0]),
            lambda: Event.update_many(["a"], updates[0]),
            lambda: list(Event.update_iter(["a"], updates[0])),
            lambda: Event.update_from_dict("a", {"start": 9}),
            lambda: Event.upsert_one("a", updates[0]),
            lambda: Event.find("a").update(updates[0]),
            lambda: Event.update_many.explain(["a"], updates[0]),
        ]
        for call in calls:
            with pytest.raises(ExpressionError, match=message):
                call()
        with pytest.raises(ExpressionError, match=message), Connection.transaction() as tx:
            tx.update(Event, "a", updates[0])
        assert Event.update_one("a", Event.places.append("x")).places == ["x"]

    def test_sources_of_a_computed_field_are_refused_with_it(self) -> None:
        class Timed(Event):
            length = IntField(
                computed=lambda event: (event.end or 0) - (event.start or 0), computed_from=["start", "end"]
            )
            twice = IntField(computed=lambda event: event.length * 2, computed_from=["length"])
            count = IntField(computed=lambda event: len(event.places), computed_from=["places"])
            in_order = None  # type: ignore[assignment]  # it refuses the sources itself

            @validator("twice", updates="refuse")
            def not_too_long(self) -> bool:
                return (self.twice or 0) < 100

        for updates in ([Timed.start.set(1), Timed.end.set(500)], [Timed.end.increment()]):
            with pytest.raises(
                ExpressionError, match=r"cannot change (start|end), because it does not call Timed\.not_too"
            ):
                Timed.update_one("a", updates)
        assert Timed.update_one("a", Timed.places.set(["x"])).count == 1

    def test_all_may_be_refused(self) -> None:
        class Sealed(Event):
            @before_save(updates="refuse")
            def seal(self) -> None: ...

        with pytest.raises(ExpressionError, match=r"cannot change places, because it does not call Sealed\.seal \(bef"):
            Sealed.update_one("a", Sealed.places.append("x"))

    def test_explain_tells(self) -> None:
        for strategy in (["a"], Event.end > 1):
            plan = str(Event.update_many.explain(strategy, Event.places.append("x")))
            assert "  note           updates do not call Event.fill, Event.in_order, Event.not_odd" in plan


class TestProblems:
    """One error tells everything that is wrong with an item."""

    def test_constructor(self) -> None:
        values = {"name": "too long", "nme": 1, "places": ["a", 2, "longer"], "room": {"name": 3, "x": 1}, "xy": 2}
        with pytest.raises(ValidationError) as caught:
            Event(start=-1, **values)
        expected = [
            ("nme", "nme", 1, "unknown"),
            ("xy", "xy", 2, "unknown"),
            ("name", "name", "too long", "invalid"),
            ("start", "start", -1, "invalid"),
            ("places", "places[1]", 2, "invalid"),
            ("places", "places[2]", "longer", "invalid"),
            ("room", "room.x", 1, "unknown"),
            ("room", "room.floor", values["room"], "missing"),
            ("room", "room.name", 3, "invalid"),
        ]
        assert [(each.field, each.path, each.value, each.kind) for each in caught.value.problems] == expected
        assert str(caught.value) == (
            "unknown fields 'nme', 'xy'; did you mean Event.name?; Event.name must be a str of at most 5 characters;"
            " got 'too long'; Event.start must be an int >= 0; got -1; Event.places[1] must be a str; got 2;"
            " Event.places[2] must be a str of at most 5 characters; got 'longer'; and 3 more"
        )

    def test_one_problem_is_told_as_ever(self) -> None:
        with pytest.raises(ValidationError, match=r"^Event.start must be an int >= 0; got -1$") as caught:
            event(start=-1)
        assert [each.message for each in caught.value.problems] == [str(caught.value)]
        with pytest.raises(ValidationError, match=r"^unknown fields 'a', 'b'; Event has: name, ") as caught:
            event(a=1, b=2)
        assert [each.path for each in caught.value.problems] == ["a", "b"]

    def test_dicts_and_bulk_writes(self) -> None:
        bad = {"name": 1, "start": "x", "end": 1}
        for call in (Event.from_dict, Event.save_one, lambda values: Event.from_dict(values, mode="json")):
            with pytest.raises(ValidationError) as caught:
                call(bad)
            assert [each.path for each in caught.value.problems] == ["name", "start"]
        with pytest.raises(ValidationError, match=r"^item 0: Event.name must be a str; got 1; Event.start") as caught:
            Event.save_many([bad])
        assert [each.path for each in caught.value.problems] == ["name", "start"]
        (outcome,) = Event.save_iter([bad])
        assert isinstance(outcome.error, ValidationError)
        assert len(outcome.error.problems) == 2

    def test_saves(self) -> None:
        wrong = Event(end=1, places=["a"])
        wrong.places.append(3)  # type: ignore[arg-type]  # refused when it is saved
        for call in (wrong.save, wrong.create, wrong.to_item, lambda: wrong.save(only_changed=True)):
            with pytest.raises(ValidationError) as caught:
                call()
            assert [(each.path, each.kind, each.message) for each in caught.value.problems] == [
                ("name", "missing", "Event.name is required but has no value"),
                ("start", "missing", "Event.start is required but has no value"),
                ("places[1]", "invalid", "Event.places[1] must be a str; got 3"),
            ]
        known = Event.get_one("a")
        known.places.append(3)  # type: ignore[arg-type]  # as above
        known.end = None  # type: ignore[assignment]  # required
        with pytest.raises(ValidationError) as caught:
            known.save(only_changed=True)
        assert [each.path for each in caught.value.problems] == ["end", "places[0]"]

    def test_validators_whose_fields_are_valid_tell_theirs(self) -> None:
        wrong = event(start=3, places=["a"])
        wrong.places.append("longer")
        with pytest.raises(ValidationError) as caught:
            wrong.save()
        assert [each.message for each in caught.value.problems] == [
            "Event.places[1] must be a str of at most 5 characters; got 'longer'",
            "Event.start, Event.end: end is before start",
        ]
        del wrong.start
        with pytest.raises(ValidationError) as caught:
            wrong.save()
        assert [each.path for each in caught.value.problems] == ["start", "places[1]"]


class Seat(Document):
    row = IntField(required=True)
    number = IntField(min_value=1)


class Hall(Event):
    seat = DocumentField(Seat)
    seats = ListField(DocumentField(Seat))


def test_problems_in_documents() -> None:
    with pytest.raises(ValidationError) as caught:
        Seat(row="x", number=0, rwo=1)
    assert [each.path for each in caught.value.problems] == ["rwo", "row", "number"]
    with pytest.raises(ValidationError) as caught:
        Seat.from_dict({"row": "x", "number": 0}, mode="json")
    assert [each.path for each in caught.value.problems] == ["row", "number"]
    with pytest.raises(ValidationError) as caught:
        Hall(name="b", start="x", end=2, seats=[{"row": 1}, {"row": 1, "number": 0, "rwo": 1}])
    assert [each.path for each in caught.value.problems] == ["start", "seats[1].rwo", "seats[1].number"]
    with pytest.raises(ValidationError) as caught:
        Hall(name="b", start=1, end=2, seat=Seat(), seats=[Seat(row=1), Seat(number=1)]).save()
    assert [(each.path, each.kind) for each in caught.value.problems] == [
        ("seat.row", "missing"),
        ("seats[1].row", "missing"),
    ]
    with pytest.raises(SchemaError, match=r"^Period.look is a hook or validator, which only a model has"):

        class Period(Document):
            start = IntField()

            @validator
            def look(self) -> None: ...


def test_updates_from_dict_tell_all() -> None:
    with pytest.raises(ValidationError) as caught:
        Event.update_from_dict("a", {"places": [1], "nme": 1, "tags": 1})
    assert [each.path for each in caught.value.problems] == ["nme", "places[0]", "tags"]


def test_validators_of_no_field() -> None:
    with pytest.raises(SchemaError, match=r"Wrong.look is about ends, which is no field of Wrong"):

        class Wrong(Event):
            @validator("ends")
            def look(self) -> None: ...
