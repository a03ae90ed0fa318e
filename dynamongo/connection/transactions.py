"""Transactions: writes and checks of several items, of any models, that are all carried out, or none.

A model makes the action of an item as it makes the write of a single one; here they are collected, checked against the
limits of a transaction as they are added, and sent together when the block ends.

Source: "Amazon DynamoDB transactions: how it works" in the developer guide.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.dataclasses import dataclass, replace
from dynamongo.arguments import check_flag
from dynamongo.backends import Backend
from dynamongo.connection.connection import connection_of
from dynamongo.connection.overrides import latest_override
from dynamongo.exceptions import (
    BackendError,
    CancellationReason,
    ConditionalCheckFailedException,
    ConfigurationError,
    DynamongoError,
    ExpressionError,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
)
from dynamongo.expressions.sizes import item_size
from dynamongo.expressions.values import AttributeValue, Item, are_values_hidden, shorten
from dynamongo.mapping.failures import explain_failure
from dynamongo.mapping.mapper import Mapper
from dynamongo.operations import (
    MAX_TRANSACTION_ACTIONS,
    MAX_TRANSACTION_BYTES,
    Action,
    Get,
    Operation,
    Put,
    TransactGet,
    TransactWrite,
)
from dynamongo.planning.strategies import resolve_one
from dynamongo.planning.write_builders import check_changes, make_check, make_delete, make_get, make_save, make_update

if TYPE_CHECKING:
    from typing_extensions import Self

_MAX_TOKEN = 36

_ERRORS_BY_REASON: Final[dict[str, type[BackendError]]] = {
    "ItemCollectionSizeLimitExceeded": LimitExceededError,
    "ProvisionedThroughputExceeded": ThrottledError,
    "ThrottlingError": ThrottledError,
    "TransactionConflict": TransactionConflict,
    "ValidationError": InvalidRequestError,
}
"""What a write alone raises, by the code of the reason for which it cancels a transaction."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An action, with the model and the key of its item, and the instance that it saves, if it does."""

    verb: str
    model: Any
    action: Action
    key: Item
    saved: Any = None

    @property
    def place(self) -> tuple[str, tuple[AttributeValue, ...]]:
        return self.action.table, tuple(self.key.values())

    def describe(self) -> str:
        return f"{self.verb} of the {self.model.__name__} with {self.model.__mapper__.describe_key(self.key)}"


