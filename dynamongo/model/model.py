"""`Model`: the class that users derive from, with the verbs that read and write its items.

A verb does three things: `strategies` and `planner` turn what it was given into operations, the `executor` carries
them out on the connection, and instances are made of what comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from dynamongo.arguments import check_flag
from dynamongo.exceptions import ConditionalCheckFailedException, DynamongoError, ExpressionError
from dynamongo.expressions.conditions import And, Condition, conjuncts
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import Item, shorten
from dynamongo.mapping.mapper import Mapper
from dynamongo.model.bulk_verbs import DeleteManyVerb, SaveManyVerb, UpdateManyVerb
from dynamongo.model.bulk_writes import decode_written
from dynamongo.model.progress import ProgressOption
from dynamongo.model.reading import Reading
from dynamongo.model.results import WriteOutcome
from dynamongo.model.write_builders import (
    as_instance,
    check_changes,
    explain_error,
    flatten,
    make_delete,
    make_save,
    make_update,
)
from dynamongo.operations import Action, ConditionCheck, Delete, Get, Put, UpdateItem, WriteResult

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.model.batch import Batch


class Model(Reading):
    """Base of all models: a table, and what its items are made of.

    A model sets these attributes, and declares a field for each key at least:

    - `__table__`: the table's name, to which the connection adds its prefix;
    - `__hash_key__` and, if the table has one, `__range_key__`: names of fields (AWS also calls them partition key
      and sort key);
    - `__read_units__`, `__write_units__`: what `create_table` provisions, in capacity units per second (8 each by
      default);
    - `__billing__`: `"provisioned"` (the default of `create_table`), or `"on_demand"`, which needs no units;
    - `__ttl__`: the name of a field that holds the second at which an item expires, such as a `TimestampField`, or
      `None` for none; left out, `update_table` leaves what the table has, as it does with billing and units;
    - `__tags__` and `__stream__`: the tags and the stream that `create_table` asks for;
    - `__connection__`: a `Connection` in place of the default one;
    - `__abstract__ = True`: the class is a base for models, and has no table.

    Assigning one of them to a finished class takes effect at once, for the models that are derived from it as well;
    the keys, the fields and the indexes are fixed, and assigning one raises `SchemaError`.

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
    def save_one(
        cls, item: Self | Mapping[str, Any], overwrite: bool | Condition = True, *, only_changed: bool = False
    ) -> Self:
        """Store an item in place of the one that has its key, if there is one. Costs one PutItem request.

        Args:
            item: An instance, or a dict of its values.
            overwrite: `True` to replace whatever is there; `False` to fail if there is an item with that key; or a
                condition that the stored item must satisfy (a missing item has no attributes).
            only_changed: Whether to send what was changed since the instance was read or saved, and nothing else:
                an UpdateItem request, or none if nothing was. The item must exist; what others have changed of it
                besides stays as it is, there and in the instance. Of a map in a `DictField`, the changed members are
                sent by their paths. An instance that was neither read nor saved is saved whole.

        Returns:
            The instance that was saved: `item` itself if it is one.

        Raises:
            ConditionalCheckFailedException: `overwrite` did not allow it; `.item` is what is stored, or `None`.
            VersionConflict: The model has a `VersionField`, and the stored item another version than the instance.
            ItemNotFound: What was changed was to be sent, and the item is gone.
            ValidationError: A value does not suit its field, a required one is missing, or a name is unknown.
        """
        instance, write = cls._make_save(item, overwrite, only_changed=only_changed)
        if write is not None:
            cls._send(write)
            instance._note_saved(write)  # noqa: SLF001 - an instance of this very model
        return instance

    @classmethod
    def create_one(cls, item: Self | Mapping[str, Any]) -> Self:
        """Store an item that must not exist yet: `save_one` with `overwrite=False`. Costs one PutItem request.

        Raises:
            ConditionalCheckFailedException: There is an item with that key; `.item` is it.
        """
        return cls.save_one(item, overwrite=False)

    save_many = SaveManyVerb()
    """See `dynamongo.model.bulk_verbs.SaveMany`."""

    delete_many = DeleteManyVerb()
    """See `dynamongo.model.bulk_verbs.DeleteMany`."""

    update_many = UpdateManyVerb()
    """See `dynamongo.model.bulk_verbs.UpdateMany`."""

    @classmethod
    def save_iter(
        cls,
        items: Iterable[Self | Mapping[str, Any]],
        overwrite: bool | Condition = True,
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[Self]]:
        """Store items as they come from the iterable, and tell of each what became of it, in bounded memory.

        Nothing is sent before the outcomes are iterated over. They come as they become known, and `index` says of which
        item one is; every item has one. An item that is not valid is an outcome with that error. After an error that
        is not that of one item, such as a missing table, nothing is sent, and the outcomes say so.

        Args:
            items: Instances, or dicts of their values.
            overwrite: As in `save_one`.
            max_workers: How many requests are under way at once; 10 by default, and 1 in memory.
            progress: A callback that is given a `Progress`, or `True` for a bar.
        """
        return cls.save_many.stream(items, overwrite, max_workers=max_workers, progress=progress)

    @classmethod
    def delete_iter(
        cls, strategies: Iterable[Any], *, max_workers: int | None = None, progress: ProgressOption = None
    ) -> Iterator[WriteOutcome[Self]]:
        """Delete items as strategies for one each come from the iterable; outcomes as in `save_iter`."""
        return cls.delete_many.stream(strategies, max_workers=max_workers, progress=progress)

    @classmethod
    def update_iter(
        cls,
        strategies: Iterable[Any],
        updates: AnyUpdate | Iterable[AnyUpdate],
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[Self]]:
        """Update items as strategies for one each come from the iterable; outcomes as in `save_iter`.

        The item of an outcome is as it is now, or holds its key alone where it was not updated.
        """
        return cls.update_many.stream(strategies, updates, max_workers=max_workers, progress=progress)

    @classmethod
    def batch(cls) -> Batch[Self]:
        """Collect puts and deletes in a `with` block, and send them as they fill requests; see `Batch`."""
        from dynamongo.model.batch import Batch  # noqa: PLC0415 - most programs have none

        return Batch(cls)

    @classmethod
    def delete_one(cls, strategy: Any) -> Self | None:
        """Delete an item. Costs one DeleteItem request.

        Args:
            strategy: As in `get_one`; conditions beside the key are checked by the store in the same request.

        Returns:
            The item as it was, or `None` if there was none, or if it did not satisfy the conditions.

        Raises:
            ExpressionError: The strategy does not fix the whole key of one item.
            VersionConflict: The strategy is an instance that holds another version than the stored item.
        """
        delete = make_delete(cls, cls._resolve_one(strategy, to_write=True), return_old=True)
        try:
            result = cls._execute(delete, delete.key)
        except ConditionalCheckFailedException as error:
            if isinstance(strategy, cls):
                raise explain_error(cls, delete, error) from error
            return None
        return None if result.attributes is None else decode_written(cls, result.attributes, "deleted")

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
            VersionConflict: The strategy is an instance that holds another version than the stored item.
            ExpressionError: Updates overlap or change the key, or the strategy does not fix the key of one item.
        """
        update = cls._make_update(strategy, updates, upsert=upsert)
        return decode_written(cls, cast("Item", cls._send(update).attributes), "updated")

    @classmethod
    def upsert_one(cls, strategy: Any, updates: AnyUpdate | Iterable[AnyUpdate]) -> Self:
        """Change some attributes of an item, which is created where it is missing: `update_one` with `upsert=True`."""
        return cls.update_one(strategy, updates, upsert=True)

    @classmethod
    def update_from_dict(cls, strategy: Any, values: Mapping[str, Any] | None = None, *, upsert: bool = False) -> Self:
        """Set several attributes of an item, as `update_one` does; `None` removes one.

        Args:
            strategy: As in `update_one`; or, as the only argument, a dict that has the item's key among the new values.
            values: New values by field name.
            upsert: As in `update_one`.

        Raises:
            ValidationError: A value does not suit its field, or a name is not one of a field.
            ExpressionError: The only dict has no key, or nothing but a key.
        """
        if values is None:
            strategy, values = cls._split_key(strategy)
        cls.__mapper__.check_names(values)
        updates: list[AnyUpdate] = []
        for name, value in values.items():
            field = cls.__mapper__.fields[name]
            is_absent = value is None or field.is_absent(field.validate(value))
            updates.append(field.remove() if is_absent else field.set(value))
        return cls.update_one(strategy, updates, upsert=upsert)

    # Instances.

    def save(self, overwrite: bool | Condition = True, *, only_changed: bool = False) -> Self:
        """Save the instance, as `save_one` does, and return it."""
        return type(self).save_one(self, overwrite, only_changed=only_changed)

    def create(self) -> Self:
        """Save the instance, which must not exist yet, as `create_one` does, and return it."""
        return type(self).create_one(self)

    def delete(self) -> Self | None:
        """Delete the item with the instance's key, and return it as it was stored; `None` if there was none."""
        return type(self).delete_one(self)

    def update(self, *updates: AnyUpdate | Iterable[AnyUpdate]) -> Self:
        """Update the item with the instance's key, as `update_one` does; the instance then holds what is stored.

        The updates are given one by one or as lists.
        """
        mapper: Mapper[Self] = type(self).__mapper__
        return mapper.take_over(self, type(self).update_one(self, tuple(flatten(updates))))

    def upsert(self, *updates: AnyUpdate | Iterable[AnyUpdate]) -> Self:
        """Update the item as `update` does, or create it with its key and what the updates put there."""
        mapper: Mapper[Self] = type(self).__mapper__
        return mapper.take_over(self, type(self).upsert_one(self, tuple(flatten(updates))))

    def reload(self) -> Self:
        """Read the item with the instance's key again (consistently); the instance then holds what is stored.

        Raises:
            ItemNotFound: The item is gone.
        """
        mapper: Mapper[Self] = type(self).__mapper__
        return mapper.take_over(self, type(self).get_one(self, consistent=True))

    # How the verbs do it.

    @classmethod
    def _split_key(cls, values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The key that is among the values, and the others."""
        if not isinstance(values, Mapping):
            raise ExpressionError(
                f"{cls.__name__}.update_from_dict takes a strategy and a dict of the new values, or one dict that has"
                f" the key among them; got {shorten(values)} alone"
            )
        given = dict(cast("Mapping[str, Any]", values))
        cls.__mapper__.check_names(given)
        names = cls.__mapper__.keys.names
        return {name: given.pop(name) for name in names if name in given}, given

    @classmethod
    def _make_save(
        cls, item: Self | Mapping[str, Any], overwrite: bool | Condition, *, only_changed: bool
    ) -> tuple[Self, Put | UpdateItem | None]:
        instance = as_instance(cls, item)
        return instance, make_save(cls, instance, overwrite, only_changed=only_changed)

    @classmethod
    def _make_update(cls, strategy: Any, updates: AnyUpdate | Iterable[AnyUpdate], *, upsert: bool) -> UpdateItem:
        check_flag(cls.__name__, "upsert", upsert)
        changes = check_changes(cls, updates)
        return make_update(cls, cls._resolve_one(strategy, to_write=True), changes, upsert=upsert)

    @classmethod
    def _make_delete(cls, strategy: Any) -> Delete:
        return make_delete(cls, cls._resolve_one(strategy, to_write=True))

    @classmethod
    def _make_check(cls, strategy: Any) -> ConditionCheck:
        target = cls._resolve_one(strategy)
        exists = And(cls.__mapper__.exists, *conjuncts(target.check))
        return ConditionCheck(cls.table_name(), target.key, exists)

    @classmethod
    def _make_get(cls, strategy: Any) -> Get:
        target = cls._resolve_one(strategy)
        if target.check is not None:
            raise ExpressionError(f"{cls.__name__}: a transaction reads items by their keys; got also `{target.check}`")
        return Get(cls.table_name(), target.key)

    @classmethod
    def _explain(cls, write: Action, error: DynamongoError) -> DynamongoError:
        return explain_error(cls, write, error)

    @classmethod
    def _send(cls, write: Put | UpdateItem) -> WriteResult:
        try:
            return cls._execute(write, write.item if isinstance(write, Put) else write.key)
        except ConditionalCheckFailedException as error:
            raise explain_error(cls, write, error) from error
