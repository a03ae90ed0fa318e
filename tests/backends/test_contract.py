"""The contract, on every backend that ships with dynamongo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynamongo.backends.memory import MemoryBackend
from dynamongo.testing.contract import BackendContract


class TestMemory(BackendContract):
    @pytest.fixture
    def backend(self) -> Iterator[MemoryBackend]:
        backend = MemoryBackend()
        yield backend
        backend.close()
