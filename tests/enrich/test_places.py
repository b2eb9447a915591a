"""Recognising places: the traps of British posts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from enrich.gazetteer import Gazetteer
from enrich.place_model import PlaceModel
from enrich.places import SequenceRecogniser
from enrich.tokens import tokenize
from enrich.training.augment import in_small_letters
from enrich.training.corpora import read_posts
from enrich.training.score import score
from tests.enrich.texts import posts

OWN_TEST_POSTS = Path(__file__).parent / "data" / "british_posts.txt"


def found(recogniser: SequenceRecogniser, text: str) -> list[str]:
    (mentions,) = recogniser.find([tokenize(text)])
    return [text[mention.start : mention.end] for mention in mentions]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("massive fight in woking town centre", ["woking"]),
        ("Stuck in Reading again", ["Reading"]),
        ("Reading is my favourite hobby", []),
        ("Having a bath then bed", []),
        ("A walk round Battle, East Sussex", ["Battle", "East Sussex"]),
        ("I hope March is warmer than February", []),
        ("Leeds United fans singing on the train", []),
        ("Moving to Richmond, North Yorkshire", ["Richmond", "North Yorkshire"]),
        ("Guildford's high street is closed", ["Guildford"]),
        ("so proud of #Guildford today", ["Guildford"]),
        ("going from the UK to us lot", ["UK"]),
        ("trouble at King's Cross", ["King's Cross"]),
        ("Fire on Old Quarry Road, Peckham", ["Old Quarry Road", "Peckham"]),
        ("a fire in St. Helens tonight", ["St. Helens"]),
        ("dealing on Laird Street Birkenhead again", ["Laird Street", "Birkenhead"]),
        ("dealing on Laird St, Birkenhead again", ["Laird St", "Birkenhead"]),
    ],
)
def test_names_count_where_the_words_around_them_allow(
    recogniser: SequenceRecogniser, text: str, places: list[str]
) -> None:
    assert found(recogniser, text) == places


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Crash on the A3 near the tunnel", ["A3"]),
        ("print it on A4 paper", []),
        ("M25 closed, avoid", ["M25"]),
        ("A1(M) shut northbound", ["A1(M)"]),
        ("stabbing in SE15 tonight", ["SE15"]),
        ("send it to GU1 3AA please", ["GU1 3AA"]),
        ("vitamin B12 and a B1 bus pass", []),
        ("traffic on B3000 both ways", ["B3000"]),
        ("see https://x.example/M25", []),
    ],
)
def test_roads_and_postcodes_are_told_by_their_form(
    recogniser: SequenceRecogniser, text: str, codes: list[str]
) -> None:
    coded = {"motorway", "road", "postcode", "district"}
    (mentions,) = recogniser.find([tokenize(text)])
    assert [text[m.start : m.end] for m in mentions if m.kind in coded] == codes


@pytest.mark.parametrize(
    ("text", "place", "key"),
    [
        ("#PrayForManchester", "Manchester", "manchester"),
        ("thick smoke #guildfordfire", "guildford", "guildford"),
        ("#HighWycombeFloods again", "HighWycombe", "high wycombe"),
        ("off we go #London2012", "London", "london"),
        ("\U0001f525 #CroydonRiots \U0001f525", "Croydon", "croydon"),
    ],
)
def test_hashtags_are_taken_apart(
    recogniser: SequenceRecogniser, text: str, place: str, key: str
) -> None:
    (mentions,) = recogniser.find([tokenize(text)])
    assert [(text[m.start : m.end], m.name) for m in mentions] == [(place, key)]


@pytest.mark.parametrize("text", ["#ManchesterUnited", "#ReadingFestival", "#fire", "#MondayMood"])
def test_a_hashtag_that_says_something_else_is_not_taken_apart(
    recogniser: SequenceRecogniser, text: str
) -> None:
    (mentions,) = recogniser.find([tokenize(text)])
    assert all(text[m.start : m.end] == text[1:] for m in mentions)


def test_offsets_are_code_points_beside_emoji_and_marks(recogniser: SequenceRecogniser) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    text = f"{family} sirens in Gui\u0308ldford \U0001f693, Woking too"
    (mentions,) = recogniser.find([tokenize(text)])
    assert [text[m.start : m.end] for m in mentions] == ["Gui\u0308ldford", "Woking"]


def test_streets_and_venues_are_told_by_their_last_word(recogniser: SequenceRecogniser) -> None:
    (mentions,) = recogniser.find([tokenize("Fire on Old Quarry Road, Peckham")])
    assert [(mention.kind, mention.name) for mention in mentions] == [
        ("street", ""),
        ("", "peckham"),
    ]


def test_small_letters_do_not_hide_places(recogniser: SequenceRecogniser) -> None:
    small = in_small_letters(read_posts(OWN_TEST_POSTS))
    assert score(recogniser, small).recall > 0.5


def test_posts_that_the_model_never_saw(recogniser: SequenceRecogniser) -> None:
    reached = score(recogniser, read_posts(OWN_TEST_POSTS))
    assert reached.f1 > 0.75
    assert reached.low < reached.f1 < reached.high


def test_confidence_tells_the_clear_from_the_doubtful(recogniser: SequenceRecogniser) -> None:
    mentions = [
        (mention.confidence, (mention.start, mention.end) in {(s.start, s.end) for s in post.spans})
        for post in read_posts(OWN_TEST_POSTS)
        for mention in recogniser.find([tokenize(post.text)])[0]
    ]
    mentions.sort()
    half = len(mentions) // 2
    doubtful, clear = mentions[:half], mentions[half:]
    assert sum(right for _, right in doubtful) < sum(right for _, right in clear[-half:])


def test_reasons_are_sentences_about_the_words(recogniser: SequenceRecogniser) -> None:
    tokens = tokenize("Bins on fire in Woking, M25 shut, #PrayForGuildford")
    (mentions,) = recogniser.find([tokens])
    woking, motorway, hashtag = (recogniser.reasons(tokens, mention) for mention in mentions)
    assert any('"fire in" before it speaks for a place' in reason for reason in woking)
    assert motorway == ('"M25" has the form of a motorway\'s number',)
    assert "inside the hashtag #PrayForGuildford" in hashtag[0]


def test_the_same_answer_alone_and_in_a_batch(recogniser: SequenceRecogniser) -> None:
    batch = [tokenize(post.text) for post in read_posts(OWN_TEST_POSTS)]
    together = recogniser.find([*batch, tokenize("")])
    assert together == [recogniser.find([tokens])[0] for tokens in batch] + [[]]


def test_what_is_remembered_of_words_is_bounded(
    gazetteer: Gazetteer, place_model: PlaceModel
) -> None:
    small = SequenceRecogniser(gazetteer, place_model, most_types=50)
    for number in range(40):
        words = " ".join(f"word{number}x{at}" for at in range(10))
        small.find([tokenize(f"{words} in Woking")])
        assert small.remembered <= 50 + 20
    assert found(small, "massive fight in woking town centre") == ["woking"]


@settings(max_examples=60)
@given(posts)
def test_mentions_lie_in_the_text_without_overlap(
    recogniser: SequenceRecogniser, text: str
) -> None:
    (mentions,) = recogniser.find([tokenize(text)])
    ends = [0]
    for mention in mentions:
        assert ends[-1] <= mention.start < mention.end <= len(text)
        assert 0.0 < mention.confidence <= 1.0
        ends.append(mention.end)
