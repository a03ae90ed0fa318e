"""Hooks: every verb that saves, reads or deletes whole items calls each of them, and exactly once for each item."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import (
    AttributeNotLoaded,
    ConditionalCheckFailedException,
    Connection,
    GlobalIndex,
    IntField,
    Model,
    ResultSet,
    SchemaError,
    StringField,
    UnreadableItem,
    ValidationError,
    WriteNotSent,
    WrittenButUnreadable,
    after_read,
    before_delete,
    before_save,
    is_loaded,
    is_stored,
    streams,
)
from dynamongo.backends.base import Backend
from dynamongo.backends.memory import Fault, MemoryBackend
from dynamongo.connection.async_verbs import AsyncConnectionVerbs
from dynamongo.connection.connection import connection_of
from dynamongo.connection.transactions import Transaction
from dynamongo.model.batch import Batch
from dynamongo.model.instance_verbs import InstanceVerbs
from dynamongo.model.many_verbs import ManyVerbs
from dynamongo.model.read_verbs import ReadVerbs
from dynamongo.model.table_verbs import TableVerbs
from dynamongo.model.write_verbs import WriteVerbs
from dynamongo.operations import Put
from dynamongo.verbs.instance import Instance

CALLS: list[str] = []
"""The hooks that were called, with the key of the instance and what it holds."""


class Hooked(Model):
    __abstract__ = True

    @before_save
    def log_save(self) -> None:
        CALLS.append(f"save {self.key}")  # type: ignore[attr-defined]  # a field of derived models

    @after_read
    def log_read(self) -> None:
        CALLS.append(f"read {self.key}")  # type: ignore[attr-defined]  # the same

    @before_delete
    def log_delete(self) -> None:
        known = f" {self.n}" if is_loaded(self, "n") else ""  # type: ignore[attr-defined]  # the same
        CALLS.append(f"delete {self.key}{known}")  # type: ignore[attr-defined]  # the same


class Note(Hooked):
    __table__ = f"notes-{uuid.uuid4().hex}"
    __hash_key__ = "key"
    __kind__ = "note"
    key = StringField(required=True)
    kind = StringField()
    n = IntField()
    text = StringField()
    by_n = GlobalIndex(hash_key="n", projection=["kind"])


class Plain(Hooked):
    """Without a kind, so that batches are of any size."""

    __table__ = f"plain-{uuid.uuid4().hex}"
    __hash_key__ = "key"
    key = StringField(required=True)
    n = IntField()


@pytest.fixture(autouse=True)
def _notes(on_each_backend: Backend, colour: str) -> Iterator[None]:
    """Three notes: a, b and c."""
    Note.create_table()
    Plain.create_table()
    Note.save_many([Note(key=key, n=n) for n, key in enumerate("abc")]).raise_if_failed()
    CALLS.clear()
    yield
    Note.delete_table()
    Plain.delete_table()


class AwaitedTransaction:
    """An `AsyncTransaction` that blocks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.transaction = Connection.aio.transaction()

    def __enter__(self) -> Any:
        return self.loop.run_until_complete(self.transaction.__aenter__())

    def __exit__(self, *error: object) -> None:
        leave: Any = self.transaction.__aexit__
        self.loop.run_until_complete(leave(*error))


@pytest.fixture
def transact(request: pytest.FixtureRequest, colour: str) -> Callable[[], Any]:
    if colour == "blocking":
        return Connection.transaction
    loop = request.getfixturevalue("loop_of_module")
    return lambda: AwaitedTransaction(loop)


def new(key: str = "d") -> Note:
    return Note(key=key, n=9)


def loaded() -> Note:
    """Return the note a, which was read: the hook of that is not counted."""
    note = Note.get_one("a")
    CALLS.clear()
    return note


def changed() -> Note:
    note = loaded()
    note.n = 7
    return note


WHOLE = Note.n >= 0
ABC = ["read a", "read b", "read c"]


def drop(_: Note) -> None:
    """Change nothing."""


