"""Bugs in what a model sets by itself, or keeps: times, computed fields, immutable fields, ids."""

from mutation.library import Mutant

MUTANTS = [
    Mutant(
        "the time of creation is that of every save", "GeneratedValues.before_save", "not is_stored(instance)", "True"
    ),
    Mutant("a time that was given is replaced", "GeneratedValues.before_save", "values.get(name) is None", "True"),
    Mutant(
        "an upsert sets the time of creation again",
        "GeneratedValues.before_update",
        "self._set(_a, _b, is_new=True)",
        "self._set(_a, _b, is_new=False)",
    ),
    Mutant(
        "an upsert replaces a time that it sets",
        "GeneratedValues.before_update",
        "_a.path.attribute not in given",
        "True",
    ),
    Mutant("an instance does not hold what was stored", "Mapper.note_saved", "self.rules is not None", "False"),
    Mutant("a write that fails leaves its times", "Rules.save", "held = _h", "held = []"),
    Mutant("times alone are a change", "_find_changes", "all(_g)", "False"),
    Mutant("a bound model has the clock of its origin", "Mapper.bind", "self.rules is not None", "False"),
    Mutant("a batch goes by the clock of another block", "Destination.build", "self.mapper.rules is None", "True"),
    Mutant(
        "a transaction goes by the clock of another block",
        "TransactionActions._by_clock",
        "mapper.rules is None",
        "True",
    ),
    Mutant("a time is finer than what is stored", "DateTimeField.value_at", "_a if rest else instant", "instant"),
    Mutant("an item that nobody read is changed", "make_put", "rules.guard_put(item)", "()"),
    Mutant("what is not stored cannot be set", "_guard", "value is MISSING", "True"),
    Mutant("a map in an immutable field changes", "ImmutableFields.check_update", "_a and _b and _c", "_a and _b"),
    Mutant("a missing source makes no difference", "Computation.compute", "values[name] is None", "False"),
    Mutant("two ids of one child", "NumberSequence.take", "process != self._process", "False"),
    Mutant("ids begin anew in each call", "NumberSequence.take", "now <= self._time", "now < self._time"),
]
