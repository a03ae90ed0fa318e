"""Fill one of the tables with PynamoDB or boto3, and run dynamongo's program on it.

    python -m examples.existing shop http://localhost:8000
    python -m examples.existing forge http://localhost:8000 --with boto3

The server is any that speaks DynamoDB; it gets a new table.
"""

from __future__ import annotations

import argparse
import importlib
from typing import Any

from dynamongo import Connection


def run(application: str, url: str, library: str) -> None:
    """Fill a new table, and run the program."""
    load(application, f"fill_{library}").fill(url, application)
    Connection.set_config(endpoint_url=url)
    load(application, "app").main()


def load(application: str, module: str) -> Any:
    """Import a module of an application."""
    return importlib.import_module(f"examples.existing.{application}.{module}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("application", choices=["shop", "forge", "sessions"])
    parser.add_argument("url")
    parser.add_argument("--with", dest="library", choices=["pynamodb", "boto3"], default="pynamodb")
    arguments = parser.parse_args()
    run(arguments.application, arguments.url, arguments.library)
