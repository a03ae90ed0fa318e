"""From a strategy to an operation plan, which is data; planning does no I/O.

`strategies` finds which items are meant, and `planner` how to read them: `key_lookup` by complete keys, `access_paths`
by the table or an index, or else a scan, under `scan_policy`. `plan_templates` keeps what was decided for later reads
of the same shape. `write_builders` makes the operations of writes.
"""
