"""`docs/fidelity.md` says what the tests prove: every rule has its test, and every test of the contract its rule.

Four rules have their tests here, below: the emulator breaks them, and the contract does not ask for them.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path as File

import pytest
from backends.test_contract import EMULATOR_ERRORS

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, Comparison, Exists, Path
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchPut, BatchWrite, CreateTable, Get, KeyCondition, Query, Scan, TransactGet
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract import BackendContract
from dynamongo.testing.contract.base import names_of_tests

ROOT = File(__file__).resolve().parents[2]
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
    tests: tuple[str, ...]
    checked: str


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests there are.

    Attributes:
        contract: From the tests of the contract to their cases.
        known_failures: Those tests of the contract, and cases as `"test_name[case]"`, that the emulator fails.
        others: From all other tests to whether they talk to the emulator.
    """

    contract: Mapping[str, frozenset[str]]
    known_failures: frozenset[str]
    others: Mapping[str, bool]

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
        """Whether the emulator has a say."""
        name = split(test)[0]
        return name in self.contract or self.others.get(name, False)

    def is_unit_test(self, test: str) -> bool:
        """Whether it is none of the contract."""
        return split(test)[0] not in self.contract


def split(test: str) -> tuple[str, str]:
    """The name of a test, and its case if one is named."""
    name, _, case = test.partition("[")
    return name, case.removesuffix("]")


