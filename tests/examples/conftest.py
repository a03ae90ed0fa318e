"""The fixtures of dynamongo's pytest plugin, which a project enables with `pytest_plugins` in its topmost conftest."""

from __future__ import annotations

from dynamongo.testing.plugin import memory_backend, pytest_runtest_call, virtual_clock

__all__ = ["memory_backend", "pytest_runtest_call", "virtual_clock"]
