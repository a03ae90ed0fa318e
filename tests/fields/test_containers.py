"""Lists and sets."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, cast

import pytest

from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import BeginsWith, Comparison, Contains, Path
from dynamongo.expressions.updates import AddUpdate, AppendUpdate, DeleteUpdate, RemoveUpdate, SetUpdate
from dynamongo.fields import (
    BooleanField,
    DateField,
    DictField,
    EnumField,
    Field,
    IntField,
    JSONField,
    ListField,
    SetField,
    StringField,
    UUIDField,
)

CITIES = Path("cities")
TAGS = Path("tags")


def cities(field: Any = StringField, *arguments: Any, **options: Any) -> Any:
    return ListField(field, *arguments, **options).bind("User", CITIES)


def tags(field: Any = IntField, *arguments: Any, **options: Any) -> Any:
    return SetField(field, *arguments, **options).bind("User", TAGS)


def message(field: Field[Any], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        field.validate(value)
    return str(caught.value)


class TestListField:
    def test_a_list_or_a_tuple_is_held_as_a_new_list(self) -> None:
        given = ["Nairobi"]
        held = cities().validate(given)
        assert (held, held is given, cities().validate(("Nairobi",))) == (["Nairobi"], False, ["Nairobi"])

    @pytest.mark.parametrize("value", ["Nairobi", {"Nairobi"}, {"a": 1}, None, iter(["a"])])
    def test_nothing_else_is_a_list(self, value: Any) -> None:
        assert message(cities(), value).startswith("User.cities must be a list; got ")

    def test_elements_are_converted_and_an_error_names_the_position(self) -> None:
        assert cities(DateField).validate(["2024-05-01"]) == [dt.date(2024, 5, 1)]
        assert message(cities(), ["Nairobi", 5]) == "User.cities[1] must be a str; got 5"
        assert message(cities(), [None]) == "User.cities[0] must be a str; got None"
        assert message(ListField(StringField), ["a", 5]) == "ListField[1] must be a str; got 5"
        assert message(cities(ListField(StringField)), [[], ["a", 5]]) == "User.cities[1][1] must be a str; got 5"

    def test_the_rules_of_the_element_hold(self) -> None:
        expected = "User.cities[0] must be a str of at most 3 characters; got 'abcd'"
        assert message(cities(StringField(max_length=3)), ["abcd"]) == expected

    def test_an_element_is_checked_once_also_to_name_it_in_an_error(self) -> None:
        answers = iter([False])
        field = cities(StringField(validator=lambda _: next(answers, True)))
        assert message(field, ["a"]).startswith("User.cities[0] must be accepted by <lambda>; got 'a'")

    def test_a_stored_element_of_another_type_is_named(self) -> None:
        with pytest.raises(ValidationError, match=r"^User\.cities\[1\] must be stored as a string; got 5$"):
            cities().decode(["a", 5])

    def test_an_empty_set_is_no_element(self) -> None:
        field = cities(SetField(IntField))
        assert field.validate([{1}]) == [{1}]
        assert message(field, [{1}, set()]) == (
            "User.cities[1] must be a set with at least one member, because DynamoDB has no empty set; got set()"
        )
        with pytest.raises(ValidationError, match="a set with at least one member"):
            field.append(set())

    def test_an_untyped_element_may_be_none(self) -> None:
        assert cities(Field).encode(cities(Field).validate([None, 1])) == [None, 1]

    def test_the_list_is_empty_where_there_is_none(self) -> None:
        field = cities()
        assert [field.default, field.missing_value()] == [[], []]
        assert field.default is not field.default
        assert field.missing_value() is not field.missing_value()
        assert [field.is_absent([]), field.is_absent(None)] == [False, True]

    def test_a_default_is_converted_and_copied_for_each_instance(self) -> None:
        field = cities(StringField, ["Nairobi"])
        assert field.default == cities(StringField, default=lambda: ("Nairobi",)).default == ["Nairobi"]
        field.default.append("Mombasa")
        assert field.default == ["Nairobi"]

    def test_choices_and_the_validator_see_the_list(self) -> None:
        assert "one of ['a'], ['b']" in message(cities(choices=[["a"], ["b"]]), ["c"])
        assert "accepted by bool; got []" in message(cities(validator=bool), [])

    def test_a_position_is_a_field_at_that_place(self) -> None:
        field = cities(DictField(lines=ListField(StringField)))
        assert (field[3].lines[0] == "x") == Comparison(CITIES / 3 / "lines" / 0, "=", "x")
        assert cities()[0].set("Nairobi") == SetUpdate(CITIES / 0, "Nairobi")
        assert cities()[0].remove() == RemoveUpdate(CITIES / 0)
        with pytest.raises(ValidationError, match=r"^User\.cities\[2\] must be a str; got 1$"):
            cities()[2].set(1)

    @pytest.mark.parametrize("index", [-1, "0", True, slice(0, 1), None])
    def test_what_is_no_position_is_refused(self, index: Any) -> None:
        with pytest.raises(ExpressionError, match=r"User\.cities\[\.\.\.\] takes a position, an int >= 0; got"):
            _ = cities()[index]

    def test_it_cannot_be_iterated_over(self) -> None:
        with pytest.raises(TypeError):
            iter(cities())
        with pytest.raises(TypeError):
            _ = "Nairobi" in cities()

    def test_operands_are_validated_by_the_element(self) -> None:
        assert (cities() == ["a"]) == Comparison(CITIES, "=", ["a"])
        assert cities(DateField).contains("2024-05-01") == Contains(CITIES, "2024-05-01")
        assert cities().contains(StringField().bind("User", Path("name"))) == Contains(CITIES, Path("name"))
        with pytest.raises(ValidationError, match=r"^User\.cities\[\] must be a str; got 5$"):
            cities().contains(5)
        with pytest.raises(ExpressionError, match="stored as L; begins_with works only on S, B"):
            cities().begins_with("a")
        with pytest.raises(ExpressionError, match="have an order"):
            _ = cities() < ["a"]

    def test_appended_elements_are_validated_and_encoded(self) -> None:
        assert cities(DateField).append("2024-05-01") == AppendUpdate(CITIES, ("2024-05-01",))
        assert cities().prepend("a", "b") == AppendUpdate(CITIES, ("a", "b"), at_start=True)
        with pytest.raises(ValidationError, match=r"^User\.cities\[\] must be a str; got 5$"):
            cities().append("a", 5)


class TestSetField:
    @pytest.mark.parametrize("value", [{1, 2}, frozenset({1, 2}), [1, 2, 1], (1, 2), {1: "a", 2: "b"}.keys()])
    def test_members_are_held_as_a_new_set(self, value: Any) -> None:
        held = tags().validate(value)
        assert (type(held), held, held is value) == (set, {1, 2}, False)

    @pytest.mark.parametrize("value", ["ab", 1, {"a": 1}, None])
    def test_nothing_else_is_a_set(self, value: Any) -> None:
        assert message(tags(), value) == f"User.tags must be a set; got {value!r}"

    def test_a_member_of_another_type_is_refused(self) -> None:
        assert message(tags(), {True}) == "a member of User.tags must be an int; got True"
        with pytest.raises(ValidationError, match=r"^a member of User\.tags must be stored as a number; got 'a'$"):
            tags().decode(frozenset({"a"}))

    @pytest.mark.parametrize(("field", "stored_type"), [(IntField, "NS"), (UUIDField, "SS"), (StringField, "SS")])
    def test_the_stored_type_follows_from_the_member(self, field: Any, stored_type: str) -> None:
        assert SetField(field).stored_type == stored_type

    def test_members_are_encoded_and_decoded(self) -> None:
        value = {uuid.UUID(int=1)}
        stored = frozenset({str(uuid.UUID(int=1))})
        assert (tags(UUIDField).encode(value), tags(UUIDField).decode(stored)) == (stored, value)

    def test_the_empty_set_is_an_absent_attribute(self) -> None:
        field = tags()
        assert [field.default, field.missing_value()] == [set(), set()]
        assert field.missing_value() is not field.missing_value()
        assert [field.is_absent(value) for value in (set(), None, {0})] == [True, True, False]

    @pytest.mark.parametrize(
        "use", [lambda field: field == set(), lambda field: field.set(set()), lambda field: field.encode(set())]
    )
    def test_the_empty_set_stands_in_no_condition_or_update(self, use: Any) -> None:
        with pytest.raises(ValidationError, match=r"User\.tags: DynamoDB has no empty sets, .* use not_exists"):
            use(tags())

    def test_conditions_and_updates_take_members(self) -> None:
        assert (tags() == {1}) == Comparison(TAGS, "=", frozenset({1}))
        assert tags().contains(1) == Contains(TAGS, 1)
        assert tags().add(1) == tags().add_to_set([1]) == AddUpdate(TAGS, frozenset({1}))
        assert tags().delete_from_set({1, 2}) == DeleteUpdate(TAGS, frozenset({1, 2}))
        for use in (tags().contains, tags().add, tags().delete_from_set):
            with pytest.raises(ValidationError, match=r"^a member of User\.tags must be an int; got 'a'$"):
                use("a")

    @pytest.mark.parametrize(
        "field", [ListField(IntField), BooleanField, DictField(), JSONField(), Field, SetField(IntField)]
    )
    def test_what_dynamodb_has_no_set_of_is_refused_when_declared(self, field: Any) -> None:
        with pytest.raises(
            SchemaError, match="SetField takes a field that stores strings, numbers or binary values; got"
        ):
            SetField(field)


@pytest.mark.parametrize("container", [ListField, SetField])
@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("StringField", " takes a field, such as StringField(); got 'StringField'"),
        (str, " takes a field, such as StringField(); got the class str"),
        (EnumField, ": EnumField needs arguments: "),
    ],
)
def test_an_element_that_is_no_field_is_refused_when_declared(container: Any, element: Any, expected: str) -> None:
    with pytest.raises(SchemaError) as caught:
        container(element)
    assert str(caught.value).startswith(f"{container.__name__}{expected}")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (cities(StringField, ["a", 1]), r"^User\.cities has an invalid .*: User\.cities\[1\] must be a str; got 1$"),
        (cities(StringField(choices=cast("Any", [1]))), r"^User\.cities\[\] has an invalid default or choice"),
        (cities(StringField(default=cast("Any", 1))), r"^User\.cities\[\] has an invalid default"),
        (tags(IntField(choices=cast("Any", ["a"]))), r"^a member of User\.tags has an invalid default"),
        (tags(IntField, default=["a"]), r"^User\.tags has an invalid default"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(field: Field[Any], expected: str) -> None:
    with pytest.raises(SchemaError, match=expected):
        field.check_declaration()


def test_a_field_may_be_an_element_and_a_field_of_its_own() -> None:
    name = StringField()
    first, second = (ListField(name).bind("User", Path(path)) for path in ("a", "b"))
    for field, path in ((first, "a"), (second, "b")):
        assert field[0].begins_with("x") == BeginsWith(Path(path, 0), "x")
    assert name.label == "StringField"
