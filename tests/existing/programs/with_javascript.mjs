// The document client of the AWS SDK for JavaScript 3: `node with_javascript.mjs write|read URL TABLE`.
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, NumberValue, PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";

const [action, endpoint, table] = process.argv.slice(2);
const credentials = { accessKeyId: "made-up", secretAccessKey: "made-up" };
const plain = new DynamoDBClient({ endpoint, region: "us-east-2", credentials });
const client = DynamoDBDocumentClient.from(plain, {
  marshallOptions: { removeUndefinedValues: true },
});

async function write() {
  await plain.send(
    new CreateTableCommand({
      TableName: table,
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "createdAt", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "createdAt", AttributeType: "S" },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  const second = new Date(Date.UTC(2025, 0, 1, 10));
  const millisecond = new Date(Date.UTC(2025, 0, 1, 10, 0, 0, 123));
  const item = {
    pk: "USER#jane",
    createdAt: second.toISOString(),
    "user-id": "12345678-1234-5678-1234-56789abcdef0",
    name: "Zoë",
    empty: "",
    nothing: null,
    missing: undefined,
    count: 3,
    ratio: 0.1,
    sum: 0.1 + 0.2,
    small: 1e-7,
    huge: 12345678901234567890n,
    exact: NumberValue.from("0.12345678901234567890123456789012345678"),
    flag: true,
    data: new Uint8Array([0, 255]),
    words: new Set(["a", "b"]),
    numbers: new Set([1, 2.5]),
    updatedAt: millisecond.toISOString(),
    now: millisecond.getTime(),
    expires: Math.floor(millisecond.getTime() / 1000),
    document: JSON.stringify({ z: [1, 2.5, null, "é"], a: { b: true } }),
    address: { city: "Oslo", zip: null, since: second.toISOString() },
    lines: [{ sku: "lamp", price: 19.9 }, { sku: "sofa", gift: undefined, shipped: millisecond.toISOString() }],
    mixed: ["text", 1, null, true, { deep: [0.5] }],
  };
  await client.send(new PutCommand({ TableName: table, Item: item }));
  const sparse = { pk: "USER#jane", createdAt: millisecond.toISOString(), lines: [], address: {}, count: null };
  await client.send(new PutCommand({ TableName: table, Item: sparse }));
}

async function read() {
  const { Items } = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  Items.sort((one, other) => one.createdAt.localeCompare(other.createdAt));
  const show = (key, value) =>
    value instanceof Set ? [...value].sort() : typeof value === "bigint" ? `${value}n` : value;
  console.log(JSON.stringify(Items, show));
}

await (action === "write" ? write() : read());
