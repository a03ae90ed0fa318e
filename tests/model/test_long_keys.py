"""Models with indexes whose keys have several fields: reads, pages, counts and writes by condition, in both colours."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator

import pytest

from dynamongo import Connection, CursorError, DateTimeField, GlobalIndex, IntField, Model, StringField
from dynamongo.backends.memory import MemoryBackend


class Order(Model):
    __table__ = "orders"
    __scans__ = "forbid"
    __hash_key__ = "id"
    id = StringField(required=True, stored_as="PK")
    tenant = StringField(required=True, stored_as="GSI1PK")
    region = StringField(required=True, stored_as="region-of")
    at = DateTimeField(required=True)
    number = IntField(required=True, stored_as="GSI1SK2")
    total = IntField()
    by_time = GlobalIndex(hash_key=(tenant, region), range_key=(at, number))


def day(number: int) -> dt.datetime:
    return dt.datetime(2025, 1, number, tzinfo=dt.timezone.utc)


OF_ACME = (Order.tenant == "acme") & (Order.region == "eu")
OF_DAY_2 = OF_ACME & (Order.at == day(2))


@pytest.fixture(autouse=True)
def orders() -> Iterator[None]:
    with Connection.using(MemoryBackend()):
        Order.create_table()
        for region in ("eu", "us"):
            made = [(f"{region}{n}", n) for n in range(12, 0, -1)]  # 10 and more, which text would sort before 2
            Order.save_many(
                Order(id=name, tenant="acme", region=region, at=day(1 + n // 4), number=n, total=n) for name, n in made
            )
        yield


def numbers(found: list[Order]) -> list[int]:
    return [order.number for order in found]


def test_read_is_one_query_in_the_order_of_the_range_key() -> None:
    with Connection.record() as recorded:
        assert numbers(Order.get_many(OF_ACME & (Order.at >= day(2)) & (Order.at < day(4)))) == list(range(4, 12))
        assert numbers(Order.get_many(OF_DAY_2 & (Order.number > 5), descending=True)) == [7, 6]
        assert Order.find(OF_ACME).count() == 12
    assert [type(call.operation).__name__ for call in recorded] == ["Query"] * 3


def test_pages_continue_at_a_cursor_of_the_same_read_alone() -> None:
    page = Order.find(OF_ACME, limit=5).page()
    assert numbers(page.items) == [1, 2, 3, 4, 5]
    assert numbers(Order.find(OF_ACME, cursor=page.cursor).all()) == list(range(6, 13))
    with pytest.raises(CursorError):
        Order.find((Order.tenant == "acme") & (Order.region == "us"), cursor=page.cursor).all()


def test_several_hash_keys_are_read_one_after_another() -> None:
    found = Order.get_many((Order.tenant == "acme") & Order.region.in_(["us", "eu"]) & (Order.at == day(3)))
    assert [order.id for order in found] == [f"{region}{n}" for region in ("eu", "us") for n in range(8, 12)]


def test_writes_by_condition_go_by_the_index() -> None:
    assert len(Order.update_many(OF_DAY_2 & (Order.number <= 5), Order.number.add(100)).success) == 2
    assert numbers(Order.get_many(OF_DAY_2)) == [6, 7, 104, 105]
    assert len(Order.delete_many(OF_DAY_2 & (Order.number > 100)).success) == 2
    Order.update_one("eu6", Order.region.set("us"))
    assert numbers(Order.get_many(OF_DAY_2)) == [7]


def test_awaited_reads_are_the_same() -> None:
    async def read() -> list[int]:
        counted = await Order.aio.find(OF_ACME).count()
        assert counted == 12
        return [order.number async for order in Order.aio.find(OF_DAY_2, descending=True)]

    assert asyncio.run(read()) == [7, 6, 5, 4]


def test_hash_key_of_an_index_may_have_all_of_the_key_of_the_table() -> None:
    class Visit(Model):
        __table__ = "visits"
        __hash_key__ = "city"
        city = StringField(required=True)
        kind = StringField(required=True)
        day = IntField(required=True)
        by_city = GlobalIndex(hash_key=(kind, city), range_key=day)

    Visit.create_table()
    oslo = Visit(city="Oslo", kind="a", day=3).save()
    of_oslo = (Visit.kind == "a") & (Visit.city == "Oslo")
    for condition in (Visit.day == 3, Visit.day > 2, Visit.day <= 3, Visit.day.between(3, 4)):
        assert Visit.get_many(of_oslo & condition, index=Visit.by_city) == [oslo]
    assert Visit.get_many(of_oslo & (Visit.day > 3), index=Visit.by_city) == []
    page = next(iter(Visit.find(of_oslo, index=Visit.by_city, page_size=1).pages()))
    assert Visit.find(of_oslo, index=Visit.by_city, cursor=page.cursor).all() == []
