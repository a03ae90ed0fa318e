"""What type checkers know about the keys of models, and about what names items; never run."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from typing_extensions import Self, assert_type

from dynamongo import (
    AsyncResultSet,
    BatchResult,
    Condition,
    Connection,
    DateField,
    IntField,
    Lock,
    LockFields,
    Model,
    ResultSet,
    Strategy,
    StringField,
    UnreadableItem,
    WriteOutcome,
)
from dynamongo.aio import AsyncFacet, AsyncInstanceVerbs, AsyncVerbs
from dynamongo.fields import Field

M = TypeVar("M", bound=Model)
K = TypeVar("K")
DAY = dt.date(2026, 5, 17)
MOMENT = dt.datetime(2026, 5, 17, 12, tzinfo=dt.timezone.utc)


class User(Model[str]):
    __table__, __hash_key__ = "users", "email"
    email = StringField(required=True)
    year = IntField()


class Admin(User):
    level = IntField()


class Visit(Model[tuple[str, dt.date]]):
    __table__, __hash_key__, __range_key__ = "visits", "place", "day"
    place = StringField(required=True)
    day = DateField(required=True)
    stars = IntField()


class Plain(Model):
    __table__, __hash_key__ = "plain", "id"
    id = StringField(required=True)


class Money:
    """A class of which only its field knows."""


class MoneyField(Field[Money]):
    stored_type = "S"


class Price(Model[Money]):
    __table__, __hash_key__ = "prices", "amount"
    amount = MoneyField(required=True)


class Order(Model[tuple[int, int, str]]):
    __table__, __hash_key__, __range_key__ = "shop", "pk", "sk"
    customer = IntField(required=True)
    number = IntField(required=True)
    sku = StringField(required=True)
    pk = StringField(template="CUSTOMER#{customer}")
    sk = StringField(template="ORDER#{number:08}#{sku}")


class Base(Model[K]):
    __abstract__ = True

    @classmethod
    def load(cls, key: K) -> Self:
        return cls.get_one(key)

    @classmethod
    def load_all(cls, keys: Iterable[K]) -> list[Self]:
        cls.delete_many(keys)
        return cls.get_many(keys)


class Note(Base[str]):
    __table__, __hash_key__ = "notes", "title"
    title = StringField()


def name_one_item(user: User, admin: Admin, values: Mapping[str, object], condition: Condition, anything: Any) -> None:
    assert_type(User.get_one("a"), User)
    assert_type(User.get_one("a", None), "User | None")
    for strategy in (user, admin, values, condition, anything, {"email": "a"}, User.email == "a"):
        User.get_one(strategy)
        User.delete_one(strategy)
        User.update_one(strategy, User.year.set(3))
    Visit.get_one(("a", DAY))
    Visit.get_one(("a", MOMENT))
    Price.get_one(Money())
    Order.get_one((7, 1, "ball"))
    Plain.get_one(3)
    Plain.get_one(("a", DAY, uuid.uuid4()))
    assert_type(Note.load("a"), Note)
    assert_type(Note.load_all(["a"]), list[Note])


def name_several_items(  # noqa: PLR0917 - one argument for each kind of collection
    texts: list[str],
    iterable: Iterable[str],
    iterator: Iterator[str],
    others: tuple[str, ...] | set[str] | frozenset[str] | Collection[str] | Sequence[str],
    users: list[User] | list[Admin] | ResultSet[User],
    dicts: list[dict[str, Any]] | ResultSet[dict[str, Any]],
    mixed: list[Strategy],
) -> None:
    for given in (texts, iterable, iterator, others, users, dicts, mixed, {"a": 1}.keys(), map(str.lower, texts)):
        assert_type(User.get_many(given), list[User])
        assert_type(User.find(given), ResultSet[User])
        assert_type(User.delete_many(given), BatchResult[User])
        User.update_many(given, User.year.set(3))
        User.keys_in(given)
        User.explain(given)
    User.get_many(["a", User(email="b"), {"email": "c"}, User.email == "d"])
    User.get_many(text.lower() for text in texts)
    User.get_many("a")
    User.get_many(None)
    User.delete_many("a")
    Visit.delete_many((text, DAY) for text in texts)
    Visit.keys_in([("a", DAY)])
    assert_type(list(User.delete_iter(iterable)), list[WriteOutcome[User]])
    with User.batch() as batch:
        batch.delete("a")
        batch.delete(User.email == "a")


def choose_late(flag: bool, options: dict[str, Any]) -> None:  # noqa: FBT001 - what is not known yet
    assert_type(User.find(as_dicts=True), ResultSet[dict[str, Any]])
    assert_type(User.find(as_dicts=flag), ResultSet[Any])
    assert_type(User.find(as_items=flag, as_dicts=False), ResultSet[Any])
    assert_type(User.get_many(on_invalid="keep"), list[User | UnreadableItem])
    User.find(["a"], as_dicts=True, **options)
    User.save_one({"email": "a"}, only_changed=flag)
    User.update_one("a", User.year.set(3), upsert=flag)
    User.find(projection=[User.email, "year"])
    User.find(projection=(name for name in ("email", "year")))


def write_together(user: User, admin: Admin, visit: Visit, changes: list[Any]) -> None:
    with Connection.transaction() as tx:
        tx.save(user)
        tx.save(User, admin)
        tx.update(user, *changes)
        tx.update(User, "a", User.year.set(3), [User.year.set(4)])
        tx.delete(User, admin)
        tx.delete(Visit, ("a", DAY))
        tx.delete(Plain, 3)
        tx.delete(Price, Money())
        tx.check(User, (User.email == "a") & (User.year > 3))
        tx.check(User.on_table("others"), "a")
    assert_type(Connection.transact_get([(User, "a"), (User, user)]), "list[User | None]")
    Connection.transact_get([(User, "a"), visit, (Price, Money())])


class Repository(Generic[M]):
    def __init__(self, model: type[M]) -> None:
        self.model = model

    def get(self, key: str) -> M | None:
        return self.model.get_one(key, None)

    async def get_awaiting(self, key: str) -> M:
        return await self.model.aio.get_one(key)

    def remove(self, keys: Sequence[str]) -> BatchResult[M]:
        return self.model.delete_many(keys)

    def replace(self, key: str, item: M) -> None:
        with Connection.transaction() as tx:
            tx.delete(self.model, key)
            tx.save(item)


def take_any_model(model: type[Model], keyed: type[Model[Any]]) -> None:
    model.delete_many([("a", 3)])
    keyed.get_one(Money())
    with Connection.transaction() as tx:
        tx.delete(model, "a")
        tx.delete(keyed, Money())


def pass_models() -> None:
    models: list[type[Model]] = [User, Visit, Plain, Order, Note]
    for model in models:
        take_any_model(model, Price)
    assert_type(Repository(User).get("a"), "User | None")


class Guarded(Model[str]):
    __table__, __hash_key__ = "guarded", "id"
    id = StringField(required=True)

    @classmethod
    def get_one(cls, strategy: Any, *arguments: Any, **options: Any) -> Any:
        return super().get_one(strategy, *arguments, **options)

    @classmethod
    def delete_one(cls, strategy: Strategy, *, condition: Condition | None = None) -> Self | None:
        return super().delete_one(strategy, condition=condition)

    def update(self, *updates: Any, **options: Any) -> Any:
        return super().update(*updates, **options)


class NoteVerbs(AsyncVerbs["Memo", str]):
    async def delete_one(self, strategy: Strategy, *, condition: Condition | None = None) -> Memo | None:
        return await super().delete_one(strategy, condition=condition)


class Memo(Model[str]):
    __table__, __hash_key__ = "memos", "title"
    title = StringField()
    aio = AsyncFacet(NoteVerbs)


async def await_verbs(user: User, texts: AsyncIterator[str]) -> None:
    assert_type(User.aio, AsyncVerbs[User, str])
    assert_type(user.aio, AsyncInstanceVerbs[User])
    assert_type(Plain.aio, AsyncVerbs[Plain])
    assert_type(await User.aio.get_one("a"), User)
    assert_type(await Visit.aio.get_many([("a", DAY)]), list[Visit])
    assert_type(User.aio.find(as_dicts=True), AsyncResultSet[dict[str, Any]])
    async for outcome in User.aio.delete_iter(texts):
        assert_type(outcome, WriteOutcome[User])
    async with User.aio.batch() as batch:
        await batch.delete("a")
    async with Connection.aio.transaction() as tx:
        tx.delete(User, "a")


class ShopLock(LockFields[tuple[str, str]]):
    __table__, __hash_key__, __range_key__ = "shop", "pk", "sk"
    pk = StringField(required=True)
    sk = StringField(required=True)


def lock_items(lock: ShopLock) -> None:
    Lock("a", lease=3)
    Lock(("a", "b"), model=ShopLock)
    Lock(lock, model=ShopLock)
    ShopLock.get_one(("a", "b"))
