"""Ship an order, and move a customer: read, change and save what others have written."""

from __future__ import annotations

from dynamongo import Connection
from examples.existing.shop.models import Customer, Order


def main() -> None:
    """Show the customer's partition, ship the oldest open order, and move the customer."""
    found = Connection.find_across((Customer, Order), hash_key="jane").by_kind()  # one query
    [jane] = found[Customer]
    print(jane.name, [f"{order.number}: {order.status}" for order in found[Order]])

    [order] = Order.find(Order.status == "open", limit=1)  # one query of the index
    ship(order)
    move(jane, street="Strandgaten 7", city="Bergen")


def ship(order: Order) -> None:
    """Mark an order as sent, which moves it within the index; its version shows whether someone else was faster."""
    order.status = "sent"
    order.save()


def move(customer: Customer, *, street: str, city: str) -> None:
    """Change the address in place, and unsubscribe the customer from the newsletter."""
    if customer.address is not None:
        customer.address.street, customer.address.city = street, city
    customer.preferences["newsletter"] = False
    customer.save()
