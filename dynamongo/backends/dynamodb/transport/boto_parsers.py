"""Parsers of responses for botocore that leave attribute values as they are in JSON.

The response is the same dict that botocore's parser returns, provided that the store sends attribute values:
`test_boto_parsers.py` compares the two.
"""

from __future__ import annotations

import base64
import contextlib
import functools
from collections.abc import Callable
from typing import Any, Final, cast

from botocore.parsers import JSONParser, ResponseParserFactory, create_parser
from botocore.utils import lowercase_dict

from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.transport.lazy_response import LazyResponse
from dynamongo.backends.dynamodb.transport.originals import Originals

_PROTOCOL: Final = "json"
_VALUE: Final = "AttributeValue"
"""The name of botocore's shape of an attribute value."""

_DIFFERENT: Final = (b'"B":', b'"BS":', b"null")
"""What the body of a response has if botocore would change an attribute value of it; perhaps also if it would not."""


_USUAL: Final[dict[str, Any]] = {"_defaults": {}}
"""What botocore's parser factory holds, unless its owner has changed what it makes."""


_BYPASSED: Final = Originals((ResponseParserFactory, "create_parser"))


def pass_responses(endpoint: Any, request: Request, *, is_watched: bool) -> None:
    """Have the endpoint of a client that is used for one call pass on the JSON of its response.

    Unless the call is watched, it will be a `LazyResponse`. A parser factory other than botocore's is left alone.
    """
    factory = endpoint._response_parser_factory  # noqa: SLF001 - an endpoint has no public name for it
    is_usual = type(factory) is ResponseParserFactory and vars(factory) == _USUAL
    if is_usual and _BYPASSED.are_in_place():
        # There is no public way to choose it once a client is made.
        endpoint._response_parser_factory = _Parsers(None if is_watched else request)  # noqa: SLF001 - as above


class _PlainParser(JSONParser):
    """Parses like botocore, and leaves attribute values as they are in JSON."""

    def _handle_map(self, shape: Any, value: Any) -> Any:
        inherited: Any = super()
        return value if shape.value.name == _VALUE else inherited._handle_map(shape, value)  # noqa: SLF001 - overridden

    def _handle_list(self, shape: Any, node: Any) -> Any:
        inherited: Any = super()
        member = shape.member
        has_items = member.type_name == "map" and member.value.name == _VALUE
        return node if has_items else inherited._handle_list(shape, node)  # noqa: SLF001 - overridden


class _BinaryParser(JSONParser):
    """Parses like botocore, with fewer calls for each attribute value."""

    def _handle_map(self, shape: Any, value: Any) -> Any:
        inherited: Any = super()
        if shape.value.name == _VALUE:
            with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):  # botocore deals with these
                return _restore_item(value)
        return inherited._handle_map(shape, value)  # noqa: SLF001 - overridden


def _restore_item(wire: dict[str, Any]) -> dict[str, Any]:
    """Return an item as botocore parses it. Raises an error for anything but attribute values."""
    return {name: _restore(value) for name, value in wire.items()}


def _restore(wire: dict[str, Any]) -> dict[str, Any]:
    ((kind, content),) = wire.items()
    if content is None:
        raise ValueError
    restore = _RESTORERS[kind]
    return wire if restore is None else {kind: restore(content)}


_RESTORERS: Final[dict[str, Callable[[Any], Any] | None]] = {
    "S": None,
    "N": None,
    "BOOL": None,
    "NULL": None,
    "SS": None,
    "NS": None,
    "B": base64.b64decode,
    "BS": lambda contents: list(map(base64.b64decode, contents)),
    "L": lambda elements: list(map(_restore, elements)),
    "M": _restore_item,
}


class _Parsers:
    """A parser factory for one call, and its parser. Errors are parsed by botocore's own.

    Args:
        request: The request if its response is to be lazy.
    """

    def __init__(self, request: Request | None) -> None:
        self._request = request

    def create_parser(self, protocol: str) -> Any:
        """Return the parser for a protocol."""
        return self if protocol == _PROTOCOL else create_parser(protocol)

    def parse(self, response: dict[str, Any], shape: Any) -> Any:
        """Return the content of a response; see `botocore.parsers.ResponseParser`."""
        if response["status_code"] >= 300:
            return _ERRORS.parse(response, shape)
        return _parse(response, shape) if self._request is None else _postpone(self._request, response, shape)


def _parse(response: dict[str, Any], shape: Any) -> Any:
    body = response["body"]
    parser: Any = _BINARY if any(text in body for text in _DIFFERENT) else _PLAIN
    return parser.parse(response, shape)


def _postpone(request: Request, response: dict[str, Any], shape: Any) -> LazyResponse:
    headers, parser = response["headers"], cast("Any", _BINARY)
    names = {"RequestId": headers["x-amzn-requestid"]} if "x-amzn-requestid" in headers else {}
    return LazyResponse(
        request,
        {**names, "HTTPStatusCode": response["status_code"], "HTTPHeaders": lowercase_dict(headers)},
        response["body"],
        functools.partial(_parse, response, shape),
        functools.partial(parser._parse_shape, shape),  # noqa: SLF001 - a parser has no public name for it
    )


_ERRORS: Final = JSONParser()
_PLAIN: Final = _PlainParser()
_BINARY: Final = _BinaryParser()
