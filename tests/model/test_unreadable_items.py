"""One stored item that does not suit its model: what the error tells, and what a read or bulk write does about it."""

from __future__ import annotations

import itertools
import pickle
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from dynamongo import (
    DateTimeField,
    DictField,
    ExpressionError,
    Field,
    IntField,
    ListField,
    Model,
    Problem,
    SetField,
    StringField,
    UnreadableItem,
    ValidationError,
    WrittenButUnreadable,
)
from dynamongo.backends.base import Backend
from dynamongo.connection.connection import connection_of
from dynamongo.operations import Put

pytestmark = pytest.mark.usefixtures("colour")


class Row(Model):
    __table__ = f"rows-{uuid.uuid4().hex}"
    __hash_key__ = "group"
    __range_key__ = "number"
    group = StringField(required=True)
    number = IntField(required=True, stored_as="no")
    n = IntField(min_value=0)
    at = DateTimeField(stored_as="at time")
    words = ListField(StringField)
    tags = SetField(StringField)
    address = DictField(city=StringField(required=True, stored_as="c"), zip=IntField(), rooms=ListField(IntField))


class Upper(Field[Any]):
    """Keeps the table from being read straight from JSON: code of users is called when a request is over."""

    stored_type = "S"

    def decode(self, stored: Any) -> Any:
        return stored.upper()


class Custom(Row):
    name = Upper()


MODELS: list[Any] = [Row, pytest.param(Custom, marks=pytest.mark.slow)]


def put(number: int, **attributes: Any) -> None:
    """Write an item as another program does."""
    item = {"group": "a", "no": number, **attributes}
    connection_of(Row).execute(Put(Row.table_name(), item))


@pytest.fixture(autouse=True)
def _rows(on_each_backend: Backend) -> Iterator[None]:
    """Ten items, three of which cannot be read: 0, 4 and 5."""
    Row.create_table()
    for number in range(10):
        put(number, n="text" if number in (0, 4, 5) else number)
    yield
    Row.delete_table()


GOOD = [1, 2, 3, 6, 7, 8, 9]
BAD = [0, 4, 5]


def numbers_of(items: Any) -> list[int]:
    return [item.key["number"] if isinstance(item, UnreadableItem) else item.number for item in items]


class TestError:
    def test_it_tells_all_problems_of_the_item(self) -> None:
        address = {"zip": "x", "rooms": [1, "two", None]}
        item = {"n": -5, "at time": "soon", "words": ["a", None], "tags": ["a"], "address": address, "other": {1}}
        put(0, **{**item, "other": frozenset({1})})
        with pytest.raises(UnreadableItem) as caught:
            Row.get_one(("a", 0))
        error = caught.value
        assert isinstance(error, ValidationError)
        assert [(each.field, each.path, each.stored) for each in error.problems] == [
            ("n", "n", -5),
            ("at", "at", "soon"),
            ("words", "words[1]", None),
            ("tags", "tags", ["a"]),
            ("address", "address.city", None),
            ("address", "address.zip", "x"),
            ("address", "address.rooms[1]", "two"),
            ("address", "address.rooms[2]", None),
        ]
        assert (error.field, error.path, error.stored) == ("n", "n", -5)
        assert error.key == {"group": "a", "number": 0}
        assert error.item == {"group": "a", "no": 0, **item}
        assert str(error).startswith("Row.n must be an int >= 0; got a value of type int; Row.at cannot be read")
        assert str(error).endswith("and 3 more; stored in the item with group = 'a' AND number = 0")
        assert "soon" not in str(error)
        copied = pickle.loads(pickle.dumps(error))
        assert (str(copied), vars(copied)) == (str(error), vars(error))

    def test_its_key_is_a_strategy_to_mend_the_item_with(self) -> None:
        with pytest.raises(UnreadableItem) as caught:
            Row.get_many(Row.group == "a")
        assert Row.update_one(caught.value.key, getattr(Row, str(caught.value.field)).set(7)).n == 7

    def test_writes_tell_that_they_were_done(self) -> None:
        with pytest.raises(WrittenButUnreadable) as caught:
            Row.update_one(("a", 0), Row.words.set(["b"]))
        assert (caught.value.path, caught.value.stored) == ("n", "text")
        assert caught.value.item == {"group": "a", "no": 0, "n": "text", "words": ["b"]}
        with pytest.raises(UnreadableItem, match=r"^the item was deleted, but") as deleted:
            Row.delete_one(("a", 0))
        assert deleted.value.key == {"group": "a", "number": 0}

    def test_values_that_a_partial_read_left_out_do_not_matter(self) -> None:
        assert Row.get_one(("a", 0), projection=[Row.words]).words == []
        with pytest.raises(UnreadableItem) as caught:
            Row.get_many(Row.group == "a", projection=[Row.n])
        assert caught.value.problems == (
            Problem(("n",), "text", "Row.n must be stored as a number; got a value of type str"),
        )
        put(0, words=["a", 5])
        with pytest.raises(UnreadableItem, match=r"words.* must be stored as a string"):
            Row.get_one(("a", 0), projection=[Row.words[1]])


