"""Interception: whether somebody has put something between boto3's clients and DynamoDB.

Mocks, recorders and tracers work by handlers of botocore's events, or replace functions of botocore. Requests that
are sent without botocore would pass them by: a mocked test would reach AWS. So before each request one asks here, which
takes about two microseconds; where the answer is a reason, the request is left to boto3.

Handlers that are botocore's own are found by the module that defines them. What is replaced is found by comparing a
function with the one that was there before, which botocore itself has to have defined. moto has a switch, since its
handler is always there.
"""

# The event handlers of a client are private to botocore; where they cannot be read, requests are left to boto3.
# ruff: noqa: SLF001

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Final

import botocore.awsrequest
import botocore.client
import botocore.endpoint
import botocore.httpsession

_KNOWN: Final = frozenset({"botocore", "boto3", "dynamongo"})
_STUBBER: Final = "botocore.stub"
_ANY_SERVICE: Final = frozenset({"dynamodb", "*"})

_WAY_OF_A_REQUEST: Final[tuple[tuple[type, str], ...]] = (
    (botocore.client.BaseClient, "_make_api_call"),
    (botocore.endpoint.Endpoint, "make_request"),
    (botocore.endpoint.Endpoint, "_send"),
    (botocore.httpsession.URLLib3Session, "send"),
)
"""What a request of boto3 goes through and people replace: the class and the function."""


def _find_original(owner: type, name: str) -> object:
    """The function, if botocore itself defines it and whatever it is wrapped in; something else if not."""
    found: Any = vars(owner).get(name)
    function = found
    while isinstance(function, FunctionType):
        if not function.__globals__["__name__"].startswith("botocore."):
            return None
        wrapped: Any = getattr(function, "__wrapped__", None)
        if wrapped is None:
            return found
        function = wrapped
    return None


_ORIGINALS: Final = [
    (vars(owner), owner.__name__, name, _find_original(owner, name)) for owner, name in _WAY_OF_A_REQUEST
]
"""Those functions; `None`, which no function is, for one that was replaced before dynamongo was imported."""

_CONNECTIONS: Final = [
    (pool, pool.ConnectionCls if pool.ConnectionCls.__module__ == pool.__module__ else None)
    for pool in (botocore.awsrequest.AWSHTTPConnectionPool, botocore.awsrequest.AWSHTTPSConnectionPool)
]
"""The pools of connections with the class that botocore itself has them make connections of; `None` as above."""


class Watch:
    """Watches one client of boto3, which must be dynamongo's own. Several threads may share it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._seen: tuple[object, str | None] = (None, None)

    def find_reason(self) -> str | None:
        """Why requests have to be left to boto3, or `None` if they need not be."""
        moto = _find_active_moto()
        if moto is not None:
            self._let_answer(moto)
            return "moto is active"
        return _find_replacement() or self._find_foreign_handler()

    def _let_answer(self, moto: Any) -> None:
        """Show the client to moto, as its `patch_client` does: one made before moto was imported would reach AWS."""
        events = self._client.meta.events
        if all(handler is not moto for _, handler in _walk(events._emitter._handlers._root)):
            events.register("before-send", moto)

    def _find_foreign_handler(self) -> str | None:
        """Who handles events of the client; looked up when the emitter has changed, and emptied its cache for that."""
        try:
            emitter = self._client.meta.events._emitter
            cache, reason = self._seen
            if emitter._lookup_cache is not cache:
                cache = emitter._lookup_cache
                reason = _describe_foreign_handler(emitter._handlers._root)
                self._seen = (cache, reason)
        except (AttributeError, KeyError, RuntimeError, TypeError) as error:
            return f"the event handlers of this version of botocore cannot be read: {error}"
        return reason


def _find_active_moto() -> Any:
    """The handler by which moto answers, while it does; `None` otherwise."""
    if "moto" not in sys.modules:
        return None
    handler = getattr(sys.modules.get("moto.core.models"), "botocore_stubber", None)
    return handler if handler is not None and handler.enabled else None


def _find_replacement() -> str | None:
    for members, owner, name, original in _ORIGINALS:
        if members.get(name) is not original:
            return f"botocore's {owner}.{name} is replaced"
    for pool, connection in _CONNECTIONS:
        if pool.ConnectionCls is not connection:
            return f"botocore's {pool.__name__}.ConnectionCls is replaced"
    return None


def _describe_foreign_handler(root: dict[str, Any]) -> str | None:
    for event, handler in _walk(root):
        parts = event.split(".")
        module = _module_of(handler)
        is_known = module.partition(".")[0] in _KNOWN and module != _STUBBER
        if not is_known and not _is_of_moto(handler) and (len(parts) < 2 or parts[1] in _ANY_SERVICE):
            return f"{module} handles botocore's event {event}"
    return None


def _walk(node: dict[str, Any], *names: str) -> Iterator[tuple[str, Any]]:
    """Every handler with its event, from the tree in which botocore keeps them."""
    for handlers in node["values"] or ():
        for handler in handlers:
            yield ".".join(names), handler
    for name, child in node["children"].items():
        yield from _walk(child, *names, name)


def _module_of(handler: Any) -> str:
    while isinstance(handler, functools.partial):
        handler = handler.func
    return str(getattr(handler, "__module__", None))


def _is_of_moto(handler: object) -> bool:
    """Whether it is moto's handler, which says itself whether it is active."""
    return handler is getattr(sys.modules.get("moto.core.models"), "botocore_stubber", None)
