"""Recognising places: the traps of British posts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from enrich.gazetteer import Gazetteer
from enrich.place_evidence import Scene, Signature
from enrich.places import ConfidenceMemo, WeightedRecogniser, shipped_weights
from enrich.tokens import tokenize
from tests.enrich.texts import posts

SCENE = Scene("plain", "no")
SIGNATURE = Signature(
    case="title",
    post=SCENE,
    words=1,
    kind="home town",
    before="in",
    after="end",
    abbreviation=False,
    within=False,
    short=False,
    ordinary=False,
    given_name=False,
    club=False,
    cue="",
    head="",
)


@pytest.fixture(scope="module")
def recogniser(gazetteer: Gazetteer) -> WeightedRecogniser:
    return WeightedRecogniser(gazetteer)


def found(recogniser: WeightedRecogniser, text: str) -> list[str]:
    (mentions,) = recogniser.find([tokenize(text)])
    return [text[mention.start : mention.end] for mention in mentions]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Kicking off outside Guildford station", ["Guildford"]),
        ("massive fight in woking town centre", ["woking"]),
        ("HUGE FIGHT IN CROYDON RIGHT NOW", ["CROYDON"]),
        ("Stuck in Reading again", ["Reading"]),
        ("Reading is my favourite hobby", []),
        ("Having a bath then bed", []),
        ("A walk round Battle, East Sussex", ["Battle", "East Sussex"]),
        ("I hope March is warmer than February", []),
        ("Leeds United fans singing on the train", []),
        ("Driving through Everton past the Grafton", ["Everton"]),
        ("Mr Bradford said that Jack London wrote it", []),
        ("Moving to Richmond, North Yorkshire", ["Richmond", "North Yorkshire"]),
        ("Guildford's high street is closed", ["Guildford"]),
        ("so proud of #Guildford today", ["Guildford"]),
        ("going from the UK to us lot", ["UK"]),
        ("trouble at King's Cross", ["King's Cross"]),
        ("a shooting in moss side", ["moss side"]),
    ],
)
def test_names_count_where_the_words_around_them_allow(
    recogniser: WeightedRecogniser, text: str, places: list[str]
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
    recogniser: WeightedRecogniser, text: str, codes: list[str]
) -> None:
    coded = {"motorway", "road", "postcode", "district"}
    (mentions,) = recogniser.find([tokenize(text)])
    assert [text[m.start : m.end] for m in mentions if m.kind in coded] == codes


def test_streets_are_found_without_a_gazetteer(recogniser: WeightedRecogniser) -> None:
    (mentions,) = recogniser.find([tokenize("Fire on Old Quarry Road, Peckham")])
    assert ("street", "") in {(mention.kind, mention.name) for mention in mentions}


def test_a_full_stop_tears_a_name_apart_but_not_an_abbreviation(
    recogniser: WeightedRecogniser,
) -> None:
    assert "Milton. Keynes" not in found(recogniser, "He met Milton. Keynes was away")
    assert "St. Helens" in found(recogniser, "a fire in St. Helens tonight")


def test_the_shipped_weights_say_what_a_reader_expects() -> None:
    weights = shipped_weights()
    assert weights["before=in"] > 0 > weights["after=club"]
    assert weights["ordinary word"] < 0 < weights["within an area"]
    assert weights["before=title"] < 0


def test_the_confidence_memo_is_bounded() -> None:
    memo = ConfidenceMemo({"always": 1.0}, limit=5)
    for number in range(50):
        key = SIGNATURE._replace(head=str(number))
        assert 0.5 < memo[key] < 1.0
        assert len(memo) <= 5


@settings(max_examples=60)
@given(posts)
def test_mentions_lie_in_the_text_without_overlap(
    recogniser: WeightedRecogniser, text: str
) -> None:
    (mentions,) = recogniser.find([tokenize(text)])
    ends = [0]
    for mention in mentions:
        assert ends[-1] <= mention.start < mention.end <= len(text)
        assert 0.0 < mention.confidence <= 1.0
        ends.append(mention.end)
