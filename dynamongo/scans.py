"""The scan policy: a full scan never happens unnoticed."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path as FilePath
from typing import Literal, TypeAlias

from dynamongo.conditions import Comparison, Condition, Path, conjuncts, paths_of
from dynamongo.exceptions import ConfigurationError, ScanForbidden, ScanWarning
from dynamongo.operations import Scan

ScanPolicy: TypeAlias = Literal["warn", "forbid", "allow"]
"""What happens when a plan is a full scan: warn once per call site, raise, or nothing."""

SCAN_POLICIES: tuple[ScanPolicy, ...] = ("warn", "forbid", "allow")

_PACKAGE = str(FilePath(__file__).parent / "_").removesuffix("_")  # with the separator, or it would begin others' too


def check_policy(policy: object) -> None:
    """Raise `ConfigurationError` for something that is no scan policy."""
    if policy not in SCAN_POLICIES:
        raise ConfigurationError(f"scans must be one of {', '.join(SCAN_POLICIES)}; got {policy!r}")


def apply_policy(scan: Scan | None, policy: ScanPolicy, model: str) -> None:
    """Warn of a scan, forbid it or let it pass; `None` is a plan that does not scan.

    Raises:
        ScanForbidden: The policy is `"forbid"`.
    """
    if scan is None or policy == "allow":
        return
    if policy == "forbid":
        raise ScanForbidden(f"{_describe(scan, model)}. Scans are forbidden here; pass scans='allow' to do it once")
    message = f"{_describe(scan, model)}. Pass scans='allow' where that is meant"
    warnings.warn(message, ScanWarning, stacklevel=_caller_level())


def _describe(scan: Scan, model: str) -> str:
    if scan.filter is None:
        return f"{model}: this reads the whole table {scan.table}, and every item read is billed"
    return (
        f"{model}: no key serves a condition on {_list_paths(scan.filter)}, so this reads the whole table {scan.table},"
        f" and every item read is billed{_advice(scan)}"
    )


def _list_paths(condition: Condition) -> str:
    """The paths it names: without the values, which do not belong in logs and would make every warning a new one."""
    return ", ".join(f"`{path}`" for path in dict.fromkeys(paths_of(condition)))


def _advice(scan: Scan) -> str:
    """Which index would serve the filter: one with an attribute as hash key that is compared with `==`."""
    for part in conjuncts(scan.filter):
        if isinstance(part, Comparison) and part.operator == "=" and isinstance(part.left, Path):
            return f"; an index with the hash key `{part.left}` would serve it"
    return ""


def _caller_level() -> int:
    """The stack level of the first caller outside this package, as `warnings.warn` counts from here."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
