"""Assignments to a finished model take effect, or are refused with a hint at what works."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import (
    Connection,
    DictField,
    GlobalIndex,
    IntField,
    Model,
    ScanForbidden,
    SchemaError,
    StringField,
    TableNotFound,
    TimestampField,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import CreateTable
from dynamongo.schema import Throughput


@pytest.fixture(autouse=True)
def _backend() -> Iterator[None]:
    with Connection.using(MemoryBackend()):
        yield


@pytest.fixture
def user() -> Any:
    class User(Model):
        __table__ = "users"
        __hash_key__ = "id"
        id = StringField(required=True)
        name = StringField()
        seen = TimestampField()
        home = DictField(city=StringField())
        by_name = GlobalIndex(hash_key=name)

    return User


@pytest.fixture
def member(user: Any) -> Any:
    return type(user)("Member", (user,), {"__module__": __name__})


def test_another_table_is_used_at_once(user: Any) -> None:
    user.create_table()
    user(id="1", name="users").save()
    user.__table__ = "test-users"
    assert user.table_name() == "test-users"
    with pytest.raises(TableNotFound):
        user.get_one("1")
    user.create_table()
    user(id="1", name="test").save()
    assert user.find(user.name == "test", index=user.by_name).one().name == "test"
    user.__table__ = "users"
    assert user.get_one("1").name == "users"


def test_derived_models_follow_unless_they_set_their_own(user: Any, member: Any) -> None:
    own = type(user)("Own", (user,), {"__module__": __name__, "__table__": "own"})
    user.__table__ = "test-users"
    assert [model.table_name() for model in (user, member, own)] == ["test-users", "test-users", "own"]


def test_it_can_be_patched_and_restored(user: Any, member: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user, "__table__", "patched")
        patch.setattr(member, "__table__", "patched-too")
        assert (user.table_name(), member.table_name()) == ("patched", "patched-too")
    assert (user.table_name(), member.table_name()) == ("users", "users")


def test_units_and_billing_change_the_table_and_its_indexes(user: Any) -> None:
    index = user.by_name
    user.__read_units__ = 3
    user.__write_units__ = 4
    user.create_table()
    schema = user.describe().schema
    assert (schema.throughput, schema.indexes[0].throughput) == (Throughput(3, 4), Throughput(3, 4))
    assert user.by_name is index
    assert index.schema.throughput == Throughput(3, 4)
    user.__billing__ = "on_demand"
    assert (user.__mapper__.schema(user.table_name()).throughput, index.schema.throughput) == (None, None)


def test_time_to_live_tags_and_stream_take_effect(user: Any) -> None:
    user.__ttl__, user.__tags__, user.__stream__ = "seen", {"team": "a"}, "new_image"
    with Connection.record() as calls:
        user.create_table()
    create = next(call.operation for call in calls if isinstance(call.operation, CreateTable))
    assert (create.tags, create.stream) == ((("team", "a"),), "new_image")
    assert user.compare_table() == ()


def test_the_field_that_items_expire_by_knows_it(user: Any, member: Any) -> None:
    moment = dt.datetime(2030, 1, 1, microsecond=500_000, tzinfo=dt.timezone.utc)
    models = (user, member)
    assert [model(id="1", seen=moment).seen for model in models] == [moment, moment]
    user.__ttl__ = "seen"
    assert [model(id="1", seen=moment).seen for model in models] == [moment.replace(microsecond=0)] * 2
    user.__ttl__ = None
    assert [model(id="1", seen=moment).seen for model in models] == [moment, moment]


def test_default_that_items_cannot_expire_by_is_refused() -> None:
    class Visit(Model):
        __table__ = "visits"
        __hash_key__ = "id"
        id = StringField(required=True)
        ends = IntField(default=10**15)

    made: Any = Visit
    with pytest.raises(SchemaError, match=r"Visit.ends .*whole number of seconds"):
        made.__ttl__ = "ends"
    assert (made(id="1").ends, made.__mapper__.declaration.expires_by) == (10**15, None)


def test_connection_and_scans_take_effect(user: Any) -> None:
    user.create_table()
    user(id="1").save()
    user.__connection__ = Connection(table_prefix="other-")
    assert user.table_name() == "other-users"
    with pytest.raises(TableNotFound):
        user.get_one("1")
    del user.__connection__
    assert user.get_one("1").id == "1"
    user.__scans__ = "forbid"
    with pytest.raises(ScanForbidden):
        user.get_many()


WRONG: dict[str, tuple[str, Any]] = {
    "__table__": ("__table__", "a b"),
    "no __table__": ("__table__", None),
    "__connection__": ("__connection__", "default"),
    "__scans__": ("__scans__", "never"),
    "__read_units__": ("__read_units__", 0),
    "__billing__": ("__billing__", "free"),
    "__ttl__": ("__ttl__", "name"),
    "__tags__": ("__tags__", {"a": 1}),
    "__stream__": ("__stream__", "all"),
    "misspelled": ("__tabel__", "users"),
}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_refused_and_nothing_changes(user: Any, member: Any, name: str, value: Any) -> None:
    before = dict(vars(user))
    declared = [model.__mapper__.declaration for model in (user, member)]
    with pytest.raises(SchemaError, match=re.escape(f"User.{name}")):
        setattr(user, name, value)
    assert dict(vars(user)) == before
    assert [model.__mapper__.declaration for model in (user, member)] == declared


def test_option_that_a_derived_model_cannot_have_is_refused_for_all(user: Any) -> None:
    base: Any = type(user)("Base", (Model,), {"__module__": __name__, "__abstract__": True, "id": StringField()})
    derived = type(base)("Derived", (base,), {"__module__": __name__, "__table__": "ttt", "__hash_key__": "id"})
    with pytest.raises(SchemaError, match=r"Derived.__ttl__ must name a field"):
        base.__ttl__ = "id"
    assert (base.__ttl__, derived.__ttl__, derived.__mapper__.declaration.expires_by) == (None, None, None)
    base.__read_units__ = 2
    assert derived.__mapper__.schema(derived.table_name()).throughput == Throughput(2, 8)
    with pytest.raises(SchemaError, match=r"Base.__scans__ must be one of"):
        base.__scans__ = "never"


def test_what_a_model_needs_cannot_be_deleted(user: Any) -> None:
    with pytest.raises(SchemaError, match=r"User.__table__ is missing"):
        del user.__table__
    assert user.table_name() == "users"


FIXED: dict[str, Callable[[Any], object]] = {
    "a field added": lambda user: setattr(user, "late", IntField()),
    "a class of fields added": lambda user: setattr(user, "late", IntField),
    "a field replaced": lambda user: setattr(user, "name", IntField()),
    "a field replaced by a value": lambda user: setattr(user, "name", "Jane"),
    "a field deleted": lambda user: delattr(user, "name"),
    "an index added": lambda user: setattr(user, "by_seen", GlobalIndex(hash_key="seen")),
    "an index replaced": lambda user: setattr(user, "by_name", None),
    "an index deleted": lambda user: delattr(user, "by_name"),
    "another hash key": lambda user: setattr(user, "__hash_key__", "name"),
    "a range key": lambda user: setattr(user, "__range_key__", "name"),
    "made abstract": lambda user: setattr(user, "__abstract__", True),
    "the hash key deleted": lambda user: delattr(user, "__hash_key__"),
}


@pytest.mark.parametrize("change", FIXED.values(), ids=FIXED)
def test_fields_indexes_and_keys_are_fixed_and_the_error_says_what_to_do(
    user: Any, member: Any, change: Callable[[Any], object]
) -> None:
    for model in (user, member):
        before = dict(vars(model))
        with pytest.raises(SchemaError, match=r"cannot change once the class exists: derive a model") as caught:
            change(model)
        assert f"class Other({model.__name__}):" in str(caught.value)
        assert dict(vars(model)) == before
        assert model(id="1", name="Jane").to_dict()["name"] == "Jane"


def test_a_derived_model_does_what_the_error_says(user: Any) -> None:
    class Other(user):  # type: ignore[misc]
        __range_key__ = "name"
        late = IntField()

    assert Other(id="1", late=5).late == 5
    assert Other.__mapper__.keys.names == ("id", "name")


def test_other_attributes_can_be_anything(user: Any) -> None:
    user.shout = lambda self: self.name.upper()
    user.limit = 5
    assert (user(name="Jane").shout(), user.limit) == ("JANE", 5)
    del user.limit
    assert not hasattr(user, "limit")


def test_another_constructor_takes_effect(user: Any, member: Any) -> None:
    user.create_table()
    plain = user.__init__
    assert vars(member(id="1")).keys() == user.__mapper__.fields.keys()

    def noting(self: Any, /, **values: Any) -> None:
        self._noted = True
        plain(self, **values)

    user.__init__ = noting
    assert [vars(model(id="1"))["_noted"] for model in (user, member)] == [True, True]
    del user.__init__
    assert "_noted" not in vars(user(id="1"))


@pytest.mark.parametrize("name", ["__table__", "__connection__", "__hash_key__"])
def test_an_item_has_no_options(user: Any, name: str) -> None:
    with pytest.raises(SchemaError, match=f"{name} is an option of the model, not of an instance: set User.{name}"):
        setattr(user(), name, "x")


@pytest.mark.parametrize(
    "write",
    [
        lambda found, _, __: found.delete(),
        lambda _, stream, __: list(stream),
        lambda _, __, batch: remove(batch),
    ],
)
def test_open_reads_and_writes_stay_with_their_table(user: Any, write: Any) -> None:
    """Lazy reads, streams and batches read and write where they were made, even where the other table has the key."""
    user.create_table()
    user(id="1", name="old").save()
    found, stream, batch = user.find(user.id == "1"), user.delete_iter(["1"]), user.batch()
    user.__table__ = "test-users"
    user.create_table()
    user(id="1", name="new").save()
    write(found, stream, batch)
    assert user.get_one("1").name == "new"
    user.__table__ = "users"
    assert user.get_one("1", default=None) is None


def remove(batch: Any) -> None:
    with batch:
        batch.delete("1")
