"""Models whose keys differ from those of their table: every verb reports it, and no item is misread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import Connection, DynamongoError, IntField, Model, StringField, TableMismatch
from dynamongo.backends.memory import MemoryBackend

pytestmark = pytest.mark.usefixtures("colour")


TABLE = "threads-with-other-keys"


class Thread(Model):
    __table__ = TABLE
    __hash_key__ = "forum"
    __range_key__ = "subject"
    forum = StringField(required=True)
    subject = StringField(required=True)
    views = IntField()


class OtherHash(Model):
    __table__ = TABLE
    __hash_key__ = "forum_name"
    __range_key__ = "subject"
    forum_name = StringField(required=True)
    subject = StringField(required=True)
    views = IntField()


class OtherRange(Model):
    __table__ = TABLE
    __hash_key__ = "forum"
    __range_key__ = "topic"
    forum = StringField(required=True)
    topic = StringField(required=True)
    views = IntField()


class NoRange(Model):
    __table__ = TABLE
    __hash_key__ = "forum"
    forum = StringField(required=True)
    views = IntField()


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[Any]:
    made: Any = MemoryBackend()
    if request.param == "dynamodb":
        made = request.getfixturevalue("dynamodb_backend")
    with Connection.using(made):
        Thread.create_table()
        Thread.save_one({"forum": "a", "subject": "b", "views": 1})
        yield made
        assert Thread.get_one(("a", "b")).views == 1
        Thread.delete_table()


def save_in_transaction(model: Any, values: dict[str, Any]) -> None:
    with Connection.transaction() as tx:
        tx.save(model, values)


def raise_failure(result: Any) -> None:
    raise result.failures[0].error


VERBS: dict[str, Callable[[Any, Any, dict[str, Any]], object]] = {
    "get": lambda model, key, _: model.get_one(key),
    "batch get": lambda model, key, _: model.get_many([key, key]),
    "save": lambda model, _, values: model.save_one(values),
    "save many": lambda model, _, values: raise_failure(model.save_many([values])),
    "update": lambda model, key, _: model.update_one(key, model.views.set(2)),
    "delete": lambda model, key, _: model.delete_one(key),
    "delete many": lambda model, key, _: raise_failure(model.delete_many([key])),
    "transaction": lambda model, _, values: save_in_transaction(model, values),
}


@pytest.mark.parametrize("model", [OtherHash, OtherRange, NoRange])
@pytest.mark.parametrize("verb", VERBS)
def test_error_of_a_refused_key_shows_the_key_of_the_model(model: Any, verb: str) -> None:
    names = model.__mapper__.keys.names
    values = dict(zip(names, "ab", strict=False))
    key = tuple(values.values()) if len(values) > 1 else "a"
    with pytest.raises(DynamongoError) as caught:
        VERBS[verb](model, key, values)
    assert all(name in str(caught.value) for name in names)


@pytest.mark.parametrize("model", [OtherHash, OtherRange])
@pytest.mark.parametrize(
    "read",
    [
        lambda model: model.get_many(scans="allow"),
        lambda model: list(model.find(scans="allow")),
        lambda model: list(model.find(scans="allow", limit=1)),
        lambda model: model.find(scans="allow").page(),
        lambda model: model.find(scans="allow").delete(),
        lambda model: model.update_many(model.views == 1, model.views.set(2), scans="allow"),
        lambda model: list(model.find(scans="allow", segments=2)),
    ],
)
def test_item_without_the_key_of_the_model_is_not_shown(model: Any, read: Callable[[Any], object]) -> None:
    (missing,) = {"forum_name", "topic"} & set(model.__mapper__.keys.names)
    with pytest.raises(TableMismatch, match=rf"{model.__name__}: an item of {TABLE} has no '{missing}'.*compare_table"):
        read(model)


def test_query_whose_items_lack_the_range_key() -> None:
    with pytest.raises(TableMismatch, match=r"no 'topic'.* it has \['forum', 'subject', 'views'\]"):
        OtherRange.get_many(OtherRange.forum == "a")


def test_query_by_another_hash_key() -> None:
    with pytest.raises(DynamongoError, match=r"the key of the model is forum_name \(S\), subject \(S\)"):
        OtherHash.get_many(OtherHash.forum_name == "a")
