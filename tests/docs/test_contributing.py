"""`CONTRIBUTING.md` shows the way through the code: the files and the packages that it names exist, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dynamongo"


def named_files(document: str) -> set[str]:
    """Return the Python files that the document names, as `folder/file.py`."""
    return set(re.findall(r"[`(]((?:\w+/)+\w+\.py)[`)]", (ROOT / document).read_text(encoding="utf-8")))


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "README.md"])
def test_named_files_exist(document: str) -> None:
    files = named_files(document)
    assert files
    assert [file for file in sorted(files) if not (PACKAGE / file).is_file() and not (ROOT / file).is_file()] == []


def test_house_has_a_line_for_every_package() -> None:
    house = re.search(
        r"## The house.*?```\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert house is not None
    drawn = {name for line in house[1].splitlines() for name in line[:25].split()}
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert drawn == there - {"__init__"}
