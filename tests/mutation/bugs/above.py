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
    Mutant("unprocessed keys are forgotten", "Reads._get_chunk", "not result.unprocessed", "True"),
    Mutant(
        "a page without items ends the read",
        "Reads._read_page",
        "page.cursor is None",
        "page.cursor is None or not page.items",
    ),
]
