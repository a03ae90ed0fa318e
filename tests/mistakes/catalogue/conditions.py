"""Mistakes in conditions, and conditions that are right; `mistakes.marks` says what the comments mean."""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
import uuid
from decimal import Decimal

from dynamongo import literal
from mistakes.catalogue.models import EMAIL, NOW, TODAY, TOKEN, Address, Colour, Line, Seat, User, Visit


def operands() -> None:
    """Operands of conditions."""
    User.find(User.year < 2000)
    User.find(User.year <= Decimal(2000))
    User.find(User.year < "2000")  # mistake
    User.find(User.year == "2000")  # mistake
    User.find(User.year != "2000")  # mistake
    User.find(User.year > 1999.5)  # mistake
    User.find(User.year >= NOW)  # mistake
    User.find(User.year == None)  # mistake
    User.find(User.year.not_exists())
    User.find(User.score > 1)
    User.find(User.score > Decimal("0.5"))
    User.find(User.score > "0.5")  # mistake
    User.find(User.balance == 3)
    User.find(User.balance == 0.5)  # mistake
    User.find(User.name == "Jane")
    User.find(User.name == 7)  # mistake
    User.find(User.name == b"Jane")  # mistake
    User.find(User.name < 7)  # mistake
    User.find(User.name == ["Jane"])  # mistake
    User.find(User.name == User.nick)
    User.find(User.name == literal("Jane"))
    User.find(literal("Jane") == User.name)
    User.find(User.is_active == True)
    User.find(User.is_active == "yes")  # mistake
    User.find(User.is_active == 1)  # mistake
    User.find(User.token == TOKEN)
    User.find(User.token == str(TOKEN))
    User.find(User.token == 7)  # mistake
    User.find(User.colour == Colour.RED)
    User.find(User.colour == "red")
    User.find(User.colour == b"red")  # mistake
    User.find(User.created_at > NOW)
    User.find(User.created_at > "2025-05-17")
    User.find(User.created_at > 1_700_000_000)  # mistake
    User.find(User.created_at > dt.timedelta(days=1))  # mistake
    User.find(User.born == TODAY)
    User.find(User.born == "2025-05-17")
    User.find(User.born == 2025)  # mistake
    User.find(User.played > dt.timedelta(minutes=5))
    User.find(User.played > "5 minutes")  # mistake
    User.find(User.seen > NOW)
    User.find(User.seen > dt.timedelta(hours=1))  # mistake
    User.find(User.photo == b"\x00")
    User.find(User.photo == bytearray(b"\x00"))
    User.find(User.photo == "x")  # mistake
    User.find(User.ip == ipaddress.ip_address("10.0.0.1"))
    User.find(User.ip == 167772161)  # mistake
    User.find(User.cities == ["Nairobi"])
    User.find(User.cities == ("Nairobi",))
    User.find(User.cities == "Nairobi")  # mistake
    User.find(User.cities == [7])  # mistake
    User.find(User.tags == {"a"})
    User.find(User.tags == "a")  # mistake
    User.find(User.numbers == {1})
    User.find(User.numbers == {"1"})  # mistake
    User.find(User.settings == {"theme": "dark"})
    User.find(User.settings == "dark")  # mistake
    User.find(User.settings.theme == "dark")
    User.find(User.settings["theme"] == "dark")
    User.find(User.home == Address(city="Oslo"))
    User.find(User.home == {"city": "Oslo"})
    User.find(User.home == "Oslo")  # mistake
    User.find(User.home == Line(sku="a"))  # mistake
    User.find(User.seat == Seat(3))
    User.find(User.seat == 3)  # mistake
    User.find(User.data == {"any": ["JSON", 1]})
    User.find(User.anything == {"any": b"value"})
    User.find(User.attribute("other") == 3)
    User.find(User.nmae == "Jane")  # mistake
    User.find(User.name.size() > 3)
    User.find(User.name.size() > "3")  # mistake
    User.find(User.name.size() == "3")  # mistake
    User.find(User.year.attribute_type("N"))
    User.find(User.year.attribute_type("INT"))  # mistake
    Visit.find((Visit.page == "/") & (Visit.day >= "2025-01-01"))
    Visit.find((Visit.page == "/") & (Visit.day >= 2025))  # mistake


