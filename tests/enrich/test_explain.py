"""Explanations: they say what the record says, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from enrich.explain import Explainer, Explanation, in_words
from enrich.gazetteer import Gazetteer
from enrich.pipeline import Enricher, Subject, build_enricher
from enrich.port import Mention, PlaceRecogniser
from enrich.tokens import Tokens
from model.post import Geo
from tests.enrich.conftest import LEXICONS
from tests.enrich.texts import posts


class Outspoken:
    """Finds what another recogniser finds, and says why."""

    def __init__(self, recogniser: PlaceRecogniser) -> None:
        self._recogniser = recogniser

    def find(self, batch: Sequence[Tokens]) -> list[list[Mention]]:
        return self._recogniser.find(batch)

    def reasons(self, tokens: Tokens, mention: Mention) -> tuple[str, ...]:
        return (f"it stands at {mention.start}",)


@pytest.fixture(scope="module")
def explainer(cache: Path, gazetteer: Gazetteer) -> Explainer:
    areas = LEXICONS.parent / "areas"
    return Explainer(build_enricher(lexicons=LEXICONS, cache=cache, areas=areas), gazetteer)


def explain(explainer: Explainer, text: str, geo: Geo | None = None) -> Explanation:
    return explainer.explain([Subject(text, geo=geo)])[0]


def test_a_place_is_told_with_its_rivals_and_areas(explainer: Explainer) -> None:
    (found,) = explain(explainer, "Bins on fire in Chesterfield").places
    words = " ".join(found.reasons)
    assert found.place.id is not None
    assert f"taken for {found.place.id} rather than for" in words
    assert "it lies in Chesterfield (district chesterfield)" in words
    assert "(beat chesterfield-north), but the place may be" in words


def test_an_unknown_place_says_that_it_is(explainer: Explainer) -> None:
    (found,) = explain(explainer, "Fire at 12 Quorndale Street now").places
    assert found.place.id is None
    assert any("no gazetteer knows" in reason for reason in found.reasons)


def test_a_geotag_is_not_taken_for_words(explainer: Explainer) -> None:
    found = explain(explainer, "Fire!", Geo(53.235, -1.421)).places[-1]
    assert found.place.origin == "geotag"
    assert "author attached" in found.reasons[0]


def test_every_score_shows_its_words(explainer: Explainer) -> None:
    text = "Bins on fire in Guildford, lads throwing bricks at the police"
    explained = explain(explainer, text)
    assert explained.tension
    for hint in explained.tension:
        assert hint.evidence
        for evidence in hint.evidence:
            assert evidence.text == text[evidence.start : evidence.end]
            assert evidence.reason


def test_a_recogniser_that_can_say_why_is_quoted(enricher: Enricher, gazetteer: Gazetteer) -> None:
    parts = msgspec.structs.replace(enricher.parts, recogniser=Outspoken(enricher.parts.recogniser))
    explained = explain(Explainer(Enricher(parts), gazetteer), "Fire in Guildford")
    assert explained.places[0].reasons[0] == "it stands at 8"


def test_a_language_that_is_not_read_is_said(explainer: Explainer) -> None:
    text = "Mae'r heddlu wedi cau'r ffordd ger yr orsaf heno"
    lines = in_words(explain(explainer, text))
    assert "cy, which is not read for tension" in lines[0]
    assert "Language: not clear" in in_words(explain(explainer, "lol"))[0]


def test_the_versions_of_every_part_are_named(explainer: Explainer) -> None:
    last = in_words(explain(explainer, "nothing here"))[-1]
    for part in ("pipeline", "lexicon", "gazetteer", "areas"):
        assert f"{part} " in last


@settings(max_examples=60)
@given(posts)
def test_any_text_can_be_explained(explainer: Explainer, text: str) -> None:
    explained = explain(explainer, text)
    (enrichment,) = explainer._enricher.enrich([Subject(text)])
    assert tuple(one.place for one in explained.places) == enrichment.places
    assert all(one.reasons for one in explained.places)
    assert in_words(explained)
