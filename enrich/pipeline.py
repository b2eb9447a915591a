"""The enricher: a batch of posts in, their enrichments out.

It tokenises once and hands the tokens to its parts, each behind a port of its own
(:mod:`enrich.port`). Nothing is remembered of a post but what the parts' bounded memories
hold, so memory is flat however many posts go through.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from enrich.area_file import AreaSet, load_areas
from enrich.areas import AreaMap
from enrich.clusters import SimHashClusters
from enrich.gazetteer import GazetteerOptions, open_gazetteer
from enrich.geotags import Geotagger
from enrich.language import UNKNOWN, ShortTextDetector
from enrich.lexicon import load_lexicon
from enrich.lexicon_file import Problem
from enrich.place_model import read_model
from enrich.places import SHIPPED_MODEL, SequenceRecogniser
from enrich.port import (
    NO_HINT,
    Extension,
    Hint,
    LanguageDetector,
    Mention,
    NearDuplicates,
    PlaceRecogniser,
    PlaceResolver,
    TensionScorer,
)
from enrich.resolve import HomeFirstResolver
from enrich.tension_model import read_model as read_tension_model
from enrich.tension_weighed import WeighedScorer
from enrich.tokens import Tokens, fold_tokens, tokenize
from model.enriched import Enrichment, Place, Tension, Versions, pack_offsets
from model.post import Geo

PIPELINE_VERSION = "2"
"""Grows when the same text and files would be enriched differently."""

LEXICON_READS = frozenset({"en", UNKNOWN})
"""Languages in which no finding of the lexicon means something. In any other it finds only
English words and emoji, so the enrichment says that tension was not judged."""

MOST_TOKENS = 4_000
"""Tokens of a post in which places and tension are looked for; all are searched."""


class Subject(NamedTuple):
    """What the enricher needs of a post. The title only counts where the text lacks it."""

    text: str
    title: str = ""
    geo: Geo | None = None
    home: str = ""
    """The country (ISO 3166-1 alpha-2) that the post's source speaks of first, if it has one
    of its own."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What an enricher is made of, and the versions that it signs with."""

    language: LanguageDetector
    recogniser: PlaceRecogniser
    resolver: PlaceResolver
    geotagger: Geotagger
    areas: AreaMap
    tension: TensionScorer
    clusters: NearDuplicates
    extensions: tuple[Extension, ...] = ()
    versions: Versions
    problems: tuple[Problem, ...] = ()


class Enricher:
    """Enriches batches of posts. Belongs to one thread."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong in the lexicon's files; the rest of the lexicon works."""
        return self.parts.problems

    def enrich(self, posts: Sequence[Subject]) -> list[Enrichment]:
        """One enrichment for each post, in the same order. No text makes it fail."""
        parts = self.parts
        whole = [tokenize(post.text) for post in posts]
        batch = [tokens.head(MOST_TOKENS) for tokens in whole]
        langs = parts.language.detect(batch)
        mentions = [
            found if lang in LEXICON_READS else _listed(found)
            for lang, found in zip(langs, parts.recogniser.find(batch), strict=True)
        ]
        tension = parts.tension.score(batch)
        for extension in parts.extensions:
            for at, found in enumerate(extension.find(batch)):
                mentions[at] = join_mentions(mentions[at], found.mentions)
                tension[at] = join_tension(tension[at], found.tension)
        hints = [_hint(post) for post in posts]
        places = map(self._located, posts, parts.resolver.resolve(batch, mentions, hints))
        columns = zip(
            posts,
            whole,
            langs,
            places,
            tension,
            parts.clusters.assign(batch),
            strict=True,
        )
        return [
            Enrichment(
                tokens=" ".join(tokens.folded),
                offsets=pack_offsets(tokens.offsets),
                parts=" ".join(_searched_besides(post, tokens)),
                lang=lang,
                places=places,
                areas=_areas(places),
                tension=scores,
                cluster=cluster,
                unjudged=() if lang in LEXICON_READS else ("tension",),
                versions=parts.versions,
            )
            for post, tokens, lang, places, scores, cluster in columns
        ]

    def _located(self, post: Subject, mentioned: tuple[Place, ...]) -> tuple[Place, ...]:
        """The places of a post, its geotag among them, each with the areas it lies in."""
        places = mentioned
        if post.geo is not None:
            places = (*mentioned, self.parts.geotagger.place(post.geo))
        areas = self.parts.areas
        if not places or not len(areas):
            return places
        return tuple([_in_areas(place, areas.of_place(place)) for place in places])


