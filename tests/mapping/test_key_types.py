"""`Model[str]`: class statements that say of which type the keys of a model are, at run time."""

from __future__ import annotations

import pickle
from datetime import date
from typing import Any, Generic, TypeVar

import pytest

from dynamongo import DateField, IntField, Model, SchemaError, StringField

K = TypeVar("K")
T = TypeVar("T")


class User(Model[str]):
    __table__, __hash_key__ = "users", "email"
    email = StringField(required=True)


class Plain(Model):
    __table__, __hash_key__ = "plain", "id"
    id = StringField(required=True)


class Dated(Model[tuple[K, date]]):
    __abstract__ = True
    __range_key__ = "day"
    day = DateField(required=True)


class Visit(Dated[str]):
    __table__, __hash_key__ = "visits", "place"
    place = StringField(required=True)


class Tagged(Model[K], Generic[K, T]):
    __abstract__ = True


class Open(Model[K]):
    __table__, __hash_key__ = "open", "id"
    id = StringField(required=True)


def test_nothing_is_generic_at_run_time() -> None:
    assert User.__bases__ == (Model,)
    assert Visit.__bases__ == (Dated,)
    assert Generic not in User.__mro__
    assert User.on_table("others").__mro__[-len(User.__mro__) :] == User.__mro__
    assert pickle.loads(pickle.dumps(User(email="a"))) == User(email="a")


def test_an_open_class_makes_instances_by_its_alias_too() -> None:
    keyed: Any = Open[str]
    assert keyed(id="a") == Open(id="a")
    assert vars(keyed(id="a")) == {"id": "a"}


class Pair(tuple[str, int]):
    __slots__ = ()


@pytest.mark.parametrize(
    "key",
    [tuple[str, int], tuple[str, ...], Pair, Any, object, "Money", str | tuple[str, int], TypeVar("X")],
)
def test_what_may_be_the_type_of_a_pair_is_taken(key: Any) -> None:
    class Seat(Model[key]):
        __table__, __hash_key__, __range_key__ = "seats", "row", "number"
        row = StringField()
        number = IntField()

    assert Seat.__mapper__.keys.size == 2


@pytest.mark.parametrize("key", [str, str | int, tuple[str], tuple[str, int, int]])
def test_a_type_that_cannot_be_that_of_a_pair_is_refused(key: Any) -> None:
    with pytest.raises(SchemaError, match=r"^Seat: its key is \(row, number\), .* write Model\[tuple\[str, int\]\]$"):

        class Seat(Model[key]):
            __table__, __hash_key__, __range_key__ = "seats", "row", "number"
            row = StringField()
            number = IntField()


def test_a_pair_is_no_type_of_one_value() -> None:
    with pytest.raises(SchemaError, match=r"^Day: its key is day, of which tuple.* write Model\[date\]$"):

        class Day(Model[tuple[str, date]]):
            __table__, __hash_key__ = "days", "day"
            day = DateField()


def test_the_values_of_a_key_with_templates_count() -> None:
    with pytest.raises(SchemaError, match=r"its key is \(customer, number\), .* write Model\[tuple\[str, int\]\]$"):

        class Order(Model[tuple[str, str, str]]):
            __table__, __hash_key__, __range_key__ = "shop", "pk", "sk"
            customer = StringField()
            number = IntField(min_value=0)
            pk = StringField(template="CUSTOMER#{customer}")
            sk = StringField(template="ORDER#{number:08}")


def test_the_argument_takes_the_place_of_the_variable() -> None:
    with pytest.raises(SchemaError, match="write Model"):

        class Wrong(Open[tuple[str, str]]):
            __table__ = "wrong"

    class Several(Tagged[str, int]):
        __table__, __hash_key__ = "several", "id"
        id = StringField()

    assert Several.__mapper__.keys.size == 1


@pytest.mark.parametrize("model", [User, Visit, Plain])
def test_a_class_whose_keys_have_their_type_takes_none(model: Any) -> None:
    with pytest.raises(TypeError, match="get_one"):
        model["a"]
