"""The declaration of models: what a class declares, and every mistake found when it is created."""

from __future__ import annotations

from typing import Any, cast

import pytest

from dynamongo import (
    BinaryField,
    BooleanField,
    Connection,
    DictField,
    Field,
    FloatField,
    IntField,
    ListField,
    Model,
    SchemaError,
    SetField,
    StringField,
)
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema, Throughput
from dynamongo.verbs.metaclass import ModelMeta


def make_model(bases: tuple[type, ...] = (Model,), **attributes: Any) -> Any:
    """A model named `User`, with a table and a hash key where they are not given."""
    given = {"__table__": "users", "__hash_key__": "email", "email": StringField()} | attributes
    return ModelMeta("User", bases, {name: value for name, value in given.items() if value is not ...})


def refusal(**attributes: Any) -> str:
    with pytest.raises(SchemaError) as caught:
        make_model(**attributes)
    return str(caught.value)


def table_of(model: type[Model]) -> TableSchema:
    return model.__mapper__.declaration.table


class TestTable:
    def test_table_has_its_name_keys_and_units(self) -> None:
        model = make_model(__range_key__="year", year=IntField())
        assert table_of(model) == TableSchema(
            "users", KeySchema(KeyAttribute("email", "S"), KeyAttribute("year", "N")), Throughput(8, 8)
        )

    @pytest.mark.parametrize(
        ("field", "kind"), [(StringField, "S"), (IntField, "N"), (FloatField, "N"), (BinaryField, "B")]
    )
    def test_key_is_stored_as_its_field_says(self, field: Any, kind: Any) -> None:
        assert table_of(make_model(email=field())).keys == KeySchema(KeyAttribute("email", kind))

    def test_units_may_be_set(self) -> None:
        model = make_model(__read_units__=3, __write_units__=1)
        assert table_of(model).throughput == Throughput(3, 1)

    def test_table_billed_on_demand_has_no_units(self) -> None:
        assert table_of(make_model(__billing__="on_demand")).throughput is None
        assert table_of(make_model(__billing__="provisioned")).throughput == Throughput(8, 8)

    def test_key_fields_know_that_they_are_keys(self) -> None:
        model = make_model(__range_key__="year", year=IntField(), name=StringField())
        assert [field.is_key for field in model.__mapper__.fields.values()] == [True, True, False]


