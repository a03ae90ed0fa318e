"""Benchmarks: dynamongo side by side with the libraries that are installed beside it. `python -m benchmarks --help`."""
