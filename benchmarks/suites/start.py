"""Start: the cost of an import, each in a process of its own."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.rows import is_installed
from benchmarks.timing import OURS, Curve, Effort, Measurement

IMPORTS = {
    "PynamoDB": ("pynamodb", "import pynamodb.models, pynamodb.attributes"),
    "pydynox": ("pydynox", "import pydynox"),
    "dynamoxy": ("dynamoxy", "import dynamoxy, dynamoxy.testing"),
    "dyntastic": ("dyntastic", "import dyntastic"),
    "boto3": ("boto3", "import boto3"),
}


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Time the import of each library, less that of nothing."""
    statements = {OURS: "import dynamongo; from dynamongo.backends.memory import MemoryBackend"}
    statements |= {name: statement for name, (module, statement) in IMPORTS.items() if is_installed(module)}
    times: dict[str, list[float]] = {name: [] for name in ("nothing", *statements)}
    for _ in range(effort.rounds + 1):
        for name, each in times.items():
            each.append(_time(statements.get(name, "pass")))
    medians = {name: statistics.median(each[1:] or each) for name, each in times.items()}
    found = {name: medians[name] - medians["nothing"] for name in statements}
    shown = ", ".join(f"{name} {value:,.0f}" for name, value in found.items())
    print(f"  import: {shown} ms", flush=True)
    yield Measurement("import, with the memory backend", "ms", found, {"PynamoDB": 0.45})


def _time(statement: str) -> float:
    """Return the time of the statement in milliseconds.

    Bytecode is written in the first round, as pip does when it installs a package.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
    return (time.perf_counter() - start) * 1e3
