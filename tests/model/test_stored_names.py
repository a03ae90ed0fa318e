"""Fields that are stored under other names: every verb does what it does with a model without such names.

`Plain` and `Renamed` have the same fields, of which the second stores each under a name that Python cannot say. Each
script runs with both; the results must be equal, and the stored items must differ in nothing but the names.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import (
    AttributeNotLoaded,
    BooleanField,
    ConditionalCheckFailedException,
    Connection,
    DateTimeField,
    DictField,
    DynamongoError,
    ExpressionError,
    GlobalIndex,
    IntField,
    ListField,
    LocalIndex,
    Model,
    SchemaError,
    SetField,
    StringField,
    TransactionCanceled,
    ValidationError,
    VersionConflict,
    VersionField,
)
from dynamongo._support import codegen
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection
from dynamongo.expressions.values import Item
from dynamongo.operations import Get, Put

pytestmark = pytest.mark.usefixtures("colour")

_prefixes = (f"renamed-{number}-" for number in itertools.count())

NAMES = {
    "owner": "PK",
    "position": "sort key",
    "kind": "__typename",
    "visits": "update",
    "tags": "a.b",
    "address": "from",
    "rows": "_rows",
    "active": "size",
    "version": "_v",
}
MEMBERS = {"city": "City Name", "zip": "position"}  # the name of another field, which it must not be mixed up with


def declare(rename: Callable[[str], str | None], table: str) -> Any:
    class Thing(Model):
        __table__ = table
        __hash_key__ = "owner"
        __range_key__ = "position"
        __billing__ = "on_demand"
        __ttl__ = "visits"
        owner = StringField(required=True, stored_as=rename("owner"))
        position = IntField(required=True, stored_as=rename("position"))
        kind = StringField(default="thing", stored_as=rename("kind"))
        visits = IntField(min_value=0, stored_as=rename("visits"))
        tags = SetField(StringField, stored_as=rename("tags"))
        address = DictField(
            {
                "city": StringField(required=True, stored_as=rename("city")),
                "zip": StringField(default="0", stored_as=rename("zip")),
                "since": DateTimeField(),
            },
            stored_as=rename("address"),
        )
        rows = ListField(DictField(n=IntField(stored_as=rename("n"))), stored_as=rename("rows"))
        active = BooleanField(stored_as=rename("active"))
        version = VersionField(stored_as=rename("version"))
        by_kind = GlobalIndex(hash_key=kind, range_key="visits", projection=[active])
        by_visits = LocalIndex(range_key=visits, projection="keys_only")

    return Thing


Plain = declare(lambda _: None, "plain")
Renamed = declare({**NAMES, **MEMBERS, "n": "N"}.get, "renamed")


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    made: Backend = MemoryBackend()
    if request.param == "dynamodb":
        made = request.getfixturevalue("dynamodb_backend")
        monkeypatch.setattr(codegen, "PLAIN_CALLS", 0)  # here everything is compiled, and not on memory
    Renamed.__mapper__.codec.reset()
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    for model in (Plain, Renamed):
        model.create_table()
        for position in range(5):
            make(model, position).save()
    yield made
    for model in (Plain, Renamed):
        model.delete_table()
    Connection.set_config()


def make(model: Any, position: int) -> Any:
    tags = {"a", "b"} if position % 2 else set[str]()
    address = {"city": "Oslo", "zip": str(position)}
    rows = [{"n": position}, {"n": 2}]
    visits, active = position * 10, position > 2
    return model(owner="o", position=position, visits=visits, tags=tags, address=address, rows=rows, active=active)


def as_plain(result: Any) -> Any:
    """Return a result without its class and stored names, so that those of both models can be compared."""
    if isinstance(result, Model):
        return {name: as_plain(value) for name, value in vars(result).items()}
    if isinstance(result, BaseException):
        return type(result).__name__, str(result)
    if isinstance(result, dict):
        return {key: as_plain(value) for key, value in result.items()}
    if isinstance(result, (list, tuple)):
        return [as_plain(each) for each in result]
    return result


def rename(stored: Any) -> Any:
    """Return a stored item of `Plain` as `Renamed` stores it."""
    if not isinstance(stored, dict):
        return stored
    renamed = {NAMES.get(name, name): value for name, value in stored.items()}
    if "from" in renamed:
        renamed["from"] = {MEMBERS.get(name, name): value for name, value in renamed["from"].items()}
    if "_rows" in renamed:
        renamed["_rows"] = [{"N": row["n"]} for row in renamed["_rows"]]
    return renamed


def stored_items(model: Any) -> list[Any]:
    keys = [(field.path.attribute, field) for field in model.__mapper__.keys.fields]
    found = [
        default_connection.execute(Get(model.table_name(), {keys[0][0]: "o", keys[1][0]: position})).item
        for position in range(8)
    ]
    return [item for item in found if item is not None]


def update_partly_read(model: Any) -> Any:
    found = model.get_many(model.position > 2, projection=[model.address.city, "kind", "version", model.rows[0].n])[0]
    with pytest.raises(AttributeNotLoaded, match=r"address.zip was not read"):
        found.address["zip"]
    found.kind = "other"
    found.save(only_changed=True)
    return found


def save_changes(model: Any) -> Any:
    found = model.get_one(("o", 1))
    found.address["city"] = "Rome"
    found.tags = set()
    found.rows.append({"n": 9})
    found.save(only_changed=True)
    found.address["zip"] = "7"
    return found.save()


def write_in_batch(model: Any) -> Any:
    with model.batch() as batch:
        batch.save(make(model, 6))
        batch.delete({"owner": "o", "position": 2})
    return batch.result.success


def write_in_transaction(model: Any) -> Any:
    with Connection.transaction() as tx:
        tx.update(model, ("o", 0), model.kind.set("x"), model.address.city.set("Bonn"))
        tx.create(make(model, 7))
        tx.check(model, (model.owner == "o") & (model.position == 1) & (model.kind == "thing"))
    return Connection.transact_get([(model, ("o", 0)), (model, {"owner": "o", "position": 7})])


def cancel_transaction(model: Any) -> Any:
    with pytest.raises(TransactionCanceled) as caught, Connection.transaction(return_items=True) as tx:
        tx.update(model, (model.owner == "o") & (model.position == 0) & (model.kind == "y"), model.kind.set("x"))
    return str(caught.value).partition(" (TransactWrite")[0], caught.value.reasons[0].key, caught.value.reasons[0].item


def conflict(model: Any) -> Any:
    mine, yours = model.get_one(("o", 3)), model.get_one(("o", 3))
    mine.kind = "mine"
    mine.save()
    with pytest.raises(VersionConflict) as caught:
        yours.save()
    return caught.value.expected, caught.value.found, str(caught.value)


def walk_pages(model: Any) -> Any:
    seen, cursor = [], None
    while True:
        page = model.find(model.visits >= 0, limit=2, cursor=cursor).page()
        seen += page.items
        cursor = page.cursor
        if cursor is None:
            return sorted(each.position for each in seen)


def refused(function: Callable[[], Any]) -> Any:
    with pytest.raises(DynamongoError) as caught:
        function()
    return caught.value


SCRIPTS: dict[str, Callable[[Any], Any]] = {
    "get by tuple": lambda m: m.get_one(("o", 1)),
    "get by dict": lambda m: m.get_one({"owner": "o", "position": 1}),
    "get by instance": lambda m: m.get_one(m(owner="o", position=1)),
    "get by condition": lambda m: m.get_one((m.owner == "o") & (m.position == 1) & (m.address.city == "Oslo")),
    "get a part": lambda m: m.get_one(("o", 1), projection=["kind", m.address.zip]),
    "exists": lambda m: [
        m.exists(("o", 1)),
        m.exists(("o", 77)),
        m.exists((m.owner == "o") & (m.position == 1) & (m.visits > 9), consistent=True),
        m.exists({"owner": "o", "position": 1}),
    ],
    "get many keys": lambda m: m.get_many([("o", 1), ("o", 4), ("o", 9)]),
    "query": lambda m: m.get_many((m.owner == "o") & m.position.between(1, 3), descending=True),
    "query an index": lambda m: m.get_many((m.kind == "thing") & (m.visits > 10), projection=[m.active, m.visits]),
    "query a local index": lambda m: m.get_many((m.owner == "o") & (m.visits < 30)),
    "filter": lambda m: m.get_many((m.owner == "o") & m.tags.contains("a") & (m.rows[0].n > 0)),
    "filter on the map": lambda m: m.get_many(m.address == {"city": "Oslo", "zip": "2"}),
    "filter on another field": lambda m: m.get_many(m.visits > m.position),
    "count": lambda m: m.find((m.owner == "o") & (m.visits.in_([0, 10]) | ~m.active.exists())).count(),
    "order": lambda m: [each.position for each in m.get_many(m.visits > 0, descending=True)],
    "pages": walk_pages,
    "update": lambda m: m.update_one(("o", 1), [m.visits.increment(), m.tags.add({"z"}), m.rows.append({"n": 3})]),
    "update if": lambda m: m.update_one(("o", 1), m.address.city.set("Rome"), condition=m.address.zip == "1"),
    "update out of range": lambda m: refused(lambda: m.update_one(("o", 0), m.visits.increment(-1))),
    "update from a dict": lambda m: m.update_from_dict({"owner": "o", "position": 1, "kind": None, "visits": 3}),
    "upsert": lambda m: m.upsert_one({"owner": "o", "position": 5}, [m.kind.set("new"), m.visits.set(2)]),
    "update an instance": lambda m: m.get_one(("o", 2)).update(m.active.set(True), m.address.zip.remove()),
    "delete if": lambda m: m.delete_one(("o", 1), condition=m.kind == "thing"),
    "delete where": lambda m: m.delete_many((m.owner == "o") & (m.visits >= 30)).success,
    "update where": lambda m: m.update_many(m.kind == "thing", m.kind.set("other")).success,
    "save many": lambda m: m.save_many([make(m, 5), {"owner": "o", "position": 6}]).success,
    "create twice": lambda m: refused(lambda: m.create_one({"owner": "o", "position": 1})),
    "save unless": lambda m: refused(lambda: m.save_one(make(m, 1), overwrite=m.kind != "thing")),
    "save changes": save_changes,
    "change what was partly read": update_partly_read,
    "batch": write_in_batch,
    "transaction": write_in_transaction,
    "cancelled transaction": cancel_transaction,
    "conflict": conflict,
    "no such item": lambda m: refused(lambda: m.get_one(("o", 77))),
    "not a whole key": lambda m: refused(lambda: m.get_one(m.owner == "o")),
    "a value too low": lambda m: refused(lambda: m(owner="o", position=1, visits=-1)),
    "a required one missing": lambda m: refused(lambda: m(owner="o").save()),
    "keys in": lambda m: m.get_many(m.keys_in([("o", 1), ("o", 2)]) & (m.kind == "thing")),
    "reload": lambda m: m(owner="o", position=1).reload(),
    "repr": lambda m: repr(m.get_one(("o", 2))),
    "compare table": lambda m: m.compare_table(),
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_every_verb_works_alike(script: Callable[[Any], Any]) -> None:
    plain, renamed = as_plain(script(Plain)), as_plain(script(Renamed))
    assert renamed == plain
    assert stored_items(Renamed) == list(map(rename, stored_items(Plain)))


def test_items_have_the_stored_names() -> None:
    Renamed(owner="p", position=1, visits=2, tags={"x"}, address={"city": "Rom"}, rows=[{"n": 1}], active=True).save()
    assert default_connection.execute(Get(Renamed.table_name(), {"PK": "p", "sort key": 1})).item == {
        "PK": "p",
        "sort key": 1,
        "__typename": "thing",
        "update": 2,
        "a.b": frozenset({"x"}),
        "from": {"City Name": "Rom", "position": "0"},
        "_rows": [{"N": 1}],
        "size": True,
        "_v": 1,
    }


def test_what_no_field_declares_survives_under_its_own_name() -> None:
    item: Item = {"PK": "p", "sort key": 1, "owner": "not the owner", "from": {"City Name": "a", "city": "b", "zip": 3}}
    default_connection.execute(Put(Renamed.table_name(), {**item, "_v": 1}))
    found = Renamed.get_one(("p", 1))
    assert (found.owner, found.address, found.undeclared()) == ("p", {"city": "a"}, {"owner": "not the owner"})
    found.kind = "changed"
    found.save()
    stored = default_connection.execute(Get(Renamed.table_name(), {"PK": "p", "sort key": 1})).item
    assert stored is not None
    assert {name: stored[name] for name in item} == item


class TestUndeclared:
    """`Model.attribute` reaches what no field declares."""

    def test_in_conditions_updates_and_projections(self) -> None:
        note = Renamed.attribute("my note")
        assert Renamed.update_one(("o", 1), note.set({"a": [1]})).undeclared() == {"my note": {"a": [1]}}
        assert [each.position for each in Renamed.get_many(note["a"][0] == 1)] == [1]
        assert Renamed.get_many(note.exists(), projection=[note["a"]])[0].undeclared() == {"my note": {"a": [1]}}
        with Connection.transaction() as tx:
            tx.update(Renamed, (Renamed.owner == "o") & (Renamed.position == 1) & note.exists(), note["a"].remove())
        assert Renamed.update_one(("o", 1), note.remove()).undeclared() == {}

    def test_a_stored_name_leads_to_its_field(self) -> None:
        assert Renamed.attribute("update") is Renamed.visits

    def test_that_of_another_model_is_refused(self) -> None:
        with pytest.raises(ExpressionError, match="has no field 'x': it belongs to"):
            Renamed.get_many(Visit.attribute("x") == 1)

    def test_the_name_must_be_allowed(self) -> None:
        with pytest.raises(ValidationError, match="an attribute name must have 1 to 65,535 bytes"):
            Renamed.attribute("")


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "id"
    id = StringField(required=True)


class TestMessages:
    """Messages and plans."""

    def test_explain_shows_both_names(self) -> None:
        plan = str(Renamed.explain((Renamed.owner == "o") & (Renamed.address.city == "Oslo")))
        assert "key condition  owner = 'o'" in plan
        assert "filter         address.city = 'Oslo'" in plan
        assert "stored as      owner: PK" in plan
        assert "address: from" in plan
        assert "rows" not in plan

    def test_explain_leaves_out_what_is_only_a_part_of_a_word(self) -> None:
        class Short(Visit):
            __table__ = "short"
            e = StringField(stored_as="x")
            n = StringField(stored_as="s")

        assert str(Short.explain((Short.id == "a") & (Short.e == "b"))).splitlines()[-1] == "  stored as      e: x"

    def test_failed_condition(self) -> None:
        with pytest.raises(ConditionalCheckFailedException, match=r"owner = 'o' AND position = 1$"):
            Renamed.update_one(("o", 1), Renamed.kind.set("x"), condition=Renamed.kind == "y")

    def test_stored_name_in_place_of_the_field(self) -> None:
        with pytest.raises(ValidationError, match=r"unknown field 'PK'; did you mean Thing.owner\?"):
            Renamed(PK="o")
        with pytest.raises(ExpressionError, match=r"unknown field 'PK'; did you mean Thing.owner\?"):
            Renamed.get_one({"PK": "o", "position": 1})


class TestMistakes:
    """Declarations that are refused."""

    def test_two_fields_of_one_stored_name(self) -> None:
        with pytest.raises(SchemaError, match="Twice: id and other would both be stored as 'id'"):

            class Twice(Visit):
                other = StringField(stored_as="id")

        with pytest.raises(SchemaError, match="a and b would both be stored as 'x'"):
            DictField(a=StringField(stored_as="x"), b=StringField(stored_as="x"))

    @pytest.mark.parametrize("name", ["", 5, b"x"])
    def test_name_that_no_attribute_has(self, name: Any) -> None:
        with pytest.raises(SchemaError, match="stored_as must be the name of an attribute"):
            StringField(stored_as=name)

    def test_elements_have_no_names(self) -> None:
        with pytest.raises(SchemaError, match="its elements have no names"):
            ListField(StringField(stored_as="x"))
