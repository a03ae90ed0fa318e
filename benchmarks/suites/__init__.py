"""The suites: each measures one thing, and gives measurements and curves."""
