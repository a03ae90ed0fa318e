"""Do nothing: what Python itself takes."""

import sys

print("nothing", flush=True)
sys.stdin.read()
