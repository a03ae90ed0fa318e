"""The libraries whose items the tests keep, and how to run the program of each."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).parent / "programs"
# Where `npm install @aws-sdk/lib-dynamodb` was run; `.cache` has the emulator, too.
NODE_PROJECT = Path(os.environ.get("DYNAMONGO_NODE_PROJECT", PROGRAMS.parents[2] / ".cache" / "javascript"))


@dataclass(frozen=True)
class Library:
    """A library of Python; its program is a module."""

    name: str

    def is_installed(self) -> bool:
        return importlib.util.find_spec(self.name) is not None

    def version(self) -> str:
        return importlib.metadata.version(self.name)

    def write(self, url: str, table: str) -> None:
        self._program().write(url, table)

    def read(self, url: str, table: str) -> Any:
        return self._program().read(url, table)

    def _program(self) -> Any:
        return importlib.import_module(f"existing.programs.with_{self.name}")


class JavaScript(Library):
    """The document client of JavaScript, whose program runs in a process of its own."""

    def is_installed(self) -> bool:
        return shutil.which("node") is not None and self._package().exists()

    def version(self) -> str:
        return str(json.loads((self._package() / "package.json").read_text())["version"])

    def write(self, url: str, table: str) -> None:
        self._run("write", url, table)

    def read(self, url: str, table: str) -> Any:
        return json.loads(self._run("read", url, table))

    def _run(self, *arguments: str) -> str:
        # node looks for packages beside the program
        program = shutil.copy(PROGRAMS / "with_javascript.mjs", NODE_PROJECT)
        command = ["node", "--no-warnings", program, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _package(self) -> Path:
        return NODE_PROJECT / "node_modules" / "@aws-sdk" / "lib-dynamodb"


LIBRARIES = {
    library.name: library
    for library in (
        Library("pynamodb"),
        Library("boto3"),
        Library("dyntastic"),
        Library("pydynox"),
        Library("bloop"),
        JavaScript("javascript"),
    )
}
