"""Which post a record is about and when it was collected, for the few that are looked at.

Decoding every record once more would cost more than some stages do, so the callers look
at a sample of each batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from bus.port import Outgoing, Record
from model.encoding import SCHEMA_FIELD, Codec
from model.errors import RecordError
from model.incident import MATCH
from model.post import POST
from model.topics import ALERT_MATCHES, POSTS_ENRICHED, POSTS_RAW
from model.trace import trace_id

SAMPLE = 8
"""Records of a batch that are looked at."""

T = TypeVar("T")


class Passage(NamedTuple):
    """The revision of a post that a record is about, and when the post was collected
    (UTC microseconds; None where the record does not say)."""

    uid: str
    rev: int
    collected_at: int | None

    @property
    def trace(self) -> str:
        """The post's trace: see :mod:`model.trace`."""
        return trace_id(self.uid, self.rev)


class _PostView(msgspec.Struct, frozen=True, gc=False, tag_field=SCHEMA_FIELD, tag="post/1"):
    uid: str
    rev: int = 0
    collected_at: int | None = None


class _MatchView(msgspec.Struct, frozen=True, gc=False, tag_field=SCHEMA_FIELD, tag="match/1"):
    uid: str
    rev: int = 0
    collected_at: int | None = None


_POST_VIEW = POST.view(_PostView)
_VIEWS: Mapping[str, Codec[_PostView] | Codec[_MatchView]] = {
    POSTS_RAW.name: _POST_VIEW,
    POSTS_ENRICHED.name: _POST_VIEW,
    ALERT_MATCHES.name: MATCH.view(_MatchView),
}


def passage(record: Record | Outgoing) -> Passage | None:
    """What the record is about; None for other topics and for what cannot be read."""
    codec = _VIEWS.get(record.topic)
    if codec is None:
        return None
    base = record.base if isinstance(record, Record) else b""
    try:
        view = codec.decode(base or record.value)
    except RecordError:
        return None
    return Passage(view.uid, view.rev, view.collected_at)


def sample(batch: Sequence[T]) -> Sequence[T]:
    """At most :data:`SAMPLE` of them, evenly spread, the first always among them."""
    step = -(-len(batch) // SAMPLE)
    return batch[::step] if step > 1 else batch
