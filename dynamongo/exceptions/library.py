"""Errors that dynamongo raises on its own account, whatever the backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dynamongo._support.dataclasses import dataclass

if TYPE_CHECKING:  # what a verb attaches
    from dynamongo.verbs.results import BatchResult

# The names without "Error" (N818) are AWS's, those of dynamongo 0.2, or say what happened, as in `except ItemNotFound`.


class DynamongoError(Exception):
    """Base of every error that dynamongo raises."""


class SchemaError(DynamongoError, TypeError):
    """A model or one of its fields is declared wrongly; raised when the class is created."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with an item, its document, or what was given for one.

    Attributes:
        place: Where: the names of fields and positions that lead to the value. Empty where the whole item is wrong.
        value: What is there: what was given, or what is stored, as a plain Python value; `None` for a missing value.
        message: What is wrong, in words. Those about stored values do not disclose them.
        kind: Whether a value is missing, has a name that no field has, or does not suit its field or a validator.
    """

    place: tuple[str | int, ...]
    value: Any
    message: str
    kind: Literal["missing", "unknown", "invalid"] = "invalid"

    @property
    def field(self) -> str | None:
        """The name of the field of the model; `None` where the whole item is wrong."""
        return str(self.place[0]) if self.place else None

    @property
    def path(self) -> str:
        """The place as text: `address.city`, `rows[1]`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place).removeprefix(".")

    @property
    def stored(self) -> Any:
        """The value, of an item that was read."""
        return self.value


StoredProblem = Problem  # its first name, when only reads had problems


class ValidationError(DynamongoError, ValueError):
    """A value does not suit its field: one that was given, or one that is stored.

    Attributes:
        problems: All that is wrong with the item, where a whole one was made, saved or read.
        item: The stored item that does not suit its model, as in `UnreadableItem`; `None` if a value was given.
    """

    problems: tuple[Problem, ...] = ()
    item: dict[str, Any] | None = None


class UnreadableItem(ValidationError):  # noqa: N818 - see above
    """A stored item does not suit its model. The message names the item by its key, and shows nothing else of it.

    Reads with `on_invalid="keep"` return the error in the place of the instance.

    Attributes:
        problems: All values of the item that do not suit their fields.
        key: The key of the item by the names of its fields: a strategy for `update_one` or `delete_one`.
        item: The item as it is stored (or was, if it was deleted), as a dict of plain Python values by the names of its
            attributes.
    """

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[Problem, ...] = (),
        key: dict[str, Any] | None = None,
        item: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.problems = problems
        self.key = key or {}
        self.item = item or {}

    @property
    def field(self) -> str | None:
        """The field of the first problem."""
        return self.problems[0].field if self.problems else None

    @property
    def path(self) -> str | None:
        """The path of the first problem."""
        return self.problems[0].path if self.problems else None

    @property
    def stored(self) -> Any:
        """What is stored at that path."""
        return self.problems[0].value if self.problems else None


class WrittenButUnreadable(UnreadableItem):
    """A write was done, and the item that it returned does not suit the model: do not repeat the write."""


class ExpressionError(DynamongoError, ValueError):
    """A strategy, condition or update is invalid."""


class ConfigurationError(DynamongoError):
    """The settings of a connection are invalid."""


class CredentialsError(ConfigurationError):
    """AWS credentials are missing or were refused."""


class UnsupportedOperation(DynamongoError):  # noqa: N818 - see above
    """The backend does not support the operation."""


class ScanForbidden(DynamongoError):  # noqa: N818 - see above
    """The strategy needs a scan of the whole table, which the scan policy forbids."""


class BlockingCallForbidden(DynamongoError):  # noqa: N818 - see above
    """A blocking call was made on a running event loop, which the connection forbids; nothing was sent."""


