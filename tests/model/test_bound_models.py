"""`Model.on_table` and `Model.on`: one model for several tables and connections."""

from __future__ import annotations

import abc
import concurrent.futures
import copy
import gc
import itertools
import pickle
import threading
import weakref
from collections.abc import Iterator
from typing import Any, ClassVar, get_type_hints

import pytest

from dynamongo import (
    BatchResult,
    ConfigurationError,
    Connection,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    SchemaError,
    StringField,
    VersionConflict,
    VersionField,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import CursorError, TableNotFound
from dynamongo.mapping.records import record_of
from dynamongo.operations import DescribeTable
from dynamongo.schema import Throughput
from dynamongo.verbs.metaclass import ModelMeta

_prefixes = (f"bound-{number}-" for number in itertools.count())


class Message(Model):
    __table__ = "messages"
    __hash_key__ = "room"
    __range_key__ = "number"
    room = StringField()
    number = IntField()
    text = StringField()
    tags = ListField(StringField())
    by_text = GlobalIndex(hash_key=text)

    declared: ClassVar[list[str]] = []

    def __init_subclass__(cls, *, called: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.declared.append(called or cls.__name__)

    @property
    def shout(self) -> str:
        return (self.text or "").upper()


class Page(Model):
    __table__ = "pages"
    __hash_key__ = "title"
    title = StringField()
    text = StringField()
    version = VersionField()


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        made: Backend = MemoryBackend()
    else:
        made = request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    yield made
    Connection.set_config()


@pytest.fixture
def months(backend: Backend) -> Iterator[tuple[type[Message], type[Message]]]:
    months = Message.on_table("messages-10"), Message.on_table("messages-11")
    for month in months:
        month.create_table()
    yield months
    for month in months:
        month.delete_table()


@pytest.mark.usefixtures("colour")
class TestVerbs:
    def test_each_table_has_its_own_items(self, months: tuple[type[Message], type[Message]]) -> None:
        october, november = months
        october(room="a", number=1, text="x").save()
        november.save_one({"room": "a", "number": 1, "text": "y"})
        assert (october.get_one(("a", 1)).text, november.get_one(("a", 1)).text) == ("x", "y")
        assert [each.text for each in november.get_many(Message.text == "y")] == ["y"]
        assert november.find(Message.text == "y").explain().index == "by_text"
        with pytest.raises(TableNotFound, match=r"Message: .*messages\)"):
            Message.get_one(("a", 1))

    def test_instances_know_their_table(self, months: tuple[type[Message], type[Message]]) -> None:
        october, november = months
        for month in months:
            month.save_one({"room": "a", "number": 1, "text": "old"})
        message = november.get_one(("a", 1))
        assert (type(message), isinstance(message, Message), isinstance(message, october)) == (november, True, False)
        message.text = "new"
        message.save(only_changed=True)
        message.update(Message.tags.append("x"))
        assert message.reload() == november(room="a", number=1, text="new", tags=["x"])
        message.delete()
        assert november.get_many(None) == []
        assert october.get_one(("a", 1)).text == "old"

    def test_verbs_for_many_items_and_batches(self, months: tuple[type[Message], type[Message]]) -> None:
        october, november = months
        saved: BatchResult[Message] = november.save_many({"room": "a", "number": n} for n in range(30))
        assert (saved.success_count, {type(each) for each in saved.success}) == (30, {november})
        with october.batch() as batch:
            batch.save(november.get_one(("a", 7)))
            batch.save({"room": "a", "number": 8})
        assert [each.number for each in october.get_many(Message.room == "a")] == [7, 8]
        november.update_many(Message.room == "a", Message.text.set("x"))
        november.delete_many((Message.room == "a") & (Message.number >= 2))
        assert [(each.number, each.text) for each in november.find(Message.room == "a")] == [(0, "x"), (1, "x")]
        assert october.get_one(("a", 7)).text is None

    def test_transactions_over_several_tables(self, months: tuple[type[Message], type[Message]]) -> None:
        october, november = months
        october(room="a", number=1, text="x").save()
        with Connection.transaction() as tx:
            tx.delete(october.get_one(("a", 1)))
            tx.create(november(room="a", number=1, text="moved"))
            tx.save(november, {"room": "a", "number": 2})
        found = Connection.transact_get([(october, ("a", 1)), (november, ("a", 1)), november(room="a", number=2)])
        assert found == [None, november(room="a", number=1, text="moved"), november(room="a", number=2)]

    def test_a_cursor_belongs_to_its_table(self, months: tuple[type[Message], type[Message]]) -> None:
        october, november = months
        for month in months:
            month.save_many({"room": "a", "number": n} for n in range(3))
        cursor = november.find(Message.room == "a", limit=2).page().cursor
        assert [each.number for each in november.find(Message.room == "a", cursor=cursor)] == [2]
        with pytest.raises(CursorError, match="belongs to another read"):
            october.find(Message.room == "a", cursor=cursor).all()

    def test_an_instance_of_the_model_goes_to_the_bound_table(
        self, months: tuple[type[Message], type[Message]]
    ) -> None:
        october, november = months
        given = october.save_one({"room": "a", "number": 1, "text": "x", "tags": ["t"]})
        copied = november.save_one(given)
        assert (type(copied), copied.to_dict()) == (november, given.to_dict())
        # Each has values of its own, and knows what is stored in its own table.
        copied.tags.append("u")
        copied.save(only_changed=True)
        given.text = "y"
        given.save(only_changed=True)
        assert [(each.text, each.tags) for month in months for each in month.get_many(None)] == [
            ("y", ["t"]),
            ("x", ["t", "u"]),
        ]
        assert november.update_one(given, Message.text.set("z")).text == "z"
        assert november.delete_one(Message(room="a", number=1)) == november(
            room="a", number=1, text="z", tags=["t", "u"]
        )


@pytest.mark.usefixtures("colour")
def test_versions_count_the_writes_of_one_table(backend: Backend) -> None:
    archive = Page.on_table("archive")
    for model in (Page, archive):
        model.create_table()
    page = Page.save_one({"title": "a", "text": "x"})
    page.save()
    kept = archive.save_one(page)
    assert (page.version, kept.version, archive.get_one("a")) == (2, 1, kept)
    with pytest.raises(VersionConflict):
        archive.save_one(page)  # the archive has an item that this one was not read from
    archive.update_one(page, Page.text.set("y"))
    archive.delete_one(page)
    page.save()
    for model in (Page, archive):
        model.delete_table()


class TestClass:
    def test_is_a_subclass_of_the_same_name_that_shares_what_is_declared(self) -> None:
        bound = Message.on_table("other")
        names = [(each.__name__, each.__qualname__, each.__module__, each.__doc__) for each in (bound, Message)]
        assert names[0] == names[1]
        assert issubclass(bound, Message)
        assert (bound.text is Message.text, bound.by_text is Message.by_text) == (True, True)
        assert bound.__mapper__.codec is Message.__mapper__.codec
        assert "Message" not in Message.declared
        assert repr(bound) == f"<class '{__name__}.Message' on table 'other'>"
        assert bound(room="a", number=1, text="x").shout == "X"
        assert get_type_hints(bound) == get_type_hints(Message)

    def test_there_is_one_for_each_table_and_connection(self) -> None:
        connection = Connection(backend=MemoryBackend())
        bound = Message.on_table("other")
        assert Message.on_table("other") is bound is Message.on_table("else").on_table("other")
        assert Message.on(connection) is Message.on(connection)
        both = Message.on(connection).on_table("other")
        assert both is bound.on(connection)
        assert len({Message, bound, both, Message.on(connection), Message.on_table("else")}) == 5

    def test_they_live_as_long_as_they_are_used_and_the_latest_longer(self) -> None:
        used = Message.on_table("used")
        unused = weakref.ref(Message.on_table("unused"))
        for number in range(100):
            Message.on_table(f"t-{number}")
        gc.collect()
        assert unused() is None
        assert Message.on_table("used") is used

        class Local(Message):
            pass

        connection = Connection()
        dropped = [weakref.ref(each) for each in (Local, connection, Local.on_table("t"), Local.on(connection))]
        Message.declared.remove("Local")
        del Local, connection
        gc.collect()
        assert [each() for each in dropped] == [None] * 4

    def test_options_that_are_assigned_later_reach_it(self) -> None:
        class Late(Message):
            pass

        one, two = Connection(backend=MemoryBackend()), Connection(backend=MemoryBackend(), table_prefix="p-")
        table, connection = Late.on_table("other"), Late.on(one)
        Late.__table__ = "late"
        Late.__connection__ = two
        Late.__read_units__ = 3
        assert (table.table_name(), connection.table_name()) == ("p-other", "late")
        assert table.__mapper__.declaration is connection.__mapper__.declaration is Late.__mapper__.declaration
        table.create_table()
        assert two.backend.execute(DescribeTable("p-other")).schema.throughput == Throughput(3, 8)
        connection.create_table()
        assert one.backend.execute(DescribeTable("late")).schema.name == "late"

    @pytest.mark.parametrize("name", ["__table__", "__connection__", "__scans__", "__init__"])
    def test_options_of_its_own_are_refused(self, name: str) -> None:
        with pytest.raises(SchemaError, match=f"Message.{name}: the class is bound to a table or connection"):
            setattr(Message.on_table("other"), name, None)

    @pytest.mark.parametrize("name", ["a b", "", None, 3, ["a"], "arn:aws:dynamodb:us-east-2:1:table/x"])
    def test_names_that_no_table_can_have_are_refused(self, name: Any) -> None:
        with pytest.raises(SchemaError, match=r"Message.on_table: the name must be"):
            Message.on_table(name)
        with pytest.raises(SchemaError, match=r"Message.on takes a Connection; got"):
            Message.on(name)

    def test_abstract_models_have_no_table(self) -> None:
        class Base(Model):
            __abstract__ = True

        with pytest.raises(SchemaError, match="Base is abstract and has no table"):
            Base.on_table("other")
        with pytest.raises(SchemaError, match="Base is abstract and has no table"):
            Base.on(Connection())

    def test_models_derive_from_it(self) -> None:
        class Urgent(Message.on_table("urgent"), called="very urgent"):  # type: ignore[misc, call-arg]  # made at run time
            level = IntField()

        assert Message.declared.pop() == "very urgent"
        assert (Urgent.table_name(), Urgent.on_table("later").table_name()) == ("urgent", "later")
        assert Urgent.explain((Message.room == "a") & (Urgent.level > 3)).operations[0].table == "urgent"

    def test_metaclasses_of_others(self) -> None:
        seen: list[str] = []

        class Meta(ModelMeta, abc.ABCMeta):
            def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
                super().__init__(name, bases, namespace)
                seen.append(name)

        class Odd(Message, metaclass=Meta):
            pass

        Message.declared.remove("Odd")
        bound = Odd.on_table("other")
        assert seen == ["Odd"]
        assert isinstance(bound(room="a", number=1), Odd)
        assert not isinstance(Odd(room="a", number=1), bound)

    def test_threads_get_the_same_class(self) -> None:
        for number in range(20):
            barrier = threading.Barrier(6)

            def bind(table: str, barrier: threading.Barrier = barrier) -> type[Message]:
                barrier.wait()
                return Message.on_table(table)

            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                assert len(set(pool.map(bind, [f"thread-{number}"] * 6))) == 1

    def test_reading_and_writing_compiles_nothing_again(self, backend: Backend) -> None:
        del backend
        first, second = (Message.on_table(name) for name in ("one-of-two", "two-of-two"))
        first.create_table()
        first.save_many({"room": "a", "number": n} for n in range(10))
        assert len(first.get_many(Message.room == "a")) == 10
        codec = Message.__mapper__.codec
        compiled = dict(vars(codec))
        second.create_table()
        second.save_many({"room": "a", "number": n} for n in range(10))
        assert {type(each) for each in second.get_many(Message.room == "a")} == {second}
        assert compiled.items() <= vars(codec).items()
        for each in (first, second):
            each.delete_table()


def test_one_transaction_on_two_backends_names_the_tables() -> None:
    models = [Message.on(Connection(backend=MemoryBackend(), table_prefix=prefix)) for prefix in ("a-", "b-")]
    with pytest.raises(ConfigurationError, match=r"of Message \(a-messages\) and Message \(b-messages\) have differen"):
        Connection.transact_get([(model, ("a", 1)) for model in models])


class TestInstance:
    def test_is_equal_to_those_of_its_own_table(self) -> None:
        values = {"room": "a", "number": 1}
        connection = Connection(backend=MemoryBackend())
        models: list[type[Message]] = [Message, Message.on_table("x"), Message.on_table("y"), Message.on(connection)]
        equal = [[one(**values) == other(**values) for other in models] for one in models]
        assert equal == [[i == j for j in range(4)] for i in range(4)]
        assert repr(models[1](**values)) == repr(Message(**values))

    def test_copies_and_pickles_belong_to_the_table(self) -> None:
        bound = Message.on_table("other")
        message = bound.__mapper__.decode({"room": "a", "number": 1, "more": True})
        for each in (copy.copy(message), copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
            assert each == message
            assert type(each) is bound
            assert record_of(each) == record_of(message)
        models = [Message, bound, Page]
        assert pickle.loads(pickle.dumps(models)) == models
        assert copy.deepcopy(models) == models

    def test_those_of_a_connection_cannot_be_pickled(self) -> None:
        bound = Message.on(Connection())
        for each in (bound, bound(room="a", number=1)):
            with pytest.raises(TypeError, match=r"Message.on\(connection\) and its instances cannot be pickled"):
                pickle.dumps(each)
        assert type(copy.deepcopy(bound(room="a", number=1))) is bound
