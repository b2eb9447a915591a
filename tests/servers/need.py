"""What becomes of a test whose server cannot be had: it fails in CI, and is skipped aloud
elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

MARK = "NOT TESTED, since a server is missing"


class ServerMissing(Exception):
    """A program that a server needs is not on this machine; the text says which, and what
    to install."""


@contextmanager
def needed() -> Iterator[None]:
    """Turn a missing server into a failure where the variable CI is set, else into a skip."""
    try:
        yield
    except ServerMissing as error:
        reason = f"{MARK}: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def untested(reports: list[pytest.TestReport]) -> list[str]:
    """What the end of a run says aloud: each reason among the skipped, and for how many."""
    counts: dict[str, int] = {}
    for report in reports:
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        if MARK in reason:
            reason = reason[reason.index(MARK) :]
            counts[reason] = counts.get(reason, 0) + 1
    return [f"{reason} ({count} tests)" for reason, count in counts.items()]
