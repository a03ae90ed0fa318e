"""The suites: each measures one thing, and yields measurements and curves."""
