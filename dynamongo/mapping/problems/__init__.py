"""Everything that is wrong: with what is stored, with what was given, and with a write that failed."""
