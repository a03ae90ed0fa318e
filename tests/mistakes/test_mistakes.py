from __future__ import annotations

import ast
import asyncio
import contextlib
import gc
import importlib
import warnings
from collections.abc import Iterator

import pytest

from dynamongo import Connection
from dynamongo.backends.memory import MemoryBackend
from mistakes.catalogue.models import store_items
from mistakes.marks import Group, read_groups
from mistakes.table import check_catalogue, find_differences, format_table, make_table, read_documented


def run(group: Group, statements: list[ast.stmt]) -> None:
    """Run some statements of a group, on items that are new."""
    function = type(group.function)(**{**vars(group.function), "body": statements or [ast.Pass()]})
    head = ast.parse("from __future__ import annotations").body
    program = ast.fix_missing_locations(ast.Module([*head, function], []))
    names = dict(vars(importlib.import_module(f"mistakes.catalogue.{group.path.stem}")))
    exec(compile(program, group.path, "exec"), names)
    with Connection.using(MemoryBackend()):
        store_items()
        called = names[group.function.name]()
        if asyncio.iscoroutine(called):
            asyncio.run(called)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Ignore warnings, also those about coroutines that mistakes leave behind, which the collector finds later."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
        gc.collect()


@pytest.mark.parametrize("group", list(read_groups()), ids=lambda group: group.name)
@quietly()
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


@pytest.mark.slow
def test_type_checkers_refuse_the_mistakes_and_nothing_that_is_right() -> None:
    groups, messages = list(read_groups()), check_catalogue()
    assert list(find_differences(messages, groups)) == []
    assert read_documented()[1] == format_table(make_table(messages, groups)), "run tests/mistakes/table.py --write"
