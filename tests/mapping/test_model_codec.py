"""Compiled codecs do what the fields do, one by one."""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import inspect
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping import codec_oracle
from mapping.codec_oracle import check_read, typed

from dynamongo import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    Document,
    DocumentField,
    EmailField,
    EnumField,
    Field,
    FloatField,
    GlobalIndex,
    IntField,
    IPAddressField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    UnreadableItem,
    URLField,
    UUIDField,
    ValidationError,
)
from dynamongo._support import codegen
from dynamongo.backends.dynamodb_json import render_item
from dynamongo.expressions.values import Item
from dynamongo.fields import python_values
from dynamongo.fields.held_maps import HeldDict
from dynamongo.mapping.codec.model import Codec
from dynamongo.mapping.records import record_of

UTC = dt.timezone.utc
ZONES = [None, UTC, dt.timezone(dt.timedelta(0)), dt.timezone(dt.timedelta(hours=2))]
MOMENTS = [dt.datetime(2024, 5, 1, 10, 0, 0, 7, tzinfo=zone) for zone in ZONES]

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Named(enum.Enum):
    NEW = "x"
    OLD = "x"  # noqa: PIE796 - an alias, which is read still


class Loud(StringField[Any]):
    """Overrides each of the steps."""

    def convert(self, value: Any) -> Any:
        return super().convert(value).upper()

    def check(self, value: Any) -> None:
        if value == "SILENT":
            self.reject(value, "loud")

    def encode(self, value: Any) -> Any:
        return f"{value}!"

    def decode_value(self, stored: Any) -> Any:
        return str(stored).rstrip("!")


class Cautious(IntField[Any]):
    """Overrides what stands for nothing."""

    def missing_value(self) -> Any:
        return -1

    def is_absent(self, value: Any) -> bool:
        return value is None or value == -1


class Prepared(StringField[Any]):
    """Has a default that nobody declared, or another one than was declared."""

    @property
    def default(self) -> Any:
        return "prepared"


def model_of(field: Any, **more: Any) -> type[Model]:
    body = {"__table__": "table", "__hash_key__": "pk", "pk": StringField(), "field": field, **more}
    return type("Made", (Model,), body)


