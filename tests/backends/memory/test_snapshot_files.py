"""Copies of what a memory backend holds: snapshots, forks, files, and the copy that is behind."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path as FilePath
from random import Random
from typing import Any

import pytest
from hypothesis import given
from strategies import values

from dynamongo import ConfigurationError, ExpressionError, TableNotFound, ValidationError
from dynamongo.backends.memory import MemoryBackend, VirtualClock
from dynamongo.backends.memory.snapshot_files import write_items
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.updates import AddUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    BatchGet,
    BatchPut,
    BatchWrite,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeTable,
    Get,
    KeyCondition,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
    UpdateTimeToLive,
)
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection, TableSchema

USERS, OTHERS = "users", "others"
BY_NAME = IndexSchema("by_name", KeySchema(KeyAttribute("name", "S")), Projection("all"))
SCHEMA = TableSchema(USERS, KeySchema(KeyAttribute("id", "S")), None, (BY_NAME,))
RANGED = TableSchema(OTHERS, KeySchema(KeyAttribute("id", "S"), KeyAttribute("n", "N")))
A: Item = {"id": "a", "name": "Jane"}
B: Item = {"id": "b", "name": "John"}


def make_backend(*items: Item, **options: Any) -> MemoryBackend:
    backend = MemoryBackend(**options)
    backend.execute(CreateTable(SCHEMA))
    for item in items:
        backend.execute(Put(USERS, item))
    return backend


def load_refusals(backend: MemoryBackend, path: FilePath) -> list[str]:
    try:
        backend.load(path)
    except ValidationError as error:
        return [str(error)]
    return []


def ids(backend: MemoryBackend, table: str = USERS) -> list[Any]:
    return sorted(item["id"] for item in backend.execute(Scan(table, consistent=True)).items)


def named(backend: MemoryBackend, name: str) -> list[Any]:
    condition = KeyCondition(Comparison(Path("name"), EQ, name))
    return [item["id"] for item in backend.execute(Query(USERS, condition, index="by_name")).items]


class TestSnapshots:
    def test_restoring_brings_back_what_there_was_any_number_of_times(self) -> None:
        backend = make_backend(A)
        snapshot = backend.snapshot()
        for _ in range(2):
            backend.execute(Put(USERS, B))
            backend.execute(Delete(USERS, {"id": "a"}))
            backend.execute(CreateTable(RANGED))
            assert (ids(backend), named(backend, "Jane"), named(backend, "John")) == (["b"], [], ["b"])
            backend.restore(snapshot)
            assert (ids(backend), named(backend, "Jane"), named(backend, "John")) == (["a"], ["a"], [])
            with pytest.raises(TableNotFound):
                backend.execute(DescribeTable(OTHERS))

    def test_tables_that_were_changed_as_such_come_back(self) -> None:
        backend = make_backend(A)
        backend.execute(UpdateTimeToLive(USERS, "until"))
        snapshot = backend.snapshot()
        backend.execute(DeleteIndex(USERS, "by_name"))
        backend.execute(UpdateTimeToLive(USERS, "until", enabled=False))
        backend.restore(snapshot)
        assert named(backend, "Jane") == ["a"]
        backend.execute(UpdateTimeToLive(USERS, "until", enabled=False))
        backend.execute(DeleteTable(USERS))
        backend.restore(snapshot)
        assert ids(backend) == ["a"]

    def test_new_index_is_not_in_the_snapshot(self) -> None:
        backend = MemoryBackend()
        backend.execute(CreateTable(TableSchema(USERS, SCHEMA.keys)))
        snapshot = backend.snapshot()
        backend.execute(CreateIndex(USERS, BY_NAME))
        backend.restore(snapshot)
        backend.execute(CreateIndex(USERS, BY_NAME))

    def test_snapshot_goes_with_another_backend(self) -> None:
        snapshot = make_backend(A).snapshot()
        other = MemoryBackend()
        other.restore(snapshot)
        assert ids(other) == ["a"]

    def test_token_of_a_transaction_that_was_undone_is_free_again(self) -> None:
        backend = make_backend(A)
        write = TransactWrite((UpdateItem(USERS, {"id": "a"}, (AddUpdate(Path("n"), 1),)),), "token")
        snapshot = backend.snapshot()
        for _ in range(2):
            backend.execute(write)
            backend.execute(write)
            assert backend.execute(Get(USERS, {"id": "a"})).item == {**A, "n": 1}
            backend.restore(snapshot)


class TestForks:
    def test_neither_sees_what_the_other_writes(self) -> None:
        seeded = make_backend(A)
        first, second = seeded.fork(), seeded.fork()
        first.execute(Put(USERS, B))
        seeded.execute(Delete(USERS, {"id": "a"}))
        assert (ids(seeded), ids(first), ids(second)) == ([], ["a", "b"], ["a"])
        assert (named(seeded, "Jane"), named(first, "John"), named(second, "John")) == ([], ["b"], [])

    def test_items_are_not_copied(self) -> None:
        seeded = make_backend(A)
        forked = seeded.fork()
        forked.execute(Put(USERS, B))
        assert forked.execute(Get(USERS, {"id": "a"})).item is seeded.execute(Get(USERS, {"id": "a"})).item

    def test_fork_has_the_clock_and_the_lag_but_no_faults(self) -> None:
        clock = VirtualClock()
        forked = make_backend(A, clock=clock, lag=5).fork()
        forked.execute(Put(USERS, B))
        assert forked.execute(Get(USERS, {"id": "b"})).item is None
        clock.advance(seconds=5)
        assert forked.execute(Get(USERS, {"id": "b"})).item == B

    def test_ranges_are_kept_apart_too(self) -> None:
        seeded = MemoryBackend()
        seeded.execute(CreateTable(RANGED))
        seeded.execute(BatchWrite(OTHERS, tuple(BatchPut({"id": "a", "n": n}) for n in range(3))))
        forked = seeded.fork()
        forked.execute(Delete(OTHERS, {"id": "a", "n": 1}))
        assert [item["n"] for item in seeded.execute(Scan(OTHERS)).items] == [0, 1, 2]
        assert [item["n"] for item in forked.execute(Scan(OTHERS)).items] == [0, 2]


class TestFiles:
    @pytest.mark.parametrize("name", ["users.json", "users.json.gz"])
    def test_what_is_dumped_can_be_loaded(self, tmp_path: FilePath, name: str) -> None:
        item: Item = {
            "id": "a",
            "price": Decimal("1.50"),
            "raw": b"\x00\xff",
            "none": None,
            "on": True,
            "list": [1, "x", [b"y"]],
            "map": {"B": {"S": "a map with names of types"}, "BS": ["no set"]},
            "ss": frozenset({"ä", "b"}),
            "ns": frozenset({1, Decimal("2.5")}),
            "bs": frozenset({b"1", b"2"}),
        }
        path = tmp_path / name
        assert make_backend(item, B).dump(path) == 2
        loaded = make_backend({"id": "a"}, {"id": "c"})
        assert loaded.load(path, USERS) == 2
        assert (ids(loaded), named(loaded, "John")) == (["a", "b", "c"], ["b"])
        assert loaded.execute(Get(USERS, {"id": "a"})).item == item
        assert (path.read_bytes()[:2] == b"\x1f\x8b") is name.endswith(".gz")
        assert list(tmp_path.iterdir()) == [path]

    @given(value=values())
    def test_every_value_can_be_dumped_and_loaded(self, tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
        path = tmp_path_factory.getbasetemp() / "any.json"
        whole: Item = {**A, "value": value}
        make_backend(whole).dump(path)
        loaded = make_backend()
        loaded.load(path)
        assert loaded.execute(Scan(USERS)).items == (whole,)

    def test_lines_are_those_of_an_export(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json"
        make_backend({"id": "a", "n": 1, "raw": b"x"}).dump(path)
        assert [json.loads(line) for line in path.read_text().splitlines()] == [
            {"Item": {"id": {"S": "a"}, "n": {"N": "1"}, "raw": {"B": "eA=="}}}
        ]

    def test_folder_of_an_export_is_loaded_with_all_its_files(self, tmp_path: FilePath) -> None:
        """The example of the developer guide, in the layout of an export."""
        data = tmp_path / "AWSDynamoDB" / "01693685827463-2d8752fd" / "data"
        data.mkdir(parents=True)
        (data.parent / "manifest-summary.json").write_text("{}")
        line = '{"Item":{"id":{"S":"a"},"ratings":{"L":[{"N":"5"},{"NULL":true}]},"tags":{"SS":["x","y"]}}}\n'
        (data / "x1.json.gz").write_bytes(gzip.compress(line.encode()))
        (data / "x2.json.gz").write_bytes(gzip.compress(b'{"Item":{"id":{"S":"b"}}}\n\n'))
        backend = make_backend()
        assert backend.load(data.parent) == 2
        assert backend.execute(Get(USERS, {"id": "a"})).item == {
            "id": "a",
            "ratings": [5, None],
            "tags": frozenset({"x", "y"}),
        }

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("{", "not an item in DynamoDB JSON"),
            ("[]", 'expected {"Item": {...}}; got a value of type list'),
            ('{"id": {"S": "a"}}', 'expected {"Item": {...}}'),
            ('{"Item": {"id": "a"}}', "expected an attribute value such as"),
            ('{"Item": {"id": {"S": 5}}}', "invalid content of type S: a value of type int, in attribute id"),
            ('{"Item": {"id": {"S": "a"}, "n": {"N": "five"}}}', "attribute value"),
            ('{"Item": {"id": {"S": "a"}, "n": {"N": 5}}}', "invalid content of type N: a value of type int"),
            ('{"Item": {"id": {"S": "a"}, "n": {"B": "?"}}}', "attribute value"),
            ('{"Item": {"id": {"S": "a"}, "n": {"SS": []}}}', "invalid content of type SS"),
            ('{"Item": {"id": {"S": "a"}, "n": {"SS": ["x", "x"]}}}', "invalid content of type SS"),
            ('{"Item": {"id": {"S": "a"}, "n": {"BOOL": "true"}}}', "invalid content of type BOOL"),
            ('{"Item": {"id": {"S": "a"}, "n": {"NULL": false}}}', "invalid content of type NULL"),
            ('{"Item": {"id": {"S": "a"}, "n": {"L": [{"M": []}]}}}', "invalid content of type M"),
            ('{"Item": {"id": {"S": "a"}, "n": {"X": "?"}}}', "unknown type of attribute value"),
            ('{"Item": {"id": {"N": "1"}}}', "does not fit table users: .* Type mismatch for key id"),
            (
                '{"Item": {"id": {"S": "a"}, "name": {"N": "1"}}}',
                "does not fit table users: .* Type mismatch for Index Key",
            ),
            ('{"Item": {"id": {"S": "a"}, "n": {"N": "1E200"}}}', "attribute value"),
            ('{"Item": {"id": {"S": "a"}, "n": {"N": "1E' + "9" * 30 + '"}}}', "attribute value"),
            ('{"Item": {"id": {"S": "a"}, "n": ' + "9" * 5_000 + "}}", "not an item in DynamoDB JSON"),
            ('{"Item": {"id": {"S": "a"}, "id": {"S": "b"}}}', "a name occurs twice"),
            ('{"Item": {"id": {"S": "a"}}, "Item": {"id": {"S": "b"}}}', "a name occurs twice"),
            ('{"Item": {"id": {"S": "\\ud800"}}}', "."),
            ('{"Item": {"id": {"S": "a"}, "": {"S": "b"}}}', "."),
            ('{"Item": {"id": {"S": "a"}, "n": ' + '{"L": [' * 500 + "]}" * 500 + "}}", "."),
            ('{"Item": {"id": {"S": "a"}, "n": ' + '{"M": {"n": ' * 5_000 + "}}" * 5_000 + "}}", "nested too deep"),
            ("[" * 100_000, "nested too deep"),
            ('{"Item": {"id": {"S": "a"}, "n": {"S": "\x01"}}}', "Invalid control character"),
            ("\udcff", "not an item in DynamoDB JSON"),
        ],
    )
    def test_damaged_line_is_named_and_nothing_is_loaded(self, tmp_path: FilePath, line: str, message: str) -> None:
        path = tmp_path / "users.json"
        text = '{"Item": {"id": {"S": "x"}}}\n{"Item": {"id": {"S": "b"}}}\n' + line + "\n"
        path.write_text(text, errors="surrogateescape")
        backend = make_backend(B)
        with pytest.raises(ValidationError, match=f"users.json, line 3.*{message}"):
            backend.load(path)
        assert (ids(backend), named(backend, "John")) == (["b"], ["b"])
        backend.execute(Put(USERS, A))
        assert ids(backend) == ["a", "b"]

    def test_file_that_ends_early_is_refused(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json.gz"
        make_backend(*({**A, "id": str(n)} for n in range(100))).dump(path)
        path.write_bytes(path.read_bytes()[:-30])
        backend = make_backend()
        with pytest.raises(ValidationError, match="cannot read on"):
            backend.load(path)
        assert ids(backend) == []

    def test_no_error_tells_what_is_in_a_file(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json"
        for value in (
            '{"S": "secret\\ud800"}',
            '{"N": "secret"}',
            '{"L": ["secret"]}',
            '{"SS": ["secret", 1]}',
            '{"secret": 1}',
            '"secret"',
        ):
            path.write_text(f'{{"Item": {{"id": {{"S": "a"}}, "n": {value}}}}}')
            with pytest.raises(ValidationError, match="line 1") as caught:
                make_backend().load(path)
            assert "secret" not in "".join(map(str, (caught.value, caught.value.__cause__)))

    def test_damage_anywhere_is_told_with_its_place(self, tmp_path: FilePath) -> None:
        """Bytes of a dump, compressed and not, changed, dropped and doubled at random: it is loaded, or refused."""
        items: list[Item] = [
            {**A, "id": str(n), "list": [n, None, {"x": b"y"}], "set": frozenset({n, 2})} for n in range(20)
        ]
        random = Random(7)
        for name in ("users.json", "users.json.gz"):
            path = tmp_path / name
            make_backend(*items).dump(path)
            whole = path.read_bytes()
            for _ in range(500):
                place = random.randrange(len(whole))
                cut = whole[place : place + random.choice([0, 1, 1, 5])]
                path.write_bytes(whole[:place] + random.randbytes(random.randrange(4)) + whole[place + len(cut) :])
                backend = make_backend()
                refusals = load_refusals(backend, path)
                assert all(str(path) in refusal for refusal in refusals)
                assert not (refusals and ids(backend))

    def test_link_is_followed(self, tmp_path: FilePath) -> None:
        (tmp_path / "there").mkdir()
        target, link = tmp_path / "there" / "users.json", tmp_path / "link.json"
        link.symlink_to(target)
        for items in ([A], [A, B]):  # a link to nothing, and to a file
            make_backend(*items).dump(link)
            assert link.is_symlink()
            assert len(target.read_text().splitlines()) == len(items)
        assert [each.name for each in target.parent.iterdir()] == ["users.json"]
        assert sorted(each.name for each in tmp_path.iterdir()) == ["link.json", "there"]

    def test_pipe_is_written_into(self, tmp_path: FilePath) -> None:
        pipe = tmp_path / "pipe.json"
        os.mkfifo(pipe)
        read: list[str] = []
        reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
        reader.start()
        make_backend(A, B).dump(pipe)
        reader.join()
        assert (len(read[0].splitlines()), stat.S_ISFIFO(pipe.stat().st_mode)) == (2, True)
        assert list(tmp_path.iterdir()) == [pipe]

    def test_device_is_written_into(self) -> None:
        assert make_backend(A, B).dump(os.devnull) == 2
        assert stat.S_ISCHR(FilePath(os.devnull).stat().st_mode)

    def test_folder_is_refused(self, tmp_path: FilePath) -> None:
        with pytest.raises(ValidationError, match=r"cannot write to .*: it is a folder"):
            make_backend(A).dump(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_rights_of_a_file_are_kept(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json"
        path.touch()
        path.chmod(0o640)
        make_backend(A).dump(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_several_may_write_to_a_path_at_once(self, tmp_path: FilePath) -> None:
        """The first of two is held up in the middle; the other clears away what is left behind, and not that."""
        path = tmp_path / "users.json"
        is_open, go_on = threading.Event(), threading.Event()

        def give() -> Iterator[Item]:
            yield A
            is_open.set()
            go_on.wait()
            yield B

        first = threading.Thread(target=write_items, args=(path, give()))
        first.start()
        is_open.wait()
        write_items(path, [B])
        assert len(path.read_text().splitlines()) == 1
        go_on.set()
        first.join()
        assert len(path.read_text().splitlines()) == 2
        assert list(tmp_path.iterdir()) == [path]

    def test_what_a_killed_writer_left_is_cleared_by_the_next(self, tmp_path: FilePath) -> None:
        path, other = tmp_path / "users.json", tmp_path / "users.json.0123abcd.partial.json"
        other.touch()
        program = (
            "import sys, time\n"
            "from dynamongo.backends.memory.snapshot_files import write_items\n"
            "def give():\n"
            "    yield {'id': 'a'}\n"
            "    print('open', flush=True)\n"
            "    sys.stdin.read()\n"
            f"write_items({str(path)!r}, give())\n"
        )
        command = [sys.executable, "-c", program]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "open\n"
            writer.kill()
        assert len(list(tmp_path.iterdir())) == 2
        make_backend(A).dump(path)
        assert sorted(tmp_path.iterdir()) == [path, other]

    def test_file_that_was_cleared_away_before_it_was_locked_is_made_anew(
        self, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, flock = tmp_path / "users.json", fcntl.flock
        cleared: list[FilePath] = []

        def clear_and_lock(file: int, how: int) -> None:
            if not cleared:
                cleared.extend(tmp_path.glob("*.partial"))
                cleared[0].unlink()
            flock(file, how)

        monkeypatch.setattr(fcntl, "flock", clear_and_lock)
        assert make_backend(A, B).dump(path) == 2
        assert (len(cleared), list(tmp_path.iterdir())) == (1, [path])

    def test_writer_that_fails_leaves_nothing(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json"
        make_backend(A).dump(path)

        def give() -> Iterator[Item]:
            yield B
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_items(path, give())
        assert list(tmp_path.iterdir()) == [path]
        assert '"a"' in path.read_text()

    def test_dump_that_fails_leaves_the_file_that_was_there(self, tmp_path: FilePath) -> None:
        path = tmp_path / "folder" / "users.json"
        with pytest.raises(FileNotFoundError):
            make_backend(A).dump(path)
        assert list(tmp_path.iterdir()) == []

    def test_table_has_to_be_known(self, tmp_path: FilePath) -> None:
        backend = make_backend(A)
        with pytest.raises(TableNotFound):
            backend.dump(tmp_path / "x.json", OTHERS)
        backend.execute(CreateTable(RANGED))
        with pytest.raises(ExpressionError, match="exactly one table; there are 2: users, others"):
            backend.dump(tmp_path / "x.json")
        with pytest.raises(ValidationError, match=r"contains no files named \*\.json or"):
            backend.load(tmp_path, USERS)


class TestLag:
    def make(self, *items: Item) -> tuple[MemoryBackend, VirtualClock]:
        clock = VirtualClock()
        return make_backend(*items, clock=clock, lag=2), clock

    def test_reads_that_need_not_be_consistent_are_behind(self) -> None:
        backend, clock = self.make(A)
        get = Get(USERS, {"id": "a"})
        reads: list[Any] = [get, BatchGet(USERS, ({"id": "a"},)), Scan(USERS)]
        assert [getattr(backend.execute(each), "items", None) for each in reads] == [None, (), ()]
        assert (backend.execute(get).item, named(backend, "Jane")) == (None, [])
        clock.advance(seconds=1.9)
        assert backend.execute(get).item is None
        clock.advance(seconds=0.1)
        assert (backend.execute(get).item, named(backend, "Jane")) == (A, ["a"])
        assert backend.execute(BatchGet(USERS, ({"id": "a"},))).items == (A,)

    def test_consistent_reads_and_transactions_are_not(self) -> None:
        backend, _ = self.make(A)
        assert backend.execute(Get(USERS, {"id": "a"}, consistent=True)).item == A
        assert backend.execute(BatchGet(USERS, ({"id": "a"},), consistent=True)).items == (A,)
        assert backend.execute(TransactGet((Get(USERS, {"id": "a"}),))).items == (A,)
        assert ids(backend) == ["a"]

    def test_writes_see_what_there_is(self) -> None:
        backend, _ = self.make(A)
        update = UpdateItem(USERS, {"id": "a"}, (AddUpdate(Path("n"), 1),), Comparison(Path("name"), EQ, "Jane"))
        backend.execute(update)
        backend.execute(update)
        assert backend.execute(Get(USERS, {"id": "a"}, consistent=True)).item == {**A, "n": 2}

    def test_changes_come_one_after_the_other(self) -> None:
        backend, clock = self.make(A)
        clock.advance(seconds=1)
        backend.execute(Put(USERS, {**A, "name": "John"}))
        clock.advance(seconds=1)
        backend.execute(Delete(USERS, {"id": "a"}))
        seen: list[Any] = []
        for _ in range(3):
            seen.append((backend.execute(Get(USERS, {"id": "a"})).item or {}).get("name"))
            clock.advance(seconds=1)
        assert seen == ["Jane", "John", None]

    def test_tables_and_indexes_are_there_at_once(self) -> None:
        backend, _ = self.make()
        backend.execute(CreateTable(RANGED))
        assert backend.execute(Scan(OTHERS)).items == ()
        backend.execute(Put(OTHERS, {"id": "a", "n": 1}))
        backend.execute(DeleteIndex(USERS, "by_name"))
        backend.execute(CreateIndex(USERS, BY_NAME))
        assert named(backend, "Jane") == []
        backend.execute(DeleteTable(OTHERS))
        with pytest.raises(TableNotFound):
            backend.execute(Scan(OTHERS))
        backend.execute(CreateTable(RANGED))
        assert backend.execute(Scan(OTHERS)).items == ()

    def test_expired_items_are_seen_for_a_while(self) -> None:
        backend, clock = self.make({**A, "until": int(VirtualClock().now()) + 60})
        backend.execute(UpdateTimeToLive(USERS, "until"))
        clock.advance(seconds=61)
        assert (backend.expire(), named(backend, "Jane"), ids(backend)) == (1, ["a"], [])
        clock.advance(seconds=2)
        assert named(backend, "Jane") == []

    def test_what_is_restored_or_loaded_is_seen_at_once(self, tmp_path: FilePath) -> None:
        backend, _ = self.make(A)
        snapshot = backend.snapshot()
        backend.dump(tmp_path / "users.json")
        backend.restore(snapshot)
        assert named(backend, "Jane") == ["a"]
        backend.execute(Delete(USERS, {"id": "a"}))
        assert named(backend, "Jane") == ["a"]
        backend.load(tmp_path / "users.json")
        backend.execute(Put(USERS, B))
        assert (named(backend, "Jane"), named(backend, "John"), ids(backend)) == (["a"], [], ["a", "b"])

    @pytest.mark.parametrize("lag", [-1, "1", True, float("nan")])
    def test_lag_is_a_number_of_seconds(self, lag: Any) -> None:
        with pytest.raises(ConfigurationError, match="lag must be a number of seconds"):
            MemoryBackend(lag=lag)
