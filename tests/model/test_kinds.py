"""Several kinds of item in one table: what each verb of a model does with its own items, and with those of others."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kinds_in_one_table import (
    CLASSES,
    READ_BY,
    STORED,
    Customer,
    Entry,
    Express,
    Latest,
    Order,
    get,
    key,
    make,
    shape,
    table_on,
)

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    EnumField,
    ExpressionError,
    ItemNotFound,
    Model,
    SchemaError,
    StringField,
    TransactionCanceled,
    ValidationError,
)
from dynamongo.backends import Backend
from dynamongo.connection.connection import default_connection
from dynamongo.expressions.values import Item
from dynamongo.operations import Put

pytestmark = pytest.mark.usefixtures("colour")


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    with table_on(request, monkeypatch, "allow") as made:
        yield made


def expected(model: Any) -> dict[str, type]:
    return {sk: CLASSES[sk] for sk in READ_BY[model]}


READS: list[Callable[[Any], list[Any]]] = [
    lambda model: model.get_many(model.pk == "c"),
    lambda model: model.get_many(list(map(key, STORED))),
    lambda model: model.get_many(model.keys_in(map(key, STORED))),
    lambda model: model.get_many(),
    lambda model: model.get_many(segments=2),
    lambda model: model.get_many(model.owner == "jane", projection=["day"]),
    lambda model: model.get_many((model.pk == "c") & (model.day > 0)),
    lambda model: model.get_many((model.pk == "c") & (model.day > 0), projection=["day"]),
    lambda model: [found for sk in STORED if (found := model.get_one(key(sk), None)) is not None],
    lambda model: [found for sk in STORED if (found := model.get_one(key(sk), None, projection=["day"])) is not None],
    lambda model: [each for each in Connection.transact_get([(model, key(sk)) for sk in STORED]) if each is not None],
    lambda model: model.find(model.pk == "c", index=None).page().items,
    lambda model: [model.from_item(raw) for sk in STORED if (raw := model.get_raw(key(sk), None)) is not None],
    lambda model: list(map(model.from_item, model.find(model.pk == "c", as_items=True))),
    lambda model: [model.get_one(key(sk)) for sk in STORED if model.exists(key(sk))],
]

OF_LOCAL_INDEX = 7


@pytest.mark.parametrize("model", READ_BY)
@pytest.mark.parametrize("number", range(len(READS)))
def test_a_model_reads_its_own_items_each_as_an_instance_of_its_class(
    model: Any, number: int, backend: Backend
) -> None:
    if backend.name == "dynamodb" and number == OF_LOCAL_INDEX:
        pytest.skip("the emulator does not fetch what a local index does not hold")
    assert shape(READS[number](model)) == expected(model)
    assert model.find(model.pk == "c").count() == len(READ_BY[model])


def test_a_class_that_inherits_its_kind_reads_the_same_items() -> None:
    assert shape(Latest.get_many(Latest.pk == "c")) == {"d": Latest, "e": Latest}
    assert shape(Order.get_many(Order.pk == "c")) == {"d": Order, "e": Order, "f": Express}


@pytest.mark.parametrize("options", [{}, {"projection": ["name"]}])
def test_items_of_other_kinds_are_not_found(options: Any) -> None:
    with pytest.raises(ItemNotFound, match=r"Customer: there is no item with pk = 'c' AND sk = 'd': the one .* kind$"):
        Customer.get_one(key("d"), **options)


@pytest.mark.parametrize("sk", "abcdefghi")
def test_saving_an_unchanged_item_changes_nothing(sk: str) -> None:
    Entry.get_one(key(sk)).save()
    before = STORED[sk]
    assert get(sk) == (before if "version" not in before else {**before, "version": 2})


def test_whole_items_are_written_with_their_kind() -> None:
    Customer(pk="c", sk="x", name="Zoe").save()
    Order.save_many([Order(pk="c", sk="y", total=1), Express(pk="c", sk="z", total=1, courier="Jo")])
    with Customer.batch() as batch:
        batch.save(Customer(pk="c", sk="u"))
    with Connection.transaction() as tx:
        tx.create(Express(pk="c", sk="v", total=1, courier="Jo"))
    Entry.save_one(Express(pk="c", sk="w", total=2, courier="Jo"))
    Entry(pk="c", sk="t").save()
    found = {sk: get(sk) for sk in "tuvwxyz"}
    assert {sk: item and item.get("_type") for sk, item in found.items()} == {
        "t": None,
        "u": "customer",
        "v": "express",
        "w": "express",
        "x": "customer",
        "y": "order",
        "z": "express",
    }
    assert found["w"] == {"pk": "c", "sk": "w", "total": 2, "courier": "Jo", "version": 1, "_type": "express"}
    again = Customer.get_one(key("x"))
    assert again == Customer(pk="c", sk="x", name="Zoe")
    assert again.undeclared() == {}
    old = Customer.get_one(key("x")).save().save()
    assert (old, old.undeclared()) == (again, {})
    default_connection.backend.execute(Put(Entry.table_name(), {**(get("x") or {}), "more": 1}))
    assert Customer.get_one(key("x")).save().save().undeclared() == {"more": 1}


def test_a_save_replaces_no_item_of_another_kind() -> None:
    saves: list[Callable[[], object]] = [
        lambda: Customer(pk="c", sk="d").save(),
        lambda: Customer(pk="c", sk="d").save(overwrite=Customer.owner == "jane"),
        lambda: Express(pk="c", sk="d", total=1, courier="Jo").save(),
        lambda: Customer(pk="c", sk="d").create(),
    ]
    for save in saves:
        with pytest.raises(ConditionalCheckFailedException, match=r"with pk = 'c' AND sk = 'd' is of another kind"):
            save()
    result = Customer.save_many([Customer(pk="c", sk="d")], overwrite=Customer.owner == "jane")
    assert [type(each.error) for each in result.failures] == [ConditionalCheckFailedException]
    with pytest.raises(TransactionCanceled, match="is of another kind"), Connection.transaction() as tx:
        tx.save(Customer(pk="c", sk="d"))
    assert get("d") == STORED["d"]
    Customer(pk="c", sk="b", name="Jack").save()  # its own items it replaces
    assert get("b") == {"pk": "c", "sk": "b", "name": "Jack", "_type": "customer"}


@pytest.mark.parametrize("sk", "abcdefghi")
def test_updates_and_deletes_reach_own_items_alone(sk: str) -> None:
    customer = sk in READ_BY[Customer]
    if customer:
        assert Customer.update_one(key(sk), Customer.name.set("Z")).name == "Z"
        assert Customer.upsert_one(key(sk), Customer.day.increment()).day == ord(sk) + 1
        with Connection.transaction() as tx:
            tx.check(Customer, key(sk))
        assert shape(Customer.delete_many([key(sk), key("missing")]).success) == {sk: Customer, "missing": Customer}
        assert get(sk) is None
        return
    with pytest.raises(ItemNotFound, match="is of another kind"):
        Customer.update_one(key(sk), Customer.name.set("Z"))
    with pytest.raises(ConditionalCheckFailedException, match="is of another kind"):
        Customer.upsert_one(key(sk), Customer.name.set("Z"))
    assert Customer.delete_one(key(sk)) is None
    assert [type(each.error) for each in Customer.update_many([key(sk)], Customer.name.set("Z")).failures] == [
        ItemNotFound
    ]
    assert [type(each.error) for each in Customer.delete_many([key(sk)]).failures] == [ConditionalCheckFailedException]
    adds: list[Callable[[Any], object]] = [
        lambda tx: tx.update(Customer, key(sk), Customer.name.set("Z")),
        lambda tx: tx.delete(Customer, key(sk)),
        lambda tx: tx.check(Customer, key(sk)),
    ]
    for add in adds:
        with pytest.raises(TransactionCanceled, match="is of another kind"), Connection.transaction() as tx:
            add(tx)
    assert get(sk) == STORED[sk]


def test_conditional_writes_of_many_items_find_own_items_alone() -> None:
    result = Customer.update_many(Customer.pk == "c", Customer.name.set("Z"))
    assert shape(result.success) == dict.fromkeys("abc", Customer)
    assert shape(Order.find(Order.pk == "c").update(Order.total.increment()).success) == expected(Order)
    assert shape(Order.delete_many(Order.owner == "jane").success) == expected(Order)
    assert shape(Entry.get_many(Entry.pk == "c")) == {sk: CLASSES[sk] for sk in "abcghi"}


def test_an_upsert_stores_the_kind_of_a_new_item() -> None:
    Customer.upsert_one(key("x"), Customer.name.set("Zoe"))
    with Connection.transaction() as tx:
        tx.upsert(Express, key("y"), Express.courier.set("Jo"))
    Entry.upsert_one(key("z"), Entry.day.set(1))
    assert [get(sk) for sk in "xyz"] == [
        {"pk": "c", "sk": "x", "name": "Zoe", "_type": "customer"},
        {"pk": "c", "sk": "y", "courier": "Jo", "version": 1, "_type": "express"},
        {"pk": "c", "sk": "z", "day": 1},
    ]


def test_a_migration_writes_the_kind_in_one_form() -> None:
    for model in (Customer, Order):
        assert not [page.result.failures for page in model.find(model.pk == "c").migrate() if page.result.failures]
    assert [(get(sk) or {}).get("_type") for sk in "abcdef"] == [*3 * ["customer"], "order", "order", "express"]
    assert [each.result.success for each in Entry.find(Entry.pk == "c").migrate()] == [[]]


def test_a_migration_replaces_a_null_by_the_kind() -> None:
    class Typed(Model):  # the kind is a declared field
        __table__ = Entry.__table__
        __hash_key__ = "pk"
        __range_key__ = "sk"
        __kind_field__ = "entity"
        __kind__ = ("typed", None)
        pk = StringField(required=True)
        sk = StringField(required=True)
        entity = StringField(stored_as="_type")

    item: Item = {"pk": "n", "sk": "1", "_type": None}
    default_connection.backend.execute(Put(Entry.table_name(), item))
    for count in (1, 0):
        pages = list(Typed.find(Typed.pk == "n").migrate())
        assert [page.result.success_count for page in pages] == [count]
    assert Typed.get_raw(("n", "1")) == {**item, "_type": "typed"}


def test_only_changes_are_saved_of_own_items_alone() -> None:
    order = Order.get_one(key("e"))
    order.total = 20
    order.save(only_changed=True)
    assert get("e") == {**STORED["e"], "total": 20, "version": 2}
    customer = Customer.get_one(key("a"))
    default_connection.backend.execute(Put(Entry.table_name(), {**STORED["a"], "_type": "order"}))
    customer.name = "Z"
    with pytest.raises(ItemNotFound, match="is of another kind"):
        customer.save(only_changed=True)


def test_an_index_without_the_kind_serves_a_base_alone() -> None:
    assert shape(Entry.get_many(Entry.owner == "jane", index="by_key")) == dict.fromkeys(STORED, Entry)
    options: Any
    for options in ({}, {"projection": ["owner"]}):
        with pytest.raises(ExpressionError, match=r"cannot serve this read: it does not hold `_type`, which tells"):
            Customer.get_many(Customer.owner == "jane", index="by_key", **options)
    plan = Customer.explain(Customer.owner == "jane", projection=["owner"])
    assert plan.index == "by_owner"


def test_the_plan_shows_the_kind() -> None:
    assert str(Express.explain(Express.pk == "c")).splitlines()[:3] == [
        f"Query {Entry.table_name()}",
        "  key condition  pk = 'c'",
        "  filter         _type = 'express'",
    ]
    assert str(Order.explain(key("d"))).splitlines()[2] == "  residual       _type IN ('order', 'Order', 'express')"
    shown = str(Express.delete_many.explain([key("d")]))
    assert shown.splitlines()[1:3] == [
        "  writes         1 items, one request each",
        "  checks again   _type = 'express'",
    ]
    assert Entry.explain(Entry.pk == "c").filter is None


class Kind(enum.Enum):
    DOG = 1
    CAT = 2


def animal(**body: Any) -> Any:
    return make("Base", Model, __abstract__=True, __table__="zoo", __hash_key__="id", id=StringField(), **body)


def test_a_declared_field_of_the_kind_has_it_as_its_default() -> None:
    base = animal(species=EnumField(Kind, stored_as="S"), __kind_field__="species")
    dog = make("Dog", base, __kind__=Kind.DOG)
    assert dog(id="1").species is Kind.DOG
    assert dog.__mapper__.encode(dog(id="1")) == {"id": "1", "S": 1}
    with pytest.raises(ValidationError, match=r"Dog.species is 2: it tells the kind of an item, which is 1 here"):
        dog.__mapper__.encode(dog(id="1", species=Kind.CAT))
    with pytest.raises(ExpressionError, match=r"Dog.species cannot be changed by an update: it tells the kind"):
        dog.update_one("1", dog.species.set(Kind.CAT))
    assert dog.explain(dog.species == Kind.CAT).operations == ()


def test_a_field_that_takes_one_value_declares_the_kind() -> None:
    base = animal(kind=StringField(required=True))
    dog = make("Dog", base, kind=StringField(required=True, default="dog", choices=["dog"]))
    assert str(dog.explain().filter) == "kind = 'dog'"
    assert make("Any", base).explain().filter is None


def test_a_kind_may_be_part_of_the_key() -> None:
    class Profile(Model):
        __table__ = "shop"
        __hash_key__ = "pk"
        __range_key__ = "sk"
        __kind_field__ = "sk"
        __kind__ = "d"
        pk = StringField(required=True)
        sk = StringField(required=True)

    assert Profile(pk="c").sk == "d"
    assert shape(Profile.get_many(Profile.pk == "c")) == {"d": Profile}
    assert Profile.get_one(key("e"), None) is None
    assert Profile.upsert_one(("x", "d"), Profile.attribute("n").set(1)).pk == "x"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"__kind__": ()}, r"X.__kind__ must be the value that its items are stored with, such as 'order'; got \(\)"),
        ({"__kind__": ""}, r"X.__kind__ must be stored as a number or a text that is not empty; got ''"),
        ({"__kind__": True}, r"X.__kind__ must be stored as a number or a text that is not empty; got True"),
        ({"__kind__": 5, "__kind_field__": "name"}, r"X.__kind__ does not suit its field: X.name must be a str; got 5"),
        ({"__kind__": "x", "__kind_field__": 5}, r"X.__kind_field__ must name a field or an attribute"),
        ({"__kinds__": "x"}, r"X.__kinds__ is unknown; did you mean __kind__\?"),
        ({"__kind__": "dog"}, r"X.__kind__ is 'dog', which is already the kind of Dog"),
    ],
)
def test_mistakes_are_told_when_the_class_is_made(body: dict[str, Any], message: str) -> None:
    base = make("Animal", animal(name=StringField(), __kind_field__="cls"))
    make("Dog", base, __kind__="dog")
    with pytest.raises(SchemaError, match=message):
        make("X", base, **body)


def test_a_class_that_is_declared_again_takes_the_place_of_the_first() -> None:
    base = make("Animal", animal(__kind_field__="cls"))
    make("Dog", base, __kind__="dog")
    dog = make("Dog", base, __kind__="dog")
    assert base.__mapper__.model_for({"cls": "dog"}) is dog
    other = make("Cat", base, __kind__="cat", __table__="cats")
    assert base.__mapper__.model_for({"cls": "cat"}) is base
    assert other.__mapper__.model_for({"cls": "dog"}) is None
    with pytest.raises(SchemaError, match="what tells its items from others, which cannot change"):
        dog.__kind__ = "hound"


def test_bound_models_read_and_write_instances_that_are_bound_as_well() -> None:
    entries, orders, express = (each.on_table("archive") for each in (Entry, Order, Express))
    entries.create_table()
    entries.save_one(Express(pk="c", sk="f", total=1, courier="Jo"))
    entries.save_many([express(pk="c", sk="g", total=1, courier="Jo"), orders(pk="c", sk="d", total=1)])
    for model, found in ((entries, "dfg"), (orders, "dfg"), (express, "fg")):
        assert shape(model.get_many(model.pk == "c")) == {sk: orders if sk == "d" else express for sk in found}
        assert {type(model.get_one(key(sk))) for sk in found} <= {orders, express}
    assert entries.get_one(key("f")).to_dict() == express.get_one(key("f")).to_dict()
    assert get("g") == STORED["g"]
    entries.delete_table()
