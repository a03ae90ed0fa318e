"""A book club with typed models: an editor completes, and mypy and pyright check, what every line here passes and gets.

Run it as it stands: it keeps everything in memory. To see what a type checker finds, misspell an argument.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import ClassVar

from dynamongo import (
    Connection,
    DateField,
    DateTimeField,
    DocumentField,
    EmailField,
    EnumField,
    IntField,
    ListField,
    StringField,
    TypedDocument,
    TypedModel,
    VersionField,
)


class Mood(Enum):
    """How a meeting was."""

    LIVELY = "lively"
    SLEEPY = "sleepy"


class Address(TypedDocument):
    """Where a member lives."""

    city: StringField[str]
    zip: StringField[str | None] = StringField(default=None, max_length=10)


class Member(TypedModel[str]):
    """Someone who reads; the key is an email address."""

    __table__ = "members"
    __hash_key__ = "email"

    # Without a value, an annotation makes the field, which is required unless the type allows `None`.
    email: EmailField[str]
    home: DocumentField[Address]
    # What has `default=` may be left out.
    name: StringField[str] = StringField(required=True, max_length=60)
    year_of_birth: IntField[int | None] = IntField(default=None, min_value=1900)
    books: ListField[str] = ListField(StringField)
    # What the library sets is no argument of the constructor.
    changed: ClassVar = DateTimeField(auto="write", required=True)
    version = VersionField()


class Meeting(TypedModel[tuple[str, date]]):
    """An evening about a book; the key is a pair."""

    __table__ = "meetings"
    __hash_key__ = "book"
    __range_key__ = "day"

    book: StringField[str]
    day: DateField[date]
    mood: EnumField[Mood] = EnumField(Mood, required=True, default=Mood.LIVELY)


def describe(member: Member) -> str:
    """Return who a member is: no value here can be `None` where it is not expected."""
    since = "" if member.year_of_birth is None else f", born in {member.year_of_birth}"
    return f"{member.name.upper()} from {member.home.city}{since}, has read {len(member.books)}"


def main() -> None:
    """Run the club."""
    Connection.set_config(backend="memory")
    Member.create_table()
    Meeting.create_table()

    Member(email="jane@example.com", name="Jane", home=Address(city="Oslo"), year_of_birth=1990).save()
    Member(email="john@example.com", name="John", home={"city": "Bergen", "zip": "5003"}, books=["Emma"]).save()
    jane = Member.update_one("jane@example.com", [Member.books.append("Emma", "Hunger"), Member.home.zip.set("0150")])
    print(describe(jane), "in", jane.home.zip)

    for member in Member.find((Member.home.city == "Bergen") & (Member.books.size() < 3), scans="allow"):
        print(describe(member))

    Meeting(book="Emma", day=date(2026, 11, 29)).save()
    Meeting(book="Emma", day=date(2026, 12, 6), mood="sleepy").save()
    lively = Meeting.find((Meeting.book == "Emma") & (Meeting.mood == Mood.LIVELY)).one()
    print("lively:", lively.day, "and then", Meeting.get_one(("Emma", date(2026, 12, 6))).mood.name.lower())

    changed: datetime = jane.changed
    print("version", jane.version, "is stored with its time:", changed == Member.get_one("jane@example.com").changed)


if __name__ == "__main__":
    main()
