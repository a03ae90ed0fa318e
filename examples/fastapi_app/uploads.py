"""Products that a client streams: JSON, one product a line, however many there are."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

import pydantic
from fastapi import HTTPException

from .models import Product
from .schemas import ImportReport

MAX_LINE = 1_000_000  # DynamoDB takes items of at most 400 KB
PRODUCTS = pydantic.TypeAdapter(Product)


async def read_products(chunks: AsyncIterable[bytes], report: ImportReport) -> AsyncIterator[Product]:
    """Yield the products of the lines that are valid, as they arrive; the report gets the others."""
    number = 0
    async for line in read_lines(chunks):
        number += 1
        try:
            product = PRODUCTS.validate_json(line)
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "JSON"
            report.refuse(f"line {number}: {place}: {first['msg']}")
        else:
            product.version = None  # an export has those of its store
            yield product


async def read_lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines of a body that comes in chunks. No more than a chunk and a line are in memory."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > MAX_LINE:
            raise HTTPException(413, f"a line is longer than {MAX_LINE} bytes")
    if rest:
        yield rest
