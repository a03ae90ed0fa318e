"""boto3: its client."""

import sys

import boto3
from boto3.dynamodb.types import TypeDeserializer

load = TypeDeserializer().deserialize
client = boto3.Session().client("dynamodb", endpoint_url=sys.argv[2])
item = client.get_item(TableName="rows", Key={"pk": {"S": "p00000"}, "sk": {"S": "s0000001"}})["Item"]
assert {name: load(value) for name, value in item.items()}["name"] == "John 1"
print("boto3", flush=True)
sys.stdin.read()
