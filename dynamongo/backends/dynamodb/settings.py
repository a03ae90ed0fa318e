"""Settings: how a backend gets its boto3 client."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

from dynamongo._support.dataclasses import dataclass, field
from dynamongo._support.stacklevel import caller_level
from dynamongo.arguments import check_max_connections, check_timeouts
from dynamongo.backends.dynamodb.environment import CREDENTIALS, find_configuration
from dynamongo.backends.dynamodb.transport.base import Credentials
from dynamongo.backends.dynamodb.transport.endpoint import PLAIN_URL
from dynamongo.exceptions import ConfigurationError, CredentialsError
from dynamongo.expressions.values import shorten

if TYPE_CHECKING:
    from boto3.session import Session

DEFAULT_REGION = "us-east-2"
"""The region of dynamongo 0.2, for a session without one."""

_REGION_VARIABLES = "AWS_REGION_NAME, AWS_REGION or AWS_DEFAULT_REGION"

_KEYS = ("access_key_id", "secret_access_key")
_TEMPORARY = "ASIA"
"""The prefix of temporary access keys. Source: "IAM identifiers" in the IAM user guide."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The arguments of `DynamoDBBackend`; boto3 finds what is `None`.

    Raises:
        ConfigurationError: A setting is invalid, or two contradict each other.
        CredentialsError: One half of the credentials is missing.
    """

    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    session: Session | None = None
    client: Any = None
    session_token: str | None = field(default=None, repr=False)
    timeout: float | None = None
    connect_timeout: float | None = None
    max_connections: int | None = None

    def __post_init__(self) -> None:
        own = (*_KEYS, "session_token")
        self._refuse_beside(
            "client", (*own, "region", "endpoint_url", "profile", "session", "timeout", "connect_timeout")
        )
        self._refuse_beside("session", (*own, "profile"))
        self._refuse_beside("profile", own)
        for name in (*own, "region", "profile"):
            _check_text(name, getattr(self, name))
        if self.endpoint_url is not None:
            _check_endpoint(self.endpoint_url)
        check_timeouts(self.timeout, self.connect_timeout)
        check_max_connections(self.max_connections)
        self._check_credentials(own)

    def _check_credentials(self, names: tuple[str, ...]) -> None:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            given, missing = _KEYS if self.secret_access_key is None else reversed(_KEYS)
            raise CredentialsError(f"{given} was given without {missing}; give both, or let boto3 find them")
        if self.session_token is not None and self.access_key_id is None:
            raise CredentialsError(
                "session_token was given without access_key_id and secret_access_key; give all three"
            )
        for name in names:
            if getattr(self, name) == "":  # boto3 would ignore it, and look elsewhere
                raise CredentialsError(f"{name} is empty; give it, or leave both out to have boto3 find them")
        if (self.access_key_id or "").startswith(_TEMPORARY) and self.session_token is None:
            raise CredentialsError(
                f"access_key_id begins with {_TEMPORARY}, so it is temporary and needs the session token that came with"
                " it: give session_token= beside it"
            )

    def _refuse_beside(self, name: str, others: tuple[str, ...]) -> None:
        if getattr(self, name) is None:
            return
        if beside := [other for other in others if getattr(self, other) is not None]:
            raise ConfigurationError(f"a {name} brings its own {', '.join(beside)}; leave out one or the other")

    def make_client(self, found: Credentials | None = None, region: str | None = None) -> Any:
        """Return the client that was given, or else a new one of boto3.

        Args:
            found: The credentials of the environment, if they were found before; it may have changed since.
            region: The region, likewise.
        """
        if self.client is not None:
            return self.client
        from dynamongo.backends.dynamodb.clients import make_client  # noqa: PLC0415 - it is not needed without boto3

        return make_client(self, found or self.find_credentials(), region)

    def find_credentials(self) -> Credentials | None:
        """Return the credentials that were given."""
        if self.access_key_id is None or self.secret_access_key is None:
            return None
        return Credentials(self.access_key_id, self.secret_access_key, self.session_token)

    def find_region(self, own: str | None, usual: str | None) -> str | None:
        """Return the AWS region, if there is one.

        Args:
            own: That of the given session or profile; the environment's `AWS_REGION` comes after it.
            usual: What boto3 finds.
        """
        return self.region or own or os.environ.get("AWS_REGION") or usual or None

    def find_max_attempts(self) -> int | None:
        """Return how many requests boto3 would make for a call at most, if that is configured anywhere."""
        has_own = self.client is not None or self.session is not None or self.profile is not None
        if not has_own and find_configuration() is None:
            return None
        from dynamongo.backends.dynamodb.clients import find_max_attempts  # noqa: PLC0415 - as above

        return find_max_attempts(self)

    def describe_credentials(self) -> str:
        """Return where the credentials came from, in a sentence that names the settings and has no secret."""
        if self.client is not None:
            return "They come from the client that was passed to the backend."
        if self.session is not None:
            return "They come from the session that was passed to the backend."
        if self.access_key_id is not None:
            return "They are the access_key_id and secret_access_key given to Connection.set_config or the backend."
        variables = " and ".join(f"{name} ({self._is_set(name)})" for name in CREDENTIALS[:2])
        profile = "no profile" if self.profile is None else f"the profile {self.profile!r}"
        return (
            "Looked at: access_key_id and secret_access_key of Connection.set_config or the backend (not given),"
            f" the environment's {variables}, {profile}, no session, and the other places where boto3 looks."
        )

    @staticmethod
    def _is_set(variable: str) -> str:
        return "set" if os.environ.get(variable) else "not set"


def warn_of_region() -> None:
    """Warn that no region is set, and which one is used."""
    warnings.warn(
        f"no AWS region is set; using {DEFAULT_REGION}: set region=, or one of {_REGION_VARIABLES}",
        stacklevel=caller_level(),
    )


def _check_text(name: str, text: object) -> None:
    if text is not None and not isinstance(text, str):
        # The value is not shown: it may be a secret in another form.
        raise ConfigurationError(f"{name} must be a str; got an object of type {type(text).__name__}")


def _check_endpoint(url: object) -> None:
    if isinstance(url, str) and PLAIN_URL.fullmatch(url) is not None:
        return
    from urllib.parse import urlsplit  # noqa: PLC0415 - it takes long to import, and most endpoints are plain

    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        is_valid = parts is not None and parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # an invalid port, or half an IPv6 address
        is_valid = False
    if not is_valid:
        shown = "one with a user name" if "@" in str(url) else shorten(url)  # and perhaps a password
        raise ConfigurationError(
            f"endpoint_url must be a URL such as 'http://localhost:8000', with http or https, a host, and a port of"
            f" 65535 at most; got {shown}"
        )
