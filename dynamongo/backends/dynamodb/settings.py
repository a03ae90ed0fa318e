"""Settings: how a backend gets its boto3 client."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

from dynamongo._support.dataclasses import dataclass, field
from dynamongo._support.stacklevel import caller_level
from dynamongo.arguments import check_timeouts
from dynamongo.backends.dynamodb.environment import CREDENTIALS, find_configuration
from dynamongo.backends.dynamodb.transport.endpoint import PLAIN_URL
from dynamongo.exceptions import ConfigurationError, CredentialsError
from dynamongo.expressions.values import shorten

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config

    from dynamongo.backends.dynamodb.transport.base import Credentials

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
        """Return the client that was given, or else a new one.

        A new one does not retry: the executor does, which knows what may be sent twice, and one that did it for each
        of its attempts would multiply them.

        Args:
            found: The credentials of the environment, if they were found before; it may have changed since.
            region: The region, likewise.
        """
        if self.client is not None:
            return self.client
        session: Any = self.session or self._make_session(found)  # `client` has an overload for every service of AWS
        return session.client(
            "dynamodb",
            region_name=region or self._find_client_region(session),
            endpoint_url=self.endpoint_url,
            config=self._make_config(session),
        )

    def _make_session(self, found: Credentials | None = None) -> Session:
        import boto3  # noqa: PLC0415 - it takes a fifth of a second, and is needed only to talk to DynamoDB

        return boto3.Session(
            aws_access_key_id=self.access_key_id if found is None else found.access_key,
            aws_secret_access_key=self.secret_access_key if found is None else found.secret_key,
            aws_session_token=self.session_token if found is None else found.token,
            profile_name=self.profile,
        )

    def _find_client_region(self, session: Any) -> str:
        has_own = self.session is not None or self.profile is not None
        region = self.find_region(session.region_name if has_own else None, session.region_name)
        if region is None:
            warn_of_region()
        return region or DEFAULT_REGION

    def find_region(self, own: str | None, usual: str | None) -> str | None:
        """Return the AWS region, if there is one.

        Args:
            own: That of the given session or profile; the environment's `AWS_REGION` comes after it.
            usual: What boto3 finds.
        """
        return self.region or own or os.environ.get("AWS_REGION") or usual or None

    def _make_config(self, session: Any) -> Config:
        """Return what differs from the session's own `Config`; the retry mode stays, since `"adaptive"` slows down."""
        from botocore.config import Config  # noqa: PLC0415 - as boto3 itself

        retries = {name: value for name, value in _default_retries(session).items() if name != "max_attempts"}
        options: dict[str, Any] = {"retries": {**retries, "total_max_attempts": 1}}
        if self.timeout is not None:
            options["read_timeout"] = self.timeout
        if self.connect_timeout is not None:
            options["connect_timeout"] = self.connect_timeout
        return Config(**options)

    def find_max_attempts(self) -> int | None:
        """Return how many requests boto3 would make for a call at most, if that is configured anywhere."""
        if self.client is not None:
            from dynamongo.backends.dynamodb.transport.one_attempt import find_retries  # noqa: PLC0415 - for clients only

            attempts = find_retries(self.client).get("total_max_attempts")
            return attempts if isinstance(attempts, int) else None
        if self.session is None and self.profile is None and find_configuration() is None:
            return None
        session: Any = self.session or self._make_session()
        retries = _default_retries(session)
        if "total_max_attempts" in retries:
            return int(retries["total_max_attempts"])
        if "max_attempts" in retries:  # in a `Config`, those after the first
            return int(retries["max_attempts"]) + 1
        return _read_max_attempts(session)

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


def _default_retries(session: Any) -> dict[str, Any]:
    """Return the retry settings of the session's own `Config`."""
    config = session._session.get_default_client_config()  # noqa: SLF001 - boto3 has no public name for it
    return dict(getattr(config, "retries", None) or {})


def _read_max_attempts(session: Any) -> int | None:
    """Return `AWS_MAX_ATTEMPTS`, or `max_attempts` of the profile."""
    try:
        attempts = session._session.get_config_variable("max_attempts")  # noqa: SLF001 - as above
        found = None if attempts is None else int(attempts)
    except ValueError as error:
        raise ConfigurationError(
            f"AWS_MAX_ATTEMPTS, or max_attempts of the profile, must be an int >= 1: {error}"
        ) from error
    if found is not None and found < 1:
        raise ConfigurationError(f"AWS_MAX_ATTEMPTS, or max_attempts of the profile, must be an int >= 1; got {found}")
    return found


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
