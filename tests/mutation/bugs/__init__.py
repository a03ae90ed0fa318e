"""The bugs, by the packages that have them."""

from mutation.bugs import above, backend, expressions, mapping, transport

MUTANTS = [*expressions.MUTANTS, *mapping.MUTANTS, *backend.MUTANTS, *above.MUTANTS, *transport.MUTANTS]
