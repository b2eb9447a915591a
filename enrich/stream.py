"""Enriching JSON lines: what ``tocsin enrich`` does between its two pipes.

A line ``{"id": ..., "text": ...}`` is answered by ``{"id", "lang", "places", "tension"}``.
Ids are numbers or texts and come back as they were. Other fields are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from enrich.pipeline import Enricher, Subject
from model.enriched import Enrichment

BATCH = 500

Id = str | int | float | None


class Line(msgspec.Struct, frozen=True):
    """A line of input."""

    text: str
    id: Id = None


class BadLine(NamedTuple):
    """A line that cannot be enriched: its number, from 1, and why."""

    number: int
    cause: str


class _FoundPlace(msgspec.Struct, frozen=True):
    start: int
    end: int
    text: str
    name: str
    lat: float | None
    lon: float | None
    kind: str
    confidence: float


class _Hint(msgspec.Struct, frozen=True):
    start: int
    end: int
    text: str
    reason: str


class _Score(msgspec.Struct, frozen=True):
    category: str
    score: float
    evidence: list[_Hint]


class _Answer(msgspec.Struct, frozen=True):
    id: Id
    lang: str
    places: list[_FoundPlace]
    tension: list[_Score]


def enrich_lines(enricher: Enricher, lines: Iterable[bytes]) -> Iterator[bytes | BadLine]:
    """Answers for lines, in batches of :data:`BATCH`; a bad line is answered by why."""
    batch: list[bytes] = []
    number = 1
    for line in lines:
        batch.append(line)
        if len(batch) == BATCH:
            yield from enrich_batch(enricher, batch, number)
            number += len(batch)
            batch = []
    yield from enrich_batch(enricher, batch, number)


def enrich_batch(
    enricher: Enricher, lines: Sequence[bytes], number: int = 1
) -> list[bytes | BadLine]:
    """One answer for each line that is not blank, in order, each ending in a line feed.

    ``number`` is that of the first line. For callers that must not wait for a full batch.
    """
    parsed = parse_lines(lines, number)
    good = [line for line in parsed if isinstance(line, Line)]
    enriched = iter(enricher.enrich([Subject(line.text) for line in good]))
    return [_answer(line, next(enriched)) if isinstance(line, Line) else line for line in parsed]


def parse_lines(lines: Sequence[bytes], number: int = 1) -> list[Line | BadLine]:
    """What stands on each line that is not blank; ``number`` is that of the first line."""
    return [_parse(line, number + at) for at, line in enumerate(lines) if line.strip(b" \t\r\n")]


def as_json_line(answer: object) -> bytes:
    """An answer as one line of JSON, also where it holds half of a character."""
    try:
        return _ENCODER.encode(answer) + b"\n"
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(answer)).encode() + b"\n"


def _parse(line: bytes, number: int) -> Line | BadLine:
    try:
        return _DECODER.decode(line)
    except msgspec.ValidationError as error:
        return BadLine(number, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _parse_leniently(line, number, error)


def _parse_leniently(line: bytes, number: int, error: Exception) -> Line | BadLine:
    """JSON with a lone surrogate, which is no text: taken as U+FFFD, one for one, so that
    offsets still fit what was written."""
    try:
        fields = json.loads(line)
        parsed = msgspec.convert(fields, Line)
    except (ValueError, RecursionError):
        return BadLine(number, str(error))
    return Line(_LONE_SURROGATE.sub("\ufffd", parsed.text), parsed.id)


def _answer(line: Line, enrichment: Enrichment) -> bytes:
    return as_json_line(
        _Answer(
            line.id,
            enrichment.lang,
            [
                _FoundPlace(p.start, p.end, p.text, p.name, p.lat, p.lon, p.kind, p.confidence)
                for p in enrichment.places
            ],
            [
                _Score(
                    t.category,
                    t.score,
                    [
                        _Hint(e.start, e.end, line.text[e.start : e.end], e.reason)
                        for e in t.evidence
                    ],
                )
                for t in enrichment.tension
            ],
        )
    )


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DECODER = msgspec.json.Decoder(Line)
_ENCODER = msgspec.json.Encoder()
