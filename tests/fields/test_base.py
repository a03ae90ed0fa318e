"""What every field does, shown on the untyped one."""

from __future__ import annotations

import copy
import enum
import pickle
from decimal import Decimal
from typing import Any, cast

import pytest

from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import Comparison, Contains, Path
from dynamongo.expressions.updates import AddUpdate, IncrementUpdate, SetUpdate
from dynamongo.fields import DictField, EnumField, Field, IntField, JSONField, SetField, StringField

X = Path("x")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def bound(**options: Any) -> Any:
    return Field(**options).bind("User", X)


def message(field: Field[Any], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        field.validate(value)
    return str(caught.value)


class TestBinding:
    def test_a_bound_field_is_a_copy_that_knows_its_place(self) -> None:
        field = IntField(required=True)
        other = field.bind("User", X)
        assert (other.label, other.path, other.required, repr(other)) == ("User.x", X, True, "<IntField User.x>")
        assert (field.label, repr(field)) == ("IntField", "<IntField>")

    def test_an_unbound_field_says_nothing_about_items(self) -> None:
        with pytest.raises(ExpressionError, match="IntField belongs to no model"):
            _ = IntField() == 1

    def test_a_field_may_be_named_without_a_place(self) -> None:
        assert bound().with_label("the answer").label == "the answer"
        with pytest.raises(ExpressionError, match="the answer belongs to no model"):
            _ = bound().with_label("the answer").path

    def test_being_a_key_is_kept_by_a_copy(self) -> None:
        field = bound()
        assert field.is_key is False
        field.is_key = True
        assert field.bind("Other", X).is_key is True

    def test_a_value_that_an_instance_does_not_hold_is_an_attribute_error(self) -> None:
        class Holder:
            x = bound()

        with pytest.raises(AttributeError, match=r"User\.x is not set"):
            _ = Holder().x

    @pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda field: pickle.loads(pickle.dumps(field))])
    def test_a_field_can_be_copied(self, clone: Any) -> None:
        assert clone(StringField(max_length=3).bind("User", X)).max_length == 3


class TestRules:
    def test_a_validator_refuses_by_returning_false_or_raising(self) -> None:
        def is_small(value: Any) -> bool:
            return bool(value < 3)

        assert bound(validator=is_small).validate(2) == 2
        assert message(bound(validator=is_small), 3) == "User.x must be accepted by is_small; got 3"
        assert "User.x does not accept 'a': invalid literal" in message(bound(validator=int), "a")

    def test_a_validator_that_returns_nothing_accepts(self) -> None:
        assert bound(validator=lambda _: None).validate(2) == 2

    def test_choices_are_the_only_values(self) -> None:
        assert message(bound(choices=["a", "b"]), "c") == "User.x must be one of 'a', 'b'; got 'c'"

    @pytest.mark.parametrize(
        ("choice", "value"), [(1, True), (0, False), ([1], [True]), ({"a": 1}, {"a": True}), ("a", b"a"), (b"a", "a")]
    )
    def test_choices_are_compared_as_dynamodb_compares(self, choice: Any, value: Any) -> None:
        assert message(bound(choices=[choice]), value).startswith("User.x must be one of")
        assert bound(choices=[value]).validate(value) == value

    def test_choices_of_a_kind_of_field_are_compared_as_it_stores_them(self) -> None:
        assert message(JSONField(choices=[1]), value=True) == "JSONField must be one of 1; got True"
        assert EnumField(Colour, choices=["red"]).validate("red") is Colour.RED
        empty_or_one: Any = SetField(IntField, choices=[set(), {1}])
        assert (empty_or_one.validate([]), empty_or_one.validate([1])) == (set(), {1})
        assert "must be one of" in message(SetField(IntField, choices=[{1}]), set())

    def test_what_cannot_be_stored_is_refused(self) -> None:
        assert message(bound(), object()).startswith("User.x: DynamoDB has no type for object; got")

    @pytest.mark.parametrize(
        ("field", "expected"),
        [
            (IntField(default=cast("Any", "a")), "IntField has an invalid default or choice: IntField must be an int"),
            (IntField(choices=cast("Any", [1, "a"])), "IntField has an invalid default or choice"),
            (IntField(choices=[1], default=2), "IntField has an invalid default or choice"),
        ],
    )
    def test_a_default_or_choice_that_does_not_suit_is_refused_when_declared(self, field: Any, expected: str) -> None:
        with pytest.raises(SchemaError) as caught:
            field.check_declaration()
        assert str(caught.value).startswith(expected)

    def test_choices_are_converted_when_declared(self) -> None:
        field = IntField(choices=[Decimal(1)])
        field.check_declaration()
        assert field.choices == (1,)


