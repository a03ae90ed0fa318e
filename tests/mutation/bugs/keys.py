"""Bugs in keys that are made of other fields."""

from mutation.library import Mutant

MUTANTS = [
    Mutant("a text may contain a separator", "Slot._find_excluded", "separators + end[:1]", "end[:1]"),
    Mutant("a text may contain what follows it", "Slot._find_excluded", "separators + end[:1]", "separators"),
    Mutant("a key may be made of an empty text", "Slot._write_text", "if not text:\n    _s", "if False:\n    _s"),
    Mutant("a number may have more digits", "Slot._write_number", "len(text) > self.width", "False"),
    Mutant("a slot needs no end", "Slot._check_end", "not end and (not is_last)", "False"),
    Mutant("a padded number is not padded", "Slot._write_number", "text.zfill(self.width)", "text"),
    Mutant("-0 is a number of a key", "KeyTemplate.parse", "text == '-0'", "False"),
    Mutant("a key contradicts a member", "_compare_members", "not _is_same(slot, known, value)", "False"),
    Mutant("an unsuitable key is ignored", "KeyMembers._examine", "parsed is None", "parsed is None and not told"),
    Mutant("what a key tells is stored", "KeyMembers.leave_out", "name in item and name in told and _a", "False"),
    Mutant("a NULL of a member is dropped", "KeyMembers.leave_out", "name in stored", "False"),
    Mutant("no key is added", "KeyMembers.complete", "whole.get(key.attribute) is None and _a", "False"),
    Mutant("an update of the key is allowed", "DerivedUpdates.complete", "if touched:\n    _s", "if False:\n    _s"),
    Mutant("an upsert lacks the members", "DerivedUpdates.complete", "self._write_told(_a, _b)", "{}"),
    Mutant("what was read is not checked", "DerivedUpdates._set", "_a if guards else update", "update"),
    Mutant("a stale key stays", "DerivedValues._is_due", "changed and unknown", "False"),
    Mutant("two models have one key", "check_family", "all(_g)", "False"),
]
