"""What the connections of both colours do with a socket: how long it may take, and what has arrived."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from dynamongo.backends.dynamodb.transport.connection_errors import build_connect_error
from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.backends.dynamodb.transport.http_reader import FIRST_BYTES, HttpResponse, ResponseReader

if TYPE_CHECKING:
    import socket

TOLERANCE: Final = 0.01
"""By how many seconds a deadline may be overrun."""


def find_timeout(timeout: float | None, deadline: float | None) -> float | None:
    """Return how many seconds a call on a socket may take; raises `TimeoutError` after the deadline."""
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the call has passed")
    return left if timeout is None or left < timeout else timeout


def find_connect_timeout(endpoint: Endpoint, deadline: float | None) -> float | None:
    """Return how many seconds it may take to connect; raises `ServiceError` after the deadline."""
    try:
        return find_timeout(endpoint.connect_timeout, deadline)
    except TimeoutError as error:
        raise build_connect_error(endpoint, 0.0, error) from error


def make_check(connection: socket.socket) -> Callable[[], bool]:
    """Return a function that tells if there is something to read: on an idle connection, its end or a stray response.

    The rest of a TLS record that was read in part is decrypted already, so that the system does not see it.
    """
    is_readable = _make_poll(connection)
    pending: Any = getattr(connection, "pending", None)
    if pending is not None:  # it is a socket of `ssl`, which takes long to import where it is not needed
        return lambda: pending() > 0 or is_readable()
    return is_readable


def _make_poll(connection: socket.socket) -> Callable[[], bool]:
    if not hasattr(select, "poll"):  # Windows
        return lambda: bool(select.select([connection], [], [], 0)[0])
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    return lambda: bool(poller.poll(0))


def receive_more(connection: socket.socket, reader: ResponseReader) -> HttpResponse | None:
    """Receive the next part of a response, and return that once it is complete."""
    room = reader.room()
    if room is not None:
        count = connection.recv_into(room)
        return reader.fill(count) if count else reader.end()
    data = connection.recv(FIRST_BYTES)
    return reader.feed(data) if data else reader.end()
