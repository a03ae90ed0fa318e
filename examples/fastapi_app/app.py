"""The endpoints of the shop. Each awaits a verb or two, and returns what they return."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Body, FastAPI, Query, Request
from fastapi.responses import Response, StreamingResponse

from dynamongo import Connection, Page

from .errors import add_error_handlers
from .models import Order, Product
from .schemas import (
    Delivery,
    ImportReport,
    OrderIn,
    ProductChange,
    ProductPage,
    Text,
)
from .uploads import read_products


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
    """Configure the connection when the server starts, and close it when the server ends.

    `DYNAMONGO_BACKEND` selects the backend, as for every program. Cursors are signed, since they go to clients: servers
    that share the work need the same key.
    """
    url, key = os.environ.get("DYNAMODB_URL"), os.environ.get("SHOP_CURSOR_KEY")
    Connection.set_config(
        table_prefix="shop-",
        endpoint_url=url,
        cursor_key=key.encode() if key else secrets.token_bytes(32),
        cursor_ttl=3600,
        scans="forbid",
    )
    try:
        if url or os.environ.get("DYNAMONGO_BACKEND") == "memory":  # on AWS, a deployment creates tables
            await create_tables()
        yield
    finally:
        await Connection.aio.close()


async def create_tables() -> None:
    """Create the tables that do not exist yet."""
    for model in (Product, Order):
        if not await model.aio.table_exists():
            await model.aio.create_table()


app = FastAPI(title="Shop", lifespan=lifespan)
add_error_handlers(app)


@app.post("/products", status_code=201)
async def create_product(product: Annotated[Product, Body()]) -> Product:
    """Create a product: 409 if there is one with that SKU."""
    return await Product.aio.create_one(product)


@app.get("/products", response_model=ProductPage)
async def list_products(
    category: Text, limit: Annotated[int, Query(ge=1, le=100)] = 20, cursor: str | None = None
) -> Page[Product]:
    """Return a page of a category by name; its cursor asks for the next one."""
    return await Product.aio.find(Product.category == category, limit=limit, cursor=cursor).page()


@app.post("/products/import")
async def import_products(request: Request) -> ImportReport:
    """Create the products of an upload, a JSON object a line, while it arrives. Those that exist are refused."""
    report = ImportReport()
    async for outcome in Product.aio.save_iter(read_products(request.stream(), report), overwrite=False):
        if outcome.error is None:
            report.saved += 1
        else:
            report.refuse(f"{outcome.item.sku}: {outcome.error}")
    return report


@app.get("/products/export")
async def export_products(category: Text) -> StreamingResponse:
    """Send a whole category as the import takes it, page by page as it is read."""

    async def write_lines() -> AsyncGenerator[str]:
        async for product in Product.aio.find(Product.category == category):
            yield product.to_json() + "\n"

    return StreamingResponse(write_lines(), media_type="application/x-ndjson")


@app.get("/products/{sku}")
async def read_product(sku: Text) -> Product:
    """Return a product."""
    return await Product.aio.get_one(sku)


@app.patch("/products/{sku}")
async def change_product(sku: Text, change: ProductChange) -> Product:
    """Change some attributes: 409 if someone else has changed the product since the client read it."""
    values = change.model_dump(exclude_unset=True, exclude={"version"})
    return await Product.aio.update_from_dict(sku, values, condition=Product.version == change.version)


@app.post("/products/{sku}/deliveries")
async def deliver(sku: Text, delivery: Delivery) -> Product:
    """Add to the stock, or take from it: 409 if there is not enough.

    The store adds and checks the range of the field in one step, so that no two deliveries at once get in each other's
    way.
    """
    return await Product.aio.update_one(sku, Product.stock.add(delivery.quantity))


@app.delete("/products/{sku}", status_code=204)
async def delete_product(sku: Text) -> Response:
    """Delete a product, whether it exists or not."""
    await Product.aio.delete_one(sku)
    return Response(status_code=204)


@app.post("/orders", status_code=201)
async def place_order(wanted: OrderIn) -> Order:
    """Record an order and take its pieces from the stock: both, or neither.

    409 if the stock is too low, or if the price changes in the meantime.
    """
    product = await Product.aio.get_one(wanted.sku)
    order = Order(**wanted.model_dump(), price=product.price)
    async with Connection.aio.transaction() as tx:
        tx.update(
            Product, wanted.sku, Product.stock.subtract(wanted.quantity), condition=Product.price == product.price
        )
        tx.create(order)
    return order
