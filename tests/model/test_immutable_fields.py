"""Fields whose stored values cannot change, in every verb, on both backends, in both colours."""

# A batch or transaction raises where its block ends.
# ruff: noqa: PT012

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import (
    BulkWriteError,
    ConditionalCheckFailedException,
    Connection,
    DateTimeField,
    DictField,
    ExpressionError,
    ImmutableConflict,
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
from dynamongo.planning.write_builders import make_put

_prefixes = (f"immutable-{number}-" for number in itertools.count())


class File(Model):
    __table__ = "files"
    __hash_key__ = "name"
    name = StringField(required=True, immutable=True)
    owner = StringField(immutable=True, stored_as="o")
    tags = ListField(StringField, immutable=True)
    place = DictField(city=StringField(), immutable=True)
    size = StringField()


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest, colour: str) -> Iterator[Backend]:
    del colour
    made: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(made, table_prefix=f"{next(_prefixes)}{os.getpid()}-"):
        File.create_table()
        yield made
        File.delete_table()


@pytest.fixture
def file() -> File:
    return File(name="a", owner="jane", tags=["x"], place={"city": "Oslo"}).save()


def stored() -> File:
    return File.get_one("a")


class TestInstances:
    def test_stored_value_cannot_be_replaced(self, file: File) -> None:
        for instance in (file, stored(), File.get_one("a", projection=[File.name, File.owner])):
            instance.owner = "jane"
            for value in ("john", None):
                with pytest.raises(
                    ValidationError, match=r"File.owner is immutable: it is stored as 'jane', and cannot"
                ):
                    instance.owner = value
            with pytest.raises(ValidationError, match=r"File.name is immutable"):
                instance.name = "b"
        part = File.get_one("a", projection=[File.name])
        with pytest.raises(ValidationError, match=r"File.owner is immutable: it was not read"):
            part.owner = "jane"

    def test_value_can_be_set_until_it_is_stored(self) -> None:
        file = File(name="b")
        file.owner = "jane"
        file.save()
        later = File(name="a").save()
        later.owner = "jane"
        later.owner = "john"
        assert later.save(only_changed=True).owner == stored().owner == "john"
        with pytest.raises(ValidationError):
            later.owner = "jane"

    @pytest.mark.parametrize("only_changed", [False, True])
    def test_change_in_place_is_refused_by_the_save(self, file: File, *, only_changed: bool) -> None:
        file.tags.append("y")
        with pytest.raises((ImmutableConflict, ValidationError), match=r"File.tags is immutable.*'y'"):
            file.save(only_changed=only_changed)
        file.tags.remove("y")
        assert file.place is not None
        file.place["city"] = "Rome"
        with pytest.raises((ImmutableConflict, ValidationError), match=r"File.place is immutable.*Rome"):
            file.save(only_changed=only_changed)
        assert (stored().tags, stored().place) == (["x"], {"city": "Oslo"})

    def test_unread_item_keeps_its_value(self, file: File) -> None:
        with pytest.raises(ImmutableConflict) as caught:
            File(name="a", owner="john", tags=["x"], place={"city": "Oslo"}).save()
        error = caught.value
        assert str(error) == (
            "File.owner is immutable, and is 'jane' in the item with name = 'a', which the write would replace by one"
            " with 'john': keep the value, or delete the item first"
        )
        assert (error.field, error.given, error.found, error.item) == ("owner", "john", "jane", file)
        with pytest.raises(ImmutableConflict) as caught:
            File(name="a").save()
        assert (caught.value.field, caught.value.given, caught.value.found) == ("owner", None, "jane")
        File(name="a", owner="jane", tags=["x"], place={"city": "Oslo"}, size="5").save()
        assert stored().size == "5"

    def test_other_conditions_are_told_apart(self, file: File) -> None:
        for overwrite in (False, File.size == "5"):
            with pytest.raises(ConditionalCheckFailedException) as caught:
                File.save_one(file, overwrite=overwrite)
            assert not isinstance(caught.value, ImmutableConflict)
        with pytest.raises(ImmutableConflict):
            File.save_one({"name": "a"}, overwrite=File.size.not_exists())

    def test_two_who_set_it_first(self) -> None:
        mine, yours = File(name="a").save(), File.get_one("a")
        mine.owner, yours.owner = "jane", "john"
        mine.save(only_changed=True)
        with pytest.raises(ImmutableConflict):
            yours.save(only_changed=True)
        with pytest.raises(ImmutableConflict):
            yours.save()

    def test_deleted_item_may_be_created_with_another_value(self, file: File) -> None:
        file.delete()
        assert File(name="a", owner="john").create().owner == "john"
        with pytest.raises(ImmutableConflict):
            file.save()


