"""Planted bugs: each is a small change of the library that the tests have to notice.

`python tests/mutants.py` applies them one at a time to a copy of the library, runs the tests that need no server on
it, and tells which bugs survived; a survivor is a test that is missing. Words given as arguments choose those whose
description has one of them.
"""

# ruff: noqa: E501, T201 - the bugs are lines of code, and the script prints

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = [
    "tests/expressions",
    "tests/mapping/test_model_codec.py",
    "tests/backends/memory",
    "tests/backends/test_contract.py",
    "tests/planning/test_planner.py",
    "tests/executor/test_executor.py",
]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: `old`, which stands once in the module, becomes `new`."""

    bug: str
    module: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Plant the bug in the library below `root`."""
        path = root / "dynamongo" / self.module
        source = path.read_text(encoding="utf-8")
        if source.count(self.old) != 1:
            raise ValueError(f"{self.bug}: {self.old!r} stands {source.count(self.old)} times in {self.module}")
        path.write_text(source.replace(self.old, self.new), encoding="utf-8")


EVALUATION, FILTERS, VALUES, SIZES = (f"expressions/{name}.py" for name in ("evaluation", "filters", "values", "sizes"))
COMPILED, INLINES = "mapping/model_codec.py", "mapping/codec_fast_paths.py"
UPDATE, PAGES, RANGES, TABLE = (f"backends/memory/{name}.py" for name in ("update", "pages", "key_ranges", "table"))
CHECKS, KEYS, INTAKE, WRITES = (f"backends/memory/{name}.py" for name in ("checks", "key_rules", "ingest", "writes"))
ORDERS, VIEWS, TRANSACTIONS = (f"backends/memory/{name}.py" for name in ("ordered", "views", "transactions"))
PLANNER, EXECUTOR = "planning/ranges.py", "executor/reads.py"

