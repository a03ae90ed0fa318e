"""Values that are nested deep, or in themselves: they are refused where they are given, and raise nothing foreign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from dynamongo import Connection, DictField, Field, JSONField, ListField, Model, RetryPolicy, SetField, StringField
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import DynamongoError, InvalidRequestError, SchemaError, ValidationError
from dynamongo.expressions.values import describe_value, shorten


class Thing(Model):
    __table__ = "things"
    __hash_key__ = "id"
    id = StringField()
    free = Field[Any]()
    map = DictField()
    list = ListField(Field)
    inner = DictField(x=DictField(y=Field()))
    json = JSONField()
    set = SetField(StringField)


def nest(levels: int, kind: str = "list") -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value] if kind == "list" else {"a": value}
    return value


def within_itself(kind: str) -> Any:
    value: Any = [] if kind == "list" else {}
    value.append(value) if kind == "list" else value.update(a=value)
    return value


def changed(name: str, value: Any) -> Thing:
    """An instance that holds what nobody has checked, as it does after a list in it was changed."""
    made = Thing(id="a", list=[], map={}, json=[1])
    if name == "map":
        cast("dict[str, Any]", made.map)["a"] = value
    else:
        getattr(made, name).append(value)
    return made


GIVEN: dict[str, Callable[[Any], object]] = {
    "new": lambda value: Thing(id="a", free=value),
    "new map": lambda value: Thing(id="a", map={"k": value}),
    "new list": lambda value: Thing(id="a", list=[value]),
    "new inner": lambda value: Thing(id="a", inner={"x": {"y": value}}),
    "new json": lambda value: Thing(id="a", json=value),
    "new text": lambda value: Thing(id="a", set=[value]),
    "from_dict": lambda value: Thing.from_dict({"id": "a", "free": value}),
    "assignment": lambda value: setattr(Thing(id="a"), "free", value),
    "save": lambda value: Thing(id="a", free=value).save(),
    "save changed list": lambda value: changed("list", value).save(),
    "save changed map": lambda value: changed("map", value).save(),
    "save changed json": lambda value: changed("json", value).save(),
    "save_many": lambda value: Thing.save_many([{"id": "a", "free": value}]),
    "save_many of it": lambda value: Thing.save_many([value]),
    "repr": lambda value: repr(changed("list", value)),
    "to_dict": lambda value: changed("map", value).to_dict(),
    "equality": lambda value: str(Thing.free == value),
    "order": lambda value: Thing.free < value,
    "between": lambda value: Thing.free.between(value, value),
    "in_": lambda value: Thing.free.in_([value]),
    "contains": lambda value: str(Thing.list.contains(value)),
    "part": lambda value: Thing.list[0] == value,
    "text": Thing.id.begins_with,
    "size": lambda value: Thing.list.size() == value,
    "find": lambda value: Thing.find((Thing.id == "a") & (Thing.free == value)).all(),
    "scan": lambda value: Thing.find(Thing.list.contains(value), scans="allow").all(),
    "explain": lambda value: str(Thing.explain(Thing.free == value)),
    "set": lambda value: Thing.update_one("a", Thing.free.set(value), upsert=True),
    "set json": lambda value: Thing.update_one("a", Thing.json.set(value), upsert=True),
    "set_if_not_exists": Thing.free.set_if_not_exists,
    "append": lambda value: Thing.update_one("a", Thing.list.append(value), upsert=True),
    "prepend": Thing.list.prepend,
    "add_to_set": Thing.set.add_to_set,
    "key": Thing.get_one,
    "keys": lambda value: Thing.get_many([value]),
    "key in a tuple": lambda value: Thing.get_one(("a", value)),
    "key in a dict": lambda value: Thing.get_one({"id": value}),
    "dict": lambda value: Thing.get_one({"id": "a", "free": value}),
    "delete_many": lambda value: Thing.delete_many([value]),
    "cursor": lambda value: Thing.find(Thing.id == "a", cursor=value).all(),
}


def messages_for(value: Any) -> Iterator[str]:
    """What dynamongo's errors say to all that is done with the value; any other error passes through."""
    for give in GIVEN.values():
        try:
            give(value)
        except DynamongoError as error:
            yield str(error)


@pytest.fixture(params=["memory", "direct", pytest.param("boto3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, server_url: str) -> Iterator[None]:
    if request.param == "memory":
        backend: Any = MemoryBackend()
    else:
        transport = "auto" if request.param == "direct" else "boto3"
        keys: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "made-up", "region": "us-east-2"}
        backend = DynamoDBBackend(**keys, endpoint_url=server_url, transport=transport)
    Connection.set_config(retries=RetryPolicy(attempts=1))
    with Connection.using(backend):
        Thing.create_table()
        yield
        Thing.delete_table()
    backend.close()
    Connection.set_config()


@pytest.mark.filterwarnings("ignore::dynamongo.NPlusOneWarning")
@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("kind", ["list", "map"])
class TestGiven:
    @pytest.mark.parametrize("levels", [33, 320, 470, 500, 100_000])
    def test_value_that_is_nested_deep_raises_nothing_foreign(self, kind: str, levels: int) -> None:
        value = nest(levels, kind)
        assert all(len(message) < 400 for message in messages_for(value))

    def test_value_that_holds_itself_raises_nothing_foreign(self, kind: str) -> None:
        value = within_itself(kind)
        assert all(len(message) < 400 for message in messages_for(value))

    def test_what_is_stored_is_nested_32_levels_at_most(self, kind: str) -> None:
        Thing(id="a", free=nest(31, kind)).save()
        for levels in (33, 100, 400):
            with pytest.raises((InvalidRequestError, ValidationError)):
                Thing(id="a", free=nest(levels, kind)).save()
        assert Thing.get_one("a").free == nest(31, kind)


@pytest.mark.parametrize(
    ("give", "where"),
    [
        ("new", "Thing.free"),
        ("new map", "Thing.map"),
        ("new list", r"Thing.list\[0\]"),
        ("new inner", "Thing.inner.x.y"),
        ("save changed list", r"Thing.list\[0\]"),
        ("equality", "Thing.free"),
        ("contains", r"Thing.list\[\]"),
        ("append", r"Thing.list\[\]"),
        ("set", "Thing.free"),
    ],
)
def test_error_says_where(give: str, where: str) -> None:
    for value in (nest(5_000), within_itself("list")):
        with pytest.raises(
            ValidationError, match=f"{where}: a (list|dict) contains itself or is nested too deep; DynamoDB allows 32"
        ):
            GIVEN[give](value)


def test_json_says_where_and_why() -> None:
    for value in (nest(100_000), within_itself("map")):
        with pytest.raises(ValidationError, match=r"Thing\.json must be a JSON value \("):
            Thing(id="a", json=value)


def test_default_is_refused_at_the_declaration() -> None:
    with pytest.raises(SchemaError, match="nested too deep"):
        type(
            "Other",
            (Model,),
            {"__table__": "others", "__hash_key__": "id", "id": StringField(), "free": Field(default=nest(5_000))},
        )


class Unprintable:
    def __repr__(self) -> str:
        raise KeyError("no repr")


@pytest.mark.parametrize("value", [nest(100_000), 10**5_000, Unprintable()], ids=["deep", "long", "unprintable"])
def test_whatever_it_is_a_value_is_shown(value: Any) -> None:
    assert shorten(value) == f"<{type(value).__name__} that cannot be printed>"
    assert len(describe_value(nest(100_000))) < 81
    assert len(shorten(within_itself("list"))) < 81
