"""Plant bugs in the library, one at a time, and tell which of them the tests do not notice.

    python tests/mutants.py                   # all of them
    python tests/mutants.py -j 4              # four at a time
    python tests/mutants.py BETWEEN cursor    # those whose name, place or module has one of the words
    python tests/mutants.py --list            # what they are and where they would be planted

The bugs are in `tests/mutation/bugs`. Each is planted in a copy of the library, on which the tests of its package run,
then the contract of backends, then the slow tests of its package, until one of them fails. A bug that survives is a
test that is missing; one that can no longer be planted is reported, and its pattern has to be rewritten.
"""

# ruff: noqa: T201 - the script prints

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent))  # as pytest does

from mutation.bugs import MUTANTS
from mutation.library import ROOT, Library, Mutant, NotPlantedError

Copies: TypeAlias = "SimpleQueue[Path]"

CONTRACT = "tests/backends/test_contract.py"
TESTED_BY = {
    **dict.fromkeys(("verbs", "planning/write_builders"), "model"),
    **dict.fromkeys(("mapping/kinds", "mapping/rules", "mapping/problems/given"), "model"),
    **dict.fromkeys(("mapping/unique", "mapping/partial_items", "mapping/keys/joined", "planning/members"), "model"),
    **dict.fromkeys(("executor/unique_steps", "executor/unique_check", "connection/transaction_guards"), "model"),
    **dict.fromkeys(("fields/key_slots", "fields/key_templates"), "mapping"),
    "fields/computed_fields": "model",
}
"""Packages and modules whose tests are in the folder of another package."""
USUAL, SLOW = "not slow and not aws", "slow"
_TIMEOUT = 120  # seconds; a bug may make a loop without end


@dataclass(frozen=True)
class Located:
    """A bug with the module that has it, relative to the root of the project."""

    mutant: Mutant
    module: Path

    def __str__(self) -> str:
        return f"{self.mutant.bug}  ({self.module}: {self.mutant.where})"

    @property
    def runs(self) -> list[tuple[str, str]]:
        """The runs that may find the bug, each as a path of tests and a choice of markers."""
        tests = tests_of(self.module)
        return [(tests, USUAL), (CONTRACT, USUAL), (tests, SLOW)]


def tests_of(module: Path) -> str:
    """Return the folder in `tests` of the innermost package that has one."""
    for place in (module.with_suffix(""), *module.parents):
        name = "/".join(place.parts[1:])
        folder = Path("tests", TESTED_BY.get(name, name))
        if folder != Path("tests") and (ROOT / folder).is_dir():
            return str(folder)
    raise NotPlantedError(f"no folder of tests is about {module}: name one in TESTED_BY")


def locate_all(words: list[str]) -> tuple[list[Located], list[str]]:
    """Return the chosen bugs, and what is wrong with those that cannot be planted."""
    library = Library(ROOT)
    located, errors = [], []
    for mutant in MUTANTS:
        try:
            located.append(Located(mutant, library.find(mutant)[0].relative_to(ROOT)))
        except NotPlantedError as error:
            errors.append(str(error))
    return [each for each in located if not words or any(word in str(each) for word in words)], errors


@contextmanager
def copy_project(count: int) -> Iterator[Copies]:
    """Make so many copies of the library and its tests, in a directory that is removed at the end."""
    copies: Copies = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        for number in range(count):
            root = Path(directory, str(number))
            for name in ("dynamongo", "tests", "docs"):
                shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "pyproject.toml", root)
            if (ROOT / ".cache").exists():
                (root / ".cache").symlink_to(ROOT / ".cache")  # the emulator is there
            copies.put(root)
        yield copies


@contextmanager
def borrow(copies: Copies) -> Iterator[Path]:
    """Lend the root of a copy that nothing else uses."""
    root = copies.get()
    yield root
    copies.put(root)


def run_tests(root: Path, tests: str, markers: str) -> bool:
    """Whether the tests pass on the copy at `root`; a run that does not end fails."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-k", "not TestDynamoDB", "-m", markers]
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "",  # the copies are used many times
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "DYNAMONGO_HYPOTHESIS_PROFILE": "mutants",
    }
    command = [sys.executable, "-m", "pytest", *options, tests]
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return False
    if done.returncode not in (0, 1, 5):  # passed, failed, and no tests; anything else is a fault of this script
        raise RuntimeError(f"pytest {tests} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode != 1


def is_found(bug: Located, copies: Copies) -> bool:
    """Whether a test fails on the library with the bug."""
    with borrow(copies) as root:
        path, code = Library(root).plant(bug.mutant)
        original = path.read_text(encoding="utf-8")
        try:
            write_module(path, code)
            return not all(run_tests(root, *run) for run in bug.runs)
        finally:
            write_module(path, original)


def write_module(path: Path, code: str) -> None:
    """Write a module, and remove its bytecode, which Python would take for current for a second."""
    path.write_text(code, encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def check_without_bugs(chosen: Iterable[Located], copies: Copies, pool: ThreadPoolExecutor) -> list[str]:
    """Run the chosen tests on the library as it is, and return those that fail: they would find any bug."""

    def has_passed(tests: str) -> bool:
        with borrow(copies) as root:
            return run_tests(root, tests, USUAL)

    paths = sorted({tests for each in chosen for tests, _ in each.runs})
    return [tests for tests, passed in zip(paths, pool.map(has_passed, paths), strict=True) if not passed]


def judge(bug: Located, copies: Copies) -> bool:
    """Whether the bug was found, which is printed with the time that it took."""
    start = time.perf_counter()
    found = is_found(bug, copies)
    print(f"{'found   ' if found else 'SURVIVED'} {time.perf_counter() - start:6.1f} s  {bug}", flush=True)
    return found


def main(arguments: list[str]) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="mutants.py", description="Plant bugs, and tell which the tests do not notice."
    )
    parser.add_argument("words", nargs="*", help="choose bugs whose name, place or module has one of the words")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="how many bugs at a time")
    parser.add_argument("--list", action="store_true", help="plant nothing")
    options = parser.parse_args(arguments)
    chosen, errors = locate_all(options.words)
    for error in errors:
        print("NOT PLANTED", error)
    if options.list:
        print(*chosen, sep="\n")
        return bool(errors)
    with copy_project(options.jobs) as copies, ThreadPoolExecutor(options.jobs) as pool:
        if failing := check_without_bugs(chosen, copies, pool):
            print("these tests fail without any bug:", *failing)
            return 2
        found = sum(pool.map(lambda bug: judge(bug, copies), chosen))
    print(f"{found} of {len(chosen)} planted bugs were found" + (f"; {len(errors)} not planted" if errors else ""))
    return found < len(chosen) or bool(errors)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
