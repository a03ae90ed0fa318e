"""What the agreement of the backends is tested with: random schemas, values, operations, and the machine itself."""
