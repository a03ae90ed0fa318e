"""JSON past boto3: gives its client the body of a request as JSON, and takes the JSON of a response from it.

botocore validates and copies each attribute value of a request before it writes JSON, and copies each of a response
after it has parsed JSON. That is most of the cost of a batch or a page (without it, a query of 1,000 items takes a
third of the time, a batch write half), and changes nothing but binary values: dynamongo's arguments were parsed from
JSON. So the copy of the client that makes a call (`one_attempt`) gets a serializer and parsers that skip attribute
values. Everything else in a request is still validated.

Hooks see what they would see otherwise, which `test_watchers.py` compares: the arguments and the response are the same
dicts, the body has the same bytes, and arguments that a hook has changed are left to botocore. If no hook watches the
call, or only a quiet tracer, the body is sent as it was rendered, and the response is parsed on access
(`lazy_response`). A serializer or parsers of the client's own are used unchanged.
"""

from __future__ import annotations

import base64
import json
import marshal
from typing import Any, Final

from botocore.serialize import JSONSerializer
from botocore.validate import ParamValidationDecorator, ParamValidator

from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.transport.boto_parsers import pass_responses
from dynamongo.backends.dynamodb.transport.botocore_internals import endpoint_of
from dynamongo.backends.dynamodb.transport.originals import Originals

_ALIKE: Final = frozenset({"Key", "WriteRequest"})
"""The shapes of what dynamongo renders in one way for all of a batch: one of them shows whether it is valid."""

_BYPASSED: Final = Originals(
    (ParamValidationDecorator, "serialize_to_request"), (JSONSerializer, "serialize_to_request")
)

_WITHOUT_REFERENCES: Final = 0
"""The version of `marshal`'s format in which equal objects have equal bytes."""


def pass_json(client: Any, request: Request, *, is_watched: bool) -> dict[str, Any]:
    """Have a client that is used for one call pass JSON on, and return the arguments to call its method with.

    Unless the call is watched, the method may return a `LazyResponse`.
    """
    arguments = request.arguments
    theirs = client._serializer  # noqa: SLF001 - a client has no public name for it
    inner = _find_serializer(theirs)
    if inner is not None:
        serializer = _Serializer(theirs, inner, request, arguments if is_watched else None)
        client._serializer = serializer  # noqa: SLF001 - there is no public way to choose it
    pass_responses(endpoint_of(client), request, is_watched=is_watched)
    return arguments


def _find_serializer(theirs: Any) -> JSONSerializer | None:
    """Return what writes JSON for a client, or `None` if anything has been put in its place."""
    serializers = [theirs]
    if type(theirs) is ParamValidationDecorator:
        serializers.append(vars(theirs).get("_serializer"))
        validator = vars(theirs).get("_param_validator")
        if type(validator) is not ParamValidator or vars(validator):
            return None
    inner = serializers[-1]
    are_theirs = type(inner) is JSONSerializer and not any("serialize_to_request" in vars(each) for each in serializers)
    return inner if are_theirs and _BYPASSED.are_in_place() else None


def _encode_binary(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_dump: Final = json.JSONEncoder(default=_encode_binary).encode
"""Writes the JSON that botocore's serializer writes, white space included."""


class _Validator(ParamValidator):
    """Checks arguments, but no attribute values."""

    def _validate_map(self, param: Any, shape: Any, errors: Any, name: str) -> None:
        if shape.value.name != "AttributeValue":
            inherited: Any = super()
            inherited._validate_map(param, shape, errors, name)  # noqa: SLF001 - overridden

    def _validate_list(self, param: Any, shape: Any, errors: Any, name: str) -> None:
        inherited: Any = super()
        some = param[:1] if shape.member.name in _ALIKE else param
        inherited._validate_list(some, shape, errors, name)  # noqa: SLF001 - overridden


_VALIDATOR: Final = _Validator()


class _Serializer:
    """The serializer for one call.

    Args:
        theirs: The one that the client has.
        inner: What writes JSON for that, after it has checked the arguments.
        request: The request.
        arguments: The arguments of the call if it is watched, since watchers may change them.
    """

    def __init__(self, theirs: Any, inner: JSONSerializer, request: Request, arguments: dict[str, Any] | None) -> None:
        self._theirs = theirs
        self._inner: Any = inner
        self._request = request
        self._is_watched = arguments is not None
        self._before = _copy_as_bytes(arguments)

    def serialize_to_request(self, parameters: dict[str, Any], operation_model: Any) -> dict[str, Any]:
        """Return the request as botocore's serializer does."""
        if not self._is_known(parameters) or not self._is_valid(parameters, operation_model):
            request: dict[str, Any] = self._theirs.serialize_to_request(parameters, operation_model)
            return request
        request = self._inner.serialize_to_request({}, operation_model)
        request["body"] = (_dump(parameters) if self._is_watched else self._request.body).encode()
        return request

    def _is_known(self, parameters: dict[str, Any]) -> bool:
        """Return whether the arguments are still those that the request was made with."""
        return not self._is_watched or (self._before is not None and self._before == _copy_as_bytes(parameters))

    def _is_valid(self, parameters: dict[str, Any], operation_model: Any) -> bool:
        if self._theirs is self._inner:  # its owner does not want arguments to be checked
            return True
        return not _VALIDATOR.validate(parameters, operation_model.input_shape).has_errors()


def _copy_as_bytes(arguments: dict[str, Any] | None) -> bytes | None:
    """Return bytes that are the same for the same arguments; `None` for an object that is no argument.

    That takes a third of the time that another copy or JSON would take.
    """
    try:
        return marshal.dumps(arguments, _WITHOUT_REFERENCES)
    except ValueError:
        return None
