"""Every block of the README and of the documents, and the quickstart, run, and print what is said."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynamongo import Connection

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture
def default_connection() -> Iterator[None]:
    yield
    Connection.set_config()


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run_blocks(document: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the Python of a document, block after block in one namespace, and return what it printed."""
    namespace: dict[str, object] = {"__name__": document.stem}
    for block in blocks(document, "python"):
        exec(compile(block, document.name, "exec"), namespace)
    return capsys.readouterr().out


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_document_runs_and_prints_the_texts_that_it_shows(
    default_connection: None, capsys: pytest.CaptureFixture[str], document: Path
) -> None:
    printed = run_blocks(document, capsys)
    assert [text for text in blocks(document, "text") if text not in printed] == []


def test_messages_that_the_readme_quotes_are_those_that_come(
    default_connection: None, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = run_blocks(ROOT / "README.md", capsys)
    assert "the key is ORed; it must be ANDed with the other conditions" in printed
    assert "User.year_of_birth must be an int from 1900 to 2100; got 'long ago'" in printed


def run_quickstart(*arguments: str) -> str:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "quickstart.py"), *arguments]
    environment = {"PYTHONHASHSEED": "0", "PATH": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.stderr == ""
    return done.stdout


def test_quickstart_says_the_same_on_both_backends(server_url: str) -> None:
    in_memory = run_quickstart()
    assert "BatchGet diary-visits" in in_memory
    assert in_memory.endswith("left: ['John']\n")
    assert run_quickstart("--dynamodb", server_url) == in_memory
