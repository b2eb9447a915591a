"""The error tree is drawn as it is, and its errors speak."""

from __future__ import annotations

import re

from model import errors
from model.errors import LogUnavailable, QueryError, TocsinError


def _drawn() -> dict[str, str]:
    """Each name in the drawing with the name that it hangs under."""
    parents: dict[str, str] = {}
    path: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^([ │├└─]+)([A-Z]\w+)(?:\s{2,}|$)", line):
            depth, name = len(found[1]), found[2]
            above = [path[d] for d in sorted(path) if d < depth]
            parents[name] = above[-1] if above else "Exception"
            path = {d: n for d, n in path.items() if d < depth} | {depth: name}
    return parents


def test_the_drawing_shows_every_error_under_its_parent() -> None:
    real = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert _drawn() == real


def test_an_error_says_what_why_and_what_to_do() -> None:
    error = LogUnavailable("the log", cause="disk full", remedy="Make room")
    assert str(error) == "the log: disk full. Make room"
    assert str(TocsinError("the log")) == "the log"


def test_a_query_error_knows_its_position() -> None:
    error = QueryError("unknown field 'plcae'", position=4, hint="Did you mean 'place'?")
    assert error.position == 4
    assert str(error) == "unknown field 'plcae'. Did you mean 'place'?"
