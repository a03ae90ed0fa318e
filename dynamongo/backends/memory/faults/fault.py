"""A fault: what goes wrong, with which requests, and how often."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, get_args

from dynamongo._support.dataclasses import dataclass, names_of
from dynamongo.backends.memory.faults.kinds import (
    NAMES,
    Cancel,
    CancelCode,
    Conflict,
    Fail,
    FaultKind,
    LoseResponse,
    Slow,
    Throttle,
    Unprocessed,
    Unreachable,
    befallen_by,
    can_befall,
)
from dynamongo.backends.memory.faults.targets import Target, targets_of
from dynamongo.exceptions import ConfigurationError
from dynamongo.expressions.values import Item, equals, shorten
from dynamongo.operations import Operation

if TYPE_CHECKING:
    from typing_extensions import Unpack

Moment = Literal["before", "after"]
"""Whether a request meets its fault before the store did what was asked, or after."""


_AWS_NAMES: Final = {
    "BatchGet": "BatchGetItem",
    "BatchWrite": "BatchWriteItem",
    "CreateIndex": "UpdateTable",
    "Delete": "DeleteItem",
    "DeleteIndex": "UpdateTable",
    "Get": "GetItem",
    "Put": "PutItem",
    "TransactGet": "TransactGetItems",
    "TransactWrite": "TransactWriteItems",
    "UpdateIndexThroughput": "UpdateTable",
    "UpdateThroughput": "UpdateTable",
}
"""AWS's names of the operations that are called otherwise here."""


