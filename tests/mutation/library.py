"""The library as syntax trees: definitions found by their qualified name, in whichever module they stand."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutation.patterns import Match, find

ROOT = Path(__file__).resolve().parents[2]


class NotPlantedError(Exception):
    """A bug cannot be planted: its pattern is found nowhere, or in several places."""


@dataclass(frozen=True)
class Mutant:
    """A bug: what matches the pattern `before` in a definition becomes `after`.

    Args:
        bug: What is wrong then, which is also the name of the mutant.
        where: The qualified name of a function, a class or a constant, such as `Table.replace`. Its module does not
            matter; several of one name are all searched, and where none has the name, the whole library is.
        before: A pattern that occurs once there.
        after: What is put in its place.
    """

    bug: str
    where: str
    before: str
    after: str


class Library:
    """The modules of the library below `root`."""

    def __init__(self, root: Path) -> None:
        self._trees = {path: _read(path) for path in sorted((root / "dynamongo").rglob("*.py"))}
        self._scopes: defaultdict[str, list[tuple[Path, ast.AST]]] = defaultdict(list)
        for path, tree in self._trees.items():
            for name, node in _walk(tree, ""):
                self._scopes[name].append((path, node))

    def find(self, mutant: Mutant) -> tuple[Path, Match]:
        """Return the module to change and the place; raises `NotPlantedError` unless there is exactly one."""
        scopes = self._scopes.get(mutant.where)
        found = [(path, match) for path, node in scopes or self._trees.items() for match in find(mutant.before, node)]
        if len(found) != 1:
            where = mutant.where if scopes else f"the library, which has no {mutant.where}"
            raise NotPlantedError(f"{mutant.bug!r}: {mutant.before!r} occurs {len(found)} times in {where}")
        return found[0]

    def plant(self, mutant: Mutant) -> tuple[Path, str]:
        """Change the library, and return the path of the module that has the bug and its new code."""
        path, match = self.find(mutant)
        match.replace(mutant.after)
        code = ast.unparse(self._trees[path])
        compile(code, str(path), "exec")
        return path, code


def _read(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield f"{prefix}{child.name}", child
            yield from _walk(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.Assign | ast.AnnAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            yield from ((f"{prefix}{ast.unparse(target)}", child) for target in targets)
        elif isinstance(child, ast.stmt | ast.match_case):
            yield from _walk(child, prefix)
