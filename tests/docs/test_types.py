"""Type checkers accept every block of the README and of the documents, but for the mistakes that these show.

Each statement is a mistake in a block of "python refused", such as docs/typing.md has. Elsewhere, a mistake has a
comment that says that type checkers refuse it, and both do, or that mypy or pyright refuses it, and the other does not.
Functions in blocks need no annotations.

The examples are accepted as well, and so are those of dynamongo 0.2, as `test_seed.py` has them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkers import ROOT, TARGETS, Refusal, run_all
from docs.blocks import as_modules, statements_of

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MYPY = ("--strict", "--allow-untyped-defs", "--allow-incomplete-defs", "--allow-untyped-calls")
PYRIGHT = {"typeCheckingMode": "standard"}  # strict reports whatever depends on a parameter without a type
_MARK = re.compile(r"#.*\b(type checkers|mypy|pyright) refuses?\b")
_AWAITS = re.compile(r'"(await|async|async with|async for)" (allowed only within async|outside|not allowed outside)')


@pytest.mark.slow
def test_type_checkers_accept_documented_code_but_for_marked_mistakes(tmp_path: Path) -> None:
    sources = dict(write_modules(tmp_path))
    expected = {(file, lines): runs for file, source in sources.items() for lines, runs in marked_lines(file, source)}
    refused: defaultdict[tuple[str, range], set[str]] = defaultdict(set)
    faults = []
    for refusal in run_all(tmp_path, MYPY, PYRIGHT):
        statement = (refusal.file, lines_around(refusal, sources))
        if statement in expected:
            refused[statement].add(f"{refusal.checker} {refusal.target}")
        elif refusal.file in sources and not is_top_level_await(refusal):
            faults.append(str(refusal))
    assert faults == []
    assert refused == expected


def write_modules(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the source of each file that is checked."""
    for document in DOCUMENTS:
        for name, source in as_modules(document).items():
            (folder / f"{name}.py").write_text(source, encoding="utf-8")
            yield f"{name}.py", source
    for path in [*(ROOT / "examples").rglob("*.py"), ROOT / "tests" / "docs" / "test_seed.py"]:
        if not path.name.startswith("fill_"):  # they are about other libraries
            copied = folder / path.relative_to(ROOT)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(path.read_bytes())
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def marked_lines(file: str, source: str) -> Iterator[tuple[range, set[str]]]:
    """Yield the lines of each statement that is a mistake, and who refuses it."""
    lines = source.splitlines()
    for statement in statements_of(source):
        marks = {mark[1] for mark in filter(None, (_MARK.search(lines[number - 1]) for number in statement))}
        if file.endswith("_refused.py") and statement.start > 1:  # the first line imports
            marks.add("type checkers")
        if marks:
            checkers = {"mypy", "pyright"} if "type checkers" in marks else marks
            yield statement, {f"{checker} {target}" for checker in checkers for target in TARGETS}


def lines_around(refusal: Refusal, sources: dict[str, str]) -> range:
    here = range(refusal.line, refusal.line + 1)
    statements = statements_of(sources.get(refusal.file, ""))
    return next((lines for lines in statements if refusal.line in lines), here)


def is_top_level_await(refusal: Refusal) -> bool:
    return _AWAITS.search(refusal.message) is not None
