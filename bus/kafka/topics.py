"""How a topic of ours is set up in Kafka."""

from __future__ import annotations

from bus.port import Retention
from model.clock import DAY, MILLISECOND, MINUTE
from model.topics import Topic

BATCH_MARGIN_BYTES = 64 * 1024
"""What Kafka adds to a record: headers, and those of its batch."""

_NO_LIMIT = "-1"


def topic_settings(topic: Topic, retention: Retention, max_bytes: int) -> dict[str, str]:
    """The settings by Kafka's names; ``max_bytes`` is the most of a record, source included.

    Kafka deletes whole segments. A segment is closed after an eighth of the retention, so
    that a record outlives its time by that much and not by Kafka's week.
    """
    age = retention.max_age
    settings = {
        "retention.ms": _NO_LIMIT if age is None else str(max(1, age // MILLISECOND)),
        "retention.bytes": _NO_LIMIT if retention.max_bytes is None else str(retention.max_bytes),
        "max.message.bytes": str(max_bytes + BATCH_MARGIN_BYTES),
        "cleanup.policy": "compact,delete" if topic.compacted else "delete",
    }
    if age is not None:
        closed_after = min(DAY, max(MINUTE, age // 8))
        settings["segment.ms"] = str(closed_after // MILLISECOND)
    return settings
