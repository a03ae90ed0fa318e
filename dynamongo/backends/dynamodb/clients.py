"""Clients: how a backend makes its own client of boto3, and what is configured for it."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from dynamongo.backends.dynamodb.sessions import core_of, make_bare_session, make_session
from dynamongo.backends.dynamodb.settings import DEFAULT_REGION, ClientSettings, warn_of_region
from dynamongo.backends.dynamodb.transport.base import Credentials
from dynamongo.backends.dynamodb.transport.one_attempt import find_retries
from dynamongo.exceptions import ConfigurationError


def make_client(settings: ClientSettings, credentials: Credentials | None, region: str | None) -> Any:
    """Return a new client of boto3.

    It does not retry: the executor does, which knows what may be sent twice, and a client that did it for each of its
    attempts would multiply them.

    Args:
        settings: Which session or profile to use, and the other settings.
        credentials: What signs; boto3 finds credentials where there are none.
        region: The region; it is looked for where there is none.
    """
    session: Any = settings.session or make_session(credentials, settings.profile)
    make: Any = getattr(session, "client", None) or session.create_client  # of boto3, or of botocore
    return make(
        "dynamodb",
        region_name=region or _find_region(settings, session),
        endpoint_url=settings.endpoint_url,
        config=_make_config(settings, session),
    )


def _find_region(settings: ClientSettings, session: Any) -> str:
    own: Any = getattr(settings.session, "region_name", None)  # looked up on it: its class may be another one
    found: str | None = core_of(session).get_config_variable("region") if settings.session is None else own
    has_own = settings.session is not None or settings.profile is not None
    region = settings.find_region(found if has_own else None, found)
    if region is None:
        warn_of_region()
    return region or DEFAULT_REGION


def _make_config(settings: ClientSettings, session: Any) -> Config:
    """Return what differs from the session's own `Config`; the retry mode stays, since `"adaptive"` slows down."""
    retries = {name: value for name, value in _find_retries_of(session).items() if name != "max_attempts"}
    options: dict[str, Any] = {"retries": {**retries, "total_max_attempts": 1}}
    if settings.timeout is not None:
        options["read_timeout"] = settings.timeout
    if settings.connect_timeout is not None:
        options["connect_timeout"] = settings.connect_timeout
    return Config(**options)


def find_max_attempts(settings: ClientSettings) -> int | None:
    """Return how many requests boto3 would make for a call at most, if that is configured anywhere."""
    if settings.client is not None:
        attempts = find_retries(settings.client).get("total_max_attempts")
        return attempts if isinstance(attempts, int) else None
    session: Any = settings.session or make_bare_session(settings.profile)
    retries = _find_retries_of(session)
    if "total_max_attempts" in retries:
        return int(retries["total_max_attempts"])
    if "max_attempts" in retries:  # in a `Config`, those after the first
        return int(retries["max_attempts"]) + 1
    return _read_max_attempts(session)


def _find_retries_of(session: Any) -> dict[str, Any]:
    """Return the retry settings of the session's own `Config`."""
    config = core_of(session).get_default_client_config()
    return dict(getattr(config, "retries", None) or {})


def _read_max_attempts(session: Any) -> int | None:
    """Return `AWS_MAX_ATTEMPTS`, or `max_attempts` of the profile."""
    try:
        attempts = core_of(session).get_config_variable("max_attempts")
        found = None if attempts is None else int(attempts)
    except ValueError as error:
        raise ConfigurationError(
            f"AWS_MAX_ATTEMPTS, or max_attempts of the profile, must be an int >= 1: {error}"
        ) from error
    if found is not None and found < 1:
        raise ConfigurationError(f"AWS_MAX_ATTEMPTS, or max_attempts of the profile, must be an int >= 1; got {found}")
    return found
