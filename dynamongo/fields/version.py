"""`VersionField`: optimistic locking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamongo.exceptions import SchemaError
from dynamongo.fields.numeric import IntField

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.expressions.conditions import Path


class VersionField(IntField[int | None]):
    """The number of times an item was written, so that nobody overwrites what someone else wrote in the meantime.

    Only the verbs set the field, and every write increments it. Writes of an instance that was read or saved before
    (`save`, `update`, `delete`, in bulk and in transactions too) succeed only if the stored item still has the version
    of the instance, and raise `VersionConflict` otherwise; so does the `save` of a new instance if there is an item
    with a version already. A write that names its item by its key has no version to check. A model has at most one
    such field.

    >>> from dynamongo import Connection, Model, StringField, VersionConflict
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class Page(Model):
    ...     __table__ = "pages"
    ...     __hash_key__ = "title"
    ...     title = StringField(required=True)
    ...     text = StringField()
    ...     version = VersionField()
    >>> with Connection.using(MemoryBackend()):
    ...     Page.create_table()
    ...     mine = Page(title="Rome", text="a town").save()
    ...     yours = Page.get_one("Rome")
    ...     mine.text = "a city"
    ...     mine.save()
    ...     yours.text = "the capital"
    ...     try:
    ...         yours.save()
    ...     except VersionConflict as error:
    ...         print(error.expected, error.found, error.item.text)
    Page(title='Rome', text='a city', version=2)
    1 2 a city

    Source: "Optimistic locking with version number" in the DynamoDB developer guide.
    """

    can_expire_items = False

    def __init__(self, *, stored_as: str | None = None) -> None:
        super().__init__(min_value=1, stored_as=stored_as)

    def _placed(self, label: str, owner: str, path: Path | None) -> Self:
        if path is None or len(path.elements) > 1:  # an element of a list, or a member of a map
            raise SchemaError(
                f"{label} is a VersionField, which belongs to a whole item: declare it on the model itself"
            )
        return super()._placed(label, owner, path)
