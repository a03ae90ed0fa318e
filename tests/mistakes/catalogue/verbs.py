"""Mistakes in calls of verbs, and calls that are right; `mistakes.marks` says what the comments mean."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

from dynamongo import Connection
from mistakes.catalogue.models import EMAIL, TODAY, Admin, Line, User, Visit


def keys() -> None:
    """Keys."""
    User.get_one(EMAIL)
    User.get_one({"email": EMAIL})
    User.get_one(User.email == EMAIL)
    User.get_one(User(email=EMAIL))
    User.get_one(User.get_one(EMAIL))
    Admin.get_one(Admin(email=EMAIL))
    User.get_one("nobody@example.com", default=None)
    Visit.get_one(("/", TODAY))
    Visit.get_one(("/", "2025-05-17"))
    Visit.get_one({"page": "/", "day": TODAY})
    Visit.get_one((Visit.page == "/") & (Visit.day == TODAY))
    jane = User.get_one(EMAIL)
    User.get_one()  # mistake
    User.get_one(None)  # mistake
    User.get_one(jane.nick)  # mistake
    User.get_one(jane.is_active)  # mistake
    User.get_one(True)  # mistake that both accept: a bool is an int
    User.get_one(User.email)  # mistake
    User.get_one(User)  # mistake
    User.get_one([EMAIL])  # mistake
    User.get_one({EMAIL})  # mistake
    User.get_one(User.email == 7)  # mistake
    User.get_one(User.visits.increment())  # mistake
    User.get_one(Visit(page="/", day=TODAY))  # mistake
    User.get_one(Line(sku="a"))  # mistake
    User.get_one(email=EMAIL)  # mistake
    User.get_one(EMAIL, "name")  # silent mistake that both accept: "name" is the default
    User.get_one(lambda: EMAIL)  # mistake
    Visit.get_one("/", TODAY)  # mistake that both accept: the second is the default
    Visit.get_one(("/", None))  # mistake
    Visit.get_one(["/", TODAY])  # mistake
    User.exists(EMAIL)
    User.exists(None)  # mistake
    User.delete_one("nobody@example.com")
    User.delete_one(User.year)  # mistake
    User.delete_one(None)  # mistake
    User.delete_one([EMAIL])  # mistake
    User.update_one(EMAIL, User.year.set(1))
    User.update_one(None, User.year.set(1))  # mistake
    User.update_one(User.email, User.year.set(1))  # mistake
    User.get_many([EMAIL, {"email": EMAIL}, User.email == EMAIL])
    User.get_many(key for key in (EMAIL,))
    User.get_many([EMAIL, None])  # mistake
    User.get_many([User.email])  # mistake
    User.get_many(User.keys_in([EMAIL]))
    User.get_many(User.keys_in(EMAIL))  # mistake
    User.get_many(User.keys_in([None]))  # mistake


def arguments() -> None:
    """Arguments of verbs."""
    User.get_one(EMAIL, consistent=True, projection=[User.name, User.cities[0], "year"])
    User.get_one(EMAIL, None, consistent=False, projection=("name", User.home.city))
    User.get_one(EMAIL, projection={"name": 1}.keys())
    User.get_one(EMAIL, projection=(name for name in ("name", "year")))
    User.get_raw(EMAIL, projection=["name"])
    User.exists(EMAIL, consistent=True)
    User.get_one(EMAIL, consistent="yes")  # mistake
    User.get_one(EMAIL, consistant=True)  # mistake
    User.get_one(EMAIL, projection="name")  # mistake
    User.get_one(EMAIL, projection=User.name)  # mistake
    User.get_one(EMAIL, projection=[User.name == "Jane"])  # mistake
    User.get_one(EMAIL, projection=[7])  # mistake
    User.find(limit=3, descending=False, page_size=10, scans="allow", segments=2)
    User.find(index=User.by_name)
    User.find(User.name == "Jane", index="by_name", descending=True)
    User.find(None, limit=None, scans=None, index=None, projection=None, consistent=True)
    User.find(User.name == "Jane", index=User.by_name, projection=[User.name], max_read_units=3.5, max_pages=2)
    User.find(on_invalid="skip", scans="warn")
    User.find(on_invalid=print, scans="forbid")
    User.find(as_dicts=True, cursor=None, scans="allow").page()
    User.find(progress=lambda progress: str(progress.done), max_units_per_second=5)
    User.get_many(User.name == "Jane", False, 3, index="by_name")
    User.explain(User.name == "Jane", descending=True, index=User.by_name)
    User.find(limit="3")  # mistake
    User.find(limit=0.5)  # mistake
    User.find(page_size="10")  # mistake
    User.find(scans="never")  # mistake
    User.find(index=User.name)  # mistake
    User.find(index=User)  # mistake
    User.find(on_invalid="ignore")  # mistake
    User.find(order_by=User.year)  # mistake
    User.find(descending="yes")  # mistake
    User.find(year=1990)  # mistake
    User.find(cursor=3, scans="allow").all()  # mistake
    User.find(User.year > 3).limit(3)  # mistake
    User.find(segments="2")  # mistake
    User.get_many(limit=3)
    User.get_many(cursor="a")  # mistake
    User.query(User.name == "Jane")  # mistake
    User.scan()  # mistake
    User.all()  # mistake
    User.objects.all()  # mistake
    User.save_one(User(email=EMAIL, name="Jane"))
    User.save_one({"email": EMAIL, "name": "Jane"}, overwrite=True)
    User.save_one(Admin(email=EMAIL, name="Jane"))
    User.save_one({"email": "n@example.com", "name": "N"}, overwrite=False)
    User.save_one({"email": EMAIL, "name": "Jane"}, overwrite=User.name == "Jane", returns="old")
    User.save_one(User.get_one(EMAIL), only_changed=True)
    User.create_one({"email": "o@example.com", "name": "O"})
    User.upsert_one("p@example.com", [User.name.set("P")], returns="new")
    User.update_one(EMAIL, (User.year.set(1), User.nick.set("J")), condition=None)
    User.update_one(User.email == EMAIL, iter([User.year.set(1)]), returns="updated_new")
    User.update_from_dict({"email": EMAIL, "year": 3})
    User.delete_one("q@example.com", condition=User.year.exists() | User.year.not_exists())
    User.save_one(Visit(page="/", day=TODAY))  # mistake
    User.save_one(User)  # mistake
    User.save_one(EMAIL)  # mistake
    User.save_one([User(email=EMAIL, name="Jane")])  # mistake
    User.save_one(email=EMAIL, name="Jane")  # mistake
    User.save_one({"email": EMAIL, "name": "Jane"}, overwrite="no")  # mistake
    User.save_one({"email": EMAIL, "name": "Jane"}, overwrite=User.is_active)  # mistake
    User.save_one({"email": EMAIL, "name": "Jane"}, overwrite=User.name == 7)  # mistake
    User.save_one({"email": EMAIL, "name": "Jane"}, returns="all")  # mistake
    User.save_one({7: EMAIL})  # mistake
    User.create_one(Visit(page="/", day=TODAY))  # mistake
    User.update_one(EMAIL, User.visits.increment(), condition=User.name == "Jane", returns="old")
    User.update_one(EMAIL, [User.year.set(1), User.visits.increment()], upsert=True)
    User.update_one(EMAIL)  # mistake
    User.update_one(EMAIL, {"year": 1})  # mistake
    User.update_one(EMAIL, year=1)  # mistake
    User.update_one(EMAIL, User.year == 1)  # mistake
    User.update_one(EMAIL, User.year)  # mistake
    User.update_one(EMAIL, "year")  # mistake
    User.update_one(EMAIL, User.visits + 1)  # mistake
    User.update_one(EMAIL, [User.year > 1])  # mistake
    User.update_one(EMAIL, User.year.set(1), condition=True)  # mistake
    User.update_one(EMAIL, User.year.set(1), condition=User.is_active)  # mistake
    User.update_one(EMAIL, User.year.set(1), condition=User.name == 7)  # mistake
    User.update_one(EMAIL, User.year.set(1), returns="all_new")  # mistake
    User.update_from_dict(EMAIL, User.year.set(1))  # mistake
    User.delete_one(EMAIL, condition="year > 3")  # mistake
    User.delete_one(EMAIL, User.year > 3)  # mistake
    User.explain(User.year > 3)
    User.explain(User.year > "3")  # mistake
    User.on_table("archive")
    User.on_table(3)  # mistake
    User.get_one(EMAIL).save(overwrite=True)
    User.get_one(EMAIL).save(EMAIL)  # mistake
    User.get_one(EMAIL).save(only_changed="yes")  # mistake
    User.get_one(EMAIL).delete(EMAIL)  # mistake
    User.get_one(EMAIL).reload(consistent=True)  # mistake
    User.get_one(EMAIL).update()  # mistake that both accept: any number of updates may be given


def bulk() -> None:
    """Verbs for many items."""
    jane = User.get_one(EMAIL)
    User.save_many([jane, {"email": "a@example.com", "name": "A"}, Admin(email="b@example.com", name="B")])
    User.save_many(User(email=f"{letter}@example.com", name=letter) for letter in "ab")
    User.save_many({"email": f"{letter}@example.com", "name": letter} for letter in "ab")
    User.save_many(jane)  # mistake
    User.save_many(jane, jane)  # mistake
    User.save_many("jane")  # mistake
    User.save_many({"email": "a@example.com", "name": "A"})  # mistake
    User.save_many([jane, None])  # mistake
    User.save_many([EMAIL])  # mistake
    User.save_many([User])  # mistake
    User.save_many([Visit(page="/", day=TODAY)])  # mistake
    User.save_many([jane], overwrite="no")  # mistake
    User.save_many([jane], max_workers="3")  # mistake
    User.save_many([jane], workers=3)  # mistake
    User.save_many([jane], progress="yes")  # mistake
    User.save_many([jane], progress=print)
    User.update_many([EMAIL], User.year.set(1))
    User.update_many(User.year > 3, [User.year.set(1), User.visits.increment()], scans="allow")
    User.update_many([EMAIL], {"year": 1})  # mistake
    User.update_many([EMAIL])  # mistake
    User.update_many([EMAIL], year=1)  # mistake
    User.update_many([EMAIL], User.year > 3)  # mistake
    User.update_many(EMAIL, User.year.set(1))
    User.update_many(None, User.year.set(1))  # mistake
    User.delete_many([EMAIL])
    User.delete_many(User.email.in_([EMAIL]))
    User.delete_many(EMAIL)
    User.delete_many(None)  # mistake
    User.delete_many()  # mistake
    User.delete_many([None])  # mistake
    User.delete_many([User.email])  # mistake
    User.delete_many(User.year)  # mistake
    User.delete_many(User.name == 7)  # mistake
    list(User.save_iter(User(email=f"{letter}@example.com", name=letter) for letter in "ab"))
    list(User.save_iter([EMAIL]))  # silent mistake
    list(User.save_iter(jane))  # mistake
    list(User.delete_iter([EMAIL]))
    list(User.delete_iter([None]))  # mistake
    list(User.update_iter([EMAIL], {"year": 1}))  # mistake
    User.save_many.explain([jane])
    User.save_many.explain(jane)  # mistake
    with User.batch() as batch:
        batch.save(jane)
        batch.save({"email": "a@example.com", "name": "A"})
        batch.delete("c@example.com")
    with User.batch() as batch:
        batch.save(Visit(page="/", day=TODAY))  # mistake
    with User.batch() as batch:
        batch.save(EMAIL)  # mistake
    with User.batch() as batch:
        batch.delete(None)  # mistake
    with User.batch() as batch:
        batch.update(EMAIL, User.year.set(1))  # mistake
    result = User.save_many([jane])
    len(result.failures)
    len(result)  # mistake
    for saved in result:  # mistake
        saved.save()
    result.success[0].name.upper()
    result.successes  # mistake
    User.find(User.year > 3, scans="allow").update(User.visits.increment())
    User.find(User.year > 3, scans="allow").update({"visits": 1})  # mistake
    User.find(User.year > 3, scans="allow").delete(EMAIL)  # mistake


def transactions() -> None:
    """Transactions."""
    jane = User.get_one(EMAIL)
    with Connection.transaction(return_items=True) as tx:
        tx.save(jane, overwrite=User.year > 3)
        tx.save(User, {"email": "a@example.com", "name": "A"})
        tx.create(User(email="b@example.com", name="B"))
        tx.update(Visit, ("/", TODAY), Visit.count.increment(), condition=Visit.count < 10)
        tx.delete(Admin, EMAIL)
    with Connection.transaction() as tx:
        tx.update(jane, User.visits.increment(), [User.year.set(1990)])
        tx.check(Admin, Admin.email == "nobody@example.com")  # mistake that both accept: no such item is stored
    with Connection.transaction("a-token") as tx:
        tx.save(Admin(email="d@example.com", name="D"), only_changed=False)
        tx.create(User, {"email": "e@example.com", "name": "E"})
        tx.upsert(User, "f@example.com", User.name.set("F"), [User.visits.add(1)])
        tx.upsert(Visit(page="/b", day=TODAY), Visit.count.add(1))
        tx.delete(User, (User.email == "g@example.com") & User.year.not_exists())
        tx.check(User, EMAIL, condition=User.name == "Jane")
        tx.delete(User, {"email": "h@example.com"}, condition=User.year.not_exists())
        tx.check(Visit, {"page": "/", "day": TODAY})
    with Connection.transaction() as tx:
        for each in (jane, Visit(page="/c", day=TODAY)):
            tx.save(each)
    with Connection.transaction() as tx:
        tx.save(User)  # mistake
    with Connection.transaction() as tx:
        tx.save({"email": EMAIL, "name": "Jane"})  # mistake
    with Connection.transaction() as tx:
        tx.save(User, EMAIL)  # mistake
    with Connection.transaction() as tx:
        tx.save([jane])  # mistake
    with Connection.transaction() as tx:
        tx.create(EMAIL)  # mistake
    with Connection.transaction() as tx:
        tx.update(jane, {"visits": 1})  # mistake
    with Connection.transaction() as tx:
        tx.update(jane, User.visits + 1)  # mistake
    with Connection.transaction() as tx:
        tx.update(jane, User.visits > 1)  # mistake
    with Connection.transaction() as tx:
        tx.update(User, User.visits.increment())  # mistake
    with Connection.transaction() as tx:
        tx.update(User, None, User.visits.increment())  # mistake
    with Connection.transaction() as tx:
        tx.update(jane, User.visits.increment(), condition=User.is_active)  # mistake
    with Connection.transaction() as tx:
        tx.update(jane, User.visits.increment(), condition=User.name == 7)  # mistake
    with Connection.transaction() as tx:
        tx.delete(EMAIL)  # mistake
    with Connection.transaction() as tx:
        tx.delete(User)  # mistake
    with Connection.transaction() as tx:
        tx.delete(User, None)  # mistake
    with Connection.transaction() as tx:
        tx.delete(User, [EMAIL])  # mistake
    with Connection.transaction() as tx:
        tx.delete(User, EMAIL, User.year > 3)  # mistake
    with Connection.transaction() as tx:
        tx.check(jane)  # mistake
    with Connection.transaction() as tx:
        tx.check(User, User.name == 7)  # mistake
    with Connection.transaction() as tx:
        tx.get(User, EMAIL)  # mistake
    with Connection.transaction(7) as tx:  # mistake
        tx.save(jane)
    with Connection.transaction(retries=3) as tx:  # mistake
        tx.save(jane)
    users = Connection.transact_get([(User, EMAIL), (User, {"email": "nobody@example.com"})])
    [user.name for user in users if user is not None]
    [user.name for user in users]  # mistake
    Connection.transact_get([jane, (Visit, ("/", TODAY))])
    Connection.transact_get([jane])[0]
    Connection.transact_get((User, email) for email in (EMAIL, "nobody@example.com"))
    jane_again, visit = Connection.transact_get([(User, User.email == EMAIL), (Visit, ("/", TODAY))])
    jane_again, visit
    Connection.transact_get([EMAIL])  # mistake
    Connection.transact_get([(User, None)])  # mistake
    Connection.transact_get(User, EMAIL)  # mistake
    Connection.transact_get([(EMAIL, User)])  # mistake


async def awaiting() -> None:
    """aio."""
    jane = await User.aio.get_one(EMAIL)
    await jane.aio.save()
    await jane.aio.update(User.visits.increment())
    names: list[str] = [user.name async for user in User.aio.find(User.name == "Jane", index=User.by_name)]
    first = await User.aio.find(scans="allow").first()
    if first is not None:
        first.name.upper()
    first.name.upper()  # silent mistake
    ", ".join(names)
    async with Connection.aio.transaction() as tx:
        tx.update(jane, User.visits.increment())
    async with User.aio.batch() as batch:
        await batch.save(jane)
    (await User.aio.get_one("nobody@example.com", None) or jane).name.upper()
    await asyncio.gather(User.aio.get_one(EMAIL), User.aio.exists(EMAIL), jane.aio.reload())
    [user.name for user in await User.aio.get_many([EMAIL])]
    [user["name"] async for user in User.aio.find(as_dicts=True, scans="allow")]
    (await User.aio.save_many([jane, {"email": "a@example.com", "name": "A"}])).success[0].name.upper()
    await User.aio.update_one(EMAIL, [User.year.set(1)], condition=User.name == "Jane")
    await User.aio.delete_many(User.email.in_(["a@example.com"]))
    (await User.aio.find(User.name == "Jane", index=User.by_name).one()).name.upper()
    (await User.aio.find(scans="allow").page()).items[0].name.upper()
    async for outcome in User.aio.save_iter([jane]):
        outcome.index
    for user in await Connection.aio.transact_get([(User, EMAIL)]):
        user
    await User.aio.table_exists()
    User.aio.get_one(EMAIL).name.upper()  # mistake
    User.aio.get_one(EMAIL)  # silent mistake
    await User.get_one(EMAIL)  # mistake
    await User.aio.get_one(None)  # mistake
    await User.aio.get_one(User.email)  # mistake
    await User.aio.get_one(User.email == 7)  # mistake
    await User.aio.find(User.year > 3)  # mistake
    for user in User.aio.find(scans="allow"):  # mistake
        user.name.upper()
    async for user in User.find(scans="allow"):  # mistake
        user.name.upper()
    async for user in User.aio.get_many(scans="allow"):  # mistake
        user.name.upper()
    list(User.aio.find(scans="allow"))  # mistake
    User.aio.find(scans="allow").first().name.upper()  # mistake
    await User.aio.find(scans="allow").explain()  # mistake
    User.aio.find(User.year > "3")  # mistake
    User.aio.find(User.year == "3")  # mistake
    User.aio.find(limit="3")  # mistake
    await User.aio.save_one(Visit(page="/", day=TODAY))  # mistake
    await User.aio.save_many(jane)  # mistake
    await User.aio.save_many([EMAIL])  # mistake
    await User.aio.update_one(EMAIL, {"year": 1})  # mistake
    await User.aio.update_many([EMAIL], User.year > 3)  # mistake
    await User.aio.delete_one(None)  # mistake
    await User.aio.delete_many(EMAIL)
    await jane.aio.get_one(EMAIL)  # mistake
    await User.aio.save()  # mistake
    await jane.aio.update(name="Jane")  # mistake
    with User.aio.batch() as batch:  # mistake
        batch.pending  # noqa: B018 - never reached
    with Connection.aio.transaction() as tx:  # mistake
        tx.save(jane)
    async with Connection.transaction() as tx:  # mistake
        tx.save(jane)


def results() -> None:
    """Results."""
    jane = User.get_one(EMAIL)
    jane.name.upper()
    jane.nick.upper()  # mistake
    (jane.nick or "").upper()
    jane.year + 1  # silent mistake
    jane.cities.append("Oslo")
    jane.cities.append(7)  # silent mistake
    jane.home.city.upper()  # silent mistake
    if jane.home is not None:
        jane.home.city.upper()
        jane.home.zip.upper()  # mistake
        jane.home.town.upper()  # mistake
    jane["name"]  # mistake
    jane.nmae.upper()  # mistake
    jane.get("name")  # mistake
    jane.name()  # mistake
    jane.visits.upper()  # mistake
    jane.cities.upper()  # mistake
    jane.items()  # mistake
    jane.to_dict()["name"].upper()
    jane.to_dict().name  # mistake
    nobody = User.get_one("nobody@example.com", default=None)
    nobody.name.upper()  # mistake
    if nobody is not None:
        nobody.name.upper()
    User.get_one("nobody@example.com", None).name.upper()  # mistake
    User.find(User.name == "Nobody", index=User.by_name).first().name.upper()  # mistake
    User.find(User.name == "Jane", index=User.by_name).one().name.upper()
    [user.name for user in User.find(scans="allow")]
    [user["name"] for user in User.find(scans="allow")]  # mistake
    [user["name"] for user in User.find(scans="allow", as_dicts=True)]
    [user.name for user in User.find(scans="allow", as_dicts=True)]  # mistake
    [user.name for user in User.find(scans="allow", as_items=True)]  # mistake
    [user.name for user in User.find(scans="allow", on_invalid="keep")]  # silent mistake
    [user.name for user in User.find(scans="allow", on_invalid="skip")]
    User.find(scans="allow").name  # mistake
    User.find(scans="allow")[0]  # mistake
    len(User.find(scans="allow"))  # mistake
    User.find(scans="allow").count() + 1
    len(User.get_many(scans="allow"))
    User.get_many(scans="allow").first()  # mistake
    User.get_many(scans="allow").name  # mistake
    User.get_raw(EMAIL)["name"].upper()
    User.get_raw(EMAIL).name  # mistake
    User.delete_one("nobody@example.com").name.upper()  # mistake
    User.save_one({"email": "a@example.com", "name": "A"}, returns="old").name.upper()  # mistake
    User.update_one(EMAIL, User.year.set(1), returns="none").name.upper()  # mistake
    User.update_one(EMAIL, User.year.set(1)).name.upper()
    User.exists(EMAIL).name  # mistake
    for page in User.find(scans="allow").pages():
        [user.name for user in page.items]
    for page in User.find(scans="allow").pages():
        page.name  # mistake
    days: list[dt.date] = [visit.day for visit in Visit.find(Visit.page == "/")]
    texts: list[str] = [visit.day for visit in Visit.find(Visit.page == "/")]  # silent mistake
    anything: list[Any] = [days]
    anything.append(3)
    admin: Admin = User.get_one(EMAIL)  # silent mistake
    admin.level += 1  # mistake that both accept: the line above says what it is
