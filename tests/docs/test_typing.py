"""docs/typing.md shows what pyright's language server shows, and messages of mypy and pyright.

In its blocks, a comment that begins with `#:` is what is shown about the last name on the line that it names, as in
`jane.year  #: (variable) year: int | None`; or, after "after the dot:" and "after the parenthesis:", the first names
that completion offers there. Such a comment may have lines of its own below the code. Below a mistake, `# mypy says:`
and `# pyright says:` quote messages. All are shortened with `…`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from checkers import ROOT, TARGETS, run_all
from docs.blocks import as_modules
from docs.test_types import MYPY, PYRIGHT
from language_server import LanguageServer, Position, language_server

PAGE = ROOT / "docs" / "typing.md"
_OFFERS = {"after the dot: ": ".", "after the parenthesis: ": "("}


class Claim(NamedTuple):
    """What the page says that is shown about a line of code."""

    file: str
    line: int
    code: str
    shown: str


@pytest.fixture
def modules(tmp_path: Path) -> dict[str, str]:
    found = {f"{name}.py": source for name, source in as_modules(PAGE).items()}
    for name, source in found.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    return found


@pytest.mark.slow
def test_editors_show_what_the_page_says(tmp_path: Path, modules: dict[str, str]) -> None:
    (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{ROOT}"], "pythonVersion": "{TARGETS[0]}"}}')
    claims = [claim for name, source in modules.items() for claim in claims_of(name, source)]
    with language_server(tmp_path) as server:
        for name in modules:
            server.open(name)
        shown = {claim: shows(server, claim) for claim in claims}
    assert {claim: text for claim, text in shown.items() if not is_short_for(claim.shown, text)} == {}
    assert len(claims) > 20


@pytest.mark.slow
def test_checkers_say_what_the_page_quotes(tmp_path: Path, modules: dict[str, str]) -> None:
    said: dict[tuple[str, str, str, int], str] = {}
    for refusal in run_all(tmp_path, MYPY, PYRIGHT):
        place = (refusal.checker, refusal.target, refusal.file, refusal.line)
        said[place] = f"{said.get(place, '')}\n{refusal.message}"
    quoted = {
        (checker, target, name, line): message
        for name, source in modules.items()
        for line, checker, message in quotes_of(source)
        for target in TARGETS
    }
    wrong = {place: said.get(place) for place, text in quoted.items() if not is_part_of(text, said.get(place, ""))}
    assert wrong == {}
    assert len(quoted) > 20


def claims_of(name: str, source: str) -> Iterator[Claim]:
    lines = source.splitlines()
    for number, line in enumerate(lines):
        code, _, shown = line.partition("  #: ")
        for below in itertools.takewhile(lambda line: line.startswith("#: "), lines[number + 1 :]):
            shown = f"{shown} {below[3:].strip()}".strip()
        if shown and not line.startswith("#: "):
            yield Claim(name, number, code, shown)


def quotes_of(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line of a mistake, who refuses it, and the message, for each that is quoted."""
    mistake = 0
    for number, line in enumerate(source.splitlines(), 1):
        quote = re.fullmatch(r"# (mypy|pyright) says: (.*)", line)
        if quote:
            yield mistake, quote[1], quote[2]
        elif not line.startswith(("#", " ", ")")):
            mistake = number


def shows(server: LanguageServer, claim: Claim) -> str:
    for offers, mark in _OFFERS.items():
        if claim.shown.startswith(offers):
            place = Position(claim.line, claim.code.rindex(mark) + 1)
            return offers + ", ".join(server.complete(claim.file, place))
    name = re.match(r"\(\w+\) (?:def )?(\w+)|class (\w+)", claim.shown)
    assert name is not None, claim
    *_, found = re.finditer(rf"\b{name[1] or name[2]}\b", claim.code)
    signature, _, _ = server.hover(claim.file, Position(claim.line, found.start())).partition("\n\n")
    return re.sub(r"\s+", " ", signature).replace("( ", "(").replace(" )", ")").removesuffix(": ...")


def is_short_for(short: str, text: str) -> bool:
    return re.fullmatch(_pattern(short), text, re.DOTALL) is not None


def is_part_of(quote: str, message: str) -> bool:
    return re.search(_pattern(quote), message, re.DOTALL) is not None


def _pattern(short: str) -> str:
    return ".*".join(map(re.escape, short.split("…")))
