"""The verbs of a model, on the memory backend: their results, their errors, and that nothing reaches into the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar, cast

import pytest

from dynamongo import (
    AttributeNotLoaded,
    BatchResult,
    ConditionalCheckFailedException,
    Connection,
    DictField,
    EmailField,
    ExpressionError,
    Field,
    IntField,
    InvalidRequestError,
    ItemNotFound,
    ListField,
    Model,
    SetField,
    Strategy,
    StringField,
    TableExists,
    TableNotFound,
    ValidationError,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchGet, Get, KeyCondition, Operation, Put, Query, Scan
from dynamongo.planning.plan import Plan
from dynamongo.planning.scan_policy import ScanPolicy

pytestmark = pytest.mark.usefixtures("colour")


R = TypeVar("R")


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    __scans__: ClassVar[ScanPolicy | None] = "allow"
    email = EmailField(required=True)
    name = StringField(required=True)
    year = IntField(min_value=1900, max_value=2018)
    cities = ListField(StringField)
    tags = SetField(StringField)
    address = DictField(city=StringField())
    extra = Field()


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "day"
    __scans__ = "allow"
    city = StringField()
    day = IntField()
    note = StringField()


class Recorder(MemoryBackend):
    """A memory backend that keeps what it was asked, and may do something before an operation."""

    def __init__(self) -> None:
        super().__init__()
        self.executed: list[Operation[Any]] = []
        self.intrude: Any = None

    def execute(self, operation: Operation[R], seconds: float | None = None) -> R:
        if self.intrude is not None and not isinstance(operation, (Query, Scan, BatchGet)):
            intrude, self.intrude = self.intrude, None
            intrude()
        self.executed.append(operation)
        return super().execute(operation)


@pytest.fixture(autouse=True)
def backend() -> Iterator[Recorder]:
    with Connection.using(Recorder()) as recorder:
        User.create_table()
        Visit.create_table()
        cast("Recorder", recorder).executed.clear()
        yield cast("Recorder", recorder)


JANE: dict[str, Any] = {"email": "jane@b.co", "name": "Jane", "year": 1990, "cities": ["Rome"]}
JOHN: dict[str, Any] = {"email": "john@b.co", "name": "John", "year": 2001}


@pytest.fixture
def jane() -> User:
    return User.save_one(JANE)


@pytest.fixture
def john() -> User:
    return User.save_one(JOHN)


def stored(email: str = "jane@b.co") -> User | None:
    return User.get_one(email, None)


def fill_visits() -> None:
    for city, day in [("Rome", 3), ("Oslo", 1), ("Rome", 1), ("Oslo", 5), ("Rome", 2)]:
        Visit.save_one({"city": city, "day": day, "note": f"{city}-{day}"})


def days(visits: list[Visit]) -> list[tuple[str | None, int | None]]:
    return [(visit.city, visit.day) for visit in visits]


class TestGetOne:
    def test_it_returns_what_was_saved(self, jane: User) -> None:
        assert User.get_one("jane@b.co") == jane

    def test_missing_item_is_an_error_that_names_the_key(self) -> None:
        with pytest.raises(ItemNotFound, match=r"^User: there is no item with email = 'jane@b\.co'$"):
            User.get_one("jane@b.co")
        with pytest.raises(ItemNotFound, match=r"^Visit: there is no item with city = 'Rome' AND day = 3$"):
            Visit.get_one(("Rome", 3))

    def test_item_that_does_not_satisfy_the_checks_is_missing(self, jane: User) -> None:
        with pytest.raises(ItemNotFound, match=r"with email = 'jane@b\.co' and `year > 2000`$"):
            User.get_one((User.email == "jane@b.co") & (User.year > 2000))

    @pytest.mark.parametrize("default", [None, 5, "nobody"])
    def test_default_is_returned_instead(self, default: Any) -> None:
        assert User.get_one("jane@b.co", default) == default
        assert User.get_one("jane@b.co", default=default) == default

    def test_strategy_for_several_items_is_refused_before_any_request(self, backend: Recorder) -> None:
        several: tuple[Any, ...] = (
            ["jane@b.co"],
            User.year == 1990,
            (User.email == "a@b.co") | (User.email == "b@b.co"),
        )
        for strategy in several:
            with pytest.raises(ExpressionError, match=r"^User: expected one item"):
                User.get_one(strategy)
        assert backend.executed == []

    def test_it_costs_one_request(self, jane: User, backend: Recorder) -> None:
        backend.executed.clear()
        User.get_one("jane@b.co")
        User.get_one("jane@b.co", consistent=True)
        key: Item = {"email": "jane@b.co"}
        assert backend.executed == [Get("users", key), Get("users", key, consistent=True)]

    @pytest.mark.parametrize("consistent", [False, True])
    def test_what_is_sent_is_what_the_plan_of_the_key_says(self, *, consistent: bool) -> None:
        plan = User.explain("john@example.com", consistent=consistent)
        with Connection.record() as calls:
            User.get_one("john@example.com", None, consistent=consistent)
        assert tuple(call.operation for call in calls) == plan.operations


class TestGetMany:
    def test_list_is_sorted_by_key_and_leaves_out_what_is_missing(self, jane: User, john: User) -> None:
        assert User.get_many(["john@b.co", "joe@b.co", "jane@b.co", "john@b.co"]) == [jane, john]

    def test_check_of_an_entry_holds_for_it_alone(self, jane: User, john: User) -> None:
        wanted: list[Strategy] = [(User.email == "jane@b.co") & (User.year > 2000), "john@b.co"]
        assert User.get_many(wanted) == [john]
        assert User.get_many(User.keys_in(wanted)) == [john]

    def test_query_is_in_the_order_of_the_range_key(self) -> None:
        fill_visits()
        assert days(Visit.get_many(Visit.city == "Rome")) == [("Rome", 1), ("Rome", 2), ("Rome", 3)]
        found = Visit.get_many(Visit.city == "Rome", descending=True, limit=2)
        assert days(found) == [("Rome", 3), ("Rome", 2)]

    @pytest.mark.parametrize("strategy", [None, Visit.city.in_(["Rome", "Oslo"]), Visit.note.exists()], ids=str)
    def test_whole_table_is_sorted_by_both_keys(self, strategy: AnyCondition | None) -> None:
        fill_visits()
        everything = [("Oslo", 1), ("Oslo", 5), ("Rome", 1), ("Rome", 2), ("Rome", 3)]
        assert days(Visit.get_many(strategy)) == everything
        assert days(Visit.get_many(strategy, descending=True)) == everything[::-1]
        assert days(Visit.get_many(strategy, limit=2)) == everything[:2]
        assert days(Visit.get_many(strategy, descending=True, limit=3)) == everything[:1:-1]

    def test_strategy_may_be_left_out_for_every_item(self, jane: User) -> None:
        assert User.get_many() == [jane]

    def test_empty_list_and_empty_in_make_no_request(self, backend: Recorder) -> None:
        assert User.get_many([]) == User.get_many(User.email.in_([])) == User.get_many(User.keys_in([])) == []
        assert backend.executed == []

    @pytest.mark.parametrize("limit", [-1, 1.5, "2", True], ids=repr)
    def test_limit_that_is_no_count_is_refused(self, limit: Any) -> None:
        with pytest.raises(ExpressionError, match=r"^User: limit must be an int >= 0; got "):
            User.get_many(None, limit=limit)


class TestExplain:
    def test_it_returns_the_plan_and_makes_no_request(self, backend: Recorder) -> None:
        plan = Visit.explain((Visit.city == "Rome") & (Visit.day > 1) & (Visit.note == "x"), descending=True, limit=2)
        key_condition = KeyCondition(cast("Any", Visit.city == "Rome"), cast("Any", Visit.day > 1))
        query = Query("visits", key_condition, Visit.note == "x", descending=True)
        assert plan == Plan((query,), descending=True, limit=2)
        assert backend.executed == []

    def test_it_plans_a_scan_under_any_policy(self) -> None:
        class Careful(User):
            __scans__ = "forbid"

        assert Careful.explain(None) == Plan((Scan("users"),), order_by=("email",))


class TestSaveOne:
    def test_dict_becomes_an_instance(self) -> None:
        saved = User.save_one(JANE)
        assert saved == User(**JANE)
        assert stored() == saved

    def test_instance_is_saved_and_returned_itself(self) -> None:
        user = User(**JANE)
        assert User.save_one(user) is user
        assert user.save() is user

    def test_item_that_is_there_is_replaced_as_a_whole(self, jane: User) -> None:
        User.save_one({"email": "jane@b.co", "name": "Janet"})
        assert stored() == User(email="jane@b.co", name="Janet")

    def test_item_that_is_there_may_be_kept(self, jane: User) -> None:
        with pytest.raises(ConditionalCheckFailedException) as caught:
            User.save_one({"email": "jane@b.co", "name": "Janet"}, overwrite=False)
        assert str(caught.value) == "User: there is already an item with email = 'jane@b.co'"
        assert caught.value.item == jane
        assert stored() == jane

    def test_new_item_is_saved_though_nothing_may_be_overwritten(self) -> None:
        assert User(**JANE).save(overwrite=False) == stored()

    def test_condition_decides_on_the_stored_item(self, jane: User) -> None:
        janet = User.save_one({"email": "jane@b.co", "name": "Janet", "year": 1991}, User.year == 1990)
        assert stored() == janet
        with pytest.raises(ConditionalCheckFailedException) as caught:
            User.save_one(JANE, User.year == 1990)
        assert caught.value.item == janet

    def test_condition_on_a_missing_item_fails_and_saves_nothing(self) -> None:
        with pytest.raises(ConditionalCheckFailedException) as caught:
            User.save_one(JANE, overwrite=User.year == 1990)
        assert str(caught.value) == "User: there is no item with email = 'jane@b.co' for `year = …`"
        assert caught.value.item is None
        assert stored() is None

    @pytest.mark.parametrize("overwrite", [None, 1, "yes", JANE], ids=repr)
    def test_overwrite_that_is_neither_is_refused(self, overwrite: Any) -> None:
        with pytest.raises(ExpressionError, match=r"^User: overwrite must be True, False or a condition; got "):
            User.save_one(JANE, overwrite)

    @pytest.mark.parametrize("item", ["jane@b.co", None, ["x"], Visit(city="Rome", day=1)], ids=repr)
    def test_what_is_no_item_is_refused(self, item: Any) -> None:
        with pytest.raises(ValidationError, match=r"^User: expected an instance or a dict of its values; got "):
            User.save_one(item)

    @pytest.mark.parametrize(
        "item", [{"email": "jane@b.co"}, {**JANE, "year": 1}, {**JANE, "nmae": 1}, {"name": "Jane"}], ids=repr
    )
    def test_invalid_item_is_refused_before_any_request(self, item: Any, backend: Recorder) -> None:
        with pytest.raises(ValidationError, match=r"^User|^unknown field 'nmae'; did you mean User.name"):
            User.save_one(item)
        assert backend.executed == []

    def test_item_that_the_store_refuses_is_an_error(self) -> None:
        with pytest.raises(InvalidRequestError, match="Item size has exceeded the maximum allowed size"):
            User.save_one({**JANE, "extra": "x" * 410_000})


class TestSaveMany:
    def test_all_are_saved_as_instances_in_the_order_given(self) -> None:
        result = User.save_many([JOHN, User(**JANE)])
        assert result == BatchResult([User(**JOHN), User(**JANE)], [])
        assert User.get_many() == [User(**JANE), User(**JOHN)]

    def test_no_items_are_no_request(self, backend: Recorder) -> None:
        assert User.save_many([]) == BatchResult([], [])
        assert backend.executed == []

    def test_last_of_one_key_wins(self) -> None:
        User.save_many([JANE, {**JANE, "name": "Janet"}])
        assert User.get_one("jane@b.co").name == "Janet"

    def test_more_than_a_batch_is_saved(self) -> None:
        items = [{"email": f"u{number}@b.co", "name": "x"} for number in range(60)]
        assert User.save_many(items).success_count == 60
        assert len(User.get_many()) == 60

    def test_item_that_may_not_be_overwritten_is_a_failure_with_its_reason(self, jane: User) -> None:
        janet = User(email="jane@b.co", name="Janet")
        result = User.save_many([janet, JOHN], overwrite=False)
        assert (result.success, result.fail) == ([User(**JOHN)], [janet])
        assert result.failures[0].reason == (
            "ConditionalCheckFailedException: User: there is already an item with email = 'jane@b.co'"
        )
        error = result.failures[0].error
        assert isinstance(error, ConditionalCheckFailedException)
        assert error.item == jane == stored()

    def test_condition_decides_for_each_item(self, jane: User, john: User) -> None:
        result = User.save_many([{**JANE, "name": "Janet"}, {**JOHN, "name": "Jack"}], overwrite=User.year < 2000)
        assert (result.success_count, result.fail_count) == (1, 1)
        assert [user.name for user in User.get_many()] == ["Janet", "John"]

    def test_invalid_item_stops_all_before_any_request_and_says_which_it_is(self, backend: Recorder) -> None:
        with pytest.raises(ValidationError, match=r"^item 1: User\.name is required but has no value$"):
            User.save_many([JANE, {"email": "john@b.co"}])
        assert backend.executed == []

    def test_item_that_the_store_refuses_fails_alone(self) -> None:
        result = User.save_many([JANE, {**JOHN, "extra": "x" * 410_000}])
        assert (result.success, [user.email for user in result.fail]) == ([User(**JANE)], ["john@b.co"])
        assert result.failures[0].reason.startswith("InvalidRequestError: User: Item size has exceeded")
        assert "email = 'john@b.co'" in result.failures[0].reason


class TestDeleteOne:
    def test_it_returns_the_item_as_it_was(self, jane: User) -> None:
        assert User.delete_one("jane@b.co") == jane
        assert stored() is None

    def test_missing_item_is_none(self) -> None:
        assert User.delete_one("jane@b.co") is None
        assert User(email="jane@b.co").delete() is None

    def test_item_that_does_not_satisfy_the_checks_is_none_and_stays(self, jane: User) -> None:
        assert User.delete_one((User.email == "jane@b.co") & (User.year > 2000)) is None
        assert stored() == jane

    def test_item_that_satisfies_the_checks_is_deleted(self, jane: User) -> None:
        assert User.delete_one((User.email == "jane@b.co") & User.cities.contains("Rome")) == jane
        assert stored() is None

    def test_instance_with_its_key_alone_says_which_item(self, jane: User) -> None:
        assert User(email="jane@b.co").delete() == jane


class TestDeleteMany:
    def test_keys_are_deleted_without_being_read(self, jane: User, john: User, backend: Recorder) -> None:
        backend.executed.clear()
        result = User.delete_many(["jane@b.co", "john@b.co", "joe@b.co"])
        assert [user.email for user in result.success] == ["jane@b.co", "john@b.co", "joe@b.co"]
        assert len(backend.executed) == 1
        assert User.get_many() == []

    @pytest.mark.parametrize(
        "strategy", [User.email.in_(["jane@b.co"]), User.keys_in(["jane@b.co"]), User.email == "jane@b.co"], ids=str
    )
    def test_condition_on_the_key_alone_is_deleted_without_being_read(self, strategy: AnyCondition, jane: User) -> None:
        result = User.delete_many(strategy)
        assert ([user.email for user in result.success], result.failures) == (["jane@b.co"], [])
        assert stored() is None

    def test_other_condition_deletes_what_satisfies_it_and_returns_it(self, jane: User, john: User) -> None:
        assert User.delete_many(User.year > 2000) == BatchResult([john], [])
        assert User.get_many() == [jane]

    def test_entry_with_a_check_fails_where_it_does_not_hold(self, jane: User, john: User) -> None:
        result = User.delete_many([(User.email == "jane@b.co") & (User.year > 2000), "john@b.co"])
        assert [user.email for user in result.success] == ["john@b.co"]
        assert [user.email for user in result.fail] == ["jane@b.co"]
        assert User.get_many() == [jane]

    def test_item_that_is_named_by_its_key_is_partial_and_cannot_destroy_what_is_stored(self, jane: User) -> None:
        failed = User.delete_many([(User.email == "jane@b.co") & (User.year > 2000)]).fail
        failed += User.update_many([(User.email == "jane@b.co") & (User.year > 2000)], User.name.set("x")).fail
        for item in failed:
            with pytest.raises(AttributeNotLoaded):
                item.save()
            with pytest.raises(AttributeNotLoaded):
                _ = item.name
            with pytest.raises(AttributeNotLoaded):
                User.save_many([item])
            assert repr(item) == "User(email='jane@b.co')"
            assert item.reload() == jane
        assert User.get_many() == [jane]

    def test_check_inside_keys_in_is_not_dropped(self, jane: User, john: User) -> None:
        wanted = User.keys_in([(User.email == "jane@b.co") & (User.year > 2000), "john@b.co"])
        assert User.delete_many(wanted) == BatchResult([john], [])
        assert User.get_many() == [jane]

    def test_item_that_changed_in_between_is_reported_and_kept(self, jane: User, backend: Recorder) -> None:
        changed = Put("users", {**JANE, "year": 2010})
        backend.intrude = lambda: MemoryBackend.execute(backend, changed)
        result = User.delete_many(User.year == 1990)
        assert (result.success, result.fail) == ([], [jane])
        error = result.failures[0].error
        assert isinstance(error, ConditionalCheckFailedException)
        assert error.item == User(**{**JANE, "year": 2010}) == stored()

    def test_query_is_deleted(self) -> None:
        fill_visits()
        assert days(Visit.delete_many((Visit.city == "Rome") & (Visit.day >= 2)).success) == [("Rome", 2), ("Rome", 3)]
        assert days(Visit.get_many()) == [("Oslo", 1), ("Oslo", 5), ("Rome", 1)]

    @pytest.mark.parametrize("strategy", [[], User.email.in_([]), User.year.in_([])], ids=str)
    def test_nothing_asked_is_nothing_done(self, strategy: Any, jane: User) -> None:
        assert User.delete_many(strategy) == BatchResult([], [])
        assert stored() == jane

    def test_none_does_not_empty_the_table(self, jane: User) -> None:
        with pytest.raises(ExpressionError, match=r"^User\.delete_many requires a strategy"):
            User.delete_many(cast("Any", None))
        assert stored() == jane


class TestUpdateOne:
    def test_it_returns_the_item_as_it_is_now(self, jane: User) -> None:
        updated = User.update_one("jane@b.co", [User.year.add(1), User.cities.append("Oslo"), User.tags.add("a")])
        assert updated == User(**{**JANE, "year": 1991, "cities": ["Rome", "Oslo"], "tags": {"a"}}) == stored()

    def test_one_update_needs_no_list(self, jane: User) -> None:
        assert User.update_one("jane@b.co", User.name.set("Janet")).name == "Janet"

    def test_update_of_a_missing_item_fails_and_creates_nothing(self) -> None:
        with pytest.raises(ItemNotFound, match=r"^User: there is no item with email = 'jane@b\.co'$"):
            User.update_one("jane@b.co", User.name.set("Jane"))
        assert stored() is None

    def test_upsert_creates_the_item(self) -> None:
        made = User.update_one("jane@b.co", User.name.set("Jane"), upsert=True)
        assert made == User(email="jane@b.co", name="Jane") == stored()

    def test_failed_check_is_an_error_with_the_item_and_changes_nothing(self, jane: User) -> None:
        with pytest.raises(ConditionalCheckFailedException) as caught:
            User.update_one((User.email == "jane@b.co") & (User.year > 2000), User.name.set("Janet"))
        assert str(caught.value) == "User: `year > …` does not hold for the item with email = 'jane@b.co'"
        assert caught.value.item == jane == stored()

    def test_check_of_an_upsert_on_a_missing_item(self) -> None:
        with pytest.raises(ConditionalCheckFailedException) as caught:
            User.update_one((User.email == "jane@b.co") & (User.year > 2000), User.name.set("J"), upsert=True)
        assert caught.value.item is None
        assert stored() is None

    @pytest.mark.parametrize(
        ("updates", "message"),
        [
            ([], r"^User: expected at least one update; got none$"),
            (
                {"name": "Janet"},
                r"^User: expected an update, such as User\.name\.set\('x'\); got \{'name': 'Janet'\}$",
            ),
            ([User.year == 1990], r"^User: expected an update, such as"),
            ([User.name.set("a"), User.name.set("b")], "^name is named twice; leave one out$"),
            ([User.email.set("joe@b.co")], "email is part of the key, which an update cannot change"),
        ],
        ids=str,
    )
    def test_contradictory_updates_are_refused_before_any_request(
        self, updates: Any, message: str, backend: Recorder
    ) -> None:
        with pytest.raises(ExpressionError, match=message):
            User.update_one("jane@b.co", updates)
        assert backend.executed == []

    def test_update_that_the_store_refuses_changes_nothing(self, john: User) -> None:
        with pytest.raises(InvalidRequestError):
            User.update_one("john@b.co", User.address.city.set("Rome"))
        assert stored("john@b.co") == john


class TestUpdateFromDict:
    def test_values_are_set_and_none_removes(self, jane: User) -> None:
        updated = User.update_from_dict("jane@b.co", {"name": "Janet", "year": None, "tags": []})
        assert updated == User(email="jane@b.co", name="Janet", cities=["Rome"]) == stored()

    def test_missing_item_is_an_error_unless_it_is_an_upsert(self) -> None:
        with pytest.raises(ItemNotFound):
            User.update_from_dict("jane@b.co", {"name": "Jane"})
        assert User.update_from_dict("jane@b.co", {"name": "Jane"}, upsert=True) == stored()

    def test_unknown_name_and_wrong_value_are_refused(self, jane: User) -> None:
        with pytest.raises(ValidationError, match=r"^unknown field 'nmae'; did you mean User.name\?$"):
            User.update_from_dict("jane@b.co", {"nmae": "Janet"})
        with pytest.raises(ValidationError, match=r"^User\.year must be an int from 1900 to 2018; got 1$"):
            User.update_from_dict("jane@b.co", {"name": "Janet", "year": 1})
        assert stored() == jane

    def test_key_may_be_among_the_values(self, jane: User) -> None:
        updated = User.update_from_dict({"email": "jane@b.co", "name": "Janet", "year": None})
        assert (updated.name, updated.year) == ("Janet", None)
        assert User.update_from_dict({"email": "joe@b.co", "name": "Joe"}, upsert=True) == stored("joe@b.co")
        fill_visits()
        assert Visit.update_from_dict({"day": 1, "city": "Rome", "note": "x"}).note == "x"

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"name": "Janet"}, "email is missing"),
            ({"email": "jane@b.co"}, "got none"),
            ("jane@b.co", r"^User\.update_from_dict takes a strategy and a dict of new values, or one dict"),
        ],
    )
    def test_values_alone_have_the_key_and_more(self, values: Any, message: str, jane: User) -> None:
        with pytest.raises(ExpressionError, match=message):
            User.update_from_dict(values)
        with pytest.raises(ValidationError, match="unknown field 'nmae'"):
            User.update_from_dict({"email": "jane@b.co", "nmae": "Janet"})
        assert stored() == jane

    def test_key_cannot_be_changed(self, jane: User) -> None:
        with pytest.raises(ExpressionError, match="email is part of the key"):
            User.update_from_dict("jane@b.co", {"email": "joe@b.co"})


class TestInstanceVerbs:
    def test_update_takes_over_what_is_stored(self, jane: User) -> None:
        User.update_one("jane@b.co", User.cities.append("Oslo"))
        assert jane.update(User.year.increment()) is jane
        assert (jane.year, jane.cities) == (1991, ["Rome", "Oslo"])
        assert jane == stored()

    def test_reload_takes_over_what_is_stored(self, jane: User, backend: Recorder) -> None:
        User.update_one("jane@b.co", User.name.set("Janet"))
        jane.year = 2000
        backend.executed.clear()
        assert jane.reload() is jane
        assert (jane.name, jane.year) == ("Janet", 1990)
        assert backend.executed == [Get("users", {"email": "jane@b.co"}, consistent=True)]

    def test_reload_of_what_is_gone_is_an_error_and_changes_nothing(self, jane: User) -> None:
        jane.delete()
        with pytest.raises(ItemNotFound):
            jane.reload()
        assert jane == User(**JANE)


class TestTables:
    def test_tables_come_and_go(self) -> None:
        assert User.table_exists()
        with pytest.raises(TableExists):
            User.create_table()
        User.delete_table()
        assert not User.table_exists()
        for call in (User.delete_table, User.get_many, lambda: User.get_one("jane@b.co")):
            with pytest.raises(TableNotFound):
                call()


class TestUndeclaredAttributes:
    def test_they_survive_a_read_and_a_save(self, backend: Recorder) -> None:
        backend.execute(Put("users", {**JANE, "shoe": 38}))
        user = User.get_one("jane@b.co")
        user.name = "Janet"
        user.save()
        assert backend.execute(Get("users", {"email": "jane@b.co"})).item == {**JANE, "name": "Janet", "shoe": 38}


class TestIsolation:
    """Nothing that the user can reach is the store's own."""

    @staticmethod
    def full() -> User:
        extra = {"deep": [1], "more": [{"x": [2]}]}
        return User(**JANE, tags={"a"}, address={"city": "Rome"}, extra=extra)

    @pytest.fixture(autouse=True)
    def unchanged(self) -> Iterator[None]:
        self.full().save()
        yield
        assert stored() == self.full()

    @staticmethod
    def spoil(user: User) -> None:
        user.cities.append("Oslo")
        user.tags.add("b")
        user.address["city"] = "Oslo"  # type: ignore[index]  # it is there
        user.extra["deep"].append(3)
        user.extra["more"][0]["x"].clear()

    def test_instance_that_was_saved(self) -> None:
        user = self.full()
        user.save()
        self.spoil(user)

    def test_instance_that_was_made_of_a_dict(self) -> None:
        values = self.full().to_dict()
        self.spoil(User.save_one(values))
        values["extra"]["deep"].append(9)
        values["cities"].clear()

    def test_instances_that_were_saved_together(self) -> None:
        for user in User.save_many([self.full()]).success:
            self.spoil(user)

    def test_instance_that_was_read(self) -> None:
        self.spoil(User.get_one("jane@b.co"))
        for strategy in (None, ["jane@b.co"], User.year == 1990):
            for user in User.get_many(strategy):
                self.spoil(user)

    def test_dict_of_an_instance(self) -> None:
        values = User.get_one("jane@b.co").to_dict()
        values["extra"]["deep"].append(9)
        values["cities"].clear()

    def test_instance_that_an_update_returned(self) -> None:
        self.spoil(User.update_one("jane@b.co", User.name.set("Jane")))

    def test_value_of_an_update(self) -> None:
        cities = ["Rome"]
        User.update_one("jane@b.co", User.cities.set(cities))
        cities.append("Oslo")
        deep: Any = {"deep": [1], "more": [{"x": [2]}]}
        User.update_one("jane@b.co", User.extra.set(deep))
        deep["deep"].append(3)

    def test_item_of_an_error(self) -> None:
        with pytest.raises(ConditionalCheckFailedException) as caught:
            User.save_one(JANE, overwrite=False)
        self.spoil(caught.value.item)

    def test_item_of_a_failure(self) -> None:
        result = User.save_many([JANE], overwrite=False)
        self.spoil(cast("ConditionalCheckFailedException", result.failures[0].error).item)

    def test_undeclared_attributes(self) -> None:
        class Bare(Model):
            __table__ = "users"
            __hash_key__ = "email"
            email = StringField()

        bare = Bare.get_one("jane@b.co")
        bare.undeclared()["cities"].append("Oslo")
        bare.undeclared()["extra"]["deep"].append(3)
        bare.save()

    def test_value_of_a_condition(self) -> None:
        wanted: Any = {"deep": [1], "more": [{"x": [2]}]}
        condition = User.extra == wanted
        wanted["deep"].append(3)
        assert len(User.get_many(condition)) == 1


def test_default_of_a_field_is_not_the_stores() -> None:
    class Prepared(Model):
        __table__ = "users"
        __hash_key__ = "email"
        email = StringField()
        extra = Field(default={"deep": [1]})

    first = Prepared(email="a").save()
    first.extra["deep"].append(2)
    assert Prepared.get_one("a").extra == {"deep": [1]}
    assert Prepared(email="b").extra == {"deep": [1]}
