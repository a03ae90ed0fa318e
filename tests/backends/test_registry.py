"""The registry: the names of the backends that ship, and those that entry points add."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from dynamongo import ConfigurationError, Connection
from dynamongo.backends import backend_names, check_backend_name, load_backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend

MODULE = """
from dynamongo.backends.memory import MemoryBackend

def make(region=None, client=None):
    backend = MemoryBackend()
    backend.made_for = region, client
    return backend

class Other(MemoryBackend):
    pass
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a package that registers `mine`, and `memory`, which is not its to register; return its module."""
    name = f"package_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    (folder := tmp_path / f"{name}-1.0.dist-info").mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    points = f"mine_{name} = {name}:make\nmemory = {name}:Other\n"
    (folder / "entry_points.txt").write_text(f"[dynamongo.backends]\n{points}")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_backends_that_ship_are_those_of_the_entry_points() -> None:
    points = distribution("dynamongo").entry_points.select(group="dynamongo.backends")
    assert {point.name: point.load() for point in points} == {"memory": MemoryBackend, "dynamodb": DynamoDBBackend}
    assert {point.name: load_backend(point.name) for point in points} == {point.name: point.load() for point in points}


def test_entry_point_adds_a_backend_which_gets_the_settings_that_it_takes(install: str) -> None:
    with pytest.warns(UserWarning, match="ignored"):
        connection = Connection(backend=f"mine_{install}", region="eu-west-1", table_prefix="p_")
    with pytest.warns(UserWarning, match="ignored"):
        assert connection.backend.made_for == ("eu-west-1", None)  # type: ignore[attr-defined]  # of the other package


def test_entry_point_cannot_take_the_name_of_a_backend_that_ships(install: str) -> None:
    assert load_backend("memory") is MemoryBackend
    with pytest.warns(UserWarning, match=rf"{install}:Other is registered as a backend 'memory', .*another name"):
        assert backend_names() == ["dynamodb", "memory", f"mine_{install}"]


def test_unknown_backend_is_refused_with_the_names_of_the_installed_ones() -> None:
    with pytest.raises(ConfigurationError, match="unknown backend 'mongo'; installed are: dynamodb, memory"):
        check_backend_name("mongo")
    with pytest.raises(ConfigurationError, match="unknown backend"):
        load_backend("mongo")


def test_backends_that_ship_are_found_without_looking_for_packages() -> None:
    program = """
import sys
from dynamongo import Connection, Model, StringField
class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField()
Connection.set_config(backend="memory", scans="allow")
Note.create_table()
Note.explain(Note.title == "a")
Note.explain(Note.title > "a")
print(sorted(sys.modules.keys() & {"importlib.metadata", "inspect"}))
"""
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"
