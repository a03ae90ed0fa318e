"""Calls about tables: the executor steps of each verb of `TableVerbs`, which any facade can run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.arguments import check_flag
from dynamongo.exceptions import DynamongoError, InvalidRequestError, TableMismatch
from dynamongo.executor import Sender, Steps
from dynamongo.executor.table_lifecycle import (
    change_table,
    compare_table,
    create_table,
    delete_table,
    describe_table,
    ignore_poll,
    table_exists,
)
from dynamongo.fields.indexes import GlobalIndex
from dynamongo.mapping.declaration.options import find_settings
from dynamongo.operations import (
    CreateTable,
    DescribeTable,
    TableDescription,
    UpdateContinuousBackups,
    UpdateTimeToLive,
)
from dynamongo.verbs.calls import VerbCall
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from dynamongo.executor import schema_diff, setting_diff
    from dynamongo.executor.schema_diff import Declared, Difference
    from dynamongo.executor.table_lifecycle import OnPoll
    from dynamongo.verbs import progress as progresses
    from dynamongo.verbs.progress import ProgressOption
else:  # tests create tables, and neither compare them nor watch
    progresses = LazyModule("dynamongo.verbs.progress")
    schema_diff = LazyModule("dynamongo.executor.schema_diff")
    setting_diff = LazyModule("dynamongo.executor.setting_diff")


def create_call(model: type[Instance], *, wait: bool, progress: ProgressOption) -> VerbCall[None]:
    """Create the table with its indexes, tags, stream and settings; the rest is set when it is ready."""
    check_flag(model.__name__, "wait", wait)
    mapper, table = model.__mapper__, model.table_name()
    tags = tuple((model.__tags__ or {}).items())
    create = CreateTable(mapper.schema(table), tags, model.__stream__, find_settings(model))

    def steps(sender: Sender) -> Steps[None]:  # a generator: a bar opens when the call is performed
        with _count_polls(progress, table) as poll:
            yield from create_table(sender, create, wait=wait, later=_later_changes(model, table), on_poll=poll)

    return VerbCall(mapper, table, steps=steps)


def delete_call(model: type[Instance], *, wait: bool, progress: ProgressOption) -> VerbCall[None]:
    """Delete the table."""
    check_flag(model.__name__, "wait", wait)
    table = model.table_name()

    def steps(sender: Sender) -> Steps[None]:
        with _count_polls(progress, table) as poll:
            yield from delete_table(sender, table, wait=wait, on_poll=poll)

    return _DeleteTableCall(model.__mapper__, table, steps=steps)


class _DeleteTableCall(VerbCall[None]):
    def explain(self, error: DynamongoError) -> DynamongoError:
        """Return the error in the model's words, with what to do about a protected table."""
        # It has no code of its own. Source: "DeletionProtectionEnabled" in CreateTable, API reference.
        if not (isinstance(error, InvalidRequestError) and "protect" in error.message.lower()):
            return super().explain(error)
        return InvalidRequestError(
            f"{self.mapper.name}: the table {self.table} is protected against deletion; to delete it, set"
            " `__deletion_protection__ = False` and call update_table() first"
        ).copy_context(error)


def exists_call(model: type[Instance]) -> VerbCall[bool]:
    """Find out whether the table exists."""
    table = model.table_name()
    return VerbCall(model.__mapper__, table, steps=lambda sender: table_exists(sender, table))


def describe_call(model: type[Instance]) -> VerbCall[TableDescription]:
    """Describe the live table, with its backups if the model declares something about them."""
    table = model.table_name()
    if model.__point_in_time_recovery__ is None:
        return VerbCall(model.__mapper__, table, DescribeTable(table))
    return VerbCall(model.__mapper__, table, steps=lambda sender: describe_table(sender, table))


def compare_call(model: type[Instance], *, undeclared: bool) -> VerbCall[tuple[Difference, ...]]:
    """Compare the live table with the model."""
    check_flag(model.__name__, "undeclared", undeclared)
    table = model.table_name()
    return VerbCall(model.__mapper__, table, steps=lambda sender: _compare(sender, model, table, undeclared=undeclared))


