"""What a field does as part of a key, of the table or of an index: `Keyed`, a base of `Field`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import AttributeType, AttributeValue, equals, shorten, type_of
from dynamongo.fields.updatable import Updatable

if TYPE_CHECKING:
    from dynamongo.fields.key_slots import Slot

V = TypeVar("V")

_PLAIN_FIELDS: Final[dict[AttributeType, str]] = {"S": "StringField", "N": "DecimalField", "B": "BinaryField"}


class Keyed(Updatable):
    """The part of a field that makes keys, and knows their stored forms."""

    is_key: bool = False
    """Whether the field is part of the table's key; the model sets it."""

    is_index_key: bool = False
    """Whether the field is part of the key of an index; the model sets it."""

    slots: tuple[Slot, ...] = ()
    """The places of the value in the templates of keys."""

    reserved_prefix: str | None = None
    """What no value of the hash key may begin with, because keys that do are those of guards; the model sets it."""

    stored: bool
    """Whether the value has an attribute of its own; if not, the key of the table tells it."""

    is_checked: bool
    """Whether `check` has a rule to check."""

    takes_format: bool = False
    """Whether `format=` may name another stored form."""

    def take_slots(self, slots: Iterable[Slot]) -> None:
        """Refuse values from which no key can be made, from now on."""
        self.slots = tuple(slots)
        self.is_checked |= bool(self.slots)

    def check_key(self, *, is_range: bool) -> None:
        """Raise `SchemaError` if the options of the field do not suit a key: a range key has to sort by its values."""
        if is_range and self.unsorted:
            raise SchemaError(
                f"{self.label} is a range key, and what it stores does not sort as its values do; {self.unsorted}"
            )

    @property
    def keeps_order(self) -> bool:
        """Whether the stored form has to sort as the values do: in a key, DynamoDB compares the stored forms."""
        return self.is_key or self.is_index_key or not self.stored

    def encode_key(self, value: Any) -> AttributeValue:
        """Return the attribute value of a key for what the user gave; raise `ValidationError` if it cannot be one."""
        if value is None:
            self.reject(value, "given, because it is part of the key")
        return self.refuse_empty(self.encode(self.validate(value)))

    def refuse_empty(self, encoded: V) -> V:
        """Return the attribute value of a key of the table or an index; DynamoDB does not allow it to be empty.

        Source: "Supported data types and naming rules" in the DynamoDB developer guide.
        """
        if isinstance(encoded, (str, bytes)) and not encoded:
            self.reject(encoded, "non-empty, because it is part of a key")
        return encoded

    def reserve(self, prefix: str) -> None:
        """Refuse values that are stored as texts, or bytes, which begin with the prefix."""
        self.reserved_prefix, self.is_checked = prefix, True

    def check_reserved(self, value: Any, prefix: str) -> None:
        """Raise `ValidationError` if the value is stored as something that begins with a reserved prefix."""
        stored = self.encode(value)  # a hash key, as text or binary
        text = stored if isinstance(stored, bytes) else str(stored).encode()
        if text.startswith(prefix.encode()):
            self.reject(value, f"a key that does not begin with {prefix!r}, as those of guards of __unique__ do")

    def check_key_form(self, stored: AttributeValue, value: Any) -> None:
        """Raise `ValidationError` if the field would not write the key in the form that is stored."""
        own = self.reencode(stored, value)
        if not equals(own, stored):
            kind = _PLAIN_FIELDS.get(type_of(stored), "field")
            theirs, ours = shorten(stored), shorten(own)
            raise ValidationError(
                f"{self.label} is a key stored as {theirs}, which this field would write as"
                f" {'another one' if ours == theirs else ours};"  # the same if values are hidden
                f" declare it as a {kind}, which keeps the stored form"
                f"{', or with the format= of what is stored' if self.takes_format else ''}"
            )

    def reencode(self, stored: AttributeValue, value: Any) -> AttributeValue:
        """Return what the field itself would store for the value that it decoded."""
        try:
            return self.encode(self.convert(value))
        except ValidationError:
            return stored  # a rule of the field is newer than the item: it can be read, and saving it fails
