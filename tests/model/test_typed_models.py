"""Typed models and documents: what their annotations declare; otherwise they are like any other."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import datetime as dt
import enum
import itertools
import pickle
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

import pytest

from dynamongo import (
    Connection,
    DateTimeField,
    DictField,
    DocumentField,
    EmailField,
    EnumField,
    Field,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    SchemaError,
    SetField,
    StringField,
    TimedeltaField,
    TypedDocument,
    TypedModel,
    ValidationError,
    VersionField,
    before_save,
    validator,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend

K = TypeVar("K")
V = TypeVar("V")


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@dataclasses.dataclass
class Seat:
    row: int


class Money(Field[Decimal]):
    """A field whose values are never `None`, as its base says."""


class Tagged(Field[V]):
    """A field of any type."""


class Picky(Field[V]):
    """A field with an argument of its own."""

    def __init__(self, mark: str, **options: Any) -> None:
        super().__init__(**options)
        self.mark = mark


class Address(TypedDocument):
    city: StringField[str]
    zip: StringField[str | None] = StringField(default=None, max_length=5)


class Villa(Address):
    rooms: IntField[int] = IntField(required=True, default=3)


@dataclasses.dataclass
class Stage:
    rows: int
    place: Address


class Node(TypedDocument):
    name: StringField[str]
    children: ListField[Node]


class Audited(TypedModel[K]):
    __abstract__ = True

    created: DateTimeField[dt.datetime] = DateTimeField(auto="create", required=True, default=None)
    changed: ClassVar = DateTimeField(auto="write", required=True)


class User(Audited[str]):
    __table__ = "users"
    __hash_key__ = "email"

    email: EmailField[str]
    name: StringField[str] = StringField(required=True, max_length=20)
    year: IntField[int | None]
    visits: IntField[int] = IntField(required=True, default=0)
    colour: EnumField[Colour] = EnumField(Colour, required=True, default=Colour.RED)
    home: DocumentField[Address]
    work: DocumentField[Address | None]
    cities: ListField[str]
    slug: ClassVar[StringField[str]] = StringField(required=True, computed=lambda u: u.name, computed_from=["name"])
    version = VersionField()
    by_name = GlobalIndex(hash_key="name")
    limit: ClassVar[int] = 3

    @validator
    def check_year(self) -> None:
        if self.year == 1:
            raise ValueError("too early")

    @before_save
    def clean(self) -> None:
        self.name = self.name.strip()


class Admin(User):
    level: IntField[int]


class Plain(Model):
    __table__ = "plain"
    __hash_key__ = "id"

    id = StringField(required=True)
    note = StringField()


class Below(TypedModel[Any], Plain):
    __table__ = "below"

    level: IntField[int]


_prefixes = (f"typed-{number}-" for number in itertools.count())


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(made):
        yield made


def jane(**values: Any) -> dict[str, Any]:
    return {"email": "jane@x.org", "name": "Jane", "home": Address(city="Oslo"), **values}


def kinds_of(fields: Any) -> dict[str, tuple[str, bool]]:
    return {name: (type(field).__name__, field.required) for name, field in fields.items()}


def test_annotations_make_fields_in_the_order_of_declaration() -> None:
    assert kinds_of(User.__mapper__.fields) == {
        "created": ("DateTimeField", True),
        "changed": ("DateTimeField", True),
        "email": ("EmailField", True),
        "name": ("StringField", True),
        "year": ("IntField", False),
        "visits": ("IntField", True),
        "colour": ("EnumField", True),
        "home": ("DocumentField", True),
        "work": ("DocumentField", False),
        "cities": ("ListField", False),
        "slug": ("StringField", True),
        "version": ("VersionField", False),
    }
    assert list(Admin.__mapper__.fields)[-1] == "level"
    assert kinds_of(Villa.__document__.fields) == {
        "city": ("StringField", True),
        "zip": ("StringField", False),
        "rooms": ("IntField", True),
    }
    assert User.limit == 3


def test_each_type_has_its_field() -> None:
    class Of(TypedDocument):
        days: ListField[dt.date]
        numbers: SetField[int]
        seats: ListField[Seat]
        villas: ListField[Villa]
        grid: ListField[list[float]]
        seat: DocumentField[Seat | None]
        choice: StringField[Literal["a", "b"]]
        wait: TimedeltaField[dt.timedelta]
        free: DictField[dict[str, Any]]
        price: Money
        tag: Tagged[str | None]
        anything: Field[Any]
        noted: Annotated[IntField[int], "a note"]
        quoted: "EnumField['Colour']"  # noqa: UP037 - quotes within quotes
        same: ListField["Of"]  # noqa: UP037 - the class itself
        rows: ListField[list["Of"]]  # noqa: UP037 - as above

    fields: Any = Of.__document__.fields
    assert kinds_of(fields) == {
        "days": ("ListField", False),
        "numbers": ("SetField", False),
        "seats": ("ListField", False),
        "villas": ("ListField", False),
        "grid": ("ListField", False),
        "seat": ("DocumentField", False),
        "choice": ("StringField", True),
        "wait": ("TimedeltaField", True),
        "free": ("DictField", True),
        "price": ("Money", True),
        "tag": ("Tagged", False),
        "anything": ("Field", False),
        "noted": ("IntField", True),
        "quoted": ("EnumField", True),
        "same": ("ListField", False),
        "rows": ("ListField", False),
    }
    assert fields["wait"].precision == TimedeltaField().precision
    elements = [fields[name].element for name in ("days", "seats", "villas", "grid", "same")]
    assert [type(each).__name__ for each in elements] == [
        "DateField",
        "DocumentField",
        "DocumentField",
        "ListField",
        "DocumentField",
    ]
    assert (elements[1].document_type.kind, elements[2].document_type.kind) == (Seat, Villa)
    assert (type(elements[3].element).__name__, elements[4].document_type.kind) == ("FloatField", Of)
    assert (fields["choice"].choices, fields["quoted"].enum_class) == (("a", "b"), Colour)
    assert fields["seat"].document_type.kind is Seat


def test_typed_model_is_stored_and_read_as_any_other(backend: Backend) -> None:
    User.create_table()
    saved = User(**jane(year=1990, work={"city": "Bergen"}, cities=["Rome"])).save()
    assert (saved.slug, saved.colour, saved.visits, saved.version) == ("Jane", Colour.RED, 0, 1)
    assert saved.created == saved.changed
    assert User.get_one("jane@x.org") == saved
    assert User.find(User.name == "Jane", index=User.by_name).one() == saved
    changed = User.update_one("jane@x.org", [User.work.city.set("Voss"), User.cities.append("Oslo")])
    assert (changed.work, changed.cities) == (Address(city="Voss"), ["Rome", "Oslo"])
    User.delete_table()


def test_hooks_validators_and_required_values_are_those_of_the_model() -> None:
    with Connection.using(MemoryBackend()):
        User.create_table()
        assert User(**jane(name=" Jane ")).save().name == "Jane"
        with pytest.raises(ValidationError, match="too early"):
            User(**jane(year=1)).save()
        with pytest.raises(ValidationError, match=r"User\.home is required"):
            User.save_one({"email": "a@x.org", "name": "Jane"})
        User.delete_one(User.from_dict({"email": "jane@x.org"}))  # its key says which item is meant
        assert User.get_one("jane@x.org", None) is None


def test_typed_models_are_bound_awaited_copied_and_pickled() -> None:
    user = User(**jane())
    assert copy.deepcopy(user) == copy.copy(user) == pickle.loads(pickle.dumps(user)) == user
    assert pickle.loads(pickle.dumps(user.home)) == user.home
    assert (copy.copy(user).slug, repr(Villa(city="Oslo"))) == ("Jane", "Villa(city='Oslo', rooms=3)")
    other = User.on_table("others")
    with Connection.using(MemoryBackend()):
        other.create_table()
        asyncio.run(other.aio.save_one(other(**jane())))
        assert asyncio.run(other.aio.get_one("jane@x.org")).home.city == "Oslo"
        assert list(other.__mapper__.fields) == list(User.__mapper__.fields)


def test_plain_and_typed_classes_derive_from_each_other() -> None:
    assert list(Below.__mapper__.fields) == ["id", "note", "level"]
    assert Below.from_dict({"id": "a", "level": 3}) == Below(id="a", level=3)  # type: ignore[call-arg]  # of the plain one

    class PlainBelow(Admin):
        extra = StringField(default="x")

    assert PlainBelow(**jane(level=1)).extra == "x"


def test_dataclass_may_have_documents_for_members() -> None:
    class Hall(TypedModel[str]):
        __table__ = "halls"
        __hash_key__ = "name"

        name: StringField[str]
        stage: DocumentField[Stage]

    with Connection.using(MemoryBackend()):
        Hall.create_table()
        hall = Hall(name="A", stage=Stage(3, Address(city="Oslo"))).save()
        assert Hall.get_one("A") == hall
        assert Hall.from_dict(hall.to_dict(mode="json"), mode="json") == hall
        changed = Hall.update_one("A", [Hall.stage.place.city.set("Voss"), Hall.stage.rows.set(4)])
        assert changed.stage == Stage(4, Address(city="Voss"))


def test_kinds_and_constructors_of_ones_own() -> None:
    class Animal(TypedModel[str]):
        __table__ = "animals"
        __hash_key__ = "name"
        __kind_field__ = "sort"

        name: StringField[str]
        sort: StringField[str | None] = StringField(default=None)

    class Dog(Animal):
        __kind__ = "dog"

        tricks: ListField[str]

        def __init__(self, name: str, *tricks: str) -> None:
            super().__init__(name=name)
            self.tricks = list(tricks)

    with Connection.using(MemoryBackend()):
        Animal.create_table()
        Dog("Rex", "sit").save()
        assert Dog.get_one("Rex").tricks == ["sit"]
        assert [type(each) for each in Connection.find_across([Dog], Dog.name == "Rex")] == [Dog]


NAMES: Final = (
    "Address",
    "Annotated",
    "Any",
    "ClassVar",
    "Colour",
    "V",
    "DictField",
    "DocumentField",
    "EmailField",
    "EnumField",
    "Field",
    "Final",
    "IntField",
    "ListField",
    "Literal",
    "Money",
    "Picky",
    "SetField",
    "StringField",
    "Tagged",
    "TypedDocument",
    "TypedModel",
    "VersionField",
    "dt",
    "GlobalIndex",
)


def declare(body: str, *, is_text: bool, base: str = "TypedDocument") -> Any:
    """Run a class statement, in a module that makes text of its annotations or not."""
    lines = ["from __future__ import annotations"] if is_text else []
    lines += [f"class Broken({base}):", *(f"    {line}" for line in body.split("; "))]
    namespace = {"__name__": __name__, **{name: globals()[name] for name in NAMES}}
    exec(compile("\n".join(lines), "<test>", "exec", dont_inherit=True), namespace)
    return namespace["Broken"]


@pytest.mark.parametrize("is_text", [False, True])
@pytest.mark.parametrize(
    ("body", "message"),
    {
        "a: IntField[int] = StringField(required=True)": (
            "Broken.a is annotated as IntField[int], and its value is a StringField: write a: StringField[...]"
        ),
        "a: StringField[str] = StringField(max_length=3)": (
            "Broken.a is annotated as StringField[str], and may be None: write required=True, or"
            " StringField[str | None] if it may"
        ),
        "a: IntField[int] = 3": (
            "Broken.a is annotated as IntField[int], and its value is 3, which is no field: write a: IntField[int] ="
            " IntField(required=True, default=3)"
        ),
        "a: IntField[int] | None = None": (
            "Broken.a is annotated as IntField[int] | None, which is no field: write a: IntField[int | None]"
        ),
        "a: ListField[str] | None = None": (
            "Broken.a is annotated as ListField[str] | None, which is no field: write a: ListField[str]"
        ),
        "a: IntField[int | None] = None": (
            "Broken.a is annotated as IntField[int | None], and its value is None, which is no field: write"
            " a: IntField[int | None] = IntField(default=None)"
        ),
        "a: EnumField[Colour] = Colour": (
            "Broken.a is annotated as EnumField[Colour], and its value is <enum 'Colour'>, which is no field: write"
            " a: EnumField[Colour] = EnumField(Colour)"
        ),
        "a: ListField[str] = []": (
            "Broken.a is annotated as ListField[str], and its value is [], which is no field: write"
            " a: ListField[str] = ListField(...)"
        ),
        "a: Final[int] = 3": (
            "Broken.a is annotated as Final[int], which is no field: write a: IntField[int], or ClassVar[int] for an"
            " attribute of the class"
        ),
        "a: ListField[V]": (
            "Broken.a is annotated as ListField[V], which leaves the type of its values open: write ListField[...]"
        ),
        "a: EmailField[int]": "Broken.a is annotated as EmailField[int], which holds no int: write IntField[int]",
        "__post_init__ = print": (
            "Broken.__post_init__ is never called: write an __init__ that calls super().__init__(...)"
        ),
        "a: ListField[StringField[str]]": (
            "Broken.a[] is a StringField: name the type of its values instead, such as str for a StringField"
        ),
        "a: str": (
            "Broken.a is annotated as str, which is no field: write a: StringField[str], or ClassVar[str] for an"
            " attribute of the class"
        ),
        "a: list[int] = []": (
            "Broken.a is annotated as list[int], which is no field: write a: ListField[int], or ClassVar[list[int]] for"
            " an attribute of the class"
        ),
        "a: int | None = None": (
            "Broken.a is annotated as int | None, which is no field: write a: IntField[int | None], or"
            " ClassVar[int | None] for an attribute of the class"
        ),
        "a: Address": (
            "Broken.a is annotated as Address, which is no field: write a: DocumentField[Address], or ClassVar[Address]"
            " for an attribute of the class"
        ),
        "a: GlobalIndex = GlobalIndex(hash_key='b')": (
            "Broken.a is annotated as GlobalIndex, which is no field: write a: ClassVar[GlobalIndex] for an attribute"
            " of the class"
        ),
        "_a: int": (
            "Broken._a is annotated as int, which is no field: write _a: ClassVar[int] for an attribute of the class"
        ),
        "a: str = StringField(required=True)": (
            "Broken.a is annotated as str, and its value is a StringField: write a: StringField[...]"
        ),
        "a: StringField": (
            "Broken.a is annotated as StringField, which leaves the type of its values open: write StringField[...]"
        ),
        "a: IntField[str]": "Broken.a is annotated as IntField[str], which holds no str: write StringField[str]",
        "a: StringField[Money]": (
            "Broken.a is a Money: name the type of its values instead, such as str for a StringField"
        ),
        "_a: StringField[str]": (
            "Broken._a is a field; its name must not start with an underscore: give it another one and say how it is"
            ' stored, as in a = StringField(stored_as="_a")'
        ),
    }.items(),
)
def test_annotation_that_is_a_mistake_is_refused(body: str, message: str, is_text: bool) -> None:  # noqa: FBT001 - a parameter
    with pytest.raises(SchemaError) as caught:
        declare(body, is_text=is_text)
    assert str(caught.value) == message


@pytest.mark.parametrize("is_text", [False, True])
def test_annotations_that_are_right_are_accepted(is_text: bool) -> None:  # noqa: FBT001 - a parameter
    body = (
        "limit: ClassVar[int] = 3; later: ClassVar[Any]; a: StringField[str]; b: Any = StringField();"
        " d: 'ClassVar[int]' = 3; e: \"ClassVar['Missing']\" = 3; f: Annotated[ClassVar[int], 'a note'] = 3;"
        " tags: ListField[str] = ListField(StringField); c: 'IntField[int]' = IntField(required=True, default=3);"
        " key: Tagged[str | None] = Tagged(); price: Money = Money(); colour: EnumField[Colour];"
        " fixed: Final[StringField[str]] = StringField(required=True, default='x'); free: IntField[Any];"
        " mail: StringField[str] = EmailField(required=True)"
    )
    made = declare(body.replace(";  ", "; "), is_text=is_text)
    assert list(made.__document__.fields) == ["a", "b", "tags", "c", "key", "price", "colour", "fixed", "free", "mail"]
    assert (made.limit, made(a="x", colour="r").to_dict()["c"]) == (3, 3)


def test_names_that_only_type_checkers_know_are_enough_for_a_field_that_is_given() -> None:
    given = declare("a: EnumField[Missing] = EnumField(Colour); b: ClassVar[Missing]", is_text=True)
    assert list(given.__document__.fields) == ["a"]
    texts = [True, False] if sys.version_info >= (3, 14) else [True]
    for is_text in texts:
        with pytest.raises(SchemaError) as caught:
            declare("a: EnumField[Missing]", is_text=is_text)
        assert str(caught.value) == (
            "Broken.a is annotated as EnumField[Missing], which cannot be evaluated (name 'Missing' is not defined):"
            " define or import what it names before the class, not under `if TYPE_CHECKING`; or give the field itself,"
            " as in a: ... = StringField()"
        )


def test_fields_that_need_arguments_and_annotated_bases_that_are_not_typed_are_refused() -> None:
    with pytest.raises(SchemaError) as caught:
        declare("a: Picky[int]", is_text=True)
    assert str(caught.value).startswith("Broken.a is annotated as Picky[int], which needs arguments (")
    assert str(caught.value).endswith("give the field itself, as in a: Picky[int] = Picky(...)")

    class Mixin:
        note: str
        name: StringField[str]

    with pytest.raises(SchemaError) as caught:

        class Mixed(Mixin, TypedModel[str]):
            __table__ = "mixed"
            __hash_key__ = "name"

    assert str(caught.value) == (
        "Mixin.name is annotated, but has no value: derive Mixin from TypedModel, or give it one"
    )


class Line(TypedDocument):
    """Hidden by a class of the same name below."""


class Order(TypedDocument):
    class Line(TypedDocument):
        str: StringField[str | None] = StringField(default=None)
        date: ListField[dt.date]

    lines: ListField[Line]
    other: IntField[int]


def test_names_in_annotations_are_those_of_the_class_body_but_for_its_fields() -> None:
    fields: Any = Order.__document__.fields
    assert fields["lines"].element.document_type.kind is Order.Line
    assert list(Order.Line.__document__.fields) == ["str", "date"]


@pytest.mark.parametrize("is_text", [False, True] if sys.version_info >= (3, 14) else [True])
def test_a_document_names_itself_without_quotes(is_text: bool) -> None:  # noqa: FBT001 - a parameter
    body = (
        "a: DocumentField[Broken | None]; b: ListField[list[Broken]]; c: StringField[str]; d: Missing = StringField()"
    )
    fields = declare(body, is_text=is_text).__document__.fields
    assert list(fields) == ["a", "b", "c", "d"]
    assert {fields["a"].document_type.kind.__name__, fields["b"].element.element.document_type.kind.__name__} == {
        "Broken"
    }


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no type statements")
@pytest.mark.parametrize("is_text", [False, True])
def test_aliases_of_type_statements_are_what_they_stand_for(is_text: bool) -> None:  # noqa: FBT001 - a parameter
    aliases = "type Name = Literal['a', 'b']; type Opt[T] = T | None; type Text = StringField[Opt[Name]]"
    body = "a: StringField[Name]; b: StringField[Opt[str]]; c: Text = StringField(); d: ListField[Name]; e: Text"
    fields = declare(f"{aliases}; {body}", is_text=is_text).__document__.fields
    assert kinds_of(fields) == {
        "a": ("StringField", True),
        "b": ("StringField", False),
        "c": ("StringField", False),
        "d": ("ListField", False),
        "e": ("StringField", False),
    }
    assert fields["a"].choices == fields["d"].element.choices == fields["e"].choices == ("a", "b")


def test_a_field_that_hides_its_type_is_answered_with_the_fix() -> None:
    with pytest.raises(TypeError, match=r"^StringField is no type, as `StringField \| None` asks for: .* hides it"):
        _ = StringField() | None  # type: ignore[operator]  # as an annotation that Python evaluates
    with pytest.raises(SchemaError, match="a field of the class hides a type of the same name"):
        declare(
            "__abstract__ = True; Colour: EnumField[Colour] = EnumField(Colour, required=True); b: EnumField[Colour]",
            is_text=False,
            base="TypedModel",
        )


@pytest.mark.parametrize("is_text", [False, True])
def test_field_that_nothing_gives_is_refused(is_text: bool) -> None:  # noqa: FBT001 - a parameter
    body = "__table__ = 'users'; __hash_key__ = 'id'; id: StringField[str]; version: ClassVar[VersionField]"
    with pytest.raises(SchemaError) as caught:
        declare(body, is_text=is_text, base="TypedModel")
    assert str(caught.value) == (
        "Broken.version is annotated as ClassVar[VersionField], and has no value: write version: ClassVar ="
        " VersionField(...)"
    )
    declare(f"__abstract__ = True; {body}", is_text=is_text, base="TypedModel")
