"""Settings: how a connection is configured, in code or by the environment.

What is set in code takes precedence over the environment:

=====================================================  ==================================================
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,          credentials; read by boto3, like everything else
`AWS_SESSION_TOKEN`                                    that boto3 looks up
`AWS_REGION_NAME`, `AWS_REGION`, `AWS_DEFAULT_REGION`  the AWS region, the first that is set; then the profile's,
                                                       and finally `us-east-2`, with a warning
`AWS_MAX_ATTEMPTS`                                     the maximum number of requests per call, like `max_attempts`
                                                       in AWS's configuration files, unless `retries` is set
`AWS_TABLE_PREFIX`                                     the prefix of every table name; read once, when first needed,
                                                       and again after `set_config`
`DYNAMONGO_BACKEND`                                    the name of the backend; `dynamodb` by default
=====================================================  ==================================================
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.dataclasses import dataclass, field, names_of
from dynamongo._support.lazy_imports import LazyModule, make_getattr
from dynamongo.arguments import check_item_size, check_max_connections, check_names, check_timeouts
from dynamongo.backends import Backend, Limits, backend_names, check_backend_name, load_backend
from dynamongo.connection.drivers import Senders
from dynamongo.connection.loop_guard import BlockingPolicy, check_blocking_policy
from dynamongo.connection.table_names import check_prefix
from dynamongo.exceptions import ConfigurationError
from dynamongo.executor import RetryPolicy
from dynamongo.expressions.values import shorten
from dynamongo.planning.scan_policy import ScanPolicy, check_policy

if TYPE_CHECKING:
    from boto3.session import Session

    from dynamongo.connection.options import ConnectionOptions
    from dynamongo.executor import cursors
else:  # most connections set no cursor key
    cursors = LazyModule("dynamongo.executor.cursors")
    # Only type checkers need it, and Python makes it of as many parts as there are options.
    __getattr__ = make_getattr(__name__, {"dynamongo.connection.options": ("ConnectionOptions",)})

__all__ = ["ConnectionOptions", "Settings", "check_backend", "check_option_names"]

_REGION_VARIABLES: Final = ("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION")
_ENDPOINT_VARIABLES: Final = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")


@dataclass(frozen=True, slots=True)
class Settings:
    """The arguments of a `Connection`; `None` leaves nearly all settings to the environment or their defaults.

    `Connection` and `ConnectionOptions` describe each of them.

    Raises:
        ConfigurationError: A setting has an invalid value. Settings that contradict each other are found when the
            backend is made.
    """

    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    region: str | None = None
    table_prefix: str | None = None
    backend: str | Backend | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    session: Session | None = None
    client: Any = None
    scans: ScanPolicy | None = None
    cursor_key: bytes | Sequence[bytes] | None = field(default=None, repr=False)
    retries: RetryPolicy | None = None
    transport: str | None = None
    session_token: str | None = field(default=None, repr=False)
    timeout: float | None = None
    connect_timeout: float | None = None
    cursor_ttl: float | None = None
    show_values: bool = True
    blocking_calls: BlockingPolicy | None = None
    max_connections: int | None = None
    item_size_warning: int | None = 350 * 1024

    def __post_init__(self) -> None:
        if self.scans is not None:
            check_policy(self.scans)
        if self.blocking_calls is not None:
            check_blocking_policy(self.blocking_calls)
        if self.backend is not None:
            check_backend(self.backend)
        if self.table_prefix is not None:
            check_prefix(self.table_prefix, "table_prefix")
        if self.cursor_key is not None or self.cursor_ttl is not None:
            # Made to be checked. The connection makes them again for each cursor, since most never make one.
            cursors.make_rules(self.cursor_key, self.cursor_ttl)
        if not isinstance(cast("object", self.show_values), bool):
            raise ConfigurationError(f"show_values must be True or False; got {shorten(self.show_values)}")
        if self.retries is not None and not isinstance(cast("object", self.retries), RetryPolicy):
            raise ConfigurationError(
                f"retries must be a RetryPolicy, such as RetryPolicy(attempts=3); got {shorten(self.retries)}"
            )
        check_timeouts(self.timeout, self.connect_timeout)
        check_max_connections(self.max_connections)
        check_item_size(self.item_size_warning)

    def make_backend(self) -> Backend:
        """Return the backend that is set, or make one of the kind that is named."""
        chosen = self._choose_backend()
        if not isinstance(chosen, str):
            return chosen
        factory = load_backend(chosen)
        return factory(**self._arguments_for(factory))

    def make_senders(self) -> Senders:
        """Return what sends operations under these settings."""
        return Senders(self.retries, self.blocking_calls or "warn", self.item_size_warning)

    def find_limits(self) -> Limits:
        """Return the limits that the backend or its class declares, without making one; DynamoDB's by default."""
        chosen = self._choose_backend()
        limits = getattr(load_backend(chosen) if isinstance(chosen, str) else chosen, "limits", None)
        return limits if isinstance(limits, Limits) else Limits()

    def find_table_prefix(self) -> str:
        """Return the prefix of every table name."""
        if self.table_prefix is not None:
            return self.table_prefix
        prefix = os.environ.get("AWS_TABLE_PREFIX", "")
        check_prefix(prefix, "AWS_TABLE_PREFIX")
        return prefix

    def find_region(self) -> str | None:
        """Return the AWS region if it is known without boto3; `None` also for an endpoint that is not AWS's."""
        meta = getattr(self.client, "meta", None)
        urls = (self.endpoint_url, getattr(meta, "endpoint_url", None), *map(os.environ.get, _ENDPOINT_VARIABLES))
        url: str | None = next(filter(None, urls), None)
        if url is not None and ".amazonaws.com" not in url:
            return None
        own: str | None = self.region or getattr(meta or self.session, "region_name", None)
        if own or self.profile is not None:  # only boto3 knows the region of a profile
            return own
        return next(filter(None, map(os.environ.get, _REGION_VARIABLES)), None)

    def _choose_backend(self) -> str | Backend:
        # A variable that is empty counts as one that is not set.
        return self.backend or os.environ.get("DYNAMONGO_BACKEND") or "dynamodb"

    def _arguments_for(self, factory: Callable[..., Backend]) -> dict[str, Any]:
        """Return the settings that the backend takes: the memory backend takes no credentials, and gets none."""
        # boto3 does not know AWS_REGION_NAME, which is dynamongo's own variable since 0.2.
        region = self.region or (None if self._brings_region() else os.environ.get("AWS_REGION_NAME"))
        settings = {name: getattr(self, name) for name in names_of(self)} | {"region": region}
        # Backends of other packages take what they need, too, and none has to take everything.
        known = _parameters_of(factory)
        return {name: value for name, value in settings.items() if name in known and value is not None}

    def _brings_region(self) -> bool:
        """Whether the code has set something that has a region, which takes precedence over the environment's."""
        has_own = self.client is not None or self.profile is not None
        return has_own or (self.session is not None and bool(self.session.region_name))


