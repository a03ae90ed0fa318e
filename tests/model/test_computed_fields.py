"""Fields that a function computes from others: in instances, in every verb, on both backends, in both colours."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import (
    AttributeNotLoaded,
    ConditionalCheckFailedException,
    Connection,
    DateTimeField,
    DecimalField,
    DictField,
    ExpressionError,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    SchemaError,
    SetField,
    StringField,
    ValidationError,
    before_save,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend

_prefixes = (f"computed-{number}-" for number in itertools.count())


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    first = StringField(required=True, stored_as="f")
    last = StringField()
    tags = ListField(StringField)
    home = DictField(city=StringField())
    full_name = StringField(
        required=True, computed=lambda user: f"{user.first} {user.last or ''}".strip(), computed_from=["first", "last"]
    )
    initials = StringField(
        computed=lambda user: "".join(part[0] for part in user.full_name.split()), computed_from=["full_name"]
    )
    tag_count = IntField(computed=lambda user: len(user.tags) or None, computed_from=["tags"], stored_as="n")
    city = StringField(computed=lambda user: (user.home or {}).get("city"), computed_from=["home"])
    visits = IntField()
    by_city = GlobalIndex(hash_key="city", range_key="full_name")


class OldUser(Model):
    """The same table, as those wrote it who computed nothing, or otherwise."""

    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    first = StringField(stored_as="f")
    last = StringField()
    full_name = StringField()
    city = StringField()
    by_city = GlobalIndex(hash_key="city", range_key="full_name")


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest, colour: str) -> Iterator[Backend]:
    del colour
    made: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(made, table_prefix=f"{next(_prefixes)}{os.getpid()}-"):
        User.create_table()
        yield made
        User.delete_table()


def computed(user: User) -> tuple[str | None, ...]:
    return user.full_name, user.initials, user.city


class TestInstances:
    def test_values_follow_from_the_constructor_and_from_assignments(self) -> None:
        user = User(email="a", first="Jane", last="Doe", tags=["x"], home={"city": "Oslo"})
        assert (*computed(user), user.tag_count) == ("Jane Doe", "JD", "Oslo", 1)
        user.last = "Roe"
        assert computed(user) == ("Jane Roe", "JR", "Oslo")
        del user.last
        user.home = None
        user.tags = []
        assert (*computed(user), user.tag_count) == ("Jane", "J", None, None)

    def test_instance_that_only_names_its_item_has_none(self) -> None:
        user = User(email="a")
        assert [user.full_name, user.initials] == [None, None]
        user.first = "Jane"
        assert user.initials == "J"

    def test_other_values_are_refused_and_equal_ones_taken(self) -> None:
        user = User(email="a", first="Jane", last="Doe")
        user.full_name = "Jane Doe"
        assert User.from_dict(user.to_dict()) == User.from_json(user.to_json()) == user
        refusal = r"User.full_name follows from first, last \(computed_from=\['first', 'last'\]\), and cannot be set by"
        with pytest.raises(ValidationError, match=refusal):
            user.full_name = "John Doe"
        with pytest.raises(ValidationError, match=refusal) as caught:
            User(email="a", first="Jane", full_name="John Doe")
        assert [(each.path, each.value) for each in caught.value.problems] == [("full_name", "John Doe")]
        with pytest.raises(ValidationError, match=r"User.full_name follows"):
            User.from_json('{"email": "a", "first": "Jane", "full_name": "John"}')

    def test_missing_value_is_told_together_with_all_else_that_is_missing(self) -> None:
        class Offer(Model):
            __table__ = "offers"
            __hash_key__ = "number"
            number = StringField()
            price = DecimalField()
            net = DecimalField(required=True, computed=lambda offer: offer.price, computed_from=["price"])
            note = StringField(required=True)

        with pytest.raises(ValidationError) as caught:
            Offer(number="a").save()
        assert [(each.path, each.kind) for each in caught.value.problems] == [("note", "missing"), ("net", "missing")]
        assert "Offer.net is required, and follows from price" in str(caught.value)

    def test_wrong_sources_are_told_in_place_of_what_follows_from_them(self) -> None:
        class Parcel(Model):
            __table__ = "parcels"
            __hash_key__ = "number"
            number = StringField()
            weights = ListField(IntField)
            first = IntField(computed=lambda parcel: (parcel.weights or [0])[0], computed_from=["weights"])
            half = IntField(computed=lambda parcel: 10 // len(parcel.weights), computed_from=["weights"])
            note = StringField(required=True)

        parcel = Parcel(number="a", weights=[1])
        parcel.weights.insert(0, "x")  # type: ignore[arg-type]  # the point
        with pytest.raises(
            ValidationError, match=r"^Parcel.weights\[0\] must be an int; got 'x'; Parcel.note"
        ) as caught:
            parcel.save()
        assert [each.path for each in caught.value.problems] == ["weights[0]", "note"]
        parcel.weights.clear()
        with pytest.raises(ValidationError, match=r"Parcel\.half cannot be computed") as caught:
            parcel.save()
        assert [each.path for each in caught.value.problems] == ["note", "half"]
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        with pytest.raises(ValidationError) as caught:
            Parcel(number="a")
        assert [each.path for each in caught.value.problems] == ["half"]

    def test_errors_of_the_function_name_the_field(self) -> None:
        class Order(Model):
            __table__ = "orders"
            __hash_key__ = "number"
            number = StringField()
            price = DecimalField()
            share = DecimalField(computed=lambda order: 1 / order.price, computed_from=["price"])
            note = StringField(computed=lambda order: order.number + order.price, computed_from=["number"])

        with pytest.raises(
            ValidationError, match=r"^Order.share cannot be computed from \{'price': None\}: TypeError: "
        ):
            Order(number="a")
        with pytest.raises(
            ValidationError, match=r"^Order.note cannot .* the fields that computed_from names: number$"
        ):
            Order(number="a", price=5)

        class Special(Order):
            note = StringField()

        with pytest.raises(ValidationError, match=r"^Special.share cannot be computed from .*: DivisionByZero: "):
            Special(number="a", price=0)
        instance = Special(number="a", price=5)
        with pytest.raises(ValidationError, match=r"^Special.share cannot"):
            instance.price = None

    def test_value_that_does_not_suit_the_field_is_refused(self) -> None:
        class Order(Model):
            __table__ = "orders"
            __hash_key__ = "number"
            number = StringField()
            short = StringField(max_length=2, computed=lambda order: order.number, computed_from=["number"])

        with pytest.raises(ValidationError, match=r"Order.short must be .*; got 'abc'"):
            Order(number="abc")


def update_in_transaction(key: str, *updates: Any) -> None:
    with Connection.transaction() as transaction:
        transaction.update(User, key, *updates)


WAYS_TO_UPDATE: dict[str, Callable[..., object]] = {
    "update_one": lambda key, *updates: User.update_one(key, updates),
    "update": lambda key, *updates: User.get_one(key).update(*updates),
    "upsert_one": lambda key, *updates: User.upsert_one(key, updates),
    "update_many": lambda key, *updates: User.update_many([key], updates),
    "find": lambda key, *updates: User.find(User.email == key).update(*updates),
    "transaction": update_in_transaction,
}


@pytest.mark.usefixtures("backend")
class TestWrites:
    def test_saves_store_what_follows_from_sources_changed_in_place(self) -> None:
        for save in (
            lambda user: user.save(),
            lambda user: user.save(only_changed=True),
            lambda user: User.save_many([user]),
        ):
            user = User(email="a", first="Jane", tags=["x"], home={"city": "Oslo"}).save()
            assert user.home is not None
            user.tags.append("y")
            user.home["city"] = "Rome"
            save(user)
            assert user == User.get_one("a")
            assert (user.tag_count, user.city) == (2, "Rome")
            assert User.get_many((User.city == "Rome") & User.full_name.begins_with("Ja")) == [user]

    @pytest.mark.parametrize("way", WAYS_TO_UPDATE)
    def test_updates_set_what_follows(self, way: str) -> None:
        User(email="a", first="Jane", last="Doe", home={"city": "Oslo"}).save()
        update = WAYS_TO_UPDATE[way]
        update("a", User.first.set("John"), User.last.remove(), User.home.set({"city": "Rome"}), User.visits.set(1))
        assert computed(User.get_one("a")) == ("John", "J", "Rome")
        update("a", User.home.remove())
        assert computed(User.get_one("a")) == ("John", "J", None)

    def test_updates_of_a_part_of_the_sources_are_refused(self) -> None:
        User(email="a", first="Jane", last="Doe", home={"city": "Oslo"}).save()
        for updates, reason in (
            (
                (User.first.set("John"),),
                r"full_name follows from first and last .*: set last in the same call; or read",
            ),
            ((User.first.set("John"), User.last.set_if_not_exists("x")), r"full_name follows from last.*User.last.set"),
            ((User.home.city.set("Rome"),), r"city follows from home .* only be updated by User.home.set\(...\)"),
            ((User.tags.append("x"),), r"tag_count follows from tags"),
            ((User.full_name.set("John Doe"),), r"User.full_name follows from first, last .* cannot be set by itself"),
        ):
            with pytest.raises(ExpressionError, match=reason):
                User.update_one("a", updates)
        assert User.update_from_dict("a", {"first": "John", "last": None}).full_name == "John"
        assert User.upsert_one("b", [User.first.set("Ann"), User.last.set("Lee")]).initials == "AL"
        assert User.update_one("a", User.visits.set(1)).visits == 1

    def test_update_of_an_instance_checks_the_sources_that_it_knows(self) -> None:
        class Pair(Model):
            __table__ = "users"
            __hash_key__ = "email"
            email = StringField(required=True)
            left = IntField()
            right = IntField()
            both = SetField(
                IntField, computed=lambda pair: {pair.left, pair.right} - {None, 0}, computed_from=["left", "right"]
            )

        Pair(email="a", left=1, right=2).save()
        for value, both in ((5, {2, 5}), (None, {2})):
            outdated = Pair.get_one("a")
            update = Pair.left.remove() if value is None else Pair.left.set(value)
            assert outdated.update(update).both == both
        for right in (None, 3):
            outdated = Pair.get_one("a")
            Pair.update_from_dict("a", {"left": None, "right": right})
            for left in (7, 0):  # with nothing at the right, 0 leaves nothing of both
                with pytest.raises(ConditionalCheckFailedException, match="both follows from right, which has changed"):
                    outdated.update(Pair.left.set(left))
            assert Pair.get_one("a").both == ({right} if right else set())

    def test_reading_keeps_what_is_stored_until_it_is_saved_or_migrated(self) -> None:
        OldUser.save_many([{"email": key, "first": "Jane", "last": "Doe", "full_name": "Doe, Jane"} for key in "ab"])
        user = User.get_one("a")
        assert computed(user) == ("Doe, Jane", None, None)
        assert computed(user.save(only_changed=True)) == ("Jane Doe", "JD", None)
        (page,) = User.find(scans="allow").migrate()
        assert not page.result.failures
        assert [each.full_name for each in OldUser.get_many(["a", "b"])] == ["Jane Doe"] * 2

    def test_migration_computes_again_what_a_hook_has_changed_in_place(self) -> None:
        class Tagged(OldUser):
            __table__ = "tagged"
            tags = ListField(StringField)
            count = IntField(computed=lambda user: len(user.tags), computed_from=["tags"])

            @before_save
            def add_tag(self) -> None:
                self.tags.append("x")

        Tagged.create_table()
        Tagged(email="a").save()
        assert [*Tagged.find(scans="allow").migrate(lambda user: setattr(user, "city", "Oslo"))]
        assert Tagged.get_one("a").to_dict(["tags", "count"]) == {"tags": ["x", "x"], "count": 2}

    def test_save_of_changes_checks_the_other_sources(self) -> None:
        class Sum(Model):
            __table__ = "sums"
            __hash_key__ = "key"
            key = StringField()
            left = IntField()
            right = IntField()
            place = DictField(city=StringField(), zip=StringField())
            total = IntField(
                computed=lambda each: (each.left or 0) + (each.right or 0), computed_from=["left", "right"]
            )
            label = StringField(
                computed=lambda each: " ".join((each.place or {}).values()) or None, computed_from=["place"]
            )

        Sum.create_table()
        for change in (lambda each: setattr(each, "right", 20), lambda each: each.place.update(zip="2")):
            for first in (lambda each: setattr(each, "left", 10), lambda each: each.place.update(city="Bergen")):
                Sum(key="a", left=1, place={"city": "Oslo", "zip": "1"}).save()
                mine, yours = Sum.get_one("a"), Sum.get_one("a")
                first(mine)
                change(yours)
                mine.save(only_changed=True)
                try:
                    yours.save(only_changed=True)
                except ConditionalCheckFailedException:
                    change(yours.reload())
                    yours.save(only_changed=True)
                stored = Sum.get_one("a")
                assert stored.total == (stored.left or 0) + (stored.right or 0)
                assert stored.label == " ".join((stored.place or {}).values())

    def test_partly_read_instance_computes_what_it_can(self) -> None:
        User(email="a", first="Jane", last="Doe").save()
        part = User.get_one("a", projection=[User.email, User.first])
        part.first = "John"
        with pytest.raises(
            AttributeNotLoaded, match=r"^User.full_name follows from first, which has changed, and from last"
        ):
            part.save(only_changed=True)
        part = User.get_one("a", projection=[User.email, User.first, User.last, User.full_name, User.initials])
        part.first = "John"
        part.save(only_changed=True)
        assert computed(User.get_one("a")) == ("John Doe", "JD", None)

    def test_part_of_a_source_is_no_source(self) -> None:
        class House(Model):
            __table__ = "users"
            __hash_key__ = "email"
            email = StringField(required=True)
            name = StringField()
            place = DictField(city=StringField(), zip=StringField())
            line = StringField(computed=lambda house: f"{house.name} {house.place}", computed_from=["name", "place"])

        house = House(email="a", name="x", place={"city": "Oslo"}).save()
        for paths in ([House.place.zip], [House.place.zip, House.line], [House.name, House.line, House.place.city]):
            part = House.get_one("a", projection=[House.email, *paths])
            part.save(only_changed=True)
            assert House.get_one("a") == house
        part.name = "y"  # now that of the last projection
        assert part.line == house.line
        with pytest.raises(AttributeNotLoaded, match=r"and from place .*, which was not read as a whole: call reload"):
            part.save(only_changed=True)

    def test_constructor_may_assign_a_source_first(self) -> None:
        class Shouting(User):
            def __init__(self, **values: Any) -> None:
                self.first = "JANE"
                super().__init__(**{"first": "JANE", **values})

        assert Shouting(email="a").full_name == "JANE"

    def test_computed_key_cannot_be_changed_by_an_update(self) -> None:
        class Half(Model):
            __table__ = "users"
            __hash_key__ = "email"
            name = StringField(required=True)
            email = StringField(computed=lambda half: half.name.lower(), computed_from=["name"])

        assert Half(name="Jane").save().email == "jane"
        with pytest.raises(ExpressionError, match="cannot change name, because the key email follows from it"):
            Half.update_one("jane", Half.name.set("x"))


def test_declarations_that_make_no_sense() -> None:
    wrong: Any = "first"

    def first(user: Any) -> Any:
        return user.first

    for make, text in (
        (lambda: StringField(computed=wrong, computed_from=["first"]), "computed must be a function.*got 'first'"),
        (lambda: StringField(computed=first), "computed needs computed_from"),
        (lambda: StringField(computed=first, computed_from=wrong * 1), "computed_from must be a list of names"),
        (lambda: StringField(computed_from=["first"]), "computed must be a function.*got None"),
        (lambda: StringField(computed=first, computed_from=["first"], template="{first}"), "exclude each other"),
        (lambda: ListField(StringField(computed=first, computed_from=["first"])), "is for the fields of a model"),
    ):
        with pytest.raises(SchemaError, match=text):
            make()
    for field, text in (
        (StringField(computed=first, computed_from=["x"]), "Bad.field: computed_from=.* names 'x', which is no field"),
        (StringField(computed=first, computed_from=["field"]), "Bad: field follows from itself"),
        (StringField(computed=first, computed_from=["key"], default="x"), "and default exclude each other"),
        (StringField(computed=first, computed_from=["key"], immutable=True), "and immutable=True exclude each other"),
    ):
        with pytest.raises(SchemaError, match=text):
            type("Bad", (Model,), {"__table__": "bad", "__hash_key__": "key", "key": StringField(), "field": field})


def test_members_may_still_have_the_names_of_the_options() -> None:
    field = DictField(immutable=StringField(), computed=StringField, computed_from=DateTimeField())
    assert list(field.fields) == ["immutable", "computed", "computed_from"]


def test_json_schema_says_that_they_are_read_only() -> None:
    schema = User.json_schema()
    read_only = {name for name, each in schema["properties"].items() if each.get("readOnly")}
    assert (read_only, schema["required"]) == ({"full_name", "initials", "tag_count", "city"}, ["email", "first"])
    assert "full_name" in User.json_schema("serialization")["required"]
