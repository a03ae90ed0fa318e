"""What clients send and get that is not stored as it is. Products and orders are their models themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from .models import Product

Text = Annotated[str, Field(min_length=1, max_length=200)]
Cents = Annotated[int, Field(ge=0)]


class ProductChange(BaseModel):
    """New values for some attributes of a product, and the version that the client has read.

    What a client leaves out stays as it is (the defaults are never written); a `null` removes the description.
    """

    version: int
    name: Text = ""
    category: Text = ""
    price: Cents = 0
    description: str | None = None

    @model_validator(mode="after")
    def _check_that_something_changes(self) -> Self:
        if self.model_fields_set == {"version"}:
            raise ValueError("nothing is to be changed")
        return self


class ProductPage(BaseModel):
    """Some products, and the cursor of those that follow; at the end it is `null`."""

    model_config = ConfigDict(from_attributes=True)

    items: list[Product]
    cursor: str | None


class Delivery(BaseModel):
    """How many pieces of a product come in, or go out if the number is negative."""

    quantity: int


class OrderIn(BaseModel):
    """A new order."""

    customer: Text
    sku: Text
    quantity: Annotated[int, Field(ge=1, le=1_000)]


class ImportReport(BaseModel):
    """How many products an upload brought, and what was wrong with the first lines that were refused."""

    saved: int = 0
    refused: int = 0
    problems: list[str] = []

    def refuse(self, problem: str) -> None:
        """Count a product that was not saved."""
        self.refused += 1
        if len(self.problems) < 20:  # a report has a bounded size, whatever is uploaded
            self.problems.append(problem)
