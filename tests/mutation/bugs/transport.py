"""Bugs in the asynchronous transport of the dynamodb backend."""

from mutation.library import Mutant

MUTANTS = [
    Mutant(
        "a cancelled task keeps a place that was just handed to it",
        "LoopPool._wait",
        "not place.cancelled() and place.result()",
        "False",
    ),
    Mutant(
        "a cancelled task hands on a place that it did not get",
        "LoopPool._wait",
        "not place.cancelled() and place.result()",
        "not place.cancelled()",
    ),
    Mutant(
        "a place is handed on and free as well",
        "LoopPool._hand_on",
        "place.set_result(True)\nreturn",
        "place.set_result(True)\nself._free += 1\nreturn",
    ),
    Mutant(
        "a request that was sent is sent again", "LoopPool._ask", "not (connection.is_sent or is_new)", "not is_new"
    ),
    Mutant(
        "a cancelled request was always sent",
        "LoopPool._ask",
        "note_sent(error, was_sent=connection.is_sent)",
        "note_sent(error, was_sent=True)",
    ),
    Mutant(
        "a cancelled request was never sent",
        "LoopPool._ask",
        "note_sent(error, was_sent=connection.is_sent)",
        "note_sent(error, was_sent=False)",
    ),
    Mutant(
        "a connection that is closed by the other side is used", "LoopPool._take", "not connection.has_more()", "True"
    ),
    Mutant("closing does not wait for requests under way", "LoopPool.close_async", "self._free < self._max", "False"),
    Mutant("a read may take for ever", "LoopConnection._find_limit", "self._last_byte + usual", "NEVER"),
    Mutant("a deadline is not kept", "LoopConnection._find_limit", "deadline is None or limit < deadline", "True"),
    Mutant("an alarm is not set again", "Alarm._go_off", "self.set(loop, self._ring(_t))", "self._ring(_t)"),
    Mutant("a request is sent before it is whole", "LoopConnection.ask", "count == len(message)", "True"),
    Mutant("an idle connection stays open at its end", "LoopConnection._receive", "self.close()", "None"),
    Mutant("a loop may be blocked by a refresh", "ClientCredentials.is_quick", "not found.refresh_needed()", "True"),
    Mutant("a child of a fork keeps the parent's sockets", "_close_copies_in_child", "each.close()", "None"),
    Mutant(
        "a certificate of another authority is not tried again",
        "open_socket",
        "await asyncio.to_thread(trust.widen, context, error)",
        "False",
    ),
]
