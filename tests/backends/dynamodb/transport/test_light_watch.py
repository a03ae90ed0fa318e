"""The light watch: whoever may have hooked into boto3, or may be waiting to do it, is noticed without importing it."""

from __future__ import annotations

import builtins
import functools
import http.client
import sys
from types import FunctionType, ModuleType
from typing import Any, cast

import pytest
import wrapt

from dynamongo.backends.dynamodb.transport import light_watch
from dynamongo.backends.dynamodb.transport.endpoint import LeftToBoto3
from dynamongo.backends.dynamodb.transport.light_watch import LightWatch, check_process


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A process that has not imported what boto3 consists of, and whose imports nobody watches."""
    for name in ("botocore", "urllib3", "http.client"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    known = ("_frozen_importlib", "_pytest")
    finders = [each for each in sys.meta_path if module_of(each).startswith(known)]
    monkeypatch.setattr(sys, "meta_path", finders)
    check_process()
    return monkeypatch


def module_of(finder: Any) -> str:
    return str(getattr(finder, "__module__", None) or type(finder).__module__)


def why_not() -> str:
    with pytest.raises(LeftToBoto3) as caught:
        check_process()
    return str(caught.value)


@pytest.mark.parametrize("name", ["botocore", "urllib3"])
def test_import_is_noticed(process: pytest.MonkeyPatch, name: str) -> None:
    watch = LightWatch()
    assert watch.find_reason() is None
    process.setitem(sys.modules, name, ModuleType(name))
    assert (watch.find_reason(), why_not()) == (f"{name} is imported", f"{name} is imported")


def test_finder_that_waits_for_an_import_is_noticed(process: pytest.MonkeyPatch) -> None:
    watch = LightWatch()
    for finder in (make_finder("six"), make_finder("__editable___app_1_0_finder"), make_finder("_virtualenv")):
        sys.meta_path.insert(0, finder)
        assert watch.find_reason() is None
    sys.meta_path.insert(0, make_finder("ddtrace.internal.module"))
    assert (watch.find_reason(), why_not()) == ("ddtrace.internal.module watches imports",) * 2
    importer: Any = sys.modules[wrapt.register_post_import_hook.__module__]
    sys.meta_path[0] = importer.ImportHookFinder()
    assert (watch.find_reason(), why_not()) == ("wrapt.importer watches imports",) * 2


def make_finder(module: str) -> Any:
    return type("Finder", (), {"__module__": module})()


def test_replaced_import_function_is_noticed(process: pytest.MonkeyPatch) -> None:
    process.setattr(builtins, "__import__", functools.partial(builtins.__import__))
    reason = why_not()
    process.undo()
    assert reason == "builtins.__import__ is replaced"


class Proxy:
    """Passes for what it holds, as the wrappers of wrapt do."""

    def __init__(self, held: Any) -> None:
        self._held = held

    def __eq__(self, other: object) -> bool:
        return bool(self._held == other)

    def __hash__(self) -> int:
        return hash(self._held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)


class TestHttpClient:
    @pytest.fixture(autouse=True)
    def _imported(self, process: pytest.MonkeyPatch) -> None:
        process.setitem(sys.modules, "http.client", http.client)

    def test_that_it_is_imported_is_no_reason(self) -> None:
        watch = LightWatch()
        assert (watch.find_reason(), watch.find_reason()) == (None, None)

    @pytest.mark.parametrize("name", [*light_watch._CLASSES, *light_watch._FUNCTIONS])
    @pytest.mark.parametrize("is_before", [True, False])
    def test_replacement_is_noticed_while_it_is_there(
        self, monkeypatch: pytest.MonkeyPatch, name: str, *, is_before: bool
    ) -> None:
        watch = LightWatch()
        if not is_before:
            assert watch.find_reason() is None
        owner, _, attribute = f"http.client.{name}".rpartition(".")
        target: Any = http.client if owner == "http.client" else getattr(http.client, owner.rpartition(".")[2])
        for replaced in (Proxy(getattr(target, attribute)), type("Sub", (http.client.HTTPConnection,), {})):
            with monkeypatch.context() as patch:
                patch.setattr(target, attribute, replaced)
                assert "http.client" in str(watch.find_reason())
        assert watch.find_reason() is None

    def test_code_that_is_exchanged_in_place_is_noticed(self) -> None:
        watch = LightWatch()
        assert watch.find_reason() is None
        function = cast("FunctionType", http.client.HTTPConnection.request)
        code = function.__code__
        function.__code__ = code.replace(co_consts=(*code.co_consts, "more"), co_names=(*code.co_names, "more"))
        try:
            assert watch.find_reason() == "http.client's HTTPConnection.request is replaced"
        finally:
            function.__code__ = code

    def test_it_may_be_incomplete_while_another_thread_imports_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module: Any = ModuleType("http.client")
        module.__spec__ = type("Spec", (), {"_initializing": True})()
        monkeypatch.setitem(sys.modules, "http.client", module)
        assert LightWatch().find_reason() is None
        module.__spec__ = None
        assert LightWatch().find_reason() == (
            "http.client is replaced: module 'http.client' has no attribute 'HTTPConnection'"
        )
