"""The direct transport: HTTP requests written, signed, sent and read without boto3."""
