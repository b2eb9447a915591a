"""Every field of the query language: its name, its type, and where its values come from.

The parser, the in-process predicate, the schema of each engine and the documentation
all derive from :data:`FIELDS`; nothing else knows a field by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias, get_args

from index import readings
from index.folding import exact, fold_handle, fold_key, fold_name
from index.readings import FLAGS, PRESENCE, ReadNumber, ReadValues
from model.enriched import TENSION_CATEGORIES
from model.post import PostKind


@dataclass(frozen=True, slots=True)
class TextField:
    """The words of the text."""

    name: str
    meaning: str
    example: str


@dataclass(frozen=True, slots=True)
class KeywordField:
    """Whole values, compared after folding. ``vocabulary`` lists them where only some
    are possible."""

    name: str
    meaning: str
    example: str
    read: ReadValues
    fold: Callable[[str], str] = fold_key
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberField:
    """A number, if the post has one: a whole one, or a score from 0 to 1."""

    name: str
    meaning: str
    example: str
    read: ReadNumber
    whole: bool = True


@dataclass(frozen=True, slots=True)
class NearField:
    """The distance of the post's places from a point."""

    name: str
    meaning: str
    example: str


Field: TypeAlias = TextField | KeywordField | NumberField | NearField


def _score(category: str) -> NumberField:
    return NumberField(
        f"tension.{category}",
        f"the score of the hint of {category.replace('_', ' ')}, from 0 to 1",
        f"tension.{category}:>0.7",
        readings.score(category),
        whole=False,
    )


_FIELDS: tuple[Field, ...] = (
    TextField("text", "a word of the text, which is also what a bare word asks", "text:flood"),
    KeywordField(
        "place",
        "a place that the text mentions or that is attached to the post, by its name",
        'place:"stoke on trent"',
        readings.places,
        fold_name,
    ),
    KeywordField(
        "profile",
        "a place that the author's profile states; never taken for the place of the post",
        "profile:guildford",
        readings.profile,
        fold_name,
    ),
    KeywordField(
        "area",
        "an area of the force, mentioned or attached, by its id in the area files",
        "area:guildford-central",
        readings.areas,
    ),
    KeywordField(
        "area.mention",
        "an area that a place lies in which the text mentions",
        "area.mention:guildford-central",
        readings.areas_of("mention"),
    ),
    KeywordField(
        "area.geotag",
        "an area that the position lies in which the author attached",
        "area.geotag:guildford-central",
        readings.areas_of("geotag"),
    ),
    NearField(
        "near",
        "a place of the post lies within a distance (110 m to 1000 km) of a point",
        'near:"51.236,-0.570~5km"',
    ),
    KeywordField(
        "tension",
        "a category of tension that the machine saw a hint of",
        "tension:weapons",
        readings.tension,
        fold_key,
        TENSION_CATEGORIES,
    ),
    *map(_score, TENSION_CATEGORIES),
    KeywordField(
        "platform", "where the post was published", "platform:mastodon", readings.platform
    ),
    KeywordField(
        "community",
        "the group, forum, subreddit or feed in which it was published",
        "community:guildford",
        readings.community,
    ),
    KeywordField(
        "author",
        "who published it: the account's handle or id",
        "author:@guildford_news",
        readings.author,
        fold_handle,
    ),
    KeywordField(
        "lang",
        "the language of the text as a two-letter code, or und where it is not known",
        "lang:en",
        readings.lang,
    ),
    KeywordField("source", "the source that brought it", "source:mastodon-surrey", readings.source),
    KeywordField(
        "hashtag",
        "a whole hashtag, with or without its sign",
        "hashtag:guildford",
        readings.hashtags,
        fold_handle,
    ),
    KeywordField(
        "mention",
        "an account that the post addresses",
        "mention:@surreypolice",
        readings.mentions,
        fold_handle,
    ),
    KeywordField("domain", "the site that a link leads to", "domain:bbc.co.uk", readings.domains),
    KeywordField(
        "conversation",
        "the thread, by its id on the platform",
        'conversation:"1234567890"',
        readings.conversation,
        exact,
    ),
    KeywordField(
        "uid",
        "one post, by its own id",
        'uid:"mastodon:example.social:1234567890"',
        readings.uid,
        exact,
    ),
    KeywordField(
        "cluster",
        "posts that say nearly the same, by the number of their cluster",
        "cluster:81985529216486895",
        readings.cluster,
        exact,
    ),
    KeywordField(
        "kind",
        "the form of the post",
        "kind:comment",
        readings.kind,
        fold_key,
        get_args(PostKind),
    ),
    KeywordField("is", "what the post is", "is:repost", readings.flags, fold_key, FLAGS),
    KeywordField("has", "what it carries", "has:place", readings.presence, fold_key, PRESENCE),
    NumberField("likes", "how often it was liked", "likes:>10", readings.metric("likes")),
    NumberField("reposts", "how often it was passed on", "reposts:>=5", readings.metric("reposts")),
    NumberField(
        "replies", "how many replies it had", "replies:[5 TO 50]", readings.metric("replies")
    ),
    NumberField("quotes", "how often it was quoted", "quotes:>0", readings.metric("quotes")),
    NumberField("views", "how often it was shown", "views:>1000", readings.metric("views")),
    NumberField(
        "followers", "how many accounts follow the author", "followers:<100", readings.followers
    ),
)

FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _FIELDS})
"""All fields by name, in the order in which they are documented."""
