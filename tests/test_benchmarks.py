"""The benchmarks run, whatever rivals are installed: so little of each that only errors can be seen by it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from server import EmulatorUnavailable, find_binary, is_required

pytestmark = pytest.mark.slow

SUITES = ("codec", "conditions", "memory", "wire", "traced", "concurrency", "async", "cold")
ROOT = Path(__file__).resolve().parent.parent


def run_benchmarks(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks", "--tiny", *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_suites_run_and_write_a_page(tmp_path: Path) -> None:
    try:
        find_binary()
    except EmulatorUnavailable as error:
        if is_required():
            pytest.fail(str(error))
        pytest.skip(str(error))
    page = tmp_path / "page.md"
    printed = run_benchmarks("--output", str(page))
    text = page.read_text()
    assert f"written: {page}" in printed
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {row.count("|") for row in rows if row.startswith(("| codec | encode", "| wire | put | boto3"))} == {7}
    for part in ("## Targets", "## Method", "## Measured with", *(f"### {name}" for name in SUITES)):
        assert part in text
    assert "| put | boto3 | 0." in text


def test_model_of_ones_own_can_be_measured() -> None:
    printed = run_benchmarks("--model", "benchmarks.rows:Row")
    assert "Row: 300 items, such as Row(pk='text 0'" in printed
    assert all(f"  {task}: dynamongo " in printed for task in ("encode: model to wire", "get_one", "scan of 300"))
