"""Posts and queries for the contract of the index, made by hand or at random."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import get_args

from hypothesis import strategies as st

from index.catalogue import FIELDS, KeywordField
from index.fields import POST_VIEW, Fields, fields_of
from index.port import Entry
from index.query.ast import (
    And,
    Exists,
    Keyword,
    KeywordPattern,
    MatchAll,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Term,
    Wildcard,
)
from index.readings import FLAGS, PRESENCE
from model.enriched import ENRICHMENT, Enrichment, Place, PlaceOrigin, Tension, pack_offsets
from model.post import (
    POST,
    Author,
    Geo,
    Media,
    Metrics,
    Operation,
    Post,
    PostKind,
    Provenance,
    post_event_id,
)

_TOKEN = re.compile(r"[#@]?\w+|[\U0001f300-\U0001faff]")
_HASHTAG_WORD = re.compile(r"[A-Z]?[a-z]+|\d+")


def tokenize(text: str) -> list[str]:
    """Words, hashtags, mentions and emoji in lower case: a tokenizer of no ambition."""
    return [match.group().lower() for match in _TOKEN.finditer(text)]


def enriched(text: str, **added: object) -> Enrichment:
    """What an enricher with that tokenizer adds, and whatever else is given."""
    matches = list(_TOKEN.finditer(text))
    parts = [
        word.lower()
        for match in matches
        if match.group()[0] == "#"
        for word in _HASHTAG_WORD.findall(match.group())
    ]
    return Enrichment(
        tokens=" ".join(tokenize(text)),
        offsets=pack_offsets([end for match in matches for end in match.span()]),
        parts=" ".join(parts),
        **added,  # type: ignore[arg-type]  # the tests name the fields
    )


def made(
    uid: str = "x:main:1",
    text: str = "",
    *,
    op: Operation = "create",
    rev: int = 0,
    at: int | None = 0,
    author: str | None = None,
    **fields: object,
) -> Post:
    """A post with as little in it as the test says."""
    return Post(
        event_id=post_event_id(uid, op, rev),
        op=op,
        uid=uid,
        rev=rev,
        text=text,
        published_at=at,
        author=Author(author) if author else None,
        **fields,  # type: ignore[arg-type]  # the tests name the fields
    )


def entry(post: Post, enrichment: Enrichment | None = None) -> Entry:
    """What the stage hands to the writer."""
    added = enriched(post.text or "") if enrichment is None else enrichment
    return Entry(POST.encode(post), ENRICHMENT.encode(added))


def entries(posts: Iterable[Post]) -> list[Entry]:
    """Several of them."""
    return [entry(post) for post in posts]


def seen(written: Entry) -> Fields:
    """The fields of an entry, as rules see them."""
    return fields_of(POST_VIEW.decode(written.post), ENRICHMENT.decode(written.enrichment))


# At random. Few values, so that queries and posts meet; awkward ones among them.

WORDS = ("fire", "fires", "film", "flood", "at", "the", "mill", "café", "🔥", "#mill", "@sid", "x")
PLACES = ("Guildford", "Woking", "Stoke-on-Trent", "King's Lynn", "Łódź", "?*")
AWKWARD = ("", " ", "a b", "A", "ß", "*", "?", "a*b", "\\", '"', "\0", "\x1e", "é", "e\u0301", "🔥")
POINTS = (
    *((51.236, -0.57), (51.24, -0.58), (51.319, -0.558), (-90.0, 0.0), (0.0, 180.0)),
    (91.0, 0.0),
)
MOMENTS = (0, 1, -1, -62_135_596_800_000_000, 253_402_300_799_999_999, 1_700_000_000_000_000)

keys = st.sampled_from((*AWKWARD, "alpha", "beta", "alphabet"))
counts = st.none() | st.sampled_from((0, 1, 5, 10, 2**53 + 1, 2**63 - 1, 2**63))
scores = st.sampled_from((0.0, -0.0, 0.1, 0.5, 0.7, 1.0, float("nan")))
kinds: st.SearchStrategy[PostKind] = st.sampled_from(
    ("post", "reply", "repost", "quote", "comment", "article")
)


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Up to three of them."""
    return st.lists(values, max_size=3).map(tuple)


