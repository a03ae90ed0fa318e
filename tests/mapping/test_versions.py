"""Optimistic locking, and saving what was changed, on both backends."""

# A transaction raises where its block ends.
# ruff: noqa: PT012

from __future__ import annotations

import itertools
import pickle
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo import (
    AttributeNotLoaded,
    BulkWriteError,
    ConditionalCheckFailedException,
    Connection,
    DictField,
    ExpressionError,
    IntField,
    ItemNotFound,
    ListField,
    Model,
    SchemaError,
    StringField,
    TransactionCanceled,
    ValidationError,
    VersionConflict,
    VersionField,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import UpdateItem

_prefixes = (f"versions-{number}-" for number in itertools.count())


class Page(Model):
    __table__ = "pages"
    __hash_key__ = "title"
    title = StringField(required=True)
    text = StringField()
    visits = IntField()
    version = VersionField()


class Note(Model):
    """The same table, as those saw it who knew no versions."""

    __table__ = "pages"
    __hash_key__ = "title"
    title = StringField(required=True)
    text = StringField()
    visits = IntField(required=True, default=0)
    tags = ListField(StringField)
    place = DictField(city=StringField(), country=StringField())


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        made: Backend = MemoryBackend()
    else:
        made = request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    Page.create_table()
    yield made
    Page.delete_table()
    Connection.set_config()


@pytest.fixture
def mine() -> Page:
    return Page(title="Rome", text="a town").save()


@pytest.fixture
def yours(mine: Page) -> Page:
    """Somebody else's instance, after which `mine` was changed."""
    read = Page.get_one("Rome")
    mine.update(Page.text.set("a city"))
    return read


def stored() -> tuple[str | None, int | None]:
    page = Page.get_one("Rome")
    return page.text, page.version


class TestCounting:
    def test_first_save_sets_it_and_every_write_increments_it(self) -> None:
        page = Page(title="Rome")
        assert page.version is None
        assert page.save().version == 1
        assert page.save().version == 2
        assert page.update(Page.visits.set(1)).version == 3
        assert page.upsert(Page.visits.increment()).version == 4
        assert stored() == (None, 4)

    def test_create_sets_it(self) -> None:
        assert Page.create_one({"title": "Rome"}).version == 1

    def test_writes_by_key_increment_it(self, mine: Page) -> None:
        assert Page.update_one("Rome", Page.visits.set(1)).version == 2
        assert Page.update_from_dict("Rome", {"visits": 1}).version == 3
        assert Page.upsert_one("Oslo", Page.visits.set(1)).version == 1
        assert Page.update_many(["Rome"], Page.visits.set(1)).success[0].version == 4
        assert Page.update_many(Page.visits == 1, Page.visits.set(2)).success_count == 2
        assert Page.find(Page.visits == 2).update(Page.visits.set(3)).success_count == 2
        assert stored() == ("a town", 6)

    def test_item_without_a_version_gets_one_when_it_is_written(self) -> None:
        Note(title="Rome").save()
        page = Page.get_one("Rome")
        assert page.version is None
        assert page.save().version == 1
        Note(title="Oslo").save()
        assert Page.get_one("Oslo").update(Page.text.set("a town")).version == 1

    def test_failed_write_does_not_increment_it(self, mine: Page, yours: Page) -> None:
        with pytest.raises(VersionConflict):
            yours.save()
        assert (yours.version, mine.version) == (1, 2)

    def test_no_update_may_change_it(self) -> None:
        with pytest.raises(ExpressionError, match=r"Page.version counts the writes; nothing else may change it"):
            Page.update_one("Rome", Page.version.set(7))


class TestConflicts:
    def test_failed_save_reports_both_versions_and_the_stored_item(self, yours: Page) -> None:
        with pytest.raises(VersionConflict) as caught:
            yours.save()
        assert (caught.value.expected, caught.value.found, caught.value.item) == (1, 2, Page.get_one("Rome"))
        assert str(caught.value) == (
            "Page: the item with title = 'Rome' is at version 2, but the write expects version 1: call reload(),"
            " and apply the change again"
        )
        assert stored() == ("a city", 2)

    def test_conflict_is_a_failed_condition_and_can_be_pickled(self, yours: Page) -> None:
        with pytest.raises(ConditionalCheckFailedException) as caught:
            yours.save()
        copied = pickle.loads(pickle.dumps(caught.value))
        assert (copied.expected, copied.found, copied.item.text) == (1, 2, "a city")

    def test_update_upsert_and_delete_are_checked(self, yours: Page) -> None:
        for write in (lambda: yours.update(Page.visits.set(1)), lambda: yours.upsert(Page.visits.set(1)), yours.delete):
            with pytest.raises(VersionConflict, match="is at version 2, but the write expects version 1"):
                write()
        assert stored() == ("a city", 2)

    def test_new_instance_does_not_replace_an_item_with_a_version(self, mine: Page) -> None:
        with pytest.raises(VersionConflict, match="is at version 1, but the instance was not read") as caught:
            Page(title="Rome").save()
        assert (caught.value.expected, caught.value.found) == (None, 1)

    def test_deleted_item_is_not_saved_again(self, mine: Page, yours: Page) -> None:
        assert mine.delete() == Page(title="Rome", text="a city", version=2)
        for write in (yours.save, yours.delete, mine.save):
            with pytest.raises(VersionConflict, match="no longer exists") as caught:
                write()
            assert (caught.value.found, caught.value.item) == (None, None)
        with pytest.raises(ItemNotFound):
            yours.update(Page.visits.set(1))
        assert mine.create().version == 3

    def test_create_of_an_existing_item_fails_as_without_a_version(self, mine: Page) -> None:
        with pytest.raises(
            ConditionalCheckFailedException, match="there is already an item with title = 'Rome'"
        ) as caught:
            mine.create()
        assert type(caught.value) is ConditionalCheckFailedException

    def test_failed_condition_is_not_a_conflict(self, mine: Page) -> None:
        with pytest.raises(ConditionalCheckFailedException, match="does not hold") as caught:
            mine.save(Page.visits > 1)
        assert type(caught.value) is ConditionalCheckFailedException
        assert mine.save(Page.text == "a town").version == 2

    def test_version_that_came_from_elsewhere_is_checked(self, mine: Page) -> None:
        assert Page(title="Rome", text="from a form", version=1).save().version == 2
        with pytest.raises(VersionConflict):
            Page(title="Rome", text="from a form", version=1).save()

    def test_instance_with_only_a_key_has_no_version_to_check(self, mine: Page) -> None:
        assert Page.update_one(Page(title="Rome"), Page.visits.set(1)).version == 2
        assert Page.delete_one(Page(title="Rome")) is not None
        assert Page.delete_one(Page(title="Rome")) is None

    def test_reload_takes_the_version(self, yours: Page) -> None:
        assert yours.reload().save().version == 3

    def test_version_that_was_not_read_cannot_be_checked(self, mine: Page) -> None:
        part = Page.find(Page.title == "Rome", projection=[Page.text]).one()
        with pytest.raises(AttributeNotLoaded, match=r"Page.version was not read"):
            part.update(Page.visits.set(1))
        whole = Page.find(Page.title == "Rome", projection=[Page.text, Page.version]).one()
        assert whole.update(Page.visits.set(1)).version == 2


class TestInBulk:
    def test_outcome_of_each_item_reports_its_conflict(self, yours: Page) -> None:
        pages = [yours, Page(title="Oslo"), Page(title="Bern")]
        result = Page.save_many(pages)
        assert [(page.title, page.version) for page in result.success] == [("Oslo", 1), ("Bern", 1)]
        (failure,) = result.failures
        assert failure.item is yours
        assert isinstance(failure.error, VersionConflict)
        assert (failure.error.expected, failure.error.found) == (1, 2)

    def test_deletes_of_instances_are_checked(self, mine: Page, yours: Page) -> None:
        result = Page.delete_many([yours])
        assert [type(failure.error) for failure in result.failures] == [VersionConflict]
        assert Page.delete_many([mine]).success_count == 1
        assert Page.delete_many(["Rome"]).success_count == 1

    def test_updates_of_instances_are_checked(self, mine: Page, yours: Page) -> None:
        result = Page.update_many([yours], Page.visits.set(1))
        assert [type(failure.error) for failure in result.failures] == [VersionConflict]
        assert [each.error for each in Page.update_iter([mine], Page.visits.set(1))] == [None]

    def test_batch_is_checked(self, mine: Page, yours: Page) -> None:
        with pytest.raises(BulkWriteError), Page.batch() as batch:
            batch.save(yours)
            batch.save(Page(title="Oslo"))
        with pytest.raises(BulkWriteError), Page.batch() as deletes:
            deletes.delete(yours)
        assert [type(failure.error) for failure in batch.result.failures] == [VersionConflict]
        assert [type(failure.error) for failure in deletes.result.failures] == [VersionConflict]
        assert batch.result.success[0].version == 1


class TestInTransactions:
    def test_saves_count_and_are_checked(self, mine: Page) -> None:
        oslo = Page(title="Oslo")
        with Connection.transaction() as tx:
            tx.save(mine)
            tx.create(oslo)
        assert (mine.version, oslo.version) == (2, 1)
        assert mine.save().version == 3

    @pytest.mark.parametrize("verb", ["save", "update", "upsert", "delete"])
    def test_reason_has_the_conflict(self, yours: Page, verb: str) -> None:
        with pytest.raises(TransactionCanceled) as caught, Connection.transaction() as tx:
            tx.create(Page(title="Oslo"))
            getattr(tx, verb)(yours, *([Page.visits.set(1)] if verb.startswith("up") else []))
        fine, reason = caught.value.reasons
        assert fine.error is None
        assert isinstance(reason.error, VersionConflict)
        assert (reason.error.expected, reason.error.found, reason.item) == (1, 2, Page.get_one("Rome"))
        assert yours.version == 1
        assert Page.get_one("Oslo", default=None) is None

    def test_instance_whose_item_a_transaction_updated_is_out_of_date(self, mine: Page) -> None:
        with Connection.transaction() as tx:
            tx.update(mine, Page.text.set("a city"))
        with pytest.raises(VersionConflict):
            mine.save()
        assert stored() == ("a city", 2)

    def test_reason_says_what_the_verb_would_raise(self) -> None:
        Note(title="Rome").save()
        with pytest.raises(TransactionCanceled) as caught, Connection.transaction(return_items=True) as tx:
            tx.create(Note(title="Rome"))
            tx.update(Note, "Oslo", Note.text.set("x"))
            tx.check(Note, "Bern")
        assert [type(reason.error) for reason in caught.value.reasons] == [
            ConditionalCheckFailedException,
            ItemNotFound,
            ItemNotFound,
        ]
        with pytest.raises(TransactionCanceled) as caught, Connection.transaction() as tx:
            tx.create(Note(title="Rome"))
        assert caught.value.reasons[0].error is None


class TestChangesAlone:
    def make(self) -> Note:
        return Note(title="Rome", text="a town", tags=["old"], place={"city": "Rome"}).save()

    def sent(self, note: Note) -> list[tuple[Any, ...]]:
        with Connection.record() as calls:
            note.save(only_changed=True)
        return [call.operation.updates for call in calls if isinstance(call.operation, UpdateItem)]

    def test_only_changes_are_sent_and_those_of_others_stay(self) -> None:
        note = self.make()
        Note.update_one("Rome", Note.visits.set(9))
        note.text = "a city"
        note.tags.append("large")
        del note.place
        assert self.sent(note) == [(Note.text.set("a city"), Note.tags.set(["old", "large"]), Note.place.remove())]
        assert note.visits == 0
        assert Note.get_one("Rome") == Note(title="Rome", text="a city", tags=["old", "large"], visits=9)

    def test_nothing_is_sent_without_changes(self) -> None:
        note = self.make()
        assert self.sent(note) == []
        note.text = "a city"
        note.save()
        assert self.sent(note) == []
        assert self.sent(Note.get_one("Rome")) == []
        note.update(Note.visits.set(2))
        assert self.sent(note) == []

    def test_instance_that_was_neither_read_nor_saved_is_saved_whole(self) -> None:
        assert Note(title="Rome", text="a town").save(only_changed=True) == Note.get_one("Rome")

    def test_item_must_exist_and_satisfy_the_condition(self) -> None:
        note = self.make()
        note.text = "a city"
        with pytest.raises(ConditionalCheckFailedException):
            note.save(Note.visits > 3, only_changed=True)
        Note.delete_one("Rome")
        with pytest.raises(ItemNotFound):
            note.save(only_changed=True)
        with pytest.raises(ExpressionError, match="leave out one of them"):
            note.save(overwrite=False, only_changed=True)

    def test_versions_are_checked_and_counted(self, mine: Page, yours: Page) -> None:
        yours.visits = 1
        with pytest.raises(VersionConflict):
            yours.save(only_changed=True)
        mine.visits = 2
        assert mine.save(only_changed=True).version == 3
        assert mine.save(only_changed=True).version == 3
        mine.visits = None
        assert mine.save(only_changed=True).version == 4
        assert Page.get_one("Rome") == mine

    def test_transaction_saves_changes_alone(self) -> None:
        note = self.make()
        Note.update_one("Rome", Note.visits.set(9))
        note.text = "a city"
        with Connection.transaction() as tx:
            tx.save(note, only_changed=True)
        assert Note.get_one("Rome").visits == 9
        assert self.sent(note) == []
        with Connection.transaction() as tx:
            tx.save(note, only_changed=True)

    def test_what_cannot_be_stored_is_refused(self) -> None:
        note = self.make()
        note.visits = None  # type: ignore[assignment]
        with pytest.raises(ValidationError, match=r"Note.visits is required"):
            note.save(only_changed=True)
        note = Note.get_one("Rome")
        note.title = "Oslo"
        with pytest.raises(ExpressionError, match=r"Note.title is part of the key and has changed: save\(\)"):
            note.save(only_changed=True)

    def test_part_of_an_item_saves_what_was_changed_of_it(self) -> None:
        self.make()
        part = Note.find(Note.title == "Rome", projection=[Note.text, Note.place.city]).one()
        assert self.sent(part) == []
        part.text = "a city"
        assert self.sent(part) == [(Note.text.set("a city"),)]
        assert part.place is not None
        part.place["city"] = "Roma"
        with pytest.raises(AttributeNotLoaded, match=r"Note.place was only partly read"):
            part.save(only_changed=True)


class TestDeclaration:
    def test_model_has_at_most_one(self) -> None:
        with pytest.raises(SchemaError, match=r"Two.second is a second VersionField beside first"):

            class Two(Model):
                __table__ = "twos"
                __hash_key__ = "id"
                id = StringField()
                first = VersionField()
                second = VersionField()

    def test_it_cannot_be_a_key(self) -> None:
        with pytest.raises(SchemaError, match=r"Bad.id is a VersionField, which changes with every write"):

            class Bad(Model):
                __table__ = "bads"
                __hash_key__ = "id"
                id = VersionField()

    @pytest.mark.parametrize("make", [lambda: DictField(version=VersionField()), lambda: ListField(VersionField)])
    def test_it_belongs_to_a_whole_item(self, make: Any) -> None:
        with pytest.raises(SchemaError, match="belongs to a whole item"):
            type("Bad", (Model,), {"__abstract__": True, "__module__": __name__, "inside": make()})
