"""Every example of dynamongo 0.2's documentation, on both backends.

They stand as they were written, but for Python's `not`, which is `~`; the examples that read the whole table warn.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Iterator
from typing import Any, cast

import pytest

import dynamongo
from dynamongo import (
    BatchResult,
    ConditionalCheckFailedException,
    Connection,
    DateTimeField,
    EmailField,
    ExpressionError,
    IntField,
    ItemNotFound,
    ListField,
    Model,
    ScanWarning,
    StringField,
    UUIDField,
    exceptions,
    fields,
)
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection import connection
from dynamongo.expressions import conditions, updates
from dynamongo.model import model

prefixes = (f"seed-{uuid.uuid4().hex[:8]}-{number}-" for number in itertools.count())


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"

    email = EmailField(required=True)
    name = StringField(required=True)
    year_of_birth = IntField(max_value=2018, min_value=1900)
    cities_visited = ListField(StringField)
    created_at = DateTimeField(default=dt.datetime.now)


class Contacts(Model):
    __table__ = "user-contacts"
    __hash_key__ = "user_id"
    __range_key__ = "email"

    user_id = UUIDField(required=True)
    email = EmailField(required=True)
    created_at = DateTimeField(default=dt.datetime.now)


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "memory":
        return MemoryBackend()
    backend: DynamoDBBackend = request.getfixturevalue("dynamodb_backend")
    return backend


@pytest.fixture(autouse=True)
def tables(backend: Backend) -> Iterator[None]:
    Connection.set_config(
        access_key_id="<KEY>",
        secret_access_key="<SECRET>",
        region="us-east-1",
        table_prefix=next(prefixes),
        backend=backend,
    )
    for each in (User, Contacts):
        each.create_table()
    yield
    for each in (User, Contacts):
        each.delete_table()
    Connection.set_config()


JOHN = {
    "email": "johndoe@gmail.com",
    "name": "John Doe",
    "year_of_birth": 1990,
    "cities_visited": ["Nairobi", "New York"],
}


def save_people() -> None:
    """John, and five others who were born from 1985 on, every second of whom has been to Nairobi."""
    User.save_one(JOHN)
    for number in range(1, 6):
        User.save_one(
            {
                "email": f"email{number}@gmail.com",
                "name": f"Person {number}",
                "year_of_birth": 1980 + number * 5,
                "cities_visited": ["Nairobi"] if number % 2 else ["Oslo"],
            }
        )


def names_left() -> list[str]:
    return [user.name for user in User.get_many(scans="allow")]


def test_release_page() -> None:
    john = User.save_one(JOHN)
    jane = User.save_one({"email": "jane@gmail.com", "name": "Jane Doe"})
    assert john.name == "John Doe"
    assert (jane.year_of_birth, jane.cities_visited) == (None, [])

    user = User.get_one(User.email == "johndoe@gmail.com")
    assert user.to_dict() == JOHN | {"created_at": john.created_at}


def test_table_names_have_the_prefix() -> None:
    assert User.table_name().endswith("-users")
    assert User.table_name().startswith("seed-")


def test_save_one_takes_an_instance() -> None:
    user = User(email="johndoe@gmail.com", name="John Doe", cities_visited=[])
    user.year_of_birth = 1990
    user.cities_visited = ["Nairobi", "New York"]
    user = User.save_one(user)
    assert User.get_one("johndoe@gmail.com") == user


def test_save_one_without_overwrite_refuses_an_existing_item() -> None:
    first = User.save_one(JOHN, overwrite=False)
    with pytest.raises(ConditionalCheckFailedException) as caught:
        User.save_one({"email": "johndoe@gmail.com", "name": "Another"}, overwrite=False)
    assert caught.value.item == first
    assert User.get_one("johndoe@gmail.com").name == "John Doe"


def test_save_one_with_a_condition_overwrites_where_it_holds() -> None:
    User.save_one(JOHN)
    User.save_one({"email": "johndoe@gmail.com", "name": "Young John"}, overwrite=User.year_of_birth == 1990)
    with pytest.raises(ConditionalCheckFailedException):
        User.save_one({"email": "johndoe@gmail.com", "name": "Old John"}, overwrite=User.year_of_birth == 1990)
    assert User.get_one("johndoe@gmail.com").name == "Young John"


def test_save_many_without_overwrite_counts_the_second_of_two_equal_keys_as_failed() -> None:
    user_list: list[Any] = [JOHN, User(email="johndoe@gmail.com", name="John Doe", cities_visited=[])]
    result = User.save_many(user_list, overwrite=False)
    assert isinstance(result, BatchResult)
    assert (result.success_count, result.fail_count) == (1, 1)
    assert (result.success[0].year_of_birth, result.fail) == (1990, [user_list[1]])
    assert result.failures[0].reason.startswith("ConditionalCheckFailedException: User: ")


def test_save_many_replaces_by_default() -> None:
    result = User.save_many([JOHN, User(email="johndoe@gmail.com", name="The last")])
    assert (result.success_count, result.fail_count) == (2, 0)
    assert names_left() == ["The last"]


def test_save_many_with_a_condition_reports_whom_it_does_not_allow() -> None:
    save_people()
    changed = [User(email=f"email{number}@gmail.com", name="Changed") for number in (1, 2)]
    result = User.save_many(changed, overwrite=User.cities_visited.contains("Nairobi"))
    assert (result.success, result.fail) == ([changed[0]], [changed[1]])
    assert User.get_one("email2@gmail.com").name == "Person 2"


SINGLE = {
    "a scalar": "johndoe@gmail.com",
    "a dict": {"email": "johndoe@gmail.com"},
    "a dict with more than the key": {"email": "johndoe@gmail.com", "name": "ignored"},
    "an instance": User(email="johndoe@gmail.com"),
    "a key condition": User.email == "johndoe@gmail.com",
}
CHECKED = {
    "#1": (User.email == "johndoe@gmail.com") & (User.year_of_birth <= 2000),
    "#2": (User.email == "johndoe@gmail.com") & User.cities_visited.contains("Nairobi"),
    "#3": (User.email == "johndoe@gmail.com") & ((User.year_of_birth > 2000) | User.cities_visited.contains("Nairobi")),
}


@pytest.mark.parametrize("strategy", SINGLE.values(), ids=SINGLE)
def test_delete_one_returns_what_it_deleted_and_then_none(strategy: Any) -> None:
    john = User.save_one(JOHN)
    assert User.delete_one(strategy) == john
    assert User.delete_one(strategy) is None


@pytest.mark.parametrize("strategy", CHECKED.values(), ids=CHECKED)
def test_delete_one_with_additional_checks(strategy: conditions.AnyCondition) -> None:
    young = User.save_one(JOHN | {"year_of_birth": 2001, "cities_visited": []})
    deleted = User.delete_one(strategy)
    assert deleted == (young if "year_of_birth > 2000" in str(strategy) else None)
    john = User.save_one(JOHN)
    assert User.delete_one(strategy) == john


def test_delete_one_refuses_an_ored_key() -> None:
    with pytest.raises(ExpressionError, match="the key is ORed; it must be ANDed"):
        User.delete_one((User.email == "johndoe@gmail.com") | (User.year_of_birth > 2000))


def test_delete_many_by_a_list_of_strategies() -> None:
    save_people()
    result = User.delete_many(
        [
            "johndoe@gmail.com",
            "email1@gmail.com",
            {"email": "email2@gmail.com"},
            User(email="email3@gmail.com"),
            User.email == "email4@gmail.com",
            (User.email == "email5@gmail.com") & (User.year_of_birth <= 2000),
        ]
    )
    assert (result.success_count, [user.email for user in result.fail]) == (5, ["email5@gmail.com"])
    assert names_left() == ["Person 5"]


EMAILS = ["johndoe@gmail.com", "email2@gmail.com", "anotherone@xyz.com"]
BY_KEY = {"a list": EMAILS, "in_": User.email.in_(EMAILS), "keys_in": User.keys_in(EMAILS)}


@pytest.mark.parametrize("strategy", BY_KEY.values(), ids=BY_KEY)
def test_delete_many_by_keys(strategy: Any) -> None:
    save_people()
    assert User.delete_many(strategy).fail_count == 0
    assert names_left() == ["Person 1", "Person 3", "Person 4", "Person 5"]


def test_delete_many_by_keys_and_a_condition() -> None:
    save_people()
    result = User.delete_many(User.email.in_([*EMAILS, "email5@gmail.com"]) & (User.year_of_birth > 2000))
    assert [user.name for user in result.success] == ["Person 5"]
    assert names_left() == ["Person 1", "Person 2", "Person 3", "Person 4", "John Doe"]


def test_delete_many_by_a_condition_warns_of_the_scan() -> None:
    save_people()
    with pytest.warns(ScanWarning, match="condition on `cities_visited`"):
        result = User.delete_many(User.cities_visited.contains("Nairobi"))
    assert (result.success_count, result.fail_count) == (4, 0)
    assert names_left() == ["Person 2", "Person 4"]


def test_delete_many_by_a_negated_condition() -> None:
    save_people()
    User.save_one({"email": "dull@gmail.com", "name": "Dull", "year_of_birth": 1950})
    with pytest.warns(ScanWarning):
        result = User.delete_many((User.year_of_birth < 1990) & (~User.cities_visited.contains("Nairobi")))
    assert [user.name for user in result.success] == ["Dull"]


def test_not_raises_instead_of_dropping_the_condition() -> None:
    with pytest.raises(TypeError, match=r"& | ~"):
        _ = (User.year_of_birth < 1990) & cast("Any", not User.cities_visited.contains("Nairobi"))  # pyright refuses it


@pytest.mark.parametrize("strategy", SINGLE.values(), ids=SINGLE)
def test_get_one(strategy: Any) -> None:
    with pytest.raises(ItemNotFound):
        User.get_one(strategy)
    john = User.save_one(JOHN)
    assert User.get_one(strategy) == john


def test_get_many_by_a_list_of_strategies() -> None:
    save_people()
    users = User.get_many(
        [
            "johndoe@gmail.com",
            "email1@gmail.com",
            {"email": "email2@gmail.com"},
            User(email="email3@gmail.com"),
            User.email == "email4@gmail.com",
        ]
    )
    assert [user.name for user in users] == ["Person 1", "Person 2", "Person 3", "Person 4", "John Doe"]


@pytest.mark.parametrize("strategy", BY_KEY.values(), ids=BY_KEY)
def test_get_many_by_keys(strategy: Any) -> None:
    save_people()
    assert [user.name for user in User.get_many(strategy)] == ["Person 2", "John Doe"]


def test_get_many_by_keys_and_a_condition() -> None:
    save_people()
    users = User.get_many((User.email.in_([*EMAILS, "email5@gmail.com"])) & (User.year_of_birth > 2000))
    assert [user.name for user in users] == ["Person 5"]


def test_get_many_by_a_condition_warns_of_the_scan() -> None:
    save_people()
    with pytest.warns(ScanWarning):
        users = User.get_many(User.cities_visited.contains("Nairobi"))
    assert [user.name for user in users] == ["Person 1", "Person 3", "Person 5", "John Doe"]


def test_get_many_by_a_negated_condition() -> None:
    save_people()
    with pytest.warns(ScanWarning):
        users = User.get_many((User.year_of_birth < 1991) & (~User.cities_visited.contains("Nairobi")))
    assert [user.name for user in users] == ["Person 2"]


def test_get_many_sorts_descending_and_limits() -> None:
    save_people()
    users = User.get_many(User.year_of_birth.exists(), descending=True, limit=2, scans="allow")
    assert [user.name for user in users] == ["John Doe", "Person 5"]


def test_keys_in_of_composite_keys() -> None:
    ids = [uuid.uuid4(), uuid.uuid4()]
    for user_id, email in itertools.product(ids, ["john@gmail.com", "doe@gmail.com"]):
        Contacts.save_one({"user_id": user_id, "email": email})
    keys: list[tuple[uuid.UUID | str, str]] = [
        (ids[0], "john@gmail.com"),
        (str(ids[1]), "doe@gmail.com"),
        (uuid.uuid4(), "nobody@gmail.com"),
    ]
    contacts = Contacts.get_many(Contacts.keys_in(keys))
    assert {(contact.user_id, contact.email) for contact in contacts} == {
        (ids[0], "john@gmail.com"),
        (ids[1], "doe@gmail.com"),
    }


def test_composite_key_as_a_tuple_and_as_two_conditions() -> None:
    user_id = uuid.uuid4()
    contact = Contacts.save_one(Contacts(user_id=user_id, email="john@gmail.com"))
    assert Contacts.get_one((user_id, "john@gmail.com")) == contact
    assert Contacts.get_one({"user_id": user_id, "email": "john@gmail.com"}) == contact
    assert Contacts.get_one((Contacts.user_id == user_id) & (Contacts.email == "john@gmail.com")) == contact


def test_set_if_not_exists() -> None:
    User.save_one({"email": "johndoe@gmail.com", "name": "John"})
    for year in (1980, 1990):
        john = User.update_one("johndoe@gmail.com", User.year_of_birth.set_if_not_exists(year))
    assert john.year_of_birth == 1980


def test_documented_names_are_where_they_were() -> None:
    assert dynamongo.Connection is connection.Connection
    assert dynamongo.Model is model.Model
    for name in ("Field", "StringField", "EmailField", "URLField", "IPAddressField", "DateTimeField", "DateField"):
        assert issubclass(getattr(fields, name), fields.Field)
    for name in ("TimedeltaField", "ListField"):
        assert issubclass(getattr(fields, name), fields.Field)
    assert issubclass(exceptions.ConditionalCheckFailedException, Exception)
    assert issubclass(exceptions.ValidationError, Exception)
    both = (User.year_of_birth > 1990) & User.name.begins_with("J")
    assert isinstance(both, conditions.AndCondition)
    assert isinstance(both, conditions.BaseCondition)
    update = User.name.set("John")
    assert isinstance(update, updates.Update)
    assert isinstance(update, updates.SetUpdate)
    assert update.value == "John"