def update_call(
    model: type[Instance], *, drop_indexes: bool, wait: bool, progress: ProgressOption
) -> VerbCall[tuple[Difference, ...]]:
    """Change the live table into what the model declares."""
    check_flag(model.__name__, "drop_indexes", drop_indexes)
    check_flag(model.__name__, "wait", wait)
    mapper, table = model.__mapper__, model.table_name()

    def steps(sender: Sender) -> Steps[tuple[Difference, ...]]:
        differences = yield from _compare(sender, model, table)
        _check_fixable(differences, drop_indexes=drop_indexes)
        fixed = tuple(each for each in differences if drop_indexes or each.fix == "update")
        live = (yield from sender.send(DescribeTable(table))).schema
        # What is not declared stays, but a request for units has to name those, too.
        whole = schema_diff.complete_schema(mapper.schema(table), _declared_settings(model), live)
        changes = [
            *schema_diff.plan_changes(table, fixed, whole, live),
            *setting_diff.plan_settings(table, fixed),
        ]
        if changes:
            with _count_polls(progress, table) as poll:
                yield from change_table(sender, table, changes, wait=wait, on_poll=poll)
        return fixed

    return VerbCall(mapper, table, steps=steps)


def _later_changes(model: type[Instance], table: str) -> Iterator[UpdateTimeToLive | UpdateContinuousBackups]:
    """Yield what CreateTable has no parameters for."""
    expires_by = model.__mapper__.declaration.expires_by
    if expires_by is not None:
        yield UpdateTimeToLive(table, expires_by)
    if model.__point_in_time_recovery__:  # a new table has none
        yield setting_diff.plan_recovery(table, model.__point_in_time_recovery__)


def _count_polls(progress: ProgressOption, table: str) -> AbstractContextManager[OnPoll]:
    if progress is None:
        return contextlib.nullcontext(ignore_poll)
    return progresses.report_progress(progress, table, unit="polls")


def _compare(
    sender: Sender, model: type[Instance], table: str, *, undeclared: bool = False
) -> Steps[tuple[Difference, ...]]:
    mapper = model.__mapper__
    schema, expires_by = mapper.schema(table), mapper.declaration.expires_by
    return compare_table(sender, schema, expires_by, _declared_settings(model), undeclared=undeclared)


def _check_fixable(differences: Sequence[Difference], *, drop_indexes: bool) -> None:
    """Refuse differences that only another table can fix, or an index that would have to be dropped."""
    # An extra local index can stay, unless extra indexes are to be dropped: a local one cannot be.
    not_fixable = [each for each in differences if each.fix is None and (drop_indexes or each.model is not None)]
    if not drop_indexes:
        not_fixable += [each for each in differences if each.kind == "index" and each.fix == "drop"]
    if not_fixable:
        raise TableMismatch(_explain_mismatch(not_fixable), tuple(not_fixable))


def _declared_settings(model: type[Instance]) -> Declared:
    """Return which settings of its table the model, or a base of it, declares."""
    # `Instance` has the defaults; only the classes before it in the order declare something.
    own = {name for base in model.__mro__[: model.__mro__.index(Instance)] for name in vars(base)}
    units = [getattr(model, name) if name in own else None for name in ("__read_units__", "__write_units__")]
    return schema_diff.Declared(
        billing="__billing__" in own or units != [None, None],
        units=schema_diff.Units(*units),
        index_units={
            index.schema.name: schema_diff.Units(index.read_units, index.write_units)
            for index in model.__mapper__.indexes.values()
            if isinstance(index, GlobalIndex)
        },
        expires_by="__ttl__" in own,
        settings=find_settings(model),
        recovery=model.__point_in_time_recovery__,
    )


def _explain_mismatch(differences: Sequence[Difference]) -> str:
    listed = "; ".join(map(str, differences))
    if any(each.fix is None for each in differences):
        return f"only a new table can match the model: {listed}"
    return f"drop_indexes=True drops these indexes and creates them again: {listed}"