class Transaction:
    """The actions of one transaction. `Connection.transaction` makes it, and sends it when the block ends.

    The item of an action is an instance, or a model and a strategy for one item: `tx.delete(user)`, or
    `tx.delete(User, "jane@example.com")`.

    Args:
        token: 1 to 36 ASCII characters. Within ten minutes, DynamoDB carries out a transaction with the same token and
            the same actions once only. One is made up where it is not given, so that a request whose answer is lost can
            be sent again.
        return_items: Whether a condition that does not hold tells the stored item, in `TransactionCanceled.reasons`;
            for a model with a `VersionField` it does in any case.
    """

    def __init__(self, token: str | None = None, *, return_items: bool = False) -> None:
        if token is not None:
            _check_token(token)
        self._token = token or str(uuid.uuid4())
        self._return_items = check_flag("Connection.transaction", "return_items", return_items)
        self._override = latest_override()  # it belongs to the backend in use now, whatever is when it is sent
        self._entries: dict[tuple[str, tuple[AttributeValue, ...]], _Entry] = {}
        self._size = 0
        self._is_open = False

    def save(
        self,
        item: Any,
        values: Mapping[str, Any] | None = None,
        *,
        overwrite: Any = True,
        only_changed: bool = False,
    ) -> None:
        """Store an item: an instance, or a model and a dict of values; the other arguments are as in `save_one`."""
        model = _check_model(item if isinstance(item, type) else type(item))
        mapper = model.__mapper__
        instance = mapper.as_instance(item if values is None else values)
        write = make_save(mapper, model.table_name(), instance, overwrite, only_changed=only_changed)
        if write is not None:
            self._add("save", model, write, saved=instance)

    def create(self, item: Any, values: Mapping[str, Any] | None = None) -> None:
        """Store an item that must not exist yet."""
        self.save(item, values, overwrite=False)

    def update(self, item: Any, *arguments: Any) -> None:
        """Change some attributes of an item that must exist.

        `tx.update(user, User.visits.increment())`, or with a model and a strategy, whose conditions must hold:
        `tx.update(User, User.email == "jane@example.com", User.visits.increment())`.
        """
        self._update(item, arguments, upsert=False)

    def upsert(self, item: Any, *arguments: Any) -> None:
        """Change some attributes of an item, which is created where it is missing; arguments as in `update`."""
        self._update(item, arguments, upsert=True)

    def delete(self, item: Any, *strategy: Any) -> None:
        """Delete an item; the conditions of a strategy must hold."""
        model, which, _ = _split(item, strategy)
        target = resolve_one(which, model.__mapper__, to_write=True)
        self._add("delete", model, make_delete(model.table_name(), target))

    def check(self, model: type, strategy: Any) -> None:
        """Stop the transaction unless an item is there and satisfies the conditions of the strategy."""
        mapper = _check_model(model).__mapper__
        self._add("check", model, make_check(mapper, cast("Any", model).table_name(), resolve_one(strategy, mapper)))

    def __enter__(self) -> Self:
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        if error is None and self._entries:
            self._commit()

    # How it is done.

    def _update(self, item: Any, arguments: tuple[Any, ...], *, upsert: bool) -> None:
        model, which, updates = _split(item, arguments)
        mapper = model.__mapper__
        changes = check_changes(mapper, updates)
        target = resolve_one(which, mapper, to_write=True)
        update = make_update(mapper, model.table_name(), target, changes, upsert=upsert)
        self._add("upsert" if upsert else "update", model, update)

    def _add(self, verb: str, model: Any, action: Any, *, saved: Any = None) -> None:
        if not self._is_open:
            raise DynamongoError("a transaction takes actions inside its `with` block alone")
        names = model.__mapper__.keys.names
        holder = action.item if isinstance(action, Put) else action.key
        returns_item = self._return_items or model.__mapper__.declaration.version is not None
        if action.return_item_on_failure is not returns_item:
            action = replace(action, return_item_on_failure=returns_item)
        entry = _Entry(verb, model, action, {name: holder[name] for name in names}, saved)
        place, size = entry.place, item_size(holder)
        self._check(entry, self._entries.get(place), size)
        self._entries[place] = entry
        self._size += size

    def _check(self, entry: _Entry, other: _Entry | None, size: int) -> None:
        """Refuse what would have the whole transaction refused."""
        if other is not None:
            raise ExpressionError(
                f"a transaction has one action for each item: {entry.describe()} comes after {other.describe()}"
            )
        if len(self._entries) == MAX_TRANSACTION_ACTIONS:
            raise ExpressionError(
                f"a transaction has {MAX_TRANSACTION_ACTIONS} actions at most; {entry.describe()} is one more"
            )
        if self._size + size > MAX_TRANSACTION_BYTES:
            raise ExpressionError(
                f"a transaction has 4 MB of items at most; {entry.describe()} would make it {self._size + size} bytes"
            )

    def _commit(self) -> None:
        entries = tuple(self._entries.values())
        execute = _find_executor([entry.model for entry in entries], self._override)
        operation = TransactWrite(tuple(entry.action for entry in entries), self._token)
        try:
            execute(operation)
        except TransactionCanceled as error:
            reasons = tuple(_explain(entry, reason) for entry, reason in zip(entries, error.reasons, strict=False))
            raise TransactionCanceled(reasons).copy_context(error) from error
        for entry in entries:
            if entry.saved is not None:
                entry.model.__mapper__.note_saved(entry.saved, entry.action)