MUTANTS = [
    # The evaluator.
    Mutant("`<` for `<=`", EVALUATION, "LE: operators.le", "LE: operators.lt"),
    Mutant("`>` for `>=`", EVALUATION, "GE: operators.ge", "GE: operators.gt"),
    Mutant(
        "a missing attribute equals NULL",
        EVALUATION,
        "return item.get(elements[0], MISSING) if",
        "return item.get(elements[0]) if",
    ),
    Mutant(
        "a missing attribute is NULL for attribute_exists",
        EVALUATION,
        "return read(condition.path, item) is not MISSING",
        "return read(condition.path, item) not in (MISSING, None)",
    ),
    Mutant(
        "an order holds between types",
        EVALUATION,
        "kind in SCALAR_TYPES and kind == type_of(right) and",
        "kind in SCALAR_TYPES and str(kind) and",
    ),
    Mutant("booleans have an order", EVALUATION, "return kind in SCALAR_TYPES and kind", "return kind"),
    Mutant(
        "`<>` of a missing attribute is false",
        EVALUATION,
        "return not is_equal(left, right) if operator == NE",
        "return left is not MISSING and not is_equal(left, right) if operator == NE",
    ),
    Mutant("size counts code points", EVALUATION, 'len(value.encode("utf-16-le")) // 2', "len(value)"),
    Mutant(
        "a map contains its keys",
        EVALUATION,
        "isinstance(value, list):\n        return any",
        "isinstance(value, (list, dict)):\n        return any",
    ),
    Mutant(
        "a set contains a set",
        EVALUATION,
        'type_of(value) == f"{type_of(part)}S" and part in value',
        "part in value or (isinstance(part, frozenset) and part <= value)",
    ),
    Mutant(
        "BETWEEN excludes its upper bound",
        EVALUATION,
        "is_ordered(value, LE, below)",
        "is_ordered(value, LT, below)",
    ),
    Mutant(
        "AND stops being strict",
        EVALUATION,
        "                    return False\n            return True",
        "                    return False\n            return len(condition.parts) < 3",
    ),
    Mutant(
        "a projected list keeps its gaps",
        EVALUATION,
        "for position in sorted(step for step in wanted",
        "for position in (step for step in wanted",
    ),
    # The compiled filters.
    Mutant("a compiled `>` is `>=`", FILTERS, 'GT: ">"', 'GT: ">="'),
    Mutant("a value on the left is not mirrored", FILTERS, "LT: GT, LE: GE", "LT: LT, LE: GE"),
    Mutant("a compiled number is an int", FILTERS, "{}) is int or type(v) is Decimal)", "{}) is int)"),
    Mutant("a compiled look at NULL takes nothing for it", FILTERS, 'is {right!r}", _OR_MISSING', 'is {right!r}"'),
    Mutant("a compiled attribute_exists misses NULL", FILTERS, "{} is not MISSING", "{} not in (MISSING, None)"),
    Mutant("a compiled BETWEEN excludes its upper bound", FILTERS, "<= v <= {self", "<= v < {self"),
    Mutant(
        "a compiled IN looks at strings alone",
        FILTERS,
        'return " or ".join(self._test(operand, test)',
        'return tests[0] and " or ".join(self._test(operand, tests[0])',
    ),
    # The compiled codecs.
    Mutant("an inlined int may have any size", INLINES, "or canonical_number({v}) is not None)", "or True)"),
    Mutant("inlined text may have lone surrogates", INLINES, "{v}.isascii() or has_utf8_form({v})", "True"),
    Mutant("a member's empty set is stored", INLINES, 'test and f"{v} and {test}"', "test"),
    Mutant("a member may be missing", INLINES, " or member.required", ""),
    Mutant("a member may be unknown", INLINES, "return {taken} if len(taken) == len(v) else None", "return {taken}"),
    Mutant(
        "a map that is read may gain defaults", INLINES, 'and source.task != "encode"', 'and source.task == "build"'
    ),
    Mutant("members that were not shown are dropped", INLINES, '"v._undeclared if type', '"False if type'),
    Mutant("a map gains no defaults", INLINES, "if any(member.has_default", "if 0 and any(member.has_default"),
    Mutant("an inlined bound includes more", INLINES, "{v} <= {source.name('high'", "{v} < 1 + {source.name('high'"),
    Mutant(
        "a validator is not called",
        INLINES,
        "is_checked = field.validator is not None or",
        "is_checked =",
    ),
    Mutant("choices are not looked at", INLINES, "or field.choices is not None", ""),
    Mutant(
        "a time zone is not asked for", INLINES, 'if field.tzd in ("allow", "reject") or', 'if field.tzd != "utc" or'
    ),
    Mutant(
        "a key is not read as it would be written",
        INLINES,
        "if kind is not None and not field.is_key",
        "if kind is not None",
    ),
    Mutant(
        "a new instance keeps the list that it was given",
        INLINES,
        '_test_each(element, v, "list"), f"{v}_"',
        '_test_each(element, v, "list"), v if source.task == "build" else f"{v}_"',
    ),
    Mutant(
        "a default is used for None",
        COMPILED,
        'f"    elif {v} is None:", f"        {v} = {missing}"',
        'f"    elif {v} is None:", f"        {v} = {_write_default(field, field_name, missing, source)}"',
    ),
    Mutant("a constructor takes unknown names", COMPILED, "if len(given) + absent !=", "if len(given) + absent <"),
    Mutant("a codec drops what is not declared", COMPILED, "item if count == ", "item if count >= "),
    Mutant("a codec stores empty keys", COMPILED, 'f"    if not ({there}):"', '"    if False:"'),
    Mutant("a codec stores empty keys of indexes", COMPILED, "if not item.get({names[name]}, True):", "if False:"),
    Mutant(
        "an item without its key is whole",
        COMPILED,
        "    if field.is_key:\n        absent =",
        "    if False:\n        absent =",
    ),
    # Numbers and values.
    Mutant("True is 1", VALUES, 'bool: "BOOL",', 'bool: "N",'),
    Mutant(
        "sums are rounded to 28 digits",
        VALUES,
        "normalize_number(EXACT.add(Decimal(left), Decimal(right)))",
        "normalize_number(Decimal(left) + Decimal(right))",
    ),
    Mutant("39 digits are stored", VALUES, "len(digits) > MAX_DIGITS", "len(digits) > MAX_DIGITS + 1"),
    Mutant("1E+126 is stored", VALUES, "exponent > _MAX_EXPONENT", "exponent > _MAX_EXPONENT + 1"),
    Mutant("trailing zeros are kept", VALUES, "return int(lowest) if cast", "return int(lowest) if False and cast"),
    Mutant(
        "lists are equal in any order",
        VALUES,
        "all(map(equals, left, right))",
        "all(any(equals(a, b) for b in right) for a in left)",
    ),
    Mutant(
        "a number's size ignores its sign",
        SIZES,
        "(len(digits) + 1) // 2 + (whole",
        "(len(digits) + 1) // 2 + 0 * (whole",
    ),
    Mutant("a number's size counts zeros after the point", SIZES, 'fraction.lstrip("0")', "fraction"),
    Mutant(
        "any text with a point is that of a number in lowest form",
        VALUES,
        '"." in text and text[-1] != "0"',
        '"." in text',
    ),
    Mutant(
        "sizes count characters",
        SIZES,
        "return len(text) if text.isascii() else len(text.encode())",
        "return len(text)",
    ),
    Mutant("33 levels are allowed", INTAKE, "_is_deeper(value, MAX_DEPTH)", "_is_deeper(value, MAX_DEPTH + 1)"),
    Mutant(
        "the walk goes 33 levels deep", INTAKE, "_copy_members(item, MAX_DEPTH)", "_copy_members(item, MAX_DEPTH + 1)"
    ),
    Mutant("an item may have 409,601 bytes", INTAKE, "size > MAX_ITEM_BYTES", "size > MAX_ITEM_BYTES + 1"),
    Mutant("an item counts as a map", INTAKE, "        size -= 3 + len(canonical)", "        size -= 3"),
    Mutant("the walk takes numbers as they are", INTAKE, "if not is_canonical_decimal(text):", "if False:"),
    Mutant("the walk takes ints of any size", INTAKE, "if canonical_number(value) is None:", "if False:"),
    Mutant("the walk takes names without letters", INTAKE, "is not str or not name:", "is not str:"),
    Mutant("the walk takes names of any length", INTAKE, "if size > MAX_NAME_BYTES and", "if False and"),
    Mutant("the walk takes sets of anything", INTAKE, "if kinds and kinds <= {int, Decimal}:", "if True:"),
    Mutant("lists are shared with who sent them", INTAKE, "copied = elements.copy()", "copied = elements"),
    Mutant("maps are shared with who sent them", INTAKE, "copied = dict(members)", "copied = members"),
    Mutant("an attribute that is removed still counts", INTAKE, "(0 if name in item else text_size(name))", "0"),
    # The update interpreter.
    Mutant(
        "updates read the new item",
        UPDATE,
        "value = _evaluate(update, item)",
        "value = _evaluate(update, changed)",
    ),
    Mutant("SET beyond the end is lost", UPDATE, "changed.append(_make(MISSING, change))", "_make(MISSING, change)"),
    Mutant(
        "elements are removed one after the other",
        UPDATE,
        "changed[position] = _make(elements[position], change)",
        "value = _make(elements[position], change); changed.__setitem__(position, value) if value is not MISSING else changed.pop(min(position, len(changed) - 1))",
    ),
    Mutant(
        "increment starts from 0",
        UPDATE,
        "_add_number(_require(present), update.amount)",
        "_add_number(0 if present is MISSING else present, update.amount)",
    ),
    Mutant("an emptied set stays", UPDATE, "return mine - theirs or MISSING", "return mine - theirs"),
    Mutant(
        "SET makes missing parents",
        UPDATE,
        'raise InvalidRequestError("The document path',
        'return _change_members({}, changes)\n    raise InvalidRequestError("The document path',
    ),
    Mutant(
        "if_not_exists takes NULL for nothing",
        UPDATE,
        "if update.if_not_exists and present is not MISSING",
        "if update.if_not_exists and present not in (MISSING, None)",
    ),
    Mutant(
        "prepend puts elements at the end",
        UPDATE,
        "[*elements, *present] if at_start",
        "[*elements, *present] if not at_start",
    ),
    Mutant("updates edit the stored item", UPDATE, "changed = dict(item)", "changed = item"),
    Mutant("updates edit a stored map", UPDATE, "changed = dict(members)", "changed = members"),
    # Pages, ranges and order.
    Mutant(
        "the limit counts what passes the filter",
        PAGES,
        "_take_page(entries, operation.limit)",
        "_take_page(entries if operation.filter is None else [each for each in entries if compile_filter(operation.filter)([each.item])], operation.limit)",
    ),
    Mutant(
        "no cursor at the exact end", PAGES, "if is_cut else None", "if is_cut and next(iter(entries), None) else None"
    ),
    Mutant(
        "the crossing item is left out of the page",
        PAGES,
        "return read, size, True",
        "return read[:-1] or read, size, True",
    ),
    Mutant(
        "a page goes on after its cursor's item again",
        ORDERS,
        "Interval(Bound(value, is_after=True), self.high)",
        "Interval(Bound(value), self.high)",
    ),
    Mutant(
        "numbers are sorted as text",
        ORDERS,
        "sorted(values)",
        "sorted(values, key=lambda value: str(value) if isinstance(value, int) else value)",
    ),
    Mutant(
        "descending reads from the start",
        ORDERS,
        "return reversed(selected) if descending else selected",
        "return selected",
    ),
    Mutant(
        "all are read from the start when descending",
        ORDERS,
        "return reversed(values) if descending else values",
        "return values",
    ),
    Mutant("many are read from the start when descending", ORDERS, ", reverse=descending)", ")"),
    Mutant("a bound of many is left out", ORDERS, "high is None or high.is_after\n", "True\n"),
    Mutant(
        "an order misses what is written after it was read",
        ORDERS,
        "insort(self._values, value)",
        "self._values.append(value)",
    ),
    Mutant(
        "an order keeps what is deleted after it was read",
        ORDERS,
        "del self._values[bisect_left(self._values, value)]",
        "pass",
    ),
    Mutant("copies share an order", ORDERS, "copied._values = self._values.copy()", "copied._values = self._values"),
    Mutant(
        "a scan misses partitions that came after the first", VIEWS, "self._order.add(_token_of(hash_value))", "pass"
    ),
    Mutant("`<=` on a range key excludes", RANGES, "is_after=operator != LT", "is_after=operator == EQ"),
    Mutant("`>` on a range key includes", RANGES, "is_after=operator == GT", "is_after=False"),
    Mutant("begins_with ends too early", RANGES, "chr(ord(text[-1]) + 1)", "text[-1] + chr(0)"),
    Mutant(
        "an index keeps items that lost its key",
        VIEWS,
        "if before is not None:\n            units",
        "if before is not None and after is not None:\n            units",
    ),
    Mutant(
        "an index holds items without its range key",
        KEYS,
        "if is_usual_hash(value) and is_usual_range(item.get(range_name)):",
        "if is_usual_hash(value) and (range_name not in item or is_usual_range(item[range_name])):",
    ),
    # Keys, conditions of writes, batches, transactions, cost.
    Mutant(
        "an empty key is stored",
        KEYS,
        "if (kind := _empty_kind(values.get(part.name))) is not None:",
        "if (kind := _empty_kind(None)) is not None:",
    ),
    Mutant(
        "a hash key is measured in characters",
        KEYS,
        "size_of(values[hash_key]) > MAX_HASH_BYTES",
        "len(str(values[hash_key])) > MAX_HASH_BYTES",
    ),
    Mutant("an empty key is usual", KEYS, "is str and 0 < len(value)", "is str and 0 <= len(value)"),
    Mutant("any key is usual", KEYS, "0 < len(value) <= _USUAL_LENGTH and (value", "0 < len(value) and (value"),
    Mutant(
        "a key of another table is usual",
        TABLE,
        "if len(key) == len(self.primary.key_names) else None",
        "if key else None",
    ),
    Mutant("index keys are usual", TABLE, "if self.indexes and not self._has_usual_index_keys(item)", "if False"),
    Mutant("a batch takes an item twice", WRITES, "    check_distinct(positions)\n", ""),
    Mutant(
        "a write costs as the new item alone",
        TABLE,
        "max(old.size if old else 0, new.size if new else 0)",
        "new.size if new else 0",
    ),
    Mutant(
        "a transaction costs once",
        TRANSACTIONS,
        "writes(2 * sum(map(apply, changes)))",
        "writes(sum(map(apply, changes)))",
    ),
    Mutant("a condition of any size is light", CHECKS, "_weigh(condition) > _LIGHT", "_weigh(condition) >= _HEAVY"),
    Mutant(
        "any update is plain",
        CHECKS,
        "return not isinstance(update.value, Size) and _is_plain(update.value)",
        "return True",
    ),
    Mutant(
        "a transaction stops at its first reason",
        TRANSACTIONS,
        "outcomes = [_attempt(do, table, part) for table, part in zip(tables, parts, strict=True)]",
        "outcomes = []\n    for table, part in zip(tables, parts, strict=True):\n        failed = any(isinstance(each, CancellationReason) for each in outcomes)\n        outcomes.append(CancellationReason() if failed else _attempt(do, table, part))",
    ),
    # Above the backend.
    Mutant(
        "a folded bound includes its own value",
        PLANNER,
        "if operator in (GT, LT)]",
        "if operator in (GT, LT) and not value]",
    ),
    Mutant("the looser bound wins", PLANNER, "low = max(lower", "low = min(lower"),
    Mutant(
        "unprocessed keys are forgotten",
        EXECUTOR,
        "if not result.unprocessed:\n                return items",
        "if True:\n                return items",
    ),
    Mutant(
        "a page without items ends the read",
        EXECUTOR,
        "after = None if page.cursor is None else Position(",
        "after = None if page.cursor is None or not page.items else Position(",
    ),
]


def copy_project(root: Path) -> None:
    """Copy the library and its tests to `root`."""
    for name in ("dynamongo", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)


def is_killed(mutant: Mutant) -> bool:
    """Whether a test fails on the library with the bug."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        copy_project(root)
        mutant.apply(root)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            "",  # the slow ones too
            "-k",
            "not TestDynamoDB",
            *TESTS,
        ]
        environment = {**os.environ, "PYTHONPATH": directory, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False, timeout=120)
        except subprocess.TimeoutExpired:
            return True  # the bug made a loop without end
        return done.returncode == 1  # 0 is a survivor; anything else is a fault of this script


def main(words: list[str]) -> int:
    """Check the chosen mutants, and return how many survived."""
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.bug for word in words)]
    survivors: list[Mutant] = []
    for mutant in chosen:
        start = time.perf_counter()
        killed = is_killed(mutant)
        print(f"{'killed  ' if killed else 'SURVIVED'} {time.perf_counter() - start:5.1f} s  {mutant.bug}", flush=True)
        if not killed:
            survivors.append(mutant)
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} planted bugs were found")
    return len(survivors)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