OF_GROUP = Row.group == "a"
READS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "query": ({"strategy": OF_GROUP}, list(range(10))),
    "descending": ({"strategy": OF_GROUP, "descending": True}, list(range(9, -1, -1))),
    "small pages": ({"strategy": OF_GROUP, "page_size": 2}, list(range(10))),
    "keys": ({"strategy": [("a", number) for number in (5, 6, 0, 11, 1)]}, [5, 6, 0, 1]),
    "residual": ({"strategy": OF_GROUP & (Row.number != 3)}, [0, 1, 2, 4, 5, 6, 7, 8, 9]),
    "part": ({"strategy": OF_GROUP, "projection": [Row.number, Row.n]}, list(range(10))),
    "one item": ({"strategy": OF_GROUP & (Row.number == 4)}, [4]),
    "scan": ({"scans": "allow"}, list(range(10))),
    "segments": ({"scans": "allow", "segments": 3}, list(range(10))),
}


@pytest.mark.parametrize(("read", "every"), READS.values(), ids=READS)
@pytest.mark.parametrize("model", MODELS)
class TestReads:
    def test_raise(self, model: Any, read: dict[str, Any], every: list[int]) -> None:
        for options in ({}, {"on_invalid": "raise"}):
            with pytest.raises(UnreadableItem):
                model.find(**read, **options).all()

    def test_skip(self, model: Any, read: dict[str, Any], every: list[int]) -> None:
        good = [number for number in every if number not in BAD]
        found = model.find(**read, on_invalid="skip")
        order = list if "scan" not in str(found.explain()).lower() else sorted
        assert order(numbers_of(found.all())) == good
        assert order(numbers_of(found)) == good
        assert order(numbers_of([item for page in found.pages() for item in page.items])) == good
        assert sum(page.count for page in found.pages()) == len(good)
        page = found.page()
        assert (order(numbers_of(page.items)), page.count, page.cursor) == (good, len(good), None)
        assert found.count() == len(every)  # nothing is read, so nobody knows

    def test_keep(self, model: Any, read: dict[str, Any], every: list[int]) -> None:
        found = model.find(**read, on_invalid="keep")
        for items in (found.all(), list(found), found.page().items):
            assert sorted(numbers_of(items)) == sorted(every)
            bad = [item for item in items if isinstance(item, UnreadableItem)]
            assert sorted(numbers_of(bad)) == [number for number in BAD if number in every]
            assert {item.stored for item in bad} == {"text"}

    def test_callback(self, model: Any, read: dict[str, Any], every: list[int]) -> None:
        errors: list[UnreadableItem] = []
        found = model.find(**read, on_invalid=errors.append)
        assert sorted(numbers_of(found)) == [number for number in sorted(every) if number not in BAD]
        assert sorted(numbers_of(errors)) == [number for number in BAD if number in every]

    def test_limits_and_cursors(self, model: Any, read: dict[str, Any], every: list[int]) -> None:
        good = sorted(number for number in every if number not in BAD)
        plan = model.find(**read).explain()
        for size in (1, 2, 3):
            if plan.is_parallel:
                assert len(model.find(**read, on_invalid="skip", limit=size).all()) == min(size, len(good))
                continue
            errors: list[UnreadableItem] = []
            collected: list[int] = []
            cursor: str | None = None
            for _ in range(12):
                page = model.find(**read, on_invalid=errors.append, limit=size, cursor=cursor).page()
                collected += numbers_of(page.items)
                cursor = page.cursor
                assert len(page.items) == size or cursor is None
                if cursor is None:
                    break
            assert sorted(collected) == good
            assert sorted(numbers_of(errors)) == [number for number in BAD if number in every]  # each of them once
        first = model.find(**read, on_invalid="skip").first()
        assert (first is None) == (not good)

    def test_cursor_of_an_iteration(self, model: Any, read: dict[str, Any], every: list[int]) -> None:
        if model.find(**read).explain().is_parallel:
            return
        for options, count in (("skip", len([n for n in every if n not in BAD])), ("keep", len(every))):
            for stop in range(count):
                found = model.find(**read, on_invalid=options)
                begun: list[Any] = list(itertools.islice(found, stop))
                rest = model.find(**read, on_invalid=options, cursor=found.cursor)
                assert sorted(numbers_of([*begun, *rest])) == sorted(
                    number for number in every if options == "keep" or number not in BAD
                )


