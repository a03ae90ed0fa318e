"""The programs import libraries that need not be installed; the tests import them where they are."""

from __future__ import annotations

collect_ignore = ["programs"]