def save_in_batch(items: list[dict[str, Any]]) -> list[Exception]:
    with pytest.raises(BulkWriteError) as caught, File.batch() as batch:
        for item in items:
            batch.save(item)
    return [failure.error for failure in caught.value.result.failures]


WAYS_TO_SAVE: dict[str, Callable[[list[dict[str, Any]]], list[Any]]] = {
    "save_many": lambda items: [failure.error for failure in File.save_many(items).failures],
    "save_iter": lambda items: [each.error for each in File.save_many.stream(items) if each.error],
    "batch": save_in_batch,
}


@pytest.mark.parametrize("way", WAYS_TO_SAVE)
@pytest.mark.usefixtures("file")
def test_bulk_saves_check_each_item(way: str) -> None:
    errors = WAYS_TO_SAVE[way]([{"name": "a", "owner": "john"}, {"name": "b", "owner": "john"}])
    assert [type(error) for error in errors] == [ImmutableConflict]
    assert (stored().owner, File.get_one("b").owner) == ("jane", "john")
    assert File.save_many.explain([{"name": "a"}, {"name": "b"}]).requests.at_least == 2


@pytest.mark.usefixtures("file")
def test_transaction_tells_the_reason() -> None:
    with pytest.raises(TransactionCanceled) as caught, Connection.transaction() as transaction:
        transaction.save(File(name="b"))
        transaction.save(File(name="a", owner="john"))
    error = caught.value.reasons[1].error
    assert isinstance(error, ImmutableConflict)
    assert (error.found, error.given) == ("jane", "john")


@pytest.mark.usefixtures("file")
def test_updates_may_set_only_what_is_missing() -> None:
    refused = [File.owner.set("x"), File.owner.remove(), File.tags.append("y"), File.place.city.set_if_not_exists("x")]
    for update in refused:
        for verb in (File.update_one, File.upsert_one, File.update_many):
            with pytest.raises(
                ExpressionError, match=r"is immutable, so an update may not change it; .*_if_not_exists"
            ):
                verb("a", update)
        with Connection.transaction() as transaction, pytest.raises(ExpressionError):
            transaction.update(File, "a", update)
    with pytest.raises(ExpressionError):
        File.update_from_dict("a", {"owner": "jane"})
    assert File.update_one("a", File.owner.set_if_not_exists("john")).owner == "jane"
    assert File.upsert_one("b", File.owner.set_if_not_exists("john")).owner == "john"


@pytest.mark.usefixtures("file")
def test_migration_may_change_the_form_and_not_the_value() -> None:
    class Old(Model):
        __table__ = "files"
        __hash_key__ = "name"
        name = StringField(required=True)
        at = DateTimeField(format="iso-z")

    class New(Old):
        at = DateTimeField(format="iso-z", timespec="seconds", immutable=True)

    Old(name="a", at="2024-05-01T10:00:00Z").save()
    with pytest.raises(ImmutableConflict):  # an unread item, whose form nobody knows
        New(name="a", at="2024-05-01T10:00:00Z").save()
    New.get_one("a").save()
    assert Old.get_one("a").to_item()["at"] == "2024-05-01T10:00:00.000Z"

    def change(file: New) -> None:
        vars(file)["at"] = New.at.validate("2025-05-01T10:00:00Z")

    (page,) = New.find(scans="allow").migrate(change)
    assert [type(failure.error) for failure in page.result.failures] == [ValidationError]
    (page,) = New.find(scans="allow").migrate()
    assert len(page.result.success) == 1
    assert New.get_one("a").to_item()["at"] == "2024-05-01T10:00:00Z"


def test_save_may_be_sent_again_after_a_lost_response(backend: Backend) -> None:
    put = make_put(File.__mapper__, File.table_name(), File(name="a", owner="jane"), overwrite=True)
    assert put.is_idempotent
    backend.execute(put)
    backend.execute(put)
    checked = make_put(File.__mapper__, File.table_name(), File(name="a"), overwrite=File.size == "5")
    assert not checked.is_idempotent


def test_version_is_checked_as_well() -> None:
    class Page(Model):
        __table__ = "files"
        __hash_key__ = "name"
        name = StringField(required=True)
        owner = StringField(immutable=True)
        version = VersionField()

    mine, yours = Page(name="a", owner="jane").save(), Page.get_one("a")
    mine.save()
    with pytest.raises(VersionConflict):
        yours.save()
    with pytest.raises(VersionConflict):
        Page(name="a", owner="john").save()


def test_field_of_a_map_cannot_be_immutable() -> None:
    with pytest.raises(SchemaError, match=r"immutable=True is for the fields of a model, because it is about writes"):
        DictField(city=StringField(immutable=True))
