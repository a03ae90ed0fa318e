"""Key templates: what may be declared, which values make keys, and that every key tells what it was made of."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import json
import string
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamongo import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    EmailField,
    EnumField,
    FloatField,
    GlobalIndex,
    IntField,
    IPAddressField,
    ListField,
    Model,
    SchemaError,
    StringField,
    TimedeltaField,
    TimestampField,
    UnreadableItem,
    URLField,
    UUIDField,
    ValidationError,
)
from dynamongo.backends.dynamodb_json import render_item
from dynamongo.fields.key_templates import KeyTemplate


class Color(enum.Enum):
    RED = "red"
    HASH = "with#hash"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 10


def model_of(template: str, range_template: str = "CONSTANT", **fields: Any) -> Any:
    keys: dict[str, Any] = {"PK": StringField(template=template), "SK": StringField(template=range_template)}
    options = {"__table__": "shop", "__hash_key__": "PK", "__range_key__": "SK"}
    return type("Made", (Model,), {**options, **keys, **fields})


class Order(Model):
    __table__ = "shop"
    __hash_key__ = "PK"
    __range_key__ = "SK"
    PK = StringField(template="CUSTOMER#{customer_id}")
    SK = StringField(template="ORDER#{number:08}")
    customer_id = StringField(required=True, stored_as="customerId")
    number = IntField(required=True)
    status = StringField()
    day = DateField()
    GSI1PK = StringField(template="STATUS#{status}", stored_as="gsi1pk", required=False)
    GSI1SK = StringField(template="{day}#{number:08}", required=False)
    by_status = GlobalIndex(hash_key="GSI1PK", range_key="GSI1SK")


# Declarations.


@pytest.mark.parametrize(
    ("template", "fields", "expected"),
    [
        ("{", {}, "cannot be parsed"),
        ("{}", {}, "must name fields"),
        ("{n!r}", {"n": IntField()}, "must name fields"),
        ("{a.b}", {}, "must name fields"),
        ("{n:8}", {"n": IntField()}, "must name fields"),
        ("{n:039}", {"n": IntField()}, "at most 38"),
        ("{n:>08}", {"n": IntField()}, "must name fields"),
        ("", {}, "must be a text"),
        (7, {}, "must be a text"),
        ("A#{missing}", {}, "names 'missing', which is no field of Made"),
        ("A#{PK}", {}, "PK follows from itself"),
        ("A#{SK}", {"SK": StringField(template="B#{PK}")}, "PK and SK follow from each other"),
        ("{a}{b}", {"a": StringField(), "b": StringField()}, "needs a separator such as '#' after a"),
        ("{n}{b}", {"n": IntField(), "b": StringField()}, "needs a separator .* after n, .* or pad it: {n:08}"),
        ("{n}0{b}", {"n": IntField(), "b": StringField()}, "needs a separator"),
        ("{n}.{b}", {"n": IntField(), "b": StringField()}, "needs a separator"),
        ("{s:08}", {"s": StringField()}, "pads s, which is no number, but a StringField"),
        ("{x}", {"x": BooleanField()}, "stored as text or numbers; x is a BooleanField"),
        ("{x}", {"x": BinaryField()}, "stored as text or numbers"),
        ("{x}", {"x": ListField(StringField())}, "stored as text or numbers"),
    ],
)
def test_a_template_that_makes_no_sense_is_refused_with_the_class(
    template: Any, fields: dict[str, Any], expected: str
) -> None:
    with pytest.raises(SchemaError, match=expected):
        model_of(template, **fields)


def test_options_that_contradict_a_template_are_refused() -> None:
    for options in ({"default": "x"}, {"computed": len, "computed_from": ["a"]}, {"immutable": True}):
        with pytest.raises(SchemaError, match="exclude each other"):
            model_of("A#{a}", a=StringField(), other=StringField(template="{a}", **options))
    with pytest.raises(SchemaError, match="template and format exclude each other"):
        StringField(template="7", format="number")
    with pytest.raises(SchemaError, match="for the fields of a model"):
        model_of("A", m=DictField(k=StringField(template="B")))


def test_templates_of_an_abstract_base_are_those_of_each_model() -> None:
    class Base(Model):
        __abstract__ = True
        __table__ = "shop"
        __hash_key__ = "PK"
        __range_key__ = "SK"
        PK = StringField(template="USER#{user}")
        SK = StringField(template="PROFILE")
        user: Any = StringField(required=True)

    class Profile(Base):
        pass

    class Visit(Base):
        SK = StringField(template="VISIT#{number:03}")
        user = IntField(required=True)
        number = IntField()

    assert vars(Profile(user="a"))["PK"] == "USER#a"
    assert vars(Profile.on_table("other")(user="a"))["SK"] == "PROFILE"
    visit = Visit(user=7, number=2)
    assert (visit.PK, visit.SK) == ("USER#7", "VISIT#002")
    with pytest.raises(ValidationError, match=r"Profile\.user must be a text without '#'.*Profile\.PK"):
        Profile.on_table("other")(user="a#b")
    assert Visit.user.slots == ()  # no number contains a separator
    assert Base.user.slots == ()


def test_models_of_a_table_cannot_have_the_same_keys() -> None:
    class Base(Model):
        __abstract__ = True
        __table__ = "shop"
        __hash_key__ = "PK"
        __range_key__ = "SK"
        PK = StringField(template="USER#{user}")
        user = StringField()
        number = IntField()
        day = DateField()

    def declare(template: str, **options: Any) -> Any:
        return type(f"Made{len(template)}", (Base,), {"SK": StringField(template=template), **options})

    kept = [declare(each) for each in ("PROFILE", "ORDER#{number:08}", "DAY#{day}", "D#{number}#x")]
    kept.append(declare("ORDER#{number}#{day}"))  # which has one more separator
    view = type("View", (kept[1],), {"note": StringField()})
    for template in (
        "ORDER#{user}",
        "{user}",
        "DAY#{number:04}-{user}",
        "{user}#{number}#{day}",
        "D#{number}#{user}",
    ):
        with pytest.raises(SchemaError, match=r"could have the same key, by template=.*: begin these with different"):
            declare(template)
    others: list[dict[str, Any]] = [{"__table__": "t"}, {"__kind__": "x"}, {"PK": StringField(template="CART#{user}")}]
    kept += [declare("ORDER#{user}", **options) for options in others]
    assert view(user="a", number=1).SK == "ORDER#00000001"


def test_braces_and_percent_signs_of_a_key_are_literal() -> None:
    made = model_of("{{%s}}{a}%", a=StringField())
    assert made(a="xd").PK == "{%s}xd%"
    assert made.from_item({"PK": "{%s}xd%", "SK": "CONSTANT"}).a == "xd"


# Values of members.


@pytest.mark.parametrize(
    ("template", "field", "bad", "expected"),
    [
        ("A#{x}", StringField(), "a#b", "without '#'"),
        ("A#{x}", StringField(), "", "not empty"),
        ("{x}-{y}", StringField(), "a-b", "without '-'"),
        ("A|{x}:{y}", StringField(), "a:b", r"without '\|' and ':'"),
        ("A#{x:03}", IntField(), -1, "at most 3 digits, and not negative"),
        ("A#{x:03}", IntField(), 1000, "at most 3 digits"),
        ("A#{x:03}", DecimalField(), Decimal("1.5"), "a whole number"),
        ("A#{x}", EnumField(Color), Color.HASH, "without '#'"),
        ("A#{x}", EmailField(), "a#b@example.com", "without '#'"),
        ("A#{x}", URLField(), "https://example.com/#top", "without '#'"),
        ("A#{x}", StringField(choices=["a#b"]), "a#b", "without '#'"),
    ],
)
def test_a_value_that_makes_no_key_is_refused_where_it_is_given(
    template: str, field: Any, bad: Any, expected: str
) -> None:
    made = model_of(template, x=field, y=StringField())
    good = made()
    for attempt in (
        lambda: made(x=bad),
        lambda: setattr(good, "x", bad),
        lambda: made.x == bad,
        lambda: made.x.in_([bad]),
        lambda: made.x.set(bad),
        lambda: made.from_dict({"x": bad}),
    ):
        with pytest.raises(ValidationError, match=rf"Made\.x must be .*{expected}.*, because the key Made\.PK is made"):
            attempt()
    assert good.x is None


def test_given_keys_take_precedence_over_defaults_of_their_members() -> None:
    made = model_of(
        "USER#{x}", "{y:03}", x=StringField(default=lambda: "new"), y=IntField(default=1), z=IntField(default=2)
    )
    for _ in range(3):  # as plain code, and compiled
        assert (made(PK="USER#a", SK="007").x, made.from_dict({"SK": "007"}).y, made(PK="USER#a").y) == ("a", 7, 1)
        assert made().PK == "USER#new"
        with pytest.raises(ValidationError, match=r"PK follows from x \(template='USER#{x}'\)"):
            made(PK="USER#a", x="b")
        with pytest.raises(ValidationError, match=r"PK follows from x .*; got 'OTHER#a'"):
            made(PK="OTHER#a")


def test_what_separates_nothing_is_allowed_in_the_last_place() -> None:
    assert model_of("USER_{x}", x=StringField())(x="a_b-c.d").PK == "USER_a_b-c.d"
    assert model_of("{x}#{y}", x=IntField(), y=StringField())(x=-5, y="-").PK == "-5#-"


def test_an_instance_has_its_keys_at_once() -> None:
    order = Order(customer_id="7", number=3)
    assert (order.PK, order.SK, order.GSI1PK, order.GSI1SK) == ("CUSTOMER#7", "ORDER#00000003", None, None)
    order.status, order.day = "open", dt.date(2026, 1, 2)
    assert (order.GSI1PK, order.GSI1SK) == ("STATUS#open", "2026-01-02#00000003")
    order.number = 4
    del order.status
    assert (order.SK, order.GSI1PK, order.GSI1SK) == ("ORDER#00000004", None, "2026-01-02#00000004")
    assert Order(**order.to_dict()) == order
    assert Order.from_json(order.to_json()) == order
    assert Order(PK="CUSTOMER#7", SK="ORDER#00000004", day=order.day) == order
    for attempt in (
        lambda: setattr(order, "PK", "CUSTOMER#8"),
        lambda: Order(PK="CUSTOMER#8", customer_id="7"),
        lambda: Order(PK="USER#8"),
        lambda: Order(GSI1PK="STATUS#x", status="open"),
        lambda: Order.from_json('{"PK": "x"}'),
    ):
        with pytest.raises(ValidationError, match=r"follows from .* and cannot be set by itself; got"):
            attempt()


def test_the_json_schema_does_not_ask_for_keys() -> None:
    given_schema, returned = Order.json_schema(), Order.json_schema("serialization")
    assert given_schema["required"] == ["customer_id", "number"]
    assert given_schema["properties"]["PK"]["readOnly"]
    assert "PK" in returned["required"]


# Reading.


def read_each_way(model: Any, item: dict[str, Any]) -> list[Any]:
    """Return what the plain and the compiled codec, and the reader of JSON, make of an item, or their errors."""
    codec, found = model.__mapper__.codec, []
    codec.reset()

    def attempt(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except UnreadableItem as error:
            return str(error)

    found.append(attempt(lambda: model.from_item(item)))
    decode = codec._write_decode().compile()
    found.append(attempt(lambda: decode(model, [item])[0]))
    text = render_item(item)
    read = None if codec.read is None else codec._write_read().compile()
    wired = None if read is None else read(model, json.loads(text), text)
    found.append(found[0] if wired is None else wired)  # which is what `decode` reports then
    return found


FULL = {
    "PK": "CUSTOMER#7",
    "SK": "ORDER#00000003",
    "customerId": "7",
    "number": 3,
    "status": "open",
    "day": "2026-01-02",
    "gsi1pk": "STATUS#open",
    "GSI1SK": "2026-01-02#00000003",
}


@pytest.mark.parametrize(
    "left_out",
    [names for count in range(5) for names in itertools.combinations(["customerId", "number", "status", "day"], count)],
)
@pytest.mark.parametrize("as_null", ["absent", "null"])
def test_what_the_keys_tell_is_read_and_not_stored(left_out: tuple[str, ...], as_null: str) -> None:
    item = {name: value for name, value in FULL.items() if name not in left_out} | {"extra": 1}
    if as_null == "null":
        item |= dict.fromkeys(left_out)
    for order in read_each_way(Order, item):
        assert order == Order(
            customer_id="7", number=3, status="open", day=dt.date(2026, 1, 2)
        ) or order.undeclared() == {"extra": 1}
        assert order.to_item() == item
        order.number = 4
        changed = {"SK": "ORDER#00000004", "number": 4, "GSI1SK": "2026-01-02#00000004"}
        assert order.to_item() == {**item, **changed}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"number": 4}, "Order.number differs from its value in Order.SK"),
        ({"customerId": "8"}, "Order.customer_id differs from its value in Order.PK"),
        ({"status": "late"}, "Order.status differs from its value in Order.GSI1PK"),
        ({"number": "3"}, "Order.number differs from its value in Order.SK"),
        ({"SK": "ORDER#3"}, "Order.SK does not match its template"),
        ({"SK": "ORDER#3", "customerId": None, "status": None}, "Order.SK does not match its template"),
        ({"PK": "ORDER#7", "number": None, "status": None}, "Order.PK does not match its template"),
        ({"SK": "ORDER#00000003#"}, "Order.SK does not match its template"),
        ({"PK": "CUSTOMER#7#8", "customerId": "7#8"}, "Order.PK does not match its template"),
        ({"gsi1pk": "STATUS#"}, "Order.GSI1PK does not match its template"),
        ({"gsi1pk": 5}, "Order.GSI1PK does not match its template"),
        ({"GSI1SK": "2026-01-02#00000004", "number": None}, "value in Order.SK|value in Order.GSI1SK"),
        ({"GSI1SK": "2026-13-02#00000003", "day": None}, "Order.GSI1SK has no valid value of Order.day"),
    ],
)
def test_keys_that_contradict_the_item_make_it_unreadable(change: dict[str, Any], expected: str) -> None:
    for text in read_each_way(Order, FULL | change):
        assert isinstance(text, str), text
        assert any(each in text for each in expected.split("|")), text
    with pytest.raises(UnreadableItem) as caught:
        Order.from_item(FULL | change)
    assert caught.value.problems


def test_a_field_of_the_users_own_writes_and_reads_its_text() -> None:
    class Reversed(StringField[str]):
        stored_type = "S"

        def encode(self, value: str) -> str:
            return value[::-1]

        def decode(self, stored: Any) -> str:
            return str(stored)[::-1]

    Reversed.__name__ = "StringField"
    for stored in (True, False):
        made = model_of("A#{x}", x=Reversed(required=True, stored=stored))
        for _ in range(100):
            assert made(x="abc").PK == "A#cba"
        item = made(x="abc").to_item()
        assert item == {"PK": "A#cba", "SK": "CONSTANT"} | ({"x": "cba"} if stored else {})
        for read in read_each_way(made, item):
            assert (read.x, read.to_item()) == ("abc", item)


def test_a_number_has_one_text_in_a_key() -> None:
    for stored in (True, False):
        made = model_of("A#{x}#{y}", x=IntField(stored=stored), y=DecimalField())
        for good, number in (("0", 0), ("-5", -5), ("70", 70)):
            for read in read_each_way(made, {"PK": f"A#{good}#0.5", "SK": "CONSTANT"}):
                assert (read.x, read.y, read.PK) == (number, Decimal("0.5"), f"A#{good}#0.5")
        for bad in (
            "A#-0#1",
            "A#00#1",
            "A#07#1",
            "A#1.0#1",
            "A#1#0.50",
            "A#1#5E1",
            "A#+1#1",
            "A#٣#1",
            "A##1",
            "A#1.5#1",
        ):
            for text in read_each_way(made, {"PK": bad, "SK": "CONSTANT"}):
                assert isinstance(text, str), bad


def test_keys_of_indexes_that_an_item_lacks_are_those_that_a_save_adds() -> None:
    old = {name: value for name, value in FULL.items() if name not in ("gsi1pk", "GSI1SK")}
    for order in read_each_way(Order, old):
        assert (order.GSI1PK, order.GSI1SK) == ("STATUS#open", "2026-01-02#00000003")
        assert order.to_item() == FULL


def test_a_member_may_be_stored_in_the_key_alone() -> None:
    class Line(Order):
        customer_id = StringField(required=True, stored=False)
        number = IntField(required=True, stored=False)
        total = IntField()

    line = Line(customer_id="7", number=3, total=5)
    item = {"PK": "CUSTOMER#7", "SK": "ORDER#00000003", "total": 5}
    assert line.to_item() == item
    for read in read_each_way(Line, item):
        assert read == line
        assert read.to_item() == item
        read.number = 4
        assert read.to_item() == item | {"SK": "ORDER#00000004"}
    for bad in ({"status": StringField(stored=False)}, {"other": IntField(stored=False)}):
        with pytest.raises(SchemaError, match="stored=False is for a field in the template of a key of the table"):
            type("Bad", (Order,), bad)
    with pytest.raises(SchemaError, match="stored=False is for the fields of a model"):
        type("Bad", (Order,), {"m": DictField(k=StringField(stored=False))})


# All kinds of fields.

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
LEAST, MOST = dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1)  # noqa: DTZ001 - hypothesis adds the time zones
ZONES = st.sampled_from([dt.timezone.utc, dt.timezone(dt.timedelta(hours=2))])
AWARE = st.datetimes(LEAST, MOST, timezones=ZONES)
NUMBERS = st.integers(-(10**37), 10**37)
KINDS: dict[str, tuple[Callable[[], Any], st.SearchStrategy[Any]]] = {
    "text": (StringField, TEXT),
    "number as text": (lambda: StringField(format="number"), NUMBERS.map(str)),
    "int": (IntField, NUMBERS),
    "int as text": (lambda: IntField(format="text"), NUMBERS),
    "decimal": (
        DecimalField,
        st.decimals(allow_nan=False, allow_infinity=False, places=5, max_value=10**20, min_value=-(10**20)),
    ),
    "float": (FloatField, st.floats(allow_nan=False, allow_infinity=False, min_value=1e-90, max_value=1e90)),
    "date": (DateField, st.dates()),
    "date by pattern": (lambda: DateField(format="%Y%m%d"), st.dates(dt.date(1000, 1, 1))),
    "days": (lambda: DateField(format="epoch-days"), st.dates()),
    "datetime": (DateTimeField, AWARE | st.datetimes()),
    "iso-z": (lambda: DateTimeField(format="iso-z", truncate=True), AWARE),
    "isoformat": (lambda: DateTimeField(format="isoformat"), AWARE),
    "epoch-ms": (lambda: DateTimeField(format="epoch-ms", truncate=True), AWARE),
    "timestamp": (TimestampField, AWARE),
    "duration": (TimedeltaField, st.timedeltas(dt.timedelta(-(10**5)), dt.timedelta(10**5))),
    "uuid": (UUIDField, st.uuids()),
    "uuid hex": (lambda: UUIDField(format="hex"), st.uuids()),
    "enum": (lambda: EnumField(Color), st.sampled_from(Color)),
    "number enum": (lambda: EnumField(Level), st.sampled_from(Level)),
    "email": (EmailField, st.sampled_from(["a@example.com", "x-y.z@a-b.example"])),
    "ip": (IPAddressField, st.ip_addresses().map(str)),
    "url": (URLField, st.sampled_from(["https://example.com/a?b=c", "http://a.example/#x"])),
}
TEMPLATES = ["A#{a}", "A#{a}#{b}", "{a}|x{b}", "A:{b}:{a}:Z", "{{{a}}}", "{b}-{a}", "{a}Z{b}", "{a}#{b}#{a}"]


def make_key(model: Any, **values: Any) -> str | None:
    try:
        return str(model(**values).PK)
    except ValidationError:
        return None


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
@pytest.mark.slow
def test_every_key_tells_what_it_was_made_of_and_nothing_else_makes_it(kind: str, data: st.DataObject) -> None:
    make, values = KINDS[kind]
    other, others = KINDS[data.draw(st.sampled_from(sorted(KINDS)))]
    template = data.draw(st.sampled_from(TEMPLATES))
    fields = {"a": make(), "b": other()}
    fields["a"].stored = not (is_alone := "{a}" in template and data.draw(st.booleans()))
    try:
        model = model_of(template, **fields)
    except SchemaError:
        return  # such as a number before a dot
    first = {"a": data.draw(values), "b": data.draw(others)}
    second = {"a": data.draw(values), "b": data.draw(others)}
    key = make_key(model, **first)
    if key is None:
        return
    used = model.PK.derived.sources
    held = vars(model(**first))
    for read in read_each_way(model, {"PK": key, "SK": "CONSTANT"}):
        assert {name: vars(read)[name] for name in used} == {name: held[name] for name in used}
        assert read.to_item() == {"PK": key, "SK": "CONSTANT"}
    for read in read_each_way(model, model(**first).to_item()):
        assert read == model(**first)
    if is_alone:  # an attribute that another program stores has to be the same
        item = model(**first).to_item()
        a = model.a.encode(model.a.validate(first["a"]))
        assert read_each_way(model, {**item, "a": a})[0] == model(**first)
    if make_key(model, **second) == key:
        assert {name: vars(model(**second))[name] for name in used} == {name: held[name] for name in used}


@given(
    parts=st.lists(st.text("ab#-", max_size=4), min_size=2, max_size=2),
    more=st.lists(st.text("ab#-", max_size=4), min_size=2, max_size=2),
)
@settings(max_examples=300, deadline=None)
@pytest.mark.slow
def test_two_pairs_of_texts_never_have_one_key(parts: list[str], more: list[str]) -> None:
    for model in TEMPLATES_OF_TEXTS.values():
        first, second = (make_key(model, a=a, b=b) for a, b in (parts, more))
        assert first is None or first != second or parts == more


TEMPLATES_OF_TEXTS = {
    template: model_of(template, a=StringField(), b=StringField())
    for template in ("{a}#{b}", "{a}-{b}", "a{a}b{b}", "{a}a{b}b", "#{a}-{b}")
}


@given(numbers=st.lists(st.integers(0, 99_999_999), min_size=2, max_size=2))
@settings(deadline=None)
def test_padded_numbers_and_fixed_forms_keep_order(numbers: list[int]) -> None:
    small, great = sorted(numbers)
    order, day = Order(customer_id="a", number=small), dt.date(2000, 1, 1)
    assert order.SK <= Order(customer_id="a", number=great).SK
    later = day + dt.timedelta(days=great % 10_000)
    keys = [str(Order(day=each, number=0).GSI1SK) for each in (day, later)]
    assert keys == sorted(keys)


def test_a_slot_says_why_its_texts_do_not_sort() -> None:
    def fault(template: str, field: Any) -> str:
        derived = model_of("A", template, x=field, y=StringField()).SK.derived
        assert isinstance(derived, KeyTemplate)
        return derived.slots[0].order_fault

    for template, field in (
        ("{x:08}#{y}", IntField()),
        ("A{x}", StringField()),
        ("{x}#{y}", DateField()),
        ("{x}#{y}", DateTimeField()),
        ("{x}#{y}", UUIDField()),
        ("{x}#{y}", StringField(min_length=3, max_length=3)),
    ):
        assert not fault(template, field)
    assert "pad them in the template of Made.SK, as in {x:08}" in fault("{x}", IntField())
    assert "make x the end of its template" in fault("{x}#{y}", StringField())
    assert "does not sort" in fault("{x}", DateField(format="%d.%m.%Y"))


def test_a_key_may_be_made_of_another() -> None:
    made = model_of("{GSI}!{a}", GSI=StringField(template="{a}#{b}", required=False), a=StringField(), b=IntField())
    for _ in range(100):
        assert made(a="x", b=1).PK == "x#1!x"
    for read in read_each_way(made, {"PK": "x#1!x", "SK": "CONSTANT"}):
        assert (read.a, read.b, read.GSI) == ("x", 1, "x#1")


def test_letters_of_any_language_are_no_separators() -> None:
    template = KeyTemplate("K", "Größe_№{a}¶{b}")
    assert template.separators == "№¶"
    assert not set(string.ascii_letters) & set(template.separators)
