"""Every message of the library in one list: `python tests/messages.py [WORD...]` prints those that contain all words.

A message is any text of several words that is neither a docstring nor code: it is raised, warned, logged, or printed in
a plan. Values show as `{expression}`. `tests/docs/test_messages.py` checks each of them against a few simple rules.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "dynamongo"

# What these modules write is code, HTTP and DynamoDB's expressions; the contract's texts are the names of its cases.
NO_MESSAGES = (
    "_support/codegen.py",
    "_support/dataclasses.py",
    "backends/dynamodb/expressions.py",
    "backends/dynamodb/transport/http_writer.py",
    "backends/dynamodb/transport/signing.py",
    "mapping/codec/fast_paths",
    "mapping/codec/lines",
    "mapping/codec/source",
    "testing/contract/",
)


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the library, and where it stands."""

    module: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.text}"


def find_messages() -> list[Message]:
    """Return all messages of the library, by module and line."""
    return [
        message
        for path in sorted(PACKAGE.rglob("*.py"))
        if not (module := path.relative_to(PACKAGE).as_posix()).startswith(NO_MESSAGES)
        for message in sorted(_read(path.read_text(encoding="utf-8"), module), key=lambda message: message.line)
    ]


def _read(source: str, module: str) -> Iterator[Message]:
    tree = ast.parse(source)
    docstrings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    parts = [part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values]
    skipped = {id(node) for node in (*docstrings, *parts)}
    for node in ast.walk(tree):
        if id(node) not in skipped and (text := _render(node)) and _is_prose(text):
            yield Message(module, getattr(node, "lineno", 0), text)


def _render(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_render(part) or "" for part in parts)
        case ast.FormattedValue(value=value, conversion=conversion):
            return "{" + ast.unparse(value) + ("!r" if conversion == ord("r") else "") + "}"
    return None


def _is_prose(text: str) -> bool:
    return len(text.split()) > 2 and not _is_code(text.strip())


def _is_code(text: str) -> bool:
    if text.startswith("def "):  # a template, whose body is filled in
        return True
    text = re.sub(r"\{[^{}]*\}", "value", text)
    try:
        ast.parse(f"{text} pass" if text.endswith(":") else text)
    except SyntaxError:
        return False
    return True


if __name__ == "__main__":
    for found in find_messages():
        if all(word in found.text for word in sys.argv[1:]):
            print(found)  # noqa: T201 - a script prints
