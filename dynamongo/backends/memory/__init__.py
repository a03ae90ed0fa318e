"""The memory backend: DynamoDB's answers without DynamoDB, for tests, demonstrations and benchmarks."""

from dynamongo.backends.memory.backend import MemoryBackend

__all__ = ["MemoryBackend"]
