"""Write into `docs/fidelity.md` which tests prove its rules, and what is wrong with the emulator.

    python tests/docs/fidelity.py

A test says which rules it proves with `@proves("1.1")`; the rules' texts, and what checked them, are written by hand.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as pytest does

from backends.test_contract import EMULATOR_ERRORS

from dynamongo.testing.contract import BackendContract
from dynamongo.testing.contract.base import names_of_tests, proofs_of

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "fidelity.md"

RULES = "# | rule | proved by | checked"
ERRORS = "reason | tests"
CHECKS = ("server", "AWS", "static")
SERVER_FIXTURES = {"dynamodb_backend", "server_url"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of one of the document's tables of rules."""

    number: str
    text: str
    checked: str


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests there are.

    Attributes:
        contract: From the tests of the contract to their cases.
        known_failures: Those tests of the contract, and cases as `"test_name[case]"`, that the emulator fails.
        others: From all other tests to whether they talk to the emulator.
        proofs: From the numbers of rules to the tests, and cases as `"test_name[case]"`, that prove them.
    """

    contract: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known_failures: frozenset[str] = frozenset()
    others: Mapping[str, bool] = field(default_factory=dict)
    proofs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def exists(self, test: str) -> bool:
        """Whether there is this test, or this case of one of the contract."""
        name, case = split(test)
        return test in self.others or (name in self.contract and case in ("", *self.contract[name]))

    def is_known_failure(self, test: str) -> bool:
        """Whether the emulator fails all of the test, or the case."""
        name, case = split(test)
        cases = {f"{name}[{each}]" for each in self.contract.get(name, ())}
        return bool({test, name} & self.known_failures) or (not case and bool(cases) and cases <= self.known_failures)

    def asks_server(self, test: str) -> bool:
        """Whether the test compares with the emulator."""
        name = split(test)[0]
        return name in self.contract or self.others.get(name, False)

    def is_unit_test(self, test: str) -> bool:
        """Whether the test is outside the contract."""
        return split(test)[0] not in self.contract


def split(test: str) -> tuple[str, str]:
    """Return the name of a test, and its case if one is named."""
    name, _, case = test.partition("[")
    return name, case.removesuffix("]")


def render(text: str, suite: Suite, errors: Mapping[str, tuple[str, ...]]) -> str:
    """Return the document with its generated parts."""
    lines = []
    for header, line in _with_headers(text):
        if header == RULES and len(cells := _cells_of(line)) == 4 and cells[0] != "#":
            cells[2] = _render_tests(suite.proofs.get(cells[0], ()))
            lines.append(_row(cells))
        elif header != ERRORS:
            lines.append(line)
        elif not lines[-1].startswith("|"):
            lines += [f"| {ERRORS} |", "| --- | --- |"]
            lines += [_row([reason, _render_tests(tests)]) for reason, tests in errors.items()]
    return "\n".join(lines) + "\n"


def read_rules(text: str) -> list[Rule]:
    """Return the rules of all tables."""
    rows = [_cells_of(line) for header, line in _with_headers(text) if header == RULES]
    return [Rule(cells[0], cells[1], cells[-1]) for cells in rows if cells and cells[0] != "#"]


def _with_headers(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line with the header of the table that it is part of."""
    header = ""
    for line in text.splitlines():
        if not line.startswith("|"):
            header = ""
        elif not header:
            header = line.strip("| ")
        yield header, line


def _cells_of(line: str) -> list[str]:
    """Return the cells of a row as text; none of the line below the header."""
    if re.fullmatch(r"[| :-]+", line):
        return []
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _row(cells: Iterable[str]) -> str:
    return "".join(f"| {cell.replace('|', chr(92) + '|')} " for cell in cells) + "|"


def _render_tests(tests: Iterable[str]) -> str:
    return ", ".join(f"`{test}`" for test in tests)


