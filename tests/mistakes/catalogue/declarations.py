"""Mistakes in declarations, and declarations that are right; `mistakes.marks` says what the comments mean."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from dynamongo import (
    BinaryField,
    BooleanField,
    Connection,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    DocumentField,
    EnumField,
    Field,
    FloatField,
    GlobalIndex,
    IntField,
    ListField,
    LocalIndex,
    Lock,
    Model,
    RetryPolicy,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
    VersionField,
    after_read,
    before_delete,
    before_save,
    ulid,
    uuid7,
    validator,
)
from dynamongo.backends.memory import MemoryBackend
from mistakes.catalogue.models import Address, Colour, Seat, User


def fields() -> None:
    """Declarations of fields."""
    IntField(min_value=1, max_value=9, choices=range(9), default=3, required=True)
    IntField(default=lambda: 3, validator=lambda value: value % 2 == 0, stored_as="n", format="text", width=5)
    IntField(choices=[1, 2], default_on_read=1, required=True)
    IntField(immutable=True, computed=len, computed_from=["name"])
    IntField(min_value="1")  # mistake
    IntField(max_length=3)  # mistake
    IntField(required="yes")  # silent mistake
    IntField(3)  # mistake
    IntField(choices=3)  # mistake
    IntField(validator=True)  # silent mistake
    IntField(stored_as=3)  # mistake
    IntField(format="hex")  # mistake
    IntField(nullable=True)  # mistake
    IntField(primary_key=True)  # mistake
    StringField(r"[a-z]+", 20)
    StringField(max_length=20, default=ulid, validator=str.isalpha)
    StringField(template="USER#{name}", required=True)
    StringField(choices=("a", "b"), default="a", stored_as="user-id", format="number")
    StringField(validator=lambda text: text.startswith("a"))
    StringField(max_length=20, min_length=3) if hasattr(StringField, "min_length") else StringField(regex="[a-z]+")
    StringField(max_length="20")  # mistake
    StringField(min_value=3)  # mistake
    StringField(regex=7)  # mistake
    StringField(auto="create")  # mistake
    StringField(template=3)  # mistake
    StringField(choice=["a"])  # mistake
    StringField(computed="name")  # mistake
    FloatField(min_value=0.5)
    FloatField(min_value=1, max_value=2, default=1)
    FloatField(choices=[0.5, 1])
    DecimalField(min_value=Decimal("0.5"), default=Decimal(1), required=True)
    DecimalField(default=0)
    BooleanField(default=False, required=True)
    BinaryField(default=b"", required=True)
    TimedeltaField(default=dt.timedelta(minutes=1), required=True)
    DateTimeField(default=dt.datetime.now, required=True)
    DateField(default=dt.date.today, format="%Y%m%d")
    TimestampField(auto="write", auto_after=dt.timedelta(days=1))
    EnumField(Colour, required=True, default=Colour.RED)
    EnumField(Colour, format={Colour.RED: "R", Colour.BLUE: "B"})
    ListField(IntField, [1, 2], required=True)
    ListField(EnumField(Colour), lambda: [Colour.RED])
    ListField(DocumentField(Address))
    SetField(StringField(max_length=3), required=True)
    SetField(UUIDField)
    DictField(required=True, default={})
    DictField({"a b": IntField}, default=dict)
    DocumentField(Address, default=lambda: Address(city="Oslo"))
    DocumentField(Seat, required=True, default=Seat(3), stored_as="s")
    FloatField(min_value="0.5")  # mistake
    DecimalField(max_value=Decimal(3))
    DecimalField(max_value="3")  # mistake
    BooleanField(format={True: 1, False: 0})
    BooleanField(min_value=1)  # mistake
    BinaryField(max_length=10, format="base64")
    BinaryField(format="hex64")  # mistake
    UUIDField(default=uuid7, format="hex")
    UUIDField(default=uuid.uuid4)
    UUIDField(format="guid")  # mistake
    URLField(verify_exists=lambda url: url.startswith("https"))
    URLField(verify_exists=True)  # mistake
    DateTimeField("%Y", tzd="utc", auto="write", auto_after=dt.timedelta(days=1))
    DateTimeField(auto="always")  # mistake
    DateTimeField(auto_now=True)  # mistake
    DateTimeField(tzd="never")  # mistake
    DateTimeField(auto="write", auto_after=3)  # mistake
    DateField(["%d.%m.%Y"])
    DateField(auto="read")  # mistake
    TimestampField(auto="create")
    TimestampField("%Y")  # mistake
    TimedeltaField("minutes")
    TimedeltaField("years")  # mistake
    TimedeltaField(unit=60)  # mistake
    EnumField(Colour, by_name=True)
    EnumField()  # mistake
    EnumField(int)  # mistake
    EnumField(["red", "blue"])  # mistake
    EnumField(Colour.RED)  # mistake
    ListField(StringField)
    ListField(StringField(max_length=3), ["a"])
    ListField(ListField(IntField))
    ListField()  # mistake
    ListField(str)  # mistake
    ListField("name")  # mistake
    ListField(EnumField)  # mistake
    ListField(Address)  # mistake
    ListField([StringField])  # mistake
    SetField(IntField, {1})
    SetField(int)  # mistake
    SetField(ListField(IntField))  # mistake
    SetField(BooleanField)  # mistake that both accept: other fields of a bool may be stored as numbers
    SetField(DictField())  # mistake
    DictField({"label": StringField()}, city=StringField, zip=IntField())
    DictField(city=str)  # mistake
    DictField("city")  # mistake
    DictField([StringField])  # mistake
    DocumentField(Address, required=True)
    DocumentField(Seat)
    DocumentField(Address())  # mistake
    DocumentField(str)  # mistake that both accept: any class may be a dataclass
    DocumentField()  # mistake
    DocumentField(Address, city=StringField())  # silent mistake
    VersionField()
    VersionField(min_value=3)  # mistake
    Field(required=True)
    Field("name")  # mistake


def models() -> None:
    """Declarations of models and indexes."""

    class Right(Model):
        __table__ = "right"
        __hash_key__ = "id"
        __range_key__ = "day"
        __read_units__ = 3
        __scans__ = "allow"
        __unique__ = ("name",)

        id = StringField(required=True)
        day = DateField(required=True)
        name = StringField()
        year = IntField()
        by_name = GlobalIndex(hash_key=name, range_key="year", projection=["day"], name="by-name", read_units=3)
        by_year = LocalIndex(year, projection="keys_only")
        by_both = GlobalIndex(hash_key=(name, "year"), range_key=[day])

        def first_letter(self) -> str:
            return self.id[0]

    Right(id="a", day=dt.date(2025, 5, 17)).first_letter()

    class Derived(Right):
        __table__ = "derived"
        level = IntField()

    Derived.find(Derived.level > 3)

    class NumberAsTable(Model):
        __table__ = 3  # mistake
        __hash_key__ = "id"
        id = StringField()

    class NumberAsKey(Model):
        __table__ = "wrong"
        __hash_key__ = 3  # mistake
        id = StringField()

    class FieldAsKey(Model):
        __table__ = "wrong"
        id = StringField()
        __hash_key__ = id  # mistake

    class TextAsUnits(Model):
        __table__ = "wrong"
        __hash_key__ = "id"
        __read_units__ = "3"  # mistake
        id = StringField()

    class UnknownBilling(Model):
        __table__ = "wrong"
        __hash_key__ = "id"
        __billing__ = "free"  # mistake
        id = StringField()

    class UnknownScans(Model):
        __table__ = "wrong"
        __hash_key__ = "id"
        __scans__ = "never"  # mistake
        id = StringField()

    class FieldOfAnotherType(Right):
        __table__ = "wrong"
        name = IntField()  # silent mistake that pyright accepts: it compares only types that are annotated

    class VerbAsField(Model):
        __table__ = "wrong"
        __hash_key__ = "id"
        id = StringField()
        save = StringField()  # mistake

    class WrongConnection(Model):
        __table__ = "wrong"
        __hash_key__ = "id"
        __connection__ = "memory"  # mistake
        id = StringField()

    class MissingKey(Model):  # mistake that both accept: names are texts, which checkers do not look up
        __table__ = "wrong"
        __hash_key__ = "key"
        id = StringField()

    GlobalIndex()  # mistake
    GlobalIndex(hash_key=3)  # silent mistake
    GlobalIndex(hash_key="name", range_key=3)  # silent mistake
    GlobalIndex(hash_key="name", projection="some")  # mistake
    GlobalIndex(hash_key="name", projection=3)  # mistake
    GlobalIndex(hash_key="name", sort_key="year")  # mistake
    GlobalIndex(hash_key=StringField)  # silent mistake
    LocalIndex()  # mistake
    LocalIndex(hash_key="name")  # mistake
    LocalIndex(("year", "name"))  # silent mistake
    LocalIndex("year", read_units=3)  # mistake
    Right.by_name.hash_key.upper()  # silent mistake
    User.find(index=Right.by_nmae)  # mistake


class Version(NamedTuple):
    major: int
    minor: int


class VersionedField(Field[Version, "Version | str", Literal["S"]]):
    """Stored as text in the order of versions."""

    stored_type = "S"

    def convert(self, value: Any) -> Version:
        if not isinstance(value, Version | str):
            self.reject(value, "a version")
        return value if isinstance(value, Version) else Version(*map(int, f"{value}.0".split(".")[:2]))

    def encode(self, value: Version) -> str:
        return f"{value.major:04}.{value.minor:04}"

    def decode(self, stored: Any) -> Version:
        major, minor = stored.split(".")
        return Version(int(major), int(minor))


class CentsField(Field["Decimal | None"]):
    """An amount of money, stored as a whole number of cents."""

    stored_type = "N"

    def encode(self, value: Decimal | None) -> int:
        return int((value or 0) * 100)

    def decode(self, stored: Any) -> Decimal:
        return Decimal(stored) / 100


class Release(Model):
    __table__ = "releases"
    __hash_key__ = "name"
    name = StringField(required=True)
    version = VersionedField(required=True)
    price = CentsField()
    breaks = ListField(VersionedField)


def custom_fields() -> None:
    """Custom fields."""
    Release.create_table()
    release = Release(name="tool", version=Version(1, 2), price=Decimal(3), breaks=[Version(1, 1)])
    release.save()
    Release.find(Release.version > Version(1, 1))
    Release.find(Release.version == "1.2")
    Release.find(Release.version.begins_with("0001"))
    Release.find(Release.price > Decimal(2))
    Release.find(Release.breaks.contains(Version(1, 1)))
    Release.find(Release.version > 1.2)  # mistake
    Release.find(Release.version == 1.2)  # mistake
    Release.find(Release.version.in_([1.2]))  # mistake
    Release.find(Release.price == "3")  # mistake
    Release.find(Release.breaks.contains(1.1))  # mistake that pyright accepts: of a class it learns nothing
    Release.find(Release.breaks[0] == 1.1)  # mistake that both accept: an element of a custom class is Any
    release.update(Release.version.set("2.0"), Release.price.add(Decimal("0.25")))
    release.update(Release.version.set(2.0))  # mistake
    release.update(Release.version.increment())  # mistake
    release.update(Release.version.append("1"))  # mistake
    release.update(Release.breaks.append(2.0))  # mistake that pyright accepts: of a class it learns nothing
    release.version = Version(2, 0)
    release.version = "2.0"
    release.version = 2.0  # mistake
    release.version.major += 1  # mistake
    release.version.upper()  # mistake
    release.price = Decimal("2.5")
    release.price = "2.5"  # mistake
    release.price + 1  # silent mistake
    VersionedField(max_length=3)  # mistake

    class WithoutValue(Field[Version]):
        stored_type = "S"

        def encode(self) -> str:  # silent mistake
            return ""

    class WrongType(Field[Version]):
        stored_type = "TEXT"  # mistake


def hooks() -> None:
    """Hooks and validators."""

    class Page(Model):
        __table__ = "pages"
        __hash_key__ = "url"
        url = StringField(required=True)
        title = StringField(required=True)
        start = IntField()

        @before_save
        def strip_title(self) -> None:
            self.title = self.title.strip()

        @before_save("title", updates="refuse")
        def shorten_title(self) -> None:
            self.title = self.title[:80]

        @after_read
        @before_delete
        def log(self) -> str:
            return self.title

        @validator("start")
        def check_start(self) -> bool:
            return self.start is None or self.start > 0

        @validator
        def check_title(self) -> None:
            if not self.title:
                raise ValueError("no title")

    Page(url="a", title="A").strip_title()
    Page(url="a", title="A").strip_title("x")  # mistake
    Page(url="a", title="A").log().upper()
    Page(url="a", title="A").check_start().upper()  # mistake

    class TakesAnItem(Page):
        __table__ = "wrong"

        @before_save  # mistake
        def prepare(self, item: Mapping[str, Any]) -> None: ...

    class ValidatorOfValues(Page):
        __table__ = "wrong"

        @validator("title")  # mistake
        def check(self, value: str) -> bool:
            return bool(value)

    class WrongPolicy(Page):
        __table__ = "wrong"

        @validator("title", updates="ignore")  # mistake
        def check(self) -> None: ...

    class FieldInPlaceOfName(Page):
        __table__ = "wrong"

        @validator(Page.title)  # mistake
        def check(self) -> None: ...

    class NumberInPlaceOfName(Page):
        __table__ = "wrong"

        @before_save(3)  # mistake
        def check(self) -> None: ...

    class Awaits(Page):
        __table__ = "wrong"

        @before_save  # mistake that both accept: a coroutine is an object, as any result is
        async def wait(self) -> None: ...

    class WrongValues(Model):
        __table__ = "wrong"
        __hash_key__ = "url"
        url = StringField(required=True)
        start = IntField()

        @before_save
        def prepare_nothing(self) -> None:
            self.strat = 3  # silent mistake that both accept: in a method, an assignment declares an attribute

    class WrongStart(Page):
        __table__ = "wrong"

        @before_save
        def prepare(self) -> None:
            self.start = "3"  # silent mistake that pyright accepts: in a derived class, it declares an attribute


class Entry(Model):
    __abstract__ = True
    __table__ = "shop"
    __hash_key__ = "id"
    id = StringField(required=True)


class Customer(Entry):
    __kind__ = "customer"


class Order(Entry):
    __kind__ = ("order", None)
    total = IntField()


def configuration() -> None:
    """Configuration."""
    Connection(region="eu-west-1", table_prefix="test-", backend="memory", scans="forbid", timeout=5)
    Connection(retries=RetryPolicy(attempts=3), cursor_key=b"x" * 32, blocking_calls="forbid")
    Connection("id", "secret", "eu-west-1", "test-")
    Connection(backend=MemoryBackend(), timeout=0.5, connect_timeout=1, max_connections=10)
    Connection(scans=None, region=None, table_prefix=None, item_size_warning=None)
    Connection(cursor_key=[b"x" * 32, b"y" * 32], cursor_ttl=60, show_values=False)
    Connection(endpoint_url="http://localhost:8000", session_token=None, profile=None)
    Connection(scans="never")  # mistake
    Connection(timeout="5")  # mistake
    Connection(retries=3)  # mistake
    Connection(retry=3)  # mistake
    Connection(backend=3)  # mistake
    Connection(region=3)  # silent mistake
    Connection(table_prefix=3)  # mistake
    Connection(cursor_key="x" * 32)  # mistake
    Connection(show_values="no")  # mistake
    Connection(max_connections="10")  # mistake
    Connection(blocking_calls="never")  # mistake
    Connection(endpoint="http://localhost:8000")  # mistake
    Connection.set_config(backend="memory")
    Connection.set_config(back_end="memory")  # mistake
    Connection.set_config(timeout="5")  # mistake
    Connection.set_config({"backend": "memory"})  # silent mistake
    Connection.configure(backend="memory")  # mistake
    RetryPolicy(attempts=3)
    with Connection.using(MemoryBackend()) as backend, Connection.using(table_prefix="jane-"):
        backend.name.upper()
    with Connection.using("memory", everywhere=True):
        User.table_exists()
    User.on(Connection(backend="memory")).on_table("other").table_name().upper()
    Connection.find_across([Customer, Order], Order.total > 5, limit=3)
    Lock("job", lease=30.5)
    RetryPolicy(attempts="3")  # mistake
    RetryPolicy(max_attempts=3)  # mistake
    with Connection.using("memory", table_prefix="jane-"):
        User.create_table()
    with Connection.using():  # mistake
        pass
    with Connection.using(3):  # mistake
        pass
    with Connection.using("memory", prefix="a-"):  # mistake
        pass
    with Connection.record() as calls:
        User.exists("a@example.com")
    calls.upper()  # mistake
    User.on(Connection(backend="memory"))
    User.on("memory")  # mistake
    Lock("job", lease=30)
    Lock("job", lease="30")  # mistake
    Lock(30)  # mistake
    Lock("job", timeout="a minute")  # mistake
    Connection.find_across((Customer, Order), hash_key="a")
    Connection.find_across(User)  # mistake
    Connection.find_across([3])  # mistake
    Connection.find_across((Customer, Order), hashkey="a")  # mistake