@st.composite
def posts(draw: st.DrawFn, uid: str) -> Post:
    """A post with a uid, and anything else."""
    return Post(
        event_id=uid,
        op="create",
        uid=uid,
        kind=draw(kinds),
        text=" ".join(draw(st.lists(st.sampled_from(WORDS), max_size=8))),
        published_at=draw(st.none() | st.sampled_from(MOMENTS)),
        edited_at=draw(st.none() | st.just(7)),
        author=draw(st.none() | st.builds(Author, keys, keys, followers=counts)),
        sensitive=draw(st.none() | st.booleans()),
        reply_to=draw(st.none() | keys),
        community=draw(st.none() | keys),
        hashtags=draw(some(keys)),
        mentions=draw(some(keys)),
        links=draw(
            some(st.sampled_from(("https://www.bbc.co.uk/a?b", "x", "//", "http://u:p@h:1")))
        ),
        media=draw(st.lists(st.just(Media("m")), max_size=1).map(tuple)),
        metrics=draw(st.none() | st.builds(Metrics, counts, counts)),
        geo=draw(st.none() | st.sampled_from(POINTS).map(lambda point: Geo(*point))),
        delivery=draw(st.none() | st.builds(Provenance, keys, st.just("c"))),
    )


@st.composite
def places(draw: st.DrawFn) -> Place:
    """A place, resolved or not."""
    lat, lon = draw(st.sampled_from((*POINTS, (None, None))))
    name = draw(st.sampled_from(PLACES))
    origins: tuple[PlaceOrigin, ...] = get_args(PlaceOrigin)
    return Place(
        start=0, end=1, text=name, name=name, kind="city", confidence=0.5, lat=lat, lon=lon,
        origin=draw(st.sampled_from(origins)), areas=draw(some(keys)),
    )  # fmt: skip


tensions = st.builds(Tension, st.sampled_from(("weapons", "hate", "rumour")), scores)


@st.composite
def entries_of(draw: st.DrawFn, uid: str) -> Entry:
    """A random post with a random enrichment."""
    post = draw(posts(uid))
    enrichment = enriched(
        post.text or "",
        lang=draw(st.sampled_from(("en", "und", "cy"))),
        places=tuple(draw(st.lists(places(), max_size=2))),
        areas=draw(some(keys)),
        tension=tuple(draw(st.lists(tensions, max_size=2))),
        cluster=draw(st.sampled_from((0, 7, 2**64 - 1))),
    )
    return entry(post, enrichment)


words = st.sampled_from([token for word in WORDS for token in tokenize(word)])
patterns = st.sampled_from(("f*", "*e", "f?re", "f*s", "*i*", "fi?*", "caf?", "??l*", "#*", "m*l*"))
key_patterns = st.sampled_from(("a*", "*a", "*b*", "alph?", "g*d", "?", "*\\*", "st*t*", "é*"))
keyword_fields = st.sampled_from(
    [field.name for field in FIELDS.values() if isinstance(field, KeywordField)]
)


@st.composite
def keywords(draw: st.DrawFn) -> Node:
    """A value of a field, folded as the parser folds it."""
    field = FIELDS[draw(keyword_fields)]
    assert isinstance(field, KeywordField)
    value = draw(keys | st.sampled_from((*PLACES, *FLAGS, *PRESENCE, "weapons", "en", "7", "post")))
    return Keyword(field.name, field.fold(value) or "alpha")


@st.composite
def ranges(draw: st.DrawFn) -> Node:
    """A range over counts or scores, perhaps open or empty."""
    whole = draw(st.booleans())
    field = draw(st.sampled_from(("likes", "reposts", "followers")))
    ends = st.none() | st.sampled_from((-1.0, 0.0, 0.5, 1.0, 5.0, 5.5, 2.0**53, 2.0**63))
    if not whole:
        field = draw(st.sampled_from(("tension.weapons", "tension.hate")))
        ends = st.none() | st.sampled_from((0.0, 0.1, 0.5, 0.7, 1.0))
    return Range(field, draw(ends), draw(ends), draw(st.booleans()), draw(st.booleans()))


leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Term, words),
    st.builds(Prefix, st.sampled_from(("f", "fire", "#", "m", "ca"))),
    st.builds(Wildcard, patterns),
    st.builds(Phrase, st.lists(words, min_size=2, max_size=4).map(tuple), st.integers(0, 3)),
    keywords(),
    st.builds(KeywordPattern, keyword_fields, key_patterns),
    st.builds(Exists, st.sampled_from(PRESENCE)),
    ranges(),
    st.builds(
        lambda point, radius: Near(point[0], point[1], radius),
        st.sampled_from(POINTS[:5]),
        st.sampled_from((200.0, 3_000.0, 15_000.0, 1_000_000.0)),
    ),
    st.just(MatchAll()),
)


def _joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several: st.SearchStrategy[tuple[Node, ...]] = st.lists(children, min_size=1, max_size=3).map(
        tuple
    )
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, children)


queries = st.recursive(leaves, _joined, max_leaves=6)