def migrate_a() -> Any:
    return [*Note.find(Note.key == "a").migrate(change=lambda note: setattr(note, "n", 8))]


OF_MODELS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "get_one": (lambda: Note.get_one("a"), ["read a"]),
    "get_raw": (lambda: Note.get_raw("a"), []),
    "exists": (lambda: Note.exists("a"), []),
    "get_many": (lambda: Note.get_many(WHOLE, scans="allow"), ABC),
    "find": (lambda: list(Note.find(["a", "b", "c"])), ABC),
    "reload": (lambda: loaded().reload(), ["read a"]),
    "save_one": (lambda: Note.save_one({"key": "d"}), ["save d"]),
    "create_one": (lambda: Note.create_one(new()), ["save d"]),
    "save": (lambda: new().save(), ["save d"]),
    "create": (lambda: new().create(), ["save d"]),
    "save_many": (lambda: Note.save_many([new(), {"key": "e"}]), ["save d", "save e"]),
    "save_iter": (lambda: list(Note.save_iter([new(), {"key": "e"}], overwrite=False)), ["save d", "save e"]),
    "update_one": (lambda: Note.update_one("a", Note.n.set(5)), ["read a"]),
    "upsert_one": (lambda: Note.upsert_one("d", Note.n.set(5)), ["read d"]),
    "update_from_dict": (lambda: Note.update_from_dict("a", {"n": 5}), ["read a"]),
    "update": (lambda: loaded().update(Note.n.set(5)), ["read a"]),
    "upsert": (lambda: loaded().upsert(Note.n.set(5)), ["read a"]),
    "update_many": (lambda: Note.update_many(["a", "b"], Note.n.set(5)), ["read a", "read b"]),
    "update_iter": (lambda: list(Note.update_iter(["a"], Note.n.set(5))), ["read a"]),
    "delete_one": (lambda: Note.delete_one("a"), ["delete a", "read a"]),
    "delete": (lambda: loaded().delete(), ["delete a 0", "read a"]),
    "delete_many": (lambda: Note.delete_many(["a", new("b")]), ["delete a", "delete b 9"]),
    "delete_iter": (lambda: list(Note.delete_iter(["a", new("b")])), ["delete a", "delete b 9"]),
}
WITHOUT_INSTANCES = dict.fromkeys(("aio", "batch", "explain", "keys_in"), "it does nothing by itself")
OF_READS: dict[str, tuple[Callable[[ResultSet[Note]], Any], list[str]]] = {
    "all": (lambda found: found.all(), ABC),
    "first": (lambda _: Note.find("a").first(), ["read a"]),
    "one": (lambda _: Note.find("a").one(), ["read a"]),
    "by_kind": (lambda found: found.by_kind(), ABC),
    "pages": (lambda found: list(found.pages()), ABC),
    "page": (lambda found: found.page(), ABC),
    "count": (lambda found: found.count(), []),
    "delete": (lambda found: found.delete(), [*ABC, "delete a 0", "delete b 1", "delete c 2"]),
    "update": (lambda found: found.update(Note.n.set(5)), [*ABC, *ABC]),
    "migrate": (lambda _: migrate_a(), ["read a", "save a", "read a"]),
}
OF_TRANSACTIONS: dict[str, tuple[Callable[[Transaction], Any], list[str]]] = {
    "save": (lambda tx: tx.save(Note, {"key": "d"}), ["save d"]),
    "create": (lambda tx: tx.create(new()), ["save d"]),
    "update": (lambda tx: tx.update(Note, "a", Note.n.set(1)), []),
    "upsert": (lambda tx: tx.upsert(Note, "a", Note.n.set(1)), []),
    "check": (lambda tx: tx.check(Note, "a"), []),
    "delete": (lambda tx: (tx.delete(Note, "a"), tx.delete(new("b"))), ["delete a", "delete b 9"]),
}
IMAGE = {"key": {"S": "a"}, "kind": {"S": "note"}}


def names_of(*owners: type) -> set[str]:
    return {name for owner in owners for name in dir(owner) if not name.startswith("_")}