def find_faults(rules: list[Rule], suite: Suite) -> Iterator[str]:
    """Yield all that is wrong with the rules and with what proves them."""
    yield from _faults_of_numbers(rules)
    for rule in rules:
        for fault in _faults_of(rule, suite.proofs.get(rule.number, ()), suite):
            yield f"{rule.number}: {fault}"
    yield from _gaps(rules, suite)


def _faults_of_numbers(rules: Iterable[Rule]) -> Iterator[str]:
    last = (0, 0)
    for rule in rules:
        if not re.fullmatch(r"\d+\.\d+", rule.number):
            yield f"{rule.number!r} is not the number of a rule"
            continue
        section, place = map(int, rule.number.split("."))
        if (section, place) <= last:
            yield f"{rule.number} comes after {last[0]}.{last[1]}"
        last = section, place


def _faults_of(rule: Rule, tests: tuple[str, ...], suite: Suite) -> Iterator[str]:
    if not tests:
        yield "it has no test"
    elif missing := [test for test in tests if not suite.exists(test)]:
        yield f"there is no {', '.join(missing)}"
    else:
        yield from _faults_of_check(rule.checked, tests, suite)


def _faults_of_check(checked: str, tests: tuple[str, ...], suite: Suite) -> Iterator[str]:
    failures = [test for test in tests if suite.is_known_failure(test)]
    agreed = [test for test in tests if suite.asks_server(test) and test not in failures]
    if checked not in CHECKS:
        yield f"checked is {checked!r}, and should be one of {', '.join(CHECKS)}"
    if checked != "AWS" and failures:
        yield f"the emulator is known to fail {', '.join(failures)}"
    if checked == "AWS" and agreed:
        yield f"the emulator passes {', '.join(agreed)}"
    if checked == "server" and not agreed:
        yield "none of its tests runs against the emulator"
    if checked == "static" and not any(map(suite.is_unit_test, tests)):
        yield "none of its tests is a unit test"


def _gaps(rules: list[Rule], suite: Suite) -> Iterator[str]:
    numbers = {rule.number for rule in rules}
    for number in sorted(suite.proofs.keys() - numbers):
        yield f"{', '.join(suite.proofs[number])} proves {number}, which is not a rule"
    citing = {split(test)[0] for number in numbers for test in suite.proofs.get(number, ())}
    for test in sorted(suite.contract.keys() - citing):
        yield f"{test} proves no rule"
    from_aws = {test for rule in rules if rule.checked == "AWS" for test in suite.proofs.get(rule.number, ())}
    for failure in sorted(suite.known_failures):
        if not {failure, split(failure)[0]} & from_aws:
            yield f"the emulator is known to fail {failure}, and no rule says that it was checked by AWS alone"


def read_suite() -> Suite:
    """Return the tests of this repository."""
    cases = defaultdict[str, set[str]](set)
    for test in names_of_tests(BackendContract):
        name, case = split(test)
        cases[name].update({case} - {""})
    contract = {name: frozenset(found) for name, found in cases.items()}
    known = frozenset(test for tests in EMULATOR_ERRORS.values() for test in tests)
    proofs = defaultdict[str, list[str]](list)
    for rule, test in proofs_of(BackendContract):
        proofs[rule].append(test)
    others: dict[str, bool] = {}
    for function in _scan_tests():
        if function.name not in contract:
            arguments = {argument.arg for argument in function.args.args}
            others[function.name] = bool(SERVER_FIXTURES & arguments)
        for rule in _rules_of(function):
            proofs[rule].append(function.name)
    return Suite(contract, known, others, {rule: tuple(tests) for rule, tests in proofs.items()})


def _scan_tests() -> Iterator[ast.FunctionDef]:
    """Yield all test functions in `tests`."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node


def _rules_of(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "proves":
            yield from map(ast.literal_eval, decorator.args)


if __name__ == "__main__":
    DOCUMENT.write_text(render(DOCUMENT.read_text(encoding="utf-8"), read_suite(), EMULATOR_ERRORS), encoding="utf-8")
