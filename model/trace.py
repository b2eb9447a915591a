"""The names under which one post is found in the logs and traces of every stage.

They are derived from the post, so that no stage has to carry them to the next: whoever
knows a post's ``uid`` and revision knows its trace, and any stage knows the span of the
stage before it. They have the form of the W3C Trace Context recommendation
(https://www.w3.org/TR/trace-context/): 16 and 8 bytes in lower-case hexadecimal. A removal
that names no revision joins the trace of the post's first version.
"""

from __future__ import annotations

import hashlib

_SEPARATOR = "\x1f"
_TRACE_DIGITS = 32
_SPAN_DIGITS = 16


def trace_id(uid: str, rev: int) -> str:
    """The trace of one revision of a post, as 32 hexadecimal digits."""
    return _digest(uid, str(rev))[:_TRACE_DIGITS]


def span_id(trace: str, stage: str) -> str:
    """The span of one stage in a trace, as 16 hexadecimal digits."""
    return _digest(trace, stage)[:_SPAN_DIGITS]


def _digest(*parts: str) -> str:
    # Text from outside may hold half surrogates, which plain UTF-8 refuses.
    words = _SEPARATOR.join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(words).hexdigest()
