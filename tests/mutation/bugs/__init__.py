"""The bugs, by the packages that have them."""

from mutation.bugs import above, backend, expressions, forms, keys, locks, mapping, transport, unique, values

MUTANTS = [
    *expressions.MUTANTS,
    *mapping.MUTANTS,
    *forms.MUTANTS,
    *backend.MUTANTS,
    *above.MUTANTS,
    *keys.MUTANTS,
    *locks.MUTANTS,
    *transport.MUTANTS,
    *unique.MUTANTS,
    *values.MUTANTS,
]
