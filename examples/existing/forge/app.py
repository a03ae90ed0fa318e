"""Close an issue by merging its pull request: read, change and save what others have written."""

from __future__ import annotations

from dynamongo import Connection
from examples.existing.forge.models import Issue, Item, PullRequest, Repository


def main() -> None:
    """Merge Jane's pull request, and open an issue."""
    opened = Item.get_many(Item.author == "joe", index=Item.by_author)  # keys alone, in the order of their creation
    issue, pull_request = Issue.get_one((opened[0].pk, opened[0].sk)), PullRequest.get_one((opened[1].pk, opened[1].sk))
    merge(pull_request, closes=issue)
    protect(Repository.get_one(("REPO#jane#lamps", "REPO#jane#lamps")), "main", reviews=3)
    for item in Item.find(Item.gsi1pk == "REPO#jane#lamps", index=Item.gsi1):  # the repository with its pull requests
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