def members() -> None:
    """in_, between, begins_with and contains."""
    User.find(User.year.in_([1990, 1991]))
    User.find(User.year.in_({1990, Decimal(1991)}))
    User.find(User.year.in_(range(1990, 1995)))
    User.find(User.year.in_(year for year in (1990, 1991)))
    User.find(User.year.in_({1990: "a"}))
    User.find(User.year.in_(["1990"]))  # mistake
    User.find(User.year.in_([1990, None]))  # mistake
    User.find(User.year.in_(1990))  # mistake
    User.find(User.name.in_(["Jane", "John"]))
    User.find(User.name.in_({"Jane": 1}.keys()))
    User.find(User.name.in_(map(str.title, ["jane"])))
    User.find(User.name.in_("Jane"))  # mistake
    User.find(User.name.in_(["Jane", 7]))  # mistake
    User.find(User.colour.in_([Colour.RED, "blue"]))
    User.find(User.colour.in_(Colour))
    User.find(User.colour.in_([1.5]))  # mistake
    User.find(User.token.in_([TOKEN, str(TOKEN)]))
    User.find(User.token.in_([7]))  # mistake
    User.find(User.year.between(1990, 2000))
    User.find(User.year.between(1990, User.visits))
    User.find(User.year.between("1990", "2000"))  # mistake
    User.find(User.year.between(1990, None))  # mistake
    User.find(User.year.between(1990))  # mistake
    User.find(User.year.between((1990, 2000)))  # mistake
    User.find(User.created_at.between(NOW, "2026-01-01"))
    User.find(User.created_at.between(2025, 2026))  # mistake
    User.find(literal(NOW).between(User.created_at, User.seen))
    User.find(User.name.begins_with("Ja"))
    User.find(User.name.begins_with(User.nick))
    User.find(User.photo.begins_with(b"\x00"))
    User.find(User.name.begins_with(7))  # mistake
    User.find(User.name.begins_with(b"Ja"))  # mistake
    User.find(User.photo.begins_with("x"))  # mistake
    User.find(User.created_at.begins_with("2025"))
    User.find(User.name.contains("an"))
    User.find(User.name.contains(7))  # mistake
    User.find(User.cities.contains("Nairobi"))
    User.find(User.cities.contains(User.name))
    User.find(User.cities.contains(7))  # mistake
    User.find(User.cities.contains(["Nairobi"]))  # mistake
    User.find(User.years.contains("1990"))  # mistake
    User.find(User.tags.contains("a"))
    User.find(User.tags.contains(7))  # mistake
    User.find(User.numbers.contains("1"))  # mistake
    User.find(User.lines.contains(Line(sku="a")))
    User.find(User.lines.contains("a"))  # mistake
    User.find(literal("Jane Doe").contains(User.name))
    User.find(literal(["Jane", "John"]).contains(User.name))
    User.find(User.name.size().in_([3, 4]))
    User.find(User.name.size().in_(["3"]))  # mistake
    User.find(User.name.size().between("3", "4"))  # mistake


