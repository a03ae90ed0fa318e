"""Planted bugs: what they are, and how one is planted wherever its function lives. `tests/mutants.py` runs them."""
