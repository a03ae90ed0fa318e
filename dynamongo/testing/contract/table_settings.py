"""Settings of tables: table class, encryption, deletion protection and point-in-time recovery."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from dynamongo._support.dataclasses import replace
from dynamongo.backends.base import Backend
from dynamongo.exceptions import InvalidRequestError, TableNotFound, ThrottledError
from dynamongo.operations import (
    ContinuousBackups,
    CreateTable,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    Operation,
    UpdateContinuousBackups,
    UpdateTableSettings,
)
from dynamongo.schema import TableClass, TableSettings
from dynamongo.testing.contract.base import ContractBase, proves, schema_of
from dynamongo.testing.contract.table import Table, cases

_PATIENCE = 120.0  # seconds; DynamoDB needs some to change a table

DEFAULTS = TableSettings("standard", "aws_owned", deletion_protection=False)
ALL = TableSettings("infrequent_access", "aws_managed", deletion_protection=True)
UNPROTECTED = TableSettings(deletion_protection=False)

CHANGES: dict[str, TableSettings] = {
    "table class": TableSettings(table_class="infrequent_access"),
    "deletion protection": TableSettings(deletion_protection=True),
    "encryption": TableSettings(encryption="aws_managed"),
}
PAIRS: dict[str, TableSettings] = {
    "all of them": ALL,
    "table class and encryption": replace(ALL, deletion_protection=None),
    "table class and protection": replace(ALL, encryption=None),
}
DAYS: dict[str, int] = {"0 days": 0, "36 days": 36}
ON_MISSING_TABLE: dict[str, Callable[[str], Operation[Any]]] = {
    "a change of a setting": lambda table: UpdateTableSettings(table, TableSettings("standard")),
    "recovery": UpdateContinuousBackups,
    "its description": DescribeContinuousBackups,
}


def settings_of(table: Table) -> TableSettings:
    """Return the settings, when the table is ready; the only key of KMS is the one that AWS manages."""
    deadline = time.monotonic() + _PATIENCE
    while not (found := table.execute(DescribeTable(table.name))).is_ready:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    has_key = str(found.settings.encryption).startswith("arn:")  # by which a table is described, whatever was asked for
    return replace(found.settings, encryption="aws_managed") if has_key else found.settings


def change(table: Table, settings: TableSettings) -> None:
    """Change a setting, as soon as the table takes that: protection changes once in 15 seconds."""
    settings_of(table)
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            table.execute(UpdateTableSettings(table.name, settings))
        except ThrottledError:
            assert time.monotonic() < deadline
            time.sleep(1)
        else:
            return


class TableSettingsContract(ContractBase):
    """The settings of CreateTable, UpdateTableSettings, and point-in-time recovery."""

    @pytest.fixture
    def guarded(self, backend: Backend) -> Iterator[Table]:
        """Return a table with settings other than the defaults."""
        table = Table(backend, schema_of())
        backend.execute(CreateTable(table.schema, settings=ALL))
        settings_of(table)
        yield table
        change(table, UNPROTECTED)
        settings_of(table)
        table.drop()

    @proves("28.1")
    def test_new_table_has_the_default_settings(self, table: Table) -> None:
        assert table.execute(DescribeTable(table.name)).settings == DEFAULTS

    @proves("28.2")
    def test_settings_are_described_as_created(self, guarded: Table) -> None:
        assert settings_of(guarded) == ALL

    @proves(cases={"28.3": ["table class", "deletion protection"], "28.4": ["encryption"]})
    @cases("settings", CHANGES)
    def test_setting_is_changed_and_the_others_stay(self, table: Table, settings: TableSettings) -> None:
        try:
            change(table, settings)
            given = {name: getattr(settings, name) for name in ("table_class", "encryption", "deletion_protection")}
            changed = {name: value for name, value in given.items() if value is not None}
            assert settings_of(table) == replace(DEFAULTS, **changed)
        finally:
            change(table, UNPROTECTED)

    @proves("28.4")
    def test_encryption_returns_to_the_default_once(self, guarded: Table) -> None:
        change(guarded, TableSettings(encryption="aws_owned"))
        assert settings_of(guarded) == replace(ALL, encryption="aws_owned")
        with pytest.raises(InvalidRequestError, match="already encrypted by default"):
            guarded.execute(UpdateTableSettings(guarded.name, TableSettings(encryption="aws_owned")))

    @proves("28.5")
    def test_table_class_may_be_set_again(self, table: Table) -> None:
        change(table, TableSettings("standard"))
        assert settings_of(table) == DEFAULTS

    @proves("28.6")
    @cases("settings", PAIRS)
    def test_settings_are_changed_one_at_a_time(self, table: Table, settings: TableSettings) -> None:
        try:
            with pytest.raises(InvalidRequestError, match="must be the only operation in the request"):
                table.execute(UpdateTableSettings(table.name, settings))
            assert settings_of(table) == DEFAULTS
        finally:
            change(table, UNPROTECTED)

    @proves("28.7")
    def test_unknown_table_class_and_no_setting_are_refused(self, table: Table) -> None:
        unknown = TableSettings(cast("TableClass", "cheap"))
        with pytest.raises(InvalidRequestError):
            table.execute(UpdateTableSettings(table.name, unknown))
        with pytest.raises(InvalidRequestError):
            table.execute(UpdateTableSettings(table.name, TableSettings()))
        other = schema_of()
        with pytest.raises(InvalidRequestError):
            table.execute(CreateTable(other, settings=unknown))
        with pytest.raises(TableNotFound):
            table.execute(DescribeTable(other.name))

    @proves("28.8")
    def test_protected_table_is_not_deleted(self, guarded: Table) -> None:
        guarded.put({"pk": "a"})
        with pytest.raises(InvalidRequestError, match="currently protected against deletion"):
            guarded.execute(DeleteTable(guarded.name))
        assert guarded.items() == [{"pk": "a"}]

    @proves("28.9")
    def test_recovery_is_off_until_it_is_switched_on(self, table: Table) -> None:
        off, on = ContinuousBackups(None), ContinuousBackups(35)
        assert table.execute(DescribeContinuousBackups(table.name)) == off
        assert table.execute(UpdateContinuousBackups(table.name)) == on
        assert table.execute(UpdateContinuousBackups(table.name, recovery_days=7)) == ContinuousBackups(7)
        assert table.execute(DescribeContinuousBackups(table.name)) == ContinuousBackups(7)
        assert table.execute(UpdateContinuousBackups(table.name, enabled=False)) == off
        assert table.execute(UpdateContinuousBackups(table.name, enabled=False)) == off
        assert table.execute(UpdateContinuousBackups(table.name)) == on

    @proves("28.10")
    @cases("days", DAYS)
    def test_recovery_of_other_periods_is_refused(self, table: Table, days: int) -> None:
        with pytest.raises(InvalidRequestError):
            table.execute(UpdateContinuousBackups(table.name, recovery_days=days))
        assert table.execute(DescribeContinuousBackups(table.name)) == ContinuousBackups(None)

    @proves("28.10")
    def test_period_is_refused_where_recovery_is_switched_off(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError, match="Cannot specify RecoveryPeriodInDays when disabling"):
            table.execute(UpdateContinuousBackups(table.name, enabled=False, recovery_days=7))

    @proves(cases={"28.11": ["a change of a setting"], "28.12": ["recovery", "its description"]})
    @cases("make", ON_MISSING_TABLE)
    def test_settings_of_a_missing_table(self, backend: Backend, make: Callable[[str], Operation[Any]]) -> None:
        with pytest.raises(TableNotFound):
            backend.execute(make("contract-missing"))
