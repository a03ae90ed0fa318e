"""A small travel diary: people, and the cities that they visited.

Without arguments it keeps everything in memory; with `--dynamodb URL` it runs against a server that speaks DynamoDB.
Only the backend differs.
"""

from __future__ import annotations

import argparse
from datetime import date

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    DateField,
    DictField,
    EmailField,
    IntField,
    ListField,
    Model,
    SetField,
    StringField,
    ValidationError,
)


class Person(Model[str]):
    """Someone who travels."""

    __table__ = "people"
    __hash_key__ = "email"

    email = EmailField(required=True)
    name = StringField(required=True, max_length=60)
    year_of_birth = IntField(min_value=1900, max_value=2100)
    languages = SetField(StringField)
    address = DictField(city=StringField(), country=StringField(max_length=2))


class Visit(Model[tuple[str, date]]):
    """One stay in a city; the visits to a city are sorted by day."""

    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "day"

    city = StringField(required=True)
    day = DateField(required=True)
    who = EmailField(required=True)
    nights = IntField(min_value=1, default=1)
    notes = ListField(StringField)


def main() -> None:
    """Run the diary on the backend that the command line selects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dynamodb", metavar="URL", help="run against this server instead of in memory")
    url = parser.parse_args().dynamodb
    if url is None:
        Connection.set_config(backend="memory", table_prefix="diary-")
    else:
        Connection.set_config("made-up", "made-up", "us-east-2", table_prefix="diary-", endpoint_url=url)
    Person.create_table()
    Visit.create_table()
    print(f"Tables {Person.table_name()} and {Visit.table_name()} are ready.")
    write_people()
    write_visits()
    read_visits()
    change_people()
    Visit.delete_table()
    Person.delete_table()


def write_people() -> None:
    """Save dicts and instances, and see mistakes fail on the line that makes them."""
    heading("People")
    jane = Person.save_one(
        {"email": "jane@example.com", "name": "Jane", "year_of_birth": 1990, "languages": {"en", "sw"}}
    )
    print("saved", jane)
    others = [
        Person(email="john@example.com", name="John", year_of_birth=1985, address={"city": "Nairobi", "country": "KE"}),
        Person(email="jane@example.com", name="Another Jane"),
    ]
    result = Person.save_many(others, overwrite=False)
    print(f"{result.success_count} more saved, {result.fail_count} refused:")
    print("  ", result.failures[0].reason)
    try:
        jane.year_of_birth = 19900
    except ValidationError as error:
        print("caught at the assignment:", error)


def write_visits() -> None:
    """Save many items at once."""
    heading("Visits")
    days = [("Nairobi", 2024, 3), ("Nairobi", 2024, 9), ("Nairobi", 2025, 1), ("Oslo", 2024, 6), ("Oslo", 2025, 2)]
    visits = [
        Visit(city=city, day=date(year, month, 14), who="jane@example.com", nights=month) for city, year, month in days
    ]
    print(f"{Visit.save_many(visits).success_count} saved")


def read_visits() -> None:
    """Say which items you want, and see the plan before the read."""
    heading("What a read will do, before it does it")
    in_2024 = (Visit.city == "Nairobi") & Visit.day.between(date(2024, 1, 1), date(2024, 12, 31)) & (Visit.nights > 3)
    print(Visit.explain(in_2024))
    for visit in Visit.get_many(in_2024):
        print("->", visit)
    print()
    keys = Visit.keys_in([("Oslo", date(2025, 2, 14)), ("Nairobi", date(2025, 1, 14))])
    print(Visit.explain(keys))
    for visit in Visit.get_many(keys):
        print("->", visit)
    print()
    long_stays = Visit.nights >= 6
    print(Visit.explain(long_stays))
    for visit in Visit.get_many(long_stays, scans="allow"):
        print("->", visit)


def change_people() -> None:
    """Update and delete, with conditions that the store checks."""
    heading("Changes")
    john = Person.update_one(
        (Person.email == "john@example.com") & Person.address.exists(),
        [Person.address.city.set("Mombasa"), Person.languages.add_to_set({"sw"})],
    )
    print("moved:", john)
    try:
        john.save(overwrite=Person.address.city == "Nairobi")
    except ConditionalCheckFailedException as error:
        print("not saved:", error)
    print(
        "too young to delete:", Person.delete_one((Person.email == "jane@example.com") & (Person.year_of_birth < 1980))
    )
    print("deleted:", Person.delete_one("jane@example.com"))
    print("left:", [person.name for person in Person.get_many(scans="allow")])


def heading(text: str) -> None:
    """Print an underlined heading."""
    print(f"\n{text}\n{'-' * len(text)}")


if __name__ == "__main__":
    main()
