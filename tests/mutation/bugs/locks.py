"""Bugs in locks."""

from mutation.library import Mutant

MUTANTS = [
    Mutant(
        "a lock is taken over although its lease was renewed meanwhile",
        "LockRequests.take",
        "is_free | (fields.rvn == seen)",
        "is_free | fields.rvn.exists()",
    ),
    Mutant(
        "an item that is no lock is taken for one",
        "LockRequests.take",
        "fields.owner.not_exists() & fields.token.exists()",
        "fields.owner.not_exists()",
    ),
    Mutant("the tokens of a lock start again at zero", "LockRequests.take", "int(now.timestamp() * 1000)", "0"),
    Mutant("an item is deleted while its lease lasts", "KEPT", "timedelta(days=1)", "timedelta(days=-1)"),
    Mutant("clocks are trusted more than they can be", "MAX_CLOCK_DIFFERENCE", "600.0", "500.0"),
    Mutant(
        "a waiter counts a lease from its renewal, not from when it saw that",
        "Sighting.__init__",
        "now() + (item.lease or 0.0)",
        "now() + (item.until.timestamp() - wall())",
    ),
    Mutant(
        "each look at the same lease begins it again",
        "Acquisition._look",
        "self.seen is None or self.seen.rvn != item.rvn",
        "True",
    ),
    Mutant(
        "a lock that was acquired unknowingly is left behind",
        "Acquisition._try",
        "was_pending or getattr(interruption, 'was_sent', True)",
        "was_pending",
    ),
    Mutant("a lease that began late counts from its end", "Acquisition._try", "self._sent = sent", "pass"),
    Mutant("a lock is given with a lease that is over", "Hold.renew", "self.check()", "None"),
    Mutant("a lease counts from the response", "Hold.beat", "self._extend(sent)", "self._extend(self._now())"),
    Mutant("the heartbeat gives up at the first error", "Hold.beat", "interval / 4", "None"),
    Mutant(
        "a lock that was lost is held again", "Hold.find_loss", "self.lost is None and not self.seconds_left", "False"
    ),
    Mutant("a release is lost with its response", "Hold._free", "may_be_free = True", "break"),
    Mutant("a child of a fork holds the lock of its parent", "Hold.is_mine", "self._process == os.getpid()", "True"),
    Mutant("a heartbeat keeps a forgotten lock alive", "Pulse.__init__", "weakref.ref(hold)", "lambda: hold"),
    Mutant("a heartbeat beats once", "TimedHeartbeat._beat", "delay is not None and not self._is_stopped", "False"),
    Mutant("a thread goes on renewing after the release", "ThreadHeartbeat.stop", "self._is_stopped.set()", "None"),
    Mutant(
        "a lock serves two at a time",
        "LockState.begin",
        "not self._in_use.acquire(blocking=False)",
        "self._in_use.acquire(blocking=False) is None",
    ),
    Mutant("a virtual clock calls nobody in time", "VirtualClock._advance_by_timers", "due[2]()", "None"),
]
