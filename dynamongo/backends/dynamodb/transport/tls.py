"""TLS: the server's certificate and name are checked as boto3 checks them, with the same authorities.

To read all authorities of a usual file takes 20 to 30 ms, as long as everything else that a first request needs. AWS
uses very few of them, which are found by their labels in the file; what has no label was added, as the authority of a
company's proxy. A server whose certificate none of these has signed is asked again with the whole file, before anything
is sent: so the same certificates are accepted as with all of them.
"""

from __future__ import annotations

import os
import ssl
import sys
from typing import Final

from dynamongo.backends.dynamodb.transport.endpoint import Endpoint
from dynamongo.exceptions import ConfigurationError

_LABEL: Final = b"# Label:"
_LABEL_OF_AWS: Final = b'# Label: "Amazon Root CA'
"""What precedes the certificate of an authority, and of one of AWS, in the files of botocore and certifi."""

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"


class ServerTrust:
    """Checks servers' certificates and names. Threads may share it.

    Attributes:
        context: The TLS context.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        # A tunnel would have to be opened again too.
        authorities = find_likely_authorities(endpoint.certificates) if endpoint.proxy is None else ""
        self.context = make_context(endpoint, authorities)
        self._whole = None if authorities else self.context

    def widen(self, context: ssl.SSLContext, error: OSError) -> bool:
        """Return whether another try is worth it, with all authorities, after one with this context has failed."""
        if context is self._whole or not isinstance(error, ssl.SSLCertVerificationError):
            return False
        if context is self.context:  # two threads may do this at once, with the same result
            self._whole = self.context = make_context(self._endpoint)
        return True


def find_likely_authorities(path: str) -> str:
    """Return those certificates of a file that AWS uses or that were added to it; `""` if that is all of them."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            text = file.read()
    except OSError:  # which is reported when all of it is read
        return ""
    found: list[bytes] = []
    is_part = False
    position = 0
    while (end := text.find(_END, position)) >= 0:
        start = text.find(_BEGIN, position, end)
        if start < 0:  # the file is damaged, which is reported when all of it is read
            return ""
        is_labelled = text.find(_LABEL, position, start) >= 0
        if is_labelled and text.find(_LABEL_OF_AWS, position, start) < 0:
            is_part = True
        else:
            found.append(text[start : end + len(_END)])
        position = end + len(_END)
    return b"\n".join(found).decode("latin-1") if is_part else ""


def make_context(endpoint: Endpoint, authorities: str = "") -> ssl.SSLContext:
    """Return the TLS context that checks the server's certificate and name, with the flags that botocore sets.

    Those of `ssl.create_default_context` are stricter from Python 3.13 on: they would reject a company's authority that
    boto3 accepts. The name, which urllib3 checks for boto3, is checked by OpenSSL.

    Args:
        endpoint: What names the files.
        authorities: The certificates that are trusted, as text; all of the file by default.
    """
    context = _make_bare_context()
    context.check_hostname = True
    context.set_alpn_protocols(["http/1.1"])
    try:
        if authorities:
            context.load_verify_locations(cadata=authorities)
        else:
            context.load_verify_locations(cafile=endpoint.certificates)
        if endpoint.client_certificate is not None:
            context.load_cert_chain(*endpoint.client_certificate)
    except OSError as error:
        files = ", ".join(filter(None, (endpoint.certificates, *(endpoint.client_certificate or ()))))
        raise ConfigurationError(f"the certificates in {files} cannot be used: {error}") from error
    return context


def _make_bare_context() -> ssl.SSLContext:
    """Return the context of botocore, or without it one that has the same flags, which a test compares."""
    if "botocore" in sys.modules:
        from botocore.httpsession import create_urllib3_context  # noqa: PLC0415 - it may never be imported

        context: ssl.SSLContext = create_urllib3_context()
        return context
    return make_plain_context()


def make_plain_context() -> ssl.SSLContext:
    """Return a context with the flags that botocore sets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_SSLv2 | ssl.OP_NO_SSLv3 | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.post_handshake_auth = True
    key_log = os.environ.get("SSLKEYLOGFILE")
    if key_log and not sys.flags.ignore_environment:
        context.keylog_filename = key_log
    return context
