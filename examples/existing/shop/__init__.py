"""An online shop: customers, orders and their lines in one table, told apart by `EntityType`."""
