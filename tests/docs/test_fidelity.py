"""`docs/fidelity.md` says what the tests prove: every rule has its test, and every test of the contract its rule.

Four rules have their tests here, below: the emulator breaks them, and the contract does not ask for them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from backends.test_contract import EMULATOR_ERRORS
from docs.fidelity import DOCUMENT, Rule, Suite, find_faults, read_rules, read_suite, render

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, Comparison, Exists, Path
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchPut, BatchWrite, CreateTable, Get, KeyCondition, Query, Scan, TransactGet
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract.base import proves


@pytest.fixture(scope="module")
def suite() -> Suite:
    return read_suite()


def test_every_rule_has_its_test_and_every_test_its_rule(suite: Suite) -> None:
    rules = read_rules(DOCUMENT.read_text(encoding="utf-8"))
    assert list(find_faults(rules, suite)) == []
    assert len(rules) > 150


def test_page_is_current(suite: Suite) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == render(text, suite, EMULATOR_ERRORS), "run python tests/docs/fidelity.py"


SUITE = Suite(
    contract={"test_a": frozenset({"one", "t|wo"}), "test_b": frozenset(), "test_c": frozenset({"x", "y"})},
    known_failures=frozenset({"test_a[one]", "test_b"}),
    others={"test_unit": False, "test_live": True},
    proofs={
        "1.1": ("test_a[t|wo]", "test_unit"),
        "1.2": ("test_a[one]", "test_b"),
        "2.1": ("test_unit", "test_c"),
    },
)
ERRORS = {"`SET` pads": ("test_a[one]", "test_b"), "more": ("test_c",)}
PAGE = r"""# Rules

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

| reason | tests |
| --- | --- |
| `SET` pads | `test_a[one]`, `test_b` |
| more | `test_c` |

