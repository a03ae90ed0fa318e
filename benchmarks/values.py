"""The values of the rows that all suites work on.

It imports no library that is measured: programs whose start is timed import it.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import itertools
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

CITIES = ("Nairobi", "Oslo", "Lima", "Kyoto", "Paris", "Quito")
START = dt.datetime(2024, 5, 1, 10, 0, 0, tzinfo=dt.timezone.utc)
PER_PARTITION = 1_000


def values(number: int) -> dict[str, Any]:
    """Return the values of one row; 1,000 rows share a hash key."""
    return {
        "pk": f"p{number // PER_PARTITION:05}",
        "sk": f"s{number:07}",
        "name": f"John {number % 100}",
        "year": 1950 + number % 70,
        "price": Decimal(number % 100_000) / 100 + Decimal("0.01"),
        "active": number % 2 == 0,
        "created": START + dt.timedelta(seconds=number, microseconds=number % 1_000),
        "cities": [CITIES[(number + k) % len(CITIES)] for k in range(3)],
        "meta": {"a": {"b": number, "c": "xyz"}, "score": number % 100, "tag": "alpha"},
    }


def float_values(number: int) -> dict[str, Any]:
    """Return the values of one row for libraries whose numbers are floats."""
    return values(number) | {"price": float(values(number)["price"])}


TEN = [values(number) for number in range(10)]


def key(number: int) -> tuple[str, str]:
    """Return the key of one row."""
    return f"p{number // PER_PARTITION:05}", f"s{number:07}"


def count_selected(count: int) -> int:
    """Return how many of the first rows the filter of the suites selects: it is written in each library's words.

    `(year < 1990) & ~cities.contains("Nairobi") & name.begins_with("J")`
    """
    rows = map(values, range(count))
    return sum(row["year"] < 1990 and "Nairobi" not in row["cities"] and row["name"].startswith("J") for row in rows)


def draw_rows(count: int) -> tuple[Iterator[dict[str, Any]], Iterator[tuple[str, str]]]:
    """Return endless values and keys of rows picked at random from the first `count`, the same ones in each run.

    They are created beforehand, since creating them is no library's work.
    """
    numbers = random.Random(7).choices(range(count), k=5_000)
    return itertools.cycle([values(number) for number in numbers]), itertools.cycle([key(number) for number in numbers])


def is_installed(module: str) -> bool:
    """Return whether a library is installed."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that the module would be in
        return False
