"""Fields that hold text."""

from __future__ import annotations

import enum
import ipaddress
import re
from typing import Any

import pytest

from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import BeginsWith, Between, Comparison, Contains, Path
from dynamongo.fields import EmailField, Field, IPAddressField, StringField

NAME = Path("name")


def bound(field: Field[Any]) -> Any:
    return field.bind("User", NAME)


def message(field: Field[Any], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        bound(field).validate(value)
    return str(caught.value)


class Shade(str, enum.Enum):
    DARK = "dark"


class TestStringField:
    def test_the_empty_string_is_a_value(self) -> None:
        assert StringField().validate("") == ""

    def test_a_subclass_becomes_a_plain_str(self) -> None:
        taken: Any = StringField().validate(Shade.DARK)
        assert (type(taken), taken) == (str, "dark")

    @pytest.mark.parametrize("value", [1, b"a", None, ["a"], True])
    def test_nothing_else_is_text(self, value: Any) -> None:
        assert message(StringField(), value) == f"User.name must be a str; got {value!r}"

    def test_a_lone_surrogate_is_refused(self) -> None:
        assert message(StringField(), "\ud800") == "User.name: text must be encodable as UTF-8; got '\\ud800'"

    @pytest.mark.parametrize(
        ("field", "value", "expected"),
        [
            (StringField(min_length=2), "é", "a str of at least 2 characters; got 'é'"),
            (StringField(max_length=2), "abc", "a str of at most 2 characters; got 'abc'"),
            (StringField(min_length=2, max_length=3), "abcd", "a str of 2 to 3 characters; got 'abcd'"),
            (StringField(r"[a-z]+$"), "ab1", "a str that matches '[a-z]+$'; got 'ab1'"),
        ],
    )
    def test_the_message_says_the_rule(self, field: Field[Any], value: str, expected: str) -> None:
        assert message(field, value) == f"User.name must be {expected}"

    def test_lengths_count_characters_and_include_their_ends(self) -> None:
        field = StringField(min_length=1, max_length=2)
        assert [field.validate(value) for value in ("é", "😀😀")] == ["é", "😀😀"]

    def test_a_pattern_matches_at_the_start_and_may_be_compiled(self) -> None:
        assert StringField(re.compile("A", re.IGNORECASE)).validate("ab") == "ab"

    def test_arguments_may_be_given_by_position(self) -> None:
        field: Any = StringField("a", 3, 2)
        assert (field.max_length, field.min_length) == (3, 2)

    def test_an_ordering_takes_any_text_and_an_equality_does_not(self) -> None:
        field = bound(StringField(min_length=3))
        assert (field > "a") == Comparison(NAME, ">", "a")
        assert field.between("a", "b") == Between(NAME, "a", "b")
        with pytest.raises(ValidationError, match="at least 3 characters"):
            _ = field == "a"
        with pytest.raises(ValidationError, match=r"User\.name must be compared with a str; got 1"):
            _ = field > 1

    def test_a_part_is_any_text(self) -> None:
        field = bound(StringField(min_length=3))
        assert field.begins_with("a") == BeginsWith(NAME, "a")
        assert field.contains(Shade.DARK) == Contains(NAME, "dark")
        with pytest.raises(ValidationError, match=r"User\.name must be compared with a str; got b'a'"):
            field.contains(b"a")

    def test_a_number_is_not_added_to_text(self) -> None:
        with pytest.raises(ExpressionError, match="stored as S; increment works only on N"):
            bound(StringField()).increment()


@pytest.mark.parametrize(
    ("declare", "expected"),
    [
        (
            lambda: StringField("("),
            "StringField: regex='(' is not a valid regular expression: missing ), unterminated subpattern",
        ),
        (lambda: StringField(1), "StringField: regex=1 is not a valid regular expression"),  # type: ignore[call-overload]
        (lambda: StringField(min_length=3, max_length=2), "StringField: min_length 3 is greater than max_length 2"),
        (lambda: StringField(min_length=-1), "StringField: min_length must be an int >= 0; got -1"),
        (lambda: EmailField(max_length="1"), "EmailField: max_length must be an int >= 0; got '1'"),  # type: ignore[call-overload]
        (lambda: IPAddressField(version=5), "IPAddressField: version must be 4, 6 or None; got 5"),  # type: ignore[call-overload]
    ],
)
def test_rules_that_cannot_be_kept_are_refused_when_declared(declare: Any, expected: str) -> None:
    with pytest.raises(SchemaError) as caught:
        declare()
    assert str(caught.value).startswith(expected)


class TestEmailField:
    def test_the_normal_form_is_held(self) -> None:
        assert EmailField().validate("John.Doe@EXAMPLE.com") == "John.Doe@example.com"

    def test_an_address_is_looked_up_by_its_normal_form(self) -> None:
        assert (bound(EmailField()) == "a@EXAMPLE.com") == Comparison(NAME, "=", "a@example.com")

    @pytest.mark.parametrize("value", ["foo", "foo@", "@example.com", "a b@example.com", "a@b@example.com", ""])
    def test_what_is_no_address_is_refused_with_the_reason(self, value: str) -> None:
        assert re.fullmatch(rf"User\.name must be an email address \(.+\); got {value!r}", message(EmailField(), value))

    def test_the_rules_of_text_apply_to_the_normal_form(self) -> None:
        field = EmailField(r".*@example\.com$", 13, 6)
        assert field.validate("a@EXAMPLE.COM") == "a@example.com"
        assert "matches" in message(field, "a@example.org")
        assert "6 to 13 characters" in message(field, "abc@example.com")

    def test_any_text_bounds_a_range(self) -> None:
        assert (bound(EmailField()) >= "j") == Comparison(NAME, ">=", "j")

    def test_a_key_is_read_in_normal_form_alone(self) -> None:
        field = bound(EmailField())
        assert field.decode("a@EXAMPLE.com") == "a@EXAMPLE.com"
        field.is_key = True
        normal = ["a@example.com", "é@example.com"]
        assert [field.decode(stored) for stored in normal] == normal
        with pytest.raises(
            ValidationError, match=r"key stored as 'a@EXAMPLE.com', which this field would write as 'a@exa"
        ):
            field.decode("a@EXAMPLE.com")


class TestIPAddressField:
    @pytest.mark.parametrize(
        ("given", "held"),
        [
            ("127.0.0.1", "127.0.0.1"),
            ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
            (ipaddress.ip_address("::1"), "::1"),
            (ipaddress.ip_address("10.0.0.1"), "10.0.0.1"),
        ],
    )
    def test_the_canonical_form_is_held(self, given: Any, held: str) -> None:
        assert IPAddressField().validate(given) == held

    @pytest.mark.parametrize("value", ["1.2.3", "256.1.1.1", "", "::g", 2130706433, b"\x7f\0\0\1"])
    def test_what_is_no_address_is_refused(self, value: Any) -> None:
        assert message(IPAddressField(), value) == f"User.name must be an IPv4 or IPv6 address; got {value!r}"

    def test_one_version_alone_may_be_allowed(self) -> None:
        assert IPAddressField(version=6).validate("::1") == "::1"
        assert message(IPAddressField(version=6), "1.1.1.1") == "User.name must be an IPv6 address; got '1.1.1.1'"
        assert message(IPAddressField(version=4), "::1") == "User.name must be an IPv4 address; got '::1'"

    def test_the_rules_of_text_apply_to_the_canonical_form(self) -> None:
        field = IPAddressField("::", max_length=3)
        assert field.validate("0:0:0:0:0:0:0:1") == "::1"
        assert "matches '::'" in message(field, "1::1")
        assert "at most 3 characters" in message(field, "::1:1")
