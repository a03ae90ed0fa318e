"""Mistakes with models that say of which type their keys are; `mistakes.marks` says what the comments mean."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import NamedTuple, TypeVar

from typing_extensions import Self

from dynamongo import Connection, Field, IntField, Model, StringField
from mistakes.catalogue.models import NOW, TODAY, TOKEN, Booking, Session, Ticket, User

M = TypeVar("M", bound=Model)
K = TypeVar("K")


class BookingKey(NamedTuple):
    room: str
    day: dt.date


def keys_of_models() -> None:
    """Keys of models that name their type."""
    Booking.get_one(("blue", TODAY))
    Booking.get_one(BookingKey("blue", TODAY))
    Booking.get_one({"room": "blue", "day": TODAY})
    Booking.get_one((Booking.room == "blue") & (Booking.day == TODAY))
    Booking.get_one(Booking(room="blue", day=TODAY))
    Booking.get_one(("blue", NOW.date()))
    Booking.get_one((7, TODAY))  # mistake
    Booking.get_one(("blue", 7))  # mistake
    Booking.get_one("blue")  # mistake
    Booking.get_one(("blue",))  # mistake
    Booking.get_one(("blue", TODAY, 3))  # mistake
    Booking.get_one((TODAY, "blue"))  # mistake
    Booking.get_one(["blue", TODAY])  # mistake
    Booking.get_one(("blue", None))  # mistake
    Booking.get_one(None)  # mistake
    Booking.get_one(Ticket(number=7))  # mistake
    Ticket.get_one(7)
    Ticket.get_one({"number": 7})
    Ticket.get_one("7")  # mistake
    Ticket.get_one(7.5)  # mistake
    Ticket.get_one(TOKEN)  # mistake
    Ticket.get_one((7, TODAY))  # mistake
    Session.get_one(TOKEN)
    Session.get_one(uuid.UUID(str(TOKEN)))
    Session.get_one("7")  # mistake
    Session.get_one(7)  # mistake
    Ticket.exists(7)
    Ticket.exists("7")  # mistake
    Ticket.get_raw(7)
    Ticket.get_raw("7")  # mistake
    Ticket.get_many([7, {"number": 8}, Ticket.number == 9, Ticket(number=10)])
    Ticket.get_many(range(3))
    Ticket.get_many(number for number in (7, 8))
    Ticket.get_many(["7"])  # mistake
    Ticket.get_many(Ticket.keys_in([7, 8]))
    Ticket.get_many(Ticket.keys_in(["7"]))  # mistake
    Ticket.find([7, 8]).all()
    Ticket.find(["7"]).all()  # mistake
    Booking.get_many([("blue", TODAY), ("red", TODAY)])
    Booking.get_many([("blue", 7)])  # mistake
    Ticket.update_one(7, Ticket.seat.set("A"))
    Ticket.update_one("7", Ticket.seat.set("A"))  # mistake
    Ticket.upsert_one(7, Ticket.seat.set("A"))
    Ticket.upsert_one("7", Ticket.seat.set("A"))  # mistake
    Ticket.update_from_dict(7, {"seat": "A"})
    Ticket.update_from_dict("7", {"seat": "A"})  # mistake
    Ticket.update_many([7], Ticket.seat.set("A"))
    Ticket.update_many(["7"], Ticket.seat.set("A"))  # mistake
    list(Ticket.update_iter([7], Ticket.seat.set("A")))
    list(Ticket.update_iter(["7"], Ticket.seat.set("A")))  # silent mistake
    Booking.delete_one(("blue", TODAY))
    Booking.delete_one("blue")  # mistake
    Ticket.delete_many([7, 8])
    Ticket.delete_many(["7"])  # mistake
    list(Ticket.delete_iter(number for number in (7, 8)))
    list(Ticket.delete_iter(["7"]))  # silent mistake
    with Ticket.batch() as batch:
        batch.delete(7)
    with Ticket.batch() as batch:
        batch.delete("7")  # mistake
    with Connection.transaction() as tx:
        tx.upsert(Ticket, 7, Ticket.seat.set("A"))
        tx.delete(Booking, ("blue", TODAY))
    with Connection.transaction() as tx:
        tx.update(Ticket, "7", Ticket.seat.set("A"))  # mistake
    with Connection.transaction() as tx:
        tx.delete(Booking, "blue")  # mistake
    with Connection.transaction() as tx:
        tx.check(Ticket, "7")  # mistake
    Connection.transact_get([(Ticket, 7), (Ticket, 8)])
    Connection.transact_get([(Ticket, 7), (Booking, ("blue", TODAY))])
    Connection.transact_get([(Ticket, "7")])  # mistake that both accept: pairs of several models may be anything
    Ticket.on_table("archive").exists  # noqa: B018 - a look
    Ticket.on_table("tickets").get_many([7])
    Ticket.on_table("tickets").get_many(["7"])  # mistake


async def keys_of_models_awaited() -> None:
    """Keys of models that name their type, awaited."""
    await Ticket.aio.get_one(7)
    await Ticket.aio.get_one("7")  # mistake
    await Booking.aio.get_one(("blue", TODAY))
    await Booking.aio.get_one("blue")  # mistake
    await Booking.aio.get_one((TODAY, "blue"))  # mistake
    await Ticket.aio.get_many([7, 8])
    await Ticket.aio.get_many(["7"])  # mistake
    await Ticket.aio.update_one(7, Ticket.seat.set("A"))
    await Ticket.aio.update_one("7", Ticket.seat.set("A"))  # mistake
    await Ticket.aio.update_many([7], Ticket.seat.set("A"))
    await Ticket.aio.update_many(["7"], Ticket.seat.set("A"))  # mistake
    await Ticket.aio.delete_one(8)
    await Ticket.aio.delete_one(None)  # mistake
    await Ticket.aio.delete_many(["7"])  # mistake
    async with Connection.aio.transaction() as tx:
        tx.delete(Ticket, 7)
    async with Connection.aio.transaction() as tx:
        tx.delete(Ticket, "7")  # mistake


@dataclasses.dataclass(frozen=True)
class Money:
    cents: int


class MoneyField(Field[Money]):
    """An amount, stored in cents."""

    stored_type = "N"

    def encode(self, value: Money) -> int:
        return value.cents

    def decode(self, stored: int) -> Money:
        return Money(int(stored))


class Price(Model[Money]):
    __table__ = "prices"
    __hash_key__ = "amount"
    amount = MoneyField(required=True)


class Numbered(Model[K]):
    """A base whose derived classes say of which type their keys are."""

    __abstract__ = True
    __hash_key__ = "id"

    @classmethod
    def load(cls, key: K) -> Self:
        return cls.get_one(key)


class Page(Numbered[str]):
    __table__ = "pages"
    id = StringField(required=True)


class Chapter(Numbered[int]):
    __table__ = "chapters"
    id = IntField(required=True)


class SpecialTicket(Ticket):
    __table__ = "special"


def newest(model: type[M], *keys: object) -> M | None:
    return model.find(limit=len(keys) + 1, scans="allow").first()


def bases() -> None:
    """Keys of generic bases, derived and custom classes."""
    for model in (Price, Page, Chapter, SpecialTicket):
        model.create_table()
    Price(amount=Money(3)).save()
    Page(id="a").save()
    Chapter(id=1).save()
    SpecialTicket(number=7).save()
    Price.get_one(Money(3))
    Price.get_one("3")  # mistake
    Page.get_one("a")
    Page.load("a").save()
    Page.load(7)  # mistake
    Page.get_one(7)  # mistake
    Chapter.get_one(1)
    Chapter.load(1)
    Chapter.load("a")  # mistake
    Chapter.get_one("a")  # mistake
    SpecialTicket.get_one(7)
    SpecialTicket.get_one("7")  # mistake
    Ticket.get_one(SpecialTicket(number=7))
    newest(Ticket, 7)
    newest(User)
    newest(Page, "a")
    newest(Ticket(number=7))  # silent mistake
    newest(Ticket, 7).seat.upper()  # mistake
