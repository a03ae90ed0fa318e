"""The page decoder: parses the JSON of a response, a long list of items one by one.

The parsed JSON of an item takes four times the space of the item itself: a page of 1 MB would not fit into the cache of
a processor. So each item of a list is decoded before the next one is parsed. Where the list has anything but items side
by side, as this module expects them, all that is left of the response is parsed at once.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from dynamongo.backends.dynamodb.errors import build_unexpected_error
from dynamongo.exceptions import ServiceError
from dynamongo.expressions.values import Item
from dynamongo.expressions.wire_values import decode_item

_raw_decode: Final = json.JSONDecoder().raw_decode

_LISTS: Final = {
    "BatchGetItem": re.compile(r'"(Responses)":\{"([^"\\]+)":\[(?=\{)'),
    "Query": re.compile(r'"(Items)":\[(?=\{)'),
    "Scan": re.compile(r'"(Items)":\[(?=\{)'),
}
"""Where the items begin in the response to an action. An attribute of such a name holds an object, never a list."""

_MARK: Final = 0
"""Stands for the items that were read in what is parsed of the rest: a list of items has no other number."""

MALFORMED: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a malformed response raises."""


def build_malformed_error(error: Exception) -> ServiceError:
    """Return the error for a response whose reading ended in one of `MALFORMED`; the request may have been executed.

    It tells nothing of what is stored.
    """
    if isinstance(error, KeyError):
        return build_unexpected_error(f"no {error} in it")
    if isinstance(error, RecursionError):
        return build_unexpected_error("nested too deep")
    return build_unexpected_error(f"malformed ({type(error).__name__})")


def parse_body(action: str, text: str) -> Any:
    """Return the response to an action, in the form in which boto3's client returns it.

    The items of a page or batch may be decoded already: they are a tuple then, and not a list.

    Raises `ValueError` for anything but JSON.
    """
    where = _LISTS.get(action)
    start = where.search(text) if where is not None else None
    if start is not None:
        items, end = _read_items(text, start.end())
        content = _load(f"{text[: start.end()]}{_MARK}{text[end:]}") if items else None
        if items and _put_back(items, content, start.groups()):
            return content
    return _load(text)


def _load(text: str) -> Any:
    """Parse JSON like `json.loads`, without its search for surrounding white space, which takes longest."""
    try:
        content, end = _raw_decode(text)
    except ValueError:
        return json.loads(text)
    return content if end == len(text) else json.loads(text)


def _read_items(text: str, position: int) -> tuple[list[Item], int]:
    """Return items of a list, the first of which begins at this position, and where the last of them ends.

    Those after white space are left in the list, and all from the first one that is not JSON.
    """
    items: list[Item] = []
    end = position
    try:
        while True:
            wire, after = _raw_decode(text, position)
            items.append(decode_item(wire))
            end = after
            if not text.startswith(",{", end):
                return items, end
            position = end + 1
    except ValueError:
        return items, end


def _put_back(items: list[Item], content: Any, names: tuple[str, ...]) -> bool:
    """Put items into the list of these names, in the place of the mark; return whether it is there."""
    *outer, name = names
    try:
        for each in outer:
            content = content[each]
        mark, *left = content[name]
    except (KeyError, TypeError, ValueError):
        return False
    if mark != _MARK:
        return False
    content[name] = (*items, *map(decode_item, left))
    return True
