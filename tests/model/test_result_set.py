"""Lazy reads: what is read when, pages and cursors, budgets, counts, projections and segments, on both backends."""

from __future__ import annotations

import base64
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from colours import blocking_only

from dynamongo import (
    AttributeNotLoaded,
    BudgetExceeded,
    ConfigurationError,
    Connection,
    CursorError,
    DictField,
    ExpressionError,
    GlobalIndex,
    IntField,
    ItemNotFound,
    ListField,
    Model,
    MultipleItemsFound,
    NPlusOneWarning,
    Page,
    ResultSet,
    ScanForbidden,
    ScanWarning,
    StringField,
    TableNotFound,
    budget,
)
from dynamongo.backends import Backend, Limits
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Capacity, Query, Scan

pytestmark = pytest.mark.usefixtures("colour")


KEY = b"0123456789abcdef"
_prefixes = (f"finding-{number}-" for number in itertools.count())


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "day"
    city = StringField()
    day = IntField()
    guest = StringField(required=True)
    stars = IntField()
    tags = ListField(StringField)
    address = DictField(street=StringField(), zip=StringField(), geo=DictField(lat=IntField(), lon=IntField()))
    by_guest = GlobalIndex(hash_key=guest, range_key=day)
    by_stars = GlobalIndex(hash_key=stars, projection="keys_only")


