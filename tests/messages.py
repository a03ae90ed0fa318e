"""Every message of the library in one list: `python tests/messages.py [WORD...]` prints those that contain all words.

A message is any text of several words that is not a docstring: what is raised, warned, logged, and printed in a plan. The
values that a message will contain show as `{expression}`. `tests/test_messages.py` checks all of them by simple rules.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "dynamongo"
LEFT_OUT = ("testing/contract", "mapping/codec_source.py", "mapping/codec_fast_paths.py", "_support/codegen.py")


@dataclass(frozen=True, slots=True)
class Message:
    """A text, and where it stands."""

    module: str
    line: int
    text: str


def find_messages() -> list[Message]:
    """Return all messages, by module and line."""
    return [
        message
        for path in sorted(PACKAGE.rglob("*.py"))
        if not (name := path.relative_to(PACKAGE).as_posix()).startswith(LEFT_OUT)
        for message in _read(ast.parse(path.read_text(encoding="utf-8")), name)
    ]


def _read(tree: ast.Module, module: str) -> Iterator[Message]:
    skipped = {id(node) for node in ast.walk(tree) if _is_statement(node) for node in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in ast.walk(node))
        if (text := _render(node)) is not None and len(text.split()) > 2:
            yield Message(module, node.lineno, text)


def _is_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _render(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_render(part) or "" for part in parts)
        case ast.FormattedValue(value=value):
            return "{" + ast.unparse(value) + "}"
    return None


if __name__ == "__main__":
    words = sys.argv[1:]
    for message in find_messages():
        if all(word in message.text for word in words):
            print(f"{message.module}:{message.line}: {message.text}")
