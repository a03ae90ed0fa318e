"""What a program holds: whatever grows from round to round would fill the machine one day."""

from __future__ import annotations

import gc
import threading
from dataclasses import dataclass
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True)
class Held:
    """What the process holds at a moment.

    Attributes:
        descriptors: Open files and sockets; 0 where the system does not tell.
        threads: Threads that run.
        objects: Objects that the garbage collector knows, after a collection.
    """

    descriptors: int
    threads: int
    objects: int

    @classmethod
    def measure(cls) -> Held:
        """Measure it now."""
        for _turn in range(3):  # finalizers free more
            gc.collect()
        descriptors = len(list(_DESCRIPTORS.iterdir())) if _DESCRIPTORS.is_dir() else 0
        return cls(descriptors, threading.active_count(), len(gc.get_objects()))

    def find_growth(self, before: Held) -> list[str]:
        """Say what there is more of than before; some objects more are caches that fill."""
        limits = {"descriptors": before.descriptors, "threads": before.threads, "objects": before.objects * 1.05 + 2000}
        return [
            f"{name} grew from {getattr(before, name)} to {getattr(self, name)}"
            for name, limit in limits.items()
            if getattr(self, name) > limit
        ]
