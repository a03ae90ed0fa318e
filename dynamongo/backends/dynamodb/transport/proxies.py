"""Proxies: what the refusal of one means. Nothing has reached the store then."""

from __future__ import annotations

import re
from typing import Final

from dynamongo.exceptions import ServiceError

REFUSED_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d{3}[^'\"]*)")
"""How `http.client` words the status with which a proxy refuses CONNECT."""

AUTHENTICATION_REQUIRED: Final = 407
"""The one status that no server sends but a proxy."""


def tell_refusal(proxy: str, status: str) -> ServiceError:
    """The error for a proxy that refuses the request: with 407 it would refuse it again.

    Args:
        proxy: Its URL, without name and password.
        status: What it answered, such as `"407 Proxy Authentication Required"`.
    """
    wants_password = status.startswith(str(AUTHENTICATION_REQUIRED))
    mend = "; give its user name and password in the proxy's URL" if wants_password else ""
    message = f"the proxy {proxy} refused the request: {status.strip()}{mend}"
    return ServiceError(message, code="ProxyConnectionError", was_sent=False, is_transient=not wants_password)
