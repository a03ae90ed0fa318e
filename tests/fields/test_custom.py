"""A custom field overrides `encode` and `decode`, and whatever is done with its values goes through them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path as Path_
from typing import Any

import pytest

from dynamongo import (
    Connection,
    DateTimeField,
    DictField,
    Field,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    SetField,
    StringField,
    TimestampField,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import BeginsWith, Between, Comparison, Contains, In, NotExists, Or, Path
from dynamongo.expressions.updates import AddUpdate, AppendUpdate, SetUpdate
from dynamongo.operations import Get

X = Path("x")


class Caesar(StringField[Any]):
    """Text, every letter of which is stored as the next one: its beginnings and its order survive."""

    def encode(self, value: Any) -> Any:
        return "".join(chr(ord(letter) + 1) for letter in value)

    def decode(self, stored: Any) -> Any:
        return "".join(chr(ord(letter) - 1) for letter in stored)


class Cents(Field[Any]):
    """An amount of money, stored as a whole number."""

    stored_type = "N"

    def encode(self, value: Decimal) -> Any:
        return int(value.scaleb(2))

    def decode(self, stored: Any) -> Any:
        return Decimal(stored).scaleb(-2)


class Doubled(IntField[Any]):
    def encode(self, value: Any) -> Any:
        return value * 2

    def decode(self, stored: Any) -> Any:
        return stored // 2


class InMilliseconds(TimestampField[Any]):
    def encode(self, value: Any) -> Any:
        return super().encode(value) * 1000  # type: ignore[operator]  # a number

    def decode(self, stored: Any) -> Any:
        return super().decode(Decimal(stored) / 1000)


class Day(DateTimeField[Any]):
    def encode(self, value: Any) -> Any:
        return f"{value:%Y%m%d}"

    def decode(self, stored: Any) -> Any:
        return super().decode(f"{stored[:4]}-{stored[4:6]}-{stored[6:]}")


def at_x(field: Any) -> Any:
    return field.bind("User", X)


@pytest.fixture(params=["memory", "dynamodb"])
def model(request: pytest.FixtureRequest) -> Iterator[Any]:
    class Secret(Model):
        __table__ = f"secrets-{uuid.uuid4().hex}"
        __hash_key__ = "id"
        __range_key__ = "part"
        id = Caesar(required=True)
        part = Caesar(required=True)
        kind = Caesar(default="new", choices=["new", "old"])
        price = Cents()
        words = ListField(Caesar)
        tags = SetField(Caesar)
        by_city = DictField(city=Caesar(), prices=ListField(Cents))
        by_kind = GlobalIndex(hash_key="kind", range_key="part")

    backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(backend):
        Secret.create_table()
        yield Secret
        Secret.delete_table()


def stored_of(model: Any, instance: Any) -> Any:
    return connection_of(model).execute(Get(model.table_name(), instance.__mapper__.key_of(instance))).item


def save(model: Any, part: str, **values: Any) -> Any:
    given = {"words": ["ab"], "tags": {"ab"}, "by_city": {"city": "Oslo", "prices": [Decimal("1.5")]}, **values}
    return model(id="abc", part=part, price=Decimal("2.50"), **given).save()


class TestThroughBackends:
    def test_stored_form_is_that_of_encode_everywhere(self, model: Any) -> None:
        saved = save(model, "p")
        assert stored_of(model, saved) == {
            "id": "bcd",
            "part": "q",
            "kind": "ofx",
            "price": 250,
            "words": ["bc"],
            "tags": frozenset({"bc"}),
            "by_city": {"city": "Ptmp", "prices": [150]},
        }
        assert model.get_one(("abc", "p")) == saved

    def test_keys_bounds_and_parts_are_encoded(self, model: Any) -> None:
        for part in ("a", "b", "ba", "c"):
            save(model, part)
        here = model.id == "abc"

        def found(condition: Any, **options: Any) -> Any:
            return [each.part for each in model.get_many(condition, **options)]

        assert found(here & (model.part >= "ba")) == ["ba", "c"]
        assert found(here & model.part.between("b", "ba")) == ["b", "ba"]
        assert found(here & model.part.begins_with("b")) == ["b", "ba"]
        assert found(here & model.words.contains("ab") & (model.words[0] == "ab")) == ["a", "b", "ba", "c"]
        assert found(here & model.tags.contains("ab") & (model.by_city.city < "P")) == ["a", "b", "ba", "c"]
        assert found(here & (model.price == Decimal("2.5")) & (model.part == "a")) == ["a"]
        assert found((model.kind == "new") & model.part.begins_with("b")) == ["b", "ba"]
        assert found(model.id.in_(["abc", "x"]), index="by_kind", scans="allow") == ["a", "b", "ba", "c"]

    def test_updates_are_encoded(self, model: Any) -> None:
        saved = save(model, "p")
        updated = model.update_one(
            saved,
            [
                model.words.append("cd"),
                model.tags.add_to_set({"cd"}),
                model.price.add(Decimal("0.25")),
                model.by_city.city.set("Rome"),
                model.by_city.prices[0].set(Decimal(3)),
                model.kind.set("old"),
            ],
        )
        assert (updated.words, updated.tags, updated.price, updated.kind) == (
            ["ab", "cd"],
            {"ab", "cd"},
            Decimal("2.75"),
            "old",
        )
        assert updated.by_city == {"city": "Rome", "prices": [Decimal(3)]}
        assert stored_of(model, saved)["price"] == 275
        updated.words = ["zz"]
        updated.save(only_changed=True)
        assert model.get_one(saved).words == ["zz"]


@pytest.mark.parametrize("name", ["memory", "dynamodb"])
def test_the_example_of_the_documentation_runs_on_both_backends(name: str, request: pytest.FixtureRequest) -> None:
    text = (Path_(__file__).parents[2] / "docs" / "custom-fields.md").read_text(encoding="utf-8")
    printed: list[str] = []
    backend = MemoryBackend() if name == "memory" else request.getfixturevalue("dynamodb_backend")
    namespace: dict[str, Any] = {
        "__name__": "document",
        "print": lambda *values: printed.append(" ".join(map(str, values))),
    }
    with Connection.using(backend):
        for block in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            exec(compile(block, "custom-fields.md", "exec"), namespace)
        namespace["Release"].delete_table()
        namespace["Order"].delete_table()
    Connection.set_config()
    assert (
        "\n".join(printed).splitlines()
        == "\n".join(re.findall(r"^```text\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)).splitlines()
    )


class TestOperands:
    def test_a_text_is_encoded_wherever_it_stands(self) -> None:
        field = at_x(Caesar())
        assert (field < "ab") == Comparison(X, "<", "bc")
        assert field.between("a", "b") == Between(X, "b", "c")
        assert field.in_(["a"]) == In(X, ("b",))
        assert field.begins_with("a") == BeginsWith(X, "b")
        assert field.contains("a") == Contains(X, "b")
        assert field.set("a") == SetUpdate(X, "b")

    def test_a_bound_need_not_suit_the_rules_as_for_every_field(self) -> None:
        assert (at_x(Caesar("[a-z]{3}$")) >= "a") == Comparison(X, ">=", "b")

    def test_convert_is_used_for_bounds_where_it_is_overridden(self) -> None:
        class Lower(StringField[Any]):
            def convert(self, value: Any) -> Any:
                return super().convert(value).lower()

        assert (at_x(Lower()) >= "AB") == Comparison(X, ">=", "ab")
        assert at_x(Lower()).begins_with("AB") == BeginsWith(X, "ab")

    def test_amounts_and_ranges_are_encoded(self) -> None:
        bounded = at_x(Doubled(max_value=10))
        update = bounded.add(3)
        assert update == AddUpdate(X, 6)
        assert update.guard == Or(NotExists(X), Comparison(X, "<=", 14))
        assert at_x(InMilliseconds()).add(2) == AddUpdate(X, 2000)
        assert at_x(InMilliseconds()).subtract(2) == AddUpdate(X, -2000)

    def test_elements_and_members_are_encoded(self) -> None:
        assert at_x(ListField(Caesar)).append("a") == AppendUpdate(X, ("b",))
        assert at_x(SetField(Caesar)).add_to_set("a") == AddUpdate(X, frozenset({"b"}))
        assert at_x(ListField(Caesar)).contains("a") == Contains(X, "b")

    def test_a_bound_of_a_datetime_is_in_the_form_of_encode(self) -> None:
        assert (at_x(Day()) < "2024-05-01") == Comparison(X, "<", "20240501")
        assert at_x(Day()).decode("20240501") == Day().convert("2024-05-01")

    def test_what_is_stored_as_a_whole_has_no_parts(self) -> None:
        class Pair(Field[Any]):
            stored_type = "L"

            def encode(self, value: Any) -> Any:
                return list(value)

            def decode(self, stored: Any) -> Any:
                return tuple(stored)

        field = at_x(Pair())
        assert field.validate((1, 2)) == field.decode([1, 2]) == (1, 2)
        for build in (field.append, field.contains):
            with pytest.raises(ExpressionError, match=r"User\.x encodes its value as a whole, which has no parts"):
                build(1)


class TestValues:
    def test_a_value_is_held_as_it_will_be_read(self) -> None:
        assert str(Cents().validate(Decimal("2.5"))) == "2.50"
        assert Cents().validate(Decimal("2.509")) == Decimal("2.50")

    @pytest.mark.parametrize("call", [Cents().validate, Cents().encode, at_x(Cents()).set, at_x(Cents()).__lt__])
    def test_a_value_that_encode_was_not_written_for_is_refused(self, call: Any) -> None:
        with pytest.raises(
            ValidationError, match=r"(Cents|User\.x) does not accept 'a': 'str' object has no attribute"
        ):
            call("a")

    def test_a_stored_value_that_decode_was_not_written_for_is_refused(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.x cannot be read from 'a'"):
            at_x(Doubled()).decode("a")

    def test_a_value_that_is_read_keeps_the_rules(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.x must be an int <= 3; got 4"):
            at_x(Doubled(max_value=3)).decode(8)

    def test_a_key_is_read_in_the_form_of_encode_alone(self) -> None:
        field = at_x(Doubled())
        assert field.decode(3) == 1
        field.is_key = True
        with pytest.raises(ValidationError, match=r"User\.x is a key stored as 3, which this field would write as 2"):
            field.decode(3)

    @pytest.mark.parametrize(("made", "stored"), [(0.5, Decimal("0.5")), (2.0, 2), (Decimal("1.50"), Decimal("1.5"))])
    def test_what_encode_returns_is_made_canonical(self, made: Any, stored: Any) -> None:
        class Made(Field[Any]):
            stored_type = "N"

            def encode(self, value: Any) -> Any:
                return made

        assert repr(Made().encode(1)) == repr(stored)

    @pytest.mark.parametrize("made", [None, "a", object(), float("nan"), True])
    def test_encode_must_return_what_is_stored_as_the_stored_type(self, made: Any) -> None:
        class Made(Field[Any]):
            stored_type = "N"

            def encode(self, value: Any) -> Any:
                return made

        with pytest.raises(ValidationError, match=r"User\.x: encode\(1\) "):
            at_x(Made()).set(1)

    def test_super_decodes_without_the_checks_which_are_for_the_final_value(self) -> None:
        class Long(StringField[Any]):
            def encode(self, value: Any) -> Any:
                return super().encode(value) + "-" * 9

            def decode(self, stored: Any) -> Any:
                return super().decode(stored).rstrip("-")

        class Longer(Long):
            def encode(self, value: Any) -> Any:
                return super().encode(value) + "+"

            def decode(self, stored: Any) -> Any:
                return super().decode(stored.rstrip("+"))

        for kind in (Long, Longer):
            field = at_x(kind(max_length=3))
            field.is_key = True
            assert field.decode(field.encode("abc")) == "abc"

    def test_the_methods_may_come_from_a_mixin(self) -> None:
        class Reversed:
            def encode(self, value: Any) -> Any:
                return value[::-1]

            def decode(self, stored: Any) -> Any:
                return stored[::-1]

        class Name(Reversed, StringField[Any]):
            pass

        field = at_x(ListField(Name(max_length=2)))
        assert field.encode(["ab"]) == ["ba"]
        assert field.decode(["ba"]) == ["ab"]
        with pytest.raises(ValidationError, match="at most 2 characters"):
            field.decode(["bac"])

    def test_a_validator_is_called_once_for_each_value_that_is_read(self) -> None:
        seen: list[Any] = []
        assert Cents(validator=seen.append).decode(250) == Decimal("2.50")
        assert seen == [Decimal("2.50")]


class TestClassCreation:
    @pytest.mark.parametrize(
        ("base", "body", "expected"),
        [
            (
                StringField,
                {"serialize": lambda *_: "a"},
                r"Made\.serialize is never called: override enc",
            ),
            (Field, {"to_python": lambda *_: "a"}, r"Made\.to_python is never called: override decode"),
            (Field, {"stored_type": "string"}, r"Made\.stored_type must be one of S, N, B, .*; got 'string'"),
            (
                IntField,
                {"stored_type": "S"},
                r"Made declares stored_type = 'S' but encodes values as IntField does",
            ),
            (Field, {"encode": "utf-8"}, r"Made\.encode must be a method; got 'utf-8'"),
            (
                StringField,
                {"apply_defaults": lambda *_: "a"},
                r"Made\.apply_defaults is called only if the class also sets",
            ),
            (ListField, {"encode": lambda *_: []}, r"Made\.encode would be bypassed by updates of one element or me"),
            (SetField, {"encode": lambda *_: set()}, r"Made\.encode would be bypassed"),
            (DictField, {"encode": lambda *_: {}}, r"Made\.encode would be bypassed"),
        ],
    )
    def test_what_would_be_ignored_is_refused(self, base: Any, body: Any, expected: str) -> None:
        with pytest.raises(SchemaError, match=expected):
            type("Made", (base,), body)

    def test_a_method_of_another_name_may_help_encode(self) -> None:
        class Made(StringField[Any]):
            def serialize(self, value: Any) -> Any:
                return f"<{value}>"

            def encode(self, value: Any) -> Any:
                return self.serialize(value)

        assert Made().encode("a") == "<a>"

    def test_a_list_may_be_stored_as_one_text_which_has_no_elements(self) -> None:
        class Lines(ListField[Any]):
            stored_type = "S"

            def encode(self, value: Any) -> Any:
                return "\n".join(value)

            def decode(self, stored: Any) -> Any:
                return stored.split("\n")

        field = at_x(Lines(StringField))
        assert field.decode(field.encode(["a", "b"])) == ["a", "b"]
        builds: list[Any] = [lambda: field.append("c"), lambda: field[0]]
        for build in builds:
            with pytest.raises(ExpressionError, match=r"User\.x is stored as S"):
                build()

    def test_a_map_may_be_stored_as_one_text_which_has_no_members(self) -> None:
        class Document(DictField[Any]):
            stored_type = "S"

            def encode(self, value: Any) -> Any:
                return f"{value['a']}"

            def decode(self, stored: Any) -> Any:
                return {"a": int(stored)}

        field = at_x(Document(a=IntField()))
        assert field.decode(field.encode({"a": 5})) == {"a": 5}
        builds: list[Any] = [lambda: field["a"], lambda: field.a, lambda: field.a == 5]
        for build in builds:
            with pytest.raises(ExpressionError, match=r"User\.x is stored as S, which has no members"):
                build()


def test_a_field_of_another_class_is_no_copy() -> None:
    with pytest.raises(
        ExpressionError, match=r"User\.x cannot be set to User\.y, which may hold values that User\.x does not allow"
    ):
        at_x(Caesar()).set(StringField().bind("User", Path("y")))
    assert at_x(Caesar()).set(Caesar().bind("User", Path("y"))) == SetUpdate(X, Path("y"))
