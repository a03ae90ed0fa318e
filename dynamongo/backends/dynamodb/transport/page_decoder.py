"""Bodies: the JSON of an answer, of which a long list of items is read in pieces.

What JSON makes of an item takes four times the room of the item itself: of a page of 1 MB, more than a processor's
cache holds. So a page is cut into pieces of some items, and each is decoded before the next one is read.
Where an item ends is guessed from the text. A piece that was cut in a wrong place is no JSON, since its brackets or
quotes do not match; then all that is left is read at once.
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
"""By actions, where in their answers the items begin. An attribute of such a name holds an object, and no list."""

_END: Final = re.compile(r'\}\}(?=,\{"(?!M":)[^"]*":\{")')
"""What is at the end of an item that another follows: a value's brace and its own. In a list, an `M` would follow."""


MALFORMED: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading an answer ends in that is not of the form that DynamoDB's has."""


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
    """The answer to an action, in the form in which boto3's client gives it.

    The items of a page or batch may be decoded already: they are a tuple then, and not a list.

    Raises `ValueError` for what is no JSON.
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
    """`json.loads`, without its search for white space around the content, which takes longer than a small answer."""
    try:
        content, end = _raw_decode(text)
    except ValueError:
        return json.loads(text)
    return content if end == len(text) else json.loads(text)


def _read_pieces(text: str, position: int) -> tuple[list[Item], int]:
    """The items of a list from this position on, except for the last ones, and where those begin."""
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
    """Put items before those of the list that has these names in the content; tell whether it is there."""
    *outer, name = names
    try:
        for each in outer:
            content = content[each]
        content[name] = (*items, *map(decode_item, content[name]))
    except (KeyError, TypeError):
        return False
    return True
