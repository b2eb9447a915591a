"""The enricher as a whole: any text, the same alone as in a batch, and swappable parts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.pipeline import (
    MOST_TOKENS,
    Enricher,
    Subject,
    join_mentions,
    join_tension,
)
from enrich.port import Mention
from enrich.tokens import Tokens, fold_tokens
from model.enriched import ENRICHMENT, Evidence, Tension, unpack_offsets
from model.post import Geo
from tests.enrich.texts import posts, unicode_text


@settings(max_examples=120)
@given(posts)
def test_any_text_is_enriched_and_points_into_itself(enricher: Enricher, text: str) -> None:
    (enrichment,) = enricher.enrich([Subject(text)])
    offsets = unpack_offsets(enrichment.offsets)
    assert len(offsets) == 2 * len(enrichment.tokens.split())
    assert enrichment.tokens.split() == fold_tokens(text)
    assert all(0 <= offset <= len(text) for offset in offsets)
    for place in enrichment.places:
        assert text[place.start : place.end] == place.text
        assert 0 <= place.confidence <= 1
        assert (place.id is None) == (place.lat is None) == (place.lon is None)
    for hint in enrichment.tension:
        for evidence in hint.evidence:
            assert 0 <= evidence.start < evidence.end <= len(text)
    assert 0 <= enrichment.cluster < 2**63


@settings(max_examples=60)
@given(unicode_text)
def test_what_can_be_encoded_stays_so(enricher: Enricher, text: str) -> None:
    (enrichment,) = enricher.enrich([Subject(text, text[::-1])])
    assert ENRICHMENT.decode(ENRICHMENT.encode(enrichment)) == enrichment


@settings(max_examples=60)
@given(st.lists(posts, max_size=6))
def test_a_batch_is_its_posts_one_by_one(enricher: Enricher, texts: list[str]) -> None:
    together = enricher.enrich([Subject(text) for text in texts])
    alone = [enricher.enrich([Subject(text)])[0] for text in texts]
    assert together == alone


def test_a_post_is_enriched_in_every_respect(enricher: Enricher) -> None:
    text = "Bins on fire in Guildford, lads throwing bricks at the police #Stoughton"
    (enrichment,) = enricher.enrich([Subject(text, geo=Geo(51.2362, -0.5704))])
    assert enrichment.lang == "en"
    assert enrichment.places[0].name == "Guildford"
    assert [place.origin for place in enrichment.places][-1] == "geotag"
    assert {"disorder", "police_hostility"} <= {hint.category for hint in enrichment.tension}
    assert enrichment.parts == "stoughton"
    assert enrichment.versions is not None
    assert enrichment.versions.lexicon
    assert enrichment.versions.gazetteer


def test_a_language_that_the_lexicon_does_not_read_is_said(enricher: Enricher) -> None:
    welsh, english, doubtful = enricher.enrich(
        [
            Subject("Mae'r heddlu wedi cau'r ffordd ger yr orsaf yng Nghaerdydd, Cardiff"),
            Subject("They have closed the road by the station in Cardiff"),
            Subject("Cardiff!!"),
        ]
    )
    assert (welsh.lang, welsh.unjudged) == ("cy", ("tension",))
    assert [place.name for place in welsh.places] == ["Cardiff"], "names are found all the same"
    assert english.unjudged == doubtful.unjudged == ()


def test_nothing_comes_of_nothing(enricher: Enricher) -> None:
    (enrichment,) = enricher.enrich([Subject("")])
    assert enrichment == msgspec.structs.replace(
        enrichment, tokens="", offsets=b"", parts="", lang="und", places=(), tension=(), cluster=0
    )
    assert enricher.enrich([]) == []


def test_a_title_is_searched_where_the_text_lacks_it(enricher: Enricher) -> None:
    apart, within = enricher.enrich(
        [Subject("No more is known.", "Fire in Woking"), Subject("Fire in Woking\nMore", "Fire")]
    )
    assert apart.parts == "fire in woking"
    assert apart.tokens == "no more is known"
    assert within.parts == ""


def test_an_endless_post_is_searched_whole_and_judged_by_its_head(enricher: Enricher) -> None:
    text = "word " * (MOST_TOKENS + 10) + "stabbed in Guildford"
    (enrichment,) = enricher.enrich([Subject(text)])
    assert enrichment.tokens.endswith("stabbed in guildford")
    assert enrichment.tension == ()


@pytest.mark.parametrize(
    "text",
    [
        "'" * 50_000,
        "e\u0301" * 50_000,
        "@a.b" * 20_000,
        "a " * 50_000,
        "stab " * 20_000,
        "#" * 50_000,
    ],
)
def test_monotonous_text_takes_no_longer_than_its_length(enricher: Enricher, text: str) -> None:
    (enrichment,) = enricher.enrich([Subject(text)])
    assert enrichment.tokens.split() == fold_tokens(text)


def test_a_part_is_swapped_without_touching_the_rest(enricher: Enricher) -> None:
    class Everything:
        """Takes every post for a threat."""

        def score(self, batch: Sequence[Tokens]) -> list[tuple[Tension, ...]]:
            return [(Tension("threat", 1.0, (Evidence(0, 1, "always"),)),) for _ in batch]

    swapped = Enricher(msgspec.structs.replace(enricher.parts, tension=Everything()))
    (enrichment,) = swapped.enrich([Subject("lovely day in Woking")])
    assert [hint.category for hint in enrichment.tension] == ["threat"]
    assert [place.name for place in enrichment.places] == ["Woking"]


def test_ours_come_before_an_extensions_mentions() -> None:
    ours = [Mention(5, 10, "a", "", 0.9)]
    theirs = [Mention(8, 12, "b", "", 0.6), Mention(0, 3, "c", "", 0.6)]
    assert [mention.name for mention in join_mentions(ours, theirs)] == ["c", "a"]


def test_scores_of_two_sources_are_independent_hints() -> None:
    one, two = Evidence(0, 1, "one"), Evidence(2, 3, "two")
    joined = join_tension([Tension("hate", 0.5, (one,))], [Tension("hate", 0.5, (two,))])
    assert joined == (Tension("hate", 0.75, (one, two)),)
    assert [hint.category for hint in join_tension(joined, [Tension("threat", 0.9)])] == [
        "threat",
        "hate",
    ]
