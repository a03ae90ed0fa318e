"""The examples of existing tables: filled by PynamoDB and by boto3, changed by dynamongo, read by PynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from existing.stored import call, order_sets, read_items
from existing.stores import changes_by_key

from dynamongo import Connection, Model
from dynamongo.backends.dynamodb import DynamoDBBackend
from examples.existing.__main__ import load
from examples.existing.sessions.app import TOKEN

JANE, ORDER = "c#jane c#jane", "c#jane o#1001"
REPOSITORY = "REPO#jane#lamps REPO#jane#lamps"
ISSUE = "REPO#jane#lamps ISSUE#00000001"
PULL_REQUEST = "PR#jane#lamps#00000002 PR#jane#lamps#00000002"
SESSION = f"SESSION#{TOKEN} SESSION#{TOKEN}"
ENDED = f"SESSION#{TOKEN[::-1]} SESSION#{TOKEN[::-1]}"

# What `app.py` asks for, by the items' keys and the names of the attributes.
CHANGES: dict[str, dict[str, dict[str, Any] | None]] = {
    "shop": {
        ORDER: {"Status": {"S": "sent"}, "GSI1PK": {"S": "status#sent"}, "Version": {"N": "2"}},
        JANE: {
            "Address": {"M": {"City": {"S": "Bergen"}, "Street": {"S": "Strandgaten 7"}}},
            "Preferences": {"S": '{"newsletter": false, "currency": "NOK", "sizes": [1, 2.5]}'},
        },
    },
    "forge": {
        ISSUE: {"state": {"S": "closed"}, "_version": {"N": "2"}},
        PULL_REQUEST: {"state": {"S": "merged"}, "_version": {"N": "2"}},
        REPOSITORY: {
            "settings": {"S": '{"merge": ["squash", "rebase"], "protected": {"main": {"reviews": 3}}}'},
            "next_number": {"N": "4"},
            "_version": {"N": "3"},
        },
        "REPO#jane#lamps ISSUE#00000003": {
            "PK": {"S": "REPO#jane#lamps"},
            "SK": {"S": "ISSUE#00000003"},
            "_type": {"S": "issue"},
            "_version": {"N": "1"},
            "author": {"S": "jane"},
            "comments": {"L": []},
            "created_at": {"S": "2025-03-02T12:00:00.000000+0000"},
            "state": {"S": "open"},
            "title": {"S": "It hums"},
        },
    },
    "sessions": {
        SESSION: {
            "lastSeen": {"S": "2025-03-01T13:00:00.000000+0000"},
            "data": {"S": '{"cart": ["lamp"], "theme": "dark", "visits": 1}'},
        },
        ENDED: None,
        "USER#jane USER#jane": {"failures": {"N": "1"}},
    },
}


@pytest.fixture
def url(server_url: str, dynamodb_backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    with Connection.using(dynamodb_backend):
        yield server_url


@pytest.mark.parametrize("library", ["pynamodb", "boto3"])
@pytest.mark.parametrize("application", CHANGES)
def test_program_changes_what_it_asks_for(application: str, library: str, url: str) -> None:
    load(application, f"fill_{library}").fill(url, application)
    try:
        before = read_items(url, application)
        assert base_of(application).compare_table() == ()
        save_all(base_of(application))
        assert read_items(url, application) == before
        load(application, "app").main()
        after = read_items(url, application)
        assert changes_by_key(before, after, ("PK", "SK")) == CHANGES[application]
        as_read = load(application, "fill_pynamodb").read(url, application)
        assert order_sets(as_read) == after
    finally:
        call(url, "DeleteTable", TableName=application)


def base_of(application: str) -> type[Model]:
    models = load(application, "models")
    base: type[Model] = getattr(models, "Record", None) or models.Item
    return base


def save_all(base: type[Model]) -> None:
    """Save what was not changed; an item with a version is counted by each save of the whole of it."""
    for item in base.find(scans="allow"):
        item.save(only_changed=type(item).__mapper__.version is not None)


@pytest.mark.parametrize("application", CHANGES)
def test_both_libraries_fill_alike(application: str, url: str) -> None:
    filled = []
    for library in ("pynamodb", "boto3"):
        load(application, f"fill_{library}").fill(url, application)
        filled.append(read_items(url, application))
        call(url, "DeleteTable", TableName=application)
    assert filled[0] == filled[1]
