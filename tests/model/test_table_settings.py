"""Table class, encryption, deletion protection and point-in-time recovery of models' tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from colours import blocking_only
from moto import mock_aws

from dynamongo import Connection, Difference, Model, SchemaError, StringField
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend, VirtualClock
from dynamongo.exceptions import BackendError, InvalidRequestError, ServiceError, TableNotFound
from dynamongo.operations import (
    ContinuousBackups,
    DescribeTable,
    Operation,
    UpdateContinuousBackups,
    UpdateTableSettings,
)
from dynamongo.schema import TableSettings
from dynamongo.verbs.metaclass import ModelMeta

pytestmark = pytest.mark.usefixtures("colour")

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-2:111122223333:key/{KEY}"
DEFAULTS = TableSettings("standard", "aws_owned", deletion_protection=False)

_prefixes = (f"settings-{number}-" for number in itertools.count())


def model(**options: Any) -> Any:
    """A model of the table `people` with these options."""
    given = {"__table__": "people", "__hash_key__": "email", "email": StringField()}
    return ModelMeta("Person", (Model,), given | options)


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes))
    yield made
    model(__deletion_protection__=False).update_table()
    model().delete_table()
    Connection.set_config()


@pytest.fixture
def memory() -> Iterator[MemoryBackend]:
    made = MemoryBackend()
    with Connection.using(made):
        yield made


def shown(differences: tuple[Difference, ...]) -> list[str]:
    return [str(each).replace(f" {model().table_name()}:", ":") for each in differences]


class TestDeclaration:
    @pytest.mark.parametrize(
        ("option", "value", "message"),
        [
            ("__table_class__", "ia", "must be one of standard, infrequent_access; got 'ia'"),
            ("__table_class__", True, "must be one of standard, infrequent_access; got True"),
            ("__encryption__", "", "must be 'aws_owned', 'aws_managed', or the id or ARN of a key of AWS KMS; got ''"),
            ("__encryption__", True, "must be 'aws_owned', 'aws_managed', or the id or ARN of a key of AWS KMS; got"),
            (
                "__encryption__",
                "aws-managed",
                "must be 'aws_owned', 'aws_managed', or the id or ARN of a key of AWS KMS",
            ),
            ("__encryption__", "alias/mine", "must be the id or ARN of a key; got 'alias/mine': DynamoDB describes"),
            ("__encryption__", "arn:aws:kms:a:1:alias/mine", "must be the id or ARN of a key; got 'arn:aws:kms"),
            ("__point_in_time_recovery__", 0, "must be True, False or an int from 1 to 35, in days; got 0"),
            ("__point_in_time_recovery__", 36, "must be True, False or an int from 1 to 35, in days; got 36"),
            ("__point_in_time_recovery__", "7", "must be True, False or an int from 1 to 35, in days; got '7'"),
            ("__deletion_protection__", 1, "must be True or False; got 1"),
            ("__deletion_protection__", "no", "must be True or False; got 'no'"),
        ],
    )
    def test_other_values_are_refused(self, option: str, value: Any, message: str) -> None:
        with pytest.raises(SchemaError) as caught:
            model(**{option: value})
        assert str(caught.value).startswith(f"Person.{option} {message}")
        person = model()
        with pytest.raises(SchemaError):
            setattr(person, option, value)
        assert getattr(person, option) is None

    def test_base_declares_for_its_models(self, memory: MemoryBackend) -> None:
        base: Any = ModelMeta("Base", (Model,), {"__abstract__": True, "__deletion_protection__": True})
        person: Any = ModelMeta(
            "Person", (base,), {"__table__": "people", "__hash_key__": "email", "email": StringField()}
        )
        person.create_table()
        assert person.describe().settings.deletion_protection is True


class TestCreate:
    def test_table_has_what_the_model_declares(self, backend: Backend) -> None:
        person = model(__table_class__="infrequent_access", __encryption__=KEY, __deletion_protection__=True)
        person.create_table()
        settings = person.describe().settings
        assert (settings.table_class, settings.deletion_protection) == ("infrequent_access", True)
        assert settings.encryption.endswith(f":key/{KEY}")
        assert person.compare_table() == ()

    def test_nothing_is_asked_for_that_is_not_declared(self, backend: Backend) -> None:
        model().create_table()
        found = model().describe()
        assert (found.settings, found.backups) == (DEFAULTS, None)
        assert model().compare_table(undeclared=True)[1:] == ()

    @pytest.mark.parametrize(("declared", "days"), [(True, 35), (7, 7), (False, None)])
    def test_recovery_is_switched_on_when_the_table_is_ready(
        self, memory: MemoryBackend, declared: Any, days: int | None
    ) -> None:
        person = model(__point_in_time_recovery__=declared)
        with Connection.record() as calls:
            person.create_table()
        sent = [each.operation for each in calls if isinstance(each.operation, UpdateContinuousBackups)]
        assert len(sent) == (0 if declared is False else 1)
        assert person.describe().backups == ContinuousBackups(days)
        assert person.compare_table() == ()

    def test_recovery_waits_until_backups_are_available(self) -> None:
        class NewTables(MemoryBackend):
            left = 3

            def execute(self, operation: Operation[Any], seconds: float | None = None) -> Any:
                if isinstance(operation, UpdateContinuousBackups) and self.left:
                    self.left -= 1
                    code = "ContinuousBackupsUnavailableException"
                    raise ServiceError("Backups are being enabled for the table", code=code)
                return super().execute(operation, seconds)

        person = model(__point_in_time_recovery__=True)
        backend = NewTables(clock=VirtualClock())
        with Connection.using(backend):
            person.create_table()
            assert person.describe().backups == ContinuousBackups(35)
        assert backend.left == 0


class TestUpdate:
    def test_settings_are_changed_one_by_one(self, backend: Backend) -> None:
        model().create_table()
        person = model(__table_class__="infrequent_access", __deletion_protection__=True)
        assert shown(person.compare_table()) == [
            "table class: the model has infrequent_access; the table has standard",
            "deletion protection: the model has True; the table has False",
        ]
        with Connection.record() as calls:
            differences = person.update_table()
        changes = [each.operation for each in calls if isinstance(each.operation, UpdateTableSettings)]
        assert [each.settings for each in changes] == [
            TableSettings("infrequent_access"),
            TableSettings(deletion_protection=True),
        ]
        assert [each.kind for each in differences] == ["table class", "deletion protection"]
        assert person.compare_table() == person.update_table() == ()
        assert model().compare_table() == ()
        assert [each.fix for each in model().compare_table(undeclared=True)] == ["leave", "leave", "leave"]
        assert shown(model().compare_table(undeclared=True))[1:] == [
            "table class: the model declares none; the table has infrequent_access",
            "deletion protection: the model declares none; the table has True",
        ]
        assert person.describe().settings == TableSettings("infrequent_access", "aws_owned", deletion_protection=True)

    def test_encryption_goes_to_a_key_and_back(self, memory: MemoryBackend) -> None:
        model().create_table()
        for encryption in (KEY, "aws_managed", ARN, "aws_owned"):
            person = model(__encryption__=encryption)
            expected = [] if encryption == "aws_managed" else ["encryption"]  # any key of KMS satisfies it
            assert [each.kind for each in person.update_table()] == expected
            assert person.compare_table() == ()
        assert shown(model(__encryption__="aws_managed").compare_table()) == [
            "encryption: the model has aws_managed; the table has aws_owned"
        ]

    def test_key_is_the_same_by_id_and_by_arn(self, memory: MemoryBackend) -> None:
        model(__encryption__=ARN).create_table()
        assert model(__encryption__=KEY).compare_table() == ()
        assert len(model(__encryption__=KEY[1:]).compare_table()) == 1
        assert len(model(__encryption__="aws_owned").compare_table()) == 1

    def test_recovery_is_compared_and_changed(self, memory: MemoryBackend) -> None:
        model().create_table()
        week = model(__point_in_time_recovery__=7)
        assert shown(week.update_table()) == ["point-in-time recovery: the model has 7 days; the table has none"]
        assert week.describe().backups == ContinuousBackups(7)
        assert model(__point_in_time_recovery__=True).compare_table() == ()  # of any period
        assert shown(model(__point_in_time_recovery__=8).compare_table()) == [
            "point-in-time recovery: the model has 8 days; the table has 7 days"
        ]
        never = model(__point_in_time_recovery__=False)
        assert shown(never.update_table()) == ["point-in-time recovery: the model has none; the table has 7 days"]
        assert never.describe().backups == ContinuousBackups(None)
        assert shown(model(__point_in_time_recovery__=True).compare_table()) == [
            "point-in-time recovery: the model has some; the table has none"
        ]

    def test_models_without_recovery_do_not_ask_for_it(self, memory: MemoryBackend) -> None:
        person = model(__deletion_protection__=True)
        person.create_table()
        with Connection.record() as calls:
            person.describe()
            person.compare_table(undeclared=True)
            person.update_table()
        assert {type(each.operation).__name__ for each in calls} == {"DescribeTable", "DescribeTimeToLive"}


class TestDelete:
    def test_protected_table_is_kept_and_the_error_has_the_fix(self, backend: Backend) -> None:
        person = model(__deletion_protection__=True)
        person.create_table()
        with pytest.raises(InvalidRequestError) as caught:
            person.delete_table()
        assert str(caught.value) == (
            f"Person: the table {person.table_name()} is protected against deletion; to delete it, set"
            " `__deletion_protection__ = False` and call update_table() first"
        )
        assert person.table_exists()
        person.__deletion_protection__ = False
        person.update_table()
        person.delete_table()
        with pytest.raises(TableNotFound):
            backend.execute(DescribeTable(person.table_name()))
        person.create_table()

    def test_missing_table_is_still_missing(self, memory: MemoryBackend) -> None:
        with pytest.raises(TableNotFound):
            model(__deletion_protection__=True).delete_table()


@blocking_only
def test_server_without_backups_says_so(dynamodb_backend: Backend) -> None:
    person = model(__table__="without-backups", __point_in_time_recovery__=True)
    with Connection.using(dynamodb_backend):
        with pytest.raises(BackendError, match=r"the server does not know this operation.*UpdateContinuousBackups"):
            person.create_table()
        model(__table__="without-backups").delete_table()


@blocking_only
def test_moto_agrees_about_recovery_and_protection() -> None:
    """The emulator has no backups; moto, which knows no table classes and changes no encryption, has."""
    person = model(__point_in_time_recovery__=7, __deletion_protection__=True, __encryption__=ARN)
    with mock_aws(), Connection.using(DynamoDBBackend(access_key_id="x", secret_access_key="y", region="us-east-2")):
        person.create_table()
        assert person.describe().backups == ContinuousBackups(7)
        assert person.describe().settings == TableSettings("standard", ARN, deletion_protection=True)
        assert person.compare_table() == model().compare_table(undeclared=False) == ()
        with pytest.raises(InvalidRequestError, match="is protected against deletion; to delete it, set"):
            person.delete_table()
        changed = model(__point_in_time_recovery__=35, __deletion_protection__=False)
        assert [each.kind for each in changed.update_table()] == ["deletion protection", "point-in-time recovery"]
        assert changed.compare_table() == ()
        assert len(model(__point_in_time_recovery__=False).update_table()) == 1
        assert model(__point_in_time_recovery__=False).describe().backups == ContinuousBackups(None)
        person.delete_table()
        with pytest.raises(TableNotFound):
            person.describe()


def test_snapshot_keeps_settings(memory: MemoryBackend) -> None:
    person = model(__table_class__="infrequent_access", __point_in_time_recovery__=3)
    person.create_table()
    taken = memory.snapshot()
    model(__table_class__="standard", __point_in_time_recovery__=False).update_table()
    assert len(person.compare_table()) == 2
    memory.restore(taken)
    assert person.compare_table() == ()
