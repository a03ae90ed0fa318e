"""Cursors: where a read goes on, as text that can leave the process.

A cursor belongs to one plan: that of the same model, condition, index and order. It holds the key after which the next
page begins, readable for whoever decodes it; a connection with a `cursor_key` signs its cursors, and takes no others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn, cast

from dynamongo.conditions import And, Condition, Not, Or, assemble, join
from dynamongo.exceptions import CursorError
from dynamongo.executor import Position
from dynamongo.frozen import names_of
from dynamongo.plans import Plan
from dynamongo.values import AttributeValue, Item, normalize, type_of

_VERSION = 1
_FINGERPRINT_BYTES = 9
_SIGNATURE_BYTES = 24
_NOT_COMPARED = ("projection", "limit", "cursor", "consistent", "count_only", "fetch")


def encode_cursor(fingerprint: str, position: Position | None, key: bytes | None) -> str | None:
    """The text for a position in the plan with the fingerprint, signed if there is a key; `None` for its end."""
    if position is None:
        return None
    after: Any = position.after
    if isinstance(after, dict):
        after = {name: _encode_value(value) for name, value in cast("Item", after).items()}
    content = json.dumps([_VERSION, fingerprint, position.step, after], separators=(",", ":")).encode()
    return _to_text(content if key is None else _sign(content, key) + content)


def decode_cursor(fingerprint: str, text: object, key: bytes | None) -> Position:
    """The position in the plan with the fingerprint that a text stands for.

    Raises:
        CursorError: It is no cursor, not one of this plan, or not signed with the key.
    """
    content = _from_text(text)
    if key is not None:
        signature, content = content[:_SIGNATURE_BYTES], content[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _sign(content, key)):
            raise CursorError("the cursor is not signed with this connection's cursor_key; it may have been changed")
    version, belongs_to, step, after = _parse(content)
    if version != _VERSION or belongs_to != fingerprint:
        raise CursorError(
            "the cursor belongs to another read: the model, the condition, the index and the order have to be those of"
            " the read that it came from"
        )
    return Position(step, after)


def _to_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _from_text(text: object) -> bytes:
    if not isinstance(text, str):
        _refuse(text)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        _refuse(text, error)


def _parse(content: bytes) -> tuple[Any, Any, int, Item | int | None]:
    try:
        version, fingerprint, step, after = json.loads(content)
        if not isinstance(step, int):
            _refuse(content)
        if isinstance(after, dict):
            named = cast("dict[str, Any]", after)
            return version, fingerprint, step, {name: _decode_value(*value) for name, value in named.items()}
    except (ValueError, TypeError, ArithmeticError, KeyError) as error:
        _refuse(content, error)
    return version, fingerprint, step, after if isinstance(after, int) else None


def _refuse(text: object, cause: Exception | None = None) -> NoReturn:
    raise CursorError(
        f"a cursor is a text that a page of a read came with; got {str(text)[:40]!r} (is it signed, and this connection"
        " has no cursor_key?)"
    ) from cause


def _sign(content: bytes, key: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")[:_SIGNATURE_BYTES]


def _encode_value(value: AttributeValue) -> tuple[str, str]:
    """A key's value, which is a string, a number or binary."""
    if isinstance(value, bytes):
        return "B", base64.b64encode(value).decode()
    return type_of(value), str(value)


def _decode_value(kind: str, text: str) -> AttributeValue:
    match kind:
        case "S":
            return str(text)
        case "N":
            return normalize(Decimal(text))
        case "B":
            return base64.b64decode(text)
        case _:
            raise ValueError(kind)


def fingerprint_of(plan: Plan) -> str:
    """What two plans have in common if a cursor of the one is one of the other.

    It takes time in proportion to the plan's keys, so a read computes it once.
    """
    compared = [plan.descending, plan.residual, [_without_details(operation) for operation in plan.operations]]
    digest = hashlib.sha256(_canonical(compared).encode()).digest()
    return _to_text(digest[:_FINGERPRINT_BYTES])


def _without_details(operation: Any) -> dict[str, Any]:
    """The fields of the operation that say which items are read, and in which order."""
    names = [name for name in names_of(operation) if name not in _NOT_COMPARED]
    return {"kind": type(operation).__name__} | {name: getattr(operation, name) for name in names}


def _canonical(value: Any) -> str:
    """A text that is the same for equal values in every process: sets have no order of their own."""
    if names := names_of(value):
        if isinstance(value, (And, Or, Not)):
            return assemble(value, _split)
        parts = [_canonical(getattr(value, name)) for name in names]
        return f"{type(value).__name__}({','.join(parts)})"
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return "{" + ",".join(sorted(f"{name!r}:{_canonical(each)}" for name, each in items)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_canonical, cast("list[Any]", value))) + "]"
    if isinstance(value, frozenset):
        return "<" + ",".join(sorted(map(_canonical, cast("frozenset[Any]", value)))) + ">"
    return repr(value)


def _split(condition: Condition) -> Iterable[str | Condition]:
    """The pieces of the text of a condition, which may be of any depth."""
    if isinstance(condition, (And, Or)):
        return (f"{type(condition).__name__}([", *join(condition.parts, ","), "])")
    return ("Not(", condition.part, ")") if isinstance(condition, Not) else (_canonical(condition),)
