"""The page decoder: parses the JSON of a response, a long list of items in pieces.

The parsed JSON of an item takes four times the space of the item itself: a page of 1 MB would not fit into the cache of
a processor. So a page is cut into pieces of some items, and each piece is decoded before the next one is parsed.
Where an item ends is guessed from the text. A piece that was cut in a wrong place is not JSON, since its brackets or
quotes do not match; then all that is left is parsed at once.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from dynamongo.backends.dynamodb.errors import build_unexpected_error
from dynamongo.backends.dynamodb_json import decode_item
from dynamongo.exceptions import ServiceError
from dynamongo.expressions.values import Item

_raw_decode: Final = json.JSONDecoder().raw_decode

_PIECE: Final = 8_000
"""Characters; from 2,000 to 16,000 it makes no difference."""

_LISTS: Final = {
    "BatchGetItem": re.compile(r'"(Responses)":\{"([^"\\]+)":\[(?=\{)'),
    "Query": re.compile(r'"(Items)":\[(?=\{)'),
    "Scan": re.compile(r'"(Items)":\[(?=\{)'),
}
"""Where the items begin in the response to an action. An attribute of such a name holds an object, never a list."""

_END: Final = re.compile(r'\}\}(?=,\{"(?!M":)[^"]*":\{")')
"""The end of an item that another one follows: the brace of a value and its own. In a list, an `M` would follow."""


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
    start = where.search(text) if where is not None and len(text) > 2 * _PIECE else None
    if start is not None:
        items, end = _read_pieces(text, start.end())
        content = _load(text[: start.end()] + text[end:])
        if _put_before(items, content, start.groups()):
            return content
    return _load(text)


def _load(text: str) -> Any:
    """Parse JSON like `json.loads`, without its search for surrounding white space, which takes longest."""
    try:
        content, end = _raw_decode(text)
    except ValueError:
        return json.loads(text)
    return content if end == len(text) else json.loads(text)


def _read_pieces(text: str, position: int) -> tuple[list[Item], int]:
    """Return the items of a list from this position on, except for the last ones, and where those begin."""
    items: list[Item] = []
    while (end := _END.search(text, position + _PIECE)) is not None:
        try:
            piece = json.loads(f"[{text[position : end.end()]}]")
        except ValueError:
            break
        items += map(decode_item, piece)
        position = end.end() + 1
    return items, position


def _put_before(items: list[Item], content: Any, names: tuple[str, ...]) -> bool:
    """Put items before those of the list with these names in the content; return whether it is there."""
    *outer, name = names
    try:
        for each in outer:
            content = content[each]
        content[name] = (*items, *map(decode_item, content[name]))
    except (KeyError, TypeError):
        return False
    return True
