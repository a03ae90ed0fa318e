"""Callers: the line outside of this package that a warning is about."""

from __future__ import annotations

import inspect
from pathlib import Path as FilePath

_PACKAGE = str(FilePath(__file__).parent / "_").removesuffix("_")  # with the separator, or it would begin others' too


def caller_level() -> int:
    """The stack level of the first caller outside this package, as `warnings.warn` counts from where it is called."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
