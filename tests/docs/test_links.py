"""What the documents name exists: files, headings, and in `CONTRIBUTING.md` the packages of the house."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dynamongo"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def anchors(document: Path) -> set[str]:
    """Return the anchors of the headings, as hosted pages make them."""
    prose = re.sub(r"^```.*?^```$", "", read(document), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", read(document)):
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_named_source_files_exist(document: Path) -> None:
    files = re.findall(r"`((?:[\w-]+/)+\w+\.py)`", "" if document.name == "CHANGELOG.md" else read(document))
    assert [file for file in files if not (PACKAGE / file).is_file() and not (ROOT / file).is_file()] == []


def test_three_calls_name_code_that_exists() -> None:
    calls = read(ROOT / "CONTRIBUTING.md").partition("\n## Three calls")[2].partition("\n## ")[0]
    names = {name.rpartition(".")[2] for name in re.findall(r"`(\w+(?:\.\w+)?)`", calls) if not name.endswith(".py")}
    defined = {name for path in PACKAGE.rglob("*.py") for name in re.findall(r"\b(?:class|def) (\w+)", read(path))}
    assert "PageLoop" in names
    assert names - defined == set()


def test_house_has_every_package() -> None:
    house = re.search(r"## The house.*?```\n(.*?)```", read(ROOT / "CONTRIBUTING.md"), re.DOTALL)
    assert house is not None
    drawn = {name for line in house[1].splitlines() for name in line[:25].split()}
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert drawn == there - {"__init__"}
