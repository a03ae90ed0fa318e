"""Merge a pull request, and open an issue: read, change and save what others have written."""

from __future__ import annotations

from datetime import datetime, timezone

from dynamongo import Connection
from examples.existing.forge.models import Issue, Item, PullRequest, Repository

NOON = datetime(2025, 3, 2, 12, tzinfo=timezone.utc)


def main() -> None:
    """Merge Joe's pull request, protect the branch, and open another issue."""
    opened = Item.get_many(Item.author == "joe", index=Item.by_author)  # keys alone, in the order of their creation
    found = Item.find(opened).by_kind()
    merge(found[PullRequest][0], closes=found[Issue][0])

    repository = Repository.get_one(("jane", "lamps"))
    protect(repository, "main", reviews=3)
    open_issue(repository, "jane", "It hums", NOON)
    for item in Item.find(Item.pk == repository.pk):  # the repository with its issues, each as what it is
        print(item)


def merge(pull_request: PullRequest, *, closes: Issue) -> None:
    """Merge the pull request and close the issue, both or neither."""
    with Connection.transaction() as tx:
        tx.update(pull_request, PullRequest.state.set("merged"), condition=PullRequest.state == "open")
        tx.update(closes, Issue.state.set("closed"))


def protect(repository: Repository, branch: str, *, reviews: int) -> None:
    """Change a setting inside of the JSON document; the other settings keep their form."""
    repository.settings["protected"][branch]["reviews"] = reviews
    repository.save()


def open_issue(repository: Repository, author: str, title: str, created: datetime) -> None:
    """Open an issue under the next number; its kind is written as PynamoDB writes it."""
    number = repository.next_number
    where = {"owner": repository.owner, "repository": repository.name, "number": number}
    issue = Issue(**where, author=author, created=created, title=title, state="open")
    with Connection.transaction() as tx:
        tx.update(repository, Repository.next_number.increment())  # fails if somebody else took the number
        tx.create(issue)
