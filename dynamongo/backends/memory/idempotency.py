"""Idempotency: the tokens of recent transactions, so that a repeated request is not executed twice.

Source: "Idempotency" under "Amazon DynamoDB Transactions: How it works" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from dynamongo._support.dataclasses import dataclass, names_of
from dynamongo.backends.memory.checks import refuse_constraints, violation
from dynamongo.exceptions import IdempotencyMismatch, InvalidRequestError
from dynamongo.expressions.values import PLAIN_TYPES, shorten, type_of
from dynamongo.operations import Capacity

_LIFETIME_SECONDS = 600.0
"""How long DynamoDB remembers a token after the request that used it has finished."""
_MAX_LENGTH = 36


@dataclass(frozen=True, slots=True)
class _Use:
    """What a token was used for and when, and the cost of repeating the request."""

    contents: Hashable
    at: float
    cost: Capacity


class Tokens:
    """The tokens of the last ten minutes. Times are in seconds by the backend's clock."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}

    def copy(self) -> Tokens:
        """Return an independent copy."""
        copied = Tokens()
        copied._uses = dict(self._uses)
        return copied

    def find(self, token: str, contents: Hashable, now: float) -> Capacity | None:
        """Return the cost of repeating a transaction, or `None` if the token is new.

        Raise `IdempotencyMismatch` if the token was used for other contents.
        """
        self._forget(now)
        use = self._uses.get(token)
        if use is None:
            return None
        if use.contents != contents:  # IdempotentParameterMismatchException
            raise IdempotencyMismatch(f"token {shorten(token)} was already used for a transaction with other contents")
        return use.cost  # the first use remains recorded: repeating it does not prolong the ten minutes

    def keep(self, token: str, contents: Hashable, now: float, cost: Capacity) -> None:
        """Record a use of the token."""
        self._uses[token] = _Use(contents, now, cost)

    def _forget(self, now: float) -> None:
        """Drop expired tokens from the front: the dict has them in the order of their use, and time never goes back."""
        while self._uses:
            token = next(iter(self._uses))
            if now - self._uses[token].at < _LIFETIME_SECONDS:
                return
            del self._uses[token]


def check_token(token: object) -> None:
    """Refuse a token that is not a str of 1 to 36 characters."""
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
            f"token contains a lone surrogate, which cannot be encoded as UTF-8; got {shorten(token)}"
        ) from error
    if not 1 <= length <= _MAX_LENGTH:
        bound = "less than or equal to 36" if token else "greater than or equal to 1"
        refuse_constraints([violation(f"'{token}'", "clientRequestToken", f"have length {bound}")])


def freeze(part: object) -> Hashable:
    """Return an immutable value that is equal for equal parts of an operation, and for no others.

    As in DynamoDB, types matter, and so does the order of a list, but not the order of a map or set.

    >>> freeze({"a": 1, "b": [True]}) == freeze({"b": [True], "a": 1})
    True
    >>> freeze([1]) == freeze([True])
    False
    """
    given: Any = part  # there are many parts, and a call of `cast` for each would take a tenth of the time
    kind = type(part)
    if kind in PLAIN_TYPES:  # paired with their type, since `1 == True` in Python
        return type_of(given), given
    if names := names_of(given):
        return kind, tuple(freeze(getattr(given, name)) for name in names)
    if isinstance(part, (tuple, list)):
        return kind, tuple(map(freeze, given))
    if isinstance(part, dict):
        return dict, frozenset((name, freeze(value)) for name, value in given.items())
    return type_of(given), given
