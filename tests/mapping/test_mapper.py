"""The mapper of a model answers for the class."""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo import ExpressionError, GlobalIndex, IntField, Model, SchemaError, StringField, ValidationError
from dynamongo.exceptions import AttributeNotLoaded, InvalidRequestError, ThrottledError, WrittenButUnreadable
from dynamongo.expressions.conditions import Path
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import record_of


class Base(Model):
    __abstract__ = True
    id = StringField()


class Visit(Base):
    __table__ = "visits"
    __hash_key__ = "id"
    __range_key__ = "day"
    day = IntField()
    note = StringField()
    by_note = GlobalIndex(hash_key=note, name="by-note")


class Plain(Base):
    __table__ = "plain"
    __hash_key__ = "id"


MAPPER: Mapper[Visit] = Visit.__mapper__


def test_each_model_has_its_own() -> None:
    assert len({id(model.__mapper__) for model in (Model, Base, Visit, Plain)}) == 4
    assert MAPPER.model is Visit
    assert list(MAPPER.fields) == ["id", "day", "note"]
    assert MAPPER.keys.names == ("id", "day")


@pytest.mark.parametrize("name", ["keys", "declaration", "indexes", "version", "exists", "is_missing"])
def test_abstract_model_has_fields_alone(name: str) -> None:
    mapper = Base.__mapper__
    assert list(mapper.fields) == ["id"]
    with pytest.raises(SchemaError, match=r"^Base is abstract and has no table: derive a model from it$"):
        getattr(mapper, name)
    assert not hasattr(mapper, "anything_else")


def test_schema_has_the_full_name_of_the_table() -> None:
    assert MAPPER.schema("test-visits").name == "test-visits"
    assert MAPPER.schema("visits") == MAPPER.declaration.table
    assert MAPPER.schema("visits") is MAPPER.schema("visits")


def test_item_of_an_instance_is_decoded_as_the_same_instance() -> None:
    visit = Visit(id="a", day=1, note="x")
    assert MAPPER.decode(MAPPER.encode(visit)) == visit
    assert MAPPER.key_of(visit) == MAPPER.pick_key(MAPPER.encode(visit)) == {"id": "a", "day": 1}


def test_instance_is_taken_as_it_is_and_a_dict_is_built() -> None:
    visit = Visit(id="a", day=1)
    assert MAPPER.as_instance(visit) is visit
    assert MAPPER.as_instance({"id": "a", "day": 1}) == visit
    wrong: Any = ["a"]
    with pytest.raises(ValidationError, match=r"^Visit: expected an instance or a dict of its values; got \['a'\]$"):
        MAPPER.as_instance(wrong)


def test_overridden_from_dict_builds_what_is_saved() -> None:
    class Shouting(Plain):
        @classmethod
        def from_dict(cls, values: Any, **options: Any) -> Any:
            return super().from_dict({name: value.upper() for name, value in values.items()}, **options)

    assert Shouting.__mapper__.as_instance({"id": "a"}) == Shouting(id="A")


def test_partly_read_item_has_no_other_attributes_and_cannot_be_saved() -> None:
    (visit,) = MAPPER.decode_read([{"id": "a", "day": 1, "note": "x"}], (Path("id"), Path("day")))
    assert vars(visit) == {"id": "a", "day": 1}
    assert MAPPER.is_partial(visit)
    with pytest.raises(AttributeNotLoaded):
        _ = visit.note
    with pytest.raises(AttributeNotLoaded, match=r"^Visit: the item with id = 'a' AND day = 1 was only partly read"):
        MAPPER.encode(visit)


def test_key_alone_is_a_partial_instance_of_which_nothing_is_known() -> None:
    visit = MAPPER.decode_key({"id": "a", "day": 1})
    assert (record_of(visit).stored, record_of(visit).loaded) == (None, (Path("id"), Path("day")))


def test_values_and_record_are_taken_over_and_what_the_user_keeps_stays() -> None:
    visit, other = Visit(id="a", day=1), MAPPER.decode({"id": "a", "day": 1, "note": "x", "more": 1})
    setattr(visit, "_mark", "kept")  # noqa: B010 - users may keep anything under such a name; type checkers want it declared
    assert MAPPER.take_over(visit, other) is visit
    assert (visit, vars(visit)["_mark"]) == (other, "kept")


def test_written_item_that_cannot_be_read_says_that_it_was_written() -> None:
    message = r"^the item was updated, but the stored item cannot be read: "
    with pytest.raises(WrittenButUnreadable, match=message) as caught:
        MAPPER.decode_written({"id": "a", "day": "monday"}, "updated")
    assert caught.value.item == {"id": "a", "day": "monday"}


@pytest.mark.parametrize("index", [Visit.by_note, "by_note", "by-note"], ids=str)
def test_index_has_three_names(index: Any) -> None:
    assert MAPPER.resolve_index(index) == "by-note"


def test_unknown_index_is_refused() -> None:
    with pytest.raises(ExpressionError, match=r"^unknown index 'by_day'; Visit has: by_note$"):
        MAPPER.resolve_index("by_day")
    with pytest.raises(ExpressionError, match=r"^Plain declares no indexes; got index='by_day'$"):
        Plain.__mapper__.resolve_index("by_day")


def test_refusal_says_which_item_of_which_table() -> None:
    error = MAPPER.locate_error(InvalidRequestError("no"), "test-visits", {"id": "a", "day": 1, "note": "x"})
    assert str(error) == "Visit: no (the item with id = 'a' AND day = 1 in the table test-visits)"
    other = ThrottledError("slow down")
    assert MAPPER.locate_error(other, "visits") is other
