"""Tables of models: created, described, compared and changed, on both backends."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo import (
    Connection,
    Difference,
    GlobalIndex,
    IntField,
    LocalIndex,
    Model,
    SchemaError,
    StringField,
    TableMismatch,
    TableNotFound,
    TimestampField,
)
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb.requests import build_request
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import InvalidRequestError, LimitExceededError
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    CreateIndex,
    CreateTable,
    DeleteIndex,
    DescribeTimeToLive,
    Put,
    Scan,
    TimeToLive,
    UpdateIndexThroughput,
    UpdateThroughput,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema, Throughput
from dynamongo.verbs.metaclass import ModelMeta

pytestmark = pytest.mark.usefixtures("colour")


_prefixes = (f"tables-{number}-" for number in itertools.count())


def model(**attributes: Any) -> Any:
    """A model of the table `people`, with what a test gives it beside its key."""
    given = {
        "__table__": "people",
        "__hash_key__": "email",
        "email": StringField(),
        "name": StringField(),
        "year": IntField(),
        "until": TimestampField(),
    } | attributes
    return ModelMeta("Person", (Model,), given)


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        made: Backend = MemoryBackend()
    else:
        made = request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()), scans="allow")
    yield made
    model().delete_table()
    Connection.set_config()


def kinds(differences: tuple[Difference, ...]) -> list[tuple[str, str]]:
    return [(each.kind, each.name) for each in differences]


class TestCreate:
    def test_table_is_what_the_model_declares(self, backend: Backend) -> None:
        person = model(
            __range_key__="year",
            __ttl__="until",
            __tags__={"team": "x"},
            __stream__="new_image",
            by_name=GlobalIndex("name", read_units=2),
            by_until=LocalIndex("until", projection=["name"]),
        )
        person.create_table()
        assert person.describe().schema.keys == person.__mapper__.declaration.table.keys
        assert person.compare_table() == ()
        assert backend.execute(DescribeTimeToLive(person.table_name())) == TimeToLive("until")

    def test_description_counts_items(self, backend: Backend) -> None:
        person = model()
        person.create_table()
        person.save_many([{"email": "a"}, {"email": "b"}])
        found = person.describe()
        assert (found.item_count, found.status, found.building, found.is_ready) == (2, "ACTIVE", (), True)

    def test_tags_and_stream_are_requested(self) -> None:
        schema = TableSchema("people", KeySchema(KeyAttribute("email", "S")))
        arguments = build_request(CreateTable(schema, (("team", "x"),), "new_and_old_images")).arguments
        assert arguments["Tags"] == [{"Key": "team", "Value": "x"}]
        assert arguments["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


class TestDeclaration:
    @pytest.mark.parametrize(
        ("option", "value", "message"),
        [
            ("__ttl__", "unti", "Person.__ttl__ must be the name of a field"),
            ("__ttl__", "name", "Person.__ttl__ must name a field that is stored as a number of seconds since 1970"),
            ("__tags__", {"team": 3}, "Person.__tags__ must be a dict of str to str"),
            ("__tags__", "team", "Person.__tags__ must be a dict of str to str"),
            ("__stream__", "images", "Person.__stream__ must be one of keys_only, new_image, old_image"),
        ],
    )
    def test_invalid_option_is_refused(self, option: str, value: Any, message: str) -> None:
        with pytest.raises(SchemaError) as caught:
            model(**{option: value})
        assert str(caught.value).startswith(message)


class TestUpdate:
    def test_missing_index_is_added_and_filled(self, backend: Backend) -> None:
        model().create_table()
        model().save_many([{"email": "a", "name": "x"}, {"email": "b"}, {"email": "c", "name": "y"}])
        person = model(by_name=GlobalIndex("name"), by_year=GlobalIndex("year", "name"))
        differences = person.compare_table()
        assert kinds(differences) == [("missing index", "by_name"), ("missing index", "by_year")]
        assert person.update_table() == differences
        assert person.compare_table() == ()
        assert [each.email for each in person.get_many(person.name == "x", index=person.by_name)] == ["a"]
        assert len(person.get_many(scans="allow")) == 3

    def test_extra_index_stays_unless_it_may_be_dropped(self, backend: Backend) -> None:
        model(by_name=GlobalIndex("name")).create_table()
        model().save_one({"email": "a", "name": "x"})
        person = model()
        assert kinds(person.compare_table()) == [("extra index", "by_name")]
        assert person.update_table() == ()
        assert [index.name for index in person.describe().schema.indexes] == ["by_name"]
        assert kinds(person.update_table(drop_indexes=True)) == [("extra index", "by_name")]
        assert person.describe().schema.indexes == ()
        assert person.get_one("a").name == "x"

    def test_index_that_differs_is_replaced_only_if_it_may_be_dropped(self, backend: Backend) -> None:
        model(by_name=GlobalIndex("name", projection="keys_only")).create_table()
        model().save_one({"email": "a", "name": "x", "year": 3})
        person = model(by_name=GlobalIndex("name", projection=["year"]))
        with pytest.raises(
            TableMismatch, match="drop_indexes=True drops these indexes and creates them again: index by_name"
        ) as caught:
            person.update_table()
        assert kinds(caught.value.differences) == [("index", "by_name")]
        person.update_table(drop_indexes=True)
        assert person.compare_table() == ()
        (found,) = person.find(person.name == "x", index="by_name")
        assert found.year == 3

    def test_index_whose_long_key_is_divided_otherwise_differs(self, backend: Backend) -> None:
        model(by_name=GlobalIndex("name", ("year", "until"))).create_table()
        person = model(by_name=GlobalIndex(("name", "year"), "until"))
        (difference,) = person.compare_table()
        assert str(difference) == (
            "index by_name: the model has hash key name (S), year (N); range key until (N) with all;"
            " the table has hash key name (S); range key year (N), until (N) with all"
        )

    def test_billing_and_units_are_changed(self, backend: Backend) -> None:
        model(__read_units__=1, __write_units__=1).create_table()
        person = model(__read_units__=5, __write_units__=6)
        (difference,) = person.compare_table()
        shown = "the model has 5 read units and 6 write units; the table has 1 read units and 1 write units"
        assert str(difference).endswith(shown)
        person.update_table()
        assert person.describe().schema.throughput == Throughput(5, 6)
        model(__billing__="on_demand").update_table()
        assert model(__billing__="on_demand").compare_table() == ()

    def test_time_to_live_is_enabled_and_disabled(self, backend: Backend) -> None:
        model().create_table()
        person = model(__ttl__="until")
        assert kinds(person.update_table()) == [("time to live", person.table_name())]
        assert person.compare_table() == ()
        assert kinds(model(__ttl__="year").compare_table()) == [("time to live", person.table_name())]
        assert model().update_table() == model().compare_table() == ()
        assert backend.execute(DescribeTimeToLive(person.table_name())) == TimeToLive("until")
        assert kinds(model(__ttl__=None).update_table()) == [("time to live", person.table_name())]
        assert backend.execute(DescribeTimeToLive(person.table_name())) == TimeToLive(None)
        assert model(__ttl__=None).compare_table() == ()

    @pytest.mark.parametrize("billing", [{"__billing__": "on_demand"}, {"__read_units__": 3, "__write_units__": 4}])
    def test_undeclared_settings_stay(self, backend: Backend, billing: dict[str, Any]) -> None:
        units: Any = {} if "__billing__" in billing else {"read_units": 5, "write_units": 6}
        owner = model(
            __ttl__="until", by_name=GlobalIndex("name", **units), by_old=GlobalIndex("year", **units), **billing
        )
        owner.create_table()
        before = owner.describe().schema
        person = model(by_name=GlobalIndex("name"), by_year=GlobalIndex("year", "name"))
        assert kinds(person.update_table()) == [("missing index", "by_year")]
        after = person.describe().schema
        assert after.throughput == before.throughput
        assert [index for index in after.indexes if index.name != "by_year"] == list(before.indexes)
        assert backend.execute(DescribeTimeToLive(person.table_name())) == TimeToLive("until")
        assert kinds(owner.compare_table()) == [("extra index", "by_year")]

    def test_undeclared_settings_are_listed_on_request(self, backend: Backend) -> None:
        model(__ttl__="until", by_name=GlobalIndex("name", read_units=5), by_year=GlobalIndex("year")).create_table()
        person = model(by_name=GlobalIndex("name"))
        (extra,) = person.compare_table()
        assert ": the model declares none; the table has hash key year (N) with all" in str(extra)
        listed = person.compare_table(undeclared=True)
        name = person.table_name()
        assert [str(each) for each in listed] == [
            "extra index by_year: the model declares none; the table has hash key year (N) with all",
            f"billing {name}: the model declares none; the table has 8 read units and 8 write units",
            "index throughput by_name: the model declares none; the table has 5 read units and 8 write units",
            f"time to live {name}: the model declares none; the table has until",
        ]
        assert [each.fix for each in listed] == ["drop", "leave", "leave", "leave"]
        assert person.update_table() == ()

    def test_base_declares_for_its_models(self, backend: Backend) -> None:
        model(__billing__="on_demand").create_table()
        base: Any = ModelMeta("Base", (Model,), {"__abstract__": True, "__read_units__": 2})
        person: Any = ModelMeta(
            "Person", (base,), {"__table__": "people", "__hash_key__": "email", "email": StringField()}
        )
        assert kinds(person.update_table()) == [("billing", person.table_name())]
        assert person.describe().schema.throughput == Throughput(2, 8)

    def test_undeclared_local_index_stays(self, backend: Backend) -> None:
        model(__range_key__="year", by_name=LocalIndex("name")).create_table()
        person = model(__range_key__="year", by_until=GlobalIndex("until"))
        assert kinds(person.update_table()) == [("missing index", "by_until")]
        assert [index.name for index in person.describe().schema.indexes] == ["by_name", "by_until"]

    @pytest.mark.parametrize(
        ("before", "after", "kind"),
        [
            ({}, {"__range_key__": "year"}, "keys"),
            ({"email": StringField()}, {"email": IntField()}, "keys"),
            ({"__range_key__": "year"}, {"__range_key__": "year", "by_name": LocalIndex("name")}, "missing index"),
            ({"__range_key__": "year", "by_name": LocalIndex("name")}, {"__range_key__": "year"}, "extra index"),
        ],
    )
    def test_difference_that_needs_a_new_table_is_refused_and_nothing_changes(
        self, backend: Backend, before: dict[str, Any], after: dict[str, Any], kind: str
    ) -> None:
        model(**before).create_table()
        person = model(**after, __ttl__="until")
        with pytest.raises(TableMismatch, match="only a new table can match the model") as caught:
            person.update_table(drop_indexes=True)
        assert [each.kind for each in caught.value.differences] == [kind]
        assert backend.execute(DescribeTimeToLive(person.table_name())) == TimeToLive(None)

    def test_matching_table_needs_no_change(self, backend: Backend) -> None:
        model(by_name=GlobalIndex("name")).create_table()
        with Connection.record() as calls:
            assert not model(by_name=GlobalIndex("name")).update_table()
        assert {type(call.operation).__name__ for call in calls} == {"DescribeTable", "DescribeTimeToLive"}

    def test_missing_table_is_an_error(self) -> None:
        with Connection.using(MemoryBackend()), pytest.raises(TableNotFound):
            model().compare_table()


G, N = KeyAttribute("g", "S"), KeyAttribute("n", "N")
PK = KeySchema(KeyAttribute("pk", "S"))
BY_G = IndexSchema("by_g", KeySchema(G), throughput=Throughput(2, 2))
PROVISIONED = TableSchema("tab", PK, Throughput(1, 1), (BY_G,))


class TestMemory:
    """What the emulator does not check: DynamoDB's rules, by its API reference."""

    @pytest.fixture
    def memory(self) -> MemoryBackend:
        backend = MemoryBackend()
        backend.execute(CreateTable(PROVISIONED))
        return backend

    def test_items_that_cannot_be_in_a_new_index_are_left_out(self, memory: MemoryBackend) -> None:
        items: list[Item] = [{"pk": "a", "n": 1}, {"pk": "b", "n": "text"}, {"pk": "c"}, {"pk": "d", "n": 2}]
        for item in items:
            memory.execute(Put("tab", item))
        by_n = IndexSchema("by_n", KeySchema(N), Projection("all"), throughput=Throughput(1, 1))
        memory.execute(CreateIndex("tab", by_n))
        found = memory.execute(Scan("tab", index="by_n")).items
        assert sorted(str(item["pk"]) for item in found) == ["a", "d"]
        memory.execute(Put("tab", {"pk": "e", "n": 3}))
        assert memory.execute(Scan("tab", index="by_n")).count == 3

    @pytest.mark.parametrize(
        "index",
        [
            IndexSchema("by_g", KeySchema(N), throughput=Throughput(1, 1)),
            IndexSchema("by_x", KeySchema(N)),
            IndexSchema("by_x", KeySchema(KeyAttribute("pk", "S"), N), is_global=False),
            IndexSchema("x", KeySchema(N), throughput=Throughput(1, 1)),
        ],
    )
    def test_index_is_refused(self, memory: MemoryBackend, index: IndexSchema) -> None:
        with pytest.raises(InvalidRequestError):
            memory.execute(CreateIndex("tab", index))

    def test_table_has_20_global_indexes_at_most(self, memory: MemoryBackend) -> None:
        for number in range(19):
            memory.execute(CreateIndex("tab", IndexSchema(f"by_{number}", KeySchema(N), throughput=Throughput(1, 1))))
        with pytest.raises(LimitExceededError, match="exceeds per-table limit of 20"):
            memory.execute(CreateIndex("tab", IndexSchema("by_n", KeySchema(N), throughput=Throughput(1, 1))))

    def test_index_keeps_its_units_when_those_of_the_table_change(self) -> None:
        memory = MemoryBackend()
        memory.execute(CreateTable(TableSchema("tab", PK, Throughput(1, 1), (IndexSchema("by_g", KeySchema(G)),))))
        changed = memory.execute(UpdateThroughput("tab", Throughput(2, 2))).schema
        assert (changed.throughput, changed.indexes[0].throughput) == (Throughput(2, 2), Throughput(1, 1))

    def test_key_of_a_new_index_has_the_type_that_the_table_knows(self, memory: MemoryBackend) -> None:
        other = IndexSchema("by_x", KeySchema(KeyAttribute("g", "N"), N), throughput=Throughput(1, 2))
        made = memory.execute(CreateIndex("tab", other)).schema.indexes[-1]
        assert made == IndexSchema("by_x", KeySchema(G, N), throughput=Throughput(1, 2))

    def test_index_that_is_not_there_cannot_be_dropped_or_changed(self, memory: MemoryBackend) -> None:
        with pytest.raises(TableNotFound):
            memory.execute(DeleteIndex("tab", "none"))
        with pytest.raises(TableNotFound):
            memory.execute(UpdateIndexThroughput("tab", (("none", Throughput(1, 1)),)))

    def test_units_must_change_and_each_index_must_have_some(self, memory: MemoryBackend) -> None:
        with pytest.raises(InvalidRequestError, match="will not change"):
            memory.execute(UpdateThroughput("tab", Throughput(1, 1)))
        changed = memory.execute(UpdateIndexThroughput("tab", (("by_g", Throughput(9, 9)),)))
        assert changed.schema.indexes[0].throughput == Throughput(9, 9)
        on_demand = memory.execute(UpdateThroughput("tab", None)).schema
        assert (on_demand.throughput, on_demand.indexes[0].throughput) == (None, None)
        with pytest.raises(InvalidRequestError, match="ProvisionedThroughput must be specified for index: by_g"):
            memory.execute(UpdateThroughput("tab", Throughput(1, 1)))
        back = memory.execute(UpdateThroughput("tab", Throughput(1, 1), (("by_g", Throughput(2, 2)),)))
        assert back.schema == PROVISIONED

    def test_index_units_of_a_model_are_compared_and_changed(self) -> None:
        with Connection.using(MemoryBackend()):
            model(by_name=GlobalIndex("name", read_units=2)).create_table()
            person = model(by_name=GlobalIndex("name", read_units=3))
            assert kinds(person.update_table()) == [("index throughput", "by_name")]
            assert person.compare_table() == ()
            model(by_name=GlobalIndex("name"), __billing__="on_demand").update_table()
            assert person.update_table() == ()
            person = model(by_name=GlobalIndex("name", read_units=3), __billing__="provisioned")
            assert kinds(person.update_table()) == [("billing", "people")]
            assert person.compare_table() == ()
            assert person.describe().schema.throughput == Throughput(8, 8)

    def test_one_unit_is_declared_and_the_other_stays(self) -> None:
        with Connection.using(MemoryBackend()):
            model(__read_units__=3, __write_units__=4, by_name=GlobalIndex("name", read_units=5)).create_table()
            person = model(__write_units__=7, by_name=GlobalIndex("name", write_units=2))
            assert kinds(person.update_table()) == [("index throughput", "by_name"), ("billing", person.table_name())]
            schema = person.describe().schema
            assert (schema.throughput, schema.indexes[0].throughput) == (Throughput(3, 7), Throughput(5, 2))

    def test_declared_billing_gives_each_index_units(self) -> None:
        with Connection.using(MemoryBackend()):
            indexes = {"by_name": GlobalIndex("name"), "by_year": GlobalIndex("year")}
            model(**indexes, __billing__="on_demand").create_table()
            person = model(by_name=GlobalIndex("name", read_units=2), __billing__="provisioned", __write_units__=4)
            assert "the table has billing on demand" in str(person.compare_table()[-1])
            assert kinds(person.update_table()) == [("billing", person.table_name())]
            schema = person.describe().schema
            assert schema.throughput == Throughput(8, 4)
            assert {index.name: index.throughput or schema.throughput for index in schema.indexes} == {
                "by_name": Throughput(2, 4),
                "by_year": Throughput(8, 4),
            }
            assert model(**indexes, __billing__="provisioned").compare_table() == ()
