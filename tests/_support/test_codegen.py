"""Generated functions look like any other, and leave nothing behind."""

from __future__ import annotations

import gc
import inspect
import linecache
import traceback
from collections import deque

import pytest

from dynamongo._support import codegen
from dynamongo._support.codegen import is_plain_name, make_function

SOURCE = "def fail(x):\n    raise ValueError(known[x])\n"


def names_of_sources() -> set[str]:
    return {name for name in linecache.cache if name.startswith("<dynamongo fail ")}


def test_traceback_shows_the_line_of_a_generated_function() -> None:
    fail = make_function("fail", SOURCE, {"known": ["a", "b"]})
    with pytest.raises(ValueError, match="b") as caught:
        fail(1)
    assert "raise ValueError(known[x])" in "".join(traceback.format_exception(caught.value))
    assert inspect.getsource(fail) == SOURCE


def test_sources_of_functions_that_are_gone_are_dropped_by_the_next_one() -> None:
    before = names_of_sources()
    make_function("fail", SOURCE, {})
    dropped = names_of_sources() - before
    gc.collect()
    kept = make_function("fail", SOURCE, {})
    assert len(dropped) == 1
    assert not dropped & names_of_sources()
    assert inspect.getsource(kept) == SOURCE


def test_source_in_the_cache_is_not_dropped_while_others_go_through_it() -> None:
    function = make_function("fail", SOURCE, {})
    names = list(linecache.cache)
    del function
    gc.collect()
    assert all(name in linecache.cache for name in names)


@pytest.mark.parametrize(("name", "is_plain"), [("city", True), ("class", False), ("1a", False), ("ﬁ", False)])
def test_plain_names_keep_their_spelling_in_source(name: str, *, is_plain: bool) -> None:
    assert is_plain_name(name) is is_plain


def test_another_thread_may_drop_the_last_source(monkeypatch: pytest.MonkeyPatch) -> None:
    class Taken(deque[str]):
        def __bool__(self) -> bool:
            return True  # it was there a moment ago

    monkeypatch.setattr(codegen, "_dead", Taken())
    assert make_function("double", "def double(x):\n    return 2 * x\n", {})(21) == 42
