"""Modules that are imported on first use: by whom, when, and beside threads and forks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dynamongo._support.lazy_imports import LazyModule, make_getattr

FORK = """
import os, sys, threading, time
sys.path.insert(0, sys.argv[1])
from dynamongo._support.lazy_imports import LazyModule
slow = LazyModule("slow")
thread = threading.Thread(target=lambda: slow.value)
thread.start()
while "slow" not in sys.modules:
    time.sleep(0.001)
child = os.fork()
if not child:
    os._exit(slow.value)
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_module_is_imported_when_an_attribute_is_read(folder: Path) -> None:
    name = f"lazy_{id(folder)}"
    (folder / f"{name}.py").write_text("value = [7]\n")
    module = LazyModule(name)
    assert repr(module) == f"<lazy module {name!r}>"
    assert not hasattr(module, "__wrapped__")
    assert name not in sys.modules
    assert module.value is module.value is sys.modules[name].value
    with pytest.raises(AttributeError, match="other"):
        _ = module.other


def test_package_imports_a_name_when_it_is_first_used(folder: Path) -> None:
    name = f"lazy_{id(folder)}"
    (folder / f"{name}.py").write_text("value = [7]\n")
    get = make_getattr(__name__, {name: ("value",)})
    assert get("value") is globals()["value"] is sys.modules[name].value
    with pytest.raises(AttributeError, match=rf"module '{__name__}' has no attribute 'other'"):
        get("other")


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="the system has no fork")
def test_fork_waits_for_an_import_of_another_thread(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(0.3)\nvalue = 7\n")
    command = [sys.executable, "-W", "ignore", "-c", FORK, str(tmp_path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout == "7\n"