def test_every_verb_is_here() -> None:
    others = names_of(Instance, TableVerbs) | WITHOUT_INSTANCES.keys()
    assert names_of(ReadVerbs, WriteVerbs, ManyVerbs, InstanceVerbs) - others == OF_MODELS.keys()
    assert names_of(ResultSet) - {"aio", "cursor", "explain", "targets"} == OF_READS.keys()
    assert names_of(Transaction) == OF_TRANSACTIONS.keys()
    assert names_of(Batch) - {"pending", "result"} == {"save", "delete"}
    assert {"transaction", "transact_get", "find_across"} <= names_of(AsyncConnectionVerbs)


@pytest.mark.parametrize("verb", OF_MODELS)
def test_verbs_of_models(verb: str) -> None:
    call, expected = OF_MODELS[verb]
    call()
    assert sorted(CALLS) == sorted(expected)


@pytest.mark.parametrize("verb", OF_READS)
def test_verbs_of_reads(verb: str) -> None:
    call, expected = OF_READS[verb]
    call(Note.find(WHOLE, scans="allow"))
    assert sorted(CALLS) == sorted(expected)


def test_transactions_and_reads_of_connections(
    colour: str, transact: Callable[[], Any], request: pytest.FixtureRequest
) -> None:
    for verb, (act, expected) in OF_TRANSACTIONS.items():
        with transact() as tx:
            act(tx)
        assert expected == CALLS, verb
        Note.delete_one("d")  # for the next verb
        CALLS.clear()
    new("b").save()
    CALLS.clear()
    both = [(Note, "b"), (Note, "c")]
    if colour == "blocking":
        Connection.transact_get(both)
    else:
        request.getfixturevalue("loop_of_module").run_until_complete(Connection.aio.transact_get(both))
    list(Connection.find_across([Note], Note.key == "b"))
    assert CALLS == ["read b", "read c", "read b"]


def test_batches_and_other_ways_to_an_instance() -> None:
    with Note.batch() as batch:
        batch.save(new())
        batch.save({"key": "e"})
        batch.delete("a")
        batch.delete(new("b"))
    assert CALLS == ["save d", "save e", "delete a", "delete b 9"]
    CALLS.clear()
    Note.from_item({"key": "a", "kind": "note"}), Note.from_dynamodb_json(IMAGE)
    record = {"eventName": "MODIFY", "dynamodb": {"Keys": {"key": {"S": "a"}}, "OldImage": IMAGE, "NewImage": IMAGE}}
    streams.parse([record], Note)
    assert CALLS == ["read a"] * 4
    CALLS.clear()
    new().to_item(), new().to_dynamodb_json(), Note.save_many.explain([new()])
    assert CALLS == []
    with pytest.raises(ConditionalCheckFailedException) as failed:
        Note.create_one(new("c"))
    assert (failed.value.item.n, CALLS) == (2, ["save c", "read c"])


def test_saves_of_changes() -> None:
    note = changed()
    note.save(only_changed=True)
    note.save(only_changed=True)  # nothing has changed, which is known afterwards
    assert CALLS == ["save a", "save a"]


def test_partial_reads() -> None:
    class Part(Note):
        @after_read
        def compute(self) -> None:
            self._double = None if not is_loaded(self, "n") else 2 * (self.n or 0)

    part = Part.get_one("a", projection=[Part.key])
    assert (part._double, is_loaded(part), is_loaded(part, "key"), is_loaded(part, Note.key, "n")) == (
        None,
        False,
        True,
        False,
    )
    assert [each._double for each in Part.find(Part.n == 2, index=Part.by_n)] == [4]
    assert part.reload()._double == 0  # what the hook keeps on the instance follows
    assert part.update(Part.n.set(3))._double == 6

    class Careless(Note):
        @after_read
        def compute(self) -> None:
            self._double = self.n

        @before_delete
        def refuse(self) -> None:
            self._double = self.n

    with pytest.raises(AttributeNotLoaded, match=r"Careless\.n was not .*Careless.compute \(after_read\) asked for it"):
        Careless.get_one("a", projection=[Careless.key])
    with pytest.raises(AttributeNotLoaded, match=r"Careless.refuse \(before_delete\) asked for it"):
        Careless.delete_one("a")
    (failed,) = Careless.delete_many(["a"]).failures
    assert isinstance(failed.error, AttributeNotLoaded)
    assert Careless.get_one("a").delete() is not None
    with pytest.raises(ValidationError, match="unknown field 'm'"):
        is_loaded(part, "m")


