"""`migrate` stores every item as its fields store it: after a change of format, or with defaults that were read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from stored_forms import page_of

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    DateTimeField,
    DictField,
    ExpressionError,
    IntField,
    ListField,
    StringField,
    UnreadableItem,
    UUIDField,
    ValidationError,
    VersionField,
)
from dynamongo.connection.connection import connection_of
from dynamongo.operations import Put

pytestmark = pytest.mark.usefixtures("colour", "on_each_backend")


def page_with(*items: dict[str, Any], **fields: Any) -> Any:
    page = page_of(
        at=DateTimeField(),
        status=StringField(required=True, default_on_read="active"),
        token=UUIDField(),
        data=DictField(level=IntField(required=True, default_on_read=1), at=DateTimeField()),
        words=ListField(StringField),
        **fields,
    )
    for number, item in enumerate(items):
        connection_of(page).execute(Put(page.table_name(), {"id": str(number), **item}))
    return page


OLD: dict[str, Any] = {
    "at": "2024-05-01T10:00Z",
    "token": "A" * 32,
    "data": {"at": "2024-05-01T10:00Z", "other": 1},
    "name": None,
}
OWN = "2024-05-01T10:00:00.000000+00:00"
NEW: dict[str, Any] = {
    "at": OWN,
    "status": "active",
    "token": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
    "data": {"level": 1, "at": OWN, "other": 1},
    "words": [],
}


def items_of(page: Any) -> list[dict[str, Any]]:
    return sorted(page.find(as_items=True, scans="allow").all(), key=lambda item: str(item["id"]))


def test_items_are_stored_in_the_forms_of_their_fields_with_defaults() -> None:
    page = page_with(OLD, NEW, {"undeclared": "x"}, {"status": "done", "words": ["a"]})
    (result,) = [each.result for each in page.find(scans="allow").migrate()]
    assert sorted(item.id for item in result.success) == ["0", "2"]
    assert bool(result)
    assert items_of(page) == [
        {"id": "0", **NEW},
        {"id": "1", **NEW},
        {"id": "2", "undeclared": "x", "status": "active", "words": []},
        {"id": "3", "status": "done", "words": ["a"]},
    ]
    with Connection.record() as calls:
        assert [each.result.success for each in page.find(scans="allow").migrate()] == [[]]
    assert len(calls) == 1  # the scan: nothing is left to do


def test_a_callback_changes_instances() -> None:
    page = page_with(NEW, {**NEW, "status": "gone"}, n=IntField())

    def change(item: Any) -> None:
        if item.status == "active":
            item.n, item.data["level"] = 5, 2

    (result,) = [each.result for each in page.find(scans="allow").migrate(change, max_workers=1)]
    assert [(item.id, item.n) for item in result.success] == [("0", 5)]
    assert items_of(page)[0] == {"id": "0", **NEW, "n": 5, "data": {**NEW["data"], "level": 2}}


def test_a_callback_must_return_at_once() -> None:
    async def change(_: Any) -> None:
        """Never called."""

    page = page_with(OLD)
    with pytest.raises(
        ExpressionError, match=r"^Page: the callback of migrate must return at once, .*: do that before"
    ):
        list(page.find(scans="allow").migrate(change))
    assert items_of(page) == [{"id": "0", **OLD}]


def test_it_is_resumed_at_a_cursor() -> None:
    page = page_with(*[OLD] * 7)
    done: list[str] = []
    cursor, first = None, True
    while first or cursor is not None:
        first = False
        for each in page.find(scans="allow", page_size=2, cursor=cursor).migrate():
            done += [item.id for item in each.result.success]
            cursor = each.cursor
            break
    assert sorted(done) == list("0123456")
    budget = list(page.find(scans="allow", page_size=2, max_pages=2).migrate())
    assert [each.scanned_count for each in budget] == [2, 2]
    assert budget[-1].cursor is not None


def test_an_item_that_was_changed_in_between_is_left_alone() -> None:
    page = page_with(OLD, OLD, version=VersionField())

    def change(item: Any) -> None:
        if item.id == "0":
            connection_of(page).execute(Put(page.table_name(), {"id": "0", **OLD, "status": "theirs"}))

    (result,) = [each.result for each in page.find(scans="allow").migrate(change)]
    assert [item.id for item in result.success] == ["1"]
    (failure,) = result.failures
    assert isinstance(failure.error, ConditionalCheckFailedException)
    assert items_of(page)[0]["status"] == "theirs"
    assert items_of(page)[0]["at"] == OLD["at"]
    assert [item.get("version") for item in items_of(page)] == [None, 1]


def test_items_that_cannot_be_read_or_stored() -> None:
    page = page_with({"at": "soon"}, OLD, {**OLD, "data": {"at": 5}})
    with pytest.raises(UnreadableItem):
        list(page.find(scans="allow").migrate())
    (result,) = [each.result for each in page.find(scans="allow", on_invalid="keep").migrate()]
    assert sorted(str(failure.error.key["id"]) for failure in result.failures) == ["0", "2"]
    assert [item.id for item in result.success] == ["1"]
    (result,) = [each.result for each in page.find(scans="allow", on_invalid="skip").migrate()]
    assert (result.success, result.failures) == ([], [])

    def change(item: Any) -> None:
        item.status = None

    (result,) = [each.result for each in page.find(scans="allow", on_invalid="skip").migrate(change)]
    assert [type(failure.error) for failure in result.failures] == [ValidationError]


def test_only_whole_items_and_their_own_keys() -> None:
    page = page_with(OLD)
    with pytest.raises(ExpressionError, match="a migration reads whole items"):
        list(page.find(scans="allow", projection=[page.at]).migrate())
    with pytest.raises(ExpressionError, match="is part of the key and has changed"):
        list(page.find(scans="allow").migrate(lambda item: setattr(item, "id", "x")))
    assert page.find(page.at == dt.datetime(2024, 5, 1, 10, tzinfo=dt.timezone.utc), scans="allow").count() == 0
