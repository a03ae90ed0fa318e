"""mypy and pyright, run over the catalogue: the lines that they report, with their messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from mistakes.marks import Checker

TESTS: Final = Path(__file__).resolve().parent.parent
ROOT: Final = TESTS.parent
TARGETS: Final = ("3.10", "3.14")

Reports: TypeAlias = "dict[Path, dict[int, list[str]]]"
"""The messages of a checker, by file and line."""

_PYRIGHT: Final[dict[str, Any]] = {
    "typeCheckingMode": "strict",
    # That nothing is done with a name or a value is as it should be in a catalogue.
    **{f"reportUnused{each}": "none" for each in ("Class", "Expression", "Function", "Variable")},
}


def report(checker: Checker, target: str, paths: Sequence[Path], library: Path = ROOT) -> Reports:
    """Return what a checker reports of the files, for a version of Python.

    Args:
        checker: Which one.
        target: The version of Python that the files are for.
        paths: The files.
        library: The directory of the package `dynamongo` to check them against.
    """
    run = _run_mypy if checker == "mypy" else _run_pyright
    found: Reports = defaultdict(lambda: defaultdict(list))
    for path, line, message in run(target, paths, library):
        found[path][line].append(message)
    return found


def _run_mypy(target: str, paths: Sequence[Path], library: Path) -> list[tuple[Path, int, str]]:
    arguments = ["--config-file=", "--strict", "--output=json", f"--python-version={target}", "--explicit-package-bases"]
    cache = f"--cache-dir={ROOT / '.mypy_cache/mistakes'}" if library == ROOT else "--cache-dir=/dev/null"
    environment = {**os.environ, "MYPYPATH": os.pathsep.join([str(library), str(TESTS)])}
    text = _call(["mypy", *arguments, cache, *map(str, paths)], environment)
    reports = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    if not reports and "Success" not in text:
        raise RuntimeError(f"mypy failed: {text}")
    errors = [each for each in reports if each["severity"] == "error"]
    return [(ROOT / each["file"], each["line"], f"{each['message']} [{each['code']}]") for each in errors]


def _run_pyright(target: str, paths: Sequence[Path], library: Path) -> list[tuple[Path, int, str]]:
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory) / "pyrightconfig.json"
        options = {"pythonVersion": target, "extraPaths": [str(library), str(TESTS)]}
        included = [os.path.relpath(path, Path(directory).resolve()) for path in paths]
        project.write_text(json.dumps({**_PYRIGHT, **options, "include": included}))
        arguments = ["--outputjson", "--pythonpath", sys.executable, "--project", str(project)]
        answer = json.loads(_call(["pyright", *arguments], dict(os.environ)))
    if answer["summary"]["filesAnalyzed"] != len(paths):
        raise RuntimeError(f"pyright has checked other files than these: {answer}")
    errors = [each for each in answer["generalDiagnostics"] if each["severity"] == "error"]
    return [(Path(each["file"]), each["range"]["start"]["line"] + 1, _describe(each)) for each in errors]


def _describe(diagnostic: dict[str, Any]) -> str:
    return f"{diagnostic['message'].splitlines()[0]} [{diagnostic.get('rule', 'syntax')}]"


def _call(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return done.stdout
