"""Dead letters as records: made from what failed, with all that a retry needs."""

from __future__ import annotations

import msgspec

from bus.port import Outgoing, Record
from model.dead import DEAD_LETTER, DeadLetter
from model.topics import POSTS_DEAD, TOPICS

SOURCE_OF = {topic.name: topic.derives_from for topic in TOPICS if topic.derives_from}
"""The source of each derived topic."""

_WORDS = 1_000


def letter_for_record(stage: str, record: Record, error: Exception, at: int) -> DeadLetter:
    """The letter for a record that failed in a stage, ``at`` UTC microseconds.

    Of a record of a derived topic the source's bytes are kept: they are what came from
    outside, and a retry derives the rest from them anew.
    """
    return DeadLetter(
        stage=stage,
        error=type(error).__name__,
        cause=str(error),
        original=record.base if record.topic in SOURCE_OF else record.value,
        failed_at=at,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
    )


def letter_for_output(stage: str, output: Outgoing, error: Exception, at: int) -> DeadLetter:
    """The letter for what a stage wanted to publish and the log refused for good.

    It is about the source where the output has one, since a retry begins there.
    """
    if output.source is not None:
        return letter_for_record(stage, output.source, error, at)
    return DeadLetter(
        stage=stage,
        error=type(error).__name__,
        cause=str(error),
        original=output.value,
        failed_at=at,
        topic=output.topic,
        key=output.key,
    )


def to_dead_topic(letter: DeadLetter) -> Outgoing:
    """The letter as a record for the dead letters.

    Half surrogates in its words, which no encoding takes, become escapes.
    """
    letter = msgspec.structs.replace(
        letter,
        error=_unicode(letter.error),
        cause=_unicode(letter.cause),
        origin=_unicode(letter.origin),
        key=_unicode(letter.key),
    )
    return Outgoing(POSTS_DEAD.name, letter.key, DEAD_LETTER.encode(letter))


def shortened(dead: Outgoing) -> Outgoing:
    """A dead letter that even the dead letters refuse as too large, with half its bytes.

    Only a single item of more than the log's largest dead letter comes to this. The
    letter says that it is cut, and cannot be retried.
    """
    letter = DEAD_LETTER.decode(dead.value)
    kept = len(letter.original) // 2
    return to_dead_topic(
        msgspec.structs.replace(
            letter,
            original=letter.original[:kept],
            cause=f"{letter.cause[:_WORDS]} (cut to {kept} bytes)",
            key=letter.key[:_WORDS],
            topic=None,
        )
    )


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
