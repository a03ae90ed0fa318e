"""The memory backend: answers as DynamoDB does, for tests, demonstrations and benchmarks."""

from typing import TYPE_CHECKING

from dynamongo._support.lazy_imports import make_getattr
from dynamongo.backends.memory.backend import MemoryBackend, Snapshot
from dynamongo.backends.memory.clock import VirtualClock

if TYPE_CHECKING:
    from dynamongo.backends.memory.faults import Fault, FaultPlan
else:  # few tests inject faults
    __getattr__ = make_getattr(__name__, {"dynamongo.backends.memory.faults": ("Fault", "FaultPlan")})

__all__ = ["Fault", "FaultPlan", "MemoryBackend", "Snapshot", "VirtualClock"]
