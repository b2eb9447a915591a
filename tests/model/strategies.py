"""Random records for property tests."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from model.enriched import Enrichment, Evidence, Place, Tension, Versions, pack_offsets
from model.post import (
    Author,
    Geo,
    Media,
    Metrics,
    Operation,
    Post,
    Provenance,
    post_event_id,
    raw_payload,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
MOMENT = st.integers(-(2**55), 2**55)
COUNT = st.none() | st.integers(0, 2**40)
NAMES = st.lists(NAME, max_size=3).map(tuple)
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
DEGREES = st.floats(-180, 180, allow_nan=False)


@st.composite
def posts(draw: st.DrawFn) -> Post:
    """Any post."""
    uid = draw(NAME)
    op = draw(st.sampled_from(OPERATIONS))
    rev = draw(st.integers(0, 2**50))
    return Post(
        event_id=post_event_id(uid, op, rev),
        op=op,
        uid=uid,
        rev=rev,
        kind=draw(st.sampled_from(["post", "reply", "repost", "quote", "comment", "article"])),
        published_at=draw(st.none() | MOMENT),
        edited_at=draw(st.none() | MOMENT),
        deleted_at=draw(st.none() | MOMENT),
        observed_at=draw(st.none() | MOMENT),
        collected_at=draw(st.none() | MOMENT),
        published_trust=draw(st.sampled_from([None, "platform", "author", "collector"])),
        author=draw(st.none() | st.builds(Author, NAME, st.none() | TEXT, st.none() | TEXT)),
        text=draw(st.none() | TEXT),
        title=draw(st.none() | TEXT),
        url=draw(st.none() | TEXT),
        langs=draw(NAMES),
        sensitive=draw(st.none() | st.booleans()),
        reply_to=draw(st.none() | NAME),
        hashtags=draw(NAMES),
        mentions=draw(NAMES),
        media=draw(st.lists(st.builds(Media, TEXT), max_size=2).map(tuple)),
        metrics=draw(st.none() | st.builds(Metrics, COUNT, COUNT, COUNT)),
        geo=draw(st.none() | st.builds(Geo, DEGREES, DEGREES, st.none() | TEXT)),
        delivery=draw(st.none() | st.builds(Provenance, NAME, NAME, TEXT)),
        raw=draw(st.none() | st.binary(max_size=60).map(raw_payload)),
    )


@st.composite
def enrichments(draw: st.DrawFn) -> Enrichment:
    """Any enrichment; its offsets belong to no text in particular."""
    evidence = st.builds(Evidence, st.integers(0, 99), st.integers(0, 99), TEXT)
    places = st.builds(
        Place,
        start=st.integers(0, 99),
        end=st.integers(0, 99),
        text=TEXT,
        name=NAME,
        kind=NAME,
        confidence=st.floats(0, 1),
        id=st.none() | NAME,
        lat=st.none() | DEGREES,
        lon=st.none() | DEGREES,
    )
    tension = st.builds(Tension, NAME, st.floats(0, 1), st.lists(evidence, max_size=2).map(tuple))
    return Enrichment(
        tokens=draw(TEXT),
        offsets=pack_offsets(draw(st.lists(st.integers(0, 70_000)).map(sorted))),
        lang=draw(NAME),
        places=tuple(draw(st.lists(places, max_size=2))),
        areas=draw(NAMES),
        tension=tuple(draw(st.lists(tension, max_size=2))),
        cluster=draw(st.integers(0, 2**63 - 1)),
        versions=draw(st.none() | st.builds(Versions, NAME, TEXT)),
    )