def outcome(call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call returns, with the types, or what it raises."""
    try:
        return typed(call(*arguments))
    except Exception as error:  # noqa: BLE001 - whatever it is, both sides must raise it
        return type(error), str(error)


@contextlib.contextmanager
def compiling_after(calls: int, *models: type[Model]) -> Iterator[None]:
    """Let the codecs of the models be compiled after this many calls."""
    before, codegen.PLAIN_CALLS = codegen.PLAIN_CALLS, calls
    for model in models:
        model.__mapper__.codec.reset()
        vars(model.__mapper__.keys.codec).pop("encode", None)
    try:
        yield
    finally:
        codegen.PLAIN_CALLS = before


def both_forms(model: type[Model], several: Sequence[T]) -> Iterator[T]:
    """Yield each of several twice: for the plain codec, and for the compiled one."""
    for calls in (1_000_000, 0):
        with compiling_after(calls, model):
            yield from several


def check_build(model: type[Model], *several: dict[str, Any]) -> None:
    for values in both_forms(model, several):
        assert outcome(shared_by, model.__mapper__.codec.build, values) == outcome(
            shared_by, codec_oracle.build, model, values
        )
        assert outcome(model.__mapper__.codec.build, values) == outcome(codec_oracle.build, model, values)


def shared_by(build: Callable[..., Any], *arguments: Any) -> list[int]:
    """Which of the containers that were given an instance holds: those of fields that take anything."""
    held = build(*arguments)
    return sorted(set(containers(held)) & set(containers(arguments[-1])))


def check_encode(model: type[Model], *several: dict[str, Any]) -> None:
    for values in both_forms(model, several):
        assert outcome(model.__mapper__.codec.encode, values, {"other": 1}) == outcome(
            codec_oracle.encode, model, values, {"other": 1}
        )


def check_decode(model: type[Model], *several: dict[str, Any]) -> None:
    for item in both_forms(model, several):
        if errors := codec_oracle.find_errors(model, item):
            check_refusal(model, item, errors)
        else:
            assert outcome(decode, model, item) == outcome(codec_oracle.decode, model, item)
    for item in several:
        with contextlib.suppress(ValidationError):  # what no store returns
            check_read(model, render_item(item))


def check_refusal(model: type[Model], item: dict[str, Any], errors: dict[str, str]) -> None:
    """Check that the error tells of all fields that cannot be read, and at least what each of them says."""
    with pytest.raises(UnreadableItem) as caught:
        model.__mapper__.decode(item)
    key = model.__mapper__.describe_key(item) or "none of the model's key attributes"
    problems = caught.value.problems
    assert {problem.field for problem in problems} == errors.keys()
    assert set(errors.values()) <= {problem.message for problem in problems}
    assert str(caught.value) == f"{'; '.join(problem.message for problem in problems)}; stored in the item with {key}"


def decode(model: type[Model], item: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of an instance of the item, and what has no field."""
    instance = model.__mapper__.decode(item)
    return vars(instance), record_of(instance).undeclared


# The edges of what is written out, and what lies just beyond them.

TEXTS = ["", "a", "abc", "abcde", "é", "\ud800", 1, None]
NUMBERS: list[Any] = [
    *(0, 1, 3, 4, -5, 10**9, 10**38 - 1, 10**38, 10**38 + 1, 10**40, True, "1", None),
    *(Decimal("1.50"), Decimal("-0"), Decimal(3), Decimal("3.1"), Decimal("NaN"), Decimal("1" * 39), Decimal("1E-131")),
    *(0.0, -0.0, 1.5, 3.5, 1e300, float("nan"), float("inf")),
]
TIMES: list[Any] = [*MOMENTS, dt.date(2024, 5, 1), "2024-05-01", "2024-05-01T10:00:00.000000", 1, None]
HELD = DictField(city=StringField()).decode({"city": "Oslo", "zip": 1})
MAPS: list[Any] = [
    *({}, {"a": "x"}, {"a": None}, {"a": "x", "n": 1}, {"a": "é"}, {"a": 1}, {"z": 1}, {"a": "x", "z": 1}, 1, None),
    *(HeldDict(), HeldDict(a="x"), HeldDict(a="x", n=2), HeldDict(a="x", z=1), HELD),
    *({"a": "x", "s": set()}, {"a": "x", "s": {"b"}}, {"a": "x", "l": []}, {"a": "x", "l": ["b"]}),
]
LISTS: list[Any] = [[], ["a"], ("a",), ["é", "a"], [None], [1], [[]], [["a"]], {"a"}, set(), frozenset({"a"}), None]

FORMATTED: list[tuple[Any, list[Any]]] = [
    (DateTimeField(format="iso-z"), TIMES),
    (DateTimeField(format="iso-z", timespec="auto", required=True), TIMES),
    (DateTimeField(format="iso-z", truncate=True, drop_tzinfo=True), TIMES),
    (DateTimeField(format="pynamodb", tzd="utc"), TIMES),
    *((DateTimeField(format="isoformat", tzd=tzd), TIMES) for tzd in ("allow", "require", "utc", "reject")),
    (DateTimeField(format="isoformat", timespec="seconds", convert_tz=True), TIMES),
    (DateTimeField(format="str"), TIMES),
    (DateTimeField(format="epoch", timespec="microseconds"), TIMES),
    (DateTimeField(format="epoch"), TIMES),
    (DateTimeField(format="epoch-ms", truncate=True), TIMES),
    (DateField(format="%Y%m%d"), TIMES),
    (DateField(format="epoch-days"), TIMES),
    *((UUIDField(format=name), [uuid.UUID(int=5), 5, None]) for name in ("hex", "urn", "binary")),
    (EnumField(Colour, format={Colour.RED: "a", Colour.BLUE: "x"}), [*Colour, "red", "a", None]),
    (EnumField(Level, format={Level.LOW: 3, Level.HIGH: 0}), [*Level, 0, 1, True, None]),
    (BooleanField(format="number"), [True, False, 1, None]),
    (BooleanField(format={True: "a", False: ""}), [True, False, 1, None]),
    (IntField(format="text"), NUMBERS),
    (IntField(format="text", width=2, max_value=30), NUMBERS),
    (FloatField(format="text"), NUMBERS),
    (DecimalField(format="text", min_value=1), NUMBERS),
    (StringField(format="number", max_length=3), [*TEXTS, "1", "-1.5", "01", "1000"]),
    (BinaryField(format="base64"), [b"", b"a", "a", None]),
    (BinaryField(format="base64-binary", max_length=2), [b"", b"a", b"abc", None]),
    (SetField(IntField(format="text")), [{1}, {"1"}, set()]),
    (ListField(DateTimeField(format="epoch")), [[], MOMENTS, [None]]),
    (DictField(a=BooleanField(format="text"), b=UUIDField(format="hex")), [{"a": True}, {"b": uuid.UUID(int=5)}]),
]

CASES: list[tuple[Any, list[Any]]] = [
    *FORMATTED,
    (StringField(), TEXTS),
    (StringField(min_length=1, max_length=4), TEXTS),
    (StringField("[a-c]+$", required=True), TEXTS),
    (StringField(choices=["a"]), TEXTS),
    (BinaryField(min_length=1, max_length=2), [b"", b"a", b"abc", bytearray(b"a"), "a", None]),
    (BooleanField(), [True, False, 1, 0, None]),
    (IntField(), NUMBERS),
    (IntField(min_value=1, max_value=3), NUMBERS),
    (DecimalField(), NUMBERS),
    (DecimalField(min_value=1, max_value=3), NUMBERS),
    (FloatField(), NUMBERS),
    (FloatField(min_value=1.0, max_value=3.0), NUMBERS),
    (UUIDField(), [uuid.UUID(int=5), str(uuid.UUID(int=5)), 5, None]),
    (DateField(), TIMES),
    *((DateTimeField(tzd=tzd), TIMES) for tzd in ("allow", "require", "utc", "reject")),
    (DateTimeField(convert_tz=True), TIMES),
    (DateTimeField(drop_tzinfo=True), TIMES),
    (DateTimeField(serialized_format="%Y-%m-%d"), TIMES),
    (EnumField(Colour), [*Colour, "red", "RED", None]),
    (EnumField(Level), [*Level, 1, 3, True, None]),
    (EnumField(Named, by_name=True), [*Named, "NEW", "OLD", "x", None]),
    (Field(), [*TEXTS, *NUMBERS, *MAPS, *LISTS]),
    (ListField(StringField), LISTS),
    (ListField(ListField(StringField)), LISTS),
    (ListField(SetField(StringField)), [[set()], [{"a"}], []]),
    (ListField(Loud), LISTS),
    (SetField(StringField), LISTS),
    (SetField(StringField, required=True), LISTS),
    (SetField(DecimalField), [{1}, {Decimal("1.0")}, {Decimal("1.5")}, {True}, set()]),
    (DictField(), MAPS),
    (DictField(a=StringField()), MAPS),
    (DictField(a=StringField(required=True), n=IntField(max_value=1)), MAPS),
    (DictField(a=StringField(default="d")), MAPS),
    (DictField(a=StringField(), s=SetField(StringField)), MAPS),
    (DictField(a=StringField(), l=ListField(StringField)), MAPS),
    (DictField(a=Loud()), MAPS),
    (DictField(city=StringField()), MAPS),
    (ListField(DictField(a=StringField(default="d"))), [[value] for value in MAPS]),
]


@pytest.mark.parametrize(("field", "values"), CASES, ids=lambda each: type(each).__name__)
def test_values_at_the_edges_are_accepted_and_stored_as_by_the_field(field: Any, values: list[Any]) -> None:
    model = model_of(field)
    given = [{"pk": "key", "field": value} for value in values]
    check_build(model, *given, *({"field": value, "other": 1} for value in values))
    check_encode(model, *given)


@pytest.mark.parametrize(
    "field",
    [
        StringField(default="x"),
        StringField(default=""),
        StringField(default="x", validator=lambda value: value != "y"),
        StringField(default=lambda: "x"),
        IntField(default=Decimal(3)),
        FloatField(default=1),
        DateField(default=dt.date(2024, 5, 1)),
        ListField(StringField, ["a"]),
        SetField(StringField, lambda: {"a"}),
        DictField(a=StringField(default="d"), default={}),
        Loud(default="x"),
        Cautious(),
        Cautious(default=5),
        Prepared(),
        Prepared(default="x"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_new_instance_has_the_default_of_the_field(field: Any) -> None:
    model = model_of(field)
    several: list[dict[str, Any]] = [{}, {"field": None}, {"pk": "key"}, {"field": "x"}, {"field": 5}, {"field": []}]
    check_build(model, *several)
    first, second = model.__mapper__.codec.build({}), model.__mapper__.codec.build({})
    assert not set(containers(first)) & set(containers(second))


def test_members_of_a_map_are_in_the_order_of_their_declaration() -> None:
    model = model_of(DictField(a=StringField(), b=DictField(c=IntField(), d=ListField(IntField)), e=EmailField()))
    scrambled: Any = {"e": "x@y.org", "b": {"d": [], "c": 1}, "a": "x"}
    made: list[Any] = [model(pk="key", field=scrambled), model.__mapper__.decode({"pk": "key", "field": scrambled})]
    for values in made:
        assert list(values.field) == ["a", "b", "e"]
        assert list(values.field["b"]) == ["c", "d"]


def test_default_is_called_for_every_instance() -> None:
    made = iter(range(5))
    model = model_of(IntField(default=lambda: next(made)))
    assert [model(pk="a").field, model(pk="b").field, model(pk="c", field=9).field] == [0, 1, 9]  # type: ignore[attr-defined]
    assert next(made) == 2


STORED: list[Any] = [
    *("", "a", "red", "NEW", "OLD", "é", "a@b.org", "A@B.org", "2024-05-01", "2024-05-01T10:00:00.000000"),
    *("2024-05-01T10:00:00.000000+00:00", "2024-05-01T10:00:00.000000Z[+02:00]", "2024-05-01T10:00:00.-01:00"),
    *(0, 1, 3, Decimal("1.5"), b"", b"a", True, False, None, [], ["a"], [None], [["a"]], [{"a": "x"}], [1]),
    *({}, {"a": "x"}, {"a": None}, {"a": 1}, {"z": 1}, {"a": "x", "z": {"y": [1]}}, {"a": "x", "n": 1}),
    *({"a": "x", "s": frozenset({"b"}), "l": ["c"]}, {"city": "Oslo"}),
    *(frozenset({"a"}), frozenset({1, Decimal("1.5")}), frozenset({b"a"}), frozenset({"1", "7.5"}), {"a": "true"}),
    *("2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00.007+00:00", "2024-05-01T10:00:00"),
    *(
        "2024-05-01T10:00:00.000000+0000",
        "2024-05-01T12:00:00+02:00",
        "2024-05-01T10:00:00.-1Z",
        "20240501",
        "true",
        "2024-05-01 10:00:00+00:00",
    ),
    *("0" * 32, "urn:uuid:" + "0" * 32, bytes(16), "07", "42", "1.50", "1e3", "-0.0", b"AP8=", "AP8=", 10**12, 10**18),
    *([1, Decimal("1.5")], [1], {"b": "0" * 32}),
]


@pytest.mark.parametrize("field", [field for field, _ in CASES], ids=lambda each: type(each).__name__)
def test_any_stored_value_is_read_as_by_the_field(field: Any) -> None:
    model = model_of(field)
    items = [{"pk": "key", "field": stored, **more} for stored in STORED for more in ({}, {"other": 1})]
    check_decode(model, *items, {}, {"pk": "key"}, {"pk": "key", "other": 1}, {"other": 1, "another": 2})


KINDS: list[Callable[[], Any]] = [
    *(StringField, EmailField, IPAddressField, URLField, IntField, DecimalField, FloatField, BinaryField),
    *(UUIDField, DateField, DateTimeField, TimedeltaField, TimestampField, Loud),
]
KEYS = [
    *(kind() for kind in KINDS),
    *(field for field, _ in FORMATTED if field.stored_type in ("S", "N", "B") and not field.unsorted),
    EnumField(Colour),
    EnumField(Level),
    EnumField(Named, by_name=True),
]


@pytest.mark.parametrize("field", KEYS, ids=lambda each: type(each).__name__)
def test_keys_are_stored_and_read_as_by_the_field(field: Any) -> None:
    model = model_of(field, __range_key__="field")
    seen = [*STORED, "0001", Decimal("0.1"), 10**17 + 1]
    check_decode(model, *({"pk": "key", "field": stored} for stored in seen))
    values = [*TEXTS, *NUMBERS, *TIMES, b"", b"a", *Colour, *Level, *Named, dt.timedelta(seconds=1)]
    check_encode(model, *({"pk": key, "field": value} for value in values for key in ("key", "")))


@pytest.mark.parametrize("field", [StringField(), BinaryField(), IntField()], ids=lambda each: type(each).__name__)
def test_keys_of_indexes_are_stored_as_by_the_field(field: Any) -> None:
    model = model_of(field, by_field=GlobalIndex(hash_key="field"))
    check_encode(model, *({"pk": "key", "field": value} for value in ("", "a", b"", b"a", 0, 1, None)))


# Models and values that nobody thought of.

numbers = st.sampled_from([number for number in NUMBERS if number is not None]) | st.decimals(-5, 5, places=2)
moments = st.datetimes(timezones=st.sampled_from(ZONES))
scalars = st.sampled_from([*TEXTS, *TIMES, *Colour, *Level, uuid.UUID(int=5), b"a"]) | numbers | st.text(max_size=3)
names = st.sampled_from(["a", "b", "c"])
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=4,
)


def make(kind: Callable[..., Any], **chosen: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    options = st.fixed_dictionaries({}, optional={"required": st.booleans(), **chosen})
    return options.map(lambda given: kind(**given))


lengths = {"min_length": st.integers(0, 1), "max_length": st.integers(2, 4)}
bounds = {"min_value": st.integers(-2, -1), "max_value": st.integers(1, 2)}
scalar_fields: st.SearchStrategy[Any] = st.one_of(
    make(StringField, **lengths, regex=st.just("[a-z]*$")),
    make(StringField, choices=st.just(["a", "red"]), validator=st.just(lambda value: value != "a")),
    make(IntField, **bounds),
    make(DecimalField, **bounds),
    make(FloatField, **{name: bound.map(float) for name, bound in bounds.items()}),
    make(BinaryField, **lengths),
    make(UUIDField),
    make(DateTimeField, tzd=st.sampled_from(["allow", "require", "utc", "reject"]), convert_tz=st.booleans()),
    make(DateField),
    make(lambda **given: EnumField(Colour, **given), by_name=st.booleans()),
    make(lambda **given: EnumField(Level, **given), by_name=st.booleans()),
    make(EmailField),
    make(URLField, verify_exists=st.just(lambda url: "a" in url)),
    make(IPAddressField),
    make(TimedeltaField),
    make(TimestampField),
    make(Loud),
    make(Cautious),
    st.sampled_from([field for field, _ in FORMATTED if field.stored_type in ("S", "N", "B")]),
)


def combined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    maps = st.dictionaries(names, parts | st.just(StringField(default="x")), min_size=1, max_size=3)
    documents: st.SearchStrategy[Any] = maps.map(lambda members: DocumentField(type("Made", (Document,), members)))
    return st.one_of(
        parts.map(ListField), scalar_fields.map(SetField), maps.map(DictField), maps.map(DictField), documents
    )


simple = scalar_fields | make(BooleanField) | make(JSONField) | make(Field) | make(DictField)
fields: st.SearchStrategy[Any] = simple | combined(simple) | combined(combined(simple))
LIKELY: dict[type, st.SearchStrategy[Any]] = {
    StringField: st.text(max_size=3),
    Loud: st.text(max_size=3),
    IntField: numbers,
    Cautious: numbers,
    DecimalField: numbers,
    FloatField: numbers,
    BinaryField: st.binary(max_size=4),
    UUIDField: st.uuids(),
    DateTimeField: moments,
    DateField: st.dates(),
    BooleanField: st.booleans(),
    TimestampField: moments,
}


def likely(field: Field[Any]) -> st.SearchStrategy[Any]:
    """Values that the field may take."""
    if isinstance(field, ListField):
        return st.lists(likely(field.element), max_size=2)
    if isinstance(field, SetField):
        return st.lists(likely(field.member), max_size=2).map(as_set)
    if isinstance(field, DictField):
        maps = st.fixed_dictionaries({}, optional={name: likely(member) for name, member in field.fields.items()})
        return maps | maps.map(lambda members: as_document(field, members)) if field.is_declared else maps
    if isinstance(field, EnumField):
        return st.sampled_from(list(field.enum_class))
    return LIKELY.get(type(field), anything)


def as_set(members: list[Any]) -> Any:
    try:
        return set(members)
    except TypeError:
        return members


def as_document(field: Any, members: dict[str, Any]) -> Any:
    try:
        return field.document_type.kind(**members)
    except ValidationError:
        return members


def settled(field: Field[Any], value: Any) -> Any:
    """The value as an instance would hold it, if it could."""
    try:
        return field.missing_value() if value is None else field.validate(value)
    except ValidationError:
        return value


@st.composite
def models_with_values(draw: st.DrawFn) -> tuple[type[Model], dict[str, Any]]:
    model = model_of(draw(fields))
    field = model.__mapper__.fields["field"]
    value = draw(likely(field) | anything)
    return model, {"pk": "key", "field": settled(field, value) if draw(st.integers(0, 3)) else value}


def as_stored(value: Any) -> Item:
    """What another writer may have stored in place of the field's value."""
    try:
        return {"field": python_values.encode(value)}
    except ValidationError:
        return {}


def containers(value: Any) -> Iterator[int]:
    if isinstance(value, Document):
        yield id(value)
        yield from containers(vars(value))
    if isinstance(value, (dict, list, set)):
        yield id(value)
        for part in value.values() if isinstance(value, dict) else value:
            yield from containers(part)


@settings(max_examples=3 * settings().max_examples)
@given(models_with_values(), anything)
def test_a_codec_does_what_the_fields_do_and_shares_nothing(
    made: tuple[type[Model], dict[str, Any]], more: Any
) -> None:
    model, values = made
    check_build(model, values)
    check_encode(model, values)
    try:
        item = model.__mapper__.codec.encode(values, {})
    except Exception:  # noqa: BLE001 - the values are wrong
        return
    assert not set(containers(item)) & set(containers(values))
    check_decode(model, item, {**item, "other": 1}, {**item, **as_stored(more)})
    decoded, _ = decode(model, item)
    assert not set(containers(item)) & set(containers(decoded))
    check_encode(model, decoded)


class Person(Model):
    __table__ = "people"
    __hash_key__ = "email"
    email = StringField(required=True)
    year = IntField(min_value=1900)
    tags = SetField(StringField)
    home = DictField(city=StringField())


def test_source_can_be_read() -> None:
    codec = Person.__mapper__.codec
    shown = codec.show()
    assert set(re.findall(r"^def (build|encode|decode)\b", shown, re.MULTILINE)) == {"build", "encode", "decode"}
    with compiling_after(0, Person):
        call_each(codec)
    for function in (codec.build, codec.encode, codec.decode):
        assert inspect.getsource(function) in shown


def call_each(codec: Codec) -> None:
    built = codec.build({"email": "a"})
    assert built is not None
    codec.decode(Person, [codec.encode(built, {})])


def is_compiled(function: Any) -> bool:
    return str(function.__code__.co_filename).startswith("<dynamongo ")


def test_codec_is_compiled_once_after_some_calls() -> None:
    class Busy(Person):
        pass

    codec, calls = Busy.__mapper__.codec, codegen.PLAIN_CALLS
    for _ in range(calls):
        call_each(codec)
    plain = codec.build, codec.encode, codec.decode
    assert not any(map(is_compiled, plain))
    call_each(codec)
    compiled = codec.build, codec.encode, codec.decode
    assert all(map(is_compiled, compiled))
    # Whoever holds the plain function calls the compiled one through it.
    assert plain[0]({"email": "a"}) == compiled[0]({"email": "a"})
    assert (codec.build, codec.encode, codec.decode) == compiled
    codec.reset()
    assert not is_compiled(codec.build)


def test_page_of_items_is_read_by_the_compiled_codec() -> None:
    class Many(Person):
        pass

    codec = Many.__mapper__.codec
    assert len(codec.decode(Many, [{"email": "a"}] * 100)) == 100
    assert is_compiled(codec.decode)


def test_a_validator_is_called_once() -> None:
    seen: list[Any] = []

    class Watched(Model):
        __table__ = "watched"
        __hash_key__ = "id"
        id = StringField(validator=seen.append)
        inner = DictField(name=StringField(validator=seen.append))

    instance = Watched(id="a", inner={"name": "b"})
    seen.clear()
    instance.__mapper__.encode(instance)
    assert seen == ["a", "b"]


def test_what_a_field_overrides_is_called() -> None:
    model = model_of(Loud(), words=ListField(Loud))
    item = model.__mapper__.codec.encode({"pk": "key", "field": "loud", "words": ["loud"]}, {})
    assert item == {"pk": "key", "field": "LOUD!", "words": ["LOUD!"]}
    assert decode(model, item) == ({"pk": "key", "field": "LOUD", "words": ["LOUD"]}, {})
    with pytest.raises(ValidationError, match=r"Made\.field must be loud; got 'SILENT'"):
        model.__mapper__.codec.encode({"pk": "key", "field": "silent", "words": []}, {})
