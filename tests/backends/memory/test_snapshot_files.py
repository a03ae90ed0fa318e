"""Snapshot files: dumping a table to a file, and loading one."""

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
from backends.memory.users import OTHERS, RANGED, USERS, A, B, ids, make_backend, named
from hypothesis import given
from strategies import values

from dynamongo import ExpressionError, TableNotFound, ValidationError
from dynamongo.backends.memory import MemoryBackend
from dynamongo.backends.memory.snapshot_files import write_items
from dynamongo.expressions.values import Item
from dynamongo.operations import CreateTable, Get, Put, Scan


def load_refusals(backend: MemoryBackend, path: FilePath) -> list[str]:
    try:
        backend.load(path)
    except ValidationError as error:
        return [str(error)]
    return []


class TestFiles:
    @pytest.mark.parametrize("name", ["users.json", "users.json.gz"])
    def test_dump_can_be_loaded(self, tmp_path: FilePath, name: str) -> None:
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

    def test_lines_have_the_format_of_an_export(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json"
        make_backend({"id": "a", "n": 1, "raw": b"x"}).dump(path)
        assert [json.loads(line) for line in path.read_text().splitlines()] == [
            {"Item": {"id": {"S": "a"}, "n": {"N": "1"}, "raw": {"B": "eA=="}}}
        ]

    def test_all_files_of_an_export_are_loaded(self, tmp_path: FilePath) -> None:
        """Load the developer guide's example, in the layout of an export."""
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
            (
                '{"Item": {"id": {"S": "a"}, "n": ' + '{"M": {"n": ' * 5_000 + '{"N": "1"}' + "}}" * 5_000 + "}}",
                "nested too deep",
            ),
            ("[" * 100_000, "nested too deep"),
            ('{"Item": {"id": {"S": "a"}, "n": {"S": "\x01"}}}', "Invalid control character"),
            ("\udcff", "not an item in DynamoDB JSON"),
        ],
    )
    def test_error_names_the_damaged_line_and_nothing_is_loaded(
        self, tmp_path: FilePath, line: str, message: str
    ) -> None:
        path = tmp_path / "users.json"
        text = '{"Item": {"id": {"S": "x"}}}\n{"Item": {"id": {"S": "b"}}}\n' + line + "\n"
        path.write_text(text, errors="surrogateescape")
        backend = make_backend(B)
        with pytest.raises(ValidationError, match=f"users.json, line 3.*{message}"):
            backend.load(path)
        assert (ids(backend), named(backend, "John")) == (["b"], ["b"])
        backend.execute(Put(USERS, A))
        assert ids(backend) == ["a", "b"]

    def test_truncated_file_is_refused(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json.gz"
        make_backend(*({**A, "id": str(n)} for n in range(100))).dump(path)
        path.write_bytes(path.read_bytes()[:-30])
        backend = make_backend()
        with pytest.raises(ValidationError, match="cannot read any further"):
            backend.load(path)
        assert ids(backend) == []

    def test_errors_do_not_show_values(self, tmp_path: FilePath) -> None:
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

    def test_errors_name_the_place_of_any_damage(self, tmp_path: FilePath) -> None:
        """Change, drop and double bytes of a dump at random: it is either loaded or refused with its place."""
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

    def test_pipe_is_written_to(self, tmp_path: FilePath) -> None:
        pipe = tmp_path / "pipe.json"
        os.mkfifo(pipe)
        read: list[str] = []
        reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
        reader.start()
        make_backend(A, B).dump(pipe)
        reader.join()
        assert (len(read[0].splitlines()), stat.S_ISFIFO(pipe.stat().st_mode)) == (2, True)
        assert list(tmp_path.iterdir()) == [pipe]

    def test_device_is_written_to(self) -> None:
        assert make_backend(A, B).dump(os.devnull) == 2
        assert stat.S_ISCHR(FilePath(os.devnull).stat().st_mode)

    def test_folder_is_refused(self, tmp_path: FilePath) -> None:
        with pytest.raises(ValidationError, match=r"cannot write to .*: it is a folder"):
            make_backend(A).dump(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_permissions_of_a_file_are_kept(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json"
        path.touch()
        path.chmod(0o640)
        make_backend(A).dump(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_several_processes_may_write_to_a_path(self, tmp_path: FilePath) -> None:
        """Interrupt one of two writers: the other deletes abandoned files, but not that of the first."""
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

    def test_file_of_a_killed_writer_is_deleted_by_the_next(self, tmp_path: FilePath) -> None:
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

    def test_file_that_was_deleted_before_it_was_locked_is_created_again(
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

    def test_failing_writer_leaves_no_file(self, tmp_path: FilePath) -> None:
        path = tmp_path / "users.json"
        make_backend(A).dump(path)

        def give() -> Iterator[Item]:
            yield B
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_items(path, give())
        assert list(tmp_path.iterdir()) == [path]
        assert '"a"' in path.read_text()

    def test_failing_dump_keeps_the_existing_file(self, tmp_path: FilePath) -> None:
        path = tmp_path / "folder" / "users.json"
        with pytest.raises(FileNotFoundError):
            make_backend(A).dump(path)
        assert list(tmp_path.iterdir()) == []

    def test_unknown_or_ambiguous_table_is_refused(self, tmp_path: FilePath) -> None:
        backend = make_backend(A)
        with pytest.raises(TableNotFound):
            backend.dump(tmp_path / "x.json", OTHERS)
        backend.execute(CreateTable(RANGED))
        with pytest.raises(ExpressionError, match="exactly one table; there are 2: users, others"):
            backend.dump(tmp_path / "x.json")
        with pytest.raises(ValidationError, match=r"contains no files named \*\.json or"):
            backend.load(tmp_path, USERS)
