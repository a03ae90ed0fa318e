"""Tokens: which transactions were carried out of late, so that one that is sent again is not carried out again.

Source: "Idempotency" under "Amazon DynamoDB Transactions: How it works" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, cast

from dynamongo._support.dataclasses import names_of
from dynamongo.backends.memory.checks import refuse_constraints, violation
from dynamongo.exceptions import IdempotencyMismatch, InvalidRequestError
from dynamongo.expressions.values import PLAIN_TYPES, AttributeValue, shorten, type_of
from dynamongo.operations import Capacity

LIFETIME_SECONDS = 600.0
_MAX_LENGTH = 36


class _Use(NamedTuple):
    """What a token was used for, when, and what it costs to ask for it again."""

    fingerprint: Hashable
    at: float
    cost: Capacity


class Tokens:
    """The tokens of the transactions of the last ten minutes. Times are seconds of the backend's clock."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}

    def copy(self) -> Tokens:
        """The same tokens, of their own."""
        copied = Tokens()
        copied._uses = dict(self._uses)
        return copied

    def find(self, token: str, fingerprint: Hashable, now: float) -> Capacity | None:
        """What it costs to ask again for what was carried out under the token, `None` if nothing was.

        Raises `IdempotencyMismatch` if that was something else.
        """
        self._forget(now)
        use = self._uses.get(token)
        if use is None:
            return None
        if use.fingerprint != fingerprint:
            raise IdempotencyMismatch(f"the token {shorten(token)} was used for a transaction with other contents")
        return use.cost

    def keep(self, token: str, fingerprint: Hashable, now: float, cost: Capacity) -> None:
        """Remember what was carried out under the token."""
        self._uses[token] = _Use(fingerprint, now, cost)

    def _forget(self, now: float) -> None:
        """Drop what is too old, from the front: the tokens stand in the order of their use."""
        while self._uses:
            token = next(iter(self._uses))
            if now - self._uses[token].at < LIFETIME_SECONDS:
                return
            del self._uses[token]


def check_token(token: object) -> None:
    """Refuse a token that is no str, or empty or too long."""
    if token is None:
        return
    if not isinstance(token, str):
        raise InvalidRequestError(
            f"Invalid type for parameter ClientRequestToken, value: {shorten(token)}; it must be a str"
        )
    try:
        length = len(token.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequestError(
            f"the token has a lone surrogate, which no request can hold; got {shorten(token)}"
        ) from error
    if not 1 <= length <= _MAX_LENGTH:
        bound = "less than or equal to 36" if token else "greater than or equal to 1"
        refuse_constraints([violation(f"'{token}'", "clientRequestToken", f"have length {bound}")])


def fingerprint_of(part: object) -> Hashable:
    """What is equal for equal parts of an operation, and for no others; it shares nothing that could be changed.

    Types count, as they do for DynamoDB, and so does the order of a list or tuple, but not that of a map or set.

    >>> fingerprint_of({"a": 1, "b": [True]}) == fingerprint_of({"b": [True], "a": 1})
    True
    >>> fingerprint_of([1]) == fingerprint_of([True])
    False
    """
    if type(part) in PLAIN_TYPES:
        return type_of(cast("AttributeValue", part)), part
    if names := names_of(part):
        return type(part), tuple(fingerprint_of(getattr(part, name)) for name in names)
    if isinstance(part, (tuple, list)):
        elements = cast("Sequence[object]", part)
        return type(elements), tuple(map(fingerprint_of, elements))
    if isinstance(part, dict):
        members = cast("dict[str, object]", part)
        return dict, frozenset((name, fingerprint_of(value)) for name, value in members.items())
    return type_of(cast("AttributeValue", part)), part
