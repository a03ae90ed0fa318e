"""Run the programs that write with other libraries, and keep what they stored.

    python tests/existing/record.py NAME...

Without names, it runs those whose library is installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from server import run_server

from existing.libraries import LIBRARIES, Library
from existing.stored import call, kept_file, read_items

TABLE = "things"


def record(library: Library, url: str) -> None:
    library.write(url, TABLE)
    table = call(url, "DescribeTable", TableName=TABLE)["Table"]
    schema = {name: table[name] for name in ("AttributeDefinitions", "KeySchema")}
    kept = {"by": f"{library.name} {library.version()}", "schema": schema, "items": read_items(url, TABLE)}
    kept_file(library.name).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for each in LIBRARIES.values():
        if each.name in sys.argv[1:] or (len(sys.argv) == 1 and each.is_installed()):
            with run_server() as server:
                record(each, server)
            print("recorded", each.name, each.version())  # noqa: T201 - a tool for people
