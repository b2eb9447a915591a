"""Scoring tension: contexts, evidence, and how well it does on posts written for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings

from enrich.lexicon import Lexicon
from enrich.pattern_set import PatternSet, WordSet
from enrich.reading import PlainMemo, Reader
from enrich.tension import HIGHEST_SCORE, LEAST_SCORE, LexiconScorer
from enrich.tokens import tokenize
from model.enriched import TENSION_CATEGORIES, Tension
from tests.enrich.texts import posts

POSTS = Path(__file__).parent / "data" / "tension_posts.jsonl"
FLAGGED = 0.5


class LabelledPost(msgspec.Struct):
    id: str
    text: str
    functionality: str
    label: list[str]
    severity: str
    place: list[str]
    note: str


class Figures(NamedTuple):
    precision: float
    recall: float


@pytest.fixture(scope="module")
def scorer(lexicon: Lexicon) -> LexiconScorer:
    return LexiconScorer(lexicon)


@pytest.fixture(scope="module")
def labelled() -> list[LabelledPost]:
    lines = POSTS.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=LabelledPost) for line in lines]


def score(scorer: LexiconScorer, text: str) -> dict[str, Tension]:
    (tension,) = scorer.score([tokenize(text)])
    return {one.category: one for one in tension}


def flagged(scorer: LexiconScorer, text: str) -> set[str]:
    return {name for name, one in score(scorer, text).items() if one.score >= FLAGGED}


@pytest.mark.parametrize(
    ("plain", "weakened", "category"),
    [
        ("a man with a knife outside the bank", "there was no man with a knife at all", "weapons"),
        ("stabbed in the park", "stabbed in the park in 1979", "weapons"),
        ("gang of thirty fighting", "gang of thirty fighting, he told the jury", "disorder"),
        ("they torched a car", "they torched a car in the season finale", "fire_damage"),
        ("lad stabbed outside the bank", "lad stabbed, false alarm, it was a drill", "weapons"),
        ("dirty immigrants", "calling people dirty immigrants is vile", "hate"),
        ("my daughter is missing since 4", "my daughter missing since 4 is found safe", "distress"),
    ],
)
def test_context_weakens_what_stands_in_it(
    scorer: LexiconScorer, plain: str, weakened: str, category: str
) -> None:
    assert category in flagged(scorer, plain)
    assert category not in flagged(scorer, weakened)


@pytest.mark.parametrize(
    "text",
    [
        "Thousands marched peacefully for the hospital",
        "Candlelit vigil outside the town hall at 7, bring a lantern",
        "Nurses on strike again, support them on the picket line",
        "the police took four hours to come, useless",
        "that officer needs reporting, formal complaint going in",
        "Lovely morning in Battle, the abbey is gorgeous",
        "Change at Barking for Southend",
    ],
)
def test_lawful_protest_criticism_and_place_names_score_nothing(
    scorer: LexiconScorer, text: str
) -> None:
    assert score(scorer, text) == {}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("ill st4b u", "weapons"),
        ("im gonna k*ll you", "threat"),
        ("i will k i l l you tonight", "threat"),
        ("r\u200bi\u200bo\u200bt in the town centre", "disorder"),
        ("#StabbingInTown", "weapons"),
        ("killlll you tonight", "threat"),
    ],
)
def test_disguises_hide_nothing(scorer: LexiconScorer, text: str, category: str) -> None:
    assert category in flagged(scorer, text)


def test_hearsay_alone_is_no_rumour(scorer: LexiconScorer) -> None:
    assert score(scorer, "apparently it might snow at the weekend") == {}
    assert {"rumour", "weapons"} <= flagged(
        scorer, "apparently there has been a stabbing at the college"
    )


def test_evidence_points_at_the_words_and_says_why(scorer: LexiconScorer) -> None:
    text = "Calm here. They are throwing bricks at the police, not a drill!"
    evidence = score(scorer, text)["disorder"].evidence
    assert [text[e.start : e.end] for e in evidence] == ["throwing bricks at the police"]
    assert evidence[0].reason == "disorder: throwing bricks at the police"
    old = score(scorer, "they were throwing bricks at the police in 1981")
    assert all(hint.score < FLAGGED for hint in old.values())


def test_an_idiom_masks_its_words_alone(scorer: LexiconScorer) -> None:
    assert score(scorer, "I could murder a curry") == {}
    assert "weapons" in flagged(scorer, "I could murder a curry but a man pulled a machete on us")


def test_scores_on_the_posts_that_the_lexicon_was_written_with(
    scorer: LexiconScorer, labelled: list[LabelledPost]
) -> None:
    """A floor under what was reached, so that a change that breaks much is seen. How well
    the lexicon does on posts that it has not seen is in docs/lexicon.md, and is worse."""
    said = {post.id: bool(flagged(scorer, post.text)) for post in labelled}
    hits = sum(said[post.id] and bool(post.label) for post in labelled)
    precision = hits / sum(said.values())
    recall = hits / sum(bool(post.label) for post in labelled)
    assert Figures(precision, recall) >= Figures(0.93, 0.0)
    assert recall >= 0.9


def test_no_peaceful_protest_is_flagged(
    scorer: LexiconScorer, labelled: list[LabelledPost]
) -> None:
    protests = [post for post in labelled if post.functionality == "peaceful_protest"]
    assert len(protests) > 10
    assert [post.text for post in protests if flagged(scorer, post.text)] == []


def test_the_labelled_posts_are_well_formed(labelled: list[LabelledPost]) -> None:
    assert len({post.id for post in labelled}) == len(labelled)
    assert len({post.text.casefold() for post in labelled}) == len(labelled)
    for post in labelled:
        assert set(post.label) <= set(TENSION_CATEGORIES), post.id
        assert bool(post.label) == (post.severity != "none"), post.id
        assert all(place in post.text for place in post.place), post.id
    assert json.loads(POSTS.read_text(encoding="utf-8").splitlines()[0])


def test_the_readers_memory_is_bounded(lexicon: Lexicon) -> None:
    patterns = PatternSet([(entry.pattern, entry) for entry in lexicon.entries[:3]])
    reader = Reader(patterns, WordSet(["knife"]), remembered=5)
    for number in range(30):
        reader.read(tokenize(f"word{number} #Tag{number}"))
    memo = PlainMemo(lambda word: (0, (word,)), limit=4)
    for number in range(30):
        assert memo[f"w{number}"] == (0, (f"w{number}",))
        assert len(memo) <= 4
    assert memo["https://example.org/"][1] == ("@",)
    assert "https://example.org/" not in memo


@settings(max_examples=80)
@given(posts)
def test_any_text_scores_within_bounds_and_points_into_itself(
    scorer: LexiconScorer, text: str
) -> None:
    for hint in score(scorer, text).values():
        assert hint.category in TENSION_CATEGORIES
        assert LEAST_SCORE <= hint.score <= HIGHEST_SCORE
        assert hint.evidence
        for evidence in hint.evidence:
            assert 0 <= evidence.start < evidence.end <= len(text)
            assert evidence.reason.startswith(hint.category)
