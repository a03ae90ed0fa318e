"""Bugs in unique constraints: guards that are not kept, and items that pose as guards."""

from mutation.library import Mutant

MUTANTS = [
    Mutant(
        "the values that are stored are taken on trust",
        "GuardedRun._attempt",
        "add_condition(self._write, unique.is_unchanged(known, constraints))",
        "add_condition(self._write, ())",
    ),
    Mutant("an old value is not freed", "GuardedRun._attempt", "address not in after", "False"),
    Mutant("a value that is kept is freed and taken", "GuardedRun._attempt", "address not in before", "True"),
    Mutant(
        "guards of others are freed",
        "GuardedRun._transact",
        "unique.is_free_or_of(self._key)",
        "None",
    ),
    Mutant("a guard counts whether its item has the value or not", "still_holds", "found.key == claim.key", "True"),
    Mutant(
        "a guard is taken over without a check of its item", "GuardedRun._check_abandoned", "owner is not None", "False"
    ),
    Mutant("the condition of the write is forgotten", "GuardedRun._find_stored", "not holds(own, item or {})", "False"),
    Mutant(
        "parts of a guard's key run into each other",
        "write_part",
        "value.replace('%', '%25').replace('#', '%23')",
        "value",
    ),
    Mutant("numbers and texts have one guard", "write_part", 'f"%N{_v}"', "str(value)"),
    Mutant("long values have no digest", "Constraint._make_key", "len(text.encode()) > _MAX_KEY_BYTES", "False"),
    Mutant(
        "a transaction lets two items take one value",
        "TransactionGuards.prepare",
        "(other := self._taken.get(each.address)) is not None",
        "(other := self._taken.get(each.address)) is not None and False",
    ),
    Mutant(
        "a transaction does not know what items had", "TransactionGuards.prepare", "isinstance(known, Unknown)", "False"
    ),
    Mutant(
        "the repair gives a value of one item to another",
        "UniqueCheck._look_at_item",
        "still_holds(claim, found.get(_h))",
        "False",
    ),
]