def _parameters_of(factory: Any) -> Collection[str]:
    """Return the names of the parameters of a class or function."""
    # `inspect` takes 4 ms to import, and both backends that ship are plain classes.
    if type(factory) is type and factory.__bases__ == (object,) and "__new__" not in vars(factory):
        constructor = vars(factory).get("__init__")
        if isinstance(constructor, FunctionType) and not hasattr(constructor, "__wrapped__"):
            code = constructor.__code__
            return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    import inspect  # noqa: PLC0415 - see above

    return inspect.signature(factory).parameters


def check_option_names(options: ConnectionOptions) -> None:
    """Raise `TypeError` for an option that does not exist, and suggest the nearest one that does."""
    check_names("Connection", options, names_of(Settings))


def check_backend(backend: object) -> None:
    """Raise `ConfigurationError` for something that is neither the name of a backend nor a backend."""
    if isinstance(backend, str):
        check_backend_name(backend)
        return
    is_connection = hasattr(type(backend), "own_backend")  # by its shape: the class is defined on top of this module
    if is_connection or isinstance(backend, type) or not callable(getattr(backend, "execute", None)):
        fix = "; pass its `.backend`" if is_connection else ""
        raise ConfigurationError(
            f"backend must be the name of a backend ({', '.join(backend_names())}) or an instance of one; "
            f"got {shorten(backend)}{fix}"
        )