The end.
"""


def test_rules_are_read() -> None:
    assert read_rules(PAGE) == [
        Rule("1.1", "Two is right.", "server"),
        Rule("1.2", "One is wrong.", "AWS"),
        Rule("2.1", "It is refused.", "static"),
    ]
    assert list(find_faults(read_rules(PAGE), SUITE)) == []


@pytest.mark.parametrize(
    "old",
    [
        "`test_a[one]`, `test_b` | AWS",
        r"`test_a[t\|wo]`, `test_unit`",
        "| `SET` pads | `test_a[one]`, `test_b` |\n",
        "| more | `test_c` |\n",
    ],
)
def test_generated_parts_are_written(old: str) -> None:
    outdated = PAGE.replace(old, "| AWS" if "AWS" in old else "", 1)
    assert outdated != PAGE
    assert render(outdated, SUITE, ERRORS) == render(PAGE, SUITE, ERRORS) == PAGE


@pytest.mark.parametrize(
    ("rule", "tests", "fault"),
    [
        ("2.1", (), "2.1: it has no test"),
        ("2.1", ("test_c",), "2.1: none of its tests is a unit test"),
        ("2.1", ("test_none", "test_c"), "2.1: there is no test_none"),
        ("1.2", ("test_a[three]", "test_b"), "1.2: there is no test_a[three]"),
        ("1.1", ("test_a[t|wo]", "test_unit[case]"), "1.1: there is no test_unit[case]"),
        ("1.1", ("test_a[one]", "test_unit"), "1.1: the emulator is known to fail test_a[one]"),
        ("2.1", ("test_unit", "test_b"), "2.1: the emulator is known to fail test_b"),
        ("1.1", ("test_unit",), "1.1: none of its tests runs against the emulator"),
        ("1.2", ("test_a", "test_b"), "1.2: the emulator passes test_a"),
        ("1.2", ("test_live", "test_b"), "1.2: the emulator passes test_live"),
        ("2.1", ("test_unit",), "test_c proves no rule"),
        ("3.1", ("test_unit", "test_c"), "test_unit, test_c proves 3.1, which is not a rule"),
        (
            "1.2",
            ("test_unit", "test_b"),
            "the emulator is known to fail test_a[one], and no rule says that it was checked by AWS alone",
        ),
    ],
)
def test_fault_in_what_proves_a_rule_is_found(rule: str, tests: tuple[str, ...], fault: str) -> None:
    suite = replace(SUITE, proofs={**SUITE.proofs, rule: tests})
    assert fault in list(find_faults(read_rules(PAGE), suite))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("static", "never", "2.1: checked is 'never', and should be one of server, AWS, static"),
        (
            "| `test_unit`, `test_c` | static |",
            "|",
            "2.1: checked is 'It is refused.', and should be one of server, AWS, static",
        ),
        ("| 1.2 |", "| 1.1 |", "1.1 comes after 1.1"),
        ("| 2.1 |", "| 1.1 |", "1.1 comes after 1.2"),
        ("| 2.1 |", "| two |", "'two' is not the number of a rule"),
    ],
)
def test_fault_in_the_rules_is_found(old: str, new: str, fault: str) -> None:
    assert old in PAGE
    assert fault in list(find_faults(read_rules(PAGE.replace(old, new)), SUITE))


def test_test_that_the_emulator_fails_in_every_case_is_a_known_failure() -> None:
    suite = replace(SUITE, known_failures=frozenset({"test_c[x]", "test_c[y]"}))
    assert [test for test in suite.contract if suite.is_known_failure(test)] == ["test_c"]


@pytest.fixture
def backend() -> MemoryBackend:
    made = MemoryBackend()
    made.execute(CreateTable(TableSchema("table", KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "B")))))
    return made


@proves("4.18")
def test_path_has_32_steps_at_most(backend: MemoryBackend) -> None:
    backend.execute(Scan("table", Exists(Path(*"x" * 32)), projection=(Path(*"y" * 32),)))
    for scan in (Scan("table", Exists(Path(*"x" * 33))), Scan("table", projection=(Path(*"y" * 33),))):
        with pytest.raises(InvalidRequestError, match="too many nesting elements"):
            backend.execute(scan)


@proves("5.7")
@pytest.mark.parametrize("name", ["x" * 256, "\u00e9" * 128])
def test_name_of_a_key_attribute_has_255_bytes_at_most(backend: MemoryBackend, name: str) -> None:
    backend.execute(CreateTable(TableSchema("other", KeySchema(KeyAttribute("x" * 255, "S")))))
    with pytest.raises(InvalidRequestError, match="length less than or equal to 255"):
        backend.execute(CreateTable(TableSchema("third", KeySchema(KeyAttribute(name, "S")))))


@proves("15.14")
def test_key_condition_longer_than_a_key_is_refused(backend: MemoryBackend) -> None:
    longest, in_range = Comparison(Path("pk"), EQ, "x" * 2048), Comparison(Path("sk"), EQ, b"x" * 1024)
    assert backend.execute(Query("table", KeyCondition(longest, in_range))).items == ()
    for condition in (
        KeyCondition(Comparison(Path("pk"), EQ, "x" * 2049)),
        KeyCondition(longest, Comparison(Path("sk"), EQ, b"x" * 1025)),
    ):
        with pytest.raises(InvalidRequestError, match="size"):
            backend.execute(Query("table", condition))


@proves("21.35")
def test_transaction_reads_4_mb_at_most(backend: MemoryBackend) -> None:
    keys: list[Item] = [{"pk": f"k{number}", "sk": b"x"} for number in range(11)]
    backend.execute(BatchWrite("table", tuple(BatchPut({**key, "v": "x" * 400_000}) for key in keys)))
    gets = tuple(Get("table", key) for key in keys)
    assert len(backend.execute(TransactGet(gets[:10])).items) == 10
    with pytest.raises(InvalidRequestError, match="4MB"):
        backend.execute(TransactGet(gets))