def kinds() -> None:
    """What a kind of field cannot do."""
    User.find(User.site.begins_with("https"))
    User.find(User.attribute("other").begins_with("a"))
    User.find(User.anything.begins_with("a"))
    User.find(User.ip.begins_with("10.") | User.email.begins_with("jane"))
    User.find(User.born.begins_with("2025-05") | User.photo.begins_with(b"\x89PNG"))
    User.find(User.email.contains("@example.com") & User.photo.contains(b"\x00"))
    User.find(User.tags.contains("a") | User.numbers.contains(7) | User.years.contains(1990))
    User.find(User.attribute("other").contains(7) | User.anything.contains("a"))
    User.find((User.name.size() > 3) & (User.photo.size() < 1000) & (User.tags.size() == 1))
    User.find((User.home.size() > 1) & (User.name.size() > User.nick.size()))
    User.find((User.data.size() > 3) | (User.anything.size() > 3) | (User.attribute("other").size() > 3))
    User.find(User.year.exists() & User.home.exists() & User.cities.not_exists() & User.year.attribute_type("N"))
    User.find((User.home["city"] == "Oslo") & (User.settings["theme"] == "dark") & (User.lines[0].sku == "a"))
    User.find((User.attribute("other")["a"] == 1) | (User.attribute("other")[0] == 1))
    User.find(User.year.begins_with("19"))  # mistake
    User.find(User.score.begins_with("0"))  # mistake
    User.find(User.is_active.begins_with("y"))  # mistake
    User.find(User.cities.begins_with("Nai"))  # mistake
    User.find(User.tags.begins_with("a"))  # mistake
    User.find(User.year.contains(19))  # mistake
    User.find(User.balance.contains(1))  # mistake
    User.find(User.is_active.contains(True))  # mistake
    User.find(User.cities.size() > 3)
    User.find(User.settings.size() > 1)
    User.find(User.year.size() > 3)  # mistake
    User.find(User.is_active.size() > 3)  # mistake
    User.find(User.year.upper() == "X")  # mistake
    User.find(User.name.lower() == "jane")  # mistake
    User.find(User.name.startswith("Ja"))  # mistake
    User.find(User.name.isin(["Jane"]))  # mistake
    User.find(User.nick.is_null())  # mistake
    User.find(len(User.name) > 3)  # mistake
    User.find("Nairobi" in User.cities)  # mistake
    User.find(User.year % 2 == 0)  # mistake
    User.find(User.cities[0] == "Nairobi")
    User.find(User.cities[0] == 7)  # mistake
    User.find(User.cities["first"] == "Nairobi")  # mistake
    User.find(User.year[0] == 1)  # mistake
    User.find(User.tags[0] == "a")  # mistake
    User.find(User.years[0] + 1 > 1990)  # mistake
    User.find(User.by_name == "Jane")  # mistake


def combining() -> None:
    """Combining conditions."""
    is_old, is_jane = User.year < 1990, User.name == "Jane"
    User.find(is_old & is_jane)
    User.find(is_old | ~is_jane)
    User.find(~(is_old & is_jane) | User.nick.exists())
    User.find(is_old and is_jane)  # mistake that both accept: `and` takes any two objects, and is true or false later
    User.find(not is_old)  # mistake that mypy accepts: it does not look at what __bool__ returns
    User.find(User.year < 1990 & User.visits > 3)  # mistake  # fmt: skip
    User.find(is_old & User.is_active)  # mistake
    User.find(is_old & "Jane")  # mistake
    User.find(is_old & True)  # mistake
    User.find(is_old | None)  # mistake
    User.find(is_old & (User.name == 7))  # mistake
    User.find((User.name == 7) | is_old)  # mistake
    User.find(is_old + is_jane)  # mistake
    User.find(-is_old)  # mistake
    User.find(~User.is_active)  # mistake
    User.find([is_old, is_jane])  # mistake that both accept: a list of conditions, each for one item, is a strategy
    User.find(is_old, is_jane)  # mistake
    User.find(User.year)  # mistake
    User.find(User.name == "Jane" & is_old)  # mistake
    User.find(1980 < User.year < 1990)  # mistake that both accept: a chain is an `and`
    User.find((User.year > 1980) & (User.year < 1990))
    conditions = [User.email == EMAIL, User.year > 1980]
    User.find(functools.reduce(lambda left, right: left & right, conditions))
    User.find(*conditions)  # mistake that both accept: how many there are is not known
    collected = User.email == EMAIL
    for each in conditions:
        collected &= each
    if len(conditions) > 1:
        collected = collected | User.nick.exists() & ~User.year.in_([1990])
    User.find(collected)
    if is_old:  # mistake that mypy accepts: it does not look at what __bool__ returns
        User.find(is_jane)


def unions(token: uuid.UUID | str = TOKEN, year: int | None = 1990, names: list[str] | None = None) -> None:
    """Operands that may be None."""
    User.find(User.token == token)
    if year is not None:
        User.find(User.year == year)
        User.find(User.year >= year)
    User.find(User.year == (year or 1990))
    User.find(User.name.in_(names or []))
    jane = User.get_one(EMAIL)
    User.find(User.name == jane.name)
    User.find(User.year == jane.year)  # silent mistake that pyright accepts: it leaves None out of operands of ==
    User.find(User.year > jane.year)  # silent mistake
    User.find(User.nick == jane.nick)  # mistake that pyright accepts: it leaves None out of operands of ==
    User.find(User.name == jane.nick)  # mistake that pyright accepts: it leaves None out of operands of ==
    User.find(User.name.in_([jane.name, jane.nick]))  # mistake
    if jane.nick:
        User.find(User.nick == jane.nick)
