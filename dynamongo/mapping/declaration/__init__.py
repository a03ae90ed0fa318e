"""Read the class body of a model: its fields, keys, indexes, unique constraints and options."""