@pytest.mark.parametrize("on_invalid", ["raise", "skip", "keep"])
def test_each_is_called_once_for_each_item_of_many(on_invalid: Any) -> None:
    class Counted(Note):
        @after_read
        def count(self) -> None:
            self._calls = vars(self).get("_calls", 0) + 1

    keys = [f"k{number:02}" for number in range(40)]
    Counted.save_many([{"key": key, "n": 1} for key in keys])
    if on_invalid != "raise":
        connection_of(Note).execute(Put(Note.table_name(), {"key": "k07", "kind": "note", "text": 5}))
    for _ in range(4):  # the first reads are by plain functions, the others by what these are compiled to
        CALLS.clear()
        found = Counted.find(keys, on_invalid=on_invalid).all()
        read = [each for each in found if isinstance(each, Counted)]
        assert (len(found), len(read)) == {"raise": (40, 40), "skip": (39, 39), "keep": (40, 39)}[on_invalid]
        assert [each._calls for each in read] == [1] * len(read)
        assert sorted(CALLS) == [f"read {each.key}" for each in read]
        pages = [each for page in Counted.find(keys, on_invalid=on_invalid).pages() for each in page.items]
        assert [each._calls for each in pages if isinstance(each, Counted)] == [1] * len(read)


def test_retries_call_no_hook_again(on_each_backend: Backend, transact: Callable[[], Any]) -> None:
    if not isinstance(on_each_backend, MemoryBackend):
        pytest.skip("faults are planned in memory")
    retried = [(name, 2) for name in ("PutItem", "BatchWriteItem", "DeleteItem", "TransactWriteItems", "GetItem")]
    faults = [Fault.throttle(operation=name, times=times) for name, times in retried]
    with on_each_backend.faults.schedule(*faults, Fault.unprocessed(operation="BatchWriteItem", times=1)):
        new().save()
        Plain.save_many([Plain(key=f"e{number}") for number in range(3)])
        Note.delete_one("d")
        with transact() as tx:
            tx.save(new("f"))
        Note.get_one("f")
    on_each_backend.faults.assert_hit()
    assert CALLS == ["save d", "save e0", "save e1", "save e2", "delete d", "read d", "save f", "read f"]


def test_is_stored() -> None:
    seen: list[bool] = []

    class Told(Note):
        @before_save
        def look(self) -> None:
            seen.append(is_stored(self))

    told = Told(key="x").save().save()
    told.save(only_changed=True)
    Told.save_many([told, Told(key="y")])
    assert seen == [False, True, True, True, False]
    assert is_stored(Told.get_one("x", projection=[Told.key]))
    assert not is_stored(Told.delete_many(["x"]).success[0])


