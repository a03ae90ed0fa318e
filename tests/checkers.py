"""Mypy and pyright as their users run them, over files of a folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TARGETS = ("3.10", "3.14")
"""The oldest and the newest version of Python for which code is checked, whichever runs the checkers."""

_MYPY_ERROR = re.compile(r"(.+?):(\d+): error: (.*?)(?:  \[([a-z-]+)\])?")


class Refusal(NamedTuple):
    """An error that a checker reports."""

    checker: str
    target: str
    file: str
    line: int
    message: str
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.checker} {self.target}: {self.message} [{self.rule}]"


def run_mypy(folder: Path, target: str, options: Sequence[str] = ("--strict",), library: Path = ROOT) -> list[Refusal]:
    """Return the errors in the modules of a folder; `library` is the directory that the package is in."""
    command = [sys.executable, "-m", "mypy", *options, "--config-file", os.devnull, "--python-version", target]
    # Apart from that of the project, whose options are others; of another tree, nothing is kept.
    cache = str(ROOT / ".mypy_cache" / "users") if library == ROOT else os.devnull
    command += ["--cache-dir", cache, "--no-error-summary", "--hide-error-context", "--no-pretty"]
    environment = {**os.environ, "MYPYPATH": str(library)}
    done = _run([*command, "."], folder, environment)
    found = [_MYPY_ERROR.fullmatch(line) for line in done.splitlines()]
    return [Refusal("mypy", target, each[1], int(each[2]), each[3], each[4] or "") for each in found if each]


def run_pyright(
    folder: Path, target: str, settings: dict[str, Any] | None = None, library: Path = ROOT
) -> list[Refusal]:
    """Return the errors in the modules of a folder."""
    config = {"typeCheckingMode": "strict", **(settings or {}), "pythonVersion": target, "extraPaths": [str(library)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", "."]
    found = json.loads(_run(command, folder, {**os.environ}))["generalDiagnostics"]
    return [_refusal(each, folder, target) for each in found if each["severity"] == "error"]


def run_all(folder: Path, mypy: Sequence[str], pyright: dict[str, Any], library: Path = ROOT) -> Iterable[Refusal]:
    """Yield the errors of both checkers on all targets."""
    for target in TARGETS:
        yield from run_mypy(folder, target, mypy, library)
        yield from run_pyright(folder, target, pyright, library)


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    if done.returncode not in (0, 1):  # both exit with 1 if they have found errors
        raise RuntimeError(f"{command} failed: {done.stdout}{done.stderr}")
    return done.stdout


def _refusal(found: dict[str, Any], folder: Path, target: str) -> Refusal:
    file = str(Path(found["file"]).relative_to(folder.resolve()))
    return Refusal(
        "pyright", target, file, found["range"]["start"]["line"] + 1, found["message"], found.get("rule", "")
    )
