"""Dataclasses and pydantic models as members of items: `DocumentField`."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import enum
import pickle
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, Optional, Union

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dynamongo import (
    AttributeNotLoaded,
    Connection,
    DateTimeField,
    DictField,
    Document,
    DocumentField,
    ExpressionError,
    Field,
    ListField,
    Model,
    SchemaError,
    StringField,
    ValidationError,
)
from dynamongo.backends.base import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import Comparison
from dynamongo.expressions.updates import SetUpdate


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Geo:
    lat: Decimal
    long: Decimal


@dataclasses.dataclass
class Address:
    city: Annotated[str, StringField(max_length=20, stored_as="town")]
    zip: str | None = None
    since: dt.date | None = None
    lines: list[str] = dataclasses.field(default_factory=list)
    country: str = "NO"
    place: Geo | None = None


class Window(pydantic.BaseModel):
    width: int = pydantic.Field(ge=1)
    colour: Colour = Colour.RED
    name: str | None = None


class Loose(pydantic.BaseModel, extra="allow"):
    name: str


class Aliased(pydantic.BaseModel):
    width: int = pydantic.Field(alias="w")


class House(Model):
    __table__ = "houses"
    __hash_key__ = "id"
    id = StringField(required=True)
    home = DocumentField(Address)
    front = DocumentField(Window, stored_as="FRONT")
    windows = ListField(DocumentField(Window))
    loose = DocumentField(Loose)
    aliased = DocumentField(Aliased)
    info = DictField(where=DocumentField(Address))


OSLO = Address("Oslo", since=dt.date(2020, 1, 1), place=Geo(Decimal("59.9"), Decimal("10.7")))
STORED = {
    "town": "Oslo",
    "since": "2020-01-01",
    "lines": [],
    "country": "NO",
    "place": {"lat": Decimal("59.9"), "long": Decimal("10.7")},
}


@pytest.fixture(autouse=True)
def store() -> Iterator[Backend]:
    with Connection.using(MemoryBackend()) as backend:
        House.create_table()
        yield backend


def save(**values: Any) -> House:
    return House(id="a", **values).save()


def read() -> House:
    return House.get_one("a")


def test_document_is_stored_as_a_map() -> None:
    house = save(home=OSLO, front=Window(width=2), windows=[Window(width=1, name="x")], info={"where": OSLO})
    assert house.to_item() == {
        "id": "a",
        "home": STORED,
        "FRONT": {"width": 2, "colour": "red"},
        "windows": [{"width": 1, "colour": "red", "name": "x"}],
        "info": {"where": STORED},
    }
    assert read() == house
    assert isinstance(read().home, Address)
    assert read().front == Window(width=2)
    assert house.home is OSLO
    assert copy.deepcopy(house) == pickle.loads(pickle.dumps(read())) == house


def test_dict_of_members_is_taken() -> None:
    house = House(id="a", home={"city": "Oslo", "since": "2020-01-01"}, front={"width": 3})
    assert (house.home, house.front) == (Address("Oslo", since=dt.date(2020, 1, 1)), Window(width=3))
    converted = House(id="a", home=Address("Oslo", since="2020-01-01"))  # type: ignore[arg-type]  # text is converted
    assert converted.home == house.home


def test_conditions_and_updates_of_members() -> None:
    assert (House.home.city == "Oslo") == Comparison(House.home.city.path, "=", "Oslo")
    assert House.home.city.path.elements == ("home", "town")
    assert House.front.colour.set(Colour.BLUE) == SetUpdate(House.front.colour.path, "blue")
    save(home=OSLO, front=Window(width=2))
    condition = (House.home.city == "Oslo") & (House.home.place.lat > 59) & (House.front.colour == Colour.RED)
    assert House.find(condition, scans="allow").count() == 1
    changed = House.update_one("a", [House.home.city.set("Bergen"), House.home.lines.append("x")], condition=condition)
    assert changed.home == dataclasses.replace(OSLO, city="Bergen", lines=["x"])
    with pytest.raises(ValidationError, match=r"^House.front.width does not accept 0: "):
        House.front.width.set(0)
    with pytest.raises(ValidationError, match=r"^House.home.city must be a str of at most 20 characters"):
        House.home.city.set("x" * 21)


def test_changed_members_alone_are_sent() -> None:
    house = save(home=OSLO, front=Window(width=2))
    house = read()
    assert house.home is not None
    assert house.front is not None
    house.home.city = "Bergen"
    house.front.width = 3
    House.update_one("a", House.home.country.set("SE"))
    house.save(only_changed=True)
    home = read().home
    assert home is not None
    assert (home.city, home.country, read().front) == ("Bergen", "SE", Window(width=3))


@pytest.mark.parametrize("only_changed", [True, False])
def test_members_that_the_class_does_not_declare_are_kept(only_changed: bool) -> None:  # noqa: FBT001 - a parameter
    stored = {**STORED, "floor": 3, "place": {**STORED["place"], "height": 1}}  # type: ignore[dict-item]  # a dict
    front = {"width": 2, "colour": "red", "frame": "oak"}
    House.from_item({"id": "a", "home": stored, "FRONT": front, "windows": [front]}).save()
    house = read()
    assert house.home == OSLO
    assert house.front == Window(width=2)
    assert repr(house.home) == repr(OSLO)
    assert (house.front.model_dump(), dataclasses.asdict(house.home)) == (
        Window(width=2).model_dump(),
        dataclasses.asdict(OSLO),
    )
    house.home.city = "Bergen"
    house.front.width = 5
    house.windows[0].width = 7
    copy.deepcopy(house).save(only_changed=only_changed)
    item = read().to_item()
    assert item["home"] == {**stored, "town": "Bergen"}
    assert (item["FRONT"], item["windows"]) == ({**front, "width": 5}, [{**front, "width": 7}])


def test_pydantic_model_that_allows_others_shows_them() -> None:
    save(loose=Loose(name="a", size=3))  # type: ignore[call-arg]  # it allows any
    loose = read().loose
    assert loose is not None
    assert (loose, loose.model_extra) == (Loose(name="a", size=3), {"size": 3})  # type: ignore[call-arg]  # as above
    assert House.from_json(read().to_json()) == read()
    assert House.json_schema()["properties"]["loose"]["anyOf"][0]["additionalProperties"] is True


def test_members_go_by_their_names_not_by_aliases() -> None:
    assert save(aliased=Aliased(w=3)).to_item()["aliased"] == {"width": 3}
    assert read().aliased == Aliased(w=3)
    assert House.aliased.width.path.elements == ("aliased", "width")


def test_missing_members_have_what_the_class_says() -> None:
    """`None` where a member may be `None`, else the default; a member with neither is required."""
    field = DocumentField(Address)
    assert field.decode({"town": "Oslo"}) == Address("Oslo")
    assert field.decode({"town": "Oslo", "country": None, "lines": None}) == Address("Oslo")
    for wrong in ({}, {"zip": "1"}):
        with pytest.raises(ValidationError, match=r"^DocumentField.city is required"):
            field.decode(wrong)
        with pytest.raises(ValidationError, match=r"^DocumentField.city is required"):
            field.validate(wrong)
    with pytest.raises(ValidationError, match=r"^DocumentField.country is required"):
        field.validate(Address("Oslo", country=None))  # type: ignore[arg-type]  # it is no str


def test_a_save_does_not_store_defaults_of_the_class_that_were_read() -> None:
    """Only what was changed: `migrate` stores the defaults."""
    stored: dict[str, Any] = {
        "id": "a",
        "home": {"town": "Oslo", "country": None, "note": None},
        "FRONT": {"width": 1},
        "windows": [{"width": 1, "colour": None}, {"width": 2}],
    }
    for only_changed in (False, True):
        house = House.from_item(stored)
        house.save()
        assert House.get_raw("a") == stored
        house.home.zip = "1"  # type: ignore[union-attr]  # it is there
        house.windows[1].colour = Colour.BLUE
        house.save(only_changed=only_changed)
        changed = {**stored, "home": {**stored["home"], "zip": "1"}}
        assert House.get_raw("a") == {**changed, "windows": [stored["windows"][0], {"width": 2, "colour": "blue"}]}
    list(House.find(scans="allow").migrate())
    assert House.get_raw("a")["FRONT"] == {"width": 1, "colour": "red"}


def test_document_that_was_read_in_part() -> None:
    save(home=OSLO, front=Window(width=2))
    (part,) = House.get_many(["a"], projection=[House.home.city, House.home.place.lat])
    home: Any = part.home
    assert (home.city, home["city"], home.place.lat) == ("Oslo", "Oslo", Decimal("59.9"))
    for read_other in (lambda: home.zip, lambda: home.place.long, lambda: part.front):
        with pytest.raises(AttributeNotLoaded, match=r"^House\.\S+ was not read"):
            read_other()
    assert part.to_dict(mode="json") == {"id": "a", "home": {"city": "Oslo", "place": {"lat": "59.9"}}}
    with pytest.raises(AttributeNotLoaded, match="was read in part"):
        House(id="b", home=home)


def test_server_stores_the_same(dynamodb_backend: DynamoDBBackend) -> None:
    with Connection.using(dynamodb_backend):
        houses = House.on_table(f"houses-{uuid.uuid4().hex}")
        houses.create_table()
        house = houses(id="a", home=OSLO, front=Window(width=2), windows=[Window(width=1)]).save()
        condition = (House.home.place.lat > 59) & (House.front.colour == Colour.RED) & House.home.zip.not_exists()
        (found,) = houses.find(condition, scans="allow")
        assert found == house
        found.home.city = "Bergen"  # type: ignore[union-attr]  # it is there
        found.windows.append(Window(width=3))
        found.save(only_changed=True)
        assert houses.get_one("a") == found
        (part,) = houses.get_many(["a"], projection=[House.home.place.lat, House.front.width])
        assert part.to_dict(mode="json") == {"id": "a", "home": {"place": {"lat": "59.9"}}, "front": {"width": 2}}
        houses.delete_table()


# Rules of the class.


@dataclasses.dataclass
class Span:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is greater than high")


class Even(pydantic.BaseModel):
    number: int

    @pydantic.field_validator("number")
    @classmethod
    def check(cls, value: int) -> int:
        if value % 2:
            raise ValueError("it is odd")
        return value


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "words"),
    [
        (Span, {"low": 1, "high": 2}, {"low": 2, "high": 1}, "low is greater than high"),
        (Even, {"number": 2}, {"number": 1}, "it is odd"),
    ],
)
def test_class_may_refuse_its_members(kind: Any, right: Any, wrong: Any, words: str) -> None:
    class Ruled(Model):
        __table__ = "ruled"
        __hash_key__ = "id"
        id = StringField(required=True)
        value = DocumentField(kind)

    name = kind.__name__
    for read_wrong in (Ruled.value.validate, Ruled.value.decode):
        with pytest.raises(ValidationError, match=rf"(?s)^Ruled.value: {name} does not accept its members: .*{words}"):
            read_wrong(wrong)
    changed = Ruled(id="a", value=right)
    for member, each in wrong.items():
        setattr(changed.value, member, each)
    with pytest.raises(ValidationError, match=words):
        changed.to_item()
    member = next(iter(wrong))
    with pytest.raises(ExpressionError, match=r"^Ruled.value has a validator or choices, which cannot check what set"):
        getattr(Ruled.value, member).set(2)


# Types.

Name = NewType("Name", str)


class Cents(Field[Any]):
    stored_type = "N"

    def encode(self, value: Any) -> Any:
        return int(value * 100)

    def decode(self, stored: Any) -> Any:
        return Decimal(stored) / 100


@dataclasses.dataclass
class Everything:
    text: str
    number: int
    ratio: float
    flag: bool
    data: bytes
    price: Decimal
    at: dt.datetime
    day: dt.date
    span: dt.timedelta
    id: uuid.UUID
    colour: Colour
    anything: Any
    names: list[Name]
    grid: list[list[int]]
    tags: set[str]
    free: dict[str, Any]
    level: Literal["low", "high"]
    maybe: Optional[int]  # noqa: UP045 - the old form
    old: Union[str, None]  # noqa: UP007 - the old form
    cents: Annotated[Decimal, "a note", Cents()]
    stamp: Annotated[dt.datetime, DateTimeField(format="epoch")]
    colours: dict[str, bool] = dataclasses.field(default_factory=dict)
    later: list[Address] = dataclasses.field(default_factory=list)
    computed: int = dataclasses.field(default=7, init=False)


seconds = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.timezone.utc))  # noqa: DTZ001 - bounds have none
EVERYTHING = st.builds(
    Everything,
    text=st.text("ab"),
    number=st.integers(-5, 5),
    ratio=st.floats(-1e6, 1e6).map(lambda value: round(value, 6) + 0.0),
    price=st.decimals(-100, 100, places=2).map(lambda value: value + 0),
    at=seconds,
    anything=st.none() | st.integers(0, 9) | st.lists(st.text("ab")),
    names=st.lists(st.text("ab"), max_size=3),
    grid=st.lists(st.lists(st.integers(0, 9)), max_size=2),
    tags=st.sets(st.text("ab")),
    free=st.dictionaries(st.text("ab", min_size=1), st.integers(0, 9) | st.booleans()),
    cents=st.integers(0, 999).map(lambda value: Decimal(value) / 100),
    stamp=seconds.map(lambda value: value.replace(microsecond=0)),
    later=st.lists(st.sampled_from([OSLO, Address("Bergen")]), max_size=2),
)


class Holder(Model):
    __table__ = "holders"
    __hash_key__ = "id"
    id = StringField(required=True)
    value = DocumentField(Everything)


@given(EVERYTHING)
def test_every_type_comes_back(value: Everything) -> None:
    holder = Holder(id="a", value=value)
    assert Holder.from_item(holder.to_item()) == Holder.from_dynamodb_json(holder.to_dynamodb_json()) == holder
    document = holder.to_dict(mode="json")
    assert Holder.from_dict(document, mode="json") == holder
    Draft202012Validator(Holder.json_schema()).validate(document)


class Plain:
    pass


@dataclasses.dataclass(slots=True)
class Slotted:
    a: int


@dataclasses.dataclass
class Tree:
    children: list[Tree]


@dataclasses.dataclass
class Pair:
    both: tuple[int, int]


@dataclasses.dataclass
class Either:
    value: int | str


@dataclasses.dataclass
class Floats:
    values: dict[str, float]


@dataclasses.dataclass
class Nothing:
    pass


REFUSED: dict[Any, str] = {
    Document: r"DocumentField takes a class that derives from Document; got Document itself",
    int: r"DocumentField takes a Document, a dataclass, or a model of pydantic; got the class int",
    Plain: r"DocumentField takes a Document, a dataclass, or a model of pydantic; got the class Plain",
    Slotted: r"DocumentField: the instances of Slotted have no __dict__",
    Tree: r"DocumentField: Tree contains itself: declare that member with a field of its own",
    Pair: r"Pair.both is a tuple.*, for which there is no field: name one that stores it, as in Annotated\[",
    Either: r"Either.value is a .*int.*str.*, for which there is no field",
    Floats: r"Floats.values is a dict\[str, float\], for which there is no field",
    Nothing: r"Nothing has no members; use a DictField\(\)",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_class_that_cannot_be_stored_is_refused(kind: Any) -> None:
    with pytest.raises(SchemaError, match=REFUSED[kind]):
        DocumentField(kind)
    DocumentField(Address)  # and nothing is left behind


def test_type_that_cannot_be_found_is_refused() -> None:
    @dataclasses.dataclass
    class Local:
        value: LocalType

    class LocalType:
        pass

    with pytest.raises(SchemaError, match=r"^Local has a member whose type cannot be found \(name 'LocalType'"):
        DocumentField(Local)


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"^House.home must be an instance of Address, or a dict of its members"):
        House(id="a", home="Oslo")
    with pytest.raises(ValidationError, match=r"^House.home has no field 'town'; it has: city, zip"):
        House(id="a", home={"town": "Oslo"})


def test_schema_of_a_document() -> None:
    schema = House.json_schema()["properties"]["home"]["anyOf"][0]
    assert (schema["title"], schema["required"]) == ("Address", ["city"])
    assert schema["properties"]["city"] == {"type": "string", "maxLength": 20}


class Limited(pydantic.BaseModel):
    town: Annotated[str | None, StringField(stored_as="Town"), pydantic.Field(max_length=3)] = None
    count: int | None = pydantic.Field(default=None, gt=0, le=9)
    code: str = pydantic.Field(pattern="^[a-z]+$", min_length=2)
    price: Decimal = pydantic.Field(ge=1)
    names: list[str] = pydantic.Field(max_length=2)


def test_field_and_constraints_of_one_member() -> None:
    field = DocumentField(Limited).with_label("x")
    document = Limited(town="Ed", code="ab", price=Decimal(1), names=[])
    assert field.encode(document) == {"Town": "Ed", "code": "ab", "price": 1, "names": []}
    assert field.decode(field.encode(document)) == document
    for name, wrong in {"town": "Oslo", "code": "A1", "price": 0, "names": ["a", "b", "c"]}.items():
        with pytest.raises(ValidationError, match=rf"^x.{name} does not accept"):
            field[name].validate(wrong)


def test_schema_has_the_constraints_of_pydantic() -> None:
    properties = DocumentField(Limited).json_schema("validation")["properties"]
    assert properties["count"] == {
        "anyOf": [{"type": "integer", "exclusiveMinimum": 0, "maximum": 9}, {"type": "null"}]
    }
    assert properties["town"] == {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]}
    assert properties["code"] == {"type": "string", "pattern": "^[a-z]+$", "minLength": 2}
    assert properties["price"]["anyOf"][0] == {"type": "number", "minimum": 1}
    assert properties["names"]["anyOf"][0] == {"type": "array", "items": {"type": "string"}, "maxItems": 2}