def _check_token(token: object) -> None:
    if not isinstance(token, str) or not token.isascii() or not 1 <= len(token) <= _MAX_TOKEN:
        mend = f"; use str(token), {str(token)!r}" if isinstance(token, uuid.UUID) else ""
        raise ExpressionError(
            f"the token of a transaction is a str of 1 to 36 ASCII characters; got {shorten(token)}{mend}"
        )


def transact_get(items: Iterable[Any]) -> list[Any]:
    """The items as they are at one moment; see `Connection.transact_get`."""
    wanted = [_split(each[0], each[1:]) if _names_model(each) else _split(each, ()) for each in items]
    gets: list[Get] = [
        make_get(model.__mapper__, model.table_name(), resolve_one(which, model.__mapper__))
        for model, which, _ in wanted
    ]
    unique = {(get.table, tuple(get.key.values())): get for get in gets}
    if len(unique) > MAX_TRANSACTION_ACTIONS:
        raise ExpressionError(f"a transaction reads {MAX_TRANSACTION_ACTIONS} items at most; got {len(unique)}")
    if not unique:
        return []
    execute = _find_executor([model for model, *_ in wanted], latest_override())
    result = execute(TransactGet(tuple(unique.values())))
    found = dict(zip(unique, result.items, strict=True))
    stored = [found[get.table, tuple(get.key.values())] for get in gets]
    return [
        None if item is None else model.__mapper__.decode(item)
        for (model, *_), item in zip(wanted, stored, strict=True)
    ]


def _names_model(item: Any) -> bool:
    return isinstance(item, tuple) and len(cast("tuple[Any, ...]", item)) == 2 and isinstance(item[0], type)


def _split(item: Any, arguments: tuple[Any, ...]) -> tuple[Any, Any, tuple[Any, ...]]:
    """The model, the strategy and what follows: of `user, ...`, or of `User, strategy, ...`."""
    if not isinstance(item, type):
        return _check_model(type(cast("object", item))), item, arguments
    if not arguments:
        raise ExpressionError(f"{item.__name__}: a strategy is needed that says which item")
    return _check_model(item), arguments[0], arguments[1:]


def _check_model(model: type) -> Any:
    if not isinstance(getattr(model, "__mapper__", None), Mapper):
        raise ExpressionError(f"a transaction is about instances, or a model and a strategy; got {model.__name__}")
    return model


def _find_executor(models: list[Any], override: Backend | None) -> Callable[[Operation[Any]], Any]:
    """What carries out a transaction: a connection of its models, which must be on one backend.

    Args:
        models: The models.
        override: The backend of the `Connection.using` block that it was made in.
    """
    connection = connection_of(models[0])
    backend = connection.own_backend if override is None else override
    others = [model for model in models if override is None and connection_of(model).own_backend is not backend]
    if others:
        names = f"{models[0].__name__} and {others[0].__name__}"
        raise ConfigurationError(f"a transaction is on one backend, and {names} have connections to different ones")
    return lambda operation: connection.execute(operation, backend)


def _explain(entry: _Entry, reason: CancellationReason) -> CancellationReason:
    """The reason with the model and key that it is about, the item as an instance, and the error of the verb."""
    mapper = entry.model.__mapper__
    key = mapper.decode_key(entry.key).to_dict(only=list(entry.key))
    message = reason.message
    if message:
        message += mapper.hint_at(message, entry.action)
    shown = ", ".join(f"{name}={'…' if are_values_hidden() else shorten(value)}" for name, value in key.items())
    label = f"{entry.model.__name__} {shown}"
    explained = replace(reason, model=entry.model, key=key, message=message, label=label)
    if (kind := _ERRORS_BY_REASON.get(reason.code)) is not None:
        refusal = kind(reason.message or reason.code, code=reason.code)
        error = mapper.locate_error(refusal, entry.action.table, entry.key, entry.action)
        return replace(explained, error=error)
    if reason.code != "ConditionalCheckFailed" or not entry.action.return_item_on_failure:
        return explained
    failure = ConditionalCheckFailedException(reason.message or reason.code, item=reason.item)
    error = explain_failure(mapper, entry.action, failure)
    return replace(explained, item=getattr(error, "item", None), error=error)
