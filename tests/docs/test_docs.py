"""Every block of the README and of the documents, and the quickstart, run, and print what is said."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from inspect import CO_COROUTINE
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
    """Run the Python of a document, block after block in one namespace, and return what it printed.

    A block may await at its top level, as in `python -m asyncio`. All of these share an event loop, which does not run
    meanwhile, so that other blocks may block, or call `asyncio.run`.
    """
    namespace: dict[str, object] = {"__name__": document.stem}
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        for block in blocks(document, "python"):
            # Annotations are evaluated, as in the reader's module, which has no `from __future__ import annotations`.
            code = compile(block, document.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            if code.co_flags & CO_COROUTINE:
                loop.run_until_complete(eval(code, namespace))
            else:
                exec(code, namespace)
        assert not asyncio.all_tasks(loop)
    return capsys.readouterr().out


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_document_runs_and_prints_the_texts_that_it_shows(
    default_connection: None, capsys: pytest.CaptureFixture[str], document: Path
) -> None:
    printed = run_blocks(document, capsys)
    assert [text for text in blocks(document, "text") if text not in printed] == []


def test_block_may_await(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "page.md"
    document.write_text(
        "```python\nimport asyncio\nloop = await asyncio.sleep(0, asyncio.get_running_loop())\n```\n"
        "```python\nasync def use():\n    return asyncio.get_running_loop() is loop\nprint(asyncio.run(use()))\n```\n"
        "```python\nprint(await use(), [n async for n in aiter_of(2)])\n```\n".replace(
            "print(await", "async def aiter_of(n):\n    for each in range(n):\n        yield each\nprint(await"
        )
    )
    assert run_blocks(document, capsys) == "False\nTrue [0, 1]\n"


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
