"""Where the time goes in the tasks that missed a target, according to profiles."""

from __future__ import annotations

from typing import NamedTuple


class Profile(NamedTuple):
    """What a profile says.

    Attributes:
        suite: The suite of the tasks.
        tasks: How the names of the tasks begin; the first profile that fits a task is the one that is shown.
        text: Where their time goes.
    """

    suite: str
    tasks: tuple[str, ...]
    text: str


PROFILES = (
    Profile(
        "codec",
        ("encode",),
        "half goes to validating every value again, since a list or map in it may have changed, and to making attribute"
        " values (a third of that to the free map); the other half goes to writing them as JSON. pydynox does neither.",
    ),
    Profile(
        "codec",
        ("decode, an item alone",),
        "a half goes to attribute values, the other one to the model. One pass does for the items of a page.",
    ),
    Profile(
        "conditions",
        ("three leaves", "ten leaves"),
        "each attribute is looked up by `get` and its type is tested, once, where the lambda relies on both.",
    ),
    Profile(
        "memory",
        ("save_one",),
        "23 % goes to making the instance and 20 % to encoding it; the store takes 42 %, half of it for checking,"
        " measuring and copying the item; the verb takes the rest.",
    ),
    Profile(
        "memory",
        ("get_one",),
        "44 % goes to decoding the item and 15 % to making the key; the store takes 25 %, and the verb the rest.",
    ),
    Profile(
        "memory",
        ("conditional update, condition=",),
        "14 % goes to building the condition and the update, 23 % to checking them, 39 % to the store, and 14 % to"
        " decoding the new item.",
    ),
    Profile(
        "memory",
        ("conditional update",),
        "22 % goes to building the condition and the update, 26 % to finding the key in it and checking both, 32 % to"
        " the store, and 12 % to decoding the new item.",
    ),
    Profile(
        "memory",
        ("query of 10",),
        "52 % goes to decoding the items, 14 % to the store and 8 % to planning; the rest goes to building the"
        " condition, and to the page.",
    ),
    Profile(
        "memory",
        ("query of 1,000", "scan"),
        "half goes to the garbage collector, which has the whole table to look at, and nearly all the rest to decoding"
        " the items.",
    ),
    Profile(
        "memory",
        ("filtered scan",),
        "two thirds go to decoding what was selected, with the garbage collector; the filter takes 16 %, the rest of"
        " the store 11 %.",
    ),
    Profile("memory", ("a test's cycle",), "ten saves take 48 %, ten gets 18 %, the query 21 %, and the table 7 %."),
    Profile(
        "memory",
        ("bulk load",),
        "a fifth goes to the garbage collector, which looks at the whole table six times while it grows; the rest is"
        " what a save takes.",
    ),
    Profile(
        "wire",
        ("query of 1,000",),
        "a third goes to parsing the JSON, 40 % to making the models, and the rest to the exchange and the garbage"
        " collector.",
    ),
    Profile("growth", ("bulk load",), "the garbage collector; see the bulk load in memory."),
    Profile(
        "growth",
        ("",),
        "an item is some 25 objects, all of which the processor has in its caches for 1,000 items, and none for more.",
    ),
    Profile(
        "wire",
        ("conditional update",),
        "45 % goes to signing the request, sending it and reading the response, 20 % to its JSON with the expressions,"
        " 14 % to the new item, which pydynox does not read, and the rest to building the condition and the update.",
    ),
    Profile(
        "wire",
        ("transaction",),
        "35 % goes to signing, sending and reading, 14 % to encoding the instances, whose values are"
        " validated again, 17 % to JSON, and the rest to checking the actions.",
    ),
    Profile(
        "wire",
        ("batch write",),
        "26 % goes to signing, sending and reading, 17 % to encoding the instances, whose values are"
        " validated again, 20 % to JSON, and the rest to the entries of the batch and their outcomes.",
    ),
    Profile(
        "wire",
        ("batch get",),
        "half goes to parsing the JSON and making the models, a tenth to the exchange, and a fifth to the keys, which"
        " are resolved, written and ordered.",
    ),
    Profile(
        "traced",
        ("put", "get", "conditional update"),
        "85 % is botocore's client: urllib3 with the exchange takes half of it, the rest goes to the signature,"
        " endpoint rules and events, none of which may be left out where somebody watches. A get would be at 0.74 if"
        " dynamongo took no time at all.",
    ),
    Profile(
        "traced",
        ("batch get",),
        "38 % is botocore's client, as for any request; 21 % goes to parsing the items, and 12 % to making the models.",
    ),
    Profile(
        "traced",
        ("batch write",),
        "66 % is botocore's client, as for any request; the rest goes to the items, as over HTTP.",
    ),
    Profile("traced", ("query", "scan"), "nearly all of it goes to parsing the items and making the models."),
    Profile(
        "concurrency",
        ("",),
        "a get takes no more processor time than dynamoxy's. The time passes in switches between threads: each system"
        " call gives the interpreter's lock away, three times a get; dynamoxy waits outside of Python.",
    ),
    Profile(
        "async",
        ("1,000 gets",),
        "a get takes 60 µs of the one thread that dynamongo has, less than any rival's; dynamoxy sends and receives on"
        " threads of its own, outside of Python, which gain where the emulator leaves them a core.",
    ),
    Profile(
        "async",
        ("get", "put"),
        "a blocking call takes 20 µs less, all of which is the event loop's: it looks twice for what has arrived, once"
        " to receive the response and once more to run the task that awaits it. The rest is as in wire.",
    ),
    Profile(
        "cold",
        ("first test",),
        "a quarter goes to declaring the model, a quarter to the table (two modules are imported for it), and the rest"
        " to saves and gets by codecs that are compiled only after 40 calls. pydynox's are written in Rust.",
    ),
    Profile(
        "cold",
        ("first answer over TLS",),
        "`ssl` and its context with the authorities take 1.8 MB and a fifth of the time.",
    ),
    Profile(
        "cold",
        ("first answer, with a",),
        "boto3 is needed for it, and takes its time; on top of it `import dynamongo` takes 27 ms, its backend 9 and the"
        " comparison of what may be replaced in botocore 6.",
    ),
)
