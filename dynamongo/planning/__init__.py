"""From a strategy to an operation plan, which is data; planning does no I/O."""
