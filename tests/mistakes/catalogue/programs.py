"""Programs around models, as users write them, and mistakes in what they are made of.

`mistakes.marks` says what the comments mean.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import functools
import itertools
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, cast

from typing_extensions import Self

from dynamongo import (
    BatchResult,
    Condition,
    Connection,
    DynamongoError,
    Field,
    GlobalIndex,
    IntField,
    ItemNotFound,
    ListField,
    Model,
    ResultSet,
    Strategy,
    StringField,
    TimestampField,
    UnreadableItem,
    Updates,
    before_save,
    literal,
)
from mistakes.catalogue.models import EMAIL, NOW, TODAY, Address, Admin, Colour, Line, Ticket, User, Visit

M = TypeVar("M", bound=Model)
T = TypeVar("T")
P = ParamSpec("P")


# Functions over any model.


def load(model: type[M], key: str) -> M:
    return model.get_one(key)


def load_or_none(model: type[M], key: str) -> M | None:
    return model.get_one(key, default=None)


def newest(model: type[M], limit: int = 10) -> list[M]:
    return model.get_many(limit=limit, scans="allow")


def save_all(items: Iterable[M]) -> list[M]:
    return [item.save() for item in items]


def store(items: Sequence[Model]) -> None:
    for item in items:
        item.save()


def create_tables(*models: type[Model]) -> list[str]:
    for model in models:
        if not model.table_exists():
            model.create_table()
    return [model.__name__ for model in models]


def count(found: ResultSet[Any]) -> int:
    return found.count()


def names_of(users: Iterable[User]) -> Iterator[str]:
    for user in users:
        yield user.name


def report(result: BatchResult[M]) -> str:
    if not result:
        return ", ".join(str(failure.error) for failure in result.failures)
    return f"{result.success_count} saved"


REGISTRY: dict[str, type[Model]] = {"user": User, "visit": Visit}
MODELS: list[type[Model]] = [User, Admin, Visit, Ticket]
LOADERS: dict[str, Callable[[str], Model]] = {"user": functools.partial(load, User), "admin": Admin.get_one}


# Bases, mixins and overridden verbs.


class Named(Protocol):
    @property
    def name(self) -> str: ...


def greet(named: Named) -> str:
    return f"Hello {named.name}"


class Greets:
    def greet(self) -> str:
        return f"Hello {getattr(self, 'name', 'you')}"


class Stamped(Model):
    __abstract__ = True
    changed_at = TimestampField()
    notes = ListField(StringField)

    @before_save
    def stamp(self) -> None:
        self.changed_at = NOW

    @classmethod
    def recent(cls, since: dt.datetime) -> list[Self]:
        return cls.get_many(cls.changed_at > since, scans="allow")


class Page(Greets, Stamped):
    __table__ = "pages"
    __hash_key__ = "url"
    url = StringField(required=True)
    name = StringField(required=True)
    views = IntField(required=True, default=0)
    owner = StringField()
    by_owner = GlobalIndex(hash_key=owner, range_key=views)
    cache: dict[str, int] = {}

    @property
    def title(self) -> str:
        return self.name.title()

    @functools.cached_property
    def words(self) -> list[str]:
        return self.name.split()

    @staticmethod
    def is_url(text: str) -> bool:
        return text.startswith("/")

    @classmethod
    def of(cls, owner: str) -> ResultSet[Self]:
        return cls.find(cls.owner == owner, index=cls.by_owner)

    def save(self, *arguments: Any, **options: Any) -> Self:
        saved: Self = super().save(*arguments, **options)
        return saved

    def __str__(self) -> str:
        return self.name


class Repository(Generic[M]):
    """What many programs put between their models and the rest."""

    def __init__(self, model: type[M]) -> None:
        self.model = model

    def get(self, key: str) -> M | None:
        return self.model.get_one(key, None)

    def all(self) -> list[M]:
        return self.model.get_many(scans="allow")

    def add(self, *items: M) -> BatchResult[M]:
        return self.model.save_many(items)

    def remove(self, item: M) -> None:
        item.delete()


class Users(Repository[User]):
    def __init__(self) -> None:
        super().__init__(User)

    def older_than(self, year: int) -> list[User]:
        return self.model.get_many(self.model.year < year, scans="allow")


def logged(function: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> T:
        return function(*arguments, **options)

    return call


@logged
def rename(user: User, name: str) -> User:
    user.name = name
    return user.save()


@contextlib.contextmanager
def temporary_user(email: str = "temporary@example.com", **values: Any) -> Generator[User, None, None]:
    user = User(email=email, name="Temporary", **values).save()
    try:
        yield user
    finally:
        user.delete()


@functools.lru_cache
def find_name(email: str) -> str:
    return User.get_one(email).name


@dataclasses.dataclass
class Profile:
    user: User
    visits: list[Visit]
    address: Address | None = None


# Conditions and updates in parts.


def update_from(user: User, changes: Mapping[str, Any]) -> User:
    updates = [User.attribute(name).set(value) for name, value in changes.items()]
    return user.update(*updates) if updates else user


def change(user: User, values: Mapping[str, str | None], *, is_visit: bool = False) -> User:
    changes = [User.seen.set(NOW)]
    if is_visit:
        changes.append(User.visits.increment())
        changes.append(User.years.append(2025))
        changes.append(User.tags.add({"new"}))
    if "nick" in values:
        nick = values["nick"]
        renamed = User.nick.set(nick) if nick else User.nick.remove()
        changes.append(renamed)
    return user.update(*changes)


def change_by_name(user: User, *names: str) -> User:
    wanted: list[Updates] = [User.seen.set(NOW)]
    wanted.append(User.visits.increment())
    known = {"visit": User.visits.increment(), "forget": User.nick.remove(), "move": User.home.set({"city": "Oslo"})}
    return user.update([known[name] for name in names]).update(*wanted)


def change_all(key: str, *updates: Updates) -> User:
    User.update_many([key], updates)
    wanted: list[Updates] = [User.seen.set(NOW), [*updates]]
    wanted.append(wanted[:1])
    return User.update_one(key, wanted[:2]).update(updates)


def matching(field: Field[Any], values: Sequence[str]) -> list[User]:
    return User.get_many(field.in_(values), scans="allow")


def search(name: str | None = None, year: int | None = None, colours: Iterable[Colour] = ()) -> list[User]:
    conditions: list[Condition] = []
    if name is not None:
        conditions.append(User.name.begins_with(name))
    if year is not None:
        conditions.append(User.year >= year)
    if chosen := list(colours):
        conditions.append(User.colour.in_(chosen))
    if not conditions:
        return User.get_many(scans="allow")
    return User.get_many(functools.reduce(lambda left, right: left & right, conditions), scans="allow")


def describe(item: Model | None) -> str:
    match item:
        case User(name=name, year=None):
            return name
        case User(name=name, year=year):
            return f"{name}, {year}"
        case Visit(page=page):
            return page
        case None:
            return "nobody"
        case _:
            return "something"


def keep(found: ResultSet[User | UnreadableItem]) -> list[User]:
    return [user for user in found if not isinstance(user, UnreadableItem)]


async def stream(since: int) -> AsyncIterator[str]:
    async for user in User.aio.find(User.year >= since, scans="allow"):
        yield user.name


def programs() -> None:
    """Programs around models."""
    create_tables(Page, *REGISTRY.values())
    load(User, EMAIL).name.upper()
    nobody = load_or_none(User, "nobody@example.com")
    if nobody is not None:
        nobody.name.upper()
    (nobody or User.get_one(EMAIL)).name.upper()
    load_or_none(User, "nobody@example.com").name.upper()  # mistake
    load(EMAIL, User)  # mistake
    newest(User)[0].name.upper()
    newest(User)[0].nmae.upper()  # mistake
    newest(User).name.upper()  # mistake
    save_all([User(email="a@example.com", name="A")])[0].name.upper()
    store([User(email="a@example.com", name="A"), Visit(page="/", day=TODAY)])
    count(User.find(User.year > 3, scans="allow"))
    count(User.find(as_dicts=True, scans="allow"))
    sorted(names_of(User.find(scans="allow")))
    report(User.save_many([User(email="a@example.com", name="A")]))
    [LOADERS[name](EMAIL) for name in LOADERS]
    [model.find(limit=1, scans="allow").first() for model in MODELS]
    greet(User.get_one(EMAIL))  # right, but pyright refuses it: to a protocol, a descriptor is itself, not its value
    page = Page(url="/", name="Start", owner="jane").save()
    page.greet()
    page.title.upper()
    page.words.sort()
    page.title = "Start"  # mistake
    page.words.upper()  # mistake
    Page.recent("yesterday")  # mistake
    Page.of(7)  # mistake
    Page.of("jane").first().name  # silent mistake
    page.cache["a"] = 1
    page.notes.append("a note")
    Page.recent(NOW - dt.timedelta(days=1))[0].views += 1
    Page.of("jane").first()
    [each.name for each in Page.of("jane")]
    Page.is_url("/")
    users = Users()
    users.add(User(email="a@example.com", name="A"), User(email="b@example.com", name="B"))
    users.add(Visit(page="/", day=TODAY))  # mistake
    users.older_than(1991)[0].name.upper()
    users.older_than("1991")  # mistake
    users.get(EMAIL).name.upper()  # silent mistake
    Repository(Ticket).get("a").seat  # mistake
    found = users.get(EMAIL)
    if found:
        users.remove(found)
    store([rename(User.get_one("a@example.com"), name="Anna")])
    with temporary_user(year=1990) as user:
        user.name = "Other"
    find_name("a@example.com").upper()
    profile = Profile(User.get_one("a@example.com"), Visit.get_many(Visit.page == "/"))
    profile.user.home = profile.address
    profile.visits.sort(key=lambda visit: visit.day)
    update_from(profile.user, {"year": 1990, "score": Decimal("0.5")}).name.upper()
    matching(User.name, ["Jane"])
    change(profile.user, {"nick": None}, is_visit=True).nick or change_by_name(profile.user, "visit", "move")
    change_all("a@example.com", User.visits.increment(), [User.nick.set("Jim"), [User.home.remove()]]).name.upper()
    mixed = [EMAIL, {"email": EMAIL}, User.email == EMAIL]
    User.get_many(mixed)
    strategies: list[Strategy] = [EMAIL, {"email": EMAIL}, User.email == EMAIL]
    strategies.append(User(email=EMAIL))
    by_key = User.keys_in([EMAIL]) if strategies else User.email == EMAIL
    User.get_many(by_key)
    projection = [User.name, User.cities[0], "year"]
    User.get_many(strategies, projection=projection)
    limits: dict[str, Any] = {"limit": 3, "page_size": 10}
    User.find(**limits, scans="allow").all()  # right, but pyright refuses it: of several overloads, it takes none
    User.explain(**limits)
    writing: dict[str, Any] = {"max_workers": 1, "overwrite": True}
    User.save_many([profile.user], **writing)
    search("J", 1980, [Colour.RED])
    search()
    search(7)  # mistake
    search(year="1990")  # mistake
    matching(User, ["Jane"])  # mistake
    describe(EMAIL)  # silent mistake
    store([User])  # mistake
    rename(User.get_one("a@example.com"), 7)  # mistake
    describe(profile.user)
    describe(None)
    keep(User.find(on_invalid="keep", scans="allow"))
    max(User.find(scans="allow"), key=lambda user: user.visits).name.upper()
    {user.email: user for user in User.find(scans="allow")}[user.email if nobody else "a@example.com"].save()
    [list(group) for _, group in itertools.groupby(User.get_many(scans="allow"), key=lambda user: user.year)]
    list(map(User.get_one, ["a@example.com"]))
    list(filter(None, [User.get_one("nobody@example.com", None)]))
    first = User.find(scans="allow").first()
    assert first is not None
    first.name.upper()
    assert first.year is None or first.year > 3
    first.year = 1990
    first.year += 1
    first.home = Address(city="Oslo")
    first.home.city = "Bergen"
    first.settings = {"theme": "light"}
    first.settings["theme"] = "dark"
    first.lines = [Line(sku="a", quantity=2), *first.lines]
    total = sum(line.quantity for line in first.lines)
    first.update(User.visits.add(total))
    first.update(*[User.tags.add({tag}) for tag in ("a",)])
    if first.cities:
        first.update([User.cities.append(*first.cities, "Oslo")])
    first.update(User.year.set(first.year) if first.year else User.year.remove())
    try:
        User.get_one("nobody@example.com")
    except ItemNotFound as error:
        str(error)
    except DynamongoError:
        raise
    values: dict[str, Any] = {"email": "c@example.com", "name": "C"}
    User(**values).save(overwrite=False)
    User.save_one(values, overwrite=User.name == literal("C"))
    User.get_one(values)
    key: Any = "c@example.com"
    User.get_one(key)
    User.get_one(values["email"])
    User.delete_many([user.email for user in User.find(scans="allow") if user.visits > 1000])
    options: dict[str, Any] = {"consistent": True}
    User.get_one("c@example.com", **options)
    cast("User", load(Admin, EMAIL)).name.upper()
    admins: Sequence[User] = Admin.get_many([EMAIL])
    store(admins)
    with Connection.using("memory", table_prefix="jane-"), contextlib.suppress(DynamongoError):
        User.get_one(EMAIL)
