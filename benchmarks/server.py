"""The emulator that suites send requests to: the one of the tests."""

from __future__ import annotations

import importlib
import sys
from contextlib import AbstractContextManager
from pathlib import Path


def run_server() -> AbstractContextManager[str]:
    """Run an emulator, empty and in memory, and give its URL."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    server: AbstractContextManager[str] = importlib.import_module("server").run_server()
    return server