def read_tables(text: str, header: str) -> Iterator[list[str]]:
    """The cells of every row of the tables that have this header."""
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
        elif line == f"| {header} |":
            inside = True
        elif inside and not re.fullmatch(r"[| :-]+", line):
            yield [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def read_rules(text: str) -> list[Rule]:
    """The rules of all tables."""
    rows = [cells if len(cells) == 4 else [*cells, "", "", "", ""] for cells in read_tables(text, RULES)]
    return [Rule(number, rule, names_in(tests), checked) for number, rule, tests, checked, *_ in rows]


def names_in(cell: str) -> tuple[str, ...]:
    """The tests that a cell names, each in backticks."""
    return tuple(re.findall(r"`([^`]+)`", cell))


def find_faults(rules: list[Rule], suite: Suite) -> list[str]:
    """All that is wrong with the rules."""
    each = (f"{rule.number}: {fault}" for rule in rules for fault in faults_of(rule, suite))
    return [*faults_of_numbers(rules), *each, *gaps(rules, suite)]


def faults_of_numbers(rules: Iterable[Rule]) -> Iterator[str]:
    last = (0, 0)
    for rule in rules:
        if not re.fullmatch(r"\d+\.\d+", rule.number):
            yield f"{rule.number!r} is no number of a rule"
            continue
        section, place = map(int, rule.number.split("."))
        if (section, place) <= last:
            yield f"{rule.number} comes after {last[0]}.{last[1]}"
        last = section, place


def faults_of(rule: Rule, suite: Suite) -> Iterator[str]:
    if not rule.tests:
        yield "it has no test"
    elif missing := [test for test in rule.tests if not suite.exists(test)]:
        yield f"there is no {', '.join(missing)}"
    else:
        yield from faults_of_check(rule, suite)


def faults_of_check(rule: Rule, suite: Suite) -> Iterator[str]:
    failures = [test for test in rule.tests if suite.is_known_failure(test)]
    agreed = [test for test in rule.tests if suite.asks_server(test) and test not in failures]
    if rule.checked not in CHECKS:
        yield f"checked is {rule.checked!r}, and should be one of {', '.join(CHECKS)}"
    if rule.checked != "AWS" and failures:
        yield f"the emulator is known to fail {', '.join(failures)}"
    if rule.checked == "AWS" and agreed:
        yield f"nothing marks {', '.join(agreed)} as failed by the emulator"
    if rule.checked == "server" and not agreed:
        yield "none of its tests is run against the emulator"
    if rule.checked == "static" and not any(map(suite.is_unit_test, rule.tests)):
        yield "none of its tests is a unit test"


def gaps(rules: list[Rule], suite: Suite) -> Iterator[str]:
    cited = {split(test)[0] for rule in rules for test in rule.tests}
    for test in suite.contract:
        if test not in cited:
            yield f"no rule cites {test}"
    from_aws = {test for rule in rules if rule.checked == "AWS" for test in rule.tests}
    for failure in sorted(suite.known_failures):
        if not {failure, split(failure)[0]} & from_aws:
            yield f"the emulator is known to fail {failure}, and no rule says that it was checked by AWS alone"


def render_errors(errors: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The rows of the table of what is wrong with the emulator."""
    return [f"| {reason} | {', '.join(f'`{test}`' for test in tests)} |" for reason, tests in errors.items()]


@cache
def suite_of_this_repository() -> Suite:
    cases = defaultdict[str, set[str]](set)
    for test in names_of_tests(BackendContract):
        name, case = split(test)
        cases[name].update({case} - {""})
    contract = {name: frozenset(found) for name, found in cases.items()}
    known = frozenset(test for tests in EMULATOR_ERRORS.values() for test in tests)
    others = {name: asks for name, asks in scan_tests() if name not in contract}
    return Suite(contract, known, others)


def scan_tests() -> Iterator[tuple[str, bool]]:
    """The names of all test functions of the repository, and whether they talk to the emulator."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name, bool(SERVER_FIXTURES & {argument.arg for argument in node.args.args})


def test_every_rule_has_its_test_and_every_test_its_rule() -> None:
    rules = read_rules(DOCUMENT.read_text(encoding="utf-8"))
    assert find_faults(rules, suite_of_this_repository()) == []
    assert len(rules) > 150


def test_errors_of_the_emulator_are_those_that_the_contract_knows() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    expected = render_errors(EMULATOR_ERRORS)
    documented = {reason: names_in(tests) for reason, tests in read_tables(text, ERRORS)}
    assert render_errors(documented) == expected, "the table should be:\n" + "\n".join(expected)


SUITE = Suite(
    contract={"test_a": frozenset({"one", "t|wo"}), "test_b": frozenset(), "test_c": frozenset({"x", "y"})},
    known_failures=frozenset({"test_a[one]", "test_b"}),
    others={"test_unit": False, "test_live": True},
)
TABLE = r"""
| # | rule | proved by | checked |
|---|---|---|---|
| 1.1 | Two is right. | `test_a[t\|wo]`, `test_unit` | server |
| 1.2 | One is wrong. | `test_a[one]`, `test_b` | AWS |

| # | rule | proved by | checked |
| --- | :-: | --- | --- |
| 2.1 | It is refused. | `test_unit`, `test_c` | static |

| other | table |
|---|---|
| 0.0 | `nothing` |
"""


def test_tables_of_rules_are_read() -> None:
    assert read_rules(TABLE) == [
        Rule("1.1", "Two is right.", ("test_a[t|wo]", "test_unit"), "server"),
        Rule("1.2", "One is wrong.", ("test_a[one]", "test_b"), "AWS"),
        Rule("2.1", "It is refused.", ("test_unit", "test_c"), "static"),
    ]
    assert find_faults(read_rules(TABLE), SUITE) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("`test_unit`, `test_c`", "", "2.1: it has no test"),
        ("| It is refused. | `test_unit`, `test_c` | static |", "| It is refused. |", "2.1: it has no test"),
        ("`test_unit`, `test_c`", "test_unit, `test_c`", "2.1: none of its tests is a unit test"),
        ("`test_unit`, `test_c`", "`test_none`, `test_c`", "2.1: there is no test_none"),
        ("`test_a[one]`", "`test_a[three]`", "1.2: there is no test_a[three]"),
        ("`test_unit` | server", "`test_unit[case]` | server", "1.1: there is no test_unit[case]"),
        (r"`test_a[t\|wo]`", "`test_a[one]`", "1.1: the emulator is known to fail test_a[one]"),
        ("`test_unit`, `test_c`", "`test_unit`, `test_b`", "2.1: the emulator is known to fail test_b"),
        (r"`test_a[t\|wo]`, ", "", "1.1: none of its tests is run against the emulator"),
        ("`test_a[one]`", "`test_a`", "1.2: nothing marks test_a as failed by the emulator"),
        ("`test_a[one]`", "`test_live`", "1.2: nothing marks test_live as failed by the emulator"),
        ("static", "never", "2.1: checked is 'never', and should be one of server, AWS, static"),
        ("| 1.2 |", "| 1.1 |", "1.1 comes after 1.1"),
        ("| 2.1 |", "| 1.1 |", "1.1 comes after 1.2"),
        ("| 2.1 |", "| two |", "'two' is no number of a rule"),
        ("`test_unit`, `test_c`", "`test_unit`", "no rule cites test_c"),
        (
            "`test_a[one]`",
            "`test_unit`",
            "the emulator is known to fail test_a[one], and no rule says that it was checked by AWS alone",
        ),
    ],
)
def test_fault_in_the_rules_is_found(old: str, new: str, fault: str) -> None:
    assert old in TABLE
    assert fault in find_faults(read_rules(TABLE.replace(old, new)), SUITE)


