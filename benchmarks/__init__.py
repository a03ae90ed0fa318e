"""Benchmarks: dynamongo side by side with its rivals, as far as installed. `python -m benchmarks --help` says more."""
