"""Maps."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any, ClassVar, cast

import pytest

from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import Comparison, Contains, Exists, In, Path
from dynamongo.expressions.updates import AppendUpdate, RemoveUpdate, SetUpdate
from dynamongo.fields import BooleanField, DictField, Field, IntField, ListField, SetField, StringField

ADDRESS = Path("address")
CITY: Any = DictField(city=StringField(default="Oslo"), zip=StringField())


def address(*arguments: Any, **options: Any) -> Any:
    if not arguments and not options:
        options = {"city": StringField(required=True), "zip": IntField, "country": StringField(default="KE")}
    return DictField(*arguments, **options).bind("User", ADDRESS)


def message(field: Field[Any], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        field.validate(value)
    return str(caught.value)


class TestValues:
    def test_members_are_converted_and_defaults_filled_in(self) -> None:
        given = {"city": "Nairobi", "zip": Decimal(100)}
        assert address().validate(given) == {"city": "Nairobi", "zip": 100, "country": "KE"}
        assert given == {"city": "Nairobi", "zip": Decimal(100)}

    def test_none_is_an_absent_member(self) -> None:
        assert address().validate({"city": "a", "zip": None, "country": None}) == {"city": "a"}
        assert address().encode({"city": "a", "zip": None}) == {"city": "a"}

    def test_an_error_names_the_member(self) -> None:
        assert message(address(), {"city": 1}) == "User.address.city must be a str; got 1"
        assert message(address(), {"zip": 1}) == "User.address.city is required"
        nested = address(home=DictField(lines=ListField(StringField)))
        assert message(nested, {"home": {"lines": ["a", 1]}}) == "User.address.home.lines[1] must be a str; got 1"
        assert message(ListField(address()).bind("User", Path("all")), [{"city": 1}]) == (
            "User.all[0].city must be a str; got 1"
        )

    def test_a_required_set_has_a_member(self) -> None:
        assert message(address(tags=SetField(IntField, required=True)), {}) == "User.address.tags is required"

    def test_an_unknown_name_is_refused_with_those_that_there_are(self) -> None:
        assert message(address(), {"city": "a", "town": "b", 1: 2}) == (
            "User.address has no field 'town', 1; it has: city, zip, country"
        )

    @pytest.mark.parametrize("value", ["a", [("city", "a")], None, 1])
    def test_nothing_else_is_a_map(self, value: Any) -> None:
        assert message(address(), value) == f"User.address must be a dict; got {value!r}"

    def test_lists_and_sets_in_it_are_never_missing(self) -> None:
        field = address(lines=ListField(StringField), tags=SetField(IntField))
        assert field.validate({}) == field.decode({}) == {"lines": [], "tags": set()}
        assert field.encode(field.validate({})) == {"lines": []}

    def test_a_stored_null_reads_as_nothing(self) -> None:
        assert address().decode({"city": "a", "zip": None}) == {"city": "a"}

    def test_a_stored_member_of_another_type_is_refused(self) -> None:
        with pytest.raises(ValidationError, match=r"^User\.address\.zip must be stored as a number; got 'a'$"):
            address().decode({"zip": "a"})

    def test_the_validator_and_choices_see_the_dict(self) -> None:
        field = address({"a": IntField()}, choices=[{"a": 1}])
        assert field.validate({"a": 1}) == {"a": 1}
        assert message(field, {"a": 2}) == "User.address must be one of {'a': 1}; got {'a': 2}"


class TestDefaultsOfMembers:
    """They are for names that are absent from a new value, and for nothing else."""

    def test_are_part_of_a_new_value_however_deep(self) -> None:
        city: Any = {"city": "Oslo", "zip": "1"}
        assert address(home=CITY).validate({"home": {"zip": "1"}}) == {"home": city}
        assert ListField(CITY).validate([{"zip": "1"}]) == [city]
        assert address(home=DictField({"in": CITY}, default={})).validate({}) == {"home": {}}
        assert address(home=DictField({"in": CITY}, default={"in": {}})).validate({}) == (
            {"home": {"in": {"city": "Oslo"}}}
        )

    def test_are_part_of_what_an_update_stores(self) -> None:
        field = CITY.bind("User", ADDRESS)
        assert field.set({"zip": "1"}) == SetUpdate(ADDRESS, {"city": "Oslo", "zip": "1"})
        assert ListField(CITY).bind("User", ADDRESS).append({}) == AppendUpdate(ADDRESS, ({"city": "Oslo"},))

    def test_do_not_stand_for_none(self) -> None:
        assert CITY.validate({"city": None}) == {}
        held = address(home=CITY).validate({"home": {"city": None}})
        assert address(home=CITY).encode(address(home=CITY).validate(held)) == {"home": {}}

    def test_do_not_come_back_to_a_value_that_lost_them(self) -> None:
        held = CITY.validate({"zip": "1"})
        del held["city"]
        assert CITY.validate(held) == {"zip": "1"}

    def test_are_not_part_of_what_is_read_and_saved(self) -> None:
        cases: list[tuple[Any, Any]] = [
            (CITY, {"zip": "1"}),
            (address(home=CITY), {"home": {"zip": "1"}}),
            (ListField(CITY), [{"zip": "1"}, {"zip": "1", "floor": 3}]),
        ]
        for field, stored in cases:
            assert field.encode(field.validate(field.decode(stored))) == stored

    def test_are_part_of_a_new_value_inside_one_that_was_read(self) -> None:
        field = address(home=CITY)
        read = field.decode({"floor": 3})
        read["home"] = {}
        assert field.encode(field.validate(read)) == {"home": {"city": "Oslo"}, "floor": 3}

    def test_are_not_part_of_an_operand(self) -> None:
        field: Any = CITY.bind("User", ADDRESS)
        homes: Any = ListField(DictField(home=CITY)).bind("User", ADDRESS)
        operand: dict[str, Any] = {"zip": "1"}
        assert (field == operand) == Comparison(ADDRESS, "=", operand)
        assert field.in_([operand]) == In(ADDRESS, (operand,))
        assert (homes != [{"home": operand}]) == Comparison(ADDRESS, "<>", [{"home": operand}])
        assert homes.contains({"home": operand}) == Contains(ADDRESS, {"home": operand})

    def test_of_an_unknown_name_are_none(self) -> None:
        for name in ("town", b"city", 1):
            assert "has no field" in message(CITY, {name: "a"})


class TestUndeclaredMembers:
    STORED: ClassVar[dict[str, Any]] = {
        "city": "a",
        "floor": 3,
        "geo": {"lat": Decimal("1.5")},
        "tag": frozenset({"x"}),
        "nothing": None,
    }

    def test_survive_a_read_and_save_and_are_not_shown(self) -> None:
        field = address()
        read = field.decode(self.STORED)
        assert read == {"city": "a"}
        read["zip"] = 5
        assert field.encode(field.validate(read)) == {**self.STORED, "zip": 5}

    def test_share_nothing_with_the_store(self) -> None:
        field = address(city=StringField())
        stored: dict[str, Any] = {"geo": {"lines": [[1]]}}
        read = field.decode(stored)
        saved = field.encode(field.validate(read))
        vars(read)["_undeclared"]["geo"]["lines"][0].append(2)
        assert stored == saved == {"geo": {"lines": [[1]]}}
        assert [name for name in dir(read) if name not in dir(dict) and not name.startswith("_")] == []

    @pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
    def test_survive_a_copy(self, clone: Any) -> None:
        field = address(city=StringField())
        assert field.encode(clone(field.decode(self.STORED))) == self.STORED

    def test_survive_a_change_in_place(self) -> None:
        field = address(city=StringField())
        read = field.decode(self.STORED)
        read["city"] = "b"
        assert field.encode(field.validate(read)) == {**self.STORED, "city": "b"}

    def test_do_not_survive_a_new_dict(self) -> None:
        field = address(city=StringField())
        assert field.encode(field.validate(dict(field.decode(self.STORED)))) == {"city": "a"}

    def test_never_stand_for_a_declared_member(self) -> None:
        read = address(city=StringField()).decode(self.STORED)
        other = address(city=StringField(), floor=StringField())
        assert "floor" not in other.encode(other.validate(read))

    def test_do_not_make_it_another_choice(self) -> None:
        field = address(city=StringField(), choices=[{"city": "a"}])
        assert field.encode(field.validate(field.decode(self.STORED))) == self.STORED


class TestWithoutFields:
    def test_every_dict_that_can_be_stored_is_taken(self) -> None:
        value = {"a": [1, None, {"b": {"x"}}]}
        assert address({}).decode(address({}).encode(address({}).validate(value))) == value

    @pytest.mark.parametrize("value", [{1: 2}, {"": 1}, {"a": object()}, {"a": float("nan")}, {"a": set()}])
    def test_what_dynamodb_cannot_store_is_refused(self, value: Any) -> None:
        assert message(address({}), value).startswith("User.address: ")

    def test_a_name_gives_an_untyped_field_and_so_do_further_steps(self) -> None:
        field = address({})
        assert (field["a"]["b"][0] == 1.5) == Comparison(ADDRESS / "a" / "b" / 0, "=", Decimal("1.5"))
        assert field["a"].exists() == Exists(ADDRESS / "a")
        with pytest.raises(AttributeError, match=r"User\.address has no field 'a'; it declares no fields"):
            _ = field.a


class TestPaths:
    def test_a_member_is_a_field_at_its_place(self) -> None:
        field = address()
        assert (field.city == "a") == (field["city"] == "a") == Comparison(ADDRESS / "city", "=", "a")
        assert field.zip.set(1) == SetUpdate(ADDRESS / "zip", 1)
        assert field.zip.remove() == RemoveUpdate(ADDRESS / "zip")
        with pytest.raises(ExpressionError, match=r"User\.address\.city is required, so it cannot be removed"):
            field.city.remove()

    def test_a_member_that_a_method_hides_is_reached_by_its_name(self) -> None:
        field = address({"size": IntField(), "path": StringField(), "fields": IntField()}, city=StringField())
        assert (field["size"] == 1) == Comparison(ADDRESS / "size", "=", 1)
        assert (field["path"] == "a") == Comparison(ADDRESS / "path", "=", "a")
        assert (field["fields"] == 1) == Comparison(ADDRESS / "fields", "=", 1)

    def test_a_member_that_an_option_is_named_after_is_declared_in_a_mapping(self) -> None:
        field = address({"required": BooleanField(), "default": StringField()}, required=True)
        assert field.required is True
        assert (field["required"] == True) == Comparison(ADDRESS / "required", "=", True)  # noqa: E712, FBT003 - a condition
        assert field.validate({"default": "a"}) == {"default": "a"}

    def test_an_unknown_name_is_refused_with_those_that_there_are(self) -> None:
        with pytest.raises(AttributeError, match=r"User\.address has no field 'town'; it has: city, zip, country"):
            _ = address().town
        for name in ("town", 0):
            with pytest.raises(ExpressionError, match=r"User\.address has no field .*; it has: city, zip, country"):
                _ = address()[name]

    def test_it_cannot_be_iterated_over(self) -> None:
        for field in (address(), address({})["a"]):
            with pytest.raises(TypeError):
                iter(field)

    def test_the_whole_map_is_an_operand(self) -> None:
        assert (address() == {"city": "a"}) == Comparison(ADDRESS, "=", {"city": "a"})
        with pytest.raises(ExpressionError, match="stored as M"):
            address().contains("a")


@pytest.mark.parametrize(
    ("declare", "expected"),
    [
        (
            lambda: DictField(required=BooleanField()),  # type: ignore[call-overload]
            "required is an option of DictField itself: declare a field of that name in a mapping, such as DictField({",
        ),
        (lambda: DictField(default=cast("Any", StringField)), "default is an option of DictField itself"),
        (
            lambda: DictField(city=StringField(), label=StringField()),
            (
                "DictField.label is an attribute of every DictField: declare the member of that name in a mapping,"
                ' such as DictField({"label": StringField()}, ...), and write DictField["label"] for its field'
            ),
        ),
        (lambda: DictField(path=StringField), "DictField.path is an attribute of every DictField"),
        (lambda: DictField(size=IntField()), "DictField.size is an attribute of every DictField"),
        (lambda: DictField(fields=IntField()), "DictField.fields is an attribute of every DictField"),
        (lambda: DictField(_label=IntField()), "DictField._label is an attribute of every DictField"),
        (lambda: DictField(__class__=IntField()), "DictField.__class__ is an attribute of every DictField"),
        (lambda: DictField(city=str), "DictField.city takes a field, such as StringField(); got the class str"),  # type: ignore[arg-type]
        (lambda: DictField({"": StringField()}), "DictField: an attribute name must have 1 to 65,535 bytes; got ''"),
        (
            address({"zip": IntField(default=cast("Any", "a"))}).check_declaration,
            "User.address.zip has an invalid default or choice: User.address.zip must be an int; got 'a'",
        ),
        (
            address(zip=IntField(), default={"zip": "a"}).check_declaration,
            "User.address has an invalid default or choice",
        ),
    ],
)
def test_an_invalid_declaration_is_refused(declare: Any, expected: str) -> None:
    with pytest.raises(SchemaError) as caught:
        declare()
    assert str(caught.value).startswith(expected)
