"""Conditions on members of keys find what a look at every item finds, at no more cost than conditions on the keys."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamongo import (
    Connection,
    DateField,
    DateTimeField,
    DecimalField,
    GlobalIndex,
    IntField,
    LocalIndex,
    Model,
    ScanForbidden,
    StringField,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import AnyCondition

UTC = dt.timezone.utc
PREFIXES = map("members-{}-".format, itertools.count())


class Shop(Model):
    __abstract__ = True
    __table__ = "shop"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __scans__ = "allow"


class Customer(Shop):
    """Its range key is constant."""

    pk = StringField(template="CUSTOMER#{number}")
    sk = StringField(template="PROFILE")
    number = IntField(required=True)
    text = StringField()


class Order(Shop):
    """Numbers in order, and an index that is sparse."""

    pk = StringField(template="CUSTOMER#{number}")
    sk = StringField(template="ORDER#{count:02}")
    number = IntField(required=True, stored_as="customer")
    count = IntField(required=True)
    text = StringField()
    day = DateField()
    index_pk = StringField(template="TEXT#{text}")
    index_sk = StringField(template="{day}#{count:02}")
    by_text = GlobalIndex(hash_key=index_pk, range_key=index_sk)


class Line(Shop):
    """Several members, of which something follows the numbers; one is in both keys."""

    pk = StringField(template="{text}/{number}")
    sk = StringField(template="LINE#{number}#{count:02}#{text}#END")
    number = IntField(required=True)
    count = IntField(required=True)
    text = StringField(required=True)
    local_sk = StringField(template="{text}#{code}#{count:02}")
    by_code = LocalIndex(range_key=local_sk)
    code = StringField(min_length=2, max_length=2)


class Event(Shop):
    """Times and text of fixed length, before and after others."""

    pk = StringField(template="EVENT")
    sk = StringField(template="{when}#{code}#{text}")
    number = DecimalField()
    when = DateTimeField(required=True, tzd="require")
    code = StringField(required=True, min_length=2, max_length=2)
    text = StringField(required=True)
    index_sk = StringField(template="{code}")
    by_code = GlobalIndex(hash_key=pk, range_key=index_sk)
    by_text = GlobalIndex(hash_key=text, range_key=sk)


class Note(Shop):
    """Only keys tell its members."""

    pk = StringField(template="NOTE#{number}#{code}")
    sk = StringField(template="{count:02}/{text}")
    number = IntField(required=True, stored=False)
    code = StringField(required=True, stored=False, stored_as="c")
    count = IntField(required=True, stored=False)
    text = StringField(required=True, stored=False)
    day = DateField()
    index_pk = StringField(template="{day}")
    index_sk = StringField(template="{code}|{count:02}")
    by_day = GlobalIndex(hash_key=index_pk, range_key=index_sk)


MODELS: list[Any] = [Customer, Order, Line, Event, Note]

WORDS = st.sampled_from(["a", "b", "ab", "a b", "a~", "A", "b0"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": st.sampled_from([0, 1, 7, 77]),
    "count": st.sampled_from([0, 1, 2, 9, 10, 98, 99]),
    "text": WORDS,
    "code": st.sampled_from(["aa", "ab", "ba", "b "]),
    "day": st.sampled_from([dt.date(2026, 11, 28), dt.date(2026, 11, 29), dt.date(2026, 12, 1)]),
    "when": st.sampled_from([dt.datetime(2026, 11, 29, 8, tzinfo=UTC), dt.datetime(2026, 11, 29, 9, tzinfo=UTC)]),
}
BOUNDS: dict[str, st.SearchStrategy[Any]] = {
    **VALUES,
    "count": st.one_of(VALUES["count"], st.sampled_from([-1, 100, 1000])),
    "code": st.one_of(VALUES["code"], st.sampled_from(["a", "aab", "z"])),
    "text": st.one_of(WORDS, st.sampled_from(["a#", "#", "~"])),
}
OPERATORS: list[Callable[[Any, Any], AnyCondition]] = [
    lambda field, value: field < value,
    lambda field, value: field <= value,
    lambda field, value: field > value,
    lambda field, value: field >= value,
]


def members(model: Any) -> list[str]:
    return [name for name in VALUES if name in model.__mapper__.fields and not (model is Event and name == "number")]


@st.composite
def leaves(draw: st.DrawFn, model: Any) -> AnyCondition:
    name = draw(st.sampled_from(members(model)))
    field = getattr(model, name)
    kind = draw(st.sampled_from(["=", "=", "=", "in", "bound", "bound", "between", "begins", "exists", "<>"]))
    if kind == "in":
        return cast("AnyCondition", field.in_(draw(st.lists(VALUES[name], max_size=3))))
    if kind == "bound":
        return cast("AnyCondition", draw(st.sampled_from(OPERATORS))(field, draw(BOUNDS[name])))
    if kind == "between":
        low, high = sorted([draw(BOUNDS[name]), draw(BOUNDS[name])])
        return cast("AnyCondition", field.between(low, high))
    if kind == "begins" and field.stored_type == "S":
        return cast("AnyCondition", field.begins_with(draw(st.sampled_from(["a", "b", "a#", "2026-11", "aa", ""]))))
    if kind == "exists":
        return cast("AnyCondition", field.exists())
    value = draw(VALUES[name])
    return cast("AnyCondition", field != value if kind == "<>" else field == value)


def conditions(model: Any) -> st.SearchStrategy[AnyCondition]:
    ands = st.lists(leaves(model), min_size=1, max_size=4).map(lambda parts: _join(parts, "&"))
    ors = st.lists(ands, min_size=1, max_size=3).map(lambda parts: _join(parts, "|"))
    return st.one_of(
        ands, ands, ors, st.tuples(ands, ors).map(lambda both: both[0] & both[1]), ands.map(lambda one: ~one)
    )


def _join(parts: list[Any], operator: str) -> Any:
    joined = parts[0]
    for part in parts[1:]:
        joined = joined & part if operator == "&" else joined | part
    return joined


@st.composite
def rows(draw: st.DrawFn, model: Any) -> Any:
    optional = [name for name in members(model) if not model.__mapper__.fields[name].required]
    values = {name: draw(VALUES[name]) for name in members(model)}
    for name in optional:
        if draw(st.booleans()):
            del values[name]
    return model(**values)


@st.composite
def shops(draw: st.DrawFn) -> tuple[Any, AnyCondition, list[Any], list[Any]]:
    model = draw(st.sampled_from(MODELS))
    own = draw(st.lists(rows(model), max_size=12))
    kind = {Customer: Order, Order: Customer}.get(model)
    others = [] if kind is None else draw(st.lists(rows(kind), max_size=3))
    return model, draw(conditions(model)), own, others


def shown(instances: Any) -> list[str]:
    return sorted(str(each) for each in instances)


def check_filled(model: Any, condition: AnyCondition) -> None:
    """A plan that is filled in from that of an earlier example is the one that would be made anew."""
    kept, filled = dict(model.__mapper__.plan_templates), model.explain(condition)
    model.__mapper__.plan_templates.clear()
    made = model.explain(condition)
    assert (filled, str(filled)) == (made, str(made))
    model.__mapper__.plan_templates.update(kept)


def check(
    model: Any, condition: AnyCondition, own: list[Any], others: list[Any], backend: Backend | None = None
) -> None:
    check_filled(model, condition)
    with Connection.using(backend or MemoryBackend(), table_prefix=next(PREFIXES)):
        model.create_table()
        for each in (*others, *own):
            each.save()
        there = {(each.pk, each.sk): each for each in own}
        expected = shown(each for each in there.values() if condition.matches(each))
        assert shown(model.get_many(condition)) == expected, str(model.explain(condition))
        assert shown(model.find(condition, limit=100)) == expected
        assert model.find(condition).count() == len(expected)


@given(shops())
def test_conditions_on_members_find_what_a_look_at_every_item_finds(
    case: tuple[Any, AnyCondition, list[Any], list[Any]],
) -> None:
    check(*case)


@pytest.mark.slow
@settings(max_examples=3000)
@given(shops())
def test_many_conditions_on_members_find_what_a_look_at_every_item_finds(
    case: tuple[Any, AnyCondition, list[Any], list[Any]],
) -> None:
    check(*case)


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shops())
def test_the_store_finds_the_same(
    dynamodb_backend: Backend, case: tuple[Any, AnyCondition, list[Any], list[Any]]
) -> None:
    check(*case, backend=dynamodb_backend)


def planned(model: Any, condition: AnyCondition | None = None, **arguments: Any) -> list[str]:
    """What the plan reads: its first lines, without what is the same for all."""
    lines = str(model.explain(condition, **arguments)).splitlines()
    return [line.strip() for line in lines if line.split()[0] in ("Get", "Query", "key", "stands")]


@pytest.mark.parametrize(
    ("model", "condition", "expected"),
    [
        (Customer, Customer.number == 7, ["Get shop", "key            pk = 'CUSTOMER#7' AND sk = 'PROFILE'"]),
        (Order, Order.number == 7, ["Query shop", "key condition  pk = 'CUSTOMER#7' AND begins_with(sk, 'ORDER#')"]),
        (
            Order,
            (Order.number == 7) & (Order.count == 3),
            ["Get shop", "key            pk = 'CUSTOMER#7' AND sk = 'ORDER#03'"],
        ),
        (
            Order,
            (Order.number == 7) & (Order.count > 3) & (Order.count <= 9),
            ["Query shop", "key condition  pk = 'CUSTOMER#7' AND sk BETWEEN 'ORDER#04' AND 'ORDER#09'"],
        ),
        (
            Order,
            (Order.text == "a") & (Order.day == dt.date(2026, 11, 29)),
            [
                "Query shop.by_text",
                "key condition  index_pk = 'TEXT#a' AND begins_with(index_sk, '2026-11-29#')",
            ],
        ),
        (
            Order,
            (Order.text == "a") & (Order.day < dt.date(2026, 11, 29)),
            ["Query shop.by_text", "key condition  index_pk = 'TEXT#a' AND index_sk <= '2026-11-29'"],
        ),
        (
            Line,
            (Line.text == "a") & (Line.number == 7) & (Line.count >= 3),
            ["Query shop", "key condition  pk = 'a/7' AND sk BETWEEN 'LINE#7#03#' AND 'LINE#7#99$'"],
        ),
    ],
    ids=str,
)
def test_conditions_on_members_become_key_conditions_that_say_all_of_them(
    model: Any, condition: AnyCondition, expected: list[str]
) -> None:
    assert planned(model, condition) == [*expected, f"stands for     {condition}"]


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        ((Order.number == 7), (Order.pk == "CUSTOMER#7") & Order.sk.begins_with("ORDER#")),
        (
            (Order.number == 7) & (Order.count > 3),
            (Order.pk == "CUSTOMER#7") & Order.sk.between("ORDER#04", "ORDER#99"),
        ),
        ((Order.number == 7) & (Order.count == 3), (Order.pk == "CUSTOMER#7") & (Order.sk == "ORDER#03")),
        (
            (Order.text == "a") & (Order.day == dt.date(2026, 11, 29)),
            (Order.index_pk == "TEXT#a") & Order.index_sk.begins_with("2026-11-29#"),
        ),
    ],
    ids=str,
)
def test_a_read_by_members_consumes_what_one_by_keys_does(condition: AnyCondition, same: AnyCondition) -> None:
    with Connection.using(MemoryBackend()):
        Order.create_table()
        Order.save_many(
            [Order(number=7, count=n, text="a", day=dt.date(2026, 11, 28 + n % 2)) for n in range(40)]
        ).raise_if_failed()
        pages = [Order.find(each, limit=3).page() for each in (condition, same)]
        wholes = [Order.find(each).page() for each in (condition, same)]
    for by_members, by_keys in (pages, wholes):
        assert by_members == by_keys  # items, cursors, scanned counts and consumed capacity


def test_whole_values_and_prefixes_that_cross_a_separator_find_what_an_item_has() -> None:
    when = dt.datetime(2026, 11, 29, 8, tzinfo=UTC)
    event = Event(when=when, code="aa", text="a")
    hour = dt.timedelta(hours=1)
    for condition in (
        Event.when.in_([when - hour, when]),
        (Event.when == when) & Event.code.begins_with("aa#a"),
        (Event.when == when) & Event.code.begins_with("aa"),
    ):
        check(Event, condition, [event], [])


def test_repeated_reads_by_members_take_the_plan_of_the_first() -> None:
    for count in (1, 50, 98):
        condition = (Order.number == count) & (Order.count > count)
        Order.__mapper__.plan_templates.clear()
        anew = Order.explain(condition)
        Order.explain((Order.number == 3) & (Order.count > 3))
        again = Order.explain(condition)
        assert (again, again.stated, str(again)) == (anew, anew.stated, str(anew))
    # A bound that excludes every number is another plan.
    assert Order.explain((Order.number == 1) & (Order.count > 99)).operations == ()


def test_a_value_that_no_key_has_is_found_in_no_item() -> None:
    plan = Order.explain((Order.number == 1) & (Order.count > 99))
    assert plan.operations == ()
    assert plan.warnings == ("no key can be made of a value in the condition",)


def test_what_an_index_needs_is_said_in_terms_of_members() -> None:
    assert [str(each) for each in Order.explain(Order.day == dt.date(2026, 11, 29)).rejected] == [
        "shop: no condition compares `number` by ==, of which its hash key is composed",
        "by_text: no condition compares `text` by ==, of which its hash key is composed",
    ]
    (_, by_text) = Order.explain(Order.text == "a").rejected
    assert str(by_text).startswith("by_text: items without `day` are not in it")
    plan = Order.explain((Order.text == "a") & Order.day.exists() & (Order.count == 3))
    assert plan.warnings == ("no condition compares `day` by ==, so the key condition has none on `count`",)


def test_a_condition_of_the_caller_on_a_range_key_comes_before_the_beginning_of_all_keys() -> None:
    class Task(Shop):
        pk = StringField(template="TEAM#{text}")
        sk = StringField(template="TASK#{number}")
        number = IntField(required=True)
        text = StringField(required=True)
        day = DateField(required=True)
        index_pk = StringField(template="DUE#{text}")
        index_sk = StringField(template="{day}")
        by_day = GlobalIndex(hash_key=index_pk, range_key=index_sk)

    plan = Task.explain((Task.text == "a") & (Task.day >= dt.date(2026, 1, 1)))
    assert (plan.index, plan.stated) == ("by_day", (Task.text == "a", Task.day >= dt.date(2026, 1, 1)))
    (shop,) = plan.rejected
    assert str(shop) == (
        "shop: it would use `pk` and the beginning of `sk` that its template implies; by_day uses its hash key and a"
        " part of its range key"
    )
    assert Task.explain(Task.text == "a").index is None  # the table comes first, as where the index has no condition


def test_a_plan_says_why_a_bound_is_not_in_the_key_condition() -> None:
    class Step(Shop):
        pk = StringField(template="STEPS")
        sk = StringField(template="{number}#{text}#{count:02}")
        number = IntField(required=True)
        text = StringField(required=True)
        count = IntField(required=True)

    assert Step.explain(Step.number > 5).warnings == (
        "`number`: its texts do not sort as the numbers do: pad them in the template of Step.sk, as in {number:08}",
    )
    (warning,) = Step.explain((Step.number == 5) & (Step.text > "a")).warnings
    assert warning.startswith("`text`: its texts have no fixed length")


def test_a_scan_leaves_out_items_whose_keys_have_other_templates() -> None:
    with Connection.using(MemoryBackend()):
        Order.create_table()
        Customer(number=1).save()
        order = Order(number=1, count=2).save()
        assert Order.get_many() == [order]
        assert Customer.find().count() == 1
        with pytest.raises(ScanForbidden, match=r"^Order: this reads the whole table shop, and every item"):
            Order.get_many(scans="forbid")  # names no condition, as the caller gave none


class Mixed(Model):
    __abstract__ = True
    __table__ = "mixed"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __kind_field__ = "type"
    pk = StringField(template="CUSTOMER#{customer}")
    customer = IntField(required=True, stored=False)


class Parcel(Mixed):
    __kind__ = "parcel"
    sk = StringField(template="PARCEL#{number:04}")
    number = IntField(required=True, stored=False)


class Stop(Mixed):
    __kind__ = "stop"
    sk = StringField(template="PARCEL#{number:04}#{place}")
    number = IntField(required=True, stored=False)
    place = StringField(required=True, stored=False)


def test_a_count_of_several_models_reads_what_tells_them() -> None:
    with Connection.using(MemoryBackend()):
        Parcel.create_table()
        Parcel.save_many([Parcel(customer=7, number=number) for number in range(3)]).raise_if_failed()
        Stop.save_many([Stop(customer=7, number=number, place="Oslo") for number in range(3)]).raise_if_failed()
        found = Connection.find_across((Parcel, Stop), Stop.number > 1, hash_key=7)
        assert (found.count(), [type(each) for each in found]) == (2, [Parcel, Stop])