def visit(city: str, day: int, **more: Any) -> Visit:
    return Visit(city=city, day=day, **({"guest": "Jane"} | more))


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Each backend with the table, whose items are 20 days in Oslo and 5 in Rome."""
    if request.param == "memory":
        made: Backend = MemoryBackend()
    else:
        made = request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    Visit.create_table()
    address = {"street": "Main", "zip": "0001", "geo": {"lat": 1, "lon": 2}}
    Visit.save_many(
        [
            *(visit("Oslo", day, stars=day % 5, tags=["x"] * (day % 3), address=address) for day in range(1, 21)),
            *(visit("Rome", day, guest="John") for day in range(1, 6)),
        ]
    )
    yield made
    Visit.delete_table()
    Connection.set_config()


OSLO = Visit.city == "Oslo"


def days(found: Any) -> list[int]:
    return [each.day for each in found]


@pytest.mark.usefixtures("backend")
class TestResultSet:
    def test_nothing_is_read_before_an_item_is_asked_for(self) -> None:
        with Connection.record() as calls:
            found = Visit.find(OSLO)
            assert calls.requests == 0
            assert days(found) == list(range(1, 21))
            assert calls.requests == 1

    def test_every_iteration_reads_again(self) -> None:
        found = Visit.find(OSLO, limit=2)
        with Connection.record() as calls:
            assert days(found) == days(found) == [1, 2]
        assert calls.requests == 2

    def test_pages_are_read_as_far_as_the_iteration_goes(self) -> None:
        with Connection.record() as calls:
            iterator = iter(Visit.find(OSLO, page_size=3))
            assert days(itertools.islice(iterator, 4)) == [1, 2, 3, 4]
        assert calls.requests == 2

    def test_descending_reverses_a_query(self) -> None:
        assert days(Visit.find(OSLO, descending=True, limit=3)) == [20, 19, 18]

    @pytest.mark.parametrize("limit", [1, 4, 7, 19, 20, 21])
    @pytest.mark.parametrize("page_size", [None, 1, 5])
    def test_limit_counts_what_is_returned_whatever_is_filtered(self, limit: int, page_size: int | None) -> None:
        expected = [day for day in range(1, 21) if day % 5 != 0][:limit]
        found = Visit.find(OSLO & (Visit.stars > 0), limit=limit, page_size=page_size)
        assert days(found) == expected

    def test_limit_without_a_filter_reads_no_more(self) -> None:
        with Connection.record() as calls:
            assert days(Visit.find(OSLO, limit=5, page_size=3)) == [1, 2, 3, 4, 5]
        limits = [call.operation.limit for call in calls if isinstance(call.operation, Query)]
        assert limits == [3, 2]

    def test_first_reads_one_item(self) -> None:
        with Connection.record() as calls:
            first = Visit.find(OSLO).first()
            assert first is not None
            assert first.day == 1
        (call,) = calls
        assert isinstance(call.operation, Query)
        assert call.operation.limit == 1
        assert Visit.find(Visit.city == "Lima").first() is None

    def test_one_is_the_only_item(self) -> None:
        assert Visit.find(OSLO & (Visit.day > 19)).one().day == 20
        with pytest.raises(ItemNotFound, match="Visit: this read finds no item:\nQuery "):
            Visit.find(OSLO & (Visit.day > 20)).one()
        with pytest.raises(MultipleItemsFound, match="Visit: this read finds more than one item:\nQuery "):
            Visit.find(OSLO).one()

    def test_get_many_is_a_sorted_list(self) -> None:
        found = Visit.get_many(Visit.day < 3, descending=True)
        assert [(each.city, each.day) for each in found] == [("Rome", 2), ("Rome", 1), ("Oslo", 2), ("Oslo", 1)]

    def test_batch_keeps_the_order_of_the_keys(self) -> None:
        keys = [("Rome", 2), ("Oslo", 7), ("Rome", 1), ("Lima", 1)]
        assert [(each.city, each.day) for each in Visit.find(keys)] == keys[:3]

    def test_scan_policy_is_applied_when_it_is_read(self) -> None:
        found = Visit.find(Visit.tags.contains("x"), scans="forbid")
        assert found.explain().scan is not None
        with pytest.raises(ScanForbidden):
            found.all()
        with pytest.warns(ScanWarning):
            Visit.find(Visit.tags.contains("x"), scans="warn").all()


@pytest.mark.usefixtures("backend")
class TestCount:
    def test_nothing_is_transferred(self) -> None:
        with Connection.record() as calls:
            assert Visit.find(OSLO & (Visit.stars == 1)).count() == 4
        (call,) = calls
        assert isinstance(call.operation, Query)
        assert call.operation.count_only

    @pytest.mark.parametrize(
        ("strategy", "expected"),
        [
            (None, 25),
            (OSLO, 20),
            (OSLO & (Visit.day != 3), 19),  # a residual
            ([("Oslo", 1), ("Oslo", 99), ("Rome", 1)], 2),
            ((Visit.city == "Oslo") & (Visit.day == 1), 1),
            ((Visit.city == "Oslo") & (Visit.day == 99), 0),
            (Visit.city.in_(["Oslo", "Rome", "Lima"]), 25),
            (Visit.city.in_([]), 0),
            (Visit.guest == "John", 5),
        ],
    )
    def test_it_counts_every_kind_of_plan(self, strategy: Any, expected: int) -> None:
        assert Visit.find(strategy, page_size=4).count() == expected
        assert Visit.find(strategy, limit=2).count() == min(expected, 2)


@pytest.mark.usefixtures("backend")
class TestPages:
    def test_page_has_its_counts_and_its_cost(self) -> None:
        (first, *_, last) = Visit.find(OSLO & (Visit.stars > 0), page_size=6).pages()
        assert (first.count, first.scanned_count, days(first.items)) == (5, 6, [1, 2, 3, 4, 6])
        assert first.consumed_capacity.read_units > 0
        assert first.cursor is not None
        assert last.cursor is None

    def test_empty_page_is_not_the_last(self) -> None:
        pages = list(Visit.find(OSLO & (Visit.stars == 0), page_size=2).pages())
        assert [page.count for page in pages][:3] == [0, 0, 1]

    def test_page_holds_all_up_to_the_limit(self) -> None:
        page = Visit.find(OSLO & (Visit.stars > 0), limit=6, page_size=2).page()
        assert days(page.items) == [1, 2, 3, 4, 6, 7]
        rest = Visit.find(OSLO & (Visit.stars > 0), cursor=page.cursor).page()
        assert days(rest.items) == [8, 9, 11, 12, 13, 14, 16, 17, 18, 19]
        assert rest.cursor is None

    def test_page_of_nothing_is_empty(self) -> None:
        assert Visit.find(Visit.city.in_([])).page() == Page([], None, 0, 0, Capacity())


READS: dict[str, Callable[..., ResultSet[Visit]]] = {
    "query": lambda **options: Visit.find(OSLO, **options),
    "query in reverse": lambda **options: Visit.find(OSLO, descending=True, **options),
    "query with a filter": lambda **options: Visit.find(OSLO & (Visit.stars > 1), **options),
    "query with a residual": lambda **options: Visit.find(OSLO & (Visit.day != 4), **options),
    "queries": lambda **options: Visit.find(Visit.city.in_(["Oslo", "Lima", "Rome"]), **options),
    "index": lambda **options: Visit.find(Visit.guest == "Jane", **options),
    "index in reverse": lambda **options: Visit.find(Visit.guest == "Jane", descending=True, **options),
    "scan": Visit.find,
    "scan of an index": lambda **options: Visit.find(index=Visit.by_stars, **options),
    "batch": lambda **options: Visit.find([("Oslo", 3), ("Rome", 1), ("Rome", 99), ("Oslo", 1)], **options),
    "projected": lambda **options: Visit.find(OSLO, projection=[Visit.tags], **options),
}


@pytest.mark.usefixtures("backend")
class TestCursors:
    @pytest.mark.parametrize("name", READS)
    @pytest.mark.parametrize("limit", [1, 3])
    def test_resuming_gives_each_item_once_in_the_same_order(self, name: str, limit: int) -> None:
        read = READS[name]
        whole = [(each.city, each.day) for each in read()]
        found: list[tuple[Any, Any]] = []
        cursor = None
        for _ in range(40):
            page = read(limit=limit, cursor=cursor).page()
            found += [(each.city, each.day) for each in page.items]
            cursor = page.cursor
            if cursor is None:
                break
        assert found == whole
        assert len(whole) in (3, 5, 12, 19, 20, 25)

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("strategy", [OSLO, Visit.guest == "Jane"])
    def test_item_at_the_cursor_may_be_deleted(self, strategy: Any, descending: bool) -> None:  # noqa: FBT001
        page = Visit.find(strategy, descending=descending, limit=5).page()
        page.items[-1].delete()
        rest = days(Visit.find(strategy, descending=descending, cursor=page.cursor))
        assert days(page.items) + rest == sorted(range(1, 21), reverse=descending)

    def test_cursor_may_have_another_limit_page_size_and_projection(self) -> None:
        cursor = Visit.find(OSLO, limit=5).page().cursor
        assert days(Visit.find(OSLO, cursor=cursor, limit=2, page_size=1)) == [6, 7]
        assert days(Visit.find(OSLO, cursor=cursor, projection=[Visit.day], consistent=True))[0] == 6

    def test_iteration_leaves_the_cursor(self) -> None:
        found = Visit.find(OSLO, limit=5)
        assert found.cursor is None
        assert len(list(found)) == 5
        assert days(Visit.find(OSLO, cursor=found.cursor)) == list(range(6, 21))

    def test_cursor_is_safe_in_a_url(self) -> None:
        cursor = Visit.find(Visit.city == "Oslo", limit=1).page().cursor
        assert cursor is not None
        assert cursor.replace("-", "").replace("_", "").isalnum()

    @pytest.mark.parametrize(
        "other",
        [
            lambda cursor: Visit.find(Visit.city == "Rome", cursor=cursor),
            lambda cursor: Visit.find(OSLO, descending=True, cursor=cursor),
            lambda cursor: Visit.find(OSLO & (Visit.stars > 1), cursor=cursor),
            lambda cursor: Visit.find(OSLO & (Visit.day != 3), cursor=cursor),
            lambda cursor: Visit.find(Visit.guest == "Jane", cursor=cursor),
            lambda cursor: Visit.find(cursor=cursor),
            lambda cursor: Visit.find([("Oslo", 1), ("Oslo", 2)], cursor=cursor),
        ],
    )
    def test_cursor_of_another_read_is_refused(self, other: Callable[[str], ResultSet[Visit]]) -> None:
        cursor = Visit.find(OSLO, limit=5).page().cursor
        assert cursor is not None
        with pytest.raises(CursorError, match="the cursor belongs to another read"):
            other(cursor).all()

    @pytest.mark.parametrize("text", ["", "x", "not a cursor", "é", "e30", base64.b64encode(b"[1]").decode(), 3])
    def test_invalid_cursor_is_refused(self, text: Any) -> None:
        with pytest.raises(CursorError, match="cursor must be one that an earlier read returned"):
            Visit.find(OSLO, cursor=text).all()


class TestSignedCursors:
    @pytest.fixture(autouse=True)
    def connection(self) -> Iterator[None]:
        Connection.set_config(backend=MemoryBackend(), scans="allow", cursor_key=KEY)
        Visit.create_table()
        Visit.save_many([visit("Oslo", day) for day in range(1, 6)])
        yield
        Connection.set_config()

    def test_cursor_of_this_connection_is_accepted(self) -> None:
        cursor = Visit.find(OSLO, limit=2).page().cursor
        assert days(Visit.find(OSLO, cursor=cursor)) == [3, 4, 5]

    def test_changed_cursor_is_refused(self) -> None:
        cursor = Visit.find(OSLO, limit=2).page().cursor
        assert cursor is not None
        content = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        content[-6] ^= 1
        changed = base64.urlsafe_b64encode(content).decode().rstrip("=")
        with pytest.raises(CursorError, match="not signed with this connection's cursor_key"):
            Visit.find(OSLO, cursor=changed).all()

    def test_unsigned_cursor_is_refused_and_so_is_a_signed_one_where_there_is_no_key(self) -> None:
        cursor = Visit.find(OSLO, limit=2).page().cursor
        Connection.set_config(backend=MemoryBackend(), scans="allow")
        Visit.create_table()
        Visit.save_many([visit("Oslo", day) for day in range(1, 6)])
        with pytest.raises(CursorError, match="cursor must be one"):
            Visit.find(OSLO, cursor=cursor).all()

    @pytest.mark.parametrize(
        ("key", "got"),
        [
            ("text" * 8, "a value of type str"),
            (b"short", "5 bytes"),
            (b"", "0 bytes"),
            ([], r"\[\]"),
            ([KEY, b"short"], rf"\[{len(KEY)} bytes, 5 bytes\]"),
        ],
    )
    def test_key_is_16_bytes_at_least(self, key: Any, got: str) -> None:
        with pytest.raises(ConfigurationError, match=rf"cursor_key must be at least 16 bytes.*; got {got}$"):
            Connection(cursor_key=key)

    def test_key_is_not_shown(self) -> None:
        assert "0123" not in repr(Connection(cursor_key=KEY))


@pytest.mark.usefixtures("backend")
class TestReadBudgets:
    def test_read_stops_after_so_many_pages_with_a_cursor(self) -> None:
        found = Visit.find(OSLO, page_size=4, max_pages=2)
        assert days(found) == list(range(1, 9))
        assert days(Visit.find(OSLO, cursor=found.cursor)) == list(range(9, 21))
        assert days(found.page().items) == list(range(1, 9))

    def test_read_stops_after_so_many_read_units(self) -> None:
        found = Visit.find(OSLO, page_size=4, max_read_units=1)
        assert days(found) == list(range(1, 9))
        assert found.cursor is not None

    @pytest.mark.parametrize(
        "verb",
        [
            lambda: Visit.find(OSLO, page_size=4, max_pages=2).all(),
            lambda: Visit.find(OSLO, page_size=4, max_pages=2).count(),
            lambda: Visit.find(OSLO & (Visit.day != 1), page_size=1, max_pages=1).one(),
            lambda: Visit.get_many(OSLO, page_size=4, max_pages=2),
            lambda: Visit.get_many(OSLO, page_size=4, max_read_units=0.5),
            lambda: Visit.get_many(page_size=4, max_pages=2),
        ],
    )
    def test_methods_that_return_everything_raise(self, verb: Callable[[], object]) -> None:
        with pytest.raises(BudgetExceeded, match=r"Visit: there is more to read after [12] pages and") as caught:
            verb()
        assert caught.value.cursor

    def test_error_has_the_items_read_and_the_cursor(self) -> None:
        with pytest.raises(BudgetExceeded) as caught:
            Visit.find(OSLO, page_size=4, max_pages=2).all()
        assert days(caught.value.items) == list(range(1, 9))
        assert days(Visit.find(OSLO, cursor=caught.value.cursor)) == list(range(9, 21))

    def test_budget_that_suffices_makes_no_difference(self) -> None:
        assert len(Visit.get_many(OSLO, page_size=10, max_pages=3, max_read_units=50)) == 20
        assert len(Visit.find(OSLO, limit=4, page_size=4, max_pages=1).all()) == 4


@pytest.mark.usefixtures("backend")
class TestProjection:
    def test_instance_has_what_was_asked_for_and_its_key(self) -> None:
        found = Visit.find(OSLO, projection=[Visit.guest], limit=1).one()
        assert repr(found) == "Visit(city='Oslo', day=1, guest='Jane')"
        assert found.to_dict() == {"city": "Oslo", "day": 1, "guest": "Jane"}
        with pytest.raises(AttributeNotLoaded, match=r"^Visit.stars was not read: .* reload\(\)"):
            _ = found.stars
        with pytest.raises(AttributeNotLoaded):
            found.to_dict(only=["stars"])
        assert found.reload().stars == 1

    def test_not_loaded_is_not_the_same_as_not_there(self) -> None:
        found = Visit.find(OSLO, projection=[Visit.guest], limit=1).one()
        with pytest.raises(AttributeNotLoaded):
            hasattr(found, "stars")
        with pytest.raises(AttributeNotLoaded):
            getattr(found, "stars", None)

    def test_part_of_a_map_is_guarded_too(self) -> None:
        found = Visit.get_one(("Oslo", 1), projection=[Visit.address.zip, Visit.address.geo.lat])
        assert found.address is not None
        assert found.address["zip"] == "0001"
        assert found.address["geo"] == {"lat": 1}
        for touch in (
            lambda address: address["street"],
            lambda address: address.get("street"),
            lambda address: "street" in address,
            lambda address: address["geo"]["lon"],
        ):
            with pytest.raises(AttributeNotLoaded, match=r"Visit.address.(street|geo.lon) was not read"):
                touch(found.address)

    def test_member_that_is_known_to_be_missing_is_a_plain_key_error(self) -> None:
        visit("Lima", 1, address={"street": "Main"}).save()
        found = Visit.get_one(("Lima", 1), projection=[Visit.address.zip, Visit.address.street])
        assert found.address is not None
        assert found.address.get("zip") is None
        with pytest.raises(KeyError, match="zip"):
            _ = found.address["zip"]

    def test_item_that_was_read_in_part_is_not_saved_over_the_whole(self) -> None:
        found = Visit.find(OSLO, projection=["guest"], limit=1).one()
        found.guest = "Joe"
        with pytest.raises(
            AttributeNotLoaded, match=r"Visit: the item with city = 'Oslo' AND day = 1 was only partly read"
        ):
            found.save()
        found.update(Visit.guest.set("Joe"))
        assert (found.guest, found.stars) == ("Joe", 1)
        found.save()

    def test_residual_may_look_at_what_is_not_asked_for(self) -> None:
        found = Visit.find([("Oslo", 1), ("Oslo", 2)], projection=[Visit.guest]).all()
        assert days(found) == [1, 2]
        (only,) = Visit.find(Visit.keys_in([("Oslo", 1), ("Oslo", 2)]) & (Visit.stars == 2), projection=[Visit.guest])
        assert only.day == 2
        with pytest.raises(AttributeNotLoaded):
            _ = only.stars

    def test_dicts_have_only_what_was_asked_for(self) -> None:
        found = Visit.find(OSLO, projection=[Visit.tags, Visit.address.zip], as_dicts=True, limit=2).all()
        assert found == [
            {"tags": ["x"], "address": {"zip": "0001"}},
            {"tags": ["x", "x"], "address": {"zip": "0001"}},
        ]

    def test_dicts_without_a_projection_are_whole(self) -> None:
        (found,) = Visit.find(Visit.city == "Rome", as_dicts=True, limit=1)
        assert found == {"city": "Rome", "day": 1, "guest": "John", "stars": None, "tags": [], "address": None}

    def test_item_of_a_partial_index_knows_what_it_holds(self) -> None:
        found = Visit.find(Visit.stars == 1, index=Visit.by_stars).all()
        assert {(each.city, each.stars) for each in found} == {("Oslo", 1)}
        with pytest.raises(AttributeNotLoaded, match=r"Visit.guest was not read"):
            _ = found[0].guest
        with pytest.raises(AttributeNotLoaded):
            found[0].save()

    @pytest.mark.parametrize(
        ("projection", "message"),
        [
            ([], "projection must name at least one field"),
            ("guest", "projection must be a list of fields; got 'guest'"),
            (["gest"], "unknown field 'gest'; did you mean Visit.guest"),
            ([3], "projection must contain fields"),
            ([OSLO], "projection must contain fields"),
        ],
    )
    def test_projection_is_a_list_of_fields(self, projection: Any, message: str) -> None:
        with pytest.raises(ExpressionError, match=message):
            Visit.find(OSLO, projection=projection)


class Slow(MemoryBackend):
    """A backend that is worth several threads, and knows how many are at work in it."""

    limits = replace(MemoryBackend.limits, concurrency=4)

    def __init__(self, fail_at: int | None = None) -> None:
        super().__init__()
        self.fail_at = fail_at
        self.scans = 0
        self.threads: set[str] = set()

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        if isinstance(operation, Scan):
            self.scans += 1
            self.threads.add(threading.current_thread().name)
            if self.scans == self.fail_at:
                raise TableNotFound("gone")
        return super().execute(operation)


def workers() -> int:
    return sum(thread.name.startswith("dynamongo") for thread in threading.enumerate())


class TestSegments:
    @pytest.mark.usefixtures("backend")
    @pytest.mark.parametrize("segments", [1, 2, 8])
    def test_segments_together_are_the_whole_table(self, segments: int) -> None:
        found = Visit.find(segments=segments, page_size=2)
        assert sorted((each.city, each.day) for each in found) == sorted(
            (each.city, each.day) for each in Visit.get_many()
        )
        assert len(Visit.find(Visit.stars == 1, segments=segments).all()) == 4
        assert Visit.find(segments=segments).count() == 25
        assert len(list(Visit.find(segments=segments, limit=3))) == 3
        assert all(page.cursor is None for page in Visit.find(segments=segments).pages())
        assert len(Visit.get_many(segments=segments, limit=3)) == 3

    @staticmethod
    def fill(backend: Slow) -> None:
        Visit.create_table()
        Visit.save_many([visit(f"city {number}", 1) for number in range(200)])
        backend.scans = 0

    @blocking_only
    def test_they_are_read_at_the_same_time_in_no_more_threads_than_the_backend_bears(self) -> None:
        backend = Slow()
        with Connection.using(backend):
            self.fill(backend)
            assert len(list(Visit.find(segments=16, page_size=2, scans="allow"))) == 200
        assert 1 < len(backend.threads) <= 4
        assert workers() == 0

    def test_one_error_stops_all_and_is_raised_once(self) -> None:
        backend = Slow(fail_at=9)
        with Connection.using(backend):
            self.fill(backend)
            with pytest.raises(TableNotFound, match="gone"):
                list(Visit.find(segments=16, page_size=1, scans="allow"))
        assert workers() == 0
        assert backend.scans < 60

    @blocking_only
    def test_iteration_that_is_abandoned_leaves_no_thread_behind(self) -> None:
        backend = Slow()
        with Connection.using(backend):
            self.fill(backend)
            iterator = iter(Visit.find(segments=8, page_size=1, scans="allow"))
            next(iterator)
            assert workers() > 0
            del iterator
        assert workers() == 0

    @pytest.mark.parametrize("option", [{"cursor": "x"}, {"max_pages": 1}, {"max_read_units": 1}])
    def test_segments_have_no_one_place_to_stop_at(self, option: Any) -> None:
        with pytest.raises(ExpressionError, match="segments are read in parallel"):
            Visit.find(segments=2, **option)

    @pytest.mark.parametrize("name", ["segments", "page_size", "max_pages"])
    @pytest.mark.parametrize("value", [0, -1, True, 1.5, "2"])
    def test_numbers_are_positive(self, name: str, value: Any) -> None:
        with pytest.raises(ExpressionError, match=f"Visit: {name} must be an int >= 1; got"):
            Visit.find(**{name: value})


@pytest.mark.usefixtures("backend")
class TestRecording:
    def test_block_knows_its_requests_and_their_cost(self) -> None:
        with Connection.record() as calls:
            Visit.get_many(Visit.guest == "John")
            Visit.get_one(("Oslo", 1))
            Visit.get_one(("Oslo", 1), consistent=True)
            Visit.update_one(("Oslo", 1), Visit.stars.set(5))
        table = Visit.table_name()
        calls.assert_plan(f"Query {table}.by_guest", f"Get {table}", f"UpdateItem {table}")
        assert (calls.requests, len(calls), calls.read_units) == (4, 4, 2)
        assert calls.write_units > 0
        assert str(calls).splitlines()[0] == f"Query {table}.by_guest: 0.5 read units, 0 write units"

    def test_other_plan_fails_with_both(self) -> None:
        with Connection.record() as calls:
            Visit.get_one(("Oslo", 1))
        with pytest.raises(AssertionError, match=r"^expected these requests:\n  Query visits.by_guest\ngot:\n  Get "):
            calls.assert_plan("Query visits.by_guest")

    def test_error_is_recorded(self) -> None:
        with Connection.record() as calls, pytest.raises(TableNotFound):
            Missing.get_one("a")
        assert [type(call.error).__name__ for call in calls] == ["TableNotFound"]
        assert "TableNotFound" in str(calls)

    @blocking_only
    def test_repeated_single_gets_warn_once(self) -> None:
        with Connection.record(), pytest.warns(NPlusOneWarning, match="use get_many with a list") as caught:
            get_one_by_one(7)
        assert len(caught) == 1
        assert caught[0].filename == __file__

    def test_outside_of_a_block_nobody_watches(self) -> None:
        with Connection.record() as calls:
            pass
        get_one_by_one(7)
        assert calls.requests == 0


def get_one_by_one(count: int) -> None:
    for day in range(1, count + 1):
        Visit.get_one(("Oslo", day))


class Missing(Model):
    __table__ = "missing"
    __hash_key__ = "id"
    id = StringField()


@pytest.mark.usefixtures("backend")
class TestBudget:
    def test_request_beyond_the_number_is_not_sent(self) -> None:
        over = pytest.raises(BudgetExceeded, match=r"Get .*visits would be request 3; the limit is 2")
        with Connection.record() as calls, over, budget(requests=2):
            get_one_by_one(3)
        assert calls.requests == 2

    def test_read_that_exceeds_the_units_raises(self) -> None:
        with (
            pytest.raises(BudgetExceeded, match=r"Query .*visits brought the total to .* read units; the limit is 0.5"),
            budget(read_units=0.5),
        ):
            Visit.get_many(OSLO, consistent=True)

    def test_write_that_exceeds_the_units_is_done_and_the_block_raises(self) -> None:
        with (
            pytest.raises(BudgetExceeded, match=r"Put.*visits brought the total to .* write units; the limit is 0.5"),
            budget(write_units=0.5),
        ):
            saved = visit("Lima", 1).save()
        assert Visit.get_one(("Lima", 1)) == saved

    def test_block_within_its_budget_passes(self) -> None:
        with Connection.record() as calls, budget(read_units=5, write_units=20, requests=3):
            Visit.get_one(("Oslo", 1))
            saved = visit("Lima", 1).save()
        assert Visit.get_one(("Lima", 1)) == saved
        assert calls.requests == 2

    def test_error_of_the_block_comes_first(self) -> None:
        with pytest.raises(StopIteration), budget(write_units=0):
            next(iter(visit("Lima", 1).save().tags))

    def test_segments_share_the_budget(self) -> None:
        with pytest.raises(BudgetExceeded), budget(requests=3):
            list(Visit.find(segments=8))


def test_limits_say_how_many_threads_are_worth_having() -> None:
    assert (Limits().concurrency, MemoryBackend.limits.concurrency) == (10, 1)
