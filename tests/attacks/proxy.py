"""A proxy whose responses to CONNECT are scripted, and which passes on whatever follows one that opens a tunnel."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator, Sequence

CONNECTED = b"HTTP/1.1 200 Connection Established\r\n\r\n"


class ScriptedProxy:
    """The proxy, while it runs.

    Args:
        port: Where on this machine its tunnels lead, whatever it is asked for.
        pieces: What it sends in response to CONNECT, piece by piece.
        is_open: Whether the tunnel is open then; otherwise the connection is closed.

    Attributes:
        requests: The heads of the requests.
    """

    def __init__(self, port: int, pieces: Sequence[bytes], *, is_open: bool) -> None:
        self.requests: list[bytes] = []
        self._target = port
        self._pieces = pieces
        self._is_open = is_open
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    @property
    def url(self) -> str:
        """What to configure as a proxy."""
        return f"http://user:secret@127.0.0.1:{self._listening.getsockname()[1]}"

    def _run(self, function: object, *arguments: object) -> None:
        self._threads.append(threading.Thread(target=function, args=arguments))  # type: ignore[arg-type]
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listening.accept()
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.append(accepted)
                self._run(self._serve, accepted)

    def _serve(self, accepted: socket.socket) -> None:
        with accepted, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                received = accepted.recv(65_536)
                if not received:
                    return
                head += received
            self.requests.append(head)
            for piece in self._pieces:
                accepted.sendall(piece)
            if self._is_open:
                self._pass_on(accepted)

    def _pass_on(self, accepted: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._target)) as target, selectors.DefaultSelector() as selector:
            selector.register(accepted, selectors.EVENT_READ, target)
            selector.register(target, selectors.EVENT_READ, accepted)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    if not data:
                        return
                    key.data.sendall(data)

    def close(self) -> None:
        """Stop, and break every connection."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def run_scripted_proxy(port: int, *pieces: bytes, is_open: bool = True) -> Iterator[ScriptedProxy]:
    """Run a proxy on the loopback interface, at a free port."""
    with contextlib.closing(ScriptedProxy(port, pieces, is_open=is_open)) as proxy:
        yield proxy
