"""URLs, checked by their syntax."""

# ruff: noqa: FBT001, FBT002 - dynamongo 0.2 takes the options of URLField by position

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from dynamongo._support.lazy import LazyPattern
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import describe_error, shorten
from dynamongo.fields.text import AnyText
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields.options import FieldOptions

SCHEMES = ("http", "https", "ftp", "ftps", "ws", "wss")

PLAIN_URL = LazyPattern(
    r"https?://(?:[a-z0-9]{1,40}(?:-[a-z0-9]{1,20})?\.){1,3}[a-z]{2,20}(?::[0-9]{1,4})?(?:/[!-~]*)?\Z", re.ASCII
)
"""Matches most URLs, and nothing else: a parser takes longer."""
_NOT_IN_A_URL = LazyPattern(r"[\s\x00-\x1f\x7f]")
_LABEL = LazyPattern(r"(?!-)[\w-]{1,63}(?<!-)\Z")


class URLField(AnyText[T]):
    """An absolute URL with a host, checked by its syntax and stored as it was given.

    Schemes are http, https, ftp, ftps, ws and wss. Validation sends no request. It takes `regex`, `max_length` and
    `min_length` as `StringField` does.

    Args:
        fqdn: Whether the host must be an IP address or have a domain, unlike `localhost`.
        verify_exists: A function that takes the URL and returns whether it exists; called for values to be stored,
            not for those of conditions. `True` is refused, because that would be network I/O.
        options: The arguments of `StringField` and of every field.
    """

    _kind = "a URL"
    _format: str | None = "uri"

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: URLField[str],
            fqdn: bool = ...,
            verify_exists: Literal[False] | Callable[[str], bool] = ...,
            *,
            required: Literal[True],
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            **options: Unpack[FieldOptions[str, str]],
        ) -> None: ...
        @overload
        def __init__(
            self: URLField[str | None],
            fqdn: bool = ...,
            verify_exists: Literal[False] | Callable[[str], bool] = ...,
            *,
            required: bool = ...,
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            **options: Unpack[FieldOptions[str, str]],
        ) -> None: ...

    def __init__(self: Any, fqdn: bool = True, verify_exists: Any = False, **options: Any) -> None:
        cast("Any", super()).__init__(**options)
        if verify_exists is not False and not callable(verify_exists):
            raise SchemaError(
                f"{self.label}: verify_exists={verify_exists!r} would send a request to validate a value, which"
                " dynamongo never does; pass your own function from URL to bool, or leave the argument out"
            )
        self.fqdn = fqdn
        self.verify_exists = verify_exists or None
        self.applies_defaults = self.verify_exists is not None

    def apply_defaults(self, value: Any) -> Any:
        url = self.coerce(value)
        if self.verify_exists is not None and not self.verify_exists(url):
            self.reject(url, "a URL that exists")
        return url

    def convert(self, value: Any) -> Any:
        url = self.convert_text(value, self._kind)
        if PLAIN_URL.match(url):
            return url
        try:
            _check_url(url, fqdn=self.fqdn)
        except ValueError as error:
            self.reject(value, f"{self._kind} ({describe_error(error)})", cause=error)
        return url

    def parse(self, text: str) -> Any:
        return self.convert(text)


def _check_url(url: str, *, fqdn: bool) -> None:
    """Raise a `ValueError` that says what is wrong with the URL, if anything."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - slow to import, and most models have no URLs

    if _NOT_IN_A_URL.search(url):
        raise ValueError("it contains white space or control characters")
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"it does not start with one of {', '.join(SCHEMES)} and ://")
    if not parts.hostname:
        raise ValueError("it has no host")
    _ = parts.port  # the property raises ValueError for an invalid port
    _check_host(parts.hostname, fqdn=fqdn)


def _check_host(host: str, *, fqdn: bool) -> None:
    *domains, last = host.removesuffix(".").split(".")
    if ":" in host or last.isdecimal():
        import ipaddress  # noqa: PLC0415 - as in `_check_url`

        ipaddress.ip_address(host)
    elif len(host) > 253 or not all(map(_LABEL.match, (*domains, last))):
        raise ValueError(f"{shorten(host)} is not a host name")
    elif fqdn and not domains:
        raise ValueError(f"{shorten(host)} has no domain, which fqdn=False would allow")
