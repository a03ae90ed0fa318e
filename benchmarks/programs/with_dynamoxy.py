"""dynamoxy: its calls are awaited, on a loop that was made before.

Without `telemetry=None` it would import OpenTelemetry, which is here for the sake of another suite.
"""

import asyncio
import datetime as dt
import sys
import time
from decimal import Decimal
from typing import Any

import dynamoxy
from dynamoxy import Attr


def make_row() -> Any:
    """Declare the row, with a free map."""

    class Row(dynamoxy.Model, table="rows"):  # type: ignore[call-arg]  # mypy sees no base class
        pk: Attr[str] = dynamoxy.partition_key()
        sk: Attr[str] = dynamoxy.sort_key()
        name: Attr[str]
        year: Attr[int]
        price: Attr[Decimal]
        active: Attr[bool]
        created: Attr[dt.datetime]
        cities: Attr[list[str]]
        meta: Attr[dict[str, Any]]

    return Row


async def get(url: str) -> None:
    """Get a row."""
    async with dynamoxy.Client(endpoint_url=url, telemetry=None) as client:
        row = await client.repository(make_row()).get("p00000", "s0000001")
        assert row.name == "John 1"
        print("dynamoxy", flush=True)
        sys.stdin.read()


async def test() -> None:
    """Run the first test."""
    from dynamoxy.testing import memory_client  # noqa: PLC0415 - only tests import it

    from benchmarks.values import TEN  # noqa: PLC0415 - only tests have the path

    started = time.process_time()
    row = make_row()
    client = memory_client(telemetry=None)
    await client.ensure_tables(row)
    rows = client.repository(row)
    for given in TEN:
        await rows.put(row(**given))
    for given in TEN:
        await rows.get(given["pk"], given["sk"])
    print((time.process_time() - started) * 1e3)
    await client.close()


asyncio.run(get(sys.argv[2]) if sys.argv[1] == "get" else test())
