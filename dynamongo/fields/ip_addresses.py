"""Fields that hold IP addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from dynamongo._support.lazy import LazyPattern
from dynamongo.exceptions import SchemaError
from dynamongo.fields.json_forms import JSONSchema, SchemaMode
from dynamongo.fields.text import LimitedText
from dynamongo.fields.type_parameters import T

if TYPE_CHECKING:
    import ipaddress

    from typing_extensions import Unpack

    from dynamongo.fields.options import FieldOptions

    Address: TypeAlias = str | ipaddress.IPv4Address | ipaddress.IPv6Address

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PLAIN_IPV4 = LazyPattern(rf"{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}\Z")


class IPAddressField(LimitedText[T, "Address"]):
    """An IPv4 or IPv6 address: takes a `str` or an address of the module `ipaddress`, and holds a `str`.

    The address is stored and looked up in canonical, compressed form (RFC 5952), to which `regex`, `max_length` and
    `min_length` apply. Sorted as text, addresses are not in numeric order.

    Args:
        regex: As for `StringField`.
        max_length: As for `StringField`.
        min_length: As for `StringField`.
        version: 4 or 6, to allow only that version.
        options: The arguments of every field.

    >>> IPAddressField().validate("2001:DB8:0:0::1")
    '2001:db8::1'
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: IPAddressField[str],
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            *,
            required: Literal[True],
            version: Literal[4, 6] | None = ...,
            **options: Unpack[FieldOptions[str, Address]],
        ) -> None: ...
        @overload
        def __init__(
            self: IPAddressField[str | None],
            regex: str | re.Pattern[str] | None = ...,
            max_length: int | None = ...,
            min_length: int | None = ...,
            *,
            required: bool = ...,
            version: Literal[4, 6] | None = ...,
            **options: Unpack[FieldOptions[str, Address]],
        ) -> None: ...

    def __init__(self: Any, *args: Any, version: Literal[4, 6] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if version not in (None, 4, 6):
            raise SchemaError(f"{self.label}: version must be 4, 6 or None; got {version!r}")
        self.version = version
        self._kind = f"an IPv{version} address" if version else "an IPv4 or IPv6 address"
        self._format = f"ipv{version}" if version else None

    def convert(self, value: Any) -> Any:
        import ipaddress  # noqa: PLC0415 - most models have no addresses

        is_address = isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address))
        text = str(value) if is_address else self.convert_text(value, self._kind)
        if self.version != 6 and PLAIN_IPV4.match(text):
            return text
        try:
            address = ipaddress.ip_address(text)
        except ValueError as error:
            self.reject(value, self._kind, cause=error)
        return _format_address(address) if self.version in (None, address.version) else self.reject(value, self._kind)

    def parse(self, text: str) -> Any:
        self.convert(text)
        return text

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        either = {} if self.version else {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
        return {**super().json_schema(mode), **either}


def _format_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Return the canonical text; a mapped IPv4 address is written as in RFC 5952, section 5, and Python 3.13."""
    mapped = getattr(address, "ipv4_mapped", None)  # of IPv6 alone
    if mapped is None:
        return str(address)
    scope = "".join(str(address).partition("%")[1:])
    return f"::ffff:{mapped}{scope}"
