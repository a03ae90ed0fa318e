"""Instances of models: their values, and the items stored for them."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from dynamongo import (
    AttributeNotLoaded,
    Connection,
    DictField,
    EmailField,
    Field,
    IntField,
    ListField,
    Model,
    SchemaError,
    SetField,
    StringField,
    TableMismatch,
    ValidationError,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.values import Item

pytestmark = pytest.mark.usefixtures("colour")


NUMBERS = itertools.count(1)


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = EmailField(required=True)
    name = StringField(required=True)
    year = IntField(min_value=1900, max_value=2018)
    cities = ListField(StringField)
    tags = SetField(StringField)
    address = DictField(city=StringField())


class Prepared(Model):
    __table__ = "prepared"
    __hash_key__ = "id"
    id = StringField()
    cities = ListField(StringField, default=["Rome"])
    number = IntField(default=lambda: next(NUMBERS))
    extra = Field(default={"deep": [1]})
    note = StringField(default="none yet")


EMPTY: dict[str, Any] = {"name": None, "year": None, "cities": [], "tags": set(), "address": None}


class TestConstructor:
    def test_values_are_there_and_the_rest_is_absent(self) -> None:
        user = User(email="jane@example.com", year=1990)
        assert vars(user) == EMPTY | {"email": "jane@example.com", "year": 1990}

    def test_instance_without_any_value_may_be_built(self) -> None:
        assert vars(User()) == EMPTY | {"email": None}

    def test_values_are_converted_as_their_fields_do(self) -> None:
        user = User(email="jane@EXAMPLE.com", year=Decimal(1990), cities=("Rome",), tags=["a", "a"])
        assert (user.email, user.year, user.cities, user.tags) == ("jane@example.com", 1990, ["Rome"], {"a"})

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"email": "nobody"}, r"^User\.email must be an email address"),
            ({"year": 1800}, r"^User\.year must be an int from 1900 to 2018; got 1800$"),
            ({"year": "1990"}, r"^User\.year must be an int from 1900 to 2018; got '1990'$"),
            ({"year": True}, r"^User\.year must be an int from 1900 to 2018; got True$"),
            ({"cities": ["Rome", 5]}, r"^User\.cities\[1\] must be a str; got 5$"),
            ({"cities": "Rome"}, r"^User\.cities must be a list; got 'Rome'$"),
            ({"address": {"town": "Rome"}}, r"^User\.address has no field 'town'; it has: city$"),
        ],
        ids=str,
    )
    def test_values_given_are_validated_at_once(self, values: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            User(**values)

    def test_required_is_checked_when_it_is_saved(self) -> None:
        assert User(email="jane@example.com").name is None

    def test_unknown_name_is_refused_with_a_guess(self) -> None:
        with pytest.raises(ValidationError, match=r"^unknown field 'emial'; did you mean User.email\?$"):
            User(emial="jane@example.com")

    def test_several_unknown_names_are_all_named(self) -> None:
        with pytest.raises(
            ValidationError, match=r"^unknown fields 'yaer', 'citys'; did you mean User.year, User.cities\?$"
        ):
            User(yaer=1990, citys=[])

    def test_unknown_name_without_a_guess_gets_the_list(self) -> None:
        with pytest.raises(
            ValidationError, match=r"^unknown field 'zzz'; User has: email, name, year, cities, tags, address$"
        ):
            User(zzz=1)

    def test_what_a_derived_class_set_before_is_kept(self) -> None:
        class Seen(User):
            def __init__(self, **values: Any) -> None:
                self._seen = True
                super().__init__(**values)

        seen = Seen(email="jane@example.com")
        assert vars(seen) == EMPTY | {"email": "jane@example.com", "_seen": True}

    @pytest.mark.parametrize("name", ["save", "self", "_undeclared", "__dict__", "__class__"])
    def test_name_of_another_attribute_is_unknown(self, name: str) -> None:
        with pytest.raises(ValidationError, match=f"^unknown field '{name}'; "):
            User(**{name: 1})


class TestDefaults:
    def test_default_is_the_value_if_none_is_given(self) -> None:
        prepared = Prepared(id="a")
        assert (prepared.cities, prepared.extra, prepared.note) == (["Rome"], {"deep": [1]}, "none yet")

    def test_value_given_wins_over_the_default(self) -> None:
        prepared = Prepared(id="a", cities=[], note="", number=0)
        assert (prepared.cities, prepared.note, prepared.number) == ([], "", 0)

    def test_explicit_none_is_not_replaced_by_the_default(self) -> None:
        prepared = Prepared(id="a", cities=None, note=None)
        assert (prepared.cities, prepared.note) == ([], None)

    def test_default_is_copied_for_each_instance_at_every_depth(self) -> None:
        first = Prepared(id="a")
        first.cities.append("Oslo")
        first.extra["deep"].append(2)
        second = Prepared(id="b")
        assert (second.cities, second.extra) == (["Rome"], {"deep": [1]})

    def test_callable_default_is_called_for_each_instance(self) -> None:
        first, second = Prepared(id="a").number, Prepared(id="b").number
        assert first is not None
        assert second == first + 1

    def test_empty_containers_of_instances_are_their_own(self) -> None:
        first, second = User(), User()
        first.cities.append("Rome")
        first.tags.add("a")
        assert (second.cities, second.tags) == ([], set())


class TestAssignment:
    def test_assignment_converts(self) -> None:
        user = User()
        user.email = "jane@EXAMPLE.com"
        assert user.email == "jane@example.com"

    def test_assignment_validates_and_changes_nothing_if_it_fails(self) -> None:
        user = User(year=1990)
        with pytest.raises(ValidationError, match=r"^User\.year must be an int from 1900 to 2018; got 1800$"):
            user.year = 1800
        assert user.year == 1990

    def test_assigned_none_removes_the_value(self) -> None:
        user = User(year=1990, cities=["Rome"])
        user.year = None
        user.cities = None  # type: ignore[assignment]  # the list is emptied
        assert (user.year, user.cities) == (None, [])

    def test_deleted_value_is_none(self) -> None:
        user = User(year=1990, cities=["Rome"])
        del user.year
        del user.cities
        assert user == User()

    def test_unknown_name_cannot_be_assigned(self) -> None:
        user: Any = User()
        with pytest.raises(ValidationError, match=r"^unknown field 'nmae'; did you mean User.name\?$"):
            user.nmae = "Jane"
        assert user == User()

    def test_unknown_name_cannot_be_deleted(self) -> None:
        user: Any = User()
        with pytest.raises(AttributeError):
            del user.nmae

    def test_private_names_and_properties_may_be_assigned(self) -> None:
        class Named(User):
            @property
            def first(self) -> str | None:
                return self.name

            @first.setter
            def first(self, value: str) -> None:
                self.name = value

        named: Any = Named()
        named.first = "Jane"
        named._seen = True
        assert (named.name, named._seen) == ("Jane", True)

    def test_assigned_list_is_not_shared_with_the_one_given(self) -> None:
        cities = ["Rome"]
        user = User(cities=cities)
        cities.append("Oslo")
        assert user.cities == ["Rome"]


class TestDicts:
    USER = User(email="jane@example.com", name="Jane", year=1990, cities=["Rome"], tags={"a"}, address={"city": "Rome"})

    def test_to_dict_holds_all_fields(self) -> None:
        assert self.USER.to_dict() == {
            "email": "jane@example.com",
            "name": "Jane",
            "year": 1990,
            "cities": ["Rome"],
            "tags": {"a"},
            "address": {"city": "Rome"},
        }

    def test_to_dict_of_some_is_in_the_order_asked(self) -> None:
        assert list(self.USER.to_dict(only=["year", "email"]).items()) == [
            ("year", 1990),
            ("email", "jane@example.com"),
        ]
        assert self.USER.to_dict(only=[]) == {}

    def test_to_dict_takes_any_iterable_of_names(self) -> None:
        assert self.USER.to_dict(only=(name for name in ["year"])) == {"year": 1990}

    def test_to_dict_refuses_unknown_names(self) -> None:
        with pytest.raises(ValidationError, match=r"^unknown field 'yaer'; did you mean User.year\?$"):
            self.USER.to_dict(only=["yaer"])

    def test_changing_the_dict_does_not_change_the_instance(self) -> None:
        user = copy.deepcopy(self.USER)
        values = user.to_dict()
        values["cities"].append("Oslo")
        values["tags"].add("b")
        values["address"]["city"] = "Oslo"
        assert user == self.USER

    @pytest.mark.parametrize(
        "instance",
        [
            USER,
            User(),
            Prepared(id="a"),
            Prepared(id="a", note=None, number=None),
            Prepared.__mapper__.decode({"id": "b"}),
        ],
        ids=repr,
    )
    def test_from_dict_is_the_inverse_of_to_dict(self, instance: Model) -> None:
        assert type(instance).from_dict(instance.to_dict()) == instance

    def test_from_dict_refuses_what_the_constructor_does(self) -> None:
        with pytest.raises(ValidationError, match=r"^unknown field 'emial'; did you mean User.email\?$"):
            User.from_dict({"emial": "x"})
        with pytest.raises(ValidationError, match=r"^User\.year must be "):
            User.from_dict({"year": "x"})


class TestEquality:
    def test_same_values_are_equal(self) -> None:
        assert User(year=1990, cities=["Rome"]) == User(year=1990, cities=["Rome"])

    def test_other_values_are_not_equal(self) -> None:
        assert User(year=1990) != User(year=1991)
        assert User(year=1990) != User()

    def test_undeclared_attributes_count(self) -> None:
        item: Item = {"email": "a@b.no", "extra": 1}
        assert User.__mapper__.decode(item) != User.__mapper__.decode({"email": "a@b.no"})
        assert User.__mapper__.decode(item) == User.__mapper__.decode(dict(item))

    def test_instance_of_another_model_is_never_equal(self) -> None:
        class Member(User):
            pass

        assert Member() != User()
        assert User() != Member()
        assert User() != {"email": None}

    def test_instances_are_not_hashable_since_they_change(self) -> None:
        with pytest.raises(TypeError, match="unhashable"):
            hash(User())


class TestRepr:
    def test_it_shows_the_values_that_are_set(self) -> None:
        user = User(email="jane@example.com", cities=["Rome"])
        assert repr(user) == "User(email='jane@example.com', cities=['Rome'])"

    def test_it_can_be_evaluated(self) -> None:
        user = User(email="jane@example.com", name="Jane", year=1990, tags={"a"}, address={"city": "Rome"})
        assert eval(repr(user)) == user


class TestItems:
    def test_absent_values_are_not_stored(self) -> None:
        user = User(email="jane@example.com", name="Jane")
        assert user.__mapper__.encode(user) == {"email": "jane@example.com", "name": "Jane", "cities": []}

    def test_item_and_instance_are_the_inverse_of_each_other(self) -> None:
        user = TestDicts.USER
        assert User.__mapper__.decode(user.__mapper__.encode(user)) == user

    @pytest.mark.parametrize("missing", ["name", "email"])
    def test_required_value_must_be_there_when_it_is_stored(self, missing: str) -> None:
        values = {"email": "jane@example.com", "name": "Jane"}
        del values[missing]
        with pytest.raises(ValidationError, match=rf"^User\.{missing} is required but has no value$"):
            User.__mapper__.encode(User.from_dict(values))

    def test_key_must_be_there_when_it_is_stored_though_not_marked_as_required(self) -> None:
        with pytest.raises(
            ValidationError, match=r"^Prepared\.id must be given, because it is part of the key; got None$"
        ):
            Prepared.__mapper__.encode(Prepared())

    def test_empty_key_cannot_be_stored(self) -> None:
        with pytest.raises(
            ValidationError, match=r"^Prepared\.id must be non-empty, because it is part of a key; got ''$"
        ):
            Prepared.__mapper__.encode(Prepared(id=""))

    def test_empty_text_is_stored_elsewhere(self) -> None:
        assert Prepared.__mapper__.encode(Prepared(id="a", note=""))["note"] == ""

    def test_list_changed_in_place_is_validated_when_it_is_stored(self) -> None:
        user = User(email="jane@example.com", name="Jane")
        user.cities.append(5)  # type: ignore[arg-type]  # what is tested
        with pytest.raises(ValidationError, match=r"^User\.cities\[0\] must be a str; got 5$"):
            user.__mapper__.encode(user)

    def test_list_changed_in_place_is_stored_as_it_is_now(self) -> None:
        user = User(email="jane@example.com", name="Jane", cities=["Rome"])
        user.cities.append("Oslo")
        assert user.__mapper__.encode(user)["cities"] == ["Rome", "Oslo"]

    def test_item_shares_no_container_with_the_instance(self) -> None:
        user = User(email="jane@example.com", name="Jane", cities=["Rome"], address={"city": "Rome"})
        item: Any = user.__mapper__.encode(user)
        item["cities"].append("Oslo")
        item["address"]["city"] = "Oslo"
        assert (user.cities, user.address) == (["Rome"], {"city": "Rome"})

    def test_null_is_read_as_none(self) -> None:
        item: Item = {"email": "jane@example.com", "year": None, "cities": None, "tags": None}
        assert User.__mapper__.decode(item) == User(email="jane@example.com")

    def test_missing_attribute_is_read_as_none_and_not_as_the_default(self) -> None:
        read = Prepared.__mapper__.decode({"id": "a"})
        assert (read.cities, read.number, read.note) == ([], None, None)

    def test_stored_value_that_its_field_could_not_have_stored_is_an_error(self) -> None:
        with pytest.raises(
            ValidationError,
            match=r"^User\.cities must be stored as a list; got a value of type str; stored in the item with email = ",
        ):
            User.__mapper__.decode({"email": "jane@example.com", "cities": "Rome"})

    def test_abstract_model_has_no_item(self) -> None:
        class Base(Model):
            __abstract__ = True
            id = StringField()

        with pytest.raises(SchemaError, match=r"^Base is abstract"):
            Base.__mapper__.encode(Base(id="x"))


class TestUndeclaredAttributes:
    STORED: ClassVar[Item] = {
        "email": "jane@example.com",
        "name": "Jane",
        "cities": [],
        "age": 33,
        "more": {"deep": [1]},
    }

    def test_they_survive_a_read_and_a_save(self) -> None:
        assert User.__mapper__.encode(User.__mapper__.decode(self.STORED)) == self.STORED

    def test_they_survive_a_change_of_the_rest(self) -> None:
        user = User.__mapper__.decode(self.STORED)
        user.name = "Janet"
        assert user.__mapper__.encode(user) == self.STORED | {"name": "Janet"}

    def test_they_are_visible_and_not_fields(self) -> None:
        user = User.__mapper__.decode(self.STORED)
        assert user.undeclared() == {"age": 33, "more": {"deep": [1]}}
        assert "age" not in user.to_dict()
        assert User().undeclared() == {}

    def test_changing_the_returned_dict_changes_nothing(self) -> None:
        user = User.__mapper__.decode(self.STORED)
        user.undeclared()["more"]["deep"].append(2)
        user.undeclared().clear()
        assert user.undeclared() == {"age": 33, "more": {"deep": [1]}}

    def test_null_without_a_field_survives_too(self) -> None:
        assert User.__mapper__.decode({"email": "a@b.no", "extra": None}).undeclared() == {"extra": None}


COPIES = [copy.copy, copy.deepcopy, lambda instance: pickle.loads(pickle.dumps(instance))]


class TestCopies:
    @pytest.mark.parametrize("make_copy", COPIES, ids=["copy", "deepcopy", "pickle"])
    @pytest.mark.parametrize(
        "instance", [TestDicts.USER, User(), User.__mapper__.decode(TestUndeclaredAttributes.STORED)], ids=repr
    )
    def test_copy_is_equal_and_another_object(self, make_copy: Any, instance: User) -> None:
        copied = make_copy(instance)
        assert copied == instance
        assert copied is not instance
        assert copied.undeclared() == instance.undeclared()

    @pytest.mark.parametrize("make_copy", COPIES, ids=["copy", "deepcopy", "pickle"])
    def test_assigning_to_a_copy_leaves_the_original(self, make_copy: Any) -> None:
        user = User(year=1990)
        make_copy(user).year = 1991
        assert user.year == 1990

    @pytest.mark.parametrize("make_copy", COPIES[1:], ids=["deepcopy", "pickle"])
    def test_deep_copy_shares_no_container(self, make_copy: Any) -> None:
        user = User(cities=["Rome"])
        make_copy(user).cities.append("Oslo")
        assert user.cities == ["Rome"]

    @pytest.mark.parametrize("make_copy", COPIES, ids=["copy", "deepcopy", "pickle"])
    def test_copy_of_a_part_is_a_part(self, make_copy: Any) -> None:
        part = User.__mapper__.decode_partial(
            {"email": "a@b.c", "address": {"city": "Rome"}}, (User.email.path, User.address.city.path)
        )
        copied = make_copy(part)
        assert copied == part
        for touch in (lambda: copied.name, lambda: copied.address["zip"], copied.save):
            with pytest.raises(AttributeNotLoaded):
                touch()

    @pytest.mark.parametrize("make_copy", COPIES, ids=["copy", "deepcopy", "pickle"])
    def test_copy_knows_what_was_read(self, make_copy: Any) -> None:
        with Connection.using(MemoryBackend()):
            User.create_table()
            user = User(email="jane@example.com", name="Jane").save()
            copied = make_copy(User.get_one(user.email))
            with Connection.record() as calls:
                copied.save(only_changed=True)
            assert calls.requests == 0
            User.update_one(user.email, User.year.set(1990))
            copied.name = "Janet"
            copied.save(only_changed=True)
            assert User.get_one(user.email).year == 1990


NAMES = [*User.__mapper__.fields]
READ: Item = {"email": "jane@example.com", "name": "Jane", "cities": ["Rome"], "extra": 1}


class Noted(User):
    """Sets something of its own before its values are there."""

    def __init__(self, /, **values: Any) -> None:
        self._note = "kept"
        super().__init__(**values)


class TestDictOfAnInstance:
    """Serializers dump `vars(instance)`, so it holds the values of the fields and nothing of the library's."""

    @pytest.mark.parametrize(
        "instance",
        [
            User(),
            User(email="jane@example.com"),
            User.__mapper__.decode(READ),
        ],
        ids=["empty", "new", "read"],
    )
    def test_it_has_the_fields_alone(self, instance: User) -> None:
        assert list(vars(instance)) == NAMES

    def test_no_verb_adds_anything(self) -> None:
        with Connection.using(MemoryBackend()):
            User.create_table()
            user = User(email="jane@example.com", name="Jane")
            steps: list[Callable[[], Any]] = [user.save, lambda: user.save(only_changed=True), user.reload]
            steps += [lambda: user.update(User.year.set(1990)), lambda: user.upsert(User.year.set(1991))]
            for step in steps:
                step()
                assert list(vars(user)) == NAMES
            assert list(vars(User.find(scans="allow").first())) == NAMES
            with User.batch() as batch:
                batch.save(user)
            assert list(vars(user)) == NAMES

    def test_of_a_part_it_has_what_was_read(self) -> None:
        part = User.__mapper__.decode_partial({"email": "jane@example.com", "name": "Jane"}, (User.name.path,))
        assert vars(part) == {"name": "Jane"}

    def test_it_keeps_what_a_derived_class_sets(self) -> None:
        assert vars(Noted(year=1990)) == {"_note": "kept", **vars(User(year=1990))}

    def test_undeclared_attributes_are_kept_elsewhere(self) -> None:
        user = User.__mapper__.decode(READ)
        assert user.undeclared() == {"extra": 1}
        assert user.__mapper__.encode(user) == READ


