"""Interception: whether anything has been hooked in between boto3's clients and DynamoDB.

Mocks, recorders and tracers handle botocore's events, or replace functions of botocore, urllib3 or `http.client`.
Requests that bypass boto3 would bypass them: a mocked test would reach AWS. So this is checked before each request,
which takes about two microseconds; if there is a reason, boto3 sends the request.

Handlers of botocore itself are recognized by the module that defines them. Whether a function is the original is
checked once (`originals`); from then on it has to be the same object. moto has a switch, since its handler is always
registered.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import starmap
from typing import Any, Final, TypeAlias, cast

import botocore.auth
import botocore.awsrequest
import botocore.client
import botocore.endpoint
import botocore.hooks
import botocore.httpsession
import botocore.parsers
import botocore.signers
import botocore.validate
import urllib3.util.connection

from dynamongo._support.codegen import make_function
from dynamongo.backends.dynamodb.transport.botocore_internals import (
    handler_cache_of,
    handlers_of,
    parts_of,
    pool_manager_of,
    session_of,
)
from dynamongo.backends.dynamodb.transport.originals import is_original

_KNOWN: Final = frozenset({"botocore", "boto3", "dynamongo"})
_STUBBER: Final = "botocore.stub"
_ANY_SERVICE: Final = frozenset({"dynamodb", "*"})

# Taken from the bases of botocore's classes: the names in urllib3 and http.client may have been replaced already.
_Connection: Final[Any] = botocore.awsrequest.AWSHTTPConnection.__bases__[-1]
_SecureConnection: Final[Any] = botocore.awsrequest.AWSHTTPSConnection.__bases__[-1]
_HTTPConnection: Final[Any] = _Connection.__base__
_HTTPResponse: Final[Any] = botocore.awsrequest.AWSHTTPResponse.__base__
_PoolManager: Final = cast("Any", botocore.httpsession).PoolManager
_Pool: Final[Any] = botocore.awsrequest.AWSHTTPConnectionPool.__base__
_SecurePool: Final[Any] = botocore.awsrequest.AWSHTTPSConnectionPool.__base__

_WAY_OF_A_REQUEST: Final[tuple[tuple[Any, str], ...]] = (
    (botocore.client.BaseClient, "_make_api_call _convert_to_request_dict _make_request"),
    (botocore.validate.ParamValidationDecorator, "serialize_to_request"),
    (botocore.endpoint.Endpoint, "make_request _send_request create_request prepare_request"),
    (botocore.endpoint.Endpoint, "_get_response _do_get_response _send _needs_retry"),
    (botocore.hooks.EventAliaser, "emit emit_until_response"),
    (botocore.hooks.HierarchicalEmitter, "emit emit_until_response _emit"),
    (botocore.signers.RequestSigner, "handler sign get_auth_instance"),
    (botocore.auth.SigV4Auth, "add_auth signature"),
    (botocore.httpsession.URLLib3Session, "send"),
    (botocore.awsrequest.AWSHTTPConnectionPool, "ConnectionCls"),
    (botocore.awsrequest.AWSHTTPSConnectionPool, "ConnectionCls"),
    (botocore.awsrequest.AWSConnection, "request _send_output send"),
    (botocore.parsers.ResponseParser, "parse"),
    (_PoolManager, "connection_from_url connection_from_host"),
    (_Pool, "urlopen _make_request _get_conn _new_conn"),
    (_SecurePool, "_new_conn"),
    (_Connection, "request connect _new_conn getresponse"),
    (_SecureConnection, "connect"),
    (urllib3.util.connection, "create_connection"),
    (_HTTPConnection, "request putrequest endheaders send getresponse"),
    (_HTTPResponse, "begin read"),
    # What these inherit may be replaced on themselves.
    (botocore.awsrequest.AWSHTTPConnectionPool, "urlopen _make_request"),
    (botocore.awsrequest.AWSHTTPSConnectionPool, "urlopen _make_request"),
    (botocore.awsrequest.AWSHTTPConnection, "request connect getresponse"),
    (botocore.awsrequest.AWSHTTPSConnection, "request connect getresponse"),
)
"""What passes a request or its response on in boto3, by the class or module that it is looked up in."""

_GATES: Final = frozenset(
    {
        (botocore.client.BaseClient, "_make_api_call"),
        (botocore.endpoint.Endpoint, "make_request"),
        (botocore.endpoint.Endpoint, "_send"),
        (botocore.httpsession.URLLib3Session, "send"),
        (botocore.awsrequest.AWSConnection, "request"),
        (botocore.auth.SigV4Auth, "add_auth"),
        (_Pool, "urlopen"),
        (_Pool, "_make_request"),
        (_HTTPConnection, "request"),
        (_HTTPConnection, "getresponse"),
    }
)
"""Those of them whose code object is checked before every request: tools that replace code objects do it here."""

_PLACES: Final = [(owner, name) for owner, names in _WAY_OF_A_REQUEST for name in names.split()]

Snapshot: TypeAlias = tuple[Any, ...]


class Watch:
    """Watches one client of boto3, which must be dynamongo's own. Threads may share it.

    Args:
        client: The client.
        is_known: Tells whether a function may be bypassed: it is the original, or known to be harmless.
    """

    def __init__(self, client: Any, is_known: Callable[[Any], bool] = is_original) -> None:
        self._client = client
        self._is_known = is_known
        self._seen: tuple[object, str | None] = (None, None)
        self._is_untouched: Callable[[], bool] = _is_to_be_checked

    def find_reason(self) -> str | None:
        """Return why boto3 has to send the requests, or `None` if it need not."""
        if "moto" in sys.modules and (moto := _find_active_moto()) is not None:
            self._register_moto(moto)
            return "moto is active"
        cache, reason = self._seen
        try:
            # In place, since it is asked before every request: see `handler_cache_of`.
            seen = self._client.meta.events._emitter._lookup_cache  # noqa: SLF001 - as there
            if reason is None and seen is cache and self._is_untouched():
                return None
        except (AttributeError, KeyError):  # examined below
            pass
        return self._find_replacement() or self._find_foreign_handler()

    def _register_moto(self, moto: Any) -> None:
        """Register moto's handler, as its `patch_client` does: a client made before moto's import would reach AWS."""
        if all(handler is not moto for _, handler in _walk(handlers_of(self._client))):
            self._client.meta.events.register("before-send", moto)

    def _find_replacement(self) -> str | None:
        """Return which function on a request's way is not the original."""
        try:
            if self._is_untouched():
                return None
        except (AttributeError, KeyError):  # a name is gone
            pass
        try:
            # While there is one, it is found at once: the first place is where tracers are.
            reason = _describe_replacement(starmap(_look_up, _PLACES), self._is_known)
            if reason is not None:
                return reason
            snapshot = _take_snapshot()
            reason = (
                _describe_replacement(snapshot, self._is_known)
                or _describe_foreign_method(self._client, self._is_known)
                or _describe_foreign_session(self._client)
                or describe_replaced_part(self._client)
            )
        except AttributeError as error:
            return f"dynamongo does not know this version of botocore or urllib3: {error}"
        if reason is None:
            self._is_untouched = _write_check(snapshot)
        return reason

    def _find_foreign_handler(self) -> str | None:
        """Return who handles events of the client, which is looked up again when the emitter has a new cache."""
        try:
            cache, reason = self._seen
            current = handler_cache_of(self._client)
            if current is not cache:
                reason = _describe_foreign_handler(handlers_of(self._client))
                self._seen = (current, reason)
        except (AttributeError, KeyError, RuntimeError, TypeError) as error:
            return f"dynamongo cannot read the event handlers of this version of botocore: {error}"
        return reason


