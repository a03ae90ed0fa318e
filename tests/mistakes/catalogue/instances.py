"""Mistakes with instances, and uses that are right; `mistakes.marks` says what the comments mean."""

from __future__ import annotations

import datetime as dt
import ipaddress
from decimal import Decimal
from types import MappingProxyType
from typing import cast

from dynamongo import Document, is_loaded, is_stored, size_of
from mistakes.catalogue.models import EMAIL, NOW, TODAY, TOKEN, Address, Admin, Colour, Line, Seat, User


def assignments() -> None:
    """Assignments to instances."""
    jane = User.get_one(EMAIL)
    jane.name = "Jane"
    jane.name = 7  # mistake
    jane.name = None  # silent mistake
    jane.nick = b"J"  # mistake
    jane.nick = None
    jane.name = jane.nick  # silent mistake
    jane.nick = "J"
    jane.name = jane.nick or "Jane"
    jane.year = 1990
    jane.year = Decimal(1990)
    jane.year = None
    jane.year = "1990"  # mistake
    jane.year = 1990.5  # mistake
    jane.year += 1  # mistake
    jane.visits += 1
    jane.visits += "1"  # mistake
    jane.visits = None  # silent mistake
    jane.score = 1
    jane.score = "1"  # mistake
    jane.balance = Decimal(3)
    jane.balance = 3
    jane.balance = "3"  # mistake
    jane.is_active = True
    jane.is_active = "yes"  # mistake
    jane.token = TOKEN
    jane.token = str(TOKEN)
    jane.token = 7  # mistake
    jane.ip = ipaddress.ip_address("10.0.0.1")
    jane.ip = 167772161  # mistake
    jane.colour = Colour.RED
    jane.colour = "red"
    jane.colour = b"red"  # mistake
    jane.created_at = NOW
    jane.created_at = "2025-05-17T12:00:00Z"
    jane.created_at = 1_700_000_000  # mistake
    jane.created_at = TODAY  # mistake
    jane.born = TODAY
    jane.born = "2025-05-17"
    jane.born = 2025  # mistake
    jane.played = dt.timedelta(minutes=1)
    jane.played = 60  # mistake
    jane.photo = b"\x00"
    jane.photo = "x"  # mistake
    jane.cities = []
    jane.cities.append("Bergen")
    jane.cities = ["Oslo"]
    jane.cities = ("Oslo", "Bergen")
    jane.cities.append("Bergen")
    jane.cities += ["Bergen"]
    jane.cities = [city for city in jane.cities if city]
    jane.cities = sorted(jane.cities)
    jane.years = []
    jane.years.append(1990)
    jane.years = [Decimal(1990), 1991]
    jane.cities = "Oslo"  # mistake
    jane.cities = [7]  # mistake
    jane.tags = set()
    jane.tags.add("b")
    jane.tags = {"a"}
    jane.tags = ["a"]
    jane.tags = "a"  # mistake
    jane.tags = {7}  # mistake
    jane.tags.append("b")  # mistake
    jane.settings = {"theme": "light"}
    jane.settings = {**(jane.settings or {}), "volume": 7}
    jane.settings = MappingProxyType({"theme": "light"})
    jane.settings = "light"  # mistake
    jane.settings = ["theme"]  # mistake
    jane.settings["theme"] = "dark"  # silent mistake
    jane.home = Address(city="Oslo")
    jane.home = {"city": "Oslo"}
    jane.home = None
    jane.home = "Oslo"  # mistake
    jane.home = Line(sku="a")  # mistake
    jane.home.city = "Oslo"  # mistake
    jane.home = Address(city="Oslo")
    jane.home.city = "Bergen"
    jane.home.city = 7  # mistake
    jane.home.town = "Bergen"  # mistake
    jane.seat = Seat(3)
    jane.seat = 3  # mistake
    jane.lines = [Line(sku="a"), Line(sku="b")]
    jane.lines.append(Line(sku="c"))
    jane.lines[0].quantity += 1
    jane.lines = [{"sku": "a"}, Line(sku="b")]
    jane.lines = []
    jane.lines = [Address(city="Oslo")]  # mistake
    jane.lines = Line(sku="a")  # mistake
    jane.data = {"any": ["JSON"]}
    jane.anything = {"any": b"value"}
    jane.nmae = "Jane"  # mistake
    jane.save = "Jane"  # mistake
    User.name = "Jane"  # mistake that pyright accepts: it looks at what __set__ takes alone
    User.nickname = "Jane"  # silent mistake
    Address.city = "Oslo"  # mistake that pyright accepts: it looks at what __set__ takes alone
    del jane.nick
    del jane.nmae  # mistake


