"""A record that a stage could not process: schema ``dead/1``."""

from __future__ import annotations

import msgspec

from model.encoding import SCHEMA_FIELD, Codec


class DeadLetter(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    kw_only=True,
    tag_field=SCHEMA_FIELD,
    tag="dead/1",
):
    """What failed, where, why, and the original bytes, so that it can be tried again.

    ``topic``, ``partition`` and ``offset`` say where the record stood; they are absent
    for input that never became a record, and ``origin`` then names the file and line or
    the source. ``error`` is the class of the failure, ``cause`` its words.
    """

    stage: str
    error: str
    cause: str
    original: bytes
    failed_at: int
    origin: str = ""
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    key: str = ""


DEAD_LETTER: Codec[DeadLetter] = Codec(DeadLetter)
