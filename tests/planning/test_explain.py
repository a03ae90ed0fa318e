"""What `explain` says, for many strategies: `explained.txt` has the texts, each under the strategy in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

import pytest

from dynamongo import (
    Connection,
    DateTimeField,
    DictField,
    EmailField,
    ExpressionError,
    GlobalIndex,
    IntField,
    ListField,
    LocalIndex,
    Model,
    StringField,
)
from dynamongo.backends import Limits
from dynamongo.planning.plan import Plan, Requests

GOLDEN = FilePath(__file__).parent / "explained.txt"


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = EmailField()
    name = StringField(required=True)
    year = IntField(required=True)
    city = StringField()
    tags = ListField(StringField)
    address = DictField(street=StringField(), zip=StringField())
    by_name = GlobalIndex(hash_key=name, range_key=year)
    by_city = GlobalIndex(hash_key=city, projection="keys_only")
    by_year = GlobalIndex(hash_key=year, range_key=city, projection=[name])


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "place"
    __range_key__ = "at"
    place = StringField()
    at = DateTimeField()
    guest = StringField()
    stars = IntField()
    text = StringField()
    by_guest = LocalIndex(range_key=guest)
    by_stars = LocalIndex(range_key=stars, projection="keys_only")


class Order(Model):
    __table__ = "orders"
    __hash_key__ = "id"
    id = StringField()
    tenant = StringField(required=True)
    region = StringField(required=True)
    year = IntField(required=True)
    month = IntField(required=True)
    total = IntField()
    by_month = GlobalIndex(hash_key=(tenant, region), range_key=(year, month))
    by_tenant = GlobalIndex(hash_key=tenant)


OF_ACME = (Order.tenant == "acme") & (Order.region == "eu")


def day(number: int) -> dt.datetime:
    return dt.datetime(2024, 5, number, tzinfo=dt.timezone.utc)


MANY = [f"{letter}@example.com" for letter in "abcde"]

EXPLAINED: dict[str, Callable[[], Plan]] = {
    "a key": lambda: User.explain("a@example.com"),
    "a key, consistent": lambda: User.explain("a@example.com", consistent=True),
    "a key and a condition": lambda: User.explain((User.email == "a@example.com") & (User.year < 2000)),
    "a key as a dict": lambda: User.explain({"email": "a@example.com"}),
    "a key as an instance": lambda: User.explain(User(email="a@example.com")),
    "a key of two parts": lambda: Visit.explain(("Oslo", day(1))),
    "a key, projected": lambda: User.explain("a@example.com", projection=[User.name, User.address.zip]),
    "a list of keys": lambda: User.explain(["a@example.com", "b@example.com"]),
    "a list of many keys": lambda: User.explain(MANY),
    "one key twice": lambda: User.explain(["a@example.com", "a@example.com"]),
    "no keys": lambda: User.explain([]),
    "in_": lambda: User.explain(User.email.in_(MANY)),
    "in_ of nothing": lambda: User.explain(User.email.in_([])),
    "keys_in": lambda: User.explain(User.keys_in(MANY[:2]) & (User.year > 1990)),
    "keys in a list, with conditions of their own": lambda: User.explain(
        [(User.email == MANY[0]) & (User.year > 1990), MANY[1]]
    ),
    "ORed keys": lambda: User.explain((User.email == MANY[0]) | (User.email == MANY[1])),
    "ORed keys with other conditions": lambda: User.explain(
        ((User.email == MANY[0]) & (User.year > 1990)) | (User.email == MANY[1])
    ),
    "in_ on both keys": lambda: Visit.explain(Visit.place.in_(["Oslo", "Rome"]) & Visit.at.in_([day(1), day(2)])),
    "a hash key": lambda: Visit.explain(Visit.place == "Oslo"),
    "a hash key, descending, the first ten": lambda: Visit.explain(Visit.place == "Oslo", descending=True, limit=10),
    "a hash key and a bound": lambda: Visit.explain((Visit.place == "Oslo") & (Visit.at >= day(3))),
    "a hash key and two bounds": lambda: Visit.explain(
        (Visit.place == "Oslo") & (Visit.at >= day(3)) & (Visit.at < day(9))
    ),
    "a hash key and a filter": lambda: Visit.explain((Visit.place == "Oslo") & Visit.text.contains("good")),
    "a hash key, a filter and a limit": lambda: Visit.explain(
        (Visit.place == "Oslo") & Visit.text.contains("good"), limit=5
    ),
    "a hash key and a condition on the range key that no key condition takes": lambda: Visit.explain(
        (Visit.place == "Oslo") & (Visit.at != day(3))
    ),
    "several hash keys": lambda: Visit.explain(Visit.place.in_(["Rome", "Oslo"])),
    "many hash keys": lambda: Visit.explain(Visit.place.in_(list("abcde")), descending=True),
    "one hash key, ORed ranges": lambda: Visit.explain(
        ((Visit.place == "Oslo") & (Visit.at < day(3))) | ((Visit.place == "Oslo") & (Visit.at > day(9)))
    ),
    "a local index that holds whole items": lambda: Visit.explain((Visit.place == "Oslo") & (Visit.guest == "Jane")),
    "a local index, consistent": lambda: Visit.explain(
        (Visit.place == "Oslo") & Visit.guest.begins_with("J"), consistent=True
    ),
    "a local index that fetches": lambda: Visit.explain((Visit.place == "Oslo") & (Visit.stars == 5)),
    "a local index that fetches for a condition": lambda: Visit.explain(
        (Visit.place == "Oslo") & (Visit.stars == 5) & Visit.text.contains("good")
    ),
    "a local index that holds what is wanted": lambda: Visit.explain(
        (Visit.place == "Oslo") & (Visit.stars == 5), projection=[Visit.stars]
    ),
    "the table's range key before a local index": lambda: Visit.explain(
        (Visit.place == "Oslo") & (Visit.at > day(3)) & Visit.guest.begins_with("J")
    ),
    "a global index": lambda: User.explain((User.name == "Jane") & (User.year < 2000)),
    "a global index, both keys": lambda: User.explain((User.name == "Jane") & (User.year == 2000)),
    "a global index, and a range key that is required": lambda: User.explain(User.name == "Jane"),
    "a global index, several values": lambda: User.explain(User.name.in_(["Jane", "John"]) & (User.year > 1990)),
    "a global index, in_ on its range key": lambda: User.explain((User.name == "Jane") & User.year.in_([1990, 1999])),
    "a global index and a filter on the table's key": lambda: User.explain(
        (User.name == "Jane") & User.email.begins_with("j")
    ),
    "a global index cannot be read consistently": lambda: User.explain(User.name == "Jane", consistent=True),
    "a global index does not hold whole items": lambda: User.explain(User.city == "Oslo"),
    "a global index holds what is wanted": lambda: User.explain(User.city == "Oslo", projection=[User.email]),
    "a global index does not hold what a condition names": lambda: User.explain(
        (User.city == "Oslo") & User.tags.contains("x"), projection=[User.email]
    ),
    "a global index that leaves out items": lambda: User.explain(User.year == 1990, projection=[User.name]),
    "a global index whose range key a condition demands": lambda: User.explain(
        (User.year == 1990) & User.city.exists(), projection=[User.name]
    ),
    "an index that is insisted on": lambda: User.explain(User.city == "Oslo", index=User.by_city),
    "an index that is insisted on and leaves out items": lambda: User.explain(User.year == 1990, index="by_year"),
    "a whole index": lambda: User.explain(index=User.by_city),
    "a key before an index": lambda: User.explain((User.email == MANY[0]) & (User.name == "Jane")),
    "a scan": User.explain,
    "a scan with a filter": lambda: User.explain(User.tags.contains("x") | (User.year < 1900), limit=3),
    "a scan whose filter is too long": lambda: User.explain(User.city.in_([f"city {n}" for n in range(101)])),
    "a scan in segments": lambda: User.find(segments=4).explain(),
    "segments without a scan": lambda: User.find(User.name == "Jane", segments=4).explain(),
    "a lazy read": lambda: Visit.find(Visit.place == "Oslo", limit=20, page_size=100).explain(),
    "a lazy read with a filter": lambda: Visit.find(
        (Visit.place == "Oslo") & (Visit.text == "good"), limit=20, page_size=100
    ).explain(),
    "a long key": lambda: Order.explain(OF_ACME),
    "a long key and its first range attribute": lambda: Order.explain(OF_ACME & (Order.year == 2025)),
    "a long key and a bound on its first range attribute": lambda: Order.explain(OF_ACME & (Order.year > 2023)),
    "a long key and all range attributes": lambda: Order.explain(
        (Order.month.between(3, 5)) & (Order.year == 2025) & OF_ACME, descending=True
    ),
    "a long key and two bounds on the last range attribute": lambda: Order.explain(
        OF_ACME & (Order.year == 2025) & (Order.month > 3) & (Order.month <= 9)
    ),
    "a long key and a range attribute after one that is left out": lambda: Order.explain(
        OF_ACME & (Order.month == 3) & (Order.total > 100)
    ),
    "a long key and a range attribute after a bound": lambda: Order.explain(
        OF_ACME & (Order.year >= 2023) & (Order.month == 3)
    ),
    "several values of a hash attribute": lambda: Order.explain(
        (Order.tenant == "acme") & Order.region.in_(["us", "eu"]) & (Order.year == 2025)
    ),
    "ORed hash keys of two attributes": lambda: Order.explain(
        ((Order.tenant == "acme") & (Order.region == "eu")) | ((Order.tenant == "best") & (Order.region == "us"))
    ),
    "one hash attribute of two": lambda: Order.explain((Order.region == "eu") & (Order.year == 2025)),
    "too many combinations of hash attributes": lambda: Order.explain(
        Order.tenant.in_([f"{n}" for n in range(40)]) & Order.region.in_([f"{n}" for n in range(40)])
    ),
    "a long key that is insisted on, in part": lambda: Order.explain(Order.region == "eu", index=Order.by_month),
    "bounds that contradict each other": lambda: User.explain((User.year < 1) & (User.year > 2)),
    "values that contradict each other": lambda: User.explain((User.city == "Oslo") & User.city.in_(["Rome"])),
    "a limit of nothing": lambda: User.explain(User.name == "Jane", limit=0),
}


def read_golden() -> dict[str, str]:
    blocks = GOLDEN.read_text().split("\n## ")[1:]
    return {name: text.strip("\n") for name, _, text in (block.partition("\n") for block in blocks)}


@pytest.mark.parametrize("name", EXPLAINED)
def test_explanation_matches_the_golden_text(name: str) -> None:
    assert str(EXPLAINED[name]()) == read_golden()[name]


def test_every_golden_text_is_of_a_strategy() -> None:
    assert list(read_golden()) == list(EXPLAINED)


def test_explaining_touches_no_backend() -> None:
    class Untouchable:
        name = "untouchable"
        limits = Limits()

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

        def execute(self, operation: Any) -> Any:
            raise AssertionError(operation)

    with Connection.using(Untouchable()):
        for explain in EXPLAINED.values():
            explain()


def test_fields_of_a_plan_are_for_tests() -> None:
    plan = User.explain((User.name == "Jane") & (User.year < 2000) & (User.city == "Oslo"))
    assert plan.index == "by_name"
    assert str(plan.key_condition) == "name = 'Jane' AND year < 2000"
    assert str(plan.filter) == "city = 'Oslo'"
    assert plan.residual is None
    assert plan.requests == Requests(1, "one more for each MB that is read")
    assert [rejected.name for rejected in plan.rejected] == ["users", "by_city", "by_year"]


@pytest.mark.parametrize(
    ("explain", "reason"),
    [
        (
            lambda: User.explain(User.name == "Jane", index=User.by_name, consistent=True),
            "User: the index by_name cannot serve this read: a global index cannot be read consistently",
        ),
        (
            lambda: User.explain((User.city == "Oslo") & (User.name == "Jane"), index="by_city"),
            "User: the index by_city cannot serve this read: it does not hold `name`, which the condition names",
        ),
        (
            lambda: User.explain(User.city == "Oslo", index="by_city", projection=[User.tags]),
            "User: the index by_city cannot serve this read: it does not hold `tags`",
        ),
        (
            lambda: User.explain("a@example.com", index="by_city"),
            "User: the index by_city cannot serve this read: keys identify items of the table",
        ),
        (
            lambda: User.explain(index="by_nam"),
            "unknown index 'by_nam'; User has: by_name, by_city, by_year",
        ),
    ],
)
def test_impossible_read_is_refused_with_the_reason(explain: Callable[[], Plan], reason: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        explain()
    assert str(caught.value) == reason


if __name__ == "__main__":  # rewrite the texts, to be read before they are committed
    texts = "".join(f"\n## {name}\n\n{explain()}\n" for name, explain in EXPLAINED.items())
    GOLDEN.write_text("What tests/planning/test_explain.py expects; run it as a script to rewrite this.\n" + texts)
