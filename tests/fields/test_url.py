"""URLs."""

from __future__ import annotations

from typing import Any

import pytest

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.conditions import BeginsWith, Comparison, Path
from dynamongo.fields import ListField, SetField, URLField

SITE = Path("site")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "HTTPS://Example.com:8080/a/b?c=d#e",
        "ftp://user:secret@files.example.com/",
        "http://127.0.0.1/",
        "http://[::1]:80/x",
        "http://münchen.example/",
        "http://example.com./",
    ],
)
def test_a_url_is_held_as_it_was_given(url: str) -> None:
    assert URLField().validate(url) == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("example.com", "it does not start with one of http, https, ftp, ftps, ws, wss and ://"),
        ("javascript:alert(1)", "it does not start with one of"),
        ("http://", "it has no host"),
        ("http:///path", "it has no host"),
        ("http://exa mple.com", "it contains white space or control characters"),
        ("http://example.com/\n", "it contains white space or control characters"),
        ("http://example.com:99999", "Port out of range"),
        ("http://-a.com", "'-a.com' is not a host name"),
        ("http://a..com", "'a..com' is not a host name"),
        ("http://1.2.3.256", "'1.2.3.256' does not appear to be an IPv4 or IPv6 address"),
        ("http://[::g]", ""),
        ("http://localhost/", "'localhost' has no domain, which fqdn=False would allow"),
    ],
)
def test_what_is_no_url_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        URLField().validate(url)
    assert str(caught.value).startswith(f"URLField must be a URL ({reason}")


def test_a_host_without_a_domain_may_be_allowed() -> None:
    assert URLField(fqdn=False).validate("http://localhost/") == "http://localhost/"


def test_verification_over_the_network_is_refused_when_declared() -> None:
    with pytest.raises(SchemaError, match="verify_exists=True would send a request to validate a value"):
        URLField(verify_exists=True)  # type: ignore[call-overload]


def test_a_checker_of_the_caller_decides_about_values_but_not_about_conditions() -> None:
    asked: list[str] = []

    def exists(url: str) -> bool:
        asked.append(url)
        return url.endswith(".com")

    field: Any = URLField(verify_exists=exists).bind("User", SITE)
    assert field.validate("http://a.com") == "http://a.com"
    with pytest.raises(ValidationError, match=r"User\.site must be a URL that exists; got 'http://a.org'"):
        field.validate("http://a.org")
    assert (field == "http://b.org") == Comparison(SITE, "=", "http://b.org")
    assert asked == ["http://a.com", "http://a.org"]

    for inside in (ListField(field), SetField(field)):
        pages: Any = inside.bind("User", SITE)
        assert (pages != ["http://b.org"]) == Comparison(SITE, "<>", pages.encode(pages.convert(["http://b.org"])))
        with pytest.raises(ValidationError, match=r"must be a URL that exists; got 'http://b\.org'"):
            pages.validate(["http://b.org"])


def test_the_rules_of_text_apply() -> None:
    field = URLField(regex="https", max_length=20)
    for url, rule in (("http://a.com", "matches 'https'"), ("https://example.com/long", "at most 20 characters")):
        with pytest.raises(ValidationError, match=rule):
            field.validate(url)


def test_a_prefix_is_any_text() -> None:
    field: Any = URLField().bind("User", SITE)
    assert field.begins_with("https:") == BeginsWith(SITE, "https:")
    assert (field < "https:") == Comparison(SITE, "<", "https:")
