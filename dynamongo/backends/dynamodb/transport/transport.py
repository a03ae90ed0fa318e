"""Transports: how a request gets to DynamoDB and its response back, in one attempt.

`LightTransport` sends requests without importing boto3, as long as nothing needs it. Otherwise `AutoTransport` chooses
for each request: `DirectTransport`, unless a hook in boto3 has to see the request or only boto3 can send it; then
`BotoTransport`. `docs/transport.md` lists the cases.

A transport never repeats a request that may have been executed.
"""

from __future__ import annotations

from dynamongo.backends.dynamodb.settings import ClientSettings
from dynamongo.backends.dynamodb.transport.base import Credentials, Transport, TransportKind
from dynamongo.backends.dynamodb.transport.endpoint import LeftToBoto3
from dynamongo.backends.dynamodb.transport.light_start import check_settings, find_light_start
from dynamongo.backends.dynamodb.transport.light_transport import LightTransport
from dynamongo.backends.dynamodb.transport.light_watch import LightWatch, check_process


def make_transport(settings: ClientSettings, kind: TransportKind) -> Transport:
    """Return the transport for a backend with these settings."""
    if settings.client is not None or kind == "boto3":
        reason = 'transport="boto3" is set' if settings.client is None else "client= was passed"
        return _leave_to_boto3(settings, reason)
    try:
        check_settings(settings)
        check_process()
        return LightTransport(find_light_start(settings), settings, LightWatch(), _start_with_boto3)
    except LeftToBoto3 as obstacle:
        return _start_with_boto3(settings, str(obstacle))


def _leave_to_boto3(settings: ClientSettings, reason: str) -> Transport:
    # Importing boto3 takes long, and may never be needed.
    from dynamongo.backends.dynamodb.transport.boto_responses import watch_responses  # noqa: PLC0415 - as above
    from dynamongo.backends.dynamodb.transport.boto_transport import BotoTransport  # noqa: PLC0415 - as above
    from dynamongo.backends.dynamodb.transport.interception import Watch  # noqa: PLC0415 - as above
    from dynamongo.backends.dynamodb.transport.quiet_tracers import is_quiet  # noqa: PLC0415 - as above

    client = settings.make_client()
    watch_responses(client, is_own=settings.client is None)
    return BotoTransport(client, settings, reason, Watch(client, is_quiet))


def _start_with_boto3(
    settings: ClientSettings, reason: str, found: Credentials | None = None, region: str | None = None
) -> Transport:
    # As in `_leave_to_boto3`.
    from dynamongo.backends.dynamodb.transport.auto_transport import AutoTransport  # noqa: PLC0415 - as there
    from dynamongo.backends.dynamodb.transport.boto_responses import watch_responses  # noqa: PLC0415 - as there

    client = settings.make_client(found, region)
    watch_responses(client, is_own=True)
    return AutoTransport(client, settings, f"started by boto3, since {reason}")