def constructors() -> None:
    """Constructors of models and documents."""
    User(email=EMAIL, name="Jane")
    User(email=EMAIL)
    User(**{"email": EMAIL, "name": "Jane"})
    Address(city="Oslo", zip="0150")
    User(EMAIL, "Jane")  # mistake
    User({"email": EMAIL})  # mistake
    User(email=EMAIL, nmae="Jane")  # mistake that both accept: a plain model takes any names
    User(email=EMAIL, name=7)  # mistake that both accept: a plain model takes any values
    Address("Oslo")  # mistake
    Address(town="Oslo")  # mistake that both accept: a plain document takes any names
    User.from_dict({"email": EMAIL, "name": "Jane"})
    User.from_dict(email=EMAIL)  # mistake
    User.from_dict(EMAIL)  # mistake
    User.from_dict([("email", EMAIL)])  # mistake
    User.from_dict({"email": EMAIL, "name": "Jane"}, mode="xml")  # mistake
    User.from_json('{"email": "jane@example.com", "name": "Jane"}')
    User.from_json({"email": EMAIL, "name": "Jane"})  # mistake
    User.from_item({"email": EMAIL, "name": "Jane"})
    User.from_item(EMAIL)  # mistake


def documents() -> None:
    """Documents and nested paths."""
    jane = User.get_one(EMAIL)
    User.find(User.home.city == "Oslo")
    User.find(User.home.city.in_(["Oslo", "Bergen"]) & User.home.zip.not_exists())
    User.find(User.lines[0].quantity > 3)
    User.find(User.home["city"] == "Oslo")
    User.find(User.home.city == 7)  # mistake
    User.find(User.home.city < 7)  # mistake
    User.find(User.home.city.in_([7]))  # mistake
    User.find(User.home.town == "Oslo")  # mistake
    User.find(User.home.city.name == "Oslo")  # mistake
    User.find(User.home.contains("Oslo"))  # mistake
    User.find(User.home.begins_with("Oslo"))  # mistake
    User.find(User.home < Address(city="Oslo"))  # mistake
    User.find(User.home.in_([Address(city="Oslo"), {"city": "Bergen"}]))
    User.find(User.home.in_(["Oslo"]))  # mistake
    User.find(User.home)  # mistake
    User.find(Address.city == "Oslo")  # mistake that both accept: a field of a document is that of its models
    User.find(User.lines.quantity > 3)  # mistake
    User.find(User.lines[0].quantity > "3")  # mistake
    User.find(User.lines[0].quantity == "3")  # mistake
    User.find(User.lines["0"].quantity > 3)  # mistake
    User.find(User.lines[0].price > 3)  # mistake
    User.find(User.settings.volume > 3)
    User.find(User.settings.volume > "3")  # mistake that both accept: a DictField does not tell of its members
    User.find(User.settings.size() > 3)
    jane.update(User.home.city.set("Bergen"), User.lines[0].quantity.increment())
    jane.update(User.home.set({"city": "Oslo", "zip": "0150"}))
    jane.update(User.home.set_if_not_exists(Address(city="Oslo")))
    jane.update(User.home.zip.remove())
    jane.update(User.home.city.set(7))  # mistake
    jane.update(User.home.set("Oslo"))  # mistake
    jane.update(User.home.append("Oslo"))  # mistake
    jane.update(User.home.increment())  # mistake
    jane.update(User.home.town.set("Oslo"))  # mistake
    jane.update(User.home.city.increment())  # mistake
    jane.update(User.lines[0].quantity.increment("1"))  # mistake
    jane.update(User.lines[0].set("b"))  # mistake
    jane.update(User.lines[0].sku.append("b"))  # mistake
    jane.lines[0].sku.upper()
    jane.lines[0].price.upper()  # mistake
    jane.lines[0]["sku"]  # mistake
    home: Address = cast("Address", jane.home)
    home.zip.upper()  # mistake
    home.to_dict()["city"].upper()
    home.city()  # mistake
    home.save()  # mistake
    Document.find()  # mistake


def functions() -> None:
    """Functions of the library that take instances."""
    jane = User.get_one(EMAIL)
    if is_stored(jane) and is_loaded(jane, "name"):
        size_of(jane)
    is_stored(User)  # silent mistake
    is_stored(EMAIL)  # silent mistake
    is_loaded(jane)
    is_loaded(jane, User.name)
    is_loaded(EMAIL, "name")  # mistake
    size_of(EMAIL)  # mistake that both accept: it takes any object
    size_of(jane).upper()  # mistake
    jane.to_dict(only=["name"])
    jane.to_dict(only="name")  # mistake that both accept: a text is an iterable of texts
    jane.to_dict(mode="xml")  # mistake
    jane.to_json().upper()
    jane.to_json()["name"]  # mistake
    jane.undeclared()["other"] if jane.undeclared() else None
    jane.undeclared().other  # mistake
    Admin.get_one(EMAIL).level += 1
    jane.level += 1  # mistake
