"""Bugs above the backend: in planning and in the executor."""

from mutation.library import Mutant

MUTANTS = [
    Mutant(
        "a folded bound includes its own value",
        "_fold_bounds",
        "operator in (GT, LT)",
        "operator in (GT, LT) and not value",
    ),
    Mutant(
        "the looser bound wins",
        "strictest_bounds",
        "max(lower, key=_k, default=None)",
        "min(lower, key=_k, default=None)",
    ),
    Mutant(
        "a plan from a template contradicts itself",
        "PlanTemplate.fill",
        "self.is_doubtful and find_contradiction(parts) is not None",
        "False",
    ),
    Mutant(
        "a template takes equal bounds for a range",
        "_are_ranges",
        "parts[low].right < parts[high].right",
        "parts[low].right <= parts[high].right",
    ),
    Mutant(
        "a condition beside the strategy replaces what that says",
        "resolve_checked",
        "more if check is None else And(check, more)",
        "more",
    ),
    Mutant("unprocessed keys are forgotten", "_get_batch", "not result.unprocessed", "True"),
    Mutant(
        "a page without items ends the read",
        "PageLoop.accept",
        "result.cursor is None",
        "result.cursor is None or not result.items",
    ),
]
