"""Random collections: items of several kinds under keys made by templates, read together, and a look at every item.

What a read should find is said here in a few lines of Python, which render keys by themselves. The table and its index
have keys of templates, some of whose members are stored nowhere else. The memory backend executes it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo import Connection, DateField, GlobalIndex, IntField, Model, StringField
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection
from dynamongo.expressions.values import Item
from dynamongo.operations import Get, Put, Query, Scan

pytestmark = [pytest.mark.usefixtures("colour"), pytest.mark.slow]


class Entry(Model):
    __abstract__ = True
    __table__ = "shop"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __kind_field__ = "type"
    pk = StringField(required=True)
    sk = StringField(required=True)
    place = StringField()
    time = StringField()
    size = IntField()
    by_place = GlobalIndex(hash_key=place, range_key=time)


class Customer(Entry):
    __kind__ = "customer"
    pk = StringField(template="CUSTOMER#{customer}")
    sk = StringField(template="PROFILE")
    place = StringField(template="CITY#{city}")
    time = StringField(template="CUSTOMER#{customer}")
    customer = IntField(required=True)
    city = StringField()


class Order(Entry):
    __kind__ = "order"
    pk = StringField(template="CUSTOMER#{customer}")
    sk = StringField(template="ORDER#{number:04}")
    place = StringField(template="CITY#{city}")
    time = StringField(template="{placed}#{number:04}")
    customer = IntField(required=True, stored=False)
    number = IntField(required=True, stored=False, min_value=0)
    placed = DateField(required=True)
    city = StringField()


class Line(Entry):
    __kind__ = "line"
    pk = StringField(template="CUSTOMER#{customer}")
    sk = StringField(template="ORDER#{number:04}#LINE#{line:02}")
    customer = IntField(required=True, stored=False)
    number = IntField(required=True, stored=False, min_value=0)
    line = IntField(required=True, stored=False, min_value=0)


MODELS: dict[str, Any] = {"customer": Customer, "order": Order, "line": Line}
DAYS = [dt.date(2026, 1, day) for day in (1, 2, 10)]
CITIES = ["Oslo", "Ås"]
NUMBERS = [1, 2, 10, 100]


@dataclass(frozen=True)
class Member:
    """What an item is made of. Its kind is `"invoice"` where no model has it."""

    kind: str
    customer: int
    number: int = 0
    line: int = 0
    placed: dt.date = DAYS[0]
    city: str | None = None
    size: int | None = None

    @property
    def item(self) -> Item:
        """The item, with keys that are rendered here."""
        found: Item = {"pk": f"CUSTOMER#{self.customer}", "type": self.kind}
        number, day = f"{self.number:0>4}", self.placed.isoformat()
        match self.kind:
            case "customer":
                found |= {"sk": "PROFILE", "time": f"CUSTOMER#{self.customer}", "customer": self.customer}
            case "order":
                found |= {"sk": f"ORDER#{number}", "time": f"{day}#{number}", "placed": day}
            case "line":
                found |= {"sk": f"ORDER#{number}#LINE#{self.line:0>2}"}
            case _:
                found |= {"sk": f"ORDER#{number}#INVOICE", "time": f"{day}#{number}#INVOICE", "place": "CITY#Oslo"}
        if self.city is not None and self.kind in {"customer", "order"}:
            found |= {"city": self.city, "place": f"CITY#{self.city}"}
        return found if self.size is None else {**found, "size": self.size}


@st.composite
def collections(draw: st.DrawFn) -> list[Member]:
    """Return what is stored, one for each key."""
    made = draw(
        st.lists(
            st.builds(
                Member,
                kind=st.sampled_from([*MODELS, "order", "line", "invoice"]),
                customer=st.sampled_from([1, 1, 1, 2, 11]),
                number=st.sampled_from(NUMBERS),
                line=st.integers(1, 3),
                placed=st.sampled_from(DAYS),
                city=st.sampled_from([*CITIES, None]),
                size=st.sampled_from([None, 1, 2]),
            ),
            max_size=14,
        )
    )
    return list({(member.item["pk"], member.item["sk"]): member for member in made}.values())


@dataclass(frozen=True)
class Rule:
    """A condition on the members of one model, and the same in Python."""

    text: str
    build: Callable[[Any], Any]
    holds: Callable[[Member], bool]

    def __repr__(self) -> str:
        return self.text


def key_of(each: Any) -> tuple[str, str]:
    return each.pk, each.sk


def keys_of(members: list[Member]) -> list[tuple[Any, Any]]:
    return [(member.item["pk"], member.item["sk"]) for member in members]


def fill(members: list[Member]) -> None:
    Connection.set_config(backend=MemoryBackend(), scans="allow")
    Order.create_table()
    for member in members:
        default_connection.backend.execute(Put("shop", member.item))


@pytest.fixture(autouse=True)
def default() -> Any:
    yield
    Connection.set_config()


several = st.lists(st.sampled_from(list(MODELS)), min_size=1, max_size=3, unique=True)
SIZE = Rule("size", lambda m: m.size >= 1, lambda member: member.size is not None)
NO_SIZE = Rule("no size", lambda m: m.size.not_exists(), lambda member: member.size is None)
ANY = Rule("any", lambda _: None, lambda _: True)
ACROSS = [
    ANY,
    SIZE,
    NO_SIZE,
    Rule("order 2", lambda m: m.number == 2, lambda member: member.number == 2 and member.kind != "customer"),
    Rule("from order 10", lambda m: m.number >= 10, lambda member: member.number >= 10 and member.kind != "customer"),
]
"""Conditions of a collection. The numbers are those of orders and lines, which customers do not have."""


# How a read names its partition: by the value of the member, by its name, by the key itself, or in a condition.
WAYS: dict[str | None, list[Any]] = {
    None: [1, {"customer": 1}, {"pk": "CUSTOMER#1"}, lambda m: m.customer == 1],
    "by_place": ["Oslo", {"city": "Oslo"}, {"place": "CITY#Oslo"}, lambda m: m.city == "Oslo"],
}


def make_read(kinds: list[str], rule: Rule, index: str | None, way: int, **options: Any) -> Any:
    models = [MODELS[kind] for kind in kinds]
    condition, partition = rule.build(models[0]), WAYS[index][way]
    if index is not None:
        options["index"] = index
    if callable(partition):
        whole = partition(models[-1])
        return Connection.find_across(models, whole if condition is None else whole & condition, **options)
    return Connection.find_across(models, condition, hash_key=partition, **options)


def look(members: list[Member], kinds: list[str], rule: Rule, index: str | None, *, descending: bool) -> list[Member]:
    """Return what such a read should find, in its order."""
    hash_key, value, range_key = ("pk", "CUSTOMER#1", "sk") if index is None else ("place", "CITY#Oslo", "time")
    found = [
        member
        for member in members
        if member.kind in kinds
        and rule.holds(member)
        and member.item.get(hash_key) == value
        and range_key in member.item
    ]
    return sorted(found, key=lambda member: str(member.item[range_key]).encode(), reverse=descending)


OPTIONS = st.fixed_dictionaries(
    {"descending": st.booleans(), "page_size": st.integers(1, 4), "limit": st.integers(1, 5), "way": st.integers(0, 3)}
)


@given(collections(), several, st.sampled_from(ACROSS), st.sampled_from([None, "by_place"]), OPTIONS)
def test_collections(
    members: list[Member], kinds: list[str], rule: Rule, index: str | None, options: dict[str, Any]
) -> None:
    descending, limit, way = options["descending"], options["limit"], options["way"]
    if index is not None:  # lines are not in it
        kinds = [kind for kind in kinds if kind != "line"] or ["order"]
    if rule not in ACROSS[:3]:  # it is about numbers: of the first model, in its words
        kinds = sorted({*kinds, "order"}, key=lambda kind: kind != "order")
    fill(members)
    wanted = look(members, kinds, rule, index, descending=descending)
    found = make_read(kinds, rule, index, way, descending=descending)
    steps = {type(step) for step in found.explain().operations}
    assert steps == {Query} or (steps == {Get} and len(kinds) == 1 and index is None)  # of one kind it may be a key
    items = found.all()
    same_times = index is not None  # two items may have one key of an index
    assert_alike([key_of(each) for each in items], keys_of(wanted), in_order=not same_times)
    by_key = {(member.item["pk"], member.item["sk"]): member for member in members}
    for each in items:
        check_instance(each, by_key[key_of(each)])
    assert found.count() == len(wanted)
    groups = found.by_kind()
    for kind in kinds:
        assert sorted(map(key_of, groups[MODELS[kind]])) == sorted(
            keys_of([member for member in wanted if member.kind == kind])
        )
    limited = make_read(kinds, rule, index, way, descending=descending, limit=limit).all()
    assert [key_of(each) for each in limited] == [key_of(each) for each in items[:limit]]
    check_pages(items, kinds, rule, index, options)


@given(collections(), several, st.sampled_from(ACROSS), OPTIONS, st.sampled_from(["update", "delete"]))
def test_writes_to_collections(
    members: list[Member], kinds: list[str], rule: Rule, options: dict[str, Any], verb: str
) -> None:
    if rule not in ACROSS[:3]:
        kinds = sorted({*kinds, "order"}, key=lambda kind: kind != "order")
    fill(members)
    wanted = set(keys_of(look(members, kinds, rule, None, descending=False)))
    found = make_read(kinds, rule, None, options["way"])
    if verb == "delete":
        found.delete()
    else:
        found.update(Entry.size.set(9))
    check_written(members, wanted, verb)


def check_written(members: list[Member], wanted: set[Any], verb: str) -> None:
    """Look at all items, of which some were updated or deleted."""
    after = {(item["pk"], item["sk"]): item for item in default_connection.backend.execute(Scan("shop")).items}
    for member in members:
        key: Any = (member.item["pk"], member.item["sk"])
        if key in wanted:
            assert after.get(key) == (None if verb == "delete" else {**member.item, "size": 9})
        else:
            assert after[key] == member.item


def check_pages(items: list[Any], kinds: list[str], rule: Rule, index: str | None, options: dict[str, Any]) -> None:
    """Read page by page, each from the cursor of the one before, with a limit for each."""
    paged, cursor = list[Any](), None
    for _ in range(len(items) + 12):
        page = make_read(kinds, rule, index, cursor=cursor, **options).page()
        assert len(page.items) <= options["limit"]
        paged += page.items
        cursor = page.cursor
        if cursor is None:
            break
    assert cursor is None
    assert [key_of(each) for each in paged] == [key_of(each) for each in items]


def assert_alike(found: list[Any], wanted: list[Any], *, in_order: bool) -> None:
    assert (found if in_order else sorted(found)) == (wanted if in_order else sorted(wanted))


def check_instance(instance: Any, member: Member) -> None:
    """Check that the instance has the class of its kind and all members, whether they are stored or in keys alone."""
    assert type(instance) is MODELS[member.kind]
    for name in ("customer", "number", "line", "placed", "city", "size"):
        if name in type(instance).__mapper__.fields:
            assert getattr(instance, name) == getattr(member, name), name


RULES: dict[str, list[Rule]] = {
    "customer": [
        Rule("customer == 1", lambda m: m.customer == 1, lambda member: member.customer == 1),
        Rule("city", lambda m: m.city == "Oslo", lambda member: member.city == "Oslo"),
        Rule(
            "city and customer",
            lambda m: (m.city == "Oslo") & (m.customer == 11),
            lambda member: member.city == "Oslo" and member.customer == 11,
        ),
        Rule("customers", lambda m: m.customer.in_([1, 11, 7]), lambda member: member.customer in {1, 11}),
        Rule("not", lambda m: ~(m.customer == 1), lambda member: member.customer != 1),
    ],
    "order": [
        Rule("customer == 1", lambda m: m.customer == 1, lambda member: member.customer == 1),
        Rule(
            "one",
            lambda m: (m.customer == 1) & (m.number == 2),
            lambda member: (member.customer, member.number) == (1, 2),
        ),
        Rule(
            "number >= 10",
            lambda m: (m.customer == 1) & (m.number >= 10),
            lambda member: member.customer == 1 and member.number >= 10,
        ),
        Rule(
            "between",
            lambda m: (m.customer == 1) & m.number.between(2, 11) & (m.number < 11),
            lambda member: member.customer == 1 and 2 <= member.number < 11,
        ),
        Rule(
            "since",
            lambda m: (m.city == "Oslo") & (m.placed > DAYS[0]),
            lambda member: member.city == "Oslo" and member.placed > DAYS[0],
        ),
        Rule(
            "on a day",
            lambda m: (m.city == "Ås") & (m.placed == DAYS[1]) & (m.number <= 10),
            lambda member: member.city == "Ås" and member.placed == DAYS[1] and member.number <= 10,
        ),
        Rule("number", lambda m: m.number == 2, lambda member: member.number == 2),
        Rule(
            "or",
            lambda m: (m.customer == 1) & ((m.number == 2) | (m.size == 1)),
            lambda member: member.customer == 1 and (member.number == 2 or member.size == 1),
        ),
    ],
    "line": [
        Rule("customer == 1", lambda m: m.customer == 1, lambda member: member.customer == 1),
        Rule(
            "of an order",
            lambda m: (m.customer == 1) & (m.number == 10),
            lambda member: (member.customer, member.number) == (1, 10),
        ),
        Rule(
            "lines from the second",
            lambda m: (m.customer == 1) & (m.number == 10) & (m.line > 1),
            lambda member: (member.customer, member.number) == (1, 10) and member.line > 1,
        ),
        Rule(
            "orders",
            lambda m: (m.customer == 1) & (m.number > 2),
            lambda member: member.customer == 1 and member.number > 2,
        ),
        Rule(
            "line", lambda m: (m.customer == 1) & (m.line == 2), lambda member: (member.customer, member.line) == (1, 2)
        ),
        Rule("not", lambda m: ~(m.number > 2), lambda member: member.number <= 2),
    ],
}
CHOICES = st.sampled_from([(kind, rule) for kind, rules in RULES.items() for rule in rules])


@given(collections(), CHOICES, st.integers(1, 3))
def test_conditions_on_members(members: list[Member], choice: tuple[str, Rule], limit: int) -> None:
    kind, rule = choice
    model = MODELS[kind]
    fill(members)
    wanted = [member for member in members if member.kind == kind and rule.holds(member)]
    items = model.find(rule.build(model)).all()
    assert sorted(map(key_of, items)) == sorted(keys_of(wanted))
    by_key = {(member.item["pk"], member.item["sk"]): member for member in members}
    for each in items:
        check_instance(each, by_key[key_of(each)])
    assert model.find(rule.build(model)).count() == len(wanted)
    assert len(model.get_many(rule.build(model), limit=limit)) == min(limit, len(wanted))


@given(collections(), CHOICES, st.sampled_from(["update", "delete"]))
def test_writes_by_members(members: list[Member], choice: tuple[str, Rule], verb: str) -> None:
    kind, rule = choice
    model = MODELS[kind]
    fill(members)
    wanted = {
        (member.item["pk"], member.item["sk"]) for member in members if member.kind == kind and rule.holds(member)
    }
    if verb == "delete":
        model.find(rule.build(model)).delete()
    else:
        model.find(rule.build(model)).update(model.size.set(9))
    check_written(members, wanted, verb)
