"""What every log asks of an outgoing record before it writes anything."""

from __future__ import annotations

from bus.port import Outgoing, Record
from model.errors import MalformedRecord, RecordTooLarge

_SHOWN_KEY = 100


def checked_key(record: Outgoing, limit: int) -> bytes:
    """The key in UTF-8.

    Raises MalformedRecord for a key that is no Unicode, and RecordTooLarge where key and
    value have more than ``limit`` bytes together.
    """
    try:
        key = record.key.encode()
    except UnicodeEncodeError as error:
        raise MalformedRecord(
            f"{described(record)} has no Unicode key", cause=str(error)
        ) from error
    size = len(key) + len(record.value)
    if size > limit:
        raise RecordTooLarge(
            f"{described(record)} is too large for the log",
            cause=f"{size} bytes, where {limit} are allowed",
            remedy="Raise the largest record size of the log, then retry it",
        )
    return key


def checked_source(record: Outgoing, topic: str) -> Record:
    """The source of a record that derives from this topic. Raises MalformedRecord without."""
    if record.source is None or record.source.topic != topic:
        raise MalformedRecord(
            f"{described(record)} cannot be stored", cause=f"it names no source of {topic}"
        )
    return record.source


def described(record: Outgoing) -> str:
    """How an error names the record."""
    return f"a record for {record.topic} with key {record.key[:_SHOWN_KEY]!a}"