class TableMismatch(DynamongoError):  # noqa: N818 - see above
    """A live table differs from its model.

    `Model.update_table` raises it for what it cannot change, or not without permission; reads raise it for items that
    lack a key attribute of the model.

    Attributes:
        differences: What differs, as `Model.compare_table` returns it; empty if a read raised the error.
    """

    def __init__(self, message: str, differences: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences


class ItemNotFound(DynamongoError, LookupError):  # noqa: N818 - see above
    """No item has the key."""


class MultipleItemsFound(DynamongoError, LookupError):  # noqa: N818 - see above
    """More than one item satisfies the condition where one was expected."""


class AttributeNotLoaded(DynamongoError):  # noqa: N818 - see above
    """The attribute was not read with its item, or the instance was made of its key alone.

    It is no `AttributeError`: `hasattr`, and `getattr` with a default, would take "not read" for "absent".
    """


class CursorError(DynamongoError, ValueError):
    """A cursor belongs to another read, or is damaged, expired, or not signed as the connection requires.

    Attributes:
        cursor: The cursor.
        client_message: A message for web clients, which discloses nothing about the store.
    """

    def __init__(
        self,
        message: str,
        cursor: Any = None,
        client_message: str = "The cursor is not valid for this request; start again at the first page.",
    ) -> None:
        super().__init__(message)
        self.cursor = cursor
        self.client_message = client_message


class BudgetExceeded(DynamongoError):  # noqa: N818 - see above
    """A read or a block of code exceeds its budget.

    Attributes:
        items: The items that a read had found until then.
        cursor: Where that read continues, as its argument `cursor`; `None` for a block of code.
    """

    def __init__(self, message: str, *, items: Any = (), cursor: str | None = None) -> None:
        super().__init__(message)
        self.items = items
        self.cursor = cursor


class ConditionalCheckFailedException(DynamongoError):  # noqa: N818 - see above
    """The condition of a write did not hold, and nothing was written.

    Attributes:
        item: The stored item, if it was asked for, else `None`. From verbs of a model it is an instance, or a dict of
            Python values if it does not suit the model; from a backend, a dict of attribute values.
    """

    def __init__(self, message: str = "The conditional request failed", *, item: Any = None) -> None:
        super().__init__(message)
        self.item = item


class VersionConflict(ConditionalCheckFailedException):
    """Someone else wrote the item since the instance was read or saved; nothing was written.

    Attributes:
        expected: The version of the instance; `None` if it has none yet.
        found: The stored version; `None` if there is no item, or one without a version.
        item: As in `ConditionalCheckFailedException`.
    """

    def __init__(
        self, message: str, *, expected: int | None = None, found: int | None = None, item: Any = None
    ) -> None:
        super().__init__(message, item=item)
        self.expected = expected
        self.found = found


class UniqueViolation(ConditionalCheckFailedException):
    """Another item has a value that `__unique__` allows only once; nothing was written.

    Attributes:
        model: The model whose constraint it is.
        constraint: The names of its fields.
        value: The value that another item has; a tuple of values for a constraint on several fields.
        key: The key of that item by the names of fields: a strategy for `get_one`.
        item: Always `None`; `model.get_one(key)` reads the item.
    """

    def __init__(
        self,
        message: str,
        *,
        model: Any = None,
        constraint: tuple[str, ...] = (),
        value: Any = None,
        key: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.model = model
        self.constraint = constraint
        self.value = value
        self.key = key or {}


class ImmutableConflict(ConditionalCheckFailedException):
    """The stored item has another value in an immutable field; nothing was written.

    Attributes:
        field: The name of the field.
        given: The value of the write; `None` for none.
        found: The stored value.
        item: As in `ConditionalCheckFailedException`.
    """

    def __init__(
        self, message: str, *, field: str | None = None, given: Any = None, found: Any = None, item: Any = None
    ) -> None:
        super().__init__(message, item=item)
        self.field = field
        self.given = given
        self.found = found


class LockNotAcquired(DynamongoError):  # noqa: N818 - see above
    """A lock could not be acquired in the time that was given for it.

    Attributes:
        name: The name of the lock, or else its key.
        owner: Who holds it.
        since: When the owner acquired it, a `datetime` by the owner's clock.
        seconds_left: After how many seconds the lock can be taken, unless its owner renews or releases it before.
    """

    def __init__(
        self, message: str, *, name: Any = None, owner: str | None = None, since: Any = None, seconds_left: float = 0.0
    ) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner
        self.since = since
        self.seconds_left = seconds_left


class LockLost(DynamongoError):  # noqa: N818 - see above
    """A lock is not held, or no longer: its lease ran out, or somebody else has taken it.

    What was done since then may have been done while somebody else held the lock.

    Attributes:
        name: The name of the lock, or else its key.
        token: The fencing token under which it was held; `None` if it was not.
        owner: Who holds it now, if that is known.
        since: When that owner acquired it, a `datetime` by the owner's clock.
    """

    def __init__(
        self, message: str, *, name: Any = None, token: int | None = None, owner: str | None = None, since: Any = None
    ) -> None:
        super().__init__(message)
        self.name = name
        self.token = token
        self.owner = owner
        self.since = since


class BulkWriteError(DynamongoError):
    """Some writes of a bulk verb failed; `.result` is the `BatchResult` with the outcome of each item."""

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result: BatchResult[Any] = result


class WriteNotSent(DynamongoError):  # noqa: N818 - see above
    """A write of a bulk verb was not sent: the verb was interrupted, or an earlier write failed (`__cause__`)."""


class FaultNotHit(DynamongoError, AssertionError):  # noqa: N818 - see above
    """Fewer requests than expected, or none, met a fault that a test scheduled in a memory backend."""
