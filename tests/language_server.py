"""A client of pyright's language server, as editors have it: what it shows about a position in a file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple


class Position(NamedTuple):
    """A line and a column, both counted from 0."""

    line: int
    character: int


class LanguageServer:
    """Asks about the files of a folder, which may contain a pyrightconfig.json."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._count = 0
        workspace = [{"uri": folder.as_uri(), "name": folder.name}]
        self._call("initialize", processId=None, workspaceFolders=workspace, capabilities=_CAPABILITIES)
        self._send(method="initialized", params={})

    def open(self, name: str) -> str:
        """Open a file, as an editor does, and return its text."""
        text = (self._folder / name).read_text(encoding="utf-8")
        document = {"uri": self._uri(name), "languageId": "python", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        return text

    def hover(self, name: str, position: Position) -> str:
        """Return the text that is shown for the name at a position, which is empty if there is none."""
        found = self._ask("textDocument/hover", name, position)
        return "" if found is None else found["contents"]["value"]

    def complete(self, name: str, position: Position) -> list[str]:
        """Return the names that are offered at a position, in the server's order."""
        items = self._ask("textDocument/completion", name, position)["items"]
        return [item["label"] for item in sorted(items, key=lambda item: item.get("sortText", item["label"]))]

    def close(self) -> None:
        """End the server."""
        self._call("shutdown")
        self._send(method="exit")

    def _ask(self, method: str, name: str, position: Position) -> Any:
        return self._call(method, textDocument={"uri": self._uri(name)}, position=position._asdict())

    def _uri(self, name: str) -> str:
        return (self._folder / name).as_uri()

    def _call(self, method: str, **params: Any) -> Any:
        self._count += 1
        self._send(id=self._count, method=method, params=params)
        while True:
            message = self._receive()
            if message.get("id") == self._count and "method" not in message:
                return message["result"]
            if message.get("method") == "workspace/configuration":
                settings = [_SETTINGS.get(each["section"], {}) for each in message["params"]["items"]]
                self._send(id=message["id"], result=settings)
            elif "id" in message and "method" in message:
                self._send(id=message["id"], result=None)

    def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> Any:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            if found := re.match(rb"Content-Length: (\d+)", line):
                length = int(found[1])
        if not length:
            raise RuntimeError("the language server has ended")
        return json.loads(self._process.stdout.read(length))


_CAPABILITIES = {
    "textDocument": {
        "hover": {"contentFormat": ["plaintext"]},
        "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
    },
    "workspace": {"configuration": True, "workspaceFolders": True},
}
_SETTINGS = {"python": {"pythonPath": sys.executable}}


@contextmanager
def language_server(folder: Path) -> Iterator[LanguageServer]:
    """Start a language server for the files of a folder, and end it with the block."""
    command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder) as process:
        server = LanguageServer(process, folder)
        yield server
        server.close()