@pytest.mark.parametrize("model", [Row, Custom])
def test_get_many_sorts_what_can_be_read(model: Any) -> None:
    for _ in range(2):
        assert numbers_of(model.get_many(scans="allow", on_invalid="skip")) == GOOD
        assert numbers_of(model.get_many(scans="allow", on_invalid="skip", limit=2)) == [1, 2]
        assert numbers_of(model.get_many(scans="allow", on_invalid="keep", limit=2)) == [0, 1]
        assert numbers_of(model.get_many(scans="allow", on_invalid="skip", limit=2, descending=True)) == [9, 8]
        assert model.find(model.group == "a", on_invalid="skip", as_dicts=True, projection=[model.n]).all() == [
            {"n": number} for number in GOOD
        ]
        kept = model.find(model.group == "a", on_invalid="keep", as_dicts=True, limit=2).all()
        assert isinstance(kept[0], UnreadableItem)
        assert isinstance(kept[1], dict)


def test_items_as_they_are_stored() -> None:
    put(1, words=["a", None], tags=frozenset({"a"}), share=Decimal("0.5"), blob=b"x", m={"a": [True]})
    expected = {"group": "a", "no": 1, "words": ["a", None], "tags": {"a"}, "share": Decimal("0.5"), "blob": b"x"}
    assert Row.get_raw(("a", 1)) == {**expected, "m": {"a": [True]}}
    assert Row.get_raw({"group": "a", "number": 0}, consistent=True) == {"group": "a", "no": 0, "n": "text"}
    assert Row.get_raw(("a", 0), projection=[Row.n]) == {"n": "text", "group": "a", "no": 0}
    assert Row.get_raw(("a", 77), None) is None
    assert Row.find(Row.group == "a", as_items=True, limit=2).all() == [
        {"group": "a", "no": 0, "n": "text"},
        {**expected, "m": {"a": [True]}},
    ]
    assert Row.find(Row.group == "a", as_items=True, on_invalid="skip").page().count == 10
    with pytest.raises(ExpressionError, match="exclude each other"):
        Row.find(as_items=True, as_dicts=True)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


class TestBulkWrites:
    def test_nothing_is_written_by_default(self) -> None:
        with pytest.raises(UnreadableItem):
            Row.update_many(Row.group == "a", Row.words.set(["x"]))
        with pytest.raises(UnreadableItem):
            Row.find(Row.group == "a").delete()
        assert Row.find(Row.words.exists(), scans="allow").count() == 0
        assert Row.find(scans="allow").count() == 10

    def test_skip_leaves_them_as_they_are(self) -> None:
        errors: list[UnreadableItem] = []
        result = Row.update_many(Row.group == "a", Row.words.set(["x"]), on_invalid=errors.append)
        assert numbers_of(result.success) == GOOD
        assert numbers_of(errors) == BAD
        assert bool(result)
        result = Row.find((Row.group == "a"), on_invalid="skip", limit=4).delete()
        assert numbers_of(result.success) == GOOD[:4]
        result = Row.delete_many(Row.group == "a", on_invalid="skip")
        assert numbers_of(result.success) == GOOD[4:]
        assert [item["no"] for item in Row.find(as_items=True, scans="allow").all()] == BAD

    def test_keep_writes_them_too(self) -> None:
        result = Row.find((Row.group == "a") & (Row.number <= 4), on_invalid="keep").update(Row.words.set(["x"]))
        assert numbers_of(result.success) == [1, 2, 3]
        assert numbers_of([failure.item for failure in result.unreadable]) == [0, 4]
        result = Row.find(Row.group == "a", on_invalid="keep", limit=6).update(Row.n.set(1))
        assert [item.n for item in result.success] == [1] * 6
        put(0, n="text")
        result = Row.find(Row.group == "a", on_invalid="keep").delete()
        assert numbers_of(result.success) == list(range(10))
        assert isinstance(result.success[0], UnreadableItem)
        assert Row.find(scans="allow").count() == 0


def test_callback_must_return_at_once() -> None:
    async def collect(_: UnreadableItem) -> None:
        """Never called."""

    with pytest.raises(ExpressionError, match=r"the callback on_invalid must return at once, .*: do that before"):
        Row.find(on_invalid=collect)


def test_wrong_arguments_are_refused() -> None:
    for wrong in ("ignore", None, True, 5):
        with pytest.raises(ExpressionError, match="on_invalid must be 'raise', 'skip', 'keep' or a callback"):
            Row.find(on_invalid=wrong)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
        with pytest.raises(ExpressionError, match="on_invalid must be"):
            Row.delete_many(["a"], on_invalid=wrong)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_an_error_of_a_callback_ends_the_read() -> None:
    def refuse(error: UnreadableItem) -> None:
        raise LookupError(error.path)

    with pytest.raises(LookupError, match="n"):
        Row.get_many(Row.group == "a", on_invalid=refuse)