class TestDeclarations:
    """Which methods are hooks, and in which order they are called."""

    def test_bases_come_first_and_no_override_bypasses_others(self) -> None:
        order: list[str] = []

        class Mixin:
            @before_save
            def mixed(self) -> None:
                order.append("mixed")

        class Base(Note):
            @before_save
            def first(self) -> None:
                order.append("base")

            @before_save
            @after_read
            def both(self) -> None:
                order.append("both")

        class Derived(Mixin, Base):
            @before_save
            def own(self) -> None:
                order.append("own")

            def first(self) -> None:  # takes the place of the one in the base, as any method
                order.append("derived")

            log_save = None  # type: ignore[assignment]  # dropped

        Derived(key="x").save()
        assert order == ["derived", "both", "mixed", "own"]
        assert CALLS == []
        order.clear()
        Derived.on_table(Derived.table_name()).get_one("x")
        assert (order, CALLS) == (["both"], ["read x"])

    def test_hooks_of_the_class_of_the_item_are_called(self) -> None:
        class Urgent(Note):
            __kind__ = "urgent"

            @before_save
            def mark(self) -> None:
                self.n = 100

            @after_read
            def log(self) -> None:
                CALLS.append("urgent")

            @before_delete
            def refuse(self) -> None:
                raise ValueError("urgent")

        Note.save_many([Urgent(key="u")]).raise_if_failed()
        CALLS.clear()
        urgent = Note.get_one("u")
        assert (type(urgent), urgent.n, CALLS) == (Urgent, 100, ["read u", "urgent"])
        with pytest.raises(ValueError, match="urgent"):
            Note.delete_one(urgent)
        assert [each.reason for each in Note.find(Note.n == 100, scans="allow").delete().failures] == [
            "ValidationError: urgent"
        ]

    def test_a_hook_may_be_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Note, "log_save", lambda self: CALLS.append("patched"))
        new().save()
        assert CALLS == ["patched"]

    def test_hooks_may_assign(self) -> None:
        class Slug(Note):
            @before_save
            def count(self) -> None:
                self.n = len(self.key)

        assert Slug(key="four").save().n == 4
        assert Slug.get_one("four").n == 4

        class Wrong(Note):
            @before_save
            def count(self) -> None:
                self.n = "x"  # type: ignore[assignment]  # refused

        with pytest.raises(ValidationError, match="must be an int"):
            Wrong(key="x").save()

    def test_mistakes(self) -> None:
        with pytest.raises(SchemaError, match=r"@before_save .*wait must be a plain function, since verbs of both"):

            class Awaited(Note):
                @before_save
                async def wait(self) -> None: ...

        with pytest.raises(SchemaError, match="must take self alone"):

            class Arguments(Note):
                @before_save  # type: ignore[type-var]  # refused
                def take(self, other: int) -> None: ...

        with pytest.raises(SchemaError, match="decorates methods, and stands below other decorators"):

            class Static(Note):
                @after_read
                @staticmethod
                def take(one: Any) -> None: ...

        with pytest.raises(SchemaError, match=r"Outer.take is no plain method; hooks and validators take self"):

            class Outer(Note):
                @classmethod
                @after_read
                def take(cls) -> None: ...

        with pytest.raises(SchemaError, match=r"Cached.take is no plain method; hooks and validators take self"):

            class Cached(Note):
                @property
                @after_read
                def take(self) -> None: ...

        with pytest.raises(SchemaError, match=r"Hides.log_save hides a hook or validator of a base class"):

            class Hides(Note):
                log_save = 1  # type: ignore[assignment]  # refused

        with pytest.raises(SchemaError, match=r"Names.take is about m, which is no field of Names"):

            class Names(Note):
                @before_save("m", updates="refuse")
                def take(self) -> None: ...

        with pytest.raises(SchemaError, match='updates must be "allow" or "refuse"'):
            before_save("n", updates="call")  # type: ignore[call-overload]  # refused