class Where(TypedDict, total=False):
    """Which requests a fault befalls: those of which all that is given is true. Attributes are those of `Fault`."""

    operation: type[Operation[Any]] | str
    table: str
    index: str
    key: Item
    after: int
    times: int | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, with which requests, and how often. The class methods make one of each kind.

    Attributes:
        kind: What goes wrong.
        operation: The name of the operation that is befallen, such as `"Query"`; its class may be given as well, or
            AWS's name, such as `"PutItem"`. Every operation that the fault can befall where it is left out.
        table: The full name of the table, prefix included.
        index: The name of the index that is read.
        key: Attributes and values, as they are stored: an item of that key, whole or a part of it. A query is about
            the values that it asks to be equal, and a put about all attributes of its item. In a batch or a
            transaction, a single part has to be about the table and the key.
        after: How many such requests go well before.
        times: How many requests are befallen then; `None` for all of them.

    >>> Fault.throttle(operation="Query", table="users", times=2)
    Fault.throttle(operation='Query', table='users', times=2)
    >>> Fault.lose_response("after", operation="Put", key={"email": "x"})
    Fault.lose_response('after', operation='Put', key={'email': 'x'})
    """

    kind: FaultKind
    operation: str | None = None
    table: str | None = None
    index: str | None = None
    key: Item | None = None
    after: int = 0
    times: int | None = 1

    def __post_init__(self) -> None:
        if self.operation is not None:
            object.__setattr__(self, "operation", _name_of(self.kind, self.operation))
        _check_count("after", self.after, 0)
        if self.times is not None:
            _check_count("times", self.times, 1)

    @classmethod
    def throttle(cls, **where: Unpack[Where]) -> Fault:
        """The store asks to slow down: `ThrottledError`, and nothing was done."""
        return _make(Throttle(), where)

    @classmethod
    def unprocessed(cls, count: int | None = 1, **where: Unpack[Where]) -> Fault:
        """The store does not get to the last `count` keys or writes of a batch that the fault is about.

        As DynamoDB does, it asks to slow down (`ThrottledError`) where it gets to nothing of the batch; `None` stands
        for all that the fault is about.
        """
        if count is not None:
            _check_count("count", count, 1)
        return _make(Unprocessed(count), where)

    @classmethod
    def fail(cls, moment: Moment = "before", **where: Unpack[Where]) -> Fault:
        """The store fails with an error of its own, HTTP status 500: `ServiceError`.

        Args:
            moment: Whether it failed before it did what was asked, or after; the answer does not tell.
            where: Which requests, as in `Fault`.
        """
        return _make(Fail(_is_done(moment)), where)

    @classmethod
    def lose_response(cls, moment: Moment, **where: Unpack[Where]) -> Fault:
        """The connection breaks after the request was sent: `ServiceError` with the code `ConnectionClosedError`.

        Args:
            moment: Whether it broke before the store did what was asked, or after; nothing tells.
            where: Which requests, as in `Fault`.
        """
        return _make(LoseResponse(_is_done(moment)), where)

    @classmethod
    def unreachable(cls, **where: Unpack[Where]) -> Fault:
        """The connection cannot be made: `ServiceError` with `was_sent` false, and nothing was done."""
        return _make(Unreachable(), where)

    @classmethod
    def conflict(cls, **where: Unpack[Where]) -> Fault:
        """Another transaction is at work on an item, and nothing was done.

        A write raises `TransactionConflict`, and a transaction `TransactionCanceled`: the reason of the first of its
        actions that the fault is about has the code `"TransactionConflict"`.
        """
        return _make(Conflict(), where)

    @classmethod
    def cancel(cls, code: CancelCode, **where: Unpack[Where]) -> Fault:
        """A transaction is cancelled: the reason of the first of its actions that the fault is about has the code."""
        if code not in get_args(CancelCode):
            raise ConfigurationError(f"a fault cancels with {', '.join(get_args(CancelCode))}; got {shorten(code)}")
        return _make(Cancel(code), where)

    @classmethod
    def slow(cls, seconds: float, **where: Unpack[Where]) -> Fault:
        """The answer takes so many seconds more: of a virtual clock, which goes on at once, else of real time.

        A request may be slow and meet another fault besides.
        """
        if not 0 < seconds < float("inf"):
            raise ConfigurationError(f"a slow answer takes more than 0 seconds; got {shorten(seconds)}")
        return _make(Slow(seconds), where)

    @property
    def name(self) -> str:
        """The name of its kind, which is that of the class method that makes it."""
        return NAMES[type(self.kind)]

    def matches(self, operation: Operation[Any]) -> bool:
        """Whether it is about an operation."""
        if not can_befall(self.kind, type(operation)):
            return False
        name = type(operation).__name__
        if self.operation not in (None, name, _AWS_NAMES.get(name)):
            return False
        return bool(self.places(operation))

    def places(self, operation: Operation[Any]) -> list[int]:
        """Which parts of a batch or transaction it is about, counted from 0; `[0]` for another operation."""
        return [place for place, target in enumerate(targets_of(operation)) if self._is_about(target)]

    def _is_about(self, target: Target) -> bool:
        if self.table not in (None, target.table) or self.index not in (None, target.index):
            return False
        known = target.attributes
        return all(name in known and equals(known[name], value) for name, value in (self.key or {}).items())

    def __repr__(self) -> str:
        given = [repr(_shown(getattr(self.kind, name))) for name in names_of(self.kind)]
        plain = Fault(self.kind)
        where = ((name, getattr(self, name)) for name in names_of(self)[1:])
        given += [f"{name}={value!r}" for name, value in where if value != getattr(plain, name)]
        return f"Fault.{self.name}({', '.join(given)})"


def _make(kind: FaultKind, where: Where) -> Fault:
    unknown = where.keys() - Where.__annotations__
    if unknown:
        names = ", ".join(Where.__annotations__)
        raise ConfigurationError(f"a fault is scheduled by {names}; got {', '.join(sorted(unknown))}")
    return Fault(kind, **where)  # type: ignore[arg-type]  # a class becomes its name


def _name_of(kind: FaultKind, operation: object) -> str:
    """The name of an operation that is given by its class or its name, and that a fault of the kind can befall."""
    name = operation.__name__ if isinstance(operation, type) else operation
    known = befallen_by(kind)
    names = {*known, *(_AWS_NAMES[each] for each in known if each in _AWS_NAMES)}
    if name not in names:
        guesses = difflib.get_close_matches(str(name), sorted(names), n=1)
        mend = f"; did you mean {guesses[0]!r}?" if guesses else ""
        possible = ", ".join(known)
        raise ConfigurationError(f"Fault.{NAMES[type(kind)]} befalls {possible}; got operation={shorten(name)}{mend}")
    return str(name)


def _check_count(name: str, given: object, least: int) -> None:
    if type(given) is not int or given < least:
        raise ConfigurationError(f"{name} must be an int of {least} at least; got {shorten(given)}")


def _is_done(moment: object) -> bool:
    if moment not in get_args(Moment):
        raise ConfigurationError(f'a request meets its fault "before" or "after" it is done; got {shorten(moment)}')
    return moment == "after"


def _shown(value: object) -> object:
    return ("before", "after")[value] if isinstance(value, bool) else value
