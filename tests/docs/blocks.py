"""The Python blocks of documents, as modules that type checkers read.

Each block is a module of its own, since a page may declare one name again and again. It imports what it uses of the
blocks before it. Its lines have the numbers that they have on the page.

Two more kinds of blocks are modules, although nothing runs them: "python refused", of mistakes, whose name ends with
"_refused"; and "python accepted", of what only the run time refuses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_BLOCK = re.compile(r"^```python( refused| accepted)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def as_modules(document: Path) -> dict[str, str]:
    """Return the source of a module for each block, by the name of the module."""
    text = document.read_text(encoding="utf-8")
    stem = re.sub(r"\W", "_", document.stem).lower()
    imports: dict[str, str] = {}
    modules = {}
    for number, found in enumerate(_BLOCK.finditer(text)):
        name = f"{stem}_{number}{(found[1] or '').replace(' ', '_')}"
        tree = ast.parse(found[2])
        head = "; ".join(sorted({imports[each] for each in _needed(tree) if each in imports}))
        modules[name] = head + "\n" * text.count("\n", 0, found.start(2)) + found[2]
        for statement in [] if found[1] else tree.body:
            imports |= _imports_of(statement, name)
    return modules


def statements_of(source: str) -> list[range]:
    """Return the lines of each statement, the inner ones first; a compound one ends where its body begins."""
    found = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.stmt)]
    return sorted((range(each.lineno, _end_of(each)) for each in found), key=len)


def _end_of(statement: ast.stmt) -> int:
    body = getattr(statement, "body", None)
    return max(body[0].lineno, statement.lineno + 1) if body else (statement.end_lineno or 0) + 1


def _needed(tree: ast.Module) -> set[str]:
    """Return the names that a block uses before it binds them."""
    everything, bound, needed = set(_bound_by(tree.body)), set[str](), set[str]()
    for node in _in_order(tree.body):
        # A function runs later, and a class may name itself.
        needed |= _loaded_by(node) - (everything if isinstance(node, _LATER) else bound)
        bound |= set(_bound_by([node]))
    return needed


def _in_order(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """Yield simple statements, and the parts of others, in the order in which they run."""
    for statement in statements:
        blocks = [getattr(statement, each, []) for each in ("body", "handlers", "orelse", "finalbody")]
        if isinstance(statement, _LATER) or not any(blocks):
            yield statement
            continue
        inner = [each for block in blocks for each in block]
        yield from (each for each in ast.iter_child_nodes(statement) if each not in inner)
        for part in inner:
            handled = isinstance(part, ast.ExceptHandler)
            yield from [part.type] if handled and part.type else []
            yield from _in_order(part.body if handled else [part])


def _loaded_by(node: ast.AST) -> set[str]:
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    inner = {
        name for each in ast.walk(node) if isinstance(each, ast.comprehension) for name in _bound_by([each.target])
    }
    return {each.id for each in names if isinstance(each.ctx, ast.Load)} - inner


def _bound_by(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, _LATER):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (each.asname or each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, _SCOPES):
            yield from _bound_by(ast.iter_child_nodes(node))


def _imports_of(statement: ast.stmt, module: str) -> dict[str, str]:
    """Return how another module imports what a statement binds."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {name: ast.unparse(statement) for name in _bound_by([statement])}
    return {name: f"from {module} import {name} as {name}" for name in _bound_by([statement])}
