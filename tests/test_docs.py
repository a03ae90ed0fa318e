"""Every block of the README and the quickstart run, and print what is said."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynamongo import Connection

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def default_connection() -> Iterator[None]:
    yield
    Connection.set_config()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_readme_runs_and_prints_the_plan_and_the_messages_that_it_shows(
    default_connection: None, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), namespace)
    printed = capsys.readouterr().out
    assert [text for text in blocks("text") if text not in printed] == []
    assert "the key is ORed, and must be ANDed with the other conditions" in printed
    assert "User.year_of_birth must be an int from 1900 to 2100; got 'long ago'" in printed


def run_quickstart(*arguments: str) -> str:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "quickstart.py"), *arguments]
    environment = {"PYTHONHASHSEED": "0", "PATH": ""}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.stderr == ""
    return done.stdout


def test_quickstart_says_the_same_on_both_backends(server_url: str) -> None:
    in_memory = run_quickstart()
    assert "BatchGet diary-visits" in in_memory
    assert in_memory.endswith("left: ['John']\n")
    assert run_quickstart("--dynamodb", server_url) == in_memory
