"""Packages: where they are, found without importing them."""

from __future__ import annotations

import os
import sys
from typing import Any


def find_package(name: str) -> str | None:
    """Return the folder of a package, or `None` if it is not installed."""
    for finder in sys.meta_path:
        find_spec: Any = getattr(finder, "find_spec", None)
        spec = None if find_spec is None else find_spec(name, None)
        if spec is not None:
            return os.path.dirname(spec.origin or "")  # noqa: PTH120 - pathlib is slow to import
    return None