class TestRefusals:
    """What an error of a hook does: a `ValueError` refuses one item, and any other ends the verb."""

    def test_single_verbs_raise_it(self, strict: None, transact: Callable[[], Any]) -> None:
        with pytest.raises(Refusal, match=r"^saved$"):
            Strict(key="no save").save()
        with pytest.raises(Refusal, match=r"^deleted$"):
            Strict.delete_one("no delete")
        with pytest.raises(Refusal), transact() as tx:
            tx.delete(Strict(key="no delete"))
        with pytest.raises(Refusal), Strict.batch() as batch:
            batch.save({"key": "no save"})
        with pytest.raises(RuntimeError, match="bug"):
            Strict(key="save bug").save()
        assert keys() == ["a", "no delete", "no read"]

    def test_verbs_for_many_items_tell_each(self, strict: None) -> None:
        with pytest.raises(ValidationError, match=r"^item 1: saved$") as caught:
            Strict.save_many([{"key": "b"}, {"key": "no save"}])
        assert isinstance(caught.value.__cause__.__cause__, Refusal)  # type: ignore[union-attr]
        assert keys() == ["a", "no delete", "no read"]
        outcomes = {each.index: each.error for each in Strict.save_iter([{"key": "b"}, {"key": "no save"}])}
        assert (outcomes[0], type(outcomes[1]), str(outcomes[1])) == (None, ValidationError, "saved")
        result = Strict.delete_many(["b", "no delete"])
        assert ([each.key for each in result.success], [each.key for each in result.fail]) == (["b"], ["no delete"])
        assert isinstance(result.failures[0].error.__cause__, Refusal)
        found = Strict.delete_many(Strict.key.in_(["a", "no delete"]) & Strict.key.exists())
        assert [each.reason for each in found.failures] == ["ValidationError: deleted"]
        assert keys() == ["no delete", "no read"]

    def test_other_errors_end_them_with_what_was_done(self, strict: None) -> None:
        with pytest.raises(RuntimeError, match="bug"):
            Strict.save_many([{"key": "b"}, {"key": "save bug"}])
        assert keys() == ["a", "no delete", "no read"]
        many: list[Any] = [{"key": f"b{n}"} for n in range(30)]
        with pytest.raises(RuntimeError, match="bug") as caught:
            for _ in Strict.save_iter([*many, {"key": "save bug"}], max_workers=1):
                pass
        left: Any = caught.value.partial_result  # type: ignore[attr-defined]
        assert all(isinstance(each.error, WriteNotSent) for each in left.failures)

    def test_reads(self, strict: None) -> None:
        with pytest.raises(UnreadableItem, match=r"^Strict\.check_read refuses the item: read; stored") as caught:
            Strict.get_one("no read")
        assert [(each.field, each.path, each.value) for each in caught.value.problems] == [(None, "", None)]
        assert isinstance(caught.value.__cause__, Refusal)
        kept = Strict.find(["a", "no read"], on_invalid="keep").all()
        assert [type(each) for each in kept] == [Strict, UnreadableItem]
        assert [each.key for each in Strict.find(["a", "no read"], on_invalid="skip")] == ["a"]
        with pytest.raises(WrittenButUnreadable, match=r"^the item was updated, but"):
            Strict.update_one("no read", Strict.n.set(1))
        (one,) = Strict.update_many(["no read"], Strict.n.set(1)).unreadable
        assert isinstance(one.error, WrittenButUnreadable)
        with pytest.raises(UnreadableItem):
            Strict.get_one("no read", projection=[Strict.key])
        with pytest.raises(WrittenButUnreadable, match="updated, but the stored item cannot be read: RuntimeError"):
            Strict.update_one("a", Strict.n.set(13))
        with pytest.raises(RuntimeError, match="bug"):
            Strict.get_one("a")
        with pytest.raises(ConditionalCheckFailedException) as failed:
            Strict.create_one({"key": "a"})
        assert failed.value.item["n"] == 13


class Refusal(ValueError):  # noqa: N818 - it says what happened
    """What a hook raises."""


class Strict(Model):
    __table__ = f"strict-{uuid.uuid4().hex}"
    __hash_key__ = "key"
    key = StringField(required=True)
    n = IntField()

    @before_save
    def check_save(self) -> None:
        if self.key == "no save":
            raise Refusal("saved")
        if self.key == "save bug":
            raise RuntimeError("bug")

    @before_delete
    def check_delete(self) -> None:
        if self.key == "no delete":
            raise Refusal("deleted")

    @after_read
    def check_read(self) -> None:
        if self.key == "no read":
            raise Refusal("read")
        if is_loaded(self, "n") and self.n == 13:
            raise RuntimeError("bug")


@pytest.fixture
def strict() -> Iterator[None]:
    Strict.create_table()
    Strict.save_many([{"key": key} for key in ("a", "no delete", "no read")]).raise_if_failed()
    yield
    Strict.delete_table()


def keys() -> list[str]:
    return sorted(item["key"] for item in Strict.find(None, scans="allow", as_items=True))
