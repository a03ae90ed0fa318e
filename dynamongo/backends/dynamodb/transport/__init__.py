"""The transports: how requests reach DynamoDB, without boto3 or through it.

- `transport` makes the transport of a backend. `LightTransport` needs no boto3: `light_start` finds what a client would
  have been configured with, and `light_watch` notices when boto3 is needed after all. `AutoTransport` then chooses for
  each request; `interception` tells whether anything is hooked into boto3.
- `DirectTransport` writes, signs, sends and reads HTTP itself. What knows no socket serves both colours: `http_writer`,
  `signing`, `http_reader` and `tunnel`. Threads send through `pool`, `http_connection` and `connecting`; tasks through
  `loop_pool`, `loop_connection` and `loop_connecting`, which are imported when the first request is awaited.
- `BotoTransport` calls a client of boto3 (`one_attempt`) without having it convert attribute values: `boto_json`,
  `boto_parsers`, `lazy_response`.
- Both read the items of a page by `page_decoder`.
"""