def test_test_that_the_emulator_fails_in_every_case_is_a_known_failure() -> None:
    suite = replace(SUITE, known_failures=frozenset({"test_c[x]", "test_c[y]"}))
    assert [test for test in suite.contract if suite.is_known_failure(test)] == ["test_c"]


def test_table_of_errors_is_read_as_it_is_written() -> None:
    errors = {"`SET` pads": ("test_a[one]", "test_b"), "more": ("test_c",)}
    text = "\n".join(["| reason | tests |", "|---|---|", *render_errors(errors)])
    assert {reason: names_in(tests) for reason, tests in read_tables(text, ERRORS)} == errors


@pytest.fixture
def backend() -> MemoryBackend:
    made = MemoryBackend()
    made.execute(CreateTable(TableSchema("table", KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "B")))))
    return made


def test_path_has_32_steps_at_most(backend: MemoryBackend) -> None:
    backend.execute(Scan("table", Exists(Path(*"x" * 32)), projection=(Path(*"y" * 32),)))
    for scan in (Scan("table", Exists(Path(*"x" * 33))), Scan("table", projection=(Path(*"y" * 33),))):
        with pytest.raises(InvalidRequestError, match="too many nesting elements"):
            backend.execute(scan)


@pytest.mark.parametrize("name", ["x" * 256, "\u00e9" * 128])
def test_name_of_a_key_attribute_has_255_bytes_at_most(backend: MemoryBackend, name: str) -> None:
    backend.execute(CreateTable(TableSchema("other", KeySchema(KeyAttribute("x" * 255, "S")))))
    with pytest.raises(InvalidRequestError, match="length less than or equal to 255"):
        backend.execute(CreateTable(TableSchema("third", KeySchema(KeyAttribute(name, "S")))))


def test_key_condition_longer_than_a_key_is_refused(backend: MemoryBackend) -> None:
    longest, in_range = Comparison(Path("pk"), EQ, "x" * 2048), Comparison(Path("sk"), EQ, b"x" * 1024)
    assert backend.execute(Query("table", KeyCondition(longest, in_range))).items == ()
    for condition in (
        KeyCondition(Comparison(Path("pk"), EQ, "x" * 2049)),
        KeyCondition(longest, Comparison(Path("sk"), EQ, b"x" * 1025)),
    ):
        with pytest.raises(InvalidRequestError, match="size"):
            backend.execute(Query("table", condition))


def test_transaction_reads_4_mb_at_most(backend: MemoryBackend) -> None:
    keys: list[Item] = [{"pk": f"k{number}", "sk": b"x"} for number in range(11)]
    backend.execute(BatchWrite("table", tuple(BatchPut({**key, "v": "x" * 400_000}) for key in keys)))
    gets = tuple(Get("table", key) for key in keys)
    assert len(backend.execute(TransactGet(gets[:10])).items) == 10
    with pytest.raises(InvalidRequestError, match="4MB"):
        backend.execute(TransactGet(gets))
