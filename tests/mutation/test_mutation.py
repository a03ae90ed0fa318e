from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mutation.bugs import MUTANTS
from mutation.library import ROOT, Library, Mutant, NotPlantedError
from mutation.patterns import find


def replaced(source: str, before: str, after: str) -> list[str]:
    """The code after each match is replaced alone."""
    results = []
    for number, _ in enumerate(find(before, ast.parse(source))):
        tree = ast.parse(source)
        list(find(before, tree))[number].replace(after)
        results.append(ast.unparse(tree))
    return results


@pytest.mark.parametrize(
    ("source", "before", "after", "expected"),
    [
        ("f( a ,\n b)", "f(a, b)", "g(a)", ["g(a)"]),
        ("f(a, b)", "f(a, b=b)", "g(a)", []),
        ("x = y = f(z)", "f(_a)", "_a", ["x = y = z"]),
        ("x = [a < b, c < d]", "_a < _b", "_b < _a", ["x = [b < a, c < d]", "x = [a < b, d < c]"]),
        ("x = [a + a, a + b]", "_a + _a", "_a", ["x = [a, a + b]"]),
        ("return_(a and b)", "a", "True", ["return_(True and b)"]),
        ("f(a=b)", "b", "c", ["f(a=c)"]),
        ("x = 1; x = True", "1", "2", ["x = 2\nx = True"]),
        ("if a:\n    b = c\n    d()", "b = c\nd()", "pass", ["if a:\n    pass"]),
        ("if a:\n    pass\nelse:\n    b = c", "b = _v", "b = -_v", ["if a:\n    pass\nelse:\n    b = -c"]),
        ("for a in b:\n    f(a)", "for _a in _b:\n    _f(_a)", "_f(_b)", ["f(b)"]),
        ("x = 'one two'", "'two'", "'three'", ["x = 'one three'"]),
        ("x = 'aa'", "'a'", "'b'", ["x = 'ba'", "x = 'ab'"]),
        ("x = f'{a} <= {b!r}'", "f'{_a} <='", "f'{_a} <'", ["x = f'{a} < {b!r}'"]),
        ("x = f'{a} <= {b!r}'", "f'{_a} <= {_b}'", "f'{_a} < {_b}'", []),
        ("x = f'{a} if {b}'", "' if '", "' or '", ["x = f'{a} or {b}'"]),
        ("f('one', 1)", "f('on', _a)", "f(_a)", []),
    ],
)
def test_pattern_is_replaced(source: str, before: str, after: str, expected: list[str]) -> None:
    assert replaced(source, before, after) == [ast.unparse(ast.parse(each)) for each in expected]


SOURCES = {
    "one.py": "A = 1\ndef f():\n    return 1\nclass C:\n    B = 2\n    def f(self):\n        return 1, 3",
    "inner/two.py": "def f():\n    return 4\nif A:\n    def g():\n        return 5",
}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for name, source in SOURCES.items():
        path = tmp_path / "dynamongo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return Library(tmp_path)


@pytest.mark.parametrize(
    ("where", "before", "module", "lines"),
    [
        ("f", "4", "inner/two.py", ["    return 99"]),
        ("C.f", "1", "one.py", ["        return (99, 3)"]),
        ("g", "5", "inner/two.py", ["        return 99"]),
        ("A", "1", "one.py", ["A = 99"]),
        ("C.B", "2", "one.py", ["    B = 99"]),
        ("renamed", "3", "one.py", ["        return (1, 99)"]),
    ],
)
def test_bug_is_planted_wherever_its_function_is(
    library: Library, where: str, before: str, module: str, lines: list[str]
) -> None:
    path, code = library.plant(Mutant("a bug", where, before, "99"))
    usual = ast.unparse(ast.parse(SOURCES[module])).splitlines()
    assert path.as_posix().endswith(f"/dynamongo/{module}")
    assert [line for line in code.splitlines() if line not in usual] == lines
    assert len(code.splitlines()) == len(usual)


@pytest.mark.parametrize(
    ("where", "before", "message"),
    [
        ("f", "7", "'a bug': '7' occurs 0 times in f"),
        ("f", "_a", "'a bug': '_a' occurs 2 times in f"),
        ("renamed", "1", "'a bug': '1' occurs 3 times in the library, which has no renamed"),
    ],
)
def test_bug_without_one_place_is_not_planted(library: Library, where: str, before: str, message: str) -> None:
    with pytest.raises(NotPlantedError) as caught:
        library.plant(Mutant("a bug", where, before, "0"))
    assert str(caught.value) == message


def test_every_bug_can_be_planted() -> None:
    library, errors = Library(ROOT), []
    for mutant in MUTANTS:
        try:
            library.find(mutant)
        except NotPlantedError as error:
            errors.append(str(error))
    assert not errors, "rewrite the patterns of these bugs, in tests/mutation/bugs:\n" + "\n".join(errors)


def test_bugs_differ() -> None:
    assert len({mutant.bug for mutant in MUTANTS}) == len(set(MUTANTS)) == len(MUTANTS)
