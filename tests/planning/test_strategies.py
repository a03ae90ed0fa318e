"""Strategies: every way to say which items, and the errors of those that are ambiguous or incomplete."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest

from dynamongo import EmailField, IntField, Model, StringField
from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.conditions import EQ, And, AnyCondition, Comparison, In, Or, Path
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.strategies import Target, keys_condition, resolve_checked, resolve_many, resolve_one


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = EmailField(required=True)
    year = IntField(min_value=1900, max_value=2018)
    name = StringField()


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "day"
    city = StringField()
    day = IntField()
    note = StringField()


USER: Mapper[User] = User.__mapper__
VISIT: Mapper[Visit] = Visit.__mapper__

JOHN = Target({"email": "john@example.com"})
ROME_3 = Target({"city": "Rome", "day": 3})


def refusal(strategy: Any, keys: Mapper[Any] = USER) -> str:
    with pytest.raises(ExpressionError) as caught:
        resolve_one(strategy, keys)
    return str(caught.value)


class TestOneItem:
    @pytest.mark.parametrize(
        "strategy",
        [
            "john@example.com",
            {"email": "john@example.com"},
            {"email": "john@example.com", "year": "not looked at"},
            MappingProxyType({"email": "john@example.com"}),
            User(email="john@example.com"),
            User(email="john@example.com", year=1990),
            User.email == "john@example.com",
            And(User.email == "john@example.com"),
        ],
        ids=str,
    )
    def test_hash_key_alone_takes_any_form(self, strategy: Any) -> None:
        assert resolve_one(strategy, USER) == JOHN

    @pytest.mark.parametrize(
        "strategy",
        [
            ("Rome", 3),
            {"city": "Rome", "day": 3},
            {"day": 3, "city": "Rome", "note": "not looked at"},
            OrderedDict(day=3, city="Rome"),
            Visit(city="Rome", day=3, note="not looked at"),
            (Visit.city == "Rome") & (Visit.day == 3),
            (Visit.day == 3) & (Visit.city == "Rome"),
        ],
        ids=str,
    )
    def test_both_keys_take_any_form(self, strategy: Any) -> None:
        assert resolve_one(strategy, VISIT) == ROME_3

    def test_key_has_the_hash_key_first_in_any_order_given(self) -> None:
        for strategy in ({"day": 3, "city": "Rome"}, (Visit.day == 3) & (Visit.city == "Rome")):
            assert list(resolve_one(strategy, VISIT).key) == ["city", "day"]

    def test_key_is_stored_in_the_canonical_form_of_its_field(self) -> None:
        assert resolve_one("john@EXAMPLE.com", USER) == JOHN

    def test_conditions_anded_to_the_key_are_the_check(self) -> None:
        strategy = (User.email == "john@example.com") & (User.year <= 2000)
        assert resolve_one(strategy, USER) == Target({"email": "john@example.com"}, User.year <= 2000)

    def test_several_checks_stay_anded(self) -> None:
        strategy = (User.year <= 2000) & (User.email == "john@example.com") & User.name.exists()
        expected = Target({"email": "john@example.com"}, (User.year <= 2000) & User.name.exists())
        assert resolve_one(strategy, USER) == expected

    def test_condition_beside_a_strategy_is_checked_as_well(self) -> None:
        more = User.name.exists() & (User.year > 1950)
        assert resolve_checked("john@example.com", None, USER) == JOHN
        assert resolve_checked("john@example.com", more, USER) == Target(JOHN.key, more)
        strategy = (User.email == "john@example.com") & (User.year <= 2000)
        assert resolve_checked(strategy, more, USER) == Target(JOHN.key, (User.year <= 2000) & more)

    def test_ored_checks_are_one_check(self) -> None:
        either = (User.year > 2000) | (User.name == "John")
        strategy = (User.email == "john@example.com") & either
        assert resolve_one(strategy, USER) == Target({"email": "john@example.com"}, either)

    def test_second_equality_on_the_key_is_a_check_and_never_dropped(self) -> None:
        first, second = User.email == "john@example.com", User.email == "jane@example.com"
        assert resolve_one(first & second, USER) == Target({"email": "john@example.com"}, second)

    def test_further_condition_on_the_key_is_a_check(self) -> None:
        strategy = (User.email == "john@example.com") & User.email.begins_with("j")
        assert resolve_one(strategy, USER) == Target({"email": "john@example.com"}, User.email.begins_with("j"))

    def test_target_as_a_condition_is_its_key_and_its_checks(self) -> None:
        check = (Visit.note == "x") & Visit.note.exists()
        target = Target({"city": "Rome", "day": 3}, check)
        assert target.condition == And(Visit.city == "Rome", Visit.day == 3, Visit.note == "x", Visit.note.exists())

    def test_instance_of_a_derived_model_is_an_instance(self) -> None:
        class Member(User):
            since = IntField()

        assert resolve_one(Member(email="john@example.com"), USER) == JOHN

    def test_0_is_a_key_like_any_other(self) -> None:
        assert resolve_one(("Rome", 0), VISIT) == Target({"city": "Rome", "day": 0})
        assert resolve_one({"city": "Rome", "day": 0}, VISIT) == Target({"city": "Rome", "day": 0})


class TestRefusals:
    def test_ored_key(self) -> None:
        strategy = (User.email == "a@b.co") | (User.email == "b@b.co")
        assert refusal(strategy) == (
            "User: expected one item, as `email == …`, but the key is ORed; it must be ANDed with the other"
            " conditions; got `email = 'a@b.co' OR email = 'b@b.co'`"
        )

    def test_key_ored_with_something_else(self) -> None:
        assert "but the key is ORed" in refusal((User.email == "a@b.co") | (User.year > 2000))

    def test_range_key_without_hash_key(self) -> None:
        assert refusal(Visit.day == 3, VISIT) == (
            "Visit: expected one item, as `city == …` and `day == …`, but city is missing; got `day = 3`"
        )

    def test_hash_key_without_range_key(self) -> None:
        assert refusal(Visit.city == "Rome", VISIT) == (
            "Visit: expected one item, as `city == …` and `day == …`, but day is missing; got `city = 'Rome'`"
        )

    def test_condition_without_any_key(self) -> None:
        assert refusal(Visit.note == "x", VISIT) == (
            "Visit: expected one item, as `city == …` and `day == …`, but city and day is missing; got `note = 'x'`"
        )

    @pytest.mark.parametrize(
        "condition",
        [
            User.email > "a@b.co",
            User.email != "a@b.co",
            User.email.begins_with("a"),
            User.email.in_(["a@b.co"]),
            User.email == User.name,
            ~(User.email == "a@b.co"),
            (User.year == 1990) & ((User.email == "a@b.co") | (User.email == "b@b.co")),
        ],
        ids=str,
    )
    def test_key_in_any_other_comparison(self, condition: AnyCondition) -> None:
        assert refusal(condition) == (
            "User: expected one item, as `email == …`, but email must be compared with == and a value, and ANDed;"
            f" got `{condition}`"
        )

    def test_range_key_in_another_comparison(self) -> None:
        text = refusal((Visit.city == "Rome") & (Visit.day > 3), VISIT)
        assert "but day must be compared with == and a value, and ANDed; got `city = 'Rome' AND day > 3`" in text

    @pytest.mark.parametrize(("given", "missing"), [({"city": "Rome"}, "day"), ({"day": 3}, "city"), ({}, "city, day")])
    def test_dict_without_the_whole_key(self, given: dict[str, Any], missing: str) -> None:
        assert refusal(given, VISIT) == (
            f"Visit: a dict must contain the whole key (city, day); {missing} is missing in {given!r}"
        )

    def test_none_in_a_dict_is_missing(self) -> None:
        assert "day is missing in {'city': 'Rome', 'day': None}" in refusal({"city": "Rome", "day": None}, VISIT)

    @pytest.mark.parametrize("given", [("a@b.co",), ("a@b.co", "b@b.co"), ()], ids=str)
    def test_tuple_where_there_is_no_range_key(self, given: tuple[str, ...]) -> None:
        assert refusal(given) == f"User has no range key: pass email alone, or several keys in a list; got {given!r}"

    @pytest.mark.parametrize("given", [("Rome",), ("Rome", 3, 4), ()], ids=str)
    def test_tuple_of_another_length_than_two(self, given: tuple[Any, ...]) -> None:
        assert refusal(given, VISIT) == f"Visit: a key must be a (city, day) tuple; got {given!r}"

    def test_scalar_where_there_is_a_range_key(self) -> None:
        assert refusal("Rome", VISIT) == "Visit has a range key: pass (city, day) as a tuple; got 'Rome'"

    @pytest.mark.parametrize("given", [["a@b.co"], {"a@b.co"}, frozenset({"a@b.co"}), []], ids=str)
    def test_list_instead_of_one_item(self, given: Any) -> None:
        assert refusal(given) == f"User: expected one item, as `email == …`; got {given!r}"

    def test_generator_instead_of_one_item(self) -> None:
        assert "User: expected one item" in refusal(email for email in ["a@b.co"])

    def test_field_alone(self) -> None:
        assert refusal(User.email) == "User: expected one item, as `email == …`; got <EmailField User.email>"

    def test_instance_of_another_model(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.email must be an email address; got Visit\("):
            resolve_one(Visit(city="Rome", day=3), USER)
        text = refusal(User(email="a@b.co"), VISIT)
        assert text == "Visit has a range key: pass (city, day) as a tuple; got User(email='a@b.co')"

    @pytest.mark.parametrize(
        ("strategy", "message"),
        [
            ("nobody", r"User\.email must be an email address"),
            (5, r"User\.email must be an email address; got 5"),
            ({"email": "nobody"}, r"User\.email must be an email address"),
            (None, r"User\.email must be given, because it is part of the key; got None"),
            (User(), r"User\.email must be given, because it is part of the key; got None"),
        ],
        ids=str,
    )
    def test_value_that_is_invalid_for_the_key_field(self, strategy: Any, message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            resolve_one(strategy, USER)

    @pytest.mark.parametrize("value", [Visit.city, Visit.city == "Rome"], ids=str)
    def test_value_without_a_truth_value_is_invalid_for_the_key_field(self, value: Any) -> None:
        with pytest.raises(ValidationError, match=r"^Visit\.city must be a str; got "):
            resolve_one((value, 3), VISIT)

    @pytest.mark.parametrize(
        "strategy",
        [("", 3), {"city": "", "day": 3}, Visit(city="", day=3), (Visit.city == "") & (Visit.day == 3)],
        ids=str,
    )
    def test_empty_key(self, strategy: Any) -> None:
        with pytest.raises(
            ValidationError, match=r"^Visit\.city must be non-empty, because it is part of a key; got ''$"
        ):
            resolve_one(strategy, VISIT)

    def test_true_is_not_a_number_key(self) -> None:
        with pytest.raises(ValidationError, match=r"Visit\.day must be an int; got True"):
            resolve_one(("Rome", True), VISIT)

    def test_instance_without_its_range_key(self) -> None:
        with pytest.raises(ValidationError, match=r"Visit\.day must be given, because it is part of the key; got None"):
            resolve_one(Visit(city="Rome"), VISIT)


class TestManyItems:
    def test_list_of_any_forms_is_a_target_for_each_in_order(self) -> None:
        strategy = [
            "a@b.co",
            {"email": "b@b.co"},
            User(email="c@b.co"),
            User.email == "d@b.co",
            (User.email == "e@b.co") & (User.year > 2000),
        ]
        assert resolve_many(strategy, USER) == (
            Target({"email": "a@b.co"}),
            Target({"email": "b@b.co"}),
            Target({"email": "c@b.co"}),
            Target({"email": "d@b.co"}),
            Target({"email": "e@b.co"}, User.year > 2000),
        )

    @pytest.mark.parametrize("make", [list, set, iter, lambda one: dict.fromkeys(one).keys()])
    def test_any_iterable_but_a_tuple_is_a_list(self, make: Any) -> None:
        assert resolve_many(make(["john@example.com"]), USER) == (JOHN,)

    def test_tuple_is_a_key_and_never_a_list(self) -> None:
        assert resolve_many(("Rome", 3), VISIT) == (ROME_3,)
        with pytest.raises(ExpressionError, match="User has no range key: pass email alone, or several keys in a list"):
            resolve_many(("a@b.co", "b@b.co"), USER)

    def test_list_of_tuples_is_a_list_of_keys(self) -> None:
        assert resolve_many([("Rome", 3), ("Oslo", 1)], VISIT) == (ROME_3, Target({"city": "Oslo", "day": 1}))

    @pytest.mark.parametrize("strategy", ["john@example.com", {"email": "john@example.com"}], ids=str)
    def test_one_key_is_a_list_of_one(self, strategy: Any) -> None:
        assert resolve_many(strategy, USER) == (JOHN,)

    @pytest.mark.parametrize(
        "condition", [User.year > 2000, User.email == "a@b.co", User.email.in_([]), ~User.name.exists()], ids=str
    )
    def test_condition_stays_as_it_is(self, condition: AnyCondition) -> None:
        assert resolve_many(condition, USER) is condition

    def test_none_is_every_item(self) -> None:
        assert resolve_many(None, USER) is None

    def test_empty_list_is_no_item(self) -> None:
        assert resolve_many([], USER) == ()

    def test_entry_of_a_list_must_fix_a_key(self) -> None:
        with pytest.raises(ExpressionError, match="but email is missing; got `year > 2000`"):
            resolve_many(["a@b.co", User.year > 2000], USER)

    @pytest.mark.parametrize("entry", [None, ["a@b.co"], User.email, "nobody"], ids=str)
    def test_entry_of_a_list_is_checked(self, entry: Any) -> None:
        with pytest.raises((ExpressionError, ValidationError)):
            resolve_many(["a@b.co", entry], USER)


class TestKeysIn:
    def test_hash_keys_alone_are_an_in(self) -> None:
        values = ["a@b.co", {"email": "b@b.co"}, User(email="c@b.co"), User.email == "d@b.co"]
        assert keys_condition(values, USER) == In(Path("email"), ("a@b.co", "b@b.co", "c@b.co", "d@b.co"))

    def test_whole_keys_are_ored(self) -> None:
        found = keys_condition([("Rome", 3), {"city": "Oslo", "day": 1}], VISIT)
        city, day = Path("city"), Path("day")
        assert found == Or(
            And(Comparison(city, EQ, "Rome"), Comparison(day, EQ, 3)),
            And(Comparison(city, EQ, "Oslo"), Comparison(day, EQ, 1)),
        )

    @pytest.mark.parametrize(("keys", "name"), [(USER, "email"), (VISIT, "city")], ids=["hash", "both"])
    def test_no_values_are_an_empty_in(self, keys: Mapper[Any], name: str) -> None:
        assert keys_condition([], keys) == In(Path(name), ())

    def test_values_are_checked(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.email must be an email address"):
            keys_condition(["nobody"], USER)
        with pytest.raises(ExpressionError, match="Visit has a range key"):
            keys_condition(["Rome"], VISIT)

    def test_check_of_one_hash_key_holds_for_that_key(self) -> None:
        one = (User.email == "a@b.co") & (User.year > 2000)
        wanted = Or(User.email == "b@b.co", And(User.email == "a@b.co", User.year > 2000))
        assert keys_condition(["b@b.co", one], USER) == wanted

    def test_check_of_one_whole_key_holds_for_that_key(self) -> None:
        rome, oslo = And(Visit.city == "Rome", Visit.day == 3), And(Visit.city == "Oslo", Visit.day == 1)
        assert keys_condition([rome & (Visit.note == "x"), oslo], VISIT) == Or(rome & (Visit.note == "x"), oslo)


class TestModelKeys:
    def test_names_and_fields_have_the_hash_key_first(self) -> None:
        assert VISIT.keys.names == ("city", "day")
        assert [field.label for field in VISIT.keys.fields] == ["Visit.city", "Visit.day"]
        assert USER.keys.names == ("email",)

    def test_description_says_what_fixes_a_key(self) -> None:
        assert USER.keys.describe() == "`email == …`"
        assert VISIT.keys.describe() == "`city == …` and `day == …`"