class TestDefaults:
    def test_there_is_none_without_one(self) -> None:
        assert (bound().default, bound().missing_value()) == (None, None)
        values: list[Any] = [None, 0, "", []]
        assert [bound().is_absent(value) for value in values] == [True, False, False, False]

    def test_a_default_is_never_shared(self) -> None:
        field = bound(default=[1])
        field.default.append(2)
        assert field.default == [1]

    def test_what_a_callable_makes_is_never_shared(self) -> None:
        shared: list[Any] = [1, [2]]
        for field in (bound(default=lambda: shared), bound(default=shared)):
            field.default[1].append(3)
            field.default.append(3)
        loose: Any = DictField(default=lambda: {"l": shared})
        loose.default["l"].append(3)
        assert shared == [1, [2]]

    def test_a_callable_default_is_called_and_checked(self) -> None:
        assert bound(default=list).default == []
        with pytest.raises(ValidationError, match="StringField must be a str; got 1"):
            assert StringField(default=cast("Any", lambda: 1)).default is None


class TestOperands:
    def test_a_field_or_a_size_stands_for_its_path(self) -> None:
        other = bound().bind("User", Path("y"))
        assert (bound() == other) == Comparison(X, "=", Path("y"))
        assert (bound() < other) == Comparison(X, "<", Path("y"))
        assert bound().contains(other) == Contains(X, Path("y"))
        assert bound().set(other) == SetUpdate(X, Path("y"))

    def test_values_are_encoded(self) -> None:
        assert (bound() != 1.5) == Comparison(X, "<>", Decimal("1.5"))
        assert bound().add({1}) == AddUpdate(X, frozenset({1}))
        assert bound().append((1, 2)).elements == ([1, 2],)
        assert bound().decrement(Decimal("1.50")) == IncrementUpdate(X, Decimal("-1.5"))

    @pytest.mark.parametrize("members", [[1, True], ["a", b"a"], ["a", 1], [[1]], [None], True])
    def test_the_members_of_a_set_are_of_one_scalar_type(self, members: Any) -> None:
        for build in (bound().add_to_set, bound().delete_from_set):
            with pytest.raises(ValidationError, match=r"User\.x must be a set of strings, of numbers or of binary"):
                build(members)

    @pytest.mark.parametrize("amount", [True, "1", None])
    def test_an_amount_is_a_number(self, amount: Any) -> None:
        with pytest.raises(ValidationError, match=r"User\.x must be changed by a number; got"):
            bound().increment(amount)

    def test_none_is_an_operand_of_what_may_hold_null_alone(self) -> None:
        assert (bound() == None) == Comparison(X, "=", None)  # noqa: E711 - a condition
        name: Any = StringField().bind("User", X)
        builds: list[Any] = [
            lambda: name == None,  # noqa: E711 - a condition
            lambda: name != None,  # noqa: E711 - a condition
            lambda: name.in_(["a", None]),
            lambda: name < None,
            lambda: name.between(None, "a"),
        ]
        for build in builds:
            with pytest.raises(ValidationError) as caught:
                build()
            assert str(caught.value) == (
                "User.x must be compared with a value; got None: use not_exists() to find items without the"
                " attribute, exists() to find those with it"
            )

    def test_none_is_not_set(self) -> None:
        with pytest.raises(ExpressionError, match=r"User\.x cannot be set to None: use remove\(\)"):
            bound().set(None)
