"""Faults: what goes wrong, with which requests, and how often."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, cast, get_args

from dynamongo._support.dataclasses import dataclass, names_of
from dynamongo.backends.memory.faults.kinds import (
    KIND_NAMES,
    Cancel,
    CancelCode,
    Fail,
    FaultKind,
    ItemConflict,
    LoseResponse,
    Slow,
    Throttle,
    Unprocessed,
    Unreachable,
    applies_to,
    operations_for,
)
from dynamongo.backends.memory.faults.subjects import Subject, subjects_of
from dynamongo.exceptions import ConfigurationError
from dynamongo.expressions.values import Item, equals, shorten
from dynamongo.operations import Operation

if TYPE_CHECKING:
    from typing_extensions import Unpack

Moment = Literal["before", "after"]
"""Whether a fault occurs before or after the store executes the operation."""


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
    "UpdateTableSettings": "UpdateTable",
    "UpdateThroughput": "UpdateTable",
}
"""AWS's names of operations, where they differ from the library's."""


class Where(TypedDict, total=False):
    """Which requests a fault is injected into: those that match all that is given. See the attributes of `Fault`."""

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
        operation: The name of the operation, such as `"Query"`. Pass its class or AWS's name, such as `"PutItem"`, as
            well; omit it to match every operation that this kind of fault applies to.
        table: The full name of the table, prefix included.
        index: The name of the index that is read.
        key: Attributes and stored values, part of a key or all of it. A query matches with the key values that it
            fixes, and a put with all attributes of its item. In a batch or a transaction, a single part must match
            both table and key.
        after: How many matching requests succeed first.
        times: How many requests fail then; `None` for all of them.

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
            # Past the `__setattr__` of the frozen class, as `dataclasses` does it.
            object.__setattr__(self, "operation", _operation_name(self.kind, self.operation))
        _check_count("after", self.after, 0)
        if self.times is not None:
            _check_count("times", self.times, 1)

    @classmethod
    def throttle(cls, **where: Unpack[Where]) -> Fault:
        """Throttle the request: `ThrottledError`, and nothing was done."""
        return _make(Throttle(), where)

    @classmethod
    def unprocessed(cls, count: int | None = 1, **where: Unpack[Where]) -> Fault:
        """Leave the last `count` matching keys or writes of a batch unprocessed; `None` stands for all of them.

        As on DynamoDB, a batch of which nothing is processed raises `ThrottledError`.
        """
        if count is not None:
            _check_count("count", count, 1)
        return _make(Unprocessed(count), where)

    @classmethod
    def fail(cls, moment: Moment = "before", **where: Unpack[Where]) -> Fault:
        """Fail with an internal error of the store, HTTP status 500: `ServiceError`.

        Args:
            moment: Whether the store fails before or after it executes the operation; the caller cannot tell.
            where: Which requests, as in `Fault`.
        """
        return _make(Fail(_is_done(moment)), where)

    @classmethod
    def lose_response(cls, moment: Moment, **where: Unpack[Where]) -> Fault:
        """Break the connection after the request was sent: `ServiceError` with the code `ConnectionClosedError`.

        Args:
            moment: Whether it breaks before or after the store executes the operation; the caller cannot tell.
            where: Which requests, as in `Fault`.
        """
        return _make(LoseResponse(_is_done(moment)), where)

    @classmethod
    def unreachable(cls, **where: Unpack[Where]) -> Fault:
        """Refuse the connection: `ServiceError` with `was_sent` false, and nothing was done."""
        return _make(Unreachable(), where)

    @classmethod
    def conflict(cls, **where: Unpack[Where]) -> Fault:
        """Conflict with another transaction that is changing an item; nothing was done.

        A write raises `TransactionConflict`. A transaction raises `TransactionCanceled`, in which the reason of its
        first matching action has the code `"TransactionConflict"`.
        """
        return _make(ItemConflict(), where)

    @classmethod
    def cancel(cls, code: CancelCode, **where: Unpack[Where]) -> Fault:
        """Cancel a transaction; the reason of its first matching action has the code."""
        if code not in get_args(CancelCode):
            known = ", ".join(get_args(CancelCode))
            raise ConfigurationError(f"Fault.cancel: code must be one of {known}; got {shorten(code)}")
        return _make(Cancel(code), where)

    @classmethod
    def slow(cls, seconds: float, **where: Unpack[Where]) -> Fault:
        """Delay the response, by advancing a virtual clock or else by sleeping.

        A request may be slow and have another fault too.
        """
        if not 0 < seconds < float("inf"):
            raise ConfigurationError(f"Fault.slow: seconds must be a finite number > 0; got {shorten(seconds)}")
        return _make(Slow(seconds), where)

    @property
    def name(self) -> str:
        """The name of the kind, which is that of the class method that makes it."""
        return KIND_NAMES[type(self.kind)]

    def matches(self, operation: Operation[Any]) -> bool:
        """Return whether the fault can be injected into an operation."""
        if not applies_to(self.kind, type(operation)):
            return False
        name = type(operation).__name__
        if self.operation not in (None, name, _AWS_NAMES.get(name)):
            return False
        return bool(self.places(operation))

    def places(self, operation: Operation[Any]) -> list[int]:
        """Return the positions of the matching parts of a batch or transaction; `[0]` for any other match."""
        return [place for place, subject in enumerate(subjects_of(operation)) if self._is_about(subject)]

    def _is_about(self, subject: Subject) -> bool:
        if self.table not in (None, subject.table) or self.index not in (None, subject.index):
            return False
        known = subject.attributes
        return all(name in known and equals(known[name], value) for name, value in (self.key or {}).items())

    def __repr__(self) -> str:
        given = [repr(_shown(getattr(self.kind, name))) for name in names_of(self.kind)]
        plain = Fault(self.kind)  # to show only what differs from the defaults
        where = ((name, getattr(self, name)) for name in names_of(self)[1:])  # all fields but the kind
        given += [f"{name}={value!r}" for name, value in where if value != getattr(plain, name)]
        return f"Fault.{self.name}({', '.join(given)})"


def _make(kind: FaultKind, where: Where) -> Fault:
    unknown = where.keys() - Where.__annotations__
    if unknown:
        names = ", ".join(Where.__annotations__)
        raise ConfigurationError(f"unknown argument of a fault: {', '.join(sorted(unknown))}; known are: {names}")
    return Fault(kind, **cast("Any", where))  # `operation` may be a class here; `__post_init__` takes its name


def _operation_name(kind: FaultKind, operation: object) -> str:
    """Return the name of an operation, given as a class or a name, that a fault of the kind applies to."""
    name = operation.__name__ if isinstance(operation, type) else operation
    known = operations_for(kind)
    names = {*known, *(_AWS_NAMES[each] for each in known if each in _AWS_NAMES)}
    if name not in names:
        guesses = difflib.get_close_matches(str(name), sorted(names), n=1)
        hint = f"; did you mean {guesses[0]!r}?" if guesses else ""
        fault, possible = f"Fault.{KIND_NAMES[type(kind)]}", ", ".join(known)
        raise ConfigurationError(f"{fault} applies to {possible}; got operation={shorten(name)}{hint}")
    return str(name)


def _check_count(name: str, given: object, least: int) -> None:
    if type(given) is not int or given < least:
        raise ConfigurationError(f"{name} must be an int >= {least}; got {shorten(given)}")


def _is_done(moment: object) -> bool:
    if moment not in get_args(Moment):
        raise ConfigurationError(f'moment must be "before" or "after"; got {shorten(moment)}')
    return moment == "after"


def _shown(value: object) -> object:
    # The only flag of a kind is `done`, which is given as a moment.
    return ("before", "after")[value] if isinstance(value, bool) else value
