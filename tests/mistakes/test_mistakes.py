from __future__ import annotations
import __future__

import ast
import asyncio
import importlib
import warnings

import pytest

from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend
from mistakes.catalogue.models import store_items
from mistakes.marks import Group, read_groups


def run(group: Group, statements: list[ast.stmt]) -> None:
    """Run some statements of a group, on items that are new."""
    function = type(group.function)(**{**vars(group.function), "body": statements or [ast.Pass()]})
    program = ast.fix_missing_locations(ast.Module([function], []))
    flags = __future__.annotations.compiler_flag
    names = dict(vars(importlib.import_module(f"mistakes.catalogue.{group.path.stem}")))
    exec(compile(program, group.path, "exec", flags), names)
    with Connection.using(MemoryBackend()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        store_items()
        called = names[group.function.name]()
        if asyncio.iscoroutine(called):
            asyncio.run(called)


@pytest.mark.parametrize("group", list(read_groups()), ids=lambda group: group.name)
def test_mistakes_raise_and_what_is_right_does_not(group: Group) -> None:
    run(group, group.right)
    passed = []
    for line, mistake in group.mistakes:
        before = [statement for statement in group.right if statement.lineno < mistake.lineno]
        try:
            run(group, [*before, mistake])
        except Exception:  # noqa: BLE001 - whatever it is
            continue
        if not group.marks[line].is_silent:
            passed.append(line)
    assert not passed, f"{group.path.name}: lines {passed} raise nothing"
