"""Connecting without blocking: opens the socket of a connection on an event loop, as `connecting` does in a thread."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from dynamongo.backends.dynamodb.transport.endpoint import Endpoint, Proxy
from dynamongo.backends.dynamodb.transport.http_reader import FIRST_BYTES
from dynamongo.backends.dynamodb.transport.sockets import find_timeout

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport.tls import ServerTrust

NOT_NOW: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket that does not block raises when it would have to."""

_sockets: Final[weakref.WeakSet[socket.socket]] = weakref.WeakSet()


def _close_copies_in_child() -> None:
    """Close the child's copies of the parent's sockets, without an effect on the parent or its event loop."""
    for each in list(_sockets):
        each.close()
    _sockets.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_copies_in_child)


async def open_socket(endpoint: Endpoint, trust: ServerTrust | None, deadline: float | None) -> socket.socket:
    """Return a socket to an endpoint that does not block, through the endpoint's proxy and with TLS, if it has them.

    It is connected twice, if the certificate needs an authority that has not been read yet.

    Raises `OSError`, `UnicodeError`, `TunnelRefused` or `UnreadableResponse`.
    """
    opening = _Opening(endpoint, deadline)
    if trust is None:
        return await opening.open(None)
    context = trust.context
    try:
        return await opening.open(context)
    except ssl.SSLCertVerificationError as error:
        if not await asyncio.to_thread(trust.widen, context, error):  # it reads the file of the authorities
            raise
    return await opening.open(trust.context)


class _Opening:
    def __init__(self, endpoint: Endpoint, deadline: float | None) -> None:
        self._endpoint = endpoint
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()

    async def open(self, context: ssl.SSLContext | None) -> socket.socket:
        endpoint, proxy = self._endpoint, self._endpoint.proxy
        opened = await self._connect(*((endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)))
        try:
            if context is not None:
                if proxy is not None:
                    await self._open_tunnel(opened, proxy)
                opened = context.wrap_socket(opened, server_hostname=endpoint.host, do_handshake_on_connect=False)
                _sockets.add(opened)
                await self._do(opened, opened.do_handshake)
            for option in endpoint.socket_options:
                opened.setsockopt(*option)
        except BaseException:
            opened.close()
            raise
        return opened

    async def _connect(self, host: str, port: int) -> socket.socket:
        """Return a socket that is connected to the first address of the host that accepts."""
        last = OSError("the host has no address")
        for family, kind, protocol, _, address in await self._look_up(host, port):
            opened = socket.socket(family, kind, protocol)
            _sockets.add(opened)
            try:
                opened.settimeout(0)
                await self._reach(opened, address)
            except OSError as error:
                opened.close()
                last = error
            except BaseException:
                opened.close()
                raise
            else:
                return opened
        raise last

    async def _look_up(self, host: str, port: int) -> list[Any]:
        try:  # no thread: the numbers of an address need no lookup
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            return await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)

    async def _reach(self, opened: socket.socket, address: Any) -> None:
        code = opened.connect_ex(address)
        if code in {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR}:
            await self._wait(opened, is_for_writing=True)
            code = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))

    async def _open_tunnel(self, opened: socket.socket, proxy: Proxy) -> None:
        from dynamongo.backends.dynamodb.transport.tunnel import Tunnel  # noqa: PLC0415 - few connections need one

        tunnel = Tunnel(self._endpoint, proxy)
        unsent = memoryview(tunnel.request)
        while unsent:
            unsent = unsent[await self._do(opened, opened.send, unsent, is_for_writing=True) :]
        is_open = False
        while not is_open:
            data = await self._do(opened, opened.recv, FIRST_BYTES)
            is_open = tunnel.feed(data) if data else tunnel.end()

    async def _do(
        self, opened: socket.socket, act: Callable[..., Any], *arguments: Any, is_for_writing: bool = False
    ) -> Any:
        """Call a method of the socket as soon as it need not block, and return its result."""
        while True:
            try:
                return act(*arguments)
            except NOT_NOW as reason:
                await self._wait(opened, is_for_writing=is_for_writing or isinstance(reason, ssl.SSLWantWriteError))

    async def _wait(self, opened: socket.socket, *, is_for_writing: bool) -> None:
        """Wait until a socket can be written to or read from. Raises `TimeoutError`."""
        seconds = find_timeout(self._endpoint.connect_timeout, self._deadline)
        loop, descriptor = self._loop, opened.fileno()
        ready: asyncio.Future[None] = loop.create_future()
        (loop.add_writer if is_for_writing else loop.add_reader)(descriptor, _finish, ready)
        timer = None if seconds is None else loop.call_later(seconds, _finish, ready, TimeoutError("timed out"))
        try:
            await ready
        finally:
            if not loop.is_closed():  # as it is when a task is given up with its loop
                (loop.remove_writer if is_for_writing else loop.remove_reader)(descriptor)
            if timer is not None:
                timer.cancel()


def _finish(ready: asyncio.Future[None], error: Exception | None = None) -> None:
    if ready.done():
        return
    if error is None:
        ready.set_result(None)
    else:
        ready.set_exception(error)
