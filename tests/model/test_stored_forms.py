"""A save of the whole item changes nothing that was not changed: values keep the forms in which they are stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from stored_forms import FORMS, page_of, store, stored

from dynamongo import (
    Connection,
    DateTimeField,
    DictField,
    EmailField,
    Field,
    FloatField,
    IntField,
    ListField,
    SetField,
    StringField,
    UUIDField,
    ValidationError,
    VersionField,
)

pytestmark = pytest.mark.usefixtures("colour", "on_each_backend")

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.timezone.utc)


def read_in_all_ways(page: Any) -> Iterator[Any]:
    """The item as an instance: read by key, by a scan (often enough for it to be compiled), and reloaded."""
    yield page.get_one("1")
    for _ in range(20):
        last = page.get_many(scans="allow")[0]
    yield last
    yield last.reload()
    yield page.update_one("1", page.name.remove())


def save_in_all_ways(page: Any) -> Iterator[Callable[[Any], object]]:
    yield lambda item: item.save()
    yield lambda item: page.save_many([item]).raise_if_failed()
    yield lambda item: item.save(overwrite=page.id.exists())

    def save_in_transaction(item: Any) -> None:
        with Connection.transaction() as tx:
            tx.save(item)

    def save_in_batch(item: Any) -> None:
        with page.batch() as batch:
            batch.save(item)

    yield save_in_transaction
    yield save_in_batch


@pytest.mark.parametrize(("make", "given", "theirs"), FORMS.values(), ids=FORMS)
def test_unchanged_value_keeps_its_stored_form(make: Callable[[], Any], given: Any, theirs: Any) -> None:
    page = page_of(field=make())
    expected = {"id": "1", "undeclared": None} | ({} if given is ... else {"field": given})
    store(page, field=given, undeclared=None)
    for item in read_in_all_ways(page):
        item.save()
        assert stored(page) == expected
        item.name = "new"
        item.save()
        assert stored(page) == {**expected, "name": "new"}
        del item.name
        item.save()
        assert stored(page) == expected
    for save in save_in_all_ways(page):
        save(page.get_one("1"))
        assert stored(page) == expected
    store(page, field=theirs)
    page.get_one("1").save()
    assert stored(page) == {"id": "1"} | ({"field": theirs})


def test_change_of_one_part_keeps_the_forms_of_the_others() -> None:
    entry = DictField(at=DateTimeField(), note=StringField(), tags=ListField(StringField))
    page = page_of(
        data=DictField(at=DateTimeField(), until=DateTimeField(), entry=entry),
        entries=ListField(entry),
        owners=SetField(EmailField),
    )
    store(
        page,
        data={"at": "2024-05-01T10:00Z", "until": "2024-05-01T11:00Z", "entry": {"note": None, "theirs": 1}},
        entries=[{"at": "2024-05-01T10:00Z", "theirs": 1}, {"at": "2024-05-01T11:00Z", "note": None}],
        owners=frozenset({"a@EXAMPLE.com", "b@example.com"}),
    )
    item = page.get_one("1")
    item.data["until"] = NOON
    item.data["entry"]["tags"] = ["x"]
    item.entries[1]["at"] = NOON
    item.entries.append({"at": NOON})
    item.owners = {*item.owners, "c@example.com"}
    item.save()
    own = "2024-05-01T12:00:00.000000+00:00"
    assert stored(page) == {
        "id": "1",
        "data": {"at": "2024-05-01T10:00Z", "until": own, "entry": {"note": None, "theirs": 1, "tags": ["x"]}},
        "entries": [
            {"at": "2024-05-01T10:00Z", "theirs": 1},
            {"at": own, "note": None},
            {"at": own, "tags": []},
        ],
        "owners": frozenset({"a@EXAMPLE.com", "b@example.com", "c@example.com"}),
    }
    del item.entries[0]  # the others move up, and take their own forms there
    item.save()
    assert [each["at"] for each in stored(page)["entries"]] == [own, own]


def test_nulls_stay_until_they_are_changed() -> None:
    page = page_of(text=StringField(), words=ListField(StringField), tags=SetField(StringField), n=IntField())
    store(page, text=None, words=None, tags=None, n=None)
    item = page.get_one("1")
    item.text = None  # as it was
    item.words = []
    item.n = 5
    item.save()
    assert stored(page) == {"id": "1", "text": None, "words": None, "tags": None, "n": 5}
    item.n, item.text = None, "x"
    item.words.append("y")
    item.save()
    assert stored(page) == {"id": "1", "text": "x", "words": ["y"], "tags": None}
    item.text = item.tags = None
    item.words.clear()
    item.save()
    assert stored(page) == {"id": "1", "words": [], "tags": None}


def test_a_required_value_that_is_null_is_refused_until_there_is_one() -> None:
    page = page_of(text=StringField(required=True))
    store(page, text=None)
    item = page.get_one("1")
    with pytest.raises(ValidationError, match="text is required"):
        item.save()
    item.text = "x"
    item.save()
    assert stored(page) == {"id": "1", "text": "x"}


def test_new_instances_are_saved_in_the_forms_of_their_fields() -> None:
    page = page_of(at=DateTimeField(), words=ListField(StringField), version=VersionField())
    item = page(id="1", at=NOON).save()
    own = {"id": "1", "at": "2024-05-01T12:00:00.000000+00:00", "words": []}
    assert stored(page) == {**own, "version": 1}
    item.save()
    assert stored(page) == {**own, "version": 2}


def test_a_value_that_becomes_what_it_was_keeps_its_form() -> None:
    page = page_of(at=DateTimeField(), share=FloatField(), id2=UUIDField())
    given = {"at": "2024-05-01T12:00:00Z", "share": Decimal("0.1000000000000000000000001"), "id2": "A" * 32}
    store(page, **given)
    item = page.get_one("1")
    at, share, id2 = item.at, item.share, item.id2
    item.at, item.share, item.id2 = None, 0.5, None
    item.at, item.share, item.id2 = at, share, id2
    for _ in range(2):  # the second time, the instance itself has stored the item
        item.save()
        assert stored(page) == {"id": "1", **given}
    item.at, item.share, item.id2 = None, 0.5, None
    item.save()
    assert stored(page) == {"id": "1", "share": Decimal("0.5")}


class Spelled(Field[Any]):
    """A custom field that reads two forms."""

    stored_type = "S"

    def encode(self, value: Any) -> Any:
        return f"n={value}"

    def decode(self, stored: Any) -> Any:
        return int(stored.removeprefix("n="))


def test_custom_field_that_reads_two_forms() -> None:
    page = page_of(n=Spelled(), each=ListField(Spelled))
    store(page, n="7", each=["1", "n=2", "3"])
    item = page.get_one("1")
    item.each[2] = 4
    item.save()
    assert stored(page) == {"id": "1", "n": "7", "each": ["1", "n=2", "n=4"]}
