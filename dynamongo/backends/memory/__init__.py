"""The memory backend: answers as DynamoDB does, for tests, demonstrations and benchmarks."""

from dynamongo.backends.memory.backend import MemoryBackend, Snapshot
from dynamongo.backends.memory.clock import VirtualClock
from dynamongo.backends.memory.faults import Fault, FaultPlan

__all__ = ["Fault", "FaultPlan", "MemoryBackend", "Snapshot", "VirtualClock"]
