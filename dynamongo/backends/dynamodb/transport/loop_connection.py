"""`LoopConnection`: one connection of an event loop, which carries one request at a time.

It has a socket that does not block, and the loop tells it when there is something to read: also while it is idle, so
that it closes as soon as the other side does. A transport of asyncio would stand in between, and hide how much of a
request was sent, take TLS apart in Python, and remain open when its loop is closed.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
import weakref
from typing import TYPE_CHECKING, Any, Final

from dynamongo.backends.dynamodb.transport.alarm import NEVER, Alarm
from dynamongo.backends.dynamodb.transport.connection_errors import (
    build_connect_error,
    build_read_error,
    build_send_error,
)
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_errors import TunnelRefused, UnreadableResponse
from dynamongo.backends.dynamodb.transport.http_reader import FIRST_BYTES, HttpResponse, ResponseReader
from dynamongo.backends.dynamodb.transport.loop_connecting import NOT_NOW, open_socket
from dynamongo.backends.dynamodb.transport.sockets import find_connect_timeout, make_check, receive_more
from dynamongo.exceptions import ServiceError

if TYPE_CHECKING:
    import socket

    from dynamongo.backends.dynamodb.transport.tls import ServerTrust

_STEPS: Final = 16
"""How many parts of a long message are sent or received before other tasks may run; TLS has 16 KB in each."""


async def open_connection(endpoint: Endpoint, trust: ServerTrust | None, deadline: float | None) -> LoopConnection:
    """Return a new connection. Raises `ServiceError`."""
    timeout = find_connect_timeout(endpoint, deadline)
    try:
        opened = await open_socket(endpoint, trust, deadline)
    except (OSError, TunnelRefused, UnicodeError, UnreadableResponse) as error:
        raise build_connect_error(endpoint, timeout, error) from error
    return LoopConnection(endpoint, opened)


class LoopConnection:
    """An open connection of the running loop. It keeps neither the loop nor the pool alive.

    Attributes:
        has_more: Tells if there is something to read that the loop has not noticed yet.
        idle_since: When it was last used.
        is_open: Whether it can be used.
        is_sent: Whether all of the last request was handed to the system, so that the store may execute it.
    """

    __slots__ = (
        "__weakref__",
        "_alarm",
        "_answer",
        "_deadline",
        "_endpoint",
        "_last_byte",
        "_reader",
        "_refer_to_loop",
        "_socket",
        "_unsent",
        "has_more",
        "idle_since",
        "is_open",
        "is_sent",
    )

    def __init__(self, endpoint: Endpoint, opened: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._endpoint = endpoint
        self._socket = opened
        self._refer_to_loop = weakref.ref(loop)
        self._alarm = Alarm(self._ring)
        self._answer: asyncio.Future[HttpResponse] | None = None
        self._reader: ResponseReader | None = None
        self._unsent = memoryview(b"")
        self.has_more = make_check(opened)
        self.idle_since = 0.0
        self.is_open = True
        self.is_sent = False
        contextvars.Context().run(loop.add_reader, opened.fileno(), self._receive)  # as in `Alarm.set`

    def ask(self, message: bytes, deadline: float | None, now: float) -> asyncio.Future[HttpResponse]:
        """Begin to send a request, and return the future of its response; await that at once.

        It fails with `OSError` or `UnreadableResponse`, and so does this; see `explain`.
        """
        loop = asyncio.get_running_loop()
        self._deadline, self._last_byte = deadline, now
        limit = self._find_limit()
        if limit < self._alarm.at:
            self._alarm.set(loop, limit)
        self.is_sent, self._reader = False, None
        answer = self._answer = loop.create_future()
        try:
            count = self._socket.send(message)
        except NOT_NOW:
            count = 0
        if count == len(message):
            self.is_sent = True
        else:
            self._unsent = memoryview(message)[count:]
            loop.add_writer(self._socket.fileno(), self._send_rest)
            self._send_rest()
        return answer

    def explain(self, error: OSError | UnreadableResponse) -> ServiceError:
        """Return the error to raise for one that a request failed with."""
        if not self.is_sent:
            return build_send_error(error if isinstance(error, OSError) else OSError(str(error)))
        is_over = self._deadline is not None and time.monotonic() >= self._deadline
        return build_read_error(self._endpoint, error, is_over=is_over)

    def _find_limit(self) -> float:
        """Return when the request has to be given up: at its deadline, or after the time without a byte."""
        usual, deadline = self._endpoint.read_timeout, self._deadline
        limit = NEVER if usual is None else self._last_byte + usual
        return limit if deadline is None or limit < deadline else deadline

    def _ring(self, now: float) -> float:
        """Give up the request if its time is up, and return when to look again."""
        answer = self._answer
        if answer is None:
            return NEVER
        if (limit := self._find_limit()) > now:
            return limit
        self._end(TimeoutError("timed out"))
        return NEVER

    def _end(self, result: HttpResponse | Exception) -> None:
        """Give the response, or what was raised instead of it, to the task that awaits it."""
        answer, self._answer = self._answer, None
        if answer is None or answer.done():  # its task is cancelled, and will close the connection
            return
        if isinstance(result, HttpResponse):
            answer.set_result(result)
        else:
            answer.set_exception(result)

    def _send_rest(self) -> None:
        """Send more of a request that was not taken at once: TLS takes 16 KB at a time, and a full buffer nothing."""
        self._last_byte = time.monotonic()
        try:
            for _ in range(_STEPS):
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
                if not self._unsent:
                    self.is_sent = True
                    self._stop_writing()
                    return
        except NOT_NOW:
            return
        except Exception as error:  # noqa: BLE001 - the task that sends gets it
            self._stop_writing()
            self._end(error)

    def _stop_writing(self) -> None:
        loop = self._refer_to_loop()
        if loop is not None:
            loop.remove_writer(self._socket.fileno())

    def _receive(self) -> None:
        """Receive what has arrived: a part of the response, or on an idle connection, its end."""
        if self._answer is None:
            self.close()
            return
        try:
            response = self._read()
        except NOT_NOW:
            return
        except Exception as error:  # noqa: BLE001 - the task that waits gets it
            self._end(error)
        else:
            if response is not None:
                self._end(response)

    def _read(self) -> HttpResponse | None:
        reader = self._reader
        if reader is None:
            data = self._socket.recv(FIRST_BYTES)
            reader = ResponseReader()
            response = reader.feed(data) if data else reader.end()
            if response is not None:
                return response
            self._reader = reader
        return self._read_more(reader)

    def _read_more(self, reader: ResponseReader) -> HttpResponse | None:
        """Receive what has arrived of the rest of a response, but let other tasks run in between."""
        self._last_byte = time.monotonic()
        steps = 0
        while steps < _STEPS or self._has_decrypted():
            steps += 1
            response = receive_more(self._socket, reader)
            if response is not None:
                return response
        return None

    def _has_decrypted(self) -> bool:
        """Return whether a TLS record was read in part. Its rest is decrypted, so the system does not tell the loop."""
        pending: Any = getattr(self._socket, "pending", None)
        return pending is not None and pending() > 0

    def close(self) -> bool:
        """Close the connection, in the thread of its loop, or while that does not run; return whether it was open."""
        if not self.is_open:
            return False
        self.is_open, self._answer = False, None
        loop, descriptor = self._refer_to_loop(), self._socket.fileno()
        # After a fork, the child has closed its copy: the loop's selector, which both share, must not forget the other.
        if loop is not None and not loop.is_closed() and descriptor >= 0:
            loop.remove_reader(descriptor)
            if self._unsent:
                loop.remove_writer(descriptor)
            self._alarm.cancel()
        self._socket.close()
        return descriptor >= 0
