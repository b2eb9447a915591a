"""How the values of each field are read from a post and what the enricher added.

This runs for every post, twice: for the index and for the rules. So a reader looks first
at whether there is anything to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TypeAlias

from index.folding import exact, fold_handle, fold_key, fold_name
from index.view import PostView
from model.enriched import Enrichment, PlaceOrigin
from model.post import PostKind

Values: TypeAlias = Sequence[str]
ReadValues: TypeAlias = Callable[[PostView, Enrichment], Values]
ReadNumber: TypeAlias = Callable[[PostView, Enrichment], float | None]

_Part: TypeAlias = Callable[[PostView], object]


def folded(values: Iterable[str | None], fold: Callable[[str], str] = fold_key) -> Values:
    """Folded values, each once; what is absent, or nothing but signs, is left out."""
    return tuple({known: None for value in values if value and (known := fold(value))})


def _one(value: str) -> Values:
    known = fold_key(value)
    return (known,) if known else ()


# Where


def places(_: PostView, added: Enrichment) -> Values:
    """Names of the places that are mentioned or attached."""
    if not added.places:
        return ()
    return folded([p.name for p in added.places if p.origin != "profile"], fold_name)


def profile(_: PostView, added: Enrichment) -> Values:
    """Names of the places that the author's profile states."""
    if not added.places:
        return ()
    return folded([p.name for p in added.places if p.origin == "profile"], fold_name)


def areas(_: PostView, added: Enrichment) -> Values:
    """Ids of areas, whatever says so."""
    return folded(added.areas) if added.areas else ()


def areas_of(origin: PlaceOrigin) -> ReadValues:
    """Ids of the areas of places of one origin."""

    def read(_: PostView, added: Enrichment) -> Values:
        if not added.areas:
            return ()
        return folded([a for p in added.places if p.origin == origin for a in p.areas])

    return read


# What


def tension(_: PostView, added: Enrichment) -> Values:
    """Categories of tension, whatever their scores."""
    return folded([hint.category for hint in added.tension]) if added.tension else ()


def score(category: str) -> ReadNumber:
    """The highest score of a category."""

    def read(_: PostView, added: Enrichment) -> float | None:
        scores = [hint.score for hint in added.tension if hint.category == category]
        return max(scores, default=None)

    return read


def lang(_: PostView, added: Enrichment) -> Values:
    """The language."""
    return _one(added.lang)


def cluster(_: PostView, added: Enrichment) -> Values:
    """The cluster's number."""
    return (str(added.cluster),) if added.cluster else ()


def hashtags(post: PostView, _: Enrichment) -> Values:
    """Hashtags without their sign."""
    return folded(post.hashtags, fold_handle) if post.hashtags else ()


def mentions(post: PostView, _: Enrichment) -> Values:
    """Addressed accounts without their sign."""
    return folded(post.mentions, fold_handle) if post.mentions else ()


def domains(post: PostView, _: Enrichment) -> Values:
    """The sites that links lead to."""
    return folded(map(_host, post.links)) if post.links else ()


def _host(link: str) -> str:
    """``bbc.co.uk`` of ``https://www.bbc.co.uk/news?id=1``."""
    address = link.partition("//")[2] or link
    for end in "/?#":
        address = address.partition(end)[0]
    return address.rpartition("@")[2].partition(":")[0].lower().removeprefix("www.")


# Who and whence


def platform(post: PostView, _: Enrichment) -> Values:
    """The first part of the post's id."""
    return _one(post.uid.partition(":")[0])


def community(post: PostView, _: Enrichment) -> Values:
    """The group, forum or feed."""
    return _one(post.community) if post.community else ()


def author(post: PostView, _: Enrichment) -> Values:
    """The account's id and handle."""
    return folded((post.author.id, post.author.handle), fold_handle) if post.author else ()


def source(post: PostView, _: Enrichment) -> Values:
    """The source that brought it."""
    return _one(post.delivery.source) if post.delivery else ()


def uid(post: PostView, _: Enrichment) -> Values:
    """The post's own id."""
    return (exact(post.uid),)


def conversation(post: PostView, _: Enrichment) -> Values:
    """The thread's id."""
    return (exact(post.conversation_id),) if post.conversation_id else ()


def kind(post: PostView, _: Enrichment) -> Values:
    """The form of the post."""
    return (post.kind,)


def metric(name: str) -> ReadNumber:
    """A count that the platform showed."""
    of: Callable[[object], int | None] = attrgetter(name)
    return lambda post, _: of(post.metrics) if post.metrics else None


def followers(post: PostView, _: Enrichment) -> int | None:
    """How many accounts follow the author."""
    return post.author.followers if post.author else None


# What it is and what it carries

FLAGS = ("repost", "reply", "quote", "comment", "article", "edited", "sensitive", "bot")
"""What ``is:`` can ask."""

_FLAGS_OF_KIND: dict[PostKind, Values] = {
    "post": (),
    "reply": ("reply",),
    "repost": ("repost",),
    "quote": ("quote",),
    "comment": ("comment", "reply"),
    "article": ("article",),
}
_FLAG_PARTS: tuple[tuple[str, _Part], ...] = (
    ("repost", attrgetter("repost_of")),
    ("reply", attrgetter("reply_to")),
    ("quote", attrgetter("quote_of")),
    ("edited", attrgetter("edited_at")),
    ("sensitive", attrgetter("sensitive")),
)


def flags(post: PostView, _: Enrichment) -> Values:
    """Those of FLAGS that are true of the post."""
    found = [name for name, part in _FLAG_PARTS if part(post)]
    found += _FLAGS_OF_KIND[post.kind]
    if post.op == "edit":
        found.append("edited")
    if post.author and post.author.bot:
        found.append("bot")
    return tuple(dict.fromkeys(found)) if len(found) > 1 else found


PRESENCE = (
    *("place", "geotag", "profile", "area", "tension", "media", "link"),
    *("hashtag", "mention", "community", "author"),
)
"""What ``has:`` can ask."""

_PRESENCE_PARTS: tuple[tuple[str, _Part], ...] = (
    ("media", attrgetter("media")),
    ("link", attrgetter("links")),
    ("hashtag", attrgetter("hashtags")),
    ("mention", attrgetter("mentions")),
    ("community", attrgetter("community")),
    ("author", attrgetter("author")),
    ("geotag", attrgetter("geo")),
)


def presence(post: PostView, added: Enrichment) -> Values:
    """Those of PRESENCE that the post has."""
    found = [name for name, part in _PRESENCE_PARTS if part(post)]
    if added.areas:
        found.append("area")
    if added.tension:
        found.append("tension")
    if added.places:
        origins = {place.origin for place in added.places}
        found += ["place"] if origins != {"profile"} else []
        found += origins - {"mention"}
    return tuple(dict.fromkeys(found))