def _find_active_moto() -> Any:
    """Return the handler by which moto responds while it is active, or `None`."""
    handler = getattr(sys.modules.get("moto.core.models"), "botocore_stubber", None)
    return handler if handler is not None and handler.enabled else None


def _is_to_be_checked() -> bool:
    return False


def _take_snapshot() -> Snapshot:
    """Return what is in all places now, followed by the code of the gates."""
    found = [_look_up(owner, name) for owner, name in _PLACES]
    codes = [getattr(each, "__code__", None) for each, place in zip(found, _PLACES, strict=True) if place in _GATES]
    return (*found, *codes)


def _look_up(owner: Any, name: str) -> Any:
    """Return a member as its owner holds it: what some tracers put there looks new whenever it is asked for."""
    members = cast("dict[str, Any]", vars(owner))
    return members[name] if name in members else getattr(owner, name)


def _write_check(snapshot: Snapshot) -> Callable[[], bool]:
    """Return a function that tells whether a snapshot still holds: written out, it takes a sixth of a loop's time.

    Where a class has the attribute itself, it is looked up among the members of the class, as the class would do it.
    Objects are compared by identity, since the proxies of tracers equal what they wrap.
    """
    owners = {id(owner): number for number, (owner, _) in enumerate(_PLACES)}
    names: dict[str, Any] = {f"found_{number}": found for number, found in enumerate(snapshot)}
    changes: list[str] = []
    for number, (owner, name) in enumerate(_PLACES):
        members, owner_number = _members_of(owner), owners[id(owner)]
        is_own = members.get(name) is snapshot[number]
        names |= {f"members_{owner_number}": members} if is_own else {f"owner_{owner_number}": owner}
        place = f"members_{owner_number}[{name!r}]" if is_own else f"owner_{owner_number}.{name}"
        changes.append(f"{place} is not found_{number}")
    gates = [number for number, place in enumerate(_PLACES) if place in _GATES]
    changes += [f"found_{gate}.__code__ is not found_{code}" for code, gate in enumerate(gates, len(_PLACES))]
    parameters = ", ".join(f"{name}={name}" for name in names)  # which are found faster than globals
    lines = "".join([f"    if {change}: return False\n" for change in changes])
    return make_function("is_untouched", f"def is_untouched({parameters}):\n{lines}    return True\n", names)


