"""A verb is prepared and finished by its call, whatever executes it in between: here, it is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    GlobalIndex,
    IntField,
    ItemNotFound,
    Model,
    StringField,
    TableMismatch,
    TableNotFound,
    VersionConflict,
    VersionField,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Delete, Get, Put, UpdateItem
from dynamongo.verbs.calls import GetCall, VerbCall, perform_async
from dynamongo.verbs.destinations import WriteOptions
from dynamongo.verbs.table_calls import compare_call, create_call, delete_call, update_call
from dynamongo.verbs.write_calls import DeleteCall, SaveCall, UpdateCall

R = TypeVar("R")


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField()
    stars = IntField(min_value=0)


class Page(Model):
    __table__ = "pages"
    __hash_key__ = "title"
    title = StringField()
    version = VersionField()


class IndexedNote(Note):
    by_stars = GlobalIndex(hash_key="stars")


class OtherIndex(Note):
    by_stars = GlobalIndex(hash_key="title", range_key="stars")


@pytest.fixture(autouse=True)
def backend() -> Iterator[MemoryBackend]:
    backend = MemoryBackend()
    with Connection.using(backend):
        Note.create_table()
        Page.create_table()
        yield backend


def perform(call: VerbCall[R]) -> R:
    return asyncio.run(perform_async(call))


def get(strategy: Any, default: Any = None, **arguments: Any) -> GetCall:
    return GetCall(Note.__mapper__, "notes", strategy, default, **arguments)


def save(item: Any, *, overwrite: Any = True, only_changed: bool = False) -> SaveCall[Any]:
    model = type(item) if isinstance(item, Model) else Note
    return SaveCall(model.__mapper__, model.table_name(), item, overwrite, only_changed)


def update(strategy: Any, *updates: Any, upsert: bool = False) -> UpdateCall[Any]:
    return UpdateCall(Note.__mapper__, "notes", strategy, updates, upsert=upsert)


def delete(strategy: Any, model: type[Model] = Note) -> DeleteCall[Any]:
    return DeleteCall(model.__mapper__, model.table_name(), strategy)


def test_preparing_makes_no_request() -> None:
    with Connection.record() as calls:
        prepared = [get("a"), save({"title": "a"}), update("a", Note.stars.set(1)), delete("a")]
        create_call(Note, wait=True, progress=None)
    assert calls.requests == 0
    assert [type(call.operation) for call in prepared] == [Get, Put, UpdateItem, Delete]


def test_preparing_the_verbs_for_many_items_makes_no_request() -> None:
    options = WriteOptions()
    with Connection.record() as calls:
        saving = Note.save_many.prepare([Note(title="a")], options)
        deleting = Note.delete_many.prepare(Note.stars > 1, None, options)
        updating = Note.update_many.prepare(["a"], Note.stars.set(1), None, options)
    assert calls.requests == 0
    assert [call.read and call.read.source for call in (saving, deleting, updating)] == [None, Note.stars > 1, None]


def test_get_returns_the_instance_or_the_default() -> None:
    Note(title="a", stars=1).save()
    assert perform(get("a")) == Note(title="a", stars=1)
    assert perform(get("b", "none")) == "none"


def test_get_tests_the_item_for_conditions_and_projects_it() -> None:
    Note(title="a", stars=1).save()
    assert perform(get((Note.title == "a") & (Note.stars > 1))) is None
    assert vars(perform(get("a", projection=[Note.stars]))) == {"title": "a", "stars": 1}


def test_save_returns_the_instance_which_knows_what_is_stored() -> None:
    note = Note(title="a", stars=1)
    assert perform(save(note)) is note
    note.stars = 2
    call = save(note, only_changed=True)
    assert isinstance(call.operation, UpdateItem)
    perform(call)
    assert Note.get_one("a").stars == 2


def test_save_without_changes_sends_nothing() -> None:
    note = Note(title="a").save()
    call = save(note, only_changed=True)
    assert (call.operation, call.steps) == (None, None)
    assert perform(call) is note


def test_failed_save_is_explained() -> None:
    Note(title="a").save()
    with pytest.raises(ConditionalCheckFailedException, match=r"^Note: there is already an item with title = 'a'$"):
        perform(save(Note(title="a"), overwrite=False))


def test_update_returns_the_item_as_it_is_now() -> None:
    assert perform(update("a", Note.stars.set(1), upsert=True)) == Note(title="a", stars=1)
    with pytest.raises(ItemNotFound, match=r"^Note: there is no item with title = 'b'$"):
        perform(update("b", Note.stars.set(1)))


def test_delete_returns_the_item_as_it_was() -> None:
    Note(title="a", stars=1).save()
    assert perform(delete((Note.title == "a") & (Note.stars > 1))) is None
    assert perform(delete("a")) == Note(title="a", stars=1)
    assert perform(delete("a")) is None


def test_delete_of_an_outdated_instance_is_a_conflict() -> None:
    page = Page(title="a").save()
    Page.get_one("a").save()
    with pytest.raises(VersionConflict, match="is at version 2, but the write expects version 1"):
        perform(delete(page, Page))


def test_refusal_names_the_table() -> None:
    Note.delete_table()
    for call in (get("a"), save({"title": "a"}), update("a", Note.stars.set(1)), delete("a")):
        with pytest.raises(TableNotFound, match=r"^Note: .*the table notes\)"):
            perform(call)


def test_calls_about_tables() -> None:
    assert perform(compare_call(IndexedNote, undeclared=False))[0].name == "by_stars"
    fixed = perform(update_call(IndexedNote, drop_indexes=False, wait=True, progress=None))
    assert [each.kind for each in fixed] == ["missing index"]
    with pytest.raises(TableMismatch, match=r"^OtherIndex: drop_indexes=True drops these indexes"):
        perform(update_call(OtherIndex, drop_indexes=False, wait=True, progress=None))
    perform(delete_call(Note, wait=True, progress=None))
    assert not Note.table_exists()
    polls: list[int] = []
    perform(create_call(Note, wait=True, progress=lambda progress: polls.append(progress.done)))
    assert Note.table_exists()
