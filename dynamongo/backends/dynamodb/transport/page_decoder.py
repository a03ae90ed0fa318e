"""The page decoder: parses the JSON of a response, a long list of items one by one.

The parsed JSON of an item takes four times the space of the item itself: a page of 1 MB would not fit into the cache of
a processor. So each item of a list is decoded before the next one is parsed. Where the list has anything but items side
by side, as this module expects them, all that is left of the response is parsed at once.

`test_page_decoder.py` compares the result with that of `json.loads`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from dynamongo.backends.dynamodb.errors import build_unexpected_error
from dynamongo.exceptions import ServiceError
from dynamongo.expressions.values import Item
from dynamongo.expressions.wire_values import decode_item
from dynamongo.operations import ItemReader, ReadItems

_raw_decode: Final = json.JSONDecoder().raw_decode

LISTS: Final = {"BatchGetItem": "Responses", "Query": "Items", "Scan": "Items"}
"""The member of the response to an action that holds the items."""

_STARTS: Final = {
    "Responses": re.compile(r'"(Responses)":\{"([^"\\]+)":\[(?=\{)'),
    "Items": re.compile(r'"(Items)":\[(?=\{)'),
}
"""Where the items begin in such a member. An attribute of its name holds an object, never a list."""

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


def parse_body(action: str, text: str, reader: ItemReader | None = None) -> Any:
    """Return the response to an action, in the form in which boto3's client returns it.

    The items of a page or batch may be decoded already: they are a tuple or `ReadItems` then, and not a list.

    Args:
        action: DynamoDB's name of the action.
        text: The body of the response.
        reader: What to read the items of a page or batch with.

    Raises `ValueError` for anything but JSON.
    """
    member = LISTS.get(action)
    start = None if member is None else _STARTS[member].search(text)
    if start is not None:
        items, end = _read_items(text, start.end(), reader)
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


def _read_items(text: str, position: int, reader: ItemReader | None) -> tuple[tuple[Item, ...] | ReadItems, int]:
    """Return items of a list, the first of which begins at this position, and where the last of them ends.

    Those after white space are left in the list, and all from the first one that is not JSON.
    """
    read = None if reader is None else reader.read
    stored: list[Any] = []
    made: list[Any] = []
    end = position
    try:
        while True:
            wire, after = _raw_decode(text, position)
            if read is not None:
                item = text[position:after]
                made.append(read(wire, item))
                stored.append(decode_item(wire) if made[-1] is None else item)
            else:
                stored.append(decode_item(wire))
            end = after
            if not text.startswith(",{", end):
                break
            position = end + 1
    except ValueError:
        pass
    return tuple(stored) if reader is None else ReadItems(reader, stored, made), end


def _put_back(items: tuple[Item, ...] | ReadItems, content: Any, names: tuple[str, ...]) -> bool:
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
    content[name] = (*items, *map(decode_item, left)) if left else items
    return True
