"""The bugs, by the packages that have them."""

from mutation.bugs import above, backend, expressions, mapping

MUTANTS = [*expressions.MUTANTS, *mapping.MUTANTS, *backend.MUTANTS, *above.MUTANTS]
