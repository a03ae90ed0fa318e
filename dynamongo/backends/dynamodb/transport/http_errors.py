"""What is wrong with the response that a server sent, or did not send."""

from __future__ import annotations


class UnreadableResponse(Exception):  # noqa: N818 - what is wrong says more than that something is
    """There is no response, or none that can be read. The subclasses say why."""


class NoResponse(UnreadableResponse, ConnectionError):  # noqa: N818 - as above
    """The other side closed the connection before it sent anything of a response."""


class IncompleteResponse(UnreadableResponse):
    """The other side closed the connection in the middle of a response."""


class MalformedResponse(UnreadableResponse):
    """What was received is not HTTP, or frames its body in a way that cannot be relied on."""


class ResponseTooLong(UnreadableResponse):
    """The response is, or claims to be, longer than any response of DynamoDB."""


class TunnelRefused(Exception):  # noqa: N818 - a proxy that works may refuse
    """The proxy does not open the tunnel; the message is the status with which it says so."""
