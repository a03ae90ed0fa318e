"""`Document`: members that are declared as the fields of a model are, in values that have attributes."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from carts import HOME, ITEM, Address, Cart, Geo, Line, Villa, make_cart, saved_cart

from dynamongo import (
    AttributeNotLoaded,
    Connection,
    DateTimeField,
    DictField,
    Document,
    DocumentField,
    ExpressionError,
    GlobalIndex,
    IntField,
    ListField,
    LocalIndex,
    Model,
    SchemaError,
    StringField,
    UnreadableItem,
    ValidationError,
    VersionField,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import Comparison, Path
from dynamongo.expressions.updates import IncrementUpdate


@pytest.fixture
def cart() -> Iterator[Cart]:
    with saved_cart() as cart:
        yield cart


# A document by itself.


def test_instance_has_attributes_and_defaults_of_its_own() -> None:
    line, other = Line(sku="pen"), Line(sku="pen")
    assert (line.sku, line.quantity, line.notes, line.marks) == ("pen", 1, ["new"], set())
    assert line == other
    line.notes.append("old")
    assert (other.notes, line != other, Line(sku="pen", quantity=None).quantity) == (["new"], True, None)
    assert vars(HOME) == {"city": "Oslo", "zip": "0150", "geo": Geo(lat=59)}
    assert (HOME.COUNTRY, HOME.in_one_line) == ("NO", "0150 Oslo")
    assert repr(HOME) == "Address(city='Oslo', zip='0150', geo=Geo(lat=59))"
    assert copy.deepcopy(HOME) == pickle.loads(pickle.dumps(HOME)) == copy.copy(HOME) == HOME != Geo(lat=59)
    assert HOME.to_dict() == {"city": "Oslo", "zip": "0150", "geo": Geo(lat=59)}
    document = {"city": "Oslo", "zip": "0150", "geo": {"lat": 59, "long": None}}
    assert (HOME.to_dict(mode="json"), Address.from_dict(document, mode="json")) == (document, HOME)


def test_values_are_validated_at_once_and_required_ones_when_they_are_saved(cart: Cart) -> None:
    for wrong in (lambda: Line(quantity=0), lambda: setattr(Line(), "quantity", 0)):
        with pytest.raises(ValidationError, match=r"^Line.quantity must be an int >= 1; got 0$"):
            wrong()
    for unknown in (
        lambda: Address(cty="x"),
        lambda: setattr(Address(), "cty", 1),
        lambda: Address.from_dict({"cty": 1}),
    ):
        with pytest.raises(ValidationError, match=r"^unknown field 'cty'; did you mean Address.city\?$"):
            unknown()
    with pytest.raises(
        ValidationError, match=r"^unknown field 'postal-code'; did you mean Address.zip\?; Address.city must"
    ):
        Address(**{"postal-code": "1", "city": 5})
    cart.home = Address(zip="1")
    for save in (cart.save, cart.to_item, lambda: cart.save(only_changed=True), lambda: Cart.home.set(Address())):
        with pytest.raises(ValidationError, match=r"^Cart.home.city is required but has no value$"):
            save()
    cart.home.city = "Bergen"
    del cart.home.zip
    assert cart.save().to_item()["home"] == {"city": "Bergen"}
    with pytest.raises(ValidationError, match=r"^Cart.home.city is required$"):  # a dict is not to be completed
        Cart(id="a", home={"zip": "1"})
    cart.lines[1].notes.append(3)  # type: ignore[arg-type]  # no checker sees what comes from elsewhere
    with pytest.raises(ValidationError, match=r"^Cart.lines\[1\].notes\[0\] must be a str; got 3$"):
        cart.save()


def test_class_inherits_members() -> None:
    villa = Villa(zip="1")
    assert vars(villa) == {"city": "Oslo", "zip": "1", "geo": None, "rooms": 4}
    assert (Villa.zip.label, Address.zip.label, villa.in_one_line) == ("Villa.zip", "Address.zip", "1 Oslo")
    assert Cart(id="a", villa=villa).to_item()["villa"] == {"city": "Oslo", "postal-code": "1", "rooms": 4}
    with pytest.raises(ValidationError, match=r"^Cart.home must be an instance of Address itself, not of a derived"):
        Cart(id="a", home=villa)


def test_constructor_may_be_overridden_and_is_not_called_for_what_is_read() -> None:
    class Stamped(Document):
        at = IntField()

        def __init__(self, at: int, **values: Any) -> None:
            self._made = True
            super().__init__(at=at + 1, **values)

    class Holder(Model):
        __table__ = "holders"
        __hash_key__ = "id"
        id = StringField()
        value = DocumentField(Stamped)

    held = Holder(id="a", value=Stamped(1))
    assert (held.to_item(), held.value._made) == ({"id": "a", "value": {"at": 2}}, True)  # type: ignore[union-attr]
    assert vars(Holder.from_item(held.to_item()).value) == {"at": 2}


# What a class may not declare.


def declare(**body: Any) -> Any:
    return type("Wrong", (Document,), {"text": StringField(), **body})


LINE: Any = Line  # to checkers, no field

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a table": (lambda: declare(__table__="x"), r"Wrong.__table__ is an option of models: a document is a part of"),
    "a key": (lambda: declare(__hash_key__="text"), r"Wrong.__hash_key__ is an option of models"),
    "an index": (lambda: declare(by=GlobalIndex("text")), r"Wrong.by is an index, which only a model has"),
    "a local index": (lambda: declare(by=LocalIndex("text")), r"Wrong.by is an index, which only a model has"),
    "a version": (lambda: declare(v=VersionField()), r"Wrong.v counts the writes of an item: declare it in the model"),
    "a template": (
        lambda: declare(k=StringField(template="A#{text}")),
        r"Wrong.k: template=.* is for the fields of a model",
    ),
    "a generated time": (
        lambda: declare(at=DateTimeField(auto="write")),
        r"Wrong.at: auto='write' is for the fields of a model",
    ),
    "what is immutable": (lambda: declare(x=IntField(immutable=True)), r"Wrong.x: immutable=True is for the fields of"),
    "an operator": (
        lambda: declare(size=IntField()),
        r'Wrong.size is a field, but a DocumentField has an attribute of that name: .*, as in size_ = .*"size"',
    ),
    "a method": (lambda: declare(to_dict=IntField()), r"Wrong.to_dict is a field that would hide .* of every document"),
    "a private name": (lambda: declare(_x=IntField()), r"Wrong._x is a field; its name must not start with an under"),
    "a class": (lambda: declare(x=IntField), r"Wrong.x is the class IntField, not a field: write IntField\(\)"),
    "one name twice": (lambda: declare(x=IntField(stored_as="text")), r"Wrong: text and x would both be stored as"),
    "a wrong default": (lambda: declare(x=IntField(default=cast("Any", "a"))), r"Wrong.x has an invalid default"),
    "no class": (lambda: declare(x=DocumentField("Geo")), r"Wrong.x: DocumentField\('Geo'\) names a class that is not"),
    "no members": (lambda: DocumentField(type("Empty", (Document,), {})), r"Empty has no members"),
    "a changed field": (lambda: setattr(Address, "city", IntField()), r"Address.city is a field, which cannot change"),
    "a new field": (lambda: setattr(Address, "town", IntField()), r"Address.town is a field, which cannot change"),
    "no DocumentField in a list": (
        lambda: ListField(LINE),
        r"ListField .*; got the class Line: write DocumentField\(Line\)",
    ),
    "no DocumentField but a DictField": (lambda: DictField(LINE), r"DictField takes fields by name, .*; for a class"),
    "no DocumentField in a model": (lambda: type("Bag", (Model,), {"a": Line()}), r"Bag.a is a document, not a field"),
    "a deleted field": (lambda: delattr(Address, "city"), r"Address.city is a field, which cannot change"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_makes_no_sense_in_a_document_is_refused(what: str) -> None:
    mistake, words = REFUSED[what]
    with pytest.raises(SchemaError, match=f"^{words}"):
        mistake()
    with pytest.raises(SchemaError, match=r"^Broken.tree: DocumentField\('Node'\) names a class that is not declared"):
        type(
            "Broken",
            (Model,),
            {"__table__": "b", "__hash_key__": "id", "id": StringField(), "tree": DocumentField("Node")},
        )


def test_class_of_documents_belongs_to_no_model() -> None:
    with pytest.raises(ExpressionError, match=r"^Address.city belongs to no model"):
        _ = Address.city == "Oslo"
    with pytest.raises(AttributeError, match=r"a class of documents belongs to no model; .* Cart.home.exists\("):
        Address.exists()
    with pytest.raises(AttributeError, match=r"^type object 'Address' has no attribute 'town'$"):
        Address.town  # type: ignore[attr-defined]  # noqa: B018 - there is none


# In items.


def test_document_is_stored_as_a_map(cart: Cart) -> None:
    assert cart.to_item() == ITEM
    assert Cart.get_raw("a") == ITEM
    read = Cart.get_one("a")
    assert read == cart == Cart.from_item(ITEM) == Cart.from_dynamodb_json(cart.to_dynamodb_json())
    assert (type(read.home), type(read.lines[1]), type(read.grid[0][0])) == (Address, Line, Geo)
    assert Cart.from_dict(cart.to_dict()) == Cart.from_json(cart.to_json()) == cart
    assert copy.deepcopy(read) == pickle.loads(pickle.dumps(read)) == cart
    held = Address(city="Oslo")
    assert Cart(id="a", home=held).home is held
    assert Cart(id="a", home={"city": "Oslo"}, lines=[{"sku": "pen"}]).lines == [Line(sku="pen")]  # with its defaults


def test_paths_have_the_fields_of_the_members() -> None:
    assert (Cart.office.zip == "1") == Comparison(Cart.office.zip.path, "=", "1")
    assert Cart.office.zip.path.elements == ("OFFICE", "postal-code")
    increment = Cart.lines[0].quantity.increment(2)
    assert increment == IncrementUpdate(Path("lines", 0, "quantity"), 2)
    assert Cart.tree.children[0].twin.children[1].name.path.elements == (
        *("tree", "children", 0, "twin", "children", 1, "name"),
    )
    with pytest.raises(ValidationError, match=r"^Cart.lines\[3\].quantity must be an int >= 1; got 0$"):
        Cart.lines[3].quantity.set(0)
    with pytest.raises(AttributeError, match=r"^Cart.home has no field 'town'; it has: city, zip, geo$"):
        Cart.home.town  # type: ignore[attr-defined]  # noqa: B018 - there is none


def test_member_that_the_class_does_not_declare_is_kept(cart: Cart) -> None:
    stored = {
        **ITEM,
        "home": {**ITEM["home"], "floor": 3, "geo": {"lat": 1, "h": 2}},
        "lines": [{"sku": "pen", "u": 1}],
    }
    read = Cart.from_item(stored)
    assert (read.home.undeclared(), read.lines[0].undeclared(), HOME.undeclared()) == ({"floor": 3}, {"u": 1}, {})  # type: ignore[union-attr]  # it is there
    assert read.home != cart.home
    assert repr(read.lines) == "[Line(sku='pen', notes=[])]"
    read.home.zip = "1"  # type: ignore[union-attr]  # it is there
    read.lines[0].quantity = 7
    copy.deepcopy(read).save()
    home = {**stored["home"], "postal-code": "1"}
    assert Cart.get_raw("a") == {**stored, "home": home, "lines": [{"sku": "pen", "u": 1, "quantity": 7}]}


def test_members_have_the_options_of_fields() -> None:
    class Event(Document):
        at = DateTimeField(format="epoch", required=True)
        kind = StringField(required=True, default_on_read="old")
        place = StringField(required=True, required_on_read=True, choices=["home", "office"])
        tags = ListField(StringField())

    class Day(Model):
        __table__ = "days"
        __hash_key__ = "id"
        id = StringField(required=True)
        event = DocumentField(Event)
        events = ListField(DocumentField(Event))

    with Connection.using(MemoryBackend()):
        Day.create_table()
        stored = {
            "id": "a",
            "event": {"at": "2020-01-01T00:00:00+00:00", "place": "home"},
            "events": [{"at": 0, "place": "office", "x": None}],
        }
        day = Day.from_item(stored)
        assert (day.event.at.year, day.event.kind, day.events[0].tags) == (2020, "old", [])  # type: ignore[union-attr]  # it is there
        day.save()  # the form of a time that has not changed, and no list where there was none
        filled = [{**each, "kind": "old"} for each in (stored["event"], *stored["events"])]  # type: ignore[dict-item]  # dicts
        assert Day.get_raw("a") == {"id": "a", "event": filled[0], "events": filled[1:]}
        day.events[0].tags = ["new"]
        day.save(only_changed=True)
        assert Day.get_raw("a")["events"] == [{**filled[1], "tags": ["new"]}]
        wrong = {
            "id": "a",
            "event": {"at": "never", "kind": 3},
            "events": [{"at": 0, "place": "office"}, {"at": 0, "place": "x"}],
        }
        with pytest.raises(UnreadableItem) as caught:
            Day.from_item(wrong)
    assert [problem.path for problem in caught.value.problems] == [
        *("event.at", "event.kind", "event.place", "events[1].place")
    ]


# Read in part.


PATHS = [Cart.home.city, Cart.home.geo.lat, Cart.office, Cart.lines[0].quantity, Cart.tree.twin]


def test_part_of_a_document_is_one_that_has_what_was_read(cart: Cart) -> None:
    (part,) = Cart.get_many(["a"], projection=PATHS)
    assert repr(part) == (
        "Cart(id='a', home=Address(city='Oslo', geo=Geo(lat=59)), lines=[Line(quantity=1)],"
        " tree=Node(twin=Node(name='twin', children=[])))"
    )
    assert isinstance(part.home, Address)
    assert (part.home.city, part.office, part.tree.twin.twin) == ("Oslo", None, None)  # type: ignore[union-attr]  # it is there
    readers: dict[str, Callable[[], object]] = {
        "Cart.home.zip": lambda: part.home.zip,  # type: ignore[union-attr]  # it is there
        "Cart.home.geo.long": lambda: part.home.geo.long,  # type: ignore[union-attr]  # it is there
        "Cart.lines[].sku": lambda: part.lines[0].sku,
        "Cart.tree.name": lambda: part.tree.name,  # type: ignore[union-attr]  # it is there
    }
    for attribute, read in readers.items():
        with pytest.raises(AttributeNotLoaded, match=rf"^{re.escape(attribute)} was not read"):
            read()
    assert copy.deepcopy(part) == pickle.loads(pickle.dumps(part)) == part
    assert part.home != Address(city="Oslo", geo=Geo(lat=59))
    assert part.to_dict(mode="json")["home"] == {"city": "Oslo", "geo": {"lat": 59}}
    assert Cart.get_many(["a"], projection=[Cart.home.geo, Cart.lines[1]])[0].lines == cart.lines[1:]


@pytest.mark.parametrize(
    "store",
    [
        lambda part: Cart(id="b", home=part.home),
        lambda part: Cart(id="b", lines=part.lines),
        lambda part: Cart(id="b", lines=[part.lines[0]]),
        lambda part: Cart(id="b", places={"first": part.home}),
        lambda part: setattr(make_cart(), "home", copy.copy(part.home)),
        lambda part: Cart.lines.append(part.lines[0]),
        lambda part: (part.lines.append(Line(sku="x")), part.save(only_changed=True)),
        lambda part: Cart.home.set(part.home),
        lambda part: Cart.home == part.home,
        lambda part: Address(geo=part.home.geo),
        lambda part: part.save(),
        lambda part: (part.home.__setattr__("city", "Bergen"), part.save(only_changed=True)),
    ],
)
def test_part_of_a_document_is_never_stored(cart: Cart, store: Callable[[Any], object]) -> None:
    (part,) = Cart.get_many([cart.id], projection=PATHS)
    with pytest.raises(AttributeNotLoaded):
        store(part)
