"""dynamongo: a Pythonic ORM for Amazon DynamoDB with pluggable backends."""
