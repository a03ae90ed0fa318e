"""Mistakes in updates, and updates that are right; `mistakes.marks` says what the comments mean."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dynamongo import if_not_exists, list_append, literal
from mistakes.catalogue.models import EMAIL, NOW, TODAY, TOKEN, Address, Colour, Line, Seat, User


def values() -> None:
    """Values of updates."""
    jane = User.get_one(EMAIL)
    jane.update(User.year.set(1990), User.year.set_if_not_exists(1990))  # mistake that both accept: they overlap
    jane.update(User.year.set(Decimal(1990)))
    jane.update(User.year.set(User.visits))
    jane.update(User.year.set(User.visits + 1))
    jane.update(User.year.set(if_not_exists(User.year, 1990)))
    jane.update(User.year.set(literal(1990)))
    jane.update(User.year.set("1990"))  # mistake
    jane.update(User.year.set(1990.5))  # mistake
    jane.update(User.year.set(None))  # mistake
    jane.update(User.year.remove())
    jane.update(User.year.set(True))  # mistake that both accept: a bool is an int
    jane.update(User.year.set_if_not_exists("1990"))  # mistake
    jane.update(User.year.set(User.visits.size()))  # mistake
    jane.update(User.year.set(User.year > 3))  # mistake
    jane.update(User.name.set("Jane"))
    jane.update(User.name.set(7))  # mistake
    jane.update(User.name.set(jane.nick))  # mistake
    jane.update(User.name.set(jane.nick or "Jane"))
    jane.update(User.is_active.set(True))
    jane.update(User.is_active.set("yes"))  # mistake
    jane.update(User.colour.set(Colour.BLUE), User.token.set(str(TOKEN)))
    jane.update(User.colour.set(b"blue"))  # mistake
    jane.update(User.token.set(7))  # mistake
    jane.update(User.created_at.set("2025-05-17T12:00:00Z"), User.born.set(TODAY), User.seen.set(NOW))
    jane.update(User.created_at.set(1_700_000_000))  # mistake
    jane.update(User.born.set(2025))  # mistake
    jane.update(User.played.set(dt.timedelta(minutes=1)))
    jane.update(User.played.set("1 minute"))  # mistake
    jane.update(User.cities.set(["Oslo"]))
    jane.update(User.cities.set(("Oslo", "Bergen")))
    jane.update(User.cities.set("Oslo"))  # mistake
    jane.update(User.cities.set([7]))  # mistake
    jane.update(User.cities.set({"Oslo": 1}))  # mistake
    jane.update(User.tags.set({"a", "b"}), User.numbers.set([1, 2]))
    jane.update(User.tags.set("a"))  # mistake
    jane.update(User.numbers.set({"a"}))  # mistake
    jane.update(User.settings.set({"theme": "light"}))
    jane.update(User.settings.set("light"))  # mistake
    jane.update(User.settings.set([("theme", "light")]))  # mistake
    jane.update(User.home.set(Address(city="Oslo")))
    jane.update(User.home.set({"city": "Oslo"}))
    jane.update(User.home.set("Oslo"))  # mistake
    jane.update(User.seat.set(Seat(4)))
    jane.update(User.seat.set(4))  # mistake
    jane.update(User.lines.set([Line(sku="b"), Line(sku="c")]))
    jane.update(User.lines.set([Address(city="Oslo")]))  # mistake
    jane.update(User.data.set({"any": 1}), User.anything.set(b"value"))
    jane.update(User.attribute("other").set(3))


def verbs() -> None:
    """Kinds of updates."""
    jane = User.get_one(EMAIL)
    jane.update(User.visits.increment(), User.year.add(1))
    jane.update(User.visits.increment(by=2), User.score.add(0.5))
    jane.update(User.balance.subtract(Decimal("0.5")))
    jane.update(User.balance.add(1))
    jane.update(User.played.add(dt.timedelta(minutes=1)))
    jane.update(User.visits.increment("1"))  # mistake
    jane.update(User.visits.increment(None))  # mistake
    jane.update(User.year.add("1"))  # mistake
    jane.update(User.year.subtract("1"))  # mistake
    jane.update(User.balance.add("1.5"))  # mistake
    jane.update(User.played.add("1 minute"))  # mistake
    jane.update(User.name.increment())  # mistake
    jane.update(User.name.add("x"))  # mistake
    jane.update(User.name.append("x"))  # mistake
    jane.update(User.is_active.increment())  # mistake
    jane.update(User.is_active.toggle())  # mistake
    jane.update(User.token.add(1))  # mistake
    jane.update(User.created_at.add(dt.timedelta(days=1)))  # mistake
    jane.update(User.cities.append("Oslo", "Bergen"), User.years.prepend(1))
    jane.update(User.cities.append(*["Oslo", "Bergen"]))
    jane.update(User.cities.append(7))  # mistake
    jane.update(User.cities.append(["Oslo"]))  # mistake
    jane.update(User.cities.append())  # mistake that both accept: any number of elements may be given
    jane.update(User.years.append("1990"))  # mistake
    jane.update(User.years.prepend("1990"))  # mistake
    jane.update(User.cities.add("Oslo"))  # mistake
    jane.update(User.cities.increment())  # mistake
    jane.update(User.cities.remove("Nairobi"))  # mistake
    jane.update(User.cities[0].remove())
    jane.update(User.cities[0].set("Oslo"))
    jane.update(User.cities[0].set(7))  # mistake
    jane.update(User.cities.set(list_append(User.cities, ["Oslo"])))
    jane.update(User.lines.append(Line(sku="b"), {"sku": "c"}))
    jane.update(User.lines.append("b"))  # mistake
    jane.update(User.tags.add({"b"}), User.numbers.add_to_set(1))
    jane.update(User.tags.delete_from_set(["a"]))
    jane.update(User.tags.add(7))  # mistake
    jane.update(User.tags.add_to_set([7]))  # mistake
    jane.update(User.numbers.add_to_set("1"))  # mistake
    jane.update(User.numbers.delete_from_set({"1"}))  # mistake
    jane.update(User.tags.append("b"))  # mistake
    jane.update(User.tags.discard("a"))  # mistake
    jane.update(User.settings.theme.set("light"), User.settings["volume"].increment())
    jane.update(User.settings.append("light"))  # mistake
    jane.update(User.name.set())  # mistake
    jane.update(User.name.remove())  # mistake that both accept: that a field is required shows in its values alone
    jane.update(User.name.set(User.name + " Doe"))  # mistake
    jane.update(User.visits + 1)  # mistake
    jane.update(User.name == "Jane")  # mistake
    jane.update(name="Jane")  # mistake
    jane.update("name", "Jane")  # mistake
    jane.update({"name": "Jane"})  # mistake
    User.update_from_dict(EMAIL, {"name": "Jane"})
