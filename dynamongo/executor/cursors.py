"""Cursors: where a read continues, as text that can leave the process.

A cursor belongs to one plan: that of the same model, condition, index and order. It holds the key after which the next
page begins, readable for anyone who decodes it. A connection with a `cursor_key` signs its cursors and accepts no
others; with a `cursor_ttl` they expire. An unsigned one may be forged, so each is checked against the plan.

A cursor is base64url text of the signature, if there is one, and of JSON: the version, the fingerprint of the plan, the
number of its operation, where to continue in that, and the second of expiry, if there is one::

    [1,"AbCdEfGhIjKl",0,{"email":["S","x"],"day":["N","3"]}]     a query or scan: the key of the last item
    [1,"AbCdEfGhIjKl",0,100,1795899131]                          a batch get: how many keys are done
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn, cast

from dynamongo._support.dataclasses import dataclass, field, names_of
from dynamongo.arguments import check_seconds
from dynamongo.exceptions import ConfigurationError, CursorError
from dynamongo.executor import ReadPosition
from dynamongo.expressions.conditions import And, AnyCondition, Not, Or, Path
from dynamongo.expressions.trees import assemble, join
from dynamongo.expressions.values import AttributeValue, Item, check_text, normalize, shorten, type_of
from dynamongo.operations import BatchGet, Get
from dynamongo.planning.plan import Plan

_VERSION = 1
_FINGERPRINT_BYTES = 9  # 12 characters; it tells the reads of one program apart, and protects nothing
_SIGNATURE_BYTES = 24  # of an HMAC-SHA256, which RFC 2104 allows to truncate
_KEY_BYTES = 16

# Pages of one read may differ in these: they change neither which items are found nor their order.
_NOT_COMPARED = ("projection", "limit", "cursor", "consistent", "count_only", "fetch", "reader")

# What decoding a forged text can raise: deep nesting, numbers that Decimal cannot hold, missing and surplus parts.
_MALFORMED = (ArithmeticError, KeyError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class CursorRules:
    """How the cursors of a connection are signed, and how long they are valid.

    Attributes:
        keys: The keys that are accepted; the first signs new cursors. Empty for unsigned cursors.
        ttl: How many seconds a new cursor is valid; `None` for no expiry.
    """

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    ttl: float | None = None


UNSIGNED = CursorRules()


def make_rules(cursor_key: object, cursor_ttl: object) -> CursorRules:
    """Return the rules of the settings of a connection.

    Raises:
        ConfigurationError: A setting is not valid.
    """
    several = isinstance(cursor_key, (list, tuple))
    keys = tuple(cast("list[object]", cursor_key)) if several else (cursor_key,) if cursor_key is not None else ()
    if any(not isinstance(key, bytes) or len(key) < _KEY_BYTES for key in keys) or (several and not keys):
        given = ", ".join(map(_describe_key, keys))
        raise ConfigurationError(
            "cursor_key must be at least 16 bytes, such as secrets.token_bytes(32), or a list of such keys, of which"
            f" the first signs and all are accepted; got {f'[{given}]' if several else given}"
        )
    if cursor_ttl is not None:
        _check_ttl(cursor_ttl, keys)
    return CursorRules(cast("tuple[bytes, ...]", keys), cast("float | None", cursor_ttl))


def _describe_key(key: object) -> str:
    """Describe a key without showing it."""
    return f"{len(key)} bytes" if isinstance(key, bytes) else f"a value of type {type(key).__name__}"


def _check_ttl(ttl: object, keys: tuple[object, ...]) -> None:
    check_seconds("cursor_ttl", ttl)
    if not keys:
        raise ConfigurationError("cursor_ttl needs a cursor_key: without a signature, anybody can change the expiry")


def encode_cursor(fingerprint: str, position: ReadPosition | None, rules: CursorRules = UNSIGNED) -> str | None:
    """Return the text for a position in the plan with the fingerprint, signed if there is a key; `None` at its end."""
    import json  # noqa: PLC0415 - most programs have no cursors

    if position is None:
        return None
    after: Any = position.after
    if isinstance(after, dict):
        after = {name: _encode_value(value) for name, value in cast("Item", after).items()}
    parts = [_VERSION, fingerprint, position.step, after]
    if rules.ttl is not None:
        parts.append(math.ceil(time.time() + rules.ttl))
    content = json.dumps(parts, separators=(",", ":")).encode()
    return _to_text(_sign(content, rules.keys[0]) + content if rules.keys else content)


def decode_cursor(plan: Plan, fingerprint: str, text: object, rules: CursorRules = UNSIGNED) -> ReadPosition:
    """Return the position that a cursor holds, in the plan with the fingerprint.

    Raises:
        CursorError: The text is not a cursor, has expired, belongs to another plan, or is not signed with one of the
            keys.
    """
    content = _from_text(text)
    if rules.keys:
        import hmac  # noqa: PLC0415 - as `hashlib`

        # Checked before the content is read, and in constant time: `==` would reveal how much of a guess is right.
        signature, content = content[:_SIGNATURE_BYTES], content[_SIGNATURE_BYTES:]
        if not any(hmac.compare_digest(signature, _sign(content, key)) for key in rules.keys):
            problem = "the cursor is not signed with this connection's cursor_key; it may have been tampered with"
            raise CursorError(f"{problem}; got {shorten(text)}", text)
    version, belongs_to, step, after, expiry = _parse(content, text)
    if version != _VERSION or belongs_to != fingerprint:
        raise CursorError(
            "the cursor belongs to another read: pass the model, table, condition, index and order of the read that"
            f" returned it; got {shorten(text)}",
            text,
        )
    if rules.ttl is not None or expiry is not None:
        _check_expiry(expiry, text)
    position = ReadPosition(step, after)
    if not _is_within(plan, position):
        _refuse(text)
    return position


def _check_expiry(expiry: int | None, text: object) -> None:
    if expiry is None or expiry <= time.time():
        problem = "has expired" if expiry is not None else "has no expiry, which cursor_ttl requires"
        raise CursorError(
            f"the cursor {problem}; start again at the first page; got {shorten(text)}",
            text,
            "The cursor has expired; start again at the first page.",
        )


def _is_within(plan: Plan, position: ReadPosition) -> bool:
    """Whether the plan has such a position; that of a forged cursor may not exist."""
    if not 0 <= position.step < len(plan.operations):
        return False
    operation, after = plan.operations[position.step], position.after
    # `None` is the beginning of the operation, and the only position in a Get.
    if isinstance(operation, Get) or after is None:
        return after is None
    if isinstance(operation, BatchGet):
        return type(after) is int and 0 <= after < len(operation.keys)
    return isinstance(after, dict) and after.keys() == set(plan.cursor_names)


def _to_text(content: bytes) -> str:
    import base64  # noqa: PLC0415 - most programs have no cursors

    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _from_text(text: object) -> bytes:
    import base64  # noqa: PLC0415 - as in `_to_text`

    if not isinstance(text, str):
        _refuse(text)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        _refuse(text, error)


def _parse(content: bytes, text: object) -> tuple[Any, Any, int, Item | int | None, int | None]:
    import json  # noqa: PLC0415 - as in `encode_cursor`

    try:
        # A cursor without an expiry has four parts; those of a forged one may be too few or too many.
        version, fingerprint, step, after, expiry = [*json.loads(content), None][:5]
        if type(step) is not int or type(expiry) not in {int, type(None)}:
            _refuse(text)
        if isinstance(after, dict):
            named = cast("dict[str, list[Any]]", after)
            after = {name: _decode_value(*value) for name, value in named.items()}
    except _MALFORMED as error:
        _refuse(text, error)
    return version, fingerprint, step, cast("Item | int | None", after), expiry


def _refuse(text: object, cause: Exception | None = None) -> NoReturn:
    hint = "; to read a signed one, the connection needs its cursor_key" if isinstance(text, str) and text else ""
    raise CursorError(f"cursor must be one that an earlier read returned; got {shorten(text)}{hint}", text) from cause


def _sign(content: bytes, key: bytes) -> bytes:
    import hmac  # noqa: PLC0415 - as `hashlib`

    return hmac.digest(key, content, "sha256")[:_SIGNATURE_BYTES]


def _encode_value(value: AttributeValue) -> tuple[str, str]:
    """Encode the value of a key attribute: a string, a number or binary."""
    if isinstance(value, bytes):
        import base64  # noqa: PLC0415 - as in `_to_text`

        return "B", base64.b64encode(value).decode()
    return type_of(value), str(value)


def _decode_value(kind: object, text: object) -> AttributeValue:
    if not isinstance(text, str):
        raise TypeError(text)
    match kind:
        case "S":
            return check_text(text)
        case "N":
            return normalize(Decimal(text))
        case "B":
            import base64  # noqa: PLC0415 - as in `_to_text`

            return base64.b64decode(text, validate=True)
        case _:
            raise ValueError(kind)


def fingerprint_of(plan: Plan) -> str:
    """Return a fingerprint that is equal for two plans if they can share cursors.

    Takes time in proportion to the keys of the plan, so a read computes it once.
    """
    import hashlib  # noqa: PLC0415 - it loads OpenSSL

    compared = [plan.descending, plan.residual, [_without_details(operation) for operation in plan.operations]]
    digest = hashlib.sha256(_canonical(compared).encode()).digest()
    return _to_text(digest[:_FINGERPRINT_BYTES])


def _without_details(operation: Any) -> dict[str, Any]:
    """Return the fields of the operation that define which items are read, and in which order."""
    names = [name for name in names_of(operation) if name not in _NOT_COMPARED]
    return {"kind": type(operation).__name__} | {name: getattr(operation, name) for name in names}


def _canonical(value: Any) -> str:
    """Return a text that is the same for equal values in every process: sets are sorted, since they have no order."""
    if isinstance(value, Path):
        return f"Path({_canonical(value.elements)})"  # without its owner: a model may be renamed
    # Dataclasses: conditions, operations and their parts.
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


def _split(condition: AnyCondition) -> Iterable[str | AnyCondition]:
    """Return the pieces of the text of a condition, which may be nested to any depth."""
    if isinstance(condition, (And, Or)):
        return (f"{type(condition).__name__}([", *join(condition.parts, ","), "])")
    return ("Not(", condition.part, ")") if isinstance(condition, Not) else (_canonical(condition),)
