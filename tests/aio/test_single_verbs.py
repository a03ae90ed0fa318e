"""The awaited verbs for one item and for tables do what the blocking ones do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    IntField,
    ItemNotFound,
    Model,
    StringField,
    TableExists,
    TableNotFound,
    TimestampField,
    ValidationError,
    VersionConflict,
    VersionField,
)
from dynamongo.backends.memory import MemoryBackend


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField(required=True)
    text = StringField()
    stars = IntField(min_value=0)
    version = VersionField()


@pytest.fixture(autouse=True)
def backend() -> Iterator[MemoryBackend]:
    with Connection.using(MemoryBackend()) as backend:
        assert isinstance(backend, MemoryBackend)
        Note.create_table()
        yield backend


def test_an_item_is_written_and_read() -> None:
    async def work() -> None:
        saved = await Note.aio.save_one({"title": "a", "stars": 1})
        assert await Note.aio.get_one("a") == saved == Note(title="a", stars=1, version=1)
        assert await Note.aio.get_one((Note.title == "a") & (Note.stars > 1), default=None) is None
        assert (await Note.aio.get_one("a", projection=["stars"])).to_dict() == {"title": "a", "stars": 1}
        updated = await Note.aio.update_one("a", Note.stars.add(2), condition=Note.stars == 1)
        assert updated == Note(title="a", stars=3, version=2)
        assert (await Note.aio.update_from_dict({"title": "a", "text": "b", "stars": None})).to_dict() == {
            "title": "a",
            "text": "b",
            "stars": None,
            "version": 3,
        }
        assert await Note.aio.upsert_one("b", Note.stars.set(1)) == Note(title="b", stars=1, version=1)
        assert await Note.aio.delete_one("b", condition=Note.stars > 1) is None
        assert await Note.aio.delete_one("b") == Note(title="b", stars=1, version=1)

    asyncio.run(work())
    assert Note.get_many(scans="allow") == [Note(title="a", text="b", version=3)]


def test_errors_are_those_of_the_blocking_verbs() -> None:
    async def work() -> None:
        with pytest.raises(ItemNotFound, match="Note: there is no item with title = 'a'"):
            await Note.aio.get_one("a")
        with pytest.raises(ItemNotFound):
            await Note.aio.update_one("a", Note.stars.set(1))
        with pytest.raises(ValidationError):
            await Note.aio.save_one({"title": "a", "stars": -1})
        await Note.aio.create_one({"title": "a"})
        with pytest.raises(ConditionalCheckFailedException) as caught:
            await Note.aio.create_one({"title": "a"})
        assert type(caught.value) is ConditionalCheckFailedException  # and not a conflict of versions
        assert caught.value.item == Note(title="a", version=1)

    asyncio.run(work())


def test_verbs_of_an_instance_take_over_what_is_stored() -> None:
    async def work() -> None:
        note = Note(title="a", stars=1)
        assert await note.aio.create() is note
        other = Note.get_one("a")
        assert await note.aio.update(Note.stars.add(1), [Note.text.set("b")], condition=Note.stars == 1) is note
        assert note == Note(title="a", stars=2, text="b", version=2)
        with pytest.raises(VersionConflict):
            await other.aio.save()
        assert await other.aio.reload() == note
        other.stars = 7
        assert await other.aio.save(only_changed=True) is other
        await note.aio.reload()
        assert await note.aio.upsert(Note.stars.add(1)) == Note(title="a", stars=8, text="b", version=4)
        assert await note.aio.delete(condition=Note.stars == 1) is None
        assert await note.aio.delete() == note
        with pytest.raises(ItemNotFound):
            await note.aio.reload()

    asyncio.run(work())


@pytest.mark.parametrize("wait", [True, False])
def test_as_many_requests_are_made_about_tables(*, wait: bool) -> None:
    class Draft(Note):
        __table__ = "drafts"
        expires = TimestampField()
        __ttl__ = "expires"

    class OnDemand(Draft):
        __table__ = "drafts"
        __billing__ = "on_demand"

    async def work() -> None:
        await Draft.aio.create_table(wait=wait)
        await OnDemand.aio.update_table(wait=wait)
        await Draft.aio.delete_table(wait=wait)

    with Connection.record() as awaited:
        asyncio.run(work())
    with Connection.record() as blocking:
        Draft.create_table(wait=wait)
        OnDemand.update_table(wait=wait)
        Draft.delete_table(wait=wait)
    assert list(map(str, awaited)) == list(map(str, blocking))


def test_tables_are_made_compared_and_changed() -> None:
    class Draft(Note):
        __table__ = "drafts"

    async def work() -> None:
        assert not await Draft.aio.table_exists()
        with pytest.raises(TableNotFound, match=r"^Draft: "):
            await Draft.aio.describe()
        await Draft.aio.create_table()
        assert await Draft.aio.table_exists()
        with pytest.raises(TableExists):
            await Draft.aio.create_table(wait=False)
        assert (await Draft.aio.describe()).status == "ACTIVE"
        Draft.__billing__ = "on_demand"
        (difference,) = await Draft.aio.compare_table()
        assert await Draft.aio.update_table() == (difference,)
        assert await Draft.aio.compare_table() == ()
        await Draft.aio.delete_table()
        assert not await Draft.aio.table_exists()

    asyncio.run(work())
