"""The verbs with items that other writers stored, with conditions of other models, and with slips of the caller."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    DictField,
    EmailField,
    ExpressionError,
    IntField,
    InvalidRequestError,
    ListField,
    Model,
    SchemaError,
    SetField,
    StringField,
    TableNotFound,
    ValidationError,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import Path
from dynamongo.operations import Get, Put
from dynamongo.verbs.metaclass import ModelMeta


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"

    email = EmailField(required=True)
    name = StringField()
    year = IntField()
    tags = SetField(StringField)

    @property
    def upper(self) -> str:
        return (self.name or "").upper()

    @upper.setter
    def upper(self, text: str) -> None:
        self.name = text.lower()


class Text(User):
    year = StringField()  # type: ignore[assignment]  # another one than that of the base
    name = StringField(max_length=3)
    note = StringField()


class City(Model):
    __table__ = "cities"
    __hash_key__ = "label"

    label = StringField(required=True)
    population = IntField()


class Namesake(Model):
    __table__ = "namesakes"
    __hash_key__ = "email"

    email = IntField(required=True)
    name = DictField(city=StringField())
    year = StringField()
    tags = ListField(IntField)


def transact(act: Any) -> None:
    with Connection.transaction() as transaction:
        act(transaction)


@pytest.fixture(autouse=True)
def backend() -> Iterator[MemoryBackend]:
    with Connection.using(MemoryBackend()) as backend:
        User.create_table()
        yield backend  # type: ignore[misc]  # it is the one that was given


@pytest.fixture
def foreign(backend: MemoryBackend) -> None:
    """An item whose name is a number, as another writer could have stored it."""
    backend.execute(Put("users", {"email": "b@b.co", "name": 5}))


def names(backend: MemoryBackend, *emails: str) -> list[Any]:
    found = [backend.execute(Get("users", {"email": email})).item for email in emails]
    return [item and item.get("name") for item in found]


class TestItemsThatCannotBeRead:
    MESSAGE = (
        r"User\.name must be stored as a string; got a value of type int; stored in the item with email = 'b@b.co'"
    )

    def test_error_names_the_unreadable_item(self, foreign: None) -> None:
        with pytest.raises(ValidationError, match=self.MESSAGE):
            User.get_one("b@b.co")

    def test_batch_reports_every_outcome(self, backend: MemoryBackend, foreign: None) -> None:
        users = [User(email=f"{letter}@b.co", name=letter) for letter in "abc"]
        result = User.save_many(users, overwrite=False)
        assert (result.success, result.fail) == ([users[0], users[2]], [users[1]])
        error = result.failures[0].error
        assert isinstance(error, ConditionalCheckFailedException)
        assert error.item == {"email": "b@b.co", "name": 5}
        assert names(backend, "a@b.co", "b@b.co", "c@b.co") == ["a", 5, "c"]

    def test_delete_reports_that_it_succeeded_and_the_item(self, backend: MemoryBackend, foreign: None) -> None:
        with pytest.raises(ValidationError, match=f"^the item was deleted, but .*{self.MESSAGE}") as caught:
            User.delete_one("b@b.co")
        assert caught.value.item == {"email": "b@b.co", "name": 5}
        assert names(backend, "b@b.co") == [None]

    def test_update_reports_that_it_succeeded_and_the_item(self, foreign: None) -> None:
        with pytest.raises(
            ValidationError, match=r"^the item was updated, but the stored item cannot be read"
        ) as caught:
            User.update_one("b@b.co", User.year.set(1990))
        assert caught.value.item == {"email": "b@b.co", "name": 5, "year": 1990}

    def test_delete_by_condition_deletes_nothing(self, backend: MemoryBackend, foreign: None) -> None:
        User.save_one({"email": "a@b.co"})
        with pytest.raises(ValidationError, match=self.MESSAGE):
            User.delete_many(User.year.not_exists(), scans="allow")
        assert names(backend, "b@b.co") == [5]
        assert User.get_one("a@b.co", None) is not None


class TestOtherModels:
    @pytest.mark.parametrize(
        "call",
        [
            lambda: User.get_many(City.population == 6, scans="allow"),
            lambda: User.explain((User.name == "x") | (City.population == 6)),
            lambda: User.get_one((User.email == "a@b.co") & (City.population == 6)),
            lambda: User.get_many([(User.email == "a@b.co") & (City.population == 6)]),
            lambda: User.delete_many(City.population == 6, scans="allow"),
            lambda: User.save_one({"email": "a@b.co"}, overwrite=City.population == 6),
            lambda: User.update_one("a@b.co", City.population.set(5)),
            lambda: User.update_one("a@b.co", User.year.set(City.population)),
        ],
    )
    def test_condition_or_update_of_another_model_is_refused(self, call: Any) -> None:
        with pytest.raises(ExpressionError, match=r"User has no field 'population': it belongs to City$"):
            call()

    @pytest.mark.parametrize(
        "call",
        [
            lambda: User.get_many(Namesake.year == "6", scans="allow"),
            lambda: User.find(Namesake.year == "6", scans="allow").all(),
            lambda: User.explain((User.name == "x") | (Namesake.year == "6")),
            lambda: User.get_one(Namesake.email == 5),
            lambda: User.get_one((User.email == "a@b.co") & (Namesake.year == "6")),
            lambda: User.get_one((User.email == "a@b.co") & (User.name == Namesake.year)),
            lambda: User.get_many([Namesake.email == 5]),
            lambda: User.get_many(Namesake.name.city == "x", scans="allow"),
            lambda: User.get_many(Namesake.email.in_([5])),
            lambda: User.get_many(Namesake.keys_in([5])),
            lambda: User.delete_many(Namesake.keys_in([Namesake.email == 5, 6])),
            lambda: User.get_one("a@b.co", projection=[Namesake.year]),
            lambda: User.delete_one(Namesake.email == 5),
            lambda: User.save_one({"email": "a@b.co"}, overwrite=Namesake.year == "6"),
            lambda: User.update_one("a@b.co", Namesake.year.set("x")),
            lambda: User.update_one("a@b.co", Namesake.year.remove()),
            lambda: User.update_many(["a@b.co"], Namesake.tags.append(1)),
            lambda: User.update_one("a@b.co", User.name.set(Namesake.year)),
            lambda: transact(lambda tx: tx.update(User, "a@b.co", Namesake.year.set("x"))),
            lambda: transact(lambda tx: tx.check(User, (User.email == "a@b.co") & (Namesake.year == "x"))),
        ],
    )
    def test_a_field_of_the_same_name_is_refused_too(self, call: Any) -> None:
        with pytest.raises(
            ExpressionError, match=r"User: [a-z.]+ belongs to Namesake; use a field of User or of a base"
        ):
            call()

    def test_field_of_a_base_belongs_to_the_model(self) -> None:
        class Admin(User):
            pass

        User.save_one({"email": "a@b.co", "year": 6})
        assert [each.year for each in Admin.get_many(User.year == 6, scans="allow")] == [6]
        with pytest.raises(ExpressionError, match="User: year belongs to Admin"):
            User.get_many(Admin.year == 6, scans="allow")

    @pytest.mark.parametrize(
        ("call", "what"),
        [
            (lambda: Text.get_many(User.year == 6, scans="allow"), "values"),
            (lambda: Text.update_one("a@b.co", User.year.set(6)), "values"),
            (lambda: Text.update_one("a@b.co", User.year.remove()), "values"),
            (lambda: Text.update_one("a@b.co", Text.note.set(Text.year)), ""),
            (lambda: Text.update_one("a@b.co", User.name.set("long")), "rules"),
            (lambda: Text.update_one("a@b.co", Text.note.set(User.name)), "rules"),
        ],
    )
    def test_redeclared_field_of_a_base_is_another_field(self, call: Any, what: str) -> None:
        if not what:
            Text.save_one({"email": "a@b.co", "year": "6"})
            assert call().note == "6"
            return
        declared = f"belongs to User, and Text redeclares it with other {what}; use the field of Text"
        with pytest.raises(ExpressionError, match=declared):
            call()

    def test_condition_may_name_a_base_field_that_is_stored_alike(self) -> None:
        User.save_one({"email": "a@b.co", "name": "abc"})
        assert [each.name for each in Text.get_many(User.name == "abc", scans="allow")] == ["abc"]

    def test_a_path_knows_its_model_and_is_equal_to_one_that_does_not(self) -> None:
        path = (Namesake.name.city == "x").left
        assert path == Path("name", "city")
        assert repr(path) == repr(Path("name", "city"))
        assert pickle.loads(pickle.dumps(path)).owner == f"{__name__}.Namesake"


class TestSlips:
    @pytest.mark.parametrize("tags", ["", 0, False])
    def test_wrong_value_does_not_remove_the_attribute(self, tags: Any) -> None:
        User.save_one({"email": "a@b.co", "tags": {"x"}})
        with pytest.raises(ValidationError, match=r"User\.tags"):
            User.update_from_dict("a@b.co", {"tags": tags})
        assert User.update_from_dict("a@b.co", {"tags": set()}).tags == set()

    def test_anything_but_an_update_is_refused(self) -> None:
        for updates in (5, None, [5], "year"):
            with pytest.raises(ExpressionError, match=r"expected an update, such as User\.name\.set"):
                User.update_one("a@b.co", updates)  # type: ignore[arg-type]  # the slip

    def test_method_cannot_be_assigned(self) -> None:
        user = User(email="a@b.co")
        with pytest.raises(ValidationError, match="unknown field 'save'"):
            user.save = 5  # type: ignore[assignment,method-assign]  # the slip
        user.upper = "JANE"
        assert (user.name, user.upper) == ("jane", "JANE")

    def test_key_of_a_base_class_is_not_a_key_of_a_derived_class(self) -> None:
        class ByName(User):
            __table__ = "by-name"
            __hash_key__ = "name"

        assert (User.email.is_key, User.name.is_key) == (True, False)
        assert (ByName.email.is_key, ByName.name.is_key) == (False, True)

    def test_many_keys_with_checks_of_their_own_are_deleted(self) -> None:
        users = [User(email=f"u{number}@b.co", year=1990 + number % 2) for number in range(120)]
        User.save_many(users)
        entries = [(User.email == user.email) & (User.year == 1990) for user in users]
        result = User.delete_many(User.keys_in(entries))
        assert (result.success_count, result.fail_count) == (60, 0)

    def test_plain_attribute_of_the_class_may_differ_on_an_instance(self) -> None:
        class Counted(User):
            __table__ = "counted"
            seen = 0

        user = Counted(email="a@b.co")
        user.seen = 3
        assert (user.seen, Counted.seen) == (3, 0)
        assert user == Counted(email="a@b.co")  # it is no part of the item

    @pytest.mark.parametrize("name", ["__rangekey__", "__hash_keys__", "__table_name__", "__write_unit__"])
    def test_misspelled_option_is_refused(self, name: str) -> None:
        with pytest.raises(SchemaError, match=rf"Slip\.{name} is unknown; did you mean __"):
            ModelMeta("Slip", (User,), {name: "year"})

    def test_dict_with_an_unknown_name_is_refused(self) -> None:
        User.save_one({"email": "a@b.co", "name": "a"})
        with pytest.raises(ExpressionError, match=r"unknown field 'nmae'; did you mean User\.name"):
            User.delete_one({"email": "a@b.co", "nmae": "b"})
        assert User.delete_one({"email": "a@b.co", "name": "b"}) is not None

    def test_single_name_is_not_a_list_of_names(self) -> None:
        with pytest.raises(ValidationError, match=r"User\.to_dict: only must be a list of field names; got 'name'"):
            User(email="a@b.co").to_dict(only="name")


class TestErrorsOfTheStore:
    def test_missing_table_is_named(self) -> None:
        with pytest.raises(TableNotFound, match=r"^City: .*\(the table cities\) \(Scan cities, 1 attempt\)$"):
            City.get_many(scans="allow")

    def test_item_that_cannot_be_updated_is_named(self) -> None:
        User.save_one({"email": "a@b.co"})
        with pytest.raises(
            InvalidRequestError, match=r"^User: .*not exist.*\(the item with email = 'a@b.co' in the table"
        ):
            User.update_one("a@b.co", User.year.increment())
