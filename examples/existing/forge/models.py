"""The forge's items in dynamongo, under the names and in the forms that the others use."""

from __future__ import annotations

from dynamongo import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    DocumentField,
    GlobalIndex,
    IntField,
    JSONField,
    ListField,
    Model,
    SetField,
    StringField,
    VersionField,
)


class Item(Model):
    """What all items have."""

    __table__ = "forge"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __kind_field__ = "kind"
    __billing__ = "on_demand"

    pk = StringField(required=True, stored_as="PK")
    sk = StringField(required=True, stored_as="SK")
    kind = StringField(required=True, stored_as="_type")
    author = StringField()
    created = DateTimeField(format="pynamodb", stored_as="created_at")
    gsi1pk = StringField(stored_as="GSI1PK")
    gsi1sk = StringField(stored_as="GSI1SK")
    version = VersionField(stored_as="_version")

    gsi1 = GlobalIndex(name="GSI1", hash_key=gsi1pk, range_key=gsi1sk)
    by_author = GlobalIndex(name="by-author", hash_key=author, range_key=created, projection="keys_only")


class Repository(Item):
    """A repository, and the number that its next issue or pull request gets."""

    __kind__ = "repo"

    pk = StringField(template="REPO#{owner}#{name}", stored_as="PK")
    sk = StringField(template="REPO#{owner}#{name}", stored_as="SK")
    gsi1pk = StringField(template="REPO#{owner}#{name}", stored_as="GSI1PK")
    gsi1sk = StringField(template="REPO#{owner}#{name}", stored_as="GSI1SK")
    owner = StringField(required=True, stored=False)  # nowhere but in the keys
    name = StringField(required=True)
    is_private = BooleanField(stored_as="private")
    topics = SetField(StringField)
    settings = JSONField(format="json.dumps")
    next_number = IntField(required=True)


class Comment(Document):
    """A comment on an issue."""

    by = StringField(required=True)
    at = DateTimeField(required=True, format="pynamodb")
    text = StringField(required=True)


class Issue(Item):
    """An issue, beside its repository."""

    __kind__ = "issue"

    pk = StringField(template="REPO#{owner}#{repository}", stored_as="PK")
    sk = StringField(template="ISSUE#{number:08}", stored_as="SK")
    owner = StringField(required=True, stored=False)
    repository = StringField(required=True, stored=False)
    number = IntField(required=True, min_value=1, stored=False)
    title = StringField(required=True)
    state = StringField(required=True, choices=["open", "closed"])
    comments = ListField(DocumentField(Comment))


class PullRequest(Item):
    """A pull request, in a partition of its own."""

    __kind__ = "pr"

    pk = StringField(template="PR#{owner}#{repository}#{number:08}", stored_as="PK")
    sk = StringField(template="PR#{owner}#{repository}#{number:08}", stored_as="SK")
    gsi1pk = StringField(template="REPO#{owner}#{repository}", stored_as="GSI1PK")
    gsi1sk = StringField(template="PR#{number:08}", stored_as="GSI1SK")
    owner = StringField(required=True, stored=False)
    repository = StringField(required=True, stored=False)
    number = IntField(required=True, min_value=1, stored=False)
    title = StringField(required=True)
    state = StringField(required=True, choices=["open", "closed", "merged"])
    checks = DictField()
