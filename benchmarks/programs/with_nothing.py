"""Python itself."""

import sys

print("Python", flush=True)
sys.stdin.read()
