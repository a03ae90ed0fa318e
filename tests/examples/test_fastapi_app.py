"""The FastAPI example on memory: one request after the other with TestClient, several at once with httpx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from dynamongo import Connection
from dynamongo.backends.memory import Fault, MemoryBackend
from examples.fastapi_app.app import app, lifespan
from examples.fastapi_app.models import Order, Product
from examples.fastapi_app.uploads import MAX_LINE

LAMP = {"sku": "lamp", "name": "Lamp", "category": "light", "price": 1990, "stock": 5, "description": "It glows."}


@pytest.fixture
def shop(memory_backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryBackend]:
    monkeypatch.setenv("DYNAMONGO_BACKEND", "memory")
    yield memory_backend
    Connection.set_config()


@pytest.fixture
def client(shop: MemoryBackend) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@asynccontextmanager
async def open_client() -> AsyncGenerator[AsyncClient]:
    """Open a client that awaits the app in its own event loop; ASGITransport leaves the lifespan to its user."""
    async with lifespan(app), AsyncClient(transport=ASGITransport(app), base_url="http://shop") as client:
        yield client


# One request after the other.


def test_product_is_created_read_changed_and_deleted(client: TestClient) -> None:
    created = client.post("/products", json=LAMP)
    assert (created.status_code, created.json()) == (201, LAMP | {"version": 1})
    assert client.get("/products/lamp").json() == created.json()

    changed = client.patch("/products/lamp", json={"version": 1, "price": 2500, "description": None})
    assert (changed.status_code, changed.json()) == (200, LAMP | {"price": 2500, "description": None, "version": 2})
    assert client.get("/products/lamp").json() == changed.json()

    assert client.delete("/products/lamp").status_code == 204
    assert client.get("/products/lamp").status_code == 404


WRONG: dict[str, tuple[str, str, Any, int]] = {
    "a product that exists": ("POST", "/products", LAMP, 409),
    "a product that pydantic refuses": ("POST", "/products", LAMP | {"price": -1}, 422),
    "a product that dynamongo refuses": ("POST", "/products", LAMP | {"sku": "other", "stock": 10**39 + 1}, 422),
    "a product that does not exist": ("GET", "/products/sofa", None, 404),
    "a change of one that does not exist": ("PATCH", "/products/sofa", {"version": 1, "name": "Sofa"}, 404),
    "a change of another version": ("PATCH", "/products/lamp", {"version": 7, "name": "Light"}, 409),
    "a change without a version": ("PATCH", "/products/lamp", {"name": "Light"}, 422),
    "a change of nothing": ("PATCH", "/products/lamp", {"version": 1}, 422),
    "more than there is": ("POST", "/products/lamp/deliveries", {"quantity": -6}, 409),
    "a category without a name": ("GET", "/products?category=", None, 422),
    "a name that no key can have": ("GET", f"/products/{'x' * 2_000}", None, 422),
    "a cursor that nobody signed": ("GET", "/products?category=light&cursor=abc", None, 400),
    "an order of too many": ("POST", "/orders", {"customer": "jane", "sku": "lamp", "quantity": 6}, 409),
    "an order of nothing": ("POST", "/orders", {"customer": "jane", "sku": "sofa", "quantity": 1}, 404),
}


@pytest.mark.parametrize("case", WRONG)
def test_refusal_has_the_status_of_its_error(case: str, client: TestClient) -> None:
    method, path, body, status = WRONG[case]
    client.post("/products", json=LAMP)
    refused = client.request(method, path, json=body)
    assert refused.status_code == status, refused.text
    assert client.get("/products/lamp").json() == LAMP | {"version": 1}


def test_refusal_says_why(client: TestClient) -> None:
    client.post("/products", json=LAMP)
    assert client.get("/products/sofa").json() == {"detail": "Product: there is no item with sku = 'sofa'"}
    refused = client.post("/orders", json={"customer": "jane", "sku": "lamp", "quantity": 6})
    assert refused.json() == {
        "detail": "Product: the update would take Product.stock out of the range of its field in the item with"
        " sku = 'lamp'"
    }
    forged = client.get("/products", params={"category": "light", "cursor": "abc"})
    assert forged.json() == {"detail": "The cursor is not valid for this request; start again at the first page."}


def test_pages_lead_through_a_category_by_name(client: TestClient) -> None:
    for number in range(7):
        client.post("/products", json=LAMP | {"sku": f"lamp {number}", "name": f"Lamp {9 - number}"})
    client.post("/products", json=LAMP | {"category": "other"})
    names: list[str] = []
    parameters: dict[str, Any] = {"category": "light", "limit": 3}
    pages = 0
    while "cursor" not in parameters or parameters["cursor"]:
        page = client.get("/products", params=parameters).json()
        names += [product["name"] for product in page["items"]]
        parameters["cursor"] = page["cursor"]
        pages += 1
    assert (pages, names) == (3, [f"Lamp {number}" for number in range(3, 10)])


def test_cursor_of_another_category_is_refused(client: TestClient) -> None:
    for number in range(3):
        client.post("/products", json=LAMP | {"sku": f"lamp {number}"})
    page = client.get("/products", params={"category": "light", "limit": 2}).json()
    refused = client.get("/products", params={"category": "other", "cursor": page["cursor"]})
    assert refused.status_code == 400


def test_store_that_stays_busy_is_a_503(client: TestClient, shop: MemoryBackend) -> None:
    shop.faults.schedule(Fault.throttle(operation="GetItem", times=10))
    busy = client.get("/products/lamp")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
    assert busy.json() == {"detail": "The shop is busy; try again in a moment."}
    assert client.get("/products/lamp").status_code == 404


def test_order_takes_its_pieces_from_the_stock(client: TestClient) -> None:
    client.post("/products", json=LAMP)
    placed = client.post("/orders", json={"customer": "jane", "sku": "lamp", "quantity": 2})
    assert placed.status_code == 201, placed.text
    order = placed.json()
    assert {**order, "id": None, "placed_at": None} == {
        "id": None,
        "customer": "jane",
        "sku": "lamp",
        "quantity": 2,
        "price": 1990,
        "placed_at": None,
    }
    assert Order.get_one(order["id"]).quantity == 2
    assert client.get("/products/lamp").json()["stock"] == 3


def test_app_has_a_memory_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNAMONGO_BACKEND", "memory")
    try:
        for _ in range(2):  # the second start finds an empty store: the first has closed its own
            with TestClient(app) as client:
                assert client.post("/products", json=LAMP).status_code == 201
    finally:
        Connection.set_config()


def test_app_runs_on_a_server(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DYNAMODB_URL": server_url,
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_REGION": "us-east-2",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        for status in (201, 409):  # the second start finds the tables of the first
            with TestClient(app) as client:
                assert client.post("/products", json=LAMP).status_code == status
                assert client.get("/products", params={"category": "light"}).json()["items"] == [LAMP | {"version": 1}]
        Product.delete_table()
        Order.delete_table()
    finally:
        Connection.set_config()


# Several requests at once.


def test_update_of_two_clients_at_once_is_not_lost(shop: MemoryBackend) -> None:
    async def main() -> None:
        async with open_client() as client:
            await client.post("/products", json=LAMP)
            names = "Light", "Lantern"
            first, second = await asyncio.gather(
                *(client.patch("/products/lamp", json={"version": 1, "name": name}) for name in names)
            )
            done, refused = sorted((first, second), key=lambda response: response.status_code)
            assert (done.status_code, refused.status_code) == (200, 409)
            assert "is at version 2" in refused.json()["detail"]
            assert (await client.get("/products/lamp")).json() == done.json()

    asyncio.run(main())


def test_deliveries_at_once_take_no_more_than_there_is(shop: MemoryBackend) -> None:
    async def main() -> None:
        async with open_client() as client:
            await client.post("/products", json=LAMP)
            taken = await asyncio.gather(
                *(client.post("/products/lamp/deliveries", json={"quantity": -1}) for _ in range(8))
            )
            assert sorted(response.status_code for response in taken) == [200] * 5 + [409] * 3
            assert (await client.get("/products/lamp")).json()["stock"] == 0

    asyncio.run(main())


def test_last_piece_is_sold_once(shop: MemoryBackend) -> None:
    async def main() -> None:
        async with open_client() as client:
            await client.post("/products", json=LAMP | {"stock": 1})
            wanted = [{"customer": name, "sku": "lamp", "quantity": 1} for name in ("jane", "john")]
            placed = await asyncio.gather(*(client.post("/orders", json=order) for order in wanted))
            assert sorted(response.status_code for response in placed) == [201, 409]
            assert await Order.aio.find(scans="allow").count() == 1
            assert (await Product.aio.get_one("lamp")).stock == 0

    asyncio.run(main())


async def upload(lines: int) -> AsyncIterator[bytes]:
    """Yield products, one a line, in chunks that end anywhere."""
    for number in range(lines):
        line = json.dumps(LAMP | {"sku": f"lamp {number}", "stock": -1 if number % 10 == 7 else number})
        yield line[:13].encode()
        await asyncio.sleep(0)
        yield f"{line[13:]}\n".encode()


def test_import_saves_what_is_valid_while_it_arrives(shop: MemoryBackend) -> None:
    async def main() -> None:
        async with open_client() as client:
            report = (await client.post("/products/import", content=upload(60))).json()
            assert (report["saved"], report["refused"]) == (54, 6)
            assert report["problems"][0] == "line 8: stock: Product.stock must be an int >= 0; got -1"
            assert await Product.aio.find(Product.category == "light").count() == 54

    asyncio.run(main())


def test_import_reports_products_that_the_store_refuses(shop: MemoryBackend) -> None:
    async def main() -> None:
        async with open_client() as client:
            sizes = 10, 410_000
            lines = [json.dumps(LAMP | {"sku": f"lamp {n}", "description": "x" * n}) for n in sizes]
            report = (await client.post("/products/import", content="\n".join(lines).encode())).json()
            assert (report["saved"], report["refused"]) == (1, 1)
            assert report["problems"][0].startswith("lamp 410000: ")

    asyncio.run(main())


def test_import_that_is_broken_off_leaves_what_it_saved(shop: MemoryBackend) -> None:
    async def main() -> None:
        async with open_client() as client:
            importing = asyncio.create_task(client.post("/products/import", content=upload(1_000_000)))
            while await Product.aio.find(Product.category == "light").count() < 20:
                pass
            importing.cancel()
            await asyncio.wait([importing])
            assert importing.cancelled()
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert (await client.get("/products/lamp 0")).status_code == 200
            assert (await client.get("/products/lamp 999999")).status_code == 404

    asyncio.run(main())


def test_import_says_what_is_wrong_with_each_line(shop: MemoryBackend) -> None:
    lines = [json.dumps(LAMP | {"name": "Light"}), "{", '{"sku": "sofa"}', json.dumps(LAMP | {"sku": "candle"})]

    async def main() -> None:
        async with open_client() as client:
            await client.post("/products", json=LAMP)
            report = (await client.post("/products/import", content="\n".join(lines).encode())).json()
            assert (report["saved"], report["refused"]) == (1, 3)
            assert [problem[:20] for problem in sorted(report["problems"])] == [
                "lamp: Product: there",
                "line 2: JSON: Invali",
                "line 3: name: Field ",
            ]
            assert (await client.get("/products/lamp")).json() == LAMP | {"version": 1}

    asyncio.run(main())


def test_export_is_what_the_import_takes(shop: MemoryBackend) -> None:
    async def main() -> None:
        async with open_client() as client:
            await client.post("/products/import", content=upload(40))
            exported = (await client.get("/products/export", params={"category": "light"})).content
            assert len(exported.splitlines()) == 36
            for product in exported.splitlines():
                await client.delete(f"/products/{json.loads(product)['sku']}")
            report = (await client.post("/products/import", content=exported)).json()
            assert (report["saved"], report["refused"]) == (36, 0)

    asyncio.run(main())


def test_import_refuses_a_line_without_end(shop: MemoryBackend) -> None:
    async def main() -> None:
        async with open_client() as client:
            refused = await client.post("/products/import", content=b"x" * (MAX_LINE + 1))
            assert refused.status_code == 413

    asyncio.run(main())
