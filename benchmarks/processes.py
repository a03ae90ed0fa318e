"""Run whole programs, and measure what they take of the processor and of the memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(__file__).resolve().parent / "programs"


class Run(NamedTuple):
    """What one process took.

    Attributes:
        ms: The processor time from its start to its end, in milliseconds.
        megabytes: The resident memory when it printed its first line; Linux has it in `/proc`.
        line: That line.
    """

    ms: float
    megabytes: float
    line: str


def run_program(arguments: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run Python with the arguments until it has printed a line, close its input, and wait for its end.

    The environment has nothing of this process's but the path; bytecode is written, as when a package is installed.
    """
    found = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | dict(environment)
    process = subprocess.Popen(
        [sys.executable, *arguments], env=found, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    megabytes = _read_resident_megabytes(process.pid)
    process.stdin.close()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, process.args, line)
    return Run((usage.ru_utime + usage.ru_stime) * 1e3, megabytes, line)


def _read_resident_megabytes(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:  # not Linux
        return float("nan")
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), float("nan"))