class Thread(Model):
    __table__ = "threads"
    __hash_key__ = "forum"
    __range_key__ = "subject"
    forum = StringField(required=True)
    subject = StringField(required=True)
    views = IntField()


class Topic(Model):
    """Another idea of the same table."""

    __table__ = "threads"
    __hash_key__ = "forum"
    __range_key__ = "topic"
    forum = StringField(required=True)
    topic = StringField(required=True)
    views = IntField()


class TestItemWithoutTheKeyOfTheModel:
    @pytest.mark.parametrize(
        "item", [{"forum": "a"}, {"topic": "b"}, {"forum": "a", "topic": None}, {"forum": "a", "subject": "b"}]
    )
    def test_it_is_refused(self, item: Item) -> None:
        with pytest.raises(ValidationError, match=r"is part of the key, .* compare_table\(\) shows both"):
            Topic.__mapper__.decode(item)

    def test_it_is_never_returned_as_a_whole_item(self) -> None:
        with Connection.using(MemoryBackend()):
            Thread.create_table()
            Thread(forum="a", subject="b", views=1).save()
            for read in (
                lambda: Topic.find(scans="allow").all(),
                lambda: Topic.find(Topic.forum == "a").first(),
                lambda: Topic.find(scans="allow", as_dicts=True).all(),
                lambda: next(iter(Topic.find(scans="allow").pages())),
            ):
                with pytest.raises(TableMismatch, match=r"Topic: .* no 'topic', .*'subject'.* compare_table\(\) shows"):
                    read()
