"""Models with unique values, and what their table has to look like; for tests of `__unique__`."""

from __future__ import annotations

from typing import Any

from dynamongo import GlobalIndex, IntField, Model, StringField, VersionField
from dynamongo.connection.connection import default_connection
from dynamongo.executor.sender import Sender
from dynamongo.expressions.values import Item
from dynamongo.operations import Scan


class User(Model):
    __table__ = "users"
    __hash_key__ = "id"
    __billing__ = "on_demand"
    id = StringField(required=True)
    email = StringField()
    tenant = StringField()
    name = StringField(stored_as="n")
    number = IntField()
    visits = IntField()
    __unique__ = [email, ("tenant", name), "number"]  # noqa: RUF012 - as users write it
    by_email = GlobalIndex(hash_key=email)


class Page(Model):
    """A model with a range key, a version and an index of which the keys are those of the table."""

    __table__ = "pages"
    __hash_key__ = "site"
    __range_key__ = "day"
    __billing__ = "on_demand"
    __unique__ = ("slug",)
    site = StringField(required=True)
    day = IntField(required=True)
    slug = StringField()
    text = StringField()
    version = VersionField()
    by_day = GlobalIndex(hash_key=day, range_key=site)


def scan(model: Any) -> list[Item]:
    """Return all items of the table of a model, guards included."""

    def steps(sender: Sender) -> Any:
        items: list[Item] = []
        cursor: Item | None = None
        while True:
            page = yield from sender.send(Scan(model.table_name(), consistent=True, cursor=cursor))
            items += page.items
            if (cursor := page.cursor) is None:
                return items

    found: list[Item] = default_connection.run(steps, default_connection.backend)
    return found


def guards() -> dict[Any, Any]:
    """Return the owners in the table of users by the keys of the guards."""
    return {item["id"]: item["_unique"]["of"]["id"] for item in scan(User) if "_unique" in item}  # type: ignore[index,call-overload]  # a guard has a map


def expected_guards() -> dict[Any, Any]:
    """Return the same as the items say, written without the code of the library."""
    found: dict[Any, Any] = {}
    for item in scan(User):
        about: Any = item
        if "_unique" in item:
            continue
        claims = []
        if "email" in item:
            claims.append(f"unique#User#email#{about['email']}")
        if "tenant" in item and "n" in item:
            claims.append(f"unique#User#tenant+n#{about['tenant']}#{about['n']}")
        if "number" in item:
            claims.append(f"unique#User#number#%N{about['number']}")
        for claim in claims:
            assert claim not in found, f"{claim} of {item['id']!r} and of {found[claim]!r}"
            found[claim] = item["id"]
    return found


def check_guards() -> None:
    """Compare the guards with the values of the items."""
    assert guards() == expected_guards()
