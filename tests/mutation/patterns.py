"""Patterns of Python code, matched against syntax trees, so that formatting, comments and positions do not matter.

A pattern is Python code: an expression, or one or more statements.

- A name such as `_a`, an underscore and a letter, matches any expression, and the same one wherever it occurs again.
- A string matches any part of a string: `f"{_v} <= "` matches inside `f"{v} <= {high}"`.
- Everything else matches itself.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Bindings: TypeAlias = dict[str, ast.expr]
# A string is a list of its characters and of the nodes between braces.
_Parts: TypeAlias = list["str | ast.FormattedValue"]

_VARIABLE = re.compile(r"_[a-z]")
_BODIES = ("body", "orelse", "finalbody")


@dataclass
class Match:
    """Where a pattern matches: in a field of a node, which for a list is the part from `start` to `end`."""

    parent: ast.AST
    field: str
    start: int | None
    end: int
    bindings: Bindings

    def replace(self, after: str) -> None:
        """Put the code of `after`, with the expressions that its variables stand for, in the place of the match."""
        new = [_substitute(node, self.bindings) for node in _parse(after)]
        if self.start is not None and isinstance(self.parent, ast.JoinedStr | ast.Constant):
            self._replace_text(new[0])
        elif self.start is None:
            setattr(self.parent, self.field, _as_expression(new[0]))
        else:
            held = getattr(self.parent, self.field)
            is_body = isinstance(held[self.start], ast.stmt)
            held[self.start : self.end] = new if is_body else [_as_expression(new[0])]
        ast.fix_missing_locations(self.parent)

    def _replace_text(self, new: ast.AST) -> None:
        parts = _parts_of(self.parent)
        parts[self.start : self.end] = _parts_of(_as_expression(new))
        if isinstance(self.parent, ast.Constant):
            self.parent.value = "".join(str(part) for part in parts)
        else:
            setattr(self.parent, self.field, _join(parts))


def find(pattern: str, tree: ast.AST) -> Iterator[Match]:
    """Yield every place below `tree` that the pattern matches."""
    wanted = _parse(pattern)
    is_expression = len(wanted) == 1 and isinstance(wanted[0], ast.Expr)
    first = _as_expression(wanted[0]) if is_expression else None
    pieces: set[int] = set()  # of f-strings, which are searched as a whole
    for parent in ast.walk(tree):
        if isinstance(parent, ast.JoinedStr):
            pieces.update(map(id, parent.values))
        if first is None:
            yield from _find_statements(wanted, parent)
        elif _is_text(first):
            yield from _find_text(first, parent) if id(parent) not in pieces else ()
        else:
            yield from _find_expression(first, parent)


def _parse(code: str) -> list[ast.stmt]:
    return ast.parse(code).body


def _as_expression(node: ast.AST) -> ast.expr:
    found = node.value if isinstance(node, ast.Expr) else node
    if not isinstance(found, ast.expr):
        raise TypeError(f"expected an expression, got {ast.unparse(node)!r}")
    return found


def _find_expression(wanted: ast.expr, parent: ast.AST) -> Iterator[Match]:
    for field, value in ast.iter_fields(parent):
        for number, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            bindings: Bindings = {}
            if isinstance(child, ast.expr) and _matches(wanted, child, bindings):
                yield Match(parent, field, number, 0 if number is None else number + 1, bindings)


def _find_statements(wanted: list[ast.stmt], parent: ast.AST) -> Iterator[Match]:
    for field in _BODIES:
        body = getattr(parent, field, None)
        if not isinstance(body, list):  # the body of a lambda is an expression
            continue
        for start in range(len(body) - len(wanted) + 1):
            bindings: Bindings = {}
            end = start + len(wanted)
            if _match_all(wanted, body[start:end], bindings):
                yield Match(parent, field, start, end, bindings)


def _find_text(wanted: ast.expr, node: ast.AST) -> Iterator[Match]:
    if not _is_text(node):
        return
    parts, pattern = _parts_of(node), _parts_of(wanted)
    for start in range(len(parts) - len(pattern) + 1):
        bindings: Bindings = {}
        end = start + len(pattern)
        if _match_all(pattern, parts[start:end], bindings):
            yield Match(node, "values", start, end, bindings)


def _matches(pattern: object, node: object, bindings: Bindings) -> bool:
    if isinstance(pattern, ast.Name) and _VARIABLE.fullmatch(pattern.id) and isinstance(node, ast.expr):
        bound = bindings.setdefault(pattern.id, node)
        return bound is node or _unparse(bound) == _unparse(node)
    if isinstance(pattern, list):
        return isinstance(node, list) and _match_all(pattern, node, bindings)
    if isinstance(pattern, ast.AST):
        return type(pattern) is type(node) and all(
            _matches(value, getattr(node, field), bindings)
            for field, value in ast.iter_fields(pattern)
            if field not in ("ctx", "kind", "type_comment")
        )
    return type(pattern) is type(node) and pattern == node


def _match_all(patterns: Sequence[object], nodes: Sequence[object], bindings: Bindings) -> bool:
    return len(patterns) == len(nodes) and all(
        _matches(pattern, node, bindings) for pattern, node in zip(patterns, nodes, strict=True)
    )


def _unparse(node: ast.AST) -> str:
    return ast.unparse(node)  # says nothing of where a name is loaded and where it is stored


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _parts_of(node: ast.AST) -> _Parts:
    parts: _Parts = []
    for piece in node.values if isinstance(node, ast.JoinedStr) else [node]:
        if isinstance(piece, ast.FormattedValue):
            parts.append(piece)
        elif isinstance(piece, ast.Constant):
            parts += str(piece.value)
    return parts


def _join(parts: _Parts) -> list[ast.expr]:
    pieces: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.FormattedValue):
            pieces.append(part)
        elif pieces and isinstance(pieces[-1], ast.Constant):
            pieces[-1].value = str(pieces[-1].value) + part
        else:
            pieces.append(ast.Constant(part))
    return pieces


class _Substitution(ast.NodeTransformer):
    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._bindings:
            return node
        bound = copy.deepcopy(self._bindings[node.id])
        if isinstance(bound, ast.Name):
            bound.ctx = node.ctx
        return bound


def _substitute(node: ast.stmt, bindings: Bindings) -> ast.stmt:
    found = _Substitution(bindings).visit(node)
    assert isinstance(found, ast.stmt)
    return found
