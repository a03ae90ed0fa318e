"""What messages show: nothing that is stored, no credentials, and what callers gave only where they may."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, cast

import pytest

from dynamongo import (
    BooleanField,
    Connection,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    EmailField,
    EnumField,
    FloatField,
    IntField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
    VersionField,
)
from dynamongo.backends.dynamodb_json import decode_item, decode_value
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    ConfigurationError,
    ExpressionError,
    ServiceError,
    TransactionCanceled,
    ValidationError,
    VersionConflict,
)
from dynamongo.expressions.values import AttributeValue, describe_value, hidden_values, shorten
from dynamongo.operations import Put

SECRET = "hunter2@x"


class Color(Enum):
    RED = "red"


class Everything(Model):
    __table__ = "everything"
    __hash_key__ = "id"
    id = StringField()
    boolean = BooleanField()
    date = DateField()
    datetime = DateTimeField()
    decimal = DecimalField()
    email = EmailField()
    enum = EnumField(Color)
    float = FloatField()
    int = IntField()
    json = JSONField()
    timedelta = TimedeltaField()
    timestamp = TimestampField()
    uuid = UUIDField()
    url = URLField()
    list = ListField(IntField)
    set = SetField(IntField)
    map = DictField(day=DateField(), tags=ListField(UUIDField))


class Keyed(Model):
    __table__ = "keyed"
    __hash_key__ = "id"
    __range_key__ = "at"
    id = StringField()
    at = DateTimeField()


class Reversed(StringField[str | None]):
    def encode(self, value: Any) -> str:
        return str(value)[::-1]

    def decode(self, stored: Any) -> str:
        raise ValueError(f"{stored} cannot be reversed")


def is_plain(value: str) -> bool:
    if "@" in value:
        raise ValueError(f"{value} is not plain")
    return True


class Ruled(Model):
    __table__ = "ruled"
    __hash_key__ = "id"
    id = StringField()
    choice = StringField(choices=["a"])
    checked = StringField(validator=is_plain)
    custom = Reversed()
    short = StringField(max_length=2)
    map = DictField(day=DateField(), time=StringField(required=True))


def _cancel() -> TransactionCanceled:
    """The error of a transaction that makes an item which is there already."""
    Everything(id=SECRET).save()
    with pytest.raises(TransactionCanceled) as caught, Connection.transaction(SECRET) as tx:
        tx.create(Everything(id=SECRET))
    return caught.value


@pytest.fixture(autouse=True)
def store() -> Iterator[MemoryBackend]:
    backend = MemoryBackend()
    with Connection.using(backend):
        Everything.create_table()
        yield backend
    Connection.set_config()


def lines_of(error: BaseException) -> str:
    """The texts of an error and of all that it shows that it came from."""
    return "".join(line for part in _chain(error) for line in traceback.format_exception_only(part))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


STORED: list[tuple[str, AttributeValue]] = [
    *[(name, SECRET) for name in Everything.__mapper__.fields if name not in {"id", "email", "url"}],
    ("list", [SECRET]),
    ("set", frozenset({SECRET})),
    ("map", {"day": SECRET}),
    ("map", {"tags": [SECRET]}),
    ("json", f'{{"{SECRET}": nope'),
    ("datetime", f"2020-01-01T00:00:00 {SECRET}"),
    ("url", [SECRET]),
    ("email", {"x": SECRET}),
    ("decimal", [SECRET]),
]


class TestStored:
    @pytest.mark.parametrize(("name", "value"), STORED)
    def test_nothing_that_is_stored_is_shown(self, store: MemoryBackend, name: str, value: AttributeValue) -> None:
        store.execute(Put("everything", {"id": "a", name: value}))
        with pytest.raises(ValidationError, match=f"Everything.{name}.*; stored in the item with id = 'a'") as caught:
            Everything.get_one("a")
        assert SECRET not in lines_of(caught.value)

    @pytest.mark.parametrize("name", ["choice", "checked", "custom", "short", "map"])
    def test_nothing_that_breaks_a_rule_is_shown(self, store: MemoryBackend, name: str) -> None:
        Ruled.create_table()
        stored: AttributeValue = {"day": SECRET} if name == "map" else SECRET
        store.execute(Put("ruled", {"id": "a", name: stored}))
        reads: list[Callable[[], object]] = [lambda: Ruled.get_one("a")]
        if name == "map":
            reads.append(lambda: Ruled.find(Ruled.id == "a", projection=[Ruled.map["day"]]).all())
        for read in reads:
            with pytest.raises(ValidationError, match=f"Ruled.{name}.*; stored in the item with id = 'a'") as caught:
                read()
            assert SECRET not in lines_of(caught.value)

    def test_key_in_a_form_that_its_field_does_not_write_is_not_shown(self, store: MemoryBackend) -> None:
        Keyed.create_table()
        store.execute(Put("keyed", {"id": "a", "at": "1999-12-31"}))
        with pytest.raises(ValidationError, match=r"Keyed\.at is a key stored as a value of type str"):
            Keyed.find(Keyed.id == "a").all()

    def test_version_that_is_none_is_not_told(self, store: MemoryBackend) -> None:
        class Versioned(Model):
            __table__ = "versioned"
            __hash_key__ = "id"
            id = StringField()
            version = VersionField()

        Versioned.create_table()
        saved = Versioned.save_one(Versioned(id="a"))
        store.execute(Put("versioned", {"id": "a", "version": SECRET}))
        with pytest.raises(VersionConflict) as caught:
            saved.save()
        assert SECRET not in lines_of(caught.value)

    @pytest.mark.parametrize(
        ("wire", "message"),
        [
            ({"N": SECRET}, "a str of type N"),
            ({"B": SECRET + "!"}, "a str of type B"),
            ({"XX": SECRET}, "a str of type XX"),
            ({SECRET: 1}, "a int of an unknown type"),
            ({"L": [{"N": SECRET}]}, "a list of type L"),
            ({"S": "a", "N": SECRET}, "a dict that is not a pair of a type and a value"),
            ([SECRET], "a list that is not a pair of a type and a value"),
        ],
    )
    def test_malformed_value_of_an_answer_is_not_told(self, wire: Any, message: str) -> None:
        for decode, found in ((decode_value, wire), (decode_item, {"id": {"S": "a"}, "secret": wire})):
            with pytest.raises(ServiceError, match=message) as caught:
                decode(found)
            assert SECRET not in lines_of(caught.value)
        assert "in the attribute secret: " in str(caught.value)

    def test_operands_of_a_condition_that_fails_are_not_told(self) -> None:
        Everything(id="a", int=1).save()
        condition = (Everything.int == 2) & Everything.list.contains(77) | Everything.enum.in_([Color.RED])
        writes: list[Callable[[], object]] = [
            lambda: Everything.update_one((Everything.id == "a") & condition, Everything.int.set(3)),
            lambda: Everything.update_one((Everything.id == "b") & condition, Everything.int.set(3), upsert=True),
            lambda: Everything.save_one(Everything(id="a"), overwrite=condition),
        ]
        for write in writes:
            with pytest.raises(ConditionalCheckFailedException, match=r"int = ….*contains\(list, …\)") as caught:
                write()
            assert "77" not in str(caught.value)
            assert "red" not in str(caught.value)


GIVEN: list[Callable[[], object]] = [
    lambda: Everything(id="a", int=SECRET),
    lambda: Everything(id="a", datetime=SECRET),
    lambda: Everything(id="a", url=SECRET),
    lambda: Everything(id="a", map={"day": SECRET}),
    lambda: Everything.uuid == SECRET,
    lambda: Everything.date.set(SECRET),
    lambda: Everything.list.append(cast("Any", SECRET)),
    lambda: Everything.get_one((SECRET, SECRET)),
]


class TestGiven:
    @pytest.mark.parametrize("give", GIVEN)
    def test_arguments_are_shown_unless_the_connection_hides_them(self, give: Callable[[], object]) -> None:
        with pytest.raises((ValidationError, ExpressionError), match=SECRET):
            give()
        Connection.set_config(show_values=False)
        with pytest.raises((ValidationError, ExpressionError), match="a value of type") as caught:
            give()
        assert SECRET not in lines_of(caught.value)
        Connection.set_config()
        with pytest.raises((ValidationError, ExpressionError), match=SECRET):
            give()

    def test_any_connection_hides_as_long_as_it_lives(self) -> None:
        connection = Connection(show_values=False)
        assert shorten(SECRET) == "a value of type str"
        del connection
        gc.collect()
        assert shorten(SECRET) == repr(SECRET)

    def test_plans_hide_them_too(self) -> None:
        plan = Everything.explain(Everything.id == SECRET)
        assert SECRET in str(plan)
        Connection.set_config(show_values=False)
        assert SECRET not in str(plan)

    def test_reasons_of_a_transaction_hide_their_keys(self) -> None:
        assert f"Everything id='{SECRET}'" in lines_of(_cancel())
        Connection.set_config(show_values=False)
        told = _cancel()
        assert "ConditionalCheckFailed (Everything id=…)" in str(told)
        assert SECRET not in lines_of(told)
        assert told.reasons[0].key == {"id": SECRET}

    def test_reasons_of_a_transaction_say_what_the_verb_says_and_hide_the_key(self) -> None:
        class Note(Model):
            __table__ = "notes"
            __hash_key__ = "id"
            id = StringField(required=True)
            count = IntField(max_value=9)

        def give() -> None:
            with Connection.transaction(return_items=True) as tx:
                tx.update(Note, SECRET, Note.count.add(99))

        with Connection.using(MemoryBackend()):
            Note.create_table()
            Note(id=SECRET, count=1).save()
            told = r"take Note\.count out of the range of its field in the item with id = "
            with pytest.raises(TransactionCanceled, match=f"{told}'{SECRET}'"):
                give()
            Connection.set_config(show_values=False)
            with pytest.raises(TransactionCanceled, match=f"{told}…") as caught:
                give()
        assert SECRET not in lines_of(caught.value)

    @pytest.mark.parametrize("value", [None, 0, "no"])
    def test_setting_is_true_or_false(self, value: Any) -> None:
        with pytest.raises(ConfigurationError, match="show_values must be True or False"):
            Connection(show_values=value)

    def test_block_hides(self) -> None:
        with hidden_values():
            assert (shorten([SECRET]), describe_value(Decimal(7))) == ("a value of type list", "…")
        assert describe_value(Decimal(7)) == "7"


def test_credentials_are_in_no_repr() -> None:
    connection = Connection(
        "AKIA" + "X" * 16, "Y" * 40, "us-east-2", backend="dynamodb", endpoint_url="http://127.0.0.1:1"
    )
    with pytest.raises(ServiceError):
        connection.own_backend.execute(Put("table", {"id": "a"}))
    shown = " ".join(map(repr, [connection, *_parts_of(connection)]))
    assert "AKIA" not in shown
    assert "YYYY" not in shown
    connection.close()


def _parts_of(thing: Any, depth: int = 4) -> list[Any]:
    """The objects of dynamongo's own that an object holds, and those that these hold."""
    names = [*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())]
    parts = [getattr(thing, name, None) for name in names]
    own = [part for part in parts if type(part).__module__.startswith("dynamongo")]
    return own + [deeper for part in own if depth for deeper in _parts_of(part, depth - 1)]
