"""Interception: whether somebody has put something between boto3's clients and DynamoDB.

Mocks, recorders and tracers work by handlers of botocore's events, or replace functions of botocore, urllib3 or
`http.client`. Requests that are sent without these would pass them by: a mocked test would reach AWS. So before each
request one asks here, which takes about two microseconds; where the answer is a reason, the request is left to boto3.

Handlers that are botocore's own are found by the module that defines them. A function is the original if its code is
the code in its module's file, whenever it was replaced, and even if its code was exchanged in place. That is checked
once; from then on it has to be the same object. moto has a switch, since its handler is always there.
"""

# The event handlers of a client are private to botocore; where they cannot be read, requests are left to boto3.
# ruff: noqa: SLF001

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Iterator
from importlib.abc import InspectLoader
from types import CodeType, FunctionType
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

_KNOWN: Final = frozenset({"botocore", "boto3", "dynamongo"})
_LIBRARIES: Final = frozenset({"botocore", "urllib3", "http"})
_STUBBER: Final = "botocore.stub"
_ANY_SERVICE: Final = frozenset({"dynamodb", "*"})

# The classes of botocore know those of urllib3 and http.client that they are made from, whatever replaces these there.
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
"""What takes a request or its answer a step further in boto3, by the class or module that it is looked up in."""

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
"""Of these, those whose code is looked at before every request: tools that exchange code in place do it here."""

_PLACES: Final = [(owner, name) for owner, names in _WAY_OF_A_REQUEST for name in names.split()]

Snapshot: TypeAlias = tuple[Any, ...]


class Watch:
    """Watches one client of boto3, which must be dynamongo's own. Several threads may share it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._seen: tuple[object, str | None] = (None, None)
        self._is_untouched: Callable[[], bool] = _is_to_be_checked

    def find_reason(self) -> str | None:
        """Why requests have to be left to boto3, or `None` if they need not be."""
        if "moto" in sys.modules and (moto := _find_active_moto()) is not None:
            self._let_answer(moto)
            return "moto is active"
        cache, reason = self._seen
        try:
            if reason is None and self._client.meta.events._emitter._lookup_cache is cache and self._is_untouched():
                return None
        except (AttributeError, KeyError):  # looked into below
            pass
        return self._find_replacement() or self._find_foreign_handler()

    def _let_answer(self, moto: Any) -> None:
        """Show the client to moto, as its `patch_client` does: one made before moto was imported would reach AWS."""
        events = self._client.meta.events
        if all(handler is not moto for _, handler in _walk(events._emitter._handlers._root)):
            events.register("before-send", moto)

    def _find_replacement(self) -> str | None:
        """Which function on a request's way is not the original."""
        try:
            if self._is_untouched():
                return None
        except (AttributeError, KeyError):  # a name is gone
            pass
        try:
            snapshot = _take_snapshot()
            reason = (
                _describe_replacement(snapshot)
                or _describe_foreign_method(self._client)
                or _describe_foreign_session(self._client)
            )
        except AttributeError as error:
            return f"boto3's way of a request is another than dynamongo knows: {error}"
        if reason is None:
            self._is_untouched = _write_check(snapshot)
        return reason

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
    handler = getattr(sys.modules.get("moto.core.models"), "botocore_stubber", None)
    return handler if handler is not None and handler.enabled else None


def _is_to_be_checked() -> bool:
    return False


def _take_snapshot() -> Snapshot:
    """What is in all places now, and then the code of the gates."""
    found = [getattr(owner, name) for owner, name in _PLACES]
    codes = [getattr(each, "__code__", None) for each, place in zip(found, _PLACES, strict=True) if place in _GATES]
    return (*found, *codes)


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
    """The dict behind the view that a class gives of its members; nothing if this Python has none."""
    view = cast("Any", vars(owner))
    held: list[Any] = gc.get_referents(view) if type(owner) is type else [view]
    return cast("dict[str, Any]", held[0]) if held and type(held[0]) is dict else {}


def _describe_replacement(snapshot: Snapshot) -> str | None:
    for found, (owner, name) in zip(snapshot, _PLACES, strict=False):  # the codes come after what is in the places
        if not _is_original(found):
            package = getattr(owner, "__module__", owner.__name__).partition(".")[0]
            return f"{package}'s {owner.__name__.rpartition('.')[2]}.{name} is replaced"
    return None


def _describe_foreign_method(client: Any) -> str | None:
    """What the client's class, or the client itself, has beside what botocore gives it."""
    kind = cast("type[Any]", type(client))
    if botocore.client.BaseClient not in kind.__mro__:
        return "the client is not botocore's"
    held: dict[str, Any] = client.__dict__
    members = [(name, value) for name, value in held.items() if hasattr(kind, name)]
    for owner in kind.__mro__[:-1]:
        members += cast("Any", vars(owner)).items()
    for name, value in members:
        if callable(value) and not _is_original(value):
            return f"the client's {name} is replaced"
    return None


def _describe_foreign_session(client: Any) -> str | None:
    """What the client was made with in place of botocore's HTTP session or its pools."""
    session = client._endpoint.http_session
    for name, held in (("HTTP session", session), ("pool manager", session._manager)):
        if not _is_original(type(held)):
            return f"the client's {name} is replaced"
    return None


def _is_original(found: Any) -> bool:
    """Whether a function is as a library defines it, whatever it is wrapped in; or whether a class is a library's."""
    while type(found) is FunctionType:  # a proxy passes for an instance of it
        module = str(found.__globals__.get("__name__"))
        if module.partition(".")[0] not in _LIBRARIES or _identify(found.__code__) not in _codes_of(module):
            return False
        inner = getattr(found, "__wrapped__", None)
        if inner is None:
            return True
        found = inner
    return isinstance(found, type) and found.__module__.partition(".")[0] in _LIBRARIES


@functools.cache
def _codes_of(module: str) -> frozenset[tuple[object, ...]]:
    """All code in a module's file, which is loaded anew and not executed; nothing if it cannot be loaded."""
    try:
        code = _load_code(module)
    except (AttributeError, ImportError, KeyError, OSError, StopIteration, ValueError):
        code = None
    return frozenset(map(_identify, _walk_code(code))) if code is not None else frozenset()


def _load_code(module: str) -> CodeType | None:
    """The code of a module; what it says of itself is not asked, since `six` has http.client say that it is its own."""
    parent = module.rpartition(".")[0]
    path = sys.modules[parent].__path__ if parent else None
    specs = (finder.find_spec(module, path) for finder in sys.meta_path)
    found = next(spec for spec in specs if spec is not None)
    return cast("InspectLoader", found.loader).get_code(module)


def _walk_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _walk_code(constant)


def _identify(code: CodeType) -> tuple[object, ...]:
    """What makes two objects the same code; `co_code` is the code without what the interpreter has specialised."""
    return code.co_name, code.co_firstlineno, code.co_code, code.co_names, code.co_varnames


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
