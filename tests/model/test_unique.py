"""Unique constraints beside the key: every verb keeps them, and no read returns the guards."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from colours import blocking_only
from unique_users import Page, User, check_guards, guards, scan

from dynamongo import (
    BinaryField,
    ConditionalCheckFailedException,
    Connection,
    ExpressionError,
    IntField,
    ItemNotFound,
    ListField,
    Model,
    RetryPolicy,
    SchemaError,
    StringField,
    TransactionCanceled,
    UniqueViolation,
    ValidationError,
    VersionConflict,
    WriteNotSent,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import Fault, MemoryBackend
from dynamongo.connection.transactions import Transaction
from dynamongo.executor import Sender
from dynamongo.executor.guarded_writes import guard_write
from dynamongo.expressions.updates import Updates
from dynamongo.operations import Delete, Put, TransactWrite, UpdateItem

pytestmark = pytest.mark.usefixtures("colour")

_prefixes = (f"unique-{number}-" for number in itertools.count())


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    User.create_table()
    Page.create_table()
    yield made
    User.delete_table()
    Page.delete_table()
    Connection.set_config()


def refusals() -> Any:
    return pytest.raises(UniqueViolation)


def requests(call: Any) -> list[str]:
    with Connection.record() as log:
        call()
    return [type(each.operation).__name__ for each in log]


def test_every_single_verb_keeps_the_guards() -> None:
    jane = User(id="1", email="jane", tenant="t", name="j", number=7).create()
    check_guards()
    jane.email = "jane2"
    jane.save()
    assert (set(guards()), guards()["unique#User#email#jane2"]) == (
        {"unique#User#email#jane2", "unique#User#tenant+n#t#j", "unique#User#number#%N7"},
        "1",
    )
    jane.name, jane.number = "k", None
    jane.save(only_changed=True)
    check_guards()
    assert jane.update(User.email.set("jane3"), User.visits.set(1)).visits == 1
    assert User.update_one("1", [User.email.remove(), User.number.set(8)]).number == 8
    assert User.update_one("1", User.number.increment(2)).number == 10
    check_guards()
    assert User.upsert_one("2", User.email.set("joe")) == User(id="2", email="joe")
    assert User.upsert_one("1", User.email.set("jane")).number == 10
    assert User.update_from_dict({"id": "2", "email": "joe2", "tenant": "t", "name": "j"}).name == "j"
    check_guards()
    User(id="1", email="other").save()  # over an item that the instance knows nothing of
    assert (User.get_one("1"), set(guards())) == (
        User(id="1", email="other"),
        {"unique#User#email#other", "unique#User#email#joe2", "unique#User#tenant+n#t#j"},
    )
    assert User.delete_one("2") == User(id="2", email="joe2", tenant="t", name="j")
    assert User.get_one("1").delete() == User(id="1", email="other")
    assert (User.delete_one("1"), jane.delete(), scan(User)) == (None, None, [])


def test_value_of_another_item_is_refused_and_named() -> None:
    User(id="1", email="jane", tenant="t", name="j", number=7).save()
    joe = User(id="2", email="joe").save()
    with pytest.raises(
        UniqueViolation, match=r"^User: email 'jane' must be unique, and the item with id = '1' has it already$"
    ) as caught:
        User(id="3", email="jane").create()
    error = caught.value
    assert (error.model, error.constraint, error.value, error.key) == (User, ("email",), "jane", {"id": "1"})
    joe.email = "jane"
    calls: list[Callable[[], Any]] = [
        joe.save,
        lambda: joe.save(only_changed=True),
        lambda: joe.update(User.number.set(7)),
        lambda: User.update_one("2", User.email.set("jane")),
        lambda: User.upsert_one("4", User.email.set("jane")),
    ]
    for call in calls:
        with refusals():
            call()
    with refusals() as caught:
        joe.update(User.tenant.set("t"), User.name.set("j"))
    assert (caught.value.constraint, caught.value.value) == (("tenant", "name"), ("t", "j"))
    assert User.get_many(None) == [
        User(id="1", email="jane", tenant="t", name="j", number=7),
        User(id="2", email="joe"),
    ]
    check_guards()


def test_absent_values_are_not_constrained() -> None:
    for number in range(3):
        User(id=str(number), tenant="t").save()
    User(id="4", name="t").save()
    assert (guards(), User.find().count()) == ({}, 4)


def test_conditions_and_versions_come_before_the_constraint() -> None:
    User(id="1", email="jane", visits=1).save()
    with pytest.raises(ConditionalCheckFailedException, match="already an item") as caught:
        User(id="1", email="other").create()
    assert not isinstance(caught.value, UniqueViolation)
    assert caught.value.item == User(id="1", email="jane", visits=1)
    with pytest.raises(ConditionalCheckFailedException, match="visits"):
        User.update_one("1", User.email.set("x"), condition=User.visits > 1)
    with pytest.raises(ItemNotFound):
        User.update_one("5", User.email.set("x"))
    assert User.delete_one("1", condition=User.visits > 1) is None
    page = Page(site="a", day=0, slug="s").save()
    Page.update_one(("a", 0), Page.slug.set("t"))
    with pytest.raises(VersionConflict):
        page.save()
    with pytest.raises(VersionConflict):
        page.delete()
    assert page.reload().update(Page.slug.set("u")) == Page(site="a", day=0, slug="u", version=3)
    assert [item for item in scan(Page) if "_unique" in item] == [
        {"site": "unique#Page#slug#u", "day": 0, "_unique": {"of": {"site": "a", "day": 0}, "values": ["u"]}}
    ]
    check_guards()


def test_no_read_returns_guards() -> None:
    User.save_many([User(id=str(number), email=f"e{number}") for number in range(5)])
    Page.save_many([Page(site="a", day=number, slug=f"s{number}") for number in range(3)])
    assert (User.find().count(), len(User.get_many(None)), len(list(User.find(segments=2)))) == (5, 5, 5)
    assert [len(User.find(as_items=True).all()), len(User.find(as_dicts=True).all())] == [5, 5]
    assert (len(Page.get_many(Page.day == 0)), len(Page.find(index=Page.by_day).all())) == (1, 3)
    assert "NOT begins_with(id, 'unique#')" in str(User.explain(None))
    assert "begins_with" not in str(User.explain(User.email == "e1"))
    assert str(Page.explain(Page.day == 0)).count("residual       NOT begins_with(site, 'unique#')") == 1
    for strategy in ("unique#User#email#e1", {"id": "unique#"}):
        with pytest.raises(ValidationError, match="must be a key that does not begin with 'unique#'"):
            User.get_one(strategy)
    with pytest.raises(ValidationError, match="does not begin"):
        User(id="unique#User#email#e9").save()
    assert User.delete_many(User.id.exists()).success_count == 5
    assert scan(User) == []


@pytest.mark.parametrize("size", [1, 10, 3000])
def test_long_and_odd_values_have_guards(size: int) -> None:
    User(id="1", tenant="a#" * size + "b", name="c").save()
    User(id="2", tenant="a", name="#a" * (size - 1) + "b#c").save()
    User(id="3", tenant="é%#" * size, name="").save()
    with refusals():
        User(id="4", tenant="é%#" * size, name="").save()
    assert sorted(guards().values()) == ["1", "2", "3"]
    assert max(len(key.encode()) for key in guards()) <= 2048


def test_guard_of_an_item_that_is_gone_is_taken_over(backend: Backend) -> None:
    User(id="1", email="jane", number=7).save()
    User(id="2", email="joe").save()
    backend.execute(Delete(User.table_name(), {"id": "1"}))  # as time to live does
    User(id="3", email="jane", number=7).save()
    backend.execute(Put(User.table_name(), {"id": "2", "email": "other"}))  # by a program that knows no guards
    assert User.update_one("3", User.email.set("joe")) == User(id="3", email="joe", number=7)
    assert User.update_one("2", User.email.set("more")).email == "more"
    check_guards()


def test_guard_of_another_item_is_not_freed(backend: Backend) -> None:
    User(id="1", email="jane").save()
    backend.execute(Put(User.table_name(), {"id": "2", "email": "jane"}))
    assert User.get_one("2").delete() == User(id="2", email="jane")
    check_guards()


def test_bulk_verbs_keep_the_guards_item_by_item() -> None:
    result = User.save_many([User(id=str(n), email=f"e{n % 3}", number=n) for n in range(5)], max_workers=1)
    assert [user.id for user in result.success] == ["0", "1", "2"]
    assert [type(failure.error) for failure in result.failures] == [UniqueViolation, UniqueViolation]
    assert result.failures[0].error.key == {"id": "0"}  # type: ignore[attr-defined]  # of a UniqueViolation
    result.success[0].email = "changed"
    assert User.save_many(result.success, overwrite=User.id.exists()).success_count == 3
    check_guards()
    assert [user.number for user in User.update_many(["0", "1"], User.number.add(100)).success] == [100, 101]
    assert User.update_many(User.number > 0, User.number.set(1)).success_count == 1
    outcomes = User.save_iter([User(id="8", number=1), User(id="9", number=50)], max_workers=1)
    assert [outcome.is_done for outcome in outcomes] == [False, True]
    check_guards()
    with User.batch() as batch:
        batch.save(User(id="7", email="b"))
        batch.save(User(id="7", email="c"))
        batch.delete("0")
    check_guards()
    assert User.find(User.email == "c").update(User.email.set("d")).success[0].email == "d"
    assert "TransactWrite" in str(User.save_many.explain([User(id="1")]))
    assert User.find().delete().fail_count == 0
    assert scan(User) == []


def test_migration_keeps_the_guards(backend: Backend) -> None:
    User(id="1", email="jane").save()
    (page,) = User.find().migrate(lambda user: setattr(user, "email", user.email.upper()))
    assert page.result.success_count == 1
    assert guards() == {"unique#User#email#JANE": "1"}


def save_all(tx: Transaction, *users: User) -> None:
    for user in users:
        tx.create(user)


def update_all(tx: Transaction, update: Updates, *users: User) -> None:
    for user in users:
        tx.update(user, update)


@blocking_only
def test_transaction_takes_and_frees_guards_with_its_writes() -> None:
    with Connection.transaction() as tx:
        tx.create(User(id="1", email="a", number=1))
        tx.save(User(id="2", email="b"))
        tx.upsert(User(id="3").save(), User.email.set("c"))
    one, two, three = User.get_many(["1", "2", "3"])
    one.email, two.email = "b", "a"
    with Connection.transaction() as tx:  # they swap their values
        tx.save(one)
        tx.save(two, only_changed=True)
    check_guards()
    with pytest.raises(TransactionCanceled) as caught, Connection.transaction() as tx:
        update_all(tx, User.email.set("c"), three, one)
    codes = [reason.code for reason in caught.value.reasons]
    error: Any = caught.value.reasons[1].error
    assert (codes, type(error), error.key) == (["None", "ConditionalCheckFailed"], UniqueViolation, {"id": "3"})
    with pytest.raises(UniqueViolation), Connection.transaction() as tx:
        save_all(tx, User(id="8", email="z"), User(id="9", email="z"))
    with Connection.transaction() as tx:
        tx.delete(one)
        tx.update(User, "2", User.visits.set(1))
        tx.create(User(id="4", email="b"))
    check_guards()
    with pytest.raises(TransactionCanceled), Connection.transaction() as tx:  # what is stored has other values
        tx.save(User(id="4", email="new"))
    User.update_one("2", User.email.set("newer"))
    with pytest.raises(TransactionCanceled), Connection.transaction() as tx:  # an outdated instance
        update_all(tx, User.email.set("new"), two)
    check_guards()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_transaction_refuses_what_would_need_a_read() -> None:
    with Transaction() as tx:
        with pytest.raises(ExpressionError, match=r"pass an instance that was read, as in tx\.delete\(user\)"):
            tx.delete(User, "1")
        with pytest.raises(ExpressionError, match="updates an item, and changes unique values"):
            tx.update(User(id="1"), User.email.set("x"))
        for number in range(25):
            tx.create(User(id=str(number), email=f"e{number}", number=number, tenant="t", name=str(number)))
        with pytest.raises(ExpressionError, match="is 2 more with the guards of its unique values"):
            tx.create(User(id="more", email="more"))
    assert len(scan(User)) == 100


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_what_each_verb_sends() -> None:
    jane = User(id="1", email="jane")
    assert requests(jane.save) == ["TransactWrite"]
    jane.visits = 1
    assert requests(jane.save) == ["Put"]
    assert requests(lambda: User.update_one("1", User.visits.increment())) == ["UpdateItem"]
    assert requests(lambda: jane.update(User.email.set("jane"))) == ["UpdateItem"]
    assert requests(lambda: jane.update(User.email.set("joe"))) == ["TransactWrite", "BatchGet"]
    assert requests(lambda: User.update_one("1", User.email.set("jim"))) == ["BatchGet", "TransactWrite", "BatchGet"]
    assert requests(lambda: User.delete_one("1")) == ["BatchGet", "TransactWrite"]
    assert requests(User(id="1", email="jane").save) == ["TransactWrite"]
    assert requests(User(id="1", email="joe").save) == ["TransactWrite", "TransactWrite"]
    assert requests(User.get_one("1").delete) == ["TransactWrite"]
    assert requests(User(id="1").save) == ["Put"]
    assert requests(User.get_one("1").delete) == ["Delete"]


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_lost_response_of_a_transaction_is_asked_for_again(backend: MemoryBackend) -> None:
    with backend.faults.schedule(Fault.lose_response("after", operation="TransactWrite")):
        User(id="1", email="jane", visits=0).save()
    with backend.faults.schedule(Fault.lose_response("after", operation="TransactWrite")):
        assert User.update_one("1", [User.email.set("joe"), User.visits.increment()]).visits == 1
    check_guards()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_families_share_constraints_and_leave_out_guards() -> None:
    class Account(Model):
        __table__ = "users"
        __hash_key__ = "id"
        id = StringField(required=True)
        email = StringField()

    class Member(Account):
        __unique__ = (Account.email,)
        nick = StringField()

    class Admin(Member):
        __unique__ = ("nick",)  # type: ignore[assignment]  # to mypy, the base's has the type of its value

    Member(id="1", email="jane", nick="j").save()
    with refusals():
        Admin(id="2", email="jane").save()
    Admin(id="2", nick="j").save()  # the constraint of `Admin` concerns admins alone
    with refusals():
        Admin(id="3", nick="j").save()
    assert (Account.find().count(), Member.find().count(), len(Admin.__unique__)) == (2, 2, 1)
    with pytest.raises(ValidationError, match="does not begin with"):
        Account(id="unique#Member#email#x").save()

    class Entry(Model):
        __table__ = "users"
        __hash_key__ = "id"
        __kind_field__ = "kind"
        id = StringField(required=True)
        code = StringField()

    class Old(Entry):
        __kind__ = ("old", None)

    class Order(Entry):
        __kind__ = "order"
        __unique__ = ("code",)

    Order(id="4", code="x").save()
    with refusals():
        Order(id="5", code="x").save()
    Old(id="6", code="x").save()
    assert "unique#order#code#x" in guards()
    assert (Order.find().count(), {each.id for each in Old.find()}) == (1, {"1", "2", "6"})
    assert {each.id for each in Entry.find()} == {"1", "2", "4", "6"}
    assert {each.id for each in Connection.find_across([Entry, Order])} == {"1", "2", "4", "6"}
    assert "begins_with" not in str(Order.explain(None))


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_binary_keys_hold_guards() -> None:
    class Blob(Model):
        __table__ = "blobs"
        __hash_key__ = "digest"
        __range_key__ = "part"
        __unique__ = ("raw",)
        digest = BinaryField(required=True)
        part = BinaryField(required=True)
        raw = BinaryField()

    Blob.create_table()
    Blob(digest=b"a", part=b"1", raw=b"\xff\x00").save()
    with refusals() as caught:
        Blob(digest=b"b", part=b"1", raw=b"\xff\x00").save()
    assert (caught.value.value, caught.value.key) == (b"\xff\x00", {"digest": b"a", "part": b"1"})
    assert Blob.find().all() == [Blob(digest=b"a", part=b"1", raw=b"\xff\x00")]
    with pytest.raises(ValidationError):
        Blob.get_one((b"unique#", b"1"))


KEY = StringField(template="{part}")


def declare(**body: Any) -> Any:
    keys = {
        "__table__": "t",
        "__hash_key__": "id",
        "id": StringField(),
        "age": IntField(),
        "tags": ListField(StringField),
    }
    return type("Thing", (Model,), {"__module__": "zoo", **keys, **body})


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"__unique__": "age"}, r"Thing\.__unique__ must be a list of fields, or of tuples of fields; got 'age'"),
        ({"__unique__": ["nope"]}, r"must be the name of a field \(id, age, tags\); got 'nope'"),
        ({"__unique__": [3]}, r"must contain fields of the class, or their names; got 3"),
        ({"__unique__": [{"age": 1}]}, "must contain fields of the class, or their names; got {'age': 1}"),
        ({"__unique__": [()]}, "has an empty tuple"),
        ({"__unique__": ["tags"]}, "must name fields that are stored as S, N or B; tags is a ListField"),
        ({"__unique__": [("age", "age")]}, "names a field twice"),
        ({"__unique__": [("age", "id")]}, r"names the whole key \(age, id\), which is unique without a constraint"),
        ({"__unique__": ["id"], "__hash_key__": "age"}, "needs a hash key that is stored as text or binary"),
        ({"__unique__": ["age"], "x": StringField(stored_as="_unique")}, r"Thing\.x is stored as '_unique'"),
        (
            {"__unique__": ["part"], "id": KEY, "part": StringField(stored=False)},
            "has no attribute of its own",
        ),
        ({"__uniq__": ["age"]}, "did you mean __unique__"),
    ],
)
@blocking_only
def test_mistakes_are_found_when_the_class_is_declared(body: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        declare(**body)


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_constraints_on_attributes_that_read_alike_when_joined_are_two() -> None:
    one = {"a": StringField(stored_as="x+y"), "b": StringField(stored_as="z")}
    other = {"c": StringField(stored_as="x"), "d": StringField(stored_as="y+z")}
    thing = declare(__table__="things", __unique__=[("a", "b"), ("c", "d")], **one, **other)
    thing.create_table()
    thing(id="1", a="1", b="2").save()
    thing(id="2", c="1", d="2").save()
    with pytest.raises(UniqueViolation, match="the item with id = '1' has it already"):
        thing(id="3", a="1", b="2").save()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_constraints_cannot_change_and_hold_on_other_tables() -> None:
    with pytest.raises(SchemaError, match="is what is unique among its items, which cannot change"):
        User.__unique__ = []
    other = User.on_table("others")
    other.create_table()
    other(id="1", email="jane").save()
    User(id="1", email="jane").save()
    with refusals():
        other(id="2", email="jane").save()
    assert other.find().count() == 1


def put(backend: Backend, **item: Any) -> None:
    """Store an item as a program does that knows no guards."""
    backend.execute(Put(User.table_name(), item))


def test_check_brings_a_table_under_its_constraints(backend: Backend) -> None:
    for number in range(70):
        put(backend, id=str(number), email=f"e{number}", tenant="t", n=f"n{number}")
    put(backend, id="twin", email="e3")
    found = [problem for page in User.check_unique(page_size=50) for problem in page.problems]
    assert {(each.kind, each.is_repaired) for each in found} == {("missing", False)}
    assert (len(found), guards()) == (141, {})
    pages = list(User.check_unique(repair=True, page_size=30))
    found = [problem for page in pages for problem in page.problems]
    assert [each for each in found if not each.is_repaired] == [each for each in found if each.kind == "duplicate"]
    (twins,) = [each for each in found if each.kind == "duplicate"]
    assert twins.key != twins.other
    assert (twins.constraint, twins.value, {twins.key["id"], (twins.other or {})["id"]}) == (
        ("email",),
        "e3",
        {"3", "twin"},
    )
    assert (len(found), len(guards()), pages[-1].cursor) == (141, 140, None)
    User.delete_one("twin")
    assert all(each.is_repaired for page in User.check_unique(repair=True) for each in page.problems)
    check_guards()


def test_check_repairs_what_others_have_left_behind(backend: Backend) -> None:
    User(id="1", email="a").save()
    User(id="2", email="b").save()
    User(id="3", email="c", number=1).save()
    backend.execute(Delete(User.table_name(), {"id": "1"}))
    put(backend, id="2", email="a")
    put(backend, id="3", email="c", number=2)
    found = [(each.kind, each.value, each.key["id"]) for page in User.check_unique() for each in page.problems]
    assert sorted(found, key=repr) == [
        ("missing", "a", "2"),
        ("missing", 2, "3"),
        ("orphaned", "a", "1"),
        ("orphaned", "b", "2"),
        ("orphaned", 1, "3"),
    ]
    assert all(each.is_repaired for page in User.check_unique(repair=True) for each in page.problems)
    check_guards()
    assert [page.problems for page in User.check_unique()] == [[]]


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_check_can_be_continued_and_limited(backend: Backend) -> None:
    for number in range(20):
        put(backend, id=str(number), number=number)
    first = next(iter(User.check_unique(repair=True, page_size=8)))
    assert (len(first.problems), first.scanned_count) == (8, 8)
    steps: list[int] = []
    rest = User.check_unique(
        repair=True,
        cursor=first.cursor,
        progress=lambda each: steps.append(each.done),
        max_units_per_second=1e6,
    )
    assert sum(len(page.problems) for page in rest) == 12
    assert steps
    check_guards()
    with pytest.raises(ExpressionError, match="declares nothing unique besides its key"):
        next(iter(declare().check_unique()))


class Entry(Model):
    __abstract__ = True
    __table__ = "users"
    __hash_key__ = "id"
    __kind_field__ = "kind"
    id = StringField(template="{place}#{number:04}")
    place = StringField(required=True)
    number = IntField(required=True)


class Shop(Entry):
    __kind__ = "shop"
    __unique__ = ("slug",)
    title = StringField()
    slug = StringField(computed=lambda shop: shop.title and shop.title.lower(), computed_from=["title"])


class Branch(Shop):
    __kind__ = "branch"
    __unique__ = ("phone",)
    phone = StringField()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_derived_values_and_derived_kinds_are_kept_unique(backend: Backend) -> None:
    shop = Shop(place="Oslo", number=1, title="Tea").save()
    with pytest.raises(UniqueViolation, match="the item with place = 'Oslo' AND number = 1 has it already") as caught:
        Branch(place="Oslo", number=2, title="TEA", phone="1").save()
    assert (caught.value.value, caught.value.key) == ("tea", {"place": "Oslo", "number": 1})
    assert shop.update(Shop.title.set("Coffee")).slug == "coffee"
    Branch(place="Oslo", number=2, title="TEA", phone="1").save()
    assert set(guards()) == {"unique#shop#slug#coffee", "unique#shop#slug#tea", "unique#branch#phone#1"}
    for key in guards():
        backend.execute(Delete(User.table_name(), {"id": key}))
    assert sum(len(page.problems) for page in Shop.check_unique(repair=True)) == 3
    assert set(guards()) == {"unique#shop#slug#coffee", "unique#shop#slug#tea", "unique#branch#phone#1"}
    assert [page.problems for page in Branch.check_unique()] == [[]]
    assert "each item with its guards" in str(Shop.update_many.explain([("Oslo", 1)], Shop.title.set("x")))
    assert "Delete or TransactWrite" in str(Shop.delete_many.explain([("Oslo", 1)]))
    assert Shop.find().delete().success_count == 2
    assert scan(User) == []


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_update_that_is_done_does_not_fail_because_of_its_read(backend: MemoryBackend) -> None:
    jane = User(id="1", email="jane", visits=1).save()
    prefix = User.table_name().removesuffix("users")
    Connection.set_config(backend=backend, retries=RetryPolicy(1), scans="allow", table_prefix=prefix)
    with backend.faults.schedule(Fault.throttle(operation="BatchGet", times=None)):
        assert jane.update(User.email.set("joe"), User.visits.add(2)) == User(id="1", email="joe", visits=3)
        backend.faults.clear()
    check_guards()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_awaited_transaction_keeps_the_guards() -> None:
    async def run() -> None:
        async with Connection.aio.transaction() as tx:
            tx.create(User(id="1", email="a"))
        one = await User.aio.get_one("1")
        async with Connection.aio.transaction() as tx:
            tx.update(one, User.email.set("b"))
        with pytest.raises(TransactionCanceled):
            async with Connection.aio.transaction() as tx:
                tx.create(User(id="2", email="b"))

    asyncio.run(run())
    check_guards()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_item_as_it_was_is_what_is_stored_now() -> None:
    jane = User(id="1", email="jane", visits=1).save()
    User.update_one("1", User.visits.set(5))
    assert jane.save(returns="old") == User(id="1", email="jane", visits=5)
    old = jane.update(User.email.set("joe"), returns="old")
    assert (old, jane.email) == (User(id="1", email="jane", visits=1), "joe")
    assert User.update_one("1", User.email.set("jim"), returns="none") is None
    changed: Any = User.update_one("1", User.email.set("ann"), returns="updated_old")
    assert changed.email == "jim"
    check_guards()


class RacingBackend(MemoryBackend):
    """Makes one write of another program just before the first transaction of so many actions."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.other: Put | None = None

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        if isinstance(operation, TransactWrite) and len(operation.actions) == self.count and self.other is not None:
            other, self.other = self.other, None
            super().execute(other)
        return super().execute(operation, seconds)


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_guard_is_not_taken_over_from_an_item_that_has_its_value_again() -> None:
    with Connection.using(racing := RacingBackend(3)):
        User.create_table()
        User(id="1", email="jane").save()
        put(racing, id="1")
        racing.other = Put(User.table_name(), {"id": "1", "email": "jane"})
        with refusals():
            User(id="2", email="jane").save()
        assert racing.other is None
        check_guards()
        put(racing, id="1")
        assert User(id="2", email="jane").save().email == "jane"
        check_guards()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_write_starts_again_from_what_others_have_stored() -> None:
    with Connection.using(racing := RacingBackend(2)):
        User.create_table()
        racing.other = Put(User.table_name(), {"id": "1", "visits": 1})
        assert User.upsert_one("1", User.email.set("jane")) == User(id="1", email="jane", visits=1)
        racing.other = Put(User.table_name(), {"id": "2", "visits": 2})
        assert User(id="2", email="joe").save() == User.get_one("2")
        check_guards()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_instance_of_an_item_that_is_gone_can_be_created_again() -> None:
    jane = User(id="1", email="jane", number=1).save()
    User.delete_one("1")
    assert requests(jane.create) == ["TransactWrite"]
    with pytest.raises(ConditionalCheckFailedException, match="already an item"):
        jane.create()
    assert not User.save_many([User(id="1"), User(id="2", number=1)], overwrite=False).success
    check_guards()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_run_that_is_stopped_after_a_write_does_not_report_it_as_unsent(backend: MemoryBackend) -> None:
    jane = User(id="1", email="jane", visits=1).save()
    write = UpdateItem(User.table_name(), {"id": "1"}, (User.email.set("joe"),), None, "ALL_NEW")
    steps = guard_write(User.__mapper__, write, jane).perform(Sender(backend.limits, RetryPolicy(1)))
    result = backend.execute(cast("Any", next(steps)))
    steps.send(result)  # the transaction is done, and the item would be read now
    with pytest.raises(StopIteration) as stop:
        steps.throw(WriteNotSent("the run was interrupted"))
    assert stop.value.value.attributes == {"id": "1", "email": "joe", "visits": 1}
    check_guards()


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
def test_check_goes_on_after_values_that_no_field_could_have_stored(backend: Backend) -> None:
    put(backend, id="1", tenant=5, n=b"x", number="x")
    found = [each for page in User.check_unique(repair=True) for each in page.problems]
    assert [(each.kind, each.value, each.is_repaired) for each in found] == [
        ("missing", (5, b"x"), True),
        ("missing", "x", True),
    ]
    put(backend, id="2", tenant=True, n="y", number=None)
    assert [page.problems for page in User.check_unique(repair=True)] == [[]]
    assert len(guards()) == 2


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@blocking_only
def test_abstract_base_declares_constraints_for_all_kinds() -> None:
    class Account(Model):
        __abstract__ = True
        __table__ = "users"
        __hash_key__ = "id"
        __kind_field__ = "kind"
        id = StringField(required=True)
        email = StringField()
        __unique__ = [email]  # noqa: RUF012 - as users write it

    class Staff(Account):
        __kind__ = "staff"

    class Guest(Account):
        __kind__ = "guest"
        __unique__ = ["card"]  # noqa: RUF012 - as above
        card = StringField()

    Staff(id="1", email="jane").save()
    with refusals() as caught:
        Guest(id="2", email="jane").save()
    assert (caught.value.model, caught.value.key) == (Guest, {"id": "1"})
    Guest(id="2", email="joe", card="5").save()
    assert set(guards()) == {"unique#Account#email#jane", "unique#Account#email#joe", "unique#guest#card#5"}
    assert [page.problems for model in (Staff, Guest) for page in model.check_unique()] == [[], []]
    copied = pickle.loads(pickle.dumps(UniqueViolation("taken", model=User, constraint=("email",), key={"id": "1"})))
    assert vars(copied) == {"model": User, "constraint": ("email",), "value": None, "key": {"id": "1"}, "item": None}


@pytest.mark.parametrize("backend", ["memory"], indirect=True)
@pytest.mark.parametrize("requests_before", [0, 2])
@blocking_only
def test_interruption_tells_whether_something_was_written(backend: MemoryBackend, requests_before: int) -> None:
    User(id="1", email="jane").save()
    write = UpdateItem(User.table_name(), {"id": "1"}, (User.email.set("joe"),), None, "ALL_NEW")
    steps = guard_write(User.__mapper__, write, "1").perform(Sender(backend.limits, RetryPolicy(1)))
    effect: Any = next(steps)
    for _ in range(requests_before):
        effect = steps.send(backend.execute(getattr(effect, "operation", effect)))
    with pytest.raises(KeyboardInterrupt) as caught:
        steps.throw(KeyboardInterrupt())
    interruption: Any = caught.value
    assert interruption.was_sent is (requests_before > 0)
    check_guards()
