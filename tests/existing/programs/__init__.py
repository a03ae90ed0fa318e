"""Programs that fill a table with other libraries, and read it with them.

Each has `write(url, table)`, which creates the table and its items, and `read(url, table)`, which returns what the
library makes of all items, in an order of its own that stays the same.
"""