class TestMistakes:
    def test_no_table(self) -> None:
        assert refusal(__table__=...) == (
            "User.__table__ is missing: set it to the name of the table (or set `__abstract__ = True` for a base class)"
        )

    @pytest.mark.parametrize("name", ["", "a b", "users!", "ü", "a" * 256, 5, b"users", "users\n"], ids=repr)
    def test_table_name_that_dynamodb_refuses(self, name: Any) -> None:
        text = refusal(__table__=name)
        assert text.startswith("User.__table__ must be 1 to 255 letters, digits, `_`, `.` and `-`; got ")

    @pytest.mark.parametrize("name", ["users", "a", "A.b_c-1", "a" * 255])
    def test_table_name_that_dynamodb_allows(self, name: str) -> None:
        assert table_of(make_model(__table__=name)).name == name

    def test_no_hash_key(self) -> None:
        assert refusal(__hash_key__=...) == "User.__hash_key__ is missing: set it to the name of the hash key field"

    @pytest.mark.parametrize("key", ["__hash_key__", "__range_key__"])
    @pytest.mark.parametrize("name", ["emial", "save", "", 5, ["email"]], ids=repr)
    def test_key_without_a_field(self, key: str, name: Any) -> None:
        assert refusal(**{key: name}) == f"User.{key} must be the name of a field (email); got {name!r}"

    def test_key_that_is_only_annotated(self) -> None:
        with pytest.raises(SchemaError) as caught:

            class User(Model):
                __table__ = "users"
                __hash_key__ = "id"
                id: StringField[str]

        assert str(caught.value) == (
            "User.__hash_key__ must be the name of a field (); got 'id'; an annotation without a value makes a field in"
            " a TypedModel alone"
        )

    def test_range_key_that_is_the_hash_key(self) -> None:
        assert refusal(__range_key__="email") == "User.__range_key__ must differ from __hash_key__"

    @pytest.mark.parametrize(
        ("field", "stored"),
        [
            (BooleanField(), "BooleanField stores BOOL"),
            (ListField(StringField), "ListField stores L"),
            (DictField(), "DictField stores M"),
            (SetField(StringField), "SetField stores SS"),
            (Field(), 'Field stores any type; a custom field declares one with stored_type = "S"'),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("role", ["hash", "range"])
    def test_key_of_a_type_without_an_order(self, role: str, field: Any, stored: str) -> None:
        attributes: dict[str, Any] = {f"__{role}_key__": "other", "other": field}
        assert refusal(**attributes) == f"User.other is a key, which must be stored as S, N or B; {stored}"

    @pytest.mark.parametrize("name", ["save", "to_dict", "get_one", "table_name", "keys_in"])
    def test_field_whose_name_hides_a_method(self, name: str) -> None:
        assert refusal(**{name: StringField()}) == (
            f"User.{name} is a field that would hide a method or attribute of every model: give it another one and say"
            f' how it is stored, as in {name}_ = StringField(stored_as="{name}")'
        )

    def test_field_whose_name_starts_with_an_underscore(self) -> None:
        assert refusal(_name=StringField()) == (
            "User._name is a field; its name must not start with an underscore: give it another one and say how it is"
            ' stored, as in name = StringField(stored_as="_name")'
        )

    def test_key_is_declared_by_the_name_of_its_field(self) -> None:
        expected = 'must be the name of a field, such as "email"; got the field itself'
        assert refusal(__hash_key__=StringField()) == f"User.__hash_key__ {expected}"

    def test_field_class_instead_of_a_field(self) -> None:
        assert refusal(name=StringField) == ("User.name is the class StringField, not a field: write StringField()")

    def test_method_that_hides_a_field_of_a_base(self) -> None:
        base = make_model(name=StringField())
        with pytest.raises(SchemaError, match=r"^User\.name hides a field of a base class$"):
            make_model((base,), name=lambda self: "x")

    @pytest.mark.parametrize("attribute", ["__read_units__", "__write_units__"])
    @pytest.mark.parametrize("units", [0, -1, "8", 1.5, True, None], ids=repr)
    @pytest.mark.parametrize("billing", ["provisioned", "on_demand"])
    def test_units_that_are_not_a_positive_int(self, attribute: str, units: Any, billing: str) -> None:
        assert refusal(**{attribute: units, "__billing__": billing}) == (
            f"User.{attribute} must be a positive int, in capacity units per second; got {units!r}"
        )

    @pytest.mark.parametrize("billing", ["PAY_PER_REQUEST", None, 5], ids=repr)
    def test_unknown_billing(self, billing: Any) -> None:
        assert refusal(__billing__=billing) == (
            f"User.__billing__ must be one of provisioned, on_demand; got {billing!r}"
        )

    @pytest.mark.parametrize("connection", ["memory", Connection, 5], ids=repr)
    def test_connection_of_the_wrong_type(self, connection: Any) -> None:
        assert refusal(__connection__=connection) == f"User.__connection__ must be a Connection; got {connection!r}"

    def test_unknown_scan_policy(self) -> None:
        assert refusal(__scans__="never") == "User.__scans__ must be one of warn, forbid, allow; got 'never'"

    def test_default_that_does_not_suit_its_field(self) -> None:
        assert refusal(year=IntField(default=cast("Any", "1990"), min_value=1900)) == (
            "User.year has an invalid default or choice: User.year must be an int >= 1900; got '1990'"
        )

    def test_choice_that_does_not_suit_its_field(self) -> None:
        assert "User.year has an invalid default or choice" in refusal(year=IntField(choices=cast("Any", [1, "2"])))

    def test_mistake_is_a_type_error_too(self) -> None:
        with pytest.raises(TypeError):
            make_model(__table__=...)


class TestInheritance:
    def test_abstract_base_needs_no_table_and_passes_on_its_fields(self) -> None:
        class Base(Model):
            __abstract__ = True
            __hash_key__ = "id"
            id = StringField()

        class Log(Base):
            __table__ = "logs"
            text = StringField()

        assert list(Log.__mapper__.fields) == ["id", "text"]
        assert table_of(Log) == TableSchema("logs", KeySchema(KeyAttribute("id", "S")), Throughput(8, 8))

    def test_model_derived_from_an_abstract_one_is_not_abstract(self) -> None:
        base = make_model(__abstract__=True, __table__=...)
        with pytest.raises(SchemaError, match=r"^User\.__table__ is missing"):
            make_model((base,), __table__=...)

    @pytest.mark.parametrize("call", ["get_one", "explain", "delete_one", "save_one"])
    def test_abstract_model_cannot_be_used(self, call: str) -> None:
        base = make_model(__abstract__=True)
        argument: Any = {"email": "x"}
        with pytest.raises(SchemaError, match=r"^User is abstract and has no table: derive a model from it$"):
            getattr(base, call)(argument)

    def test_derived_model_has_all_fields_in_the_order_of_declaration(self) -> None:
        base = make_model(name=StringField())
        derived = make_model((base,), email=..., year=IntField())
        assert list(derived.__mapper__.fields) == ["email", "name", "year"]

    def test_derived_model_can_replace_a_field(self) -> None:
        base = make_model(year=StringField())
        derived = make_model((base,), year=IntField())
        assert isinstance(derived.year, IntField)
        assert isinstance(base.year, StringField)

    def test_derived_model_has_the_table_and_options_of_its_base(self) -> None:
        base = make_model(__read_units__=2, __scans__="forbid")
        derived: Any = ModelMeta("Member", (base,), {"since": IntField()})
        assert table_of(derived) == table_of(base)
        assert derived.__scans__ == "forbid"

    def test_mixin_that_is_not_a_model_passes_on_its_fields(self) -> None:
        class Stamped:
            changed = IntField()

        model = make_model((Stamped, Model))
        assert sorted(model.__mapper__.fields) == ["changed", "email"]
        assert (model.changed == 5) == Comparison(Path("changed"), EQ, 5)

    def test_field_of_the_first_base_wins_as_in_python(self) -> None:
        class First:
            value = IntField()

        class Second:
            value = StringField()

        assert isinstance(make_model((First, Second, Model)).value, IntField)

    def test_mixin_must_not_hide_a_method(self) -> None:
        class Mixin:
            save = StringField()

        with pytest.raises(SchemaError, match=r"^User\.save "):
            make_model((Mixin, Model))
        with pytest.raises(SchemaError, match=r"^User\.save "):
            make_model((Model, Mixin))

    def test_methods_and_constants_are_not_fields(self) -> None:
        model = make_model(LIMIT=5, shout=lambda self: self.email.upper(), label=property(lambda self: self.email))
        assert list(model.__mapper__.fields) == ["email"]
        user = model(email="x")
        assert (user.LIMIT, user.shout(), user.label) == (5, "X", "x")


class TestBinding:
    def test_label_of_a_field_is_its_model_and_path(self) -> None:
        model = make_model(address=DictField(city=StringField()))
        assert model.email.label == "User.email"
        assert model.address.city.label == "User.address.city"

    def test_fields_of_a_base_are_bound_for_each_class(self) -> None:
        class Base(Model):
            __abstract__ = True
            __hash_key__ = "id"
            id = StringField()

        class First(Base):
            __table__ = "first"

        class Second(Base):
            __table__ = "second"

        assert [model.id.label for model in (Base, First, Second)] == ["Base.id", "First.id", "Second.id"]
        assert First.id is not Second.id

    def test_field_can_be_a_key_in_one_class_only(self) -> None:
        shared = StringField()
        first = make_model(name=shared)
        second = make_model(__hash_key__="name", name=shared)
        assert (first.name.is_key, second.name.is_key, shared.is_key) == (False, True, False)

    def test_one_field_under_two_names_is_two_fields(self) -> None:
        shared = StringField()
        model = make_model(first=shared, last=shared)
        assert [str(model.first.path), str(model.last.path)] == ["first", "last"]
