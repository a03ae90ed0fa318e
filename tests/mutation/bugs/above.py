"""Bugs above the backend: in planning, in the executor and in awaited verbs."""

from mutation.library import Mutant

MUTANTS = [
    Mutant(
        "a folded bound includes its own value",
        "_fold_bounds",
        "operator in (GT, LT)",
        "operator in (GT, LT) and not value",
    ),
    Mutant(
        "the looser bound wins",
        "strictest_bounds",
        "max(lower, key=_k, default=None)",
        "min(lower, key=_k, default=None)",
    ),
    Mutant(
        "a range attribute after a bound is compared, too",
        "fold_ranges",
        "condition is None or not is_equality(condition)",
        "condition is None",
    ),
    Mutant(
        "a plan from a template contradicts itself",
        "PlanTemplate.fill",
        "self.is_doubtful and find_contradiction(parts) is not None",
        "False",
    ),
    Mutant(
        "a template takes equal bounds for a range",
        "_are_ranges",
        "parts[low].right < parts[high].right",
        "parts[low].right <= parts[high].right",
    ),
    Mutant(
        "a condition beside the strategy replaces what that says",
        "resolve_checked",
        "more if check is None else And(check, more)",
        "more",
    ),
    Mutant("unprocessed keys are forgotten", "_get_batch", "not result.unprocessed", "True"),
    Mutant(
        "a page without items ends the read",
        "PageLoop.accept",
        "result.cursor is None",
        "result.cursor is None or not result.items",
    ),
    Mutant(
        "a write that is cancelled under way counts as not sent",
        "Sender.send_within",
        "getattr(interruption, 'was_sent', True)",
        "False",
    ),
    Mutant(
        "a write that waits for its retry counts as under way",
        "Sender.wait_for_unprocessed",
        "attempts.is_under_way = False",
        "pass",
    ),
    Mutant(
        "groups that have not begun come before those that wait to continue",
        "Pace._begin",
        "self._returning or not self._has_slot()",
        "not self._has_slot()",
    ),
    Mutant("a group keeps its slot when it is interrupted", "Pace._leave", "self._working.discard(group)", "None"),
    Mutant("writes of one key share a round", "Grouper.add", "key in found or len(found) == _r", "len(found) == _r"),
    Mutant("tasks outlive the stream that started them", "_TaskCrew.stop", "task.cancel()", "None"),
    Mutant(
        "a rate limit forgets what a request cost more than expected",
        "RateLimit.settle",
        "self._free_at += (units - expected) / self._rate",
        "pass",
    ),
    Mutant(
        "the first requests of a limited call are sent at once",
        "RateLimit._may_begin",
        "return is_first",
        "return True",
    ),
    Mutant("each segment has the whole rate limit", "PageLoop.split", "each.limit = self.limit", "pass"),
    Mutant(
        "a wait for the rate limit is time of the retries",
        "_LimitedSender._pay",
        "attempts.extend(self.now() - started)",
        "None",
    ),
    Mutant(
        "a setting that is not declared is reset",
        "compare_settings",
        "wanted is not None and not _is_met(_w, _f)",
        "wanted != _f",
    ),
    Mutant("two tasks send the writes of a batch twice", "AsyncBatch._send_full", "self._is_full and _o", "True"),
    # What writes return, and how large items are.
    Mutant(
        "an instance keeps the old item that was returned",
        "finish_update",
        "isinstance(strategy, mapper.origin)",
        "False",
    ),
    Mutant(
        "what was updated is returned as a whole item",
        "finish_update",
        'mapper.decode_written(_i, "updated", loaded)',
        'mapper.decode_written(_i, "updated")',
    ),
    Mutant("a save of what has changed returns its old item", "return_replaced", "not isinstance(write, Put)", "False"),
    Mutant("the next version has no size", "size_of", "mapper.version is not None", "False"),
    Mutant("a batch never warns about a large item", "_write_batch", "units <= len(pending)", "True"),
]
