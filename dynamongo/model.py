"""`Model`: the class that users derive from, with the verbs that read and write its items.

A verb does three things: `strategies` and `planner` turn what it was given into operations, the `executor` carries
them out on the connection, and instances are made of what comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from dynamongo.codecs import decode_item
from dynamongo.conditions import BaseCondition, Condition, Exists, NotExists, Path, all_of, conjuncts, paths_of
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    ExpressionError,
    ItemNotFound,
    ValidationError,
)
from dynamongo.executor import Write, perform
from dynamongo.finding import ResultSet, Search, plan_for
from dynamongo.operations import Delete, Put, UpdateItem
from dynamongo.planner import ReadOptions, recheck
from dynamongo.plans import Plan
from dynamongo.reading import Reading
from dynamongo.results import BatchResult, Failure
from dynamongo.scans import ScanPolicy
from dynamongo.strategies import Target, refuse_empty_key
from dynamongo.updates import AnyUpdate, SetUpdate, Update, check_updates
from dynamongo.values import Item, shorten

if TYPE_CHECKING:
    from typing_extensions import Self


class Model(Reading):
    """Base of all models: a table, and what its items are made of.

    A model sets these attributes, and declares a field for each key at least:

    - `__table__`: the table's name, to which the connection adds its prefix;
    - `__hash_key__` and, if the table has one, `__range_key__`: names of fields (AWS also calls them partition key
      and sort key);
    - `__read_units__`, `__write_units__`: what `create_table` provisions, in capacity units per second (8 each);
    - `__billing__`: `"provisioned"` (the default), or `"on_demand"`, which needs no units;
    - `__connection__`: a `Connection` in place of the default one;
    - `__abstract__ = True`: the class is a base for models, and has no table.

    An instance is built of keyword arguments. What is given is validated at once, and so is each assignment;
    `required` is checked when the instance is saved, so that an instance that has its key alone can say which item
    is meant. `None` stands for an attribute that the item does not have.

    >>> from dynamongo import Connection, EmailField, IntField
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class User(Model):
    ...     __table__ = "users"
    ...     __hash_key__ = "email"
    ...     email = EmailField(required=True)
    ...     year_of_birth = IntField(min_value=1900)
    >>> with Connection.using(MemoryBackend()):
    ...     User.create_table()
    ...     saved = User.save_one({"email": "jane@example.com", "year_of_birth": 1990})
    ...     User.get_one((User.email == "jane@example.com") & (User.year_of_birth < 2000))
    User(email='jane@example.com', year_of_birth=1990)
    """

    __abstract__ = True

    @classmethod
    def save_one(cls, item: Self | Mapping[str, Any], overwrite: bool | Condition = True) -> Self:
        """Store an item in place of the one that has its key, if there is one. Costs one PutItem request.

        Args:
            item: An instance, or a dict of its values.
            overwrite: `True` to replace whatever is there; `False` to fail if there is an item with that key; or a
                condition that the stored item must satisfy (a missing item has no attributes).

        Returns:
            The instance that was saved: `item` itself if it is one.

        Raises:
            ConditionalCheckFailedException: `overwrite` did not allow it; `.item` is what is stored, or `None`.
            ValidationError: A value does not suit its field, a required one is missing, or a name is unknown.
        """
        instance = cls._instance(item)
        put = cls._put(instance, overwrite)
        try:
            cls._run(lambda _: perform(put), put.item)
        except ConditionalCheckFailedException as error:
            raise cls._check_failed(put.item, put.condition, error) from error
        return instance

    @classmethod
    def save_many(
        cls, items: Iterable[Self | Mapping[str, Any]], overwrite: bool | Condition = True
    ) -> BatchResult[Self]:
        """Store several items as if one after the other.

        All are validated before the first is sent. Costs one BatchWriteItem request per 25 items, or one PutItem
        request per item if `overwrite` is `False` or a condition.

        Args:
            items: Instances, or dicts of their values.
            overwrite: As in `save_one`.

        Returns:
            Every item as an instance, either among the successes or among the failures with the reason.

        Raises:
            ValidationError: An item is not valid; nothing was written. The message says which item.
        """
        instances: list[Self] = []
        puts: list[Write] = []
        for index, item in enumerate(items):
            try:
                instances.append(cls._instance(item))
                puts.append(cls._put(instances[-1], overwrite))
            except ValidationError as error:
                raise ValidationError(f"item {index}: {error}") from error
        return cls._write(instances, puts)

    @classmethod
    def delete_one(cls, strategy: Any) -> Self | None:
        """Delete an item. Costs one DeleteItem request.

        Args:
            strategy: As in `get_one`; conditions beside the key are checked by the store in the same request.

        Returns:
            The item as it was, or `None` if there was none, or if it did not satisfy the conditions.

        Raises:
            ExpressionError: The strategy does not fix the whole key of one item.
        """
        target = cls._resolve_one(strategy)
        delete = Delete(cls.table_name(), target.key, target.check, return_old=True)
        try:
            result = cls._run(lambda _: perform(delete), target.key)
        except ConditionalCheckFailedException:
            return None
        return None if result.attributes is None else cls._decode_written(result.attributes, "deleted")

    @classmethod
    def delete_many(cls, strategy: Any, *, scans: ScanPolicy | None = None) -> BatchResult[Self]:
        """Delete several items.

        Keys (a list, `in_`, `keys_in`) are deleted without being read: one BatchWriteItem request per 25, and one
        DeleteItem request for each that has a condition of its own; an item that is not there counts as deleted.
        Any other condition is read first, as `get_many` would, and each delete checks it again, so that an item that
        was changed in between is reported and not destroyed.

        Args:
            strategy: A list of strategies for one item each, or any condition.
            scans: As in `get_many`.

        Returns:
            The items; those that were deleted by key are instances that hold the key alone.

        Raises:
            ExpressionError: An entry of the list does not fix the whole key of one item, or the condition is too large
                to be checked again with a delete. Nothing was deleted.
            ScanForbidden: It takes a full scan, and the policy forbids that.
        """
        if strategy is None:
            raise ExpressionError(f"{cls.__name__}.delete_many needs a strategy; None would be every item of the table")
        source = cls._resolve_many(strategy)
        if isinstance(source, tuple):
            return cls._delete_targets(source)
        plan = plan_for(cls, source, ReadOptions())
        if plan.keys is not None:
            return cls._delete_targets([Target(key) for key in plan.keys])
        names = cls.__declaration__.keys.names
        items = ResultSet(Search(cls, cls._connection(), cls._run, source, ReadOptions(), _as_stored, scans)).all()
        keys: list[Item] = [{name: item[name] for name in names} for item in items]
        return cls._delete_targets([Target(key, recheck(source, key)) for key in keys], items)

    @classmethod
    def update_one(cls, strategy: Any, updates: AnyUpdate | Iterable[AnyUpdate], *, upsert: bool = False) -> Self:
        """Change some attributes of an item. Costs one UpdateItem request.

        Args:
            strategy: As in `get_one`; conditions beside the key are checked by the store in the same request.
            updates: One or more updates, such as `User.visits.increment()`. They see the item as it was before.
            upsert: Whether to create the item, with its key and what the updates put there, if it is missing.

        Returns:
            The item as it is now.

        Raises:
            ItemNotFound: There is no such item; nothing was created.
            ConditionalCheckFailedException: The item does not satisfy the conditions; `.item` is what is stored.
            ExpressionError: Updates overlap or change the key, or the strategy does not fix the key of one item.
        """
        target = cls._resolve_one(strategy)
        changes = cls._updates(updates)
        exists = Exists(Path(cls.__declaration__.keys.names[0]))
        condition = target.check if upsert else all_of((exists, *conjuncts(target.check)))
        update = UpdateItem(cls.table_name(), target.key, changes, condition, "ALL_NEW", return_item_on_failure=True)
        try:
            result = cls._run(lambda _: perform(update), target.key)
        except ConditionalCheckFailedException as error:
            if error.item is None and not upsert:
                raise ItemNotFound(f"{cls.__name__}: there is no item with {cls._describe_key(target.key)}") from error
            raise cls._check_failed(target.key, target.check, error) from error
        return cls._decode_written(cast("Item", result.attributes), "updated")

    @classmethod
    def update_from_dict(cls, strategy: Any, values: Mapping[str, Any], *, upsert: bool = False) -> Self:
        """Set several attributes of an item, as `update_one` does; `None` removes one.

        Args:
            strategy: As in `update_one`.
            values: New values by field name.
            upsert: As in `update_one`.

        Raises:
            ValidationError: A value does not suit its field, or a name is not one of a field.
        """
        cls._check_names(values)
        updates: list[AnyUpdate] = []
        for name, value in values.items():
            field = cls.__fields__[name]
            is_absent = value is None or field.is_absent(field.validate(value))
            updates.append(field.remove() if is_absent else field.set(value))
        return cls.update_one(strategy, updates, upsert=upsert)

    # Instances.

    def save(self, overwrite: bool | Condition = True) -> Self:
        """Save the instance, as `save_one` does, and return it."""
        return type(self).save_one(self, overwrite)

    def delete(self) -> Self | None:
        """Delete the item with the instance's key, and return it as it was stored; `None` if there was none."""
        return type(self).delete_one(self)

    def update(self, *updates: AnyUpdate) -> Self:
        """Update the item with the instance's key, as `update_one` does; the instance then holds what is stored."""
        return self._take_over(type(self).update_one(self, updates))

    def reload(self) -> Self:
        """Read the item with the instance's key again (consistently); the instance then holds what is stored.

        Raises:
            ItemNotFound: The item is gone.
        """
        return self._take_over(type(self).get_one(self, consistent=True))

    # How the verbs do it.

    @classmethod
    def _instance(cls, item: Self | Mapping[str, Any]) -> Self:
        if isinstance(item, cls):
            return item
        if isinstance(item, Mapping):
            return cls.from_dict(item)
        raise ValidationError(f"{cls.__name__}: an item is a dict or an instance of it; got {shorten(item)}")

    @classmethod
    def _put(cls, instance: Self, overwrite: bool | Condition) -> Put:
        condition = cls._overwrite_condition(overwrite)
        return Put(cls.table_name(), instance._encode_item(), condition, return_item_on_failure=condition is not None)

    @classmethod
    def _overwrite_condition(cls, overwrite: Any) -> Condition | None:
        if isinstance(overwrite, BaseCondition):
            cls._check_declared(paths_of(cast("Condition", overwrite)))
            return cast("Condition", overwrite)
        if not isinstance(overwrite, bool):
            raise ExpressionError(f"{cls.__name__}: overwrite is True, False or a condition; got {shorten(overwrite)}")
        return None if overwrite else NotExists(Path(cls.__declaration__.keys.names[0]))

    @classmethod
    def _delete_targets(cls, targets: Sequence[Target], found: Sequence[Item] | None = None) -> BatchResult[Self]:
        items = [target.key for target in targets] if found is None else found
        table = cls.table_name()
        deletes = [
            Delete(table, target.key, target.check, return_item_on_failure=target.check is not None)
            for target in targets
        ]
        return cls._write([cls._decode_item(item) for item in items], deletes)

    @classmethod
    def _write(cls, instances: Sequence[Self], writes: Sequence[Write]) -> BatchResult[Self]:
        key_names = cls.__declaration__.keys.names
        outcomes = cls._run(lambda executor: executor.write(writes, key_names))
        success: list[Self] = []
        failures: list[Failure[Self]] = []
        for instance, write, outcome in zip(instances, writes, outcomes, strict=True):
            if outcome.error is None:
                success.append(instance)
            else:
                failures.append(Failure(instance, cls._explain_error(write, outcome.error)))
        return BatchResult(success, failures)

    @classmethod
    def _explain_error(cls, write: Write, error: DynamongoError) -> DynamongoError:
        if isinstance(error, ConditionalCheckFailedException):
            key = write.item if isinstance(write, Put) else write.key
            return cls._check_failed(key, write.condition, error)
        return error

    @classmethod
    def _updates(cls, updates: Any) -> tuple[AnyUpdate, ...]:
        changes: tuple[Any, ...] = (
            tuple(cast("Iterable[Any]", updates)) if isinstance(updates, Iterable) else (updates,)
        )
        for change in changes:
            if not isinstance(change, Update):
                raise ExpressionError(
                    f"{cls.__name__}: an update is built by a field, as in User.name.set('x'); got {shorten(change)}"
                )
            copied = change.value if isinstance(change, SetUpdate) and isinstance(change.value, Path) else change.path
            cls._check_declared((change.path, copied))
            if isinstance(change, SetUpdate) and change.path.attribute in cls.__declaration__.index_keys:
                refuse_empty_key(cls.__fields__[change.path.attribute], change.value)
        if not changes:
            raise ExpressionError(f"{cls.__name__}: an update changes something; got no updates")
        check_updates(changes, cls.__declaration__.keys.names)
        return changes

    @classmethod
    def _check_failed(
        cls, key: Item, condition: Condition | None, error: ConditionalCheckFailedException
    ) -> ConditionalCheckFailedException:
        """The error with the item in words (its key alone, since logs are read by many) and as an instance."""
        named = cls._describe_key(key)
        if error.item is None:
            return ConditionalCheckFailedException(f"{cls.__name__}: there is no item with {named} for `{condition}`")
        try:
            stored: Any = cls._decode_item(error.item)
        except ValidationError:
            stored = decode_item(error.item)
        message = f"{cls.__name__}: `{condition}` does not hold for the item with {named}"
        return ConditionalCheckFailedException(message, item=stored)

    @classmethod
    def _decode_written(cls, item: Item, done: str) -> Self:
        """The instance that a write returned. An item that cannot be read is no reason to forget that it was done."""
        try:
            return cls._decode_item(item)
        except ValidationError as error:
            unread = ValidationError(f"the item was {done}, but what is stored cannot be read: {error}")
            unread.item = decode_item(item)
            raise unread from error


def _as_stored(item: Item, _: Plan) -> Item:
    return item