def _listed(mentions: list[Mention]) -> list[Mention]:
    """What counts in a language that the recogniser was not trained on: names that the
    gazetteer knows, and what shows its kind, as roads and postcodes do."""
    return [found for found in mentions if found.name or found.kind not in ("", "place")]


def _in_areas(place: Place, areas: tuple[str, ...]) -> Place:
    return msgspec.structs.replace(place, areas=areas) if areas else place


def _areas(places: tuple[Place, ...]) -> tuple[str, ...]:
    """The areas of what the post is about, each once. Where an author lives is not that."""
    if not places:
        return ()
    return tuple(
        {area: None for place in places if place.origin != "profile" for area in place.areas}
    )


def _hint(post: Subject) -> Hint:
    if post.geo is None and not post.home:
        return NO_HINT
    return Hint((post.geo.lat, post.geo.lon) if post.geo else None, post.home)


def _searched_besides(post: Subject, tokens: Tokens) -> list[str]:
    """Words that are found but stand nowhere in the text: parts of hashtags, and a title."""
    if post.title and post.title not in post.text:
        return tokens.parts + fold_tokens(post.title)
    return tokens.parts


def build_enricher(
    *,
    lexicons: Path,
    cache: Path,
    areas: Path | None = None,
    gazetteers: Path | None = None,
    home: str = "GB",
    centre: tuple[float, float] | None = None,
    home_population: int = 500,
    world_population: int = 15_000,
    components: Sequence[str] = (),
) -> Enricher:
    """The enricher as it is shipped.

    ``lexicons`` is the folder of the lexicon, ``areas`` that of the area files, ``cache``
    one for the compiled gazetteer, which is written on the first use, ``gazetteers`` that
    of imported ones. ``home`` is the country that place names are sought in first (ISO
    3166-1 alpha-2) and ``centre`` the middle of the cell's area, with settlements from
    ``home_population`` people; the rest of the world's are known from
    ``world_population``. ``components`` are further spaCy components, as
    :mod:`enrich.spacy_extension` reads them.

    Raises ConfigurationError for a missing lexicon, an unknown country or a component that
    cannot be loaded, StateNotWritable and StateCorrupt for the cache. Bad entries of the
    lexicon are in :attr:`Enricher.problems`.
    """
    extensions = _extensions(components)
    options = GazetteerOptions(home, home_population, world_population)
    gazetteer = open_gazetteer(cache, options, gazetteers)
    place_model = read_model(SHIPPED_MODEL)
    lexicon = load_lexicon(lexicons)
    outlines = load_areas(areas) if areas else AreaSet((), (), "")
    tension_model = read_tension_model()
    models = " ".join(
        (f"places:{place_model.version}", f"tension:{tension_model.version}", *components)
    )
    return Enricher(
        Parts(
            language=ShortTextDetector(),
            recogniser=SequenceRecogniser(gazetteer, place_model),
            resolver=HomeFirstResolver(gazetteer, home, centre),
            geotagger=Geotagger(gazetteer),
            areas=AreaMap(outlines.areas, outlines.version),
            tension=WeighedScorer(lexicon, tension_model),
            clusters=SimHashClusters(),
            extensions=extensions,
            versions=Versions(
                PIPELINE_VERSION, lexicon.version, gazetteer.version, models, outlines.version
            ),
            problems=lexicon.problems,
        )
    )


def _extensions(components: Sequence[str]) -> tuple[Extension, ...]:
    """spaCy takes a second and 80 MB to import: only where it is asked for."""
    if not components:
        return ()
    from enrich.spacy_extension import load_extension  # noqa: PLC0415 - see above

    return tuple(load_extension(name) for name in components)


def join_mentions(ours: Sequence[Mention], theirs: Sequence[Mention]) -> list[Mention]:
    """Ours, and theirs where they overlap none of ours, in the order of the text."""
    joined = list(ours)
    for mention in theirs:
        if all(mention.end <= one.start or mention.start >= one.end for one in joined):
            joined.append(mention)
    joined.sort()
    return joined


def join_tension(ours: Sequence[Tension], theirs: Sequence[Tension]) -> tuple[Tension, ...]:
    """Scores of one category taken as independent hints, with the evidence of both."""
    joined = {tension.category: tension for tension in ours}
    for added in theirs:
        known = joined.get(added.category, Tension(added.category, 0.0))
        score = round(1.0 - (1.0 - known.score) * (1.0 - added.score), 3)
        joined[added.category] = Tension(added.category, score, known.evidence + added.evidence)
    return tuple(sorted(joined.values(), key=lambda one: (-one.score, one.category)))
