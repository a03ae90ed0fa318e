"""aiodynamo: it ends in a dict."""

import asyncio
import os
import sys

import aiohttp
from aiodynamo.client import Client
from aiodynamo.credentials import Credentials
from aiodynamo.http.aiohttp import AIOHTTP
from yarl import URL


async def main() -> None:
    """Get a row."""
    async with aiohttp.ClientSession() as session:
        client = Client(AIOHTTP(session), Credentials.auto(), os.environ["AWS_DEFAULT_REGION"], URL(sys.argv[2]))
        row = await client.table("rows").get_item({"pk": "p00000", "sk": "s0000001"})
        assert row["name"] == "John 1"
        print("aiodynamo", flush=True)
        sys.stdin.read()


asyncio.run(main())
