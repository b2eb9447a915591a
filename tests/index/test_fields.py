"""What is read from a post, and how names and positions are folded."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from index.catalogue import FIELDS, KeywordField
from index.fields import BOUNDARY, POST_VIEW, Fields, fields_of
from index.folding import MAX_VALUE, fold_handle, fold_key, fold_name
from index.readings import FLAGS, PRESENCE
from index.view import PostView
from model.enriched import Enrichment, Place, Tension
from model.post import POST, Author, Geo, Media, Metrics, Post, Provenance
from tests.contracts.index_posts import enriched, made
from tests.model.strategies import enrichments, posts


def read(post: Post, enrichment: Enrichment | None = None) -> Fields:
    """The fields of a post, by way of its bytes."""
    return fields_of(POST_VIEW.decode(POST.encode(post)), enrichment or Enrichment())


def values(fields: Fields, name: str) -> list[str]:
    """The values of a keyword field."""
    return sorted(fields.keywords.get(name, ()))


def place(name: str, origin: str = "mention", lat: float | None = None) -> Place:
    """A place, perhaps resolved."""
    return Place(
        start=0, end=0, text=name, name=name, kind="city", confidence=1, lat=lat, lon=lat,
        origin=origin,  # type: ignore[arg-type]  # the tests name the origins
    )  # fmt: skip


FULL = Post(
    event_id="e",
    op="edit",
    uid="X:main:at://1:2",
    rev=2,
    kind="comment",
    published_at=5,
    author=Author("42", "@Sid", followers=9, bot=True),
    sensitive=True,
    conversation_id="C1",
    reply_to="r",
    repost_of="p",
    quote_of="q",
    community="r/Guildford",
    hashtags=("#Fire", "fire", "Mill"),
    mentions=("@Bob",),
    links=("https://www.BBC.co.uk:443/a?b", "http://me@x.org#f", "bbc.co.uk/c", "mailto:", "//"),
    media=(Media("m"),),
    metrics=Metrics(1, 2, 3, 4, 5),
    geo=Geo(51.2, -0.5),
    delivery=Provenance("Src", "c"),
)
ADDED = enriched(
    "Fire #MillRoad",
    lang="EN",
    places=(
        replace(place("Guildford"), areas=("GU1",)),
        replace(place("GUILDFORD", "geotag"), areas=("Gu2", "GU1")),
        place("Woking", "profile", 1.0),
    ),
    areas=("GU1", "Gu2"),
    tension=(Tension("hate", 0.2), Tension("hate", 0.6), Tension("rumour", float("nan"))),
    cluster=7,
)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("place", ["guildford"]),
        ("profile", ["woking"]),
        ("area", ["gu1", "gu2"]),
        ("area.mention", ["gu1"]),
        ("area.geotag", ["gu1", "gu2"]),
        ("tension", ["hate", "rumour"]),
        ("platform", ["x"]),
        ("community", ["r/guildford"]),
        ("author", ["42", "sid"]),
        ("lang", ["en"]),
        ("source", ["src"]),
        ("hashtag", ["fire", "mill"]),
        ("mention", ["bob"]),
        ("domain", ["bbc.co.uk", "mailto", "x.org"]),
        ("conversation", ["C1"]),
        ("uid", ["X:main:at://1:2"]),
        ("cluster", ["7"]),
        ("kind", ["comment"]),
        ("is", sorted(set(FLAGS) - {"article"})),
        ("has", sorted(PRESENCE)),
    ],
)
def test_keywords(field: str, expected: list[str]) -> None:
    assert values(read(FULL, ADDED), field) == expected


def test_every_keyword_field_was_tested() -> None:
    keyword_fields = {f.name for f in FIELDS.values() if isinstance(f, KeywordField)}
    assert set(read(FULL, ADDED).keywords) == keyword_fields


def test_numbers() -> None:
    assert read(FULL, ADDED).numbers == {
        "likes": 1, "reposts": 2, "replies": 3, "quotes": 4, "views": 5, "followers": 9,
        "tension.hate": 0.6,
    }  # fmt: skip


def test_a_bare_post_has_hardly_any_fields() -> None:
    fields = read(made("x:main:1", at=None))
    assert set(fields.keywords) == {"platform", "uid", "lang", "kind"}
    assert (fields.numbers, fields.cells, fields.event_at) == ({}, frozenset(), 0)


@pytest.mark.parametrize("kind", ["reply", "repost", "quote", "comment", "article"])
def test_the_kind_makes_a_flag(kind: str) -> None:
    assert kind in values(read(made(kind=kind)), "is")


def test_the_words_and_the_boundary() -> None:
    fields = read(FULL, ADDED)
    assert fields.body == f" fire #millroad {BOUNDARY} mill road "
    assert {"fire", "#millroad", "mill", "road"} <= fields.words
    with pytest.raises(AttributeError):
        _ = fields.nothing


def test_a_profile_is_not_where_the_post_is() -> None:
    somewhere = Enrichment(places=(place("Woking", "profile", 51.0),))
    assert read(made(), somewhere).cells == frozenset()
    assert values(read(made(), somewhere), "has") == ["profile"]
    assert read(made(), Enrichment(places=(place("Woking", lat=51.0),))).cells


@settings(max_examples=60)
@given(posts(), enrichments())
def test_any_post_has_fields(post: Post, enrichment: Enrichment) -> None:
    fields = read(post, enrichment)
    for name, found in fields.keywords.items():
        assert len(found) == len(set(found)), name
        assert all(0 < len(value) <= MAX_VALUE for value in found), name
        field = FIELDS[name]
        assert isinstance(field, KeywordField)
        if field.vocabulary and name != "tension":
            assert set(found) <= set(field.vocabulary)
        assert all(field.fold(value) == value for value in found), f"{name} is not folded"
    assert not any(map(math.isnan, fields.numbers.values()))


def test_the_view_reads_what_the_post_says() -> None:
    view = POST_VIEW.decode(POST.encode(FULL))
    for name in PostView.__struct_fields__:
        if name not in ("author", "metrics", "geo", "media", "delivery"):
            assert getattr(view, name) == getattr(FULL, name)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Guildford", "guildford"),
        ("  STOKE-ON-TRENT ", "stoke on trent"),
        ("King\u2019s Lynn", "kings lynn"),
        ("Łódź", "łodz"),
        ("\uff37\uff4f\uff4b\uff49\uff4e\uff47", "woking"),
        ("St. Mary's (Church)", "st marys church"),
        ("!?", ""),
        ("東京", "東京"),
        ("a" * 999, "a" * MAX_VALUE),
    ],
)
def test_names_fold(text: str, folded: str) -> None:
    assert fold_name(text) == folded


@settings(max_examples=300)
@given(st.text(max_size=12) | st.text(min_size=250, max_size=270))
def test_folding_twice_is_folding_once(text: str) -> None:
    for fold in (fold_name, fold_key, fold_handle):
        assert fold(fold(text)) == fold(text)
