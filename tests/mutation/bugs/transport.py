"""Bugs in the HTTP reader and the asynchronous transport of the dynamodb backend."""

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
    Mutant("an interim response is the response", "HeadReader.feed", "head.status >= 200", "True"),
    Mutant("of two lengths, either is right", "_parse_length", "len(each) > 1", "False"),
    Mutant("a sign is a part of a length", "_parse_length", "not all(map(_LENGTH.fullmatch, each))", "False"),
    Mutant("a fold begins another line", "parse_head", '_FOLD.sub(b" ", rest)', "rest"),
    Mutant(
        "a chunk may be longer than its size", "ChunkedBody._read_end", r'not self._unread.startswith(b"\r\n")', "False"
    ),
    Mutant("trailers are a part of the next response", "ChunkedBody._read_trailer", r'line == b"\r\n"', "True"),
    Mutant("surplus belongs to the next response", "ResponseReader._finish", "body.has_surplus", "False"),
    Mutant("surplus after a plain response is dropped", "ResponseReader.feed", "len(body) > length", "False"),
    Mutant("a claimed length is allocated", "SizedBody.__init__", "min(length, _STEP)", "length"),
    Mutant("a body that is cut off is complete", "SizedBody.end", "raise IncompleteResponse(_t)", "pass"),
    Mutant("HTTP/1.0 keeps connections open", "_is_last", "head.is_old", "False"),
    Mutant("any response opens a tunnel", "Tunnel.feed", "not 200 <= head.status < 300", "False"),
]
