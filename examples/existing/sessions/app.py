"""Sign somebody out everywhere but here: read, change and save what others have written."""

from __future__ import annotations

from datetime import datetime, timezone

from examples.existing.sessions.models import Record, Session, User

TOKEN = "5f0c1d6e-0b7a-4a53-9d3e-1f0f4a8c2b11"  # noqa: S105 - an identifier of the example


def main() -> None:
    """Show Jane's session, note that it was used, and end all others."""
    session = Session.get_one(TOKEN)
    print(session.data, session.expires)
    touch(session, datetime(2025, 3, 1, 13, tzinfo=timezone.utc))
    print(sign_out("jane", but=session))
    User.update_one("jane", User.failures.increment())


def touch(session: Session, now: datetime) -> None:
    """Note that the session was used, and what for."""
    session.seen = now
    session.data["visits"] = session.data.get("visits", 0) + 1
    session.save()


def sign_out(user: str, *, but: Session) -> int:
    """End all sessions of a user but one, and return how many; the index holds their keys, which is all it takes."""
    found = Record.get_many(Record.user_name == user, index=Record.by_user)
    result = Record.delete_many([record for record in found if record.pk != but.pk])
    result.raise_if_failed()
    return result.success_count