def _members_of(owner: Any) -> dict[str, Any]:
    """Return the dict behind a class's view of its members; an empty one if this Python has none."""
    view = cast("Any", vars(owner))
    held: list[Any] = gc.get_referents(view) if type(owner) is type else [view]
    return cast("dict[str, Any]", held[0]) if held and type(held[0]) is dict else {}


def _describe_replacement(snapshot: Iterable[Any], is_known: Callable[[Any], bool]) -> str | None:
    for found, (owner, name) in zip(snapshot, _PLACES, strict=False):  # the codes follow
        if not is_known(found):
            package = getattr(owner, "__module__", owner.__name__).partition(".")[0]
            return f"{package}'s {owner.__name__.rpartition('.')[2]}.{name} is replaced"
    return None


def _describe_foreign_method(client: Any, is_known: Callable[[Any], bool]) -> str | None:
    """Return what the client, or its class, has besides what botocore gives it."""
    kind = cast("type[Any]", type(client))
    if botocore.client.BaseClient not in kind.__mro__:
        return "the client is not botocore's"
    held: dict[str, Any] = client.__dict__
    members = [(name, value) for name, value in held.items() if hasattr(kind, name)]
    for owner in kind.__mro__[:-1]:
        members += cast("Any", vars(owner)).items()
    for name, value in members:
        if callable(value) and not is_known(value):
            return f"the client's {name} is replaced"
    return None


def _describe_foreign_session(client: Any) -> str | None:
    """Return what the client was made with instead of botocore's HTTP session or its pools."""
    session = session_of(client)
    for name, held in (("HTTP session", session), ("pool manager", pool_manager_of(session))):
        if not is_original(type(held)):
            return f"the client's {name} is replaced"
    return None


def describe_replaced_part(client: Any) -> str | None:
    """Return which part of a client has a method of its own, as tests put it there."""
    for part in parts_of(client):
        held, kind = cast("dict[str, Any]", vars(part)), cast("Any", type(part))
        if not _methods_of(kind).isdisjoint(held):
            return f"a method of the client's {kind.__name__} is replaced"
    return None


@functools.lru_cache(maxsize=16)  # of which botocore and urllib3 need six
def _methods_of(kind: type[Any]) -> frozenset[str]:
    return frozenset([name for name in dir(kind) if callable(getattr(kind, name)) and not name.startswith("__")])


def _describe_foreign_handler(root: dict[str, Any]) -> str | None:
    for event, handler in _walk(root):
        parts = event.split(".")
        module = _module_of(handler)
        is_known = module.partition(".")[0] in _KNOWN and module != _STUBBER
        if not is_known and not _is_of_moto(handler) and (len(parts) < 2 or parts[1] in _ANY_SERVICE):
            return f"{module} handles botocore's event {event}"
    return None


def _walk(node: dict[str, Any], *names: str) -> Iterator[tuple[str, Any]]:
    """Yield every handler with its event, from the tree in which botocore keeps them."""
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
    """Return whether it is moto's handler, which has a switch of its own."""
    return handler is getattr(sys.modules.get("moto.core.models"), "botocore_stubber", None)
