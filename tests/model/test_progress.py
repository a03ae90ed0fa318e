"""Progress of writes, reads and table waits."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo import ConfigurationError, Connection, GlobalIndex, Model, Progress, StringField
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import CreateIndex, CreateTable, DeleteTable, DescribeTable, Operation

pytestmark = pytest.mark.usefixtures("colour")


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    name = StringField()


class NamedUser(User):
    by_name = GlobalIndex("name")


def users(count: int) -> list[User]:
    return [User(email=f"{number:04}") for number in range(count)]


class SlowTables(MemoryBackend):
    """Whatever is done to a table takes three polls until it is done."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 0
        self._is_deleting = False

    def execute(self, operation: Operation[Any], seconds: float | None = None) -> Any:
        if isinstance(operation, DeleteTable):
            self._left, self._is_deleting = 3, True
            return None
        if isinstance(operation, (CreateTable, CreateIndex)):
            self._left = 3
        elif isinstance(operation, DescribeTable) and self._left:
            self._left -= 1
            if self._is_deleting and not self._left:
                super().execute(DeleteTable(operation.table))
        result: Any = super().execute(operation)
        return dataclasses.replace(result, status="UPDATING") if self._left else result


class TestProgress:
    @pytest.fixture(autouse=True)
    def table(self) -> Iterator[None]:
        with Connection.using(MemoryBackend()):
            User.create_table()
            yield

    def test_callback_is_called_for_every_item(self) -> None:
        told: list[Progress] = []
        User.save_many(users(3), progress=told.append)
        assert told == [Progress(1, 0, 3), Progress(2, 0, 3), Progress(3, 0, 3)]
        told.clear()
        User.save_many(users(4), overwrite=False, progress=told.append)
        assert told[-1] == Progress(4, 3, 4)
        told.clear()
        list(User.delete_iter((email for email in ["0000", "0001"]), progress=told.append))
        assert told[-1] == Progress(2, 0, None)

    def test_bar_is_shown_where_tqdm_is_installed(self, capsys: pytest.CaptureFixture[str]) -> None:
        User.save_many(users(30), progress=True)
        assert "users: 100%" in capsys.readouterr().err

    def test_bar_without_tqdm_is_refused_with_the_fix(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "tqdm", None)
        with pytest.raises(ConfigurationError, match=r"pip install 'dynamongo\[progress\]'"):
            User.save_many(users(3), progress=True)


class TestReads:
    @pytest.mark.parametrize("segments", [None, 4])
    def test_callback_is_called_with_all_that_was_read(self, segments: int | None) -> None:
        with Connection.using(MemoryBackend()):
            User.create_table()
            User.save_many(users(25))
            told: list[Progress] = []
            found = User.find(User.email < "0010", segments=segments, page_size=5, progress=told.append, scans="allow")
            assert len(list(found)) == 10
            assert told[-1] == Progress(25)
            assert [each.done for each in told] == sorted(each.done for each in told)
            assert len(told) >= 5

    def test_bar_is_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        with Connection.using(MemoryBackend()):
            User.create_table()
            User.save_many(users(3))
            User.get_many(progress=True, scans="allow")
        assert "users: 3 items" in capsys.readouterr().err


class TestTables:
    def test_callback_is_called_for_every_poll(self) -> None:
        told: list[Progress] = []
        with Connection.using(SlowTables()):
            User.create_table(progress=told.append)
            assert told == [Progress(1), Progress(2), Progress(3)]
            told.clear()
            NamedUser.update_table(progress=told.append)
            assert told == [Progress(1), Progress(2), Progress(3)]
            told.clear()
            User.delete_table(progress=told.append)
            assert told == [Progress(1), Progress(2)]
