"""The scan policy: a full scan never happens unnoticed."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dynamongo._support.stacklevel import caller_level
from dynamongo.exceptions import ConfigurationError, ScanForbidden, ScanWarning
from dynamongo.expressions.conditions import AnyCondition, Comparison, Path, conjuncts
from dynamongo.expressions.operands import paths_of
from dynamongo.mapping.declaration.options import SCAN_POLICIES, ScanPolicy
from dynamongo.operations import Scan

if TYPE_CHECKING:
    from dynamongo.planning.plan import Plan

__all__ = ["SCAN_POLICIES", "ScanPolicy", "apply_policy", "check_policy"]


def check_policy(policy: object) -> None:
    """Raise `ConfigurationError` for something that is no scan policy."""
    if policy not in SCAN_POLICIES:
        raise ConfigurationError(f"scans must be one of {', '.join(SCAN_POLICIES)}; got {policy!r}")


def apply_policy(plan: Plan, policy: ScanPolicy, model: str, given: AnyCondition | None) -> None:
    """Warn about a plan that is a full scan, forbid it or allow it, as the policy says.

    Args:
        plan: The plan.
        policy: The policy.
        model: The name of the model.
        given: The condition of the caller. The plan has others besides, such as on the kind of the items.

    Raises:
        ScanForbidden: The policy is `"forbid"`.
    """
    scan = plan.scan
    if scan is None or policy == "allow":
        return
    if policy == "forbid":
        raise ScanForbidden(
            f"{_describe(plan, scan, model, given)}. Scans are forbidden here; pass scans='allow' to do it once"
        )
    message = f"{_describe(plan, scan, model, given)}. Pass scans='allow' if that is intended"
    warnings.warn(message, ScanWarning, stacklevel=caller_level())


def _describe(plan: Plan, scan: Scan, model: str, given: AnyCondition | None) -> str:
    what = f"the whole table {scan.table}" if scan.index is None else f"the whole index {scan.table}.{scan.index}"
    conditions = conjuncts(given)
    if not conditions:
        return f"{model}: this reads {what}, and every item read is billed"
    return (
        f"{model}: no key serves a condition on {_list_paths(conditions)}, so this reads {what},"
        f" and every item read is billed{_advice(plan, conditions)}"
    )


def _list_paths(conditions: Iterable[AnyCondition]) -> str:
    """Return the paths they name. Values do not belong in logs, and would make every warning a new one."""
    paths = itertools.chain.from_iterable(map(paths_of, conditions))
    return ", ".join(f"`{path}`" for path in dict.fromkeys(paths))


def _advice(plan: Plan, conditions: Iterable[AnyCondition]) -> str:
    """Return the index that would serve: one that nearly does, or one whose hash key would be compared by `==`."""
    near = [rejected for rejected in plan.rejected if rejected.is_near]
    if near:
        return "; " + "; ".join(f"the index {rejected.name} would serve it, but {rejected.reason}" for rejected in near)
    for part in conditions:
        if isinstance(part, Comparison) and part.operator == "=" and isinstance(part.left, Path):
            return f"; an index with the hash key `{part.left}` would serve it"
    return ""
