"""Codec: from a model to a request's JSON, and back."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rivals.base import AIODYNAMO, BOTO3, DYNAMONGO, PYDYNOX, PYNAMODB, Calls, list_rows
from benchmarks.timing import Curve, Effort, Measurement, compare

ALONE = "decode, an item alone"
TARGETS: dict[str, dict[str, float]] = {
    "encode": {"PynamoDB": 0.25, "pydynox": 0.60},
    "decode": {"PynamoDB": 0.15, "pydynox": 0.25},
    ALONE: {"PynamoDB": 0.15, "pydynox": 0.25},
    "construct": {},
}


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Construct, encode and decode one row."""
    libraries = [each for each in (DYNAMONGO, BOTO3, PYNAMODB, PYDYNOX, AIODYNAMO) if each.is_available]
    for declared, suffix in list_rows(effort):
        works = {each.name: each.load().make_codec_works(declared=declared) for each in libraries}
        # The others decode an item alone as they do one of a page.
        calls = [Calls(name, {ALONE: each["decode"], **each}) for name, each in works.items()]
        for task, targets in TARGETS.items():
            sides = [each.make_side(task) for each in calls if task in each.works]
            yield compare(task + suffix, sides, effort, targets)
