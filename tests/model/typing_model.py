"""What type checkers know about a model's fields and its instances' values; checked by mypy and pyright, never run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import assert_type

from dynamongo import (
    AsyncResultSet,
    BatchResult,
    Connection,
    Difference,
    GlobalIndex,
    ImmutableConflict,
    ItemSize,
    LocalIndex,
    Lock,
    LockItem,
    Model,
    Page,
    Plan,
    ResultSet,
    UniqueProblem,
    UniqueViolation,
    UnreadableItem,
    ValidationError,
    WriteOutcome,
    WritePlan,
    after_read,
    before_delete,
    before_save,
    if_not_exists,
    is_loaded,
    is_stored,
    ksuid,
    list_append,
    literal,
    size_of,
    streams,
    ulid,
    uuid7,
    uuid7_text,
    validator,
)
from dynamongo.aio import AsyncFacet, AsyncInstanceVerbs, AsyncVerbs
from dynamongo.backends import Backend
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.fields import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    DocumentField,
    EmailField,
    EnumField,
    Field,
    FloatField,
    IntField,
    IPAddressField,
    JSONField,
    ListField,
    SetField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
    VersionField,
)
from dynamongo.fields.computed_values import ComputedValue
from dynamongo.operations import TableDescription


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Seat:
    row: int


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"

    email = EmailField(required=True)
    name = StringField(required=True, max_length=80)
    nick = StringField(r"[a-z]+", 20)
    made = StringField(template="NAME#{name}")
    made_of_some = StringField(template="NICK#{nick}", required=False)
    year = IntField(min_value=1900, max_value=2100)
    visits = IntField(required=True, default=0)
    version = VersionField()
    score = FloatField()
    balance = DecimalField(required=True)
    active = BooleanField(required=True)
    site = URLField(verify_exists=lambda url: url.startswith("https"))
    id = UUIDField(required=True, default=uuid.uuid4)
    address = IPAddressField(version=4)
    colour = EnumField(Colour, required=True)
    shade = EnumField(Colour, by_name=True)
    photo = BinaryField(max_length=1000)
    created_at = DateTimeField(required=True, default=dt.datetime.now)
    updated_at = DateTimeField("%Y", tzd="utc")
    born = DateField(["%d.%m.%Y"])
    played = TimedeltaField("minutes", required=True)
    seen = TimestampField()
    data = JSONField()
    anything = Field()
    cities = ListField(StringField)
    short = ListField(StringField(max_length=3), ["a"])
    needed = ListField(StringField(required=True), required=True)
    grid = ListField(ListField(IntField))
    shades = ListField(EnumField(Colour))
    tags = SetField(IntField)
    ids = SetField(UUIDField(), required=True)
    home = DictField({"required": BooleanField()}, city=StringField(), zip=IntField)
    office = DictField(city=StringField(), required=True)
    homes = ListField(DictField(city=StringField()))
    seat = DocumentField(Seat)
    front_seat = DocumentField(Seat, required=True)
    seats = ListField(DocumentField(Seat))


def check_values(user: User) -> None:
    assert_type(user.email, str)
    assert_type(user.name, str)
    assert_type(user.nick, "str | None")
    assert_type(user.year, "int | None")
    assert_type(user.version, "int | None")
    assert_type(user.visits, int)
    assert_type(user.score, "float | None")
    assert_type(user.balance, Decimal)
    assert_type(user.active, bool)
    assert_type(user.site, "str | None")
    assert_type(user.id, uuid.UUID)
    assert_type(user.address, "str | None")
    assert_type(user.colour, Colour)
    assert_type(user.shade, "Colour | None")
    assert_type(user.photo, "bytes | None")
    assert_type(user.created_at, dt.datetime)
    assert_type(user.updated_at, "dt.datetime | None")
    assert_type(user.born, "dt.date | None")
    assert_type(user.played, dt.timedelta)
    assert_type(user.seen, "dt.datetime | None")
    assert_type(user.data, Any)
    assert_type(user.anything, Any)


def check_containers(user: User) -> None:
    assert_type(user.cities, list[str])
    assert_type(user.short, list[str])
    assert_type(user.needed, list[str])
    assert_type(user.grid, list[list[int]])
    assert_type(user.shades, list[Colour])
    assert_type(user.tags, set[int])
    assert_type(user.ids, set[uuid.UUID])
    assert_type(user.home, "dict[str, Any] | None")
    assert_type(user.office, dict[str, Any])
    assert_type(user.homes, list[dict[str, Any]])
    assert_type(user.seat, "Seat | None")
    assert_type(user.front_seat, Seat)
    assert_type(user.seats, list[Seat])


def check_fields() -> None:
    assert_type(User.name, StringField[str])
    assert_type(User.made, StringField[str])
    assert_type(User.made_of_some, "StringField[str | None]")
    assert_type(User.nick, "StringField[str | None]")
    assert_type(User.colour, EnumField[Colour, Colour | str | int])
    assert_type(User.cities, ListField[str])
    assert_type(User.tags, SetField[int, int | Decimal])
    assert_type(User.office, DictField[dict[str, Any]])
    assert_type(User.front_seat, DocumentField[Seat, Seat, Seat | Mapping[str, Any]])
    assert_type(User.name == "John", AnyCondition)
    assert_type(literal("John") == User.name, AnyCondition)
    assert_type(literal(3).between(User.year, 5), AnyCondition)
    assert_type(literal("Jo").begins_with(User.name), AnyCondition)
    assert_type((User.year < 2000) & User.cities.contains("Nairobi"), AnyCondition)
    assert_type(~User.cities.contains("Nairobi"), AnyCondition)
    assert_type(User.cities.contains("Nairobi"), AnyCondition)
    assert_type(User.year.set(1990), AnyUpdate)


def check_assignments(user: User) -> None:
    user.name = "John"
    user.year = None
    user.cities = ["Nairobi"]
    user.name = None  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    user.year = "1990"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    user.cities = None  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    user.tags = {"a"}  # type: ignore[arg-type]  # pyright: ignore[reportAttributeAccessIssue]


def check_formats() -> None:
    assert_type(DateTimeField(required=True, format="iso-z", timespec="seconds"), DateTimeField[dt.datetime])
    assert_type(DateField(format="%Y%m%d"), DateField[dt.date | None])
    assert_type(UUIDField(format="hex"), UUIDField[uuid.UUID | None])
    assert_type(EnumField(Colour, required=True, format={Colour.RED: "R"}), EnumField[Colour, Colour | str | int])
    assert_type(EnumField(Colour, format="name"), EnumField[Colour | None, Colour | str | int])
    assert_type(BooleanField(required=True, format={True: 1, False: 0}), BooleanField[bool])
    assert_type(IntField(format="text", width=5), IntField[int | None])
    assert_type(StringField(required=True, format="number"), StringField[str])
    assert_type(BinaryField(required=True, format="base64"), BinaryField[bytes])
    UUIDField(format="guid")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    DateTimeField(timespec="hours")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    FloatField(format="text", width=5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def check_declarations() -> None:
    IntField(min_value="1")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    IntField(max_length=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    StringField(choice=["a"])  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    DateTimeField(tzd="never")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    TimedeltaField("years")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    URLField(verify_exists=True)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    EnumField(int)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    ListField(str)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ListField(EnumField)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    DictField(city=str)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Listed(Model):
    __table__ = "listed"
    __hash_key__ = "name"
    name = StringField(required=True)
    year = IntField()
    by_year = GlobalIndex(hash_key=year, range_key="name")


def index_several_fields() -> None:
    name, year = StringField(), IntField()
    assert_type(GlobalIndex(hash_key=(year, "name"), range_key=[year, name]), GlobalIndex)
    GlobalIndex(hash_key=(year, 3))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LocalIndex((year, name))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def read_lazily() -> None:
    found = Listed.find(
        Listed.year > 2000, index=Listed.by_year, projection=[Listed.name], segments=4, max_units_per_second=50
    )
    assert_type(found, ResultSet[Listed])
    assert_type(found.first(), Listed | None)
    assert_type(found.one(), Listed)
    assert_type(found.all(), list[Listed])
    assert_type(found.page(), Page[Listed])
    assert_type(found.count(), int)
    assert_type(found.explain(), Plan)
    assert_type([listed.name for listed in found], list[str])
    assert_type(Listed.find(as_dicts=True), ResultSet[dict[str, Any]])
    assert_type(Listed.find(as_items=True).all(), list[dict[str, Any]])
    assert_type([each.cursor for each in Listed.find().migrate()], "list[str | None]")
    assert_type(Listed.find(on_invalid="skip").first(), Listed | None)
    assert_type(Listed.find(on_invalid="keep").all(), list[Listed | UnreadableItem])
    assert_type(Listed.find(on_invalid="keep", as_dicts=True).one(), dict[str, Any] | UnreadableItem)
    assert_type(Listed.get_many(on_invalid=print), list[Listed])
    assert_type(Listed.get_many(on_invalid="keep"), list[Listed | UnreadableItem])
    assert_type(Listed.get_raw("a"), dict[str, Any])
    assert_type(Listed.get_raw("a", None), dict[str, Any] | None)
    Listed.find(on_invalid="ignore")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert_type(Listed.get_many(limit=3, page_size=10), list[Listed])
    assert_type(Listed.by_year, GlobalIndex)
    assert_type(LocalIndex(Listed.year).name, str | None)


def write_many() -> None:
    assert_type(Listed.save_many([Listed(name="a")]), BatchResult[Listed])
    assert_type(Listed.update_many(["a"], Listed.year.set(1)), BatchResult[Listed])
    assert_type(Listed.delete_many.explain(["a"]), WritePlan)
    for outcome in Listed.save_iter([{"name": "a"}]):
        assert_type(outcome, WriteOutcome[Listed])
    with Listed.batch() as batch:
        batch.save(Listed(name="a"))
    assert_type(batch.result, BatchResult[Listed])
    assert_type(Listed(name="a").upsert(Listed.year.add(1)), Listed)


class Parcel(Model):
    __table__ = "parcels"
    __hash_key__ = "id"
    id = StringField(required=True)
    size = IntField(required=True)


def measure(parcel: Parcel) -> None:
    assert_type(parcel.size, int)
    assert_type(Parcel.size > 3, AnyCondition)
    assert_type(size_of(parcel), ItemSize)


def write_on_condition(listed: Listed) -> None:
    condition = (Listed.year > 2000) & ~Listed.year.exists()
    assert_type(Listed.update_one("a", Listed.year.set(1), condition=condition), Listed)
    assert_type(Listed.update_one("a", Listed.year.set(1), returns="old"), Listed)
    assert_type(Listed.update_one("a", Listed.year.set(1), upsert=True, returns="old"), Listed | None)
    assert_type(Listed.update_one("a", Listed.year.set(1), returns="updated_new"), Listed)
    assert_type(Listed.upsert_one("a", Listed.year.set(1), returns="old"), Listed | None)
    assert_type(Listed.save_one({"name": "a"}), Listed)
    assert_type(Listed.save_one({"name": "a"}, returns="old"), Listed | None)
    assert_type(listed.save(only_changed=True), Listed)
    assert_type(listed.save(returns="old"), Listed | None)
    assert_type(listed.update(Listed.year.set(1), returns="old"), Listed)
    assert_type(listed.upsert(Listed.year.set(1), returns="old"), Listed | None)
    assert_type(Listed.delete_one("a", condition=condition), Listed | None)
    assert_type(listed.update(Listed.year.set(1), [Listed.year.remove()], condition=condition), Listed)
    assert_type(listed.delete(condition=None), Listed | None)
    Listed.update_one("a", Listed.year.set(1), condition=True)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    listed.delete(condition=Listed.year)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def read_awaiting(user: User) -> None:
    assert_type(await User.aio.get_one("a"), User)
    assert_type(await User.aio.exists("a"), bool)
    assert_type(await User.aio.get_one("a", default=None), "User | None")
    assert_type(await User.aio.get_one("a", 0, consistent=True), "User | int")
    assert_type(await Listed.aio.get_many(Listed.year > 2000, limit=3, page_size=10), list[Listed])
    assert_type(await user.aio.reload(), User)
    found = Listed.aio.find(
        Listed.year > 2000, index=Listed.by_year, projection=[Listed.name], segments=4, max_units_per_second=50
    )
    assert_type(found, AsyncResultSet[Listed])
    assert_type(Listed.find().aio, AsyncResultSet[Listed])
    assert_type(await found.first(), Listed | None)
    assert_type(await found.one(), Listed)
    assert_type(await found.all(), list[Listed])
    assert_type(await found.page(), Page[Listed])
    assert_type(await found.count(), int)
    assert_type(found.explain(), Plan)
    assert_type(found.cursor, "str | None")
    async for listed in found:
        assert_type(listed, Listed)
    async for page in found.pages():
        assert_type(page, Page[Listed])
    assert_type([each.name async for each in found], list[str])
    assert_type(Listed.aio.find(on_invalid="keep"), AsyncResultSet[Listed | UnreadableItem])
    assert_type(await Listed.aio.get_many(on_invalid="keep"), list[Listed | UnreadableItem])
    assert_type(await Listed.aio.get_many(on_invalid="skip"), list[Listed])
    assert_type(await Listed.aio.get_raw("a"), dict[str, Any])
    dicts = Listed.aio.find(as_dicts=True)
    assert_type(dicts, AsyncResultSet[dict[str, Any]])
    assert_type([each async for each in dicts], list[dict[str, Any]])


async def write_awaiting(listed: Listed) -> None:
    condition = (Listed.year > 2000) & ~Listed.year.exists()
    assert_type(await Listed.aio.save_one({"name": "a"}, overwrite=condition), Listed)
    assert_type(await Listed.aio.create_one(listed), Listed)
    assert_type(await Listed.aio.update_one("a", Listed.year.set(1), condition=condition), Listed)
    assert_type(await Listed.aio.update_one("a", Listed.year.set(1), returns="old"), Listed)
    assert_type(await Listed.aio.save_one({"name": "a"}, returns="old"), Listed | None)
    assert_type(await listed.aio.save(returns="old"), Listed | None)
    assert_type(await listed.aio.upsert(Listed.year.set(1), returns="old"), Listed | None)
    assert_type(await Listed.aio.upsert_one("a", [Listed.year.set(1)]), Listed)
    assert_type(await Listed.aio.update_from_dict("a", {"year": 1}), Listed)
    assert_type(await Listed.aio.delete_one("a", condition=condition), Listed | None)
    assert_type(await listed.aio.save(only_changed=True), Listed)
    assert_type(await listed.aio.create(), Listed)
    assert_type(await listed.aio.update(Listed.year.set(1), [Listed.year.remove()], condition=condition), Listed)
    assert_type(await listed.aio.upsert(Listed.year.add(1)), Listed)
    assert_type(await listed.aio.delete(condition=None), Listed | None)


class StampingVerbs(AsyncVerbs["Stamped"]):
    async def create_one(self, item: Stamped | Mapping[str, Any]) -> Stamped:
        assert_type(self.model, type[Stamped])
        return await super().create_one(item)


class Stamped(Listed):
    aio = AsyncFacet(StampingVerbs)


class Special(Stamped):
    aio = AsyncFacet(AsyncInstanceVerbs)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def replace_the_facet(stamped: Stamped, special: Special) -> None:
    assert_type(Stamped.aio, AsyncVerbs[Stamped])
    assert_type(stamped.aio, AsyncInstanceVerbs[Stamped])
    assert_type(await Special.aio.get_one("a"), Special)
    assert_type(await special.aio.reload(), Special)


async def write_many_awaiting() -> None:
    assert_type(await Listed.aio.save_many([Listed(name="a")]), BatchResult[Listed])
    assert_type(await Listed.aio.update_many(["a"], Listed.year.set(1)), BatchResult[Listed])
    assert_type(await Listed.aio.delete_many(Listed.year > 2000), BatchResult[Listed])
    assert_type(await Listed.aio.find(Listed.year > 2000).delete(max_units_per_second=0.5), BatchResult[Any])
    assert_type(await Listed.aio.find(Listed.year > 2000).update(Listed.year.set(1)), BatchResult[Any])
    async for outcome in Listed.aio.save_iter([{"name": "a"}]):
        assert_type(outcome, WriteOutcome[Listed])
    async for outcome in Listed.aio.save_iter(Listed.aio.find()):
        assert_type(outcome, WriteOutcome[Listed])
    async for outcome in Listed.aio.delete_iter(["a"]):
        assert_type(outcome, WriteOutcome[Listed])
    async for outcome in Listed.aio.update_iter(["a"], Listed.year.set(1)):
        assert_type(outcome, WriteOutcome[Listed])
    async with Listed.aio.batch() as batch:
        await batch.save(Listed(name="a"))
        await batch.save({"name": "a"})
        await batch.delete("b")
    assert_type(batch.result, BatchResult[Listed])
    assert_type(batch.pending, list[Listed])


async def work_together_awaiting(user: User) -> None:
    async with Connection.aio.transaction(return_items=True) as tx:
        tx.save(user, only_changed=True)
        tx.update(user, User.visits.increment(), condition=User.visits < 10)
        tx.update(user, "f")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert_type(await Connection.aio.transact_get([(User, "a"), (User, "b")]), "list[User | None]")
    assert_type(await Connection.aio.transact_get([user]), "list[User | None]")
    async with Connection.aio as connection:
        assert_type(connection, Connection)


async def manage_awaiting() -> None:
    await Listed.aio.create_table(wait=False)
    assert_type(await Listed.aio.table_exists(), bool)
    assert_type(await Listed.aio.describe(), TableDescription)
    assert_type(await Listed.aio.compare_table(), tuple[Difference, ...])
    assert_type(await Listed.aio.update_table(drop_indexes=True), tuple[Difference, ...])
    await Listed.aio.delete_table(progress=True)


async def misuse_of_awaited_verbs(listed: Listed) -> None:
    await Listed.aio.get_one()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    await Listed.aio.update_one("a", Listed.year.set(1), condition=True)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await listed.aio.delete(condition=Listed.year)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await Listed.aio.save_one(User())  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    Listed.aio.find(limit="3")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    Listed.aio.find(scans="never")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    Listed.aio.explain("a")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    await Listed.aio.save_many(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await Listed.aio.update_many(["a"], "b")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Listed.aio.save_iter([User()])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    list(Listed.aio.find())  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


def misuse_of_reads() -> None:
    Listed.find(limit="3")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    Listed.find(scans="never")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


def write_together(user: User) -> None:
    with Connection.transaction(return_items=True) as tx:
        tx.save(user, only_changed=True)
        tx.save(Listed, {"name": "a"}, overwrite=Listed.year > 2000)
        tx.create(Listed, {"name": "b"})
        tx.update(user, User.visits.increment(), [User.year.set(1990)])
        tx.upsert(Listed, "c", Listed.year.set(1))
        tx.delete(Listed, Listed.name == "d")
        tx.check(User, user)
        tx.update(user, User.visits.increment(), condition=User.visits < 10)
        tx.update(Listed, "c", Listed.year.set(1), condition=Listed.year < 10)
        tx.delete(Listed, "c", condition=Listed.year < 10)
        tx.delete(user, condition="f")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
        tx.save(Listed)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
        tx.delete("e")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
        tx.update(user, "f")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


def read_together(user: User) -> None:
    assert_type(Connection.transact_get([(User, "a"), (User, "b")]), "list[User | None]")
    assert_type(Connection.transact_get([user]), "list[User | None]")


def configure() -> None:
    Connection.set_config("AKIA", "hush", scans="allow", timeout=5)
    Connection(scans="never")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Connection.set_config(timeout="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Connection(retry=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def name_table() -> str:
    return "monthly"


class Monthly(Model):
    __table__ = name_table
    __hash_key__ = "name"
    name = StringField()


class Weekly(Model):
    __table__ = lambda: "weekly"  # noqa: E731 - as users write it
    __hash_key__ = "name"
    name = StringField()


class Unnamed(Model):
    __table__ = len  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    __hash_key__ = "name"
    name = StringField()


async def bind(connection: Connection) -> None:
    bound = Listed.on_table("archive")
    assert_type(bound, type[Listed])
    Listed.__table__ = "other"
    assert_type(len(Listed.__table__), int)
    Monthly.__table__ = name_table
    assert_type(Listed.on(connection).on_table("archive"), type[Listed])
    assert_type(bound.get_one("a"), Listed)
    assert_type(await bound.aio.get_many(["a"]), list[Listed])
    assert_type(bound.name, StringField[str])
    with Connection.using(table_prefix="jane-") as nothing, Connection.using("memory", table_prefix="a-") as backend:
        assert_type(nothing, None)
        assert_type(backend, Backend)
    Listed.on_table(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Listed.on("archive")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Connection.using()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


class Entry(Model):
    __abstract__ = True
    __table__ = "shop"
    __hash_key__ = "pk"
    __kind_field__ = "type"
    pk = StringField(required=True)


class Customer(Entry):
    __kind__ = "customer"


class Order(Entry):
    __kind__ = ("order", None)
    total = IntField(required=True)


async def read_across() -> None:
    found = Connection.find_across((Customer, Order), hash_key="c", index=None, limit=5)
    assert_type(found, ResultSet[Customer | Order])
    assert_type(found.all(), list[Customer | Order])
    assert_type(found.by_kind()[Order], list[Order])
    assert_type(Connection.find_across([Order, Order], Order.total > 5), ResultSet[Order])
    awaited = Connection.aio.find_across((Customer, Order, Listed), hash_key="c")
    assert_type(awaited, AsyncResultSet[Customer | Order | Listed])
    assert_type((await awaited.by_kind())[Customer], list[Customer])
    Connection.find_across((Customer, Order), hashkey="c")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    assert_type(await Order.aio.get_one("a"), Order)


def check_forms(user: User) -> None:
    assert_type(User.from_dict({}, mode="json"), User)
    assert_type(User.from_json("{}"), User)
    assert_type(User.from_item({}), User)
    assert_type(User.from_dynamodb_json("{}"), User)
    assert_type(user.to_dict(mode="json", decimals="number"), dict[str, Any])
    assert_type(user.to_json(), str)
    assert_type(user.to_item(), dict[str, Any])
    assert_type(user.to_dynamodb_json(binary="bytes"), dict[str, dict[str, Any]])
    assert_type(User.json_schema("serialization"), dict[str, Any])
    for change in streams.parse({}, User):
        assert_type(change, "streams.Change[User] | streams.Unread")
        assert_type(change.new, "User | None")
        if isinstance(change, streams.Unread):
            continue
        assert_type(change.model, type[User])


async def lock_something() -> None:
    with Lock("a", lease=30) as lock:
        assert_type(lock, Lock)
        assert_type(lock.token, int)
        assert_type(lock.try_acquire(), bool)
        with Connection.transaction() as tx:
            lock.check(tx)
    async with lock as held, Connection.aio.transaction() as awaited:
        assert_type(held, Lock)
        held.check(awaited)
    assert_type(await lock.aio.acquire(timeout=5), Lock)
    assert_type(LockItem.get_one("a").owner, str | None)


def _shout(sources: Any) -> str:
    return str(sources.first).upper()


class Signed(Model):
    __table__ = "signed"
    __hash_key__ = "id"
    id = StringField(required=True, default=ulid)
    trace = UUIDField(default=uuid7, immutable=True)
    first = StringField(required=True)
    shouted = StringField(required=True, computed=_shout, computed_from=["first"])
    place = DictField(city=StringField(), immutable=True)
    made = DateTimeField(auto="create", required=True)
    expires = TimestampField(auto="write", auto_after=dt.timedelta(days=1))
    day = DateField(auto="write")


if TYPE_CHECKING:  # which raise at run time
    wrong = StringField(auto="write")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    also_wrong = DateField(auto="read")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


def check_values_of_the_library(signed: Signed, error: ImmutableConflict) -> None:
    assert_type(signed.shouted, str)
    assert_type(signed.made, dt.datetime)
    assert_type(signed.expires, dt.datetime | None)
    assert_type(signed.day, dt.date | None)
    assert_type(error.field, str | None)
    assert_type([uuid7()], list[uuid.UUID])
    assert_type([uuid7_text(), ulid(), ksuid()], list[str])


class Unique(Model):
    __table__ = "unique"
    __hash_key__ = "id"
    id = StringField(required=True)
    email = StringField()
    nick = StringField()
    __unique__ = [email, ("email", nick)]  # noqa: RUF012 - as users write it


async def check_unique_values(error: UniqueViolation) -> None:
    assert_type(error.key, dict[str, Any])
    assert_type(error.constraint, tuple[str, ...])
    for page in Unique.check_unique(repair=True):
        assert_type(page.problems, list[UniqueProblem])
    async for page in Unique.aio.check_unique():
        assert_type(page.cursor, str | None)


class Hooked(Model):
    __table__ = "hooked"
    __hash_key__ = "id"
    id = StringField(required=True)

    @before_save
    def prepare(self) -> int:
        return 1

    @after_read
    @before_delete
    def log(self, times: int = 1) -> str:
        return self.id * times

    @before_save("id", updates="refuse")
    def name(self) -> None: ...

    @validator("id")
    def check(self) -> bool:
        return bool(self.id)


def check_hooks(hooked: Hooked, error: ValidationError) -> None:
    assert_type(hooked.prepare(), int)
    assert_type(hooked.log(times=2), str)
    assert_type(hooked.check(), bool)
    assert_type(is_stored(hooked), bool)
    assert_type(is_loaded(hooked, "id"), bool)
    for problem in error.problems:
        assert_type(problem.field, str | None)
        assert_type(problem.place, tuple[str | int, ...])


def check_wrong_hooks() -> type[Model]:
    class Wrong(Hooked):
        @validator(updates="call")  # type: ignore[call-overload, untyped-decorator]  # pyright: ignore[reportCallIssue, reportArgumentType, reportUntypedFunctionDecorator]
        def wrong(self) -> None: ...

    return Wrong


def check_options_by_kind() -> None:
    assert_type(IntField(default=None, choices=range(3), validator=lambda number: number > 3), IntField[int | None])
    assert_type(StringField(required=True, validator=str.isalpha), StringField[str])
    assert_type(DateField(default="2024-05-01"), DateField[dt.date | None])
    assert_type(EnumField(Colour, required=True, choices=Colour), EnumField[Colour, Colour | str | int])
    assert_type(ListField(DateField, default=["2024-05-01"]), ListField[dt.date, dt.date | str])
    assert_type(ListField(IntField, default=list), ListField[int, int | Decimal])
    assert_type(ListField(IntField, validator=lambda numbers: len(numbers) < 3), ListField[int, int | Decimal])
    assert_type(SetField(IntField, default=set), SetField[int, int | Decimal])
    IntField(default="x")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    IntField(validator=str.isalpha)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]


def check_computed_values() -> None:
    assert_type(User.visits + 1, ComputedValue[Literal["N"]])
    assert_type(1 - if_not_exists(User.visits, 0), ComputedValue[Literal["N"]])
    assert_type(if_not_exists(User.cities, []), ComputedValue[Literal["L"]])
    assert_type(list_append(if_not_exists(User.cities, []), ["a"]), ComputedValue[Literal["L"]])
    assert_type(User.seen.increment(dt.timedelta(days=1)), AnyUpdate)
    assert_type(User.cities[0], Field[str, str, Literal["S"]])
    assert_type(User.grid[0][1].increment(), AnyUpdate)
    condition = User.name == "John"
    condition &= User.colour.in_(Colour)
    assert_type(condition, AnyCondition)


def check_narrowing(user: User) -> None:
    user.year = 1990
    user.year += 1
    del user.nick
