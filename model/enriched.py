"""What the enricher adds to a post: schema ``enrichment/1``.

Offsets are code points into the post's text, end exclusive.
"""

from __future__ import annotations

import array
from typing import Literal

import msgspec

from model.encoding import SCHEMA_FIELD, Codec

PlaceOrigin = Literal["mention", "geotag", "profile"]

TENSION_CATEGORIES = (
    "disorder",
    "weapons",
    "threat",
    "mobilisation",
    "fire_damage",
    "hate",
    "drugs_asb",
    "distress",
    "traffic_hazard",
    "police_hostility",
    "rumour",
)
"""What a score may be about. A score is a machine's hint, never intelligence."""


class Place(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A place that the text mentions, the author tagged, or the profile states.

    ``text`` is what stands there, ``name`` what it was taken for; ``confidence`` is
    between 0 and 1. Without a resolution ``id``, ``lat`` and ``lon`` are absent: unknown
    stays unknown. ``candidates`` are the ids of what else it may have been. ``radius_m`` is
    the radius of doubt: how far from the position, in metres, what is meant may lie, be it
    because the place is large or because only the town around it is known. ``areas`` are
    the ids of the force's areas in which the place lies, as far as it is known so exactly.
    """

    start: int
    end: int
    text: str
    name: str
    kind: str
    confidence: float
    id: str | None = None
    lat: float | None = None
    lon: float | None = None
    radius_m: int | None = None
    candidates: tuple[str, ...] = ()
    origin: PlaceOrigin = "mention"
    areas: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True):
    """The part of the text that made a score, and why it counts."""

    start: int
    end: int
    reason: str


class Tension(msgspec.Struct, frozen=True, omit_defaults=True):
    """A hint that the post is about one category of tension: ``score`` from 0 to 1."""

    category: str
    score: float
    evidence: tuple[Evidence, ...] = ()


class Versions(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which parts produced the enrichment, so that it can be explained and repeated."""

    pipeline: str
    lexicon: str = ""
    gazetteer: str = ""
    models: str = ""
    areas: str = ""


class Enrichment(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    kw_only=True,
    tag_field=SCHEMA_FIELD,
    tag="enrichment/1",
):
    """Tokens, language, places, areas, tension and cluster of one post.

    ``tokens`` are the folded tokens joined by one space; ``offsets`` their start and end
    in the text, packed by :func:`pack_offsets`. ``parts`` are the folded words inside
    the hashtags, which are searched too but stand nowhere in the text on their own.
    ``areas`` are those of all mentioned places and of the geotag; which of them said so
    stands with each place. ``unjudged`` names the parts that do not know the language of
    the post, so that their silence says nothing.
    """

    tokens: str = ""
    offsets: bytes = b""
    parts: str = ""
    lang: str = "und"
    places: tuple[Place, ...] = ()
    areas: tuple[str, ...] = ()
    tension: tuple[Tension, ...] = ()
    cluster: int = 0
    unjudged: tuple[str, ...] = ()
    versions: Versions | None = None


ENRICHMENT: Codec[Enrichment] = Codec(Enrichment)

_NARROW = 0xFFFF


def pack_offsets(offsets: list[int]) -> bytes:
    """Token boundaries as bytes: 16 bits each, or 32 with a leading zero byte.

    ``offsets`` alternates start and end, in the order of the text. An odd length marks
    the wide form, since the narrow one is always a multiple of four bytes.
    """
    if not offsets:
        return b""
    if offsets[-1] <= _NARROW:
        return _little(array.array("H", offsets))
    return b"\0" + _little(array.array("I", offsets))


def unpack_offsets(packed: bytes) -> list[int]:
    """The list that :func:`pack_offsets` packed."""
    wide = len(packed) % 2 == 1
    out = array.array("I" if wide else "H")
    out.frombytes(packed[1:] if wide else packed)
    if _BIG_ENDIAN:
        out.byteswap()
    return out.tolist()


_BIG_ENDIAN = array.array("H", [1]).tobytes() == b"\0\1"


def _little(values: array.array[int]) -> bytes:
    if _BIG_ENDIAN:
        values.byteswap()
    return values.tobytes()
