"""What is marked in a text."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given, settings

from index.highlight import highlights
from index.query.ast import Near, Node
from index.query.parse import parse
from model.enriched import ENRICHMENT, Evidence, Place, Tension, unpack_offsets
from model.post import POST
from tests.contracts.index_posts import enriched, entries_of, queries, tokenize

TEXT = "Fire in Guildford, the fire at #MillRoad! 🔥 @sid"


def _place(start: int, end: int, name: str, lat: float, lon: float) -> Place:
    return Place(
        start=start, end=end, text=name, name=name, kind="city", confidence=1, lat=lat, lon=lon
    )


ADDED = enriched(
    TEXT,
    places=(
        _place(8, 17, "Guildford", 51.236, -0.57),
        msgspec.structs.replace(_place(0, 4, "Woking", 51.319, -0.558), origin="profile"),
    ),
    tension=(
        Tension("disorder", 0.5, (Evidence(0, 4, "lexicon"), Evidence(23, 27, "lexicon"))),
        Tension("hate", 0.1, (Evidence(28, 30, "lexicon"),)),
    ),
)


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("fire", ["Fire", "fire"]),
        ("fi* AND @sid", ["Fire", "fire", "@sid"]),
        ("g*ford", ["Guildford"]),
        ('"the fire"', ["the fire"]),
        ('"fire the"~2', ["Fire", "the"]),
        ("road", ["#MillRoad"]),
        ("#millroad OR road OR mill", ["#MillRoad"]),
        ("🔥", ["🔥"]),
        ("at AND NOT fire", ["at"]),
        ("fire in", ["Fire", "in", "fire"]),
        ("*", []),
        ("place:guildford", ["Guildford"]),
        ("place:guild*", ["Guildford"]),
        ("place:woking", []),
        ("has:place", ["Guildford"]),
        ('near:"51.236,-0.57~1km"', ["Guildford"]),
        ('near:"51.319,-0.558~1km"', []),
        ("tension:disorder", ["Fire", "fire"]),
        ("tension.hate:>0", ["at"]),
        ("has:tension", ["Fire", "fire", "at"]),
        ("hashtag:millroad", ["#MillRoad"]),
        ("mention:sid", ["@sid"]),
        ("platform:x", []),
        ("likes:>5", []),
    ],
)
def test_what_is_marked(query: str, marked: list[str]) -> None:
    spans = highlights(parse(query, tokenize), TEXT, ADDED)
    merged = [TEXT[start:end] for start, end in spans]
    assert merged == marked


def test_the_owner_of_a_possessive_marks_it() -> None:
    """The tokenizer folds ``police's`` to ``polices`` and adds the part ``police``."""
    added = msgspec.structs.replace(enriched("polices at mill"), parts="police")
    assert highlights(parse("police", tokenize), "police's at mill", added) == [(0, 7)]


def test_spans_outside_the_text_are_cut() -> None:
    added = enriched("", places=(_place(-3, 2, "A", 0, 0), _place(3, 99, "B", 0, 0)))
    assert highlights(parse("has:place", tokenize), "abcde", added) == [(0, 2), (3, 5)]


def test_offsets_that_fit_no_tokens_mark_nothing() -> None:
    added = msgspec.structs.replace(enriched("fire"), offsets=b"")
    assert highlights(parse("fire", tokenize), "fire", added) == []


def test_a_place_without_position_is_near_nothing() -> None:
    place = Place(start=0, end=4, text="Mill", name="Mill", kind="city", confidence=1)
    assert highlights(Near(0, 0, 1_000), "Mill", enriched("Mill", places=(place,))) == []


@settings(max_examples=150)
@given(queries, entries_of("x:main:1"))
def test_spans_are_sorted_apart_and_at_token_boundaries(query: Node, written: object) -> None:
    assert isinstance(written, tuple)
    text = POST.decode(written[0]).text or ""
    added = msgspec.structs.replace(ENRICHMENT.decode(written[1]), places=(), tension=())
    spans = highlights(query, text, added)
    offsets = unpack_offsets(added.offsets)
    for start, end in spans:
        assert 0 <= start < end <= len(text)
        assert start in offsets[::2]
        assert end in offsets[1::2]
    assert all(one[1] < other[0] for one, other in itertools.pairwise(spans))
