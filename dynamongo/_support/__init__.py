"""General tools that know nothing of DynamoDB: generated code, dataclasses, threads, forks and stack levels."""
