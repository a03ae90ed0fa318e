"""Indexes as models declare them: what they come to, and every mistake found when the class is created."""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo import (
    Connection,
    DateTimeField,
    Field,
    GlobalIndex,
    IntField,
    ListField,
    LocalIndex,
    Model,
    SchemaError,
    StringField,
    ValidationError,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import DescribeTable
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, Throughput
from dynamongo.verbs.metaclass import ModelMeta

NAME, YEAR, EMAIL = KeyAttribute("name", "S"), KeyAttribute("year", "N"), KeyAttribute("email", "S")


def make_model(bases: tuple[type, ...] = (Model,), **attributes: Any) -> Any:
    given = {
        "__table__": "users",
        "__hash_key__": "email",
        "email": StringField(),
        "name": StringField(),
        "year": IntField(),
    } | attributes
    return ModelMeta("User", bases, {name: value for name, value in given.items() if value is not ...})


def index_of(**attributes: Any) -> IndexSchema:
    (index,) = make_model(**attributes).__mapper__.declaration.table.indexes
    assert isinstance(index, IndexSchema)
    return index


def refusal(**attributes: Any) -> str:
    with pytest.raises(SchemaError) as caught:
        make_model(**attributes)
    return str(caught.value)


class TestGlobalIndex:
    def test_index_has_the_name_of_its_attribute_and_the_units_of_the_table(self) -> None:
        index = index_of(by_name=GlobalIndex(hash_key="name", range_key="year"), __read_units__=3)
        assert index == IndexSchema("by_name", KeySchema(NAME, YEAR), throughput=Throughput(3, 8))

    def test_name_and_units_may_be_given(self) -> None:
        index = index_of(by_name=GlobalIndex("name", name="names-v2", read_units=1, write_units=2))
        assert index == IndexSchema("names-v2", KeySchema(NAME), throughput=Throughput(1, 2))

    def test_index_of_a_table_billed_on_demand_has_no_units(self) -> None:
        index = index_of(by_name=GlobalIndex("name", read_units=1), __billing__="on_demand")
        assert index.throughput is None

    def test_fields_may_be_given_themselves(self) -> None:
        name, year, city = StringField(), IntField(), StringField()
        index = index_of(
            name=name, year=year, city=city, by_name=GlobalIndex(hash_key=name, range_key=year, projection=[city])
        )
        assert index.keys == KeySchema(NAME, YEAR)
        assert index.projection == Projection("include", ("city",))

    def test_projection_leaves_out_what_every_index_holds(self) -> None:
        assert index_of(by_name=GlobalIndex("name", projection=["email", "name", "year", "year"])).projection == (
            Projection("include", ("year",))
        )
        assert index_of(by_name=GlobalIndex("name", projection=["email"])).projection == Projection("keys_only")
        assert index_of(by_name=GlobalIndex("name", projection="keys_only")).projection == Projection("keys_only")

    @pytest.mark.parametrize("as_key", [tuple, list])
    def test_keys_may_have_several_fields(self, as_key: Any) -> None:
        name, city = StringField(), StringField()
        index = index_of(
            name=name,
            city=city,
            by_place=GlobalIndex(hash_key=as_key([name, "city"]), range_key=as_key(["year", "email"])),
        )
        assert index.keys == KeySchema((NAME, KeyAttribute("city", "S")), (YEAR, EMAIL))
        assert index_of(by_name=GlobalIndex(as_key(["name"]), as_key(["year"]))).keys == KeySchema(NAME, YEAR)

    def test_index_keeps_the_fields_of_long_keys_when_it_is_inherited(self) -> None:
        name = StringField()
        base = make_model(name=name, by_name=GlobalIndex((name, "year")))
        assert make_model((base,), email=..., name=..., year=...).by_name.hash_key == ("name", "year")

    def test_key_may_be_that_of_the_table(self) -> None:
        assert index_of(by_year=GlobalIndex("year", "email")).keys == KeySchema(YEAR, EMAIL)


class TestLocalIndex:
    def test_index_shares_the_hash_key_of_the_table(self) -> None:
        index = index_of(__range_key__="year", by_name=LocalIndex(range_key="name"))
        assert index == IndexSchema("by_name", KeySchema(EMAIL, NAME), is_global=False)

    def test_table_without_a_range_key_has_none(self) -> None:
        message = refusal(by_name=LocalIndex(range_key="name"))
        assert message == ("User.by_name is a local index, which needs a table with a range key: use a GlobalIndex")

    def test_index_has_one_range_key(self) -> None:
        several: Any = ("name", "year")
        message = refusal(__range_key__="year", by_name=LocalIndex(range_key=several))
        assert message == "User.by_name.range_key must be one field; only the keys of a GlobalIndex take several"


class TestInheritance:
    def test_model_inherits_the_indexes_of_an_abstract_base(self) -> None:
        name = StringField()
        base = make_model(
            __abstract__=True,
            __table__=...,
            __hash_key__=...,
            email=...,
            name=name,
            by_name=GlobalIndex(name, projection=["year"]),
        )
        model = make_model((base,), name=..., year=...)
        assert model.by_name.schema.keys == KeySchema(NAME)
        assert model.by_name.schema.projection == Projection("include", ("year",))
        assert base.__mapper__.fields["name"].is_index_key is False

    def test_index_of_an_abstract_base_belongs_to_no_table(self) -> None:
        base = make_model(__abstract__=True, by_name=GlobalIndex("name"))
        with pytest.raises(SchemaError, match="belongs to no model that has a table"):
            _ = base.by_name.schema

    def test_model_may_drop_an_index_of_its_base(self) -> None:
        base = make_model(by_name=GlobalIndex("name"))
        assert (
            make_model((base,), email=..., name=..., year=..., by_name=None).__mapper__.declaration.table.indexes == ()
        )


class TestMistakes:
    @pytest.mark.parametrize(
        ("index", "message"),
        [
            (GlobalIndex("nam"), "User.by_name.hash_key must be the name of a field (email, name, year); got 'nam'"),
            (
                GlobalIndex("name", "yaer"),
                "User.by_name.range_key must be the name of a field (email, name, year); got 'yaer'",
            ),
            (GlobalIndex("name", "name"), "User.by_name.range_key must be another field; name is already a key"),
            (
                GlobalIndex(("name", "year"), ("email", "year")),
                "User.by_name.range_key must be another field; year is already a key",
            ),
            (
                GlobalIndex(("name", "name")),
                "User.by_name.hash_key must be another field; name is already a key",
            ),
            (GlobalIndex(()), "User.by_name.hash_key must have 1 to 4 fields; got 0"),
            (GlobalIndex("name", ["year"] * 5), "User.by_name.range_key must have 1 to 4 fields; got 5"),
            (
                GlobalIndex(("name", "yaer")),
                "User.by_name.hash_key must be the name of a field (email, name, year); got 'yaer'",
            ),
            (
                GlobalIndex("name", projection=["yaer"]),
                "User.by_name.projection must be the name of a field (email, name, year); got 'yaer'",
            ),
            (
                GlobalIndex("name", name="n"),
                "User.by_name needs a name of 3 to 255 letters, digits, `_`, `.` and `-`; got 'n'",
            ),
            (
                GlobalIndex("name", read_units=0),
                "User.by_name.read_units must be a positive int, in capacity units per second; got 0",
            ),
            (GlobalIndex, "User.by_name is the class GlobalIndex, not an index: write GlobalIndex(...)"),
        ],
    )
    def test_mistake_is_found_when_the_class_is_created(self, index: Any, message: str) -> None:
        assert refusal(by_name=index) == message

    def test_field_of_another_class_is_none_of_the_model(self) -> None:
        assert "must be the name of a field (email, name, year)" in refusal(by_name=GlobalIndex(StringField()))

    def test_local_index_needs_another_range_key_than_the_table(self) -> None:
        message = refusal(__range_key__="year", by_year=LocalIndex("year"))
        assert message == "User.by_year.range_key must be another field; year is already a key"

    def test_key_must_be_stored_as_text_number_or_binary(self) -> None:
        assert "User.cities is a key, which must be stored as S, N or B" in refusal(
            cities=ListField(StringField), by_city=GlobalIndex("cities")
        )

    def test_two_indexes_have_two_names(self) -> None:
        message = refusal(by_name=GlobalIndex("name"), by_year=GlobalIndex("year", name="by_name"))
        assert message == "User.by_year has the same name in DynamoDB as by_name: 'by_name'"

    @pytest.mark.parametrize("projection", ["everything", 3, None])
    def test_projection_is_a_word_or_a_list(self, projection: Any) -> None:
        with pytest.raises(
            SchemaError, match=r"^GlobalIndex: projection must be 'all', 'keys_only' or a list of fields"
        ):
            GlobalIndex("name", projection=projection)

    def test_table_has_20_global_indexes_at_most(self) -> None:
        indexes = {f"index_{number}": GlobalIndex("name") for number in range(21)}
        assert refusal(**indexes) == ("User.index_20 exceeds the limit of 20 global indexes per table; got 21")

    def test_table_has_5_local_indexes_at_most(self) -> None:
        indexes = {f"index_{number}": LocalIndex("name") for number in range(6)}
        assert "exceeds the limit of 5 local indexes per table; got 6" in refusal(__range_key__="year", **indexes)

    @pytest.mark.parametrize("kind", [GlobalIndex, LocalIndex])
    def test_index_holds_20_attributes_beside_keys_at_most(self, kind: Any) -> None:
        fields: dict[str, Any] = {f"field_{number}": Field() for number in range(21)}
        held = index_of(**fields, __range_key__="year", by_name=kind("name", projection=["name", *fields][:21]))
        assert len(held.projection.attributes) == 20
        assert refusal(**fields, __range_key__="year", by_name=kind("name", projection=list(fields))) == (
            "User.by_name.projection must have at most 20 attributes besides the keys, or be 'all'; got 21"
        )

    def test_indexes_hold_100_attributes_beside_keys_at_most(self) -> None:
        fields: dict[str, Any] = {f"field_{number}": Field() for number in range(20)}
        indexes: dict[str, Any] = {f"by_{number}": GlobalIndex("name", projection=list(fields)) for number in range(5)}
        make_model(**fields, **indexes)
        message = refusal(**fields, **indexes, by_year=GlobalIndex("year", projection=["field_0"]))
        assert "exceeds the limit of 100 attributes in the projections of its indexes per table; got 101" in message

    def test_names_in_keys_and_projections_have_255_bytes_at_most(self) -> None:
        long = "n" * 256
        expected = (
            "must be stored under a name of at most 255 bytes, as all attributes of keys and projections; got 256"
        )
        index_of(**{long[1:]: StringField(), "by_name": GlobalIndex(long[1:], projection=["name"])})
        for index in (GlobalIndex(long), GlobalIndex("name", long), GlobalIndex("name", projection=[long])):
            assert expected in refusal(**{long: StringField(), "by_name": index})
        assert expected in refusal(**{"\u00e9" * 128: StringField(), "__hash_key__": "\u00e9" * 128})


class TestInstances:
    def test_index_is_created_with_the_table(self) -> None:
        model = make_model(__range_key__="year", by_name=LocalIndex("name"), by_year=GlobalIndex("year"))
        backend = MemoryBackend()
        with Connection.using(backend):
            model.create_table()
            assert backend.execute(DescribeTable("users")).schema == model.__mapper__.declaration.table

    def test_index_cannot_be_set_on_an_instance(self) -> None:
        user = make_model(by_name=GlobalIndex("name"))(email="a")
        with pytest.raises(ValidationError, match="unknown field 'by_name'"):
            user.by_name = 3

    def test_empty_index_key_is_refused_before_it_is_sent(self) -> None:
        model = make_model(by_name=GlobalIndex("name"))
        backend = MemoryBackend()
        with Connection.using(backend):
            model.create_table()
            with pytest.raises(
                ValidationError, match=r"User.name must be non-empty, because it is part of a key; got ''"
            ):
                model(email="a", name="").save()
            model(email="a", name="x").save()
            with pytest.raises(
                ValidationError, match=r"User.name must be non-empty, because it is part of a key; got ''"
            ):
                model.update_one("a", model.name.set(""))

    def test_key_of_an_index_is_stored_in_a_form_that_keeps_its_order(self) -> None:
        model = make_model(at=DateTimeField(), by_time=GlobalIndex("name", "at"))
        item = model.__mapper__.encode(model(email="a", name="x", at="2024-05-01T12:00:00+02:00"))
        assert item["at"] == "2024-05-01T10:00:00.000000+00:00"

    def test_stored_index_key_in_another_form_can_be_read(self) -> None:
        model = make_model(at=DateTimeField(), by_time=GlobalIndex("name", "at"))
        assert model.__mapper__.decode({"email": "a", "at": "2024-05-01T12:00:00+02:00"}).at.hour in (10, 12)

    def test_index_shows_model_and_name(self) -> None:
        assert repr(make_model(by_name=GlobalIndex("name")).by_name) == "<GlobalIndex User.by_name>"
        assert repr(GlobalIndex("name")) == "<GlobalIndex>"
