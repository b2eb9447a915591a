"""Resolving names: home first, unless the post says otherwise."""

from __future__ import annotations

import pytest

from enrich.distances import flat_km
from enrich.gazetteer import Gazetteer
from enrich.geotags import Geotagger
from enrich.places import WeightedRecogniser
from enrich.resolve import HomeFirstResolver
from enrich.tokens import tokenize
from model.enriched import Place
from model.post import Geo


def resolved(gazetteer: Gazetteer, text: str, home: str = "GB") -> list[Place]:
    batch = [tokenize(text)]
    mentions = WeightedRecogniser(gazetteer).find(batch)
    (places,) = HomeFirstResolver(gazetteer, home).resolve(batch, mentions)
    return list(places)


@pytest.mark.parametrize(
    ("text", "lat", "lon"),
    [
        ("arrived in Newcastle", 54.97, -1.61),
        ("riots in Newcastle, Australia", -32.93, 151.78),
        ("fight in Richmond, North Yorkshire", 54.4, -1.74),
        ("hot in Richmond, Virginia", 37.55, -77.46),
        ("I live in Cambridge, Massachusetts", 42.37, -71.11),
        ("crash in Ashford, Surrey", 51.43, -0.46),
        ("fire in Ashford, Kent", 51.15, 0.87),
        ("straight from London, Ontario", 42.98, -81.23),
        ("trouble in Hull", 53.74, -0.34),
    ],
)
def test_the_place_that_is_meant(gazetteer: Gazetteer, text: str, lat: float, lon: float) -> None:
    place = resolved(gazetteer, text)[0]
    assert place.lat is not None
    assert place.lon is not None
    assert flat_km(place.lat, place.lon, lat, lon) < 25


def test_another_home_is_another_country_first(gazetteer: Gazetteer) -> None:
    (at_home,) = resolved(gazetteer, "near Boston", "GB")
    (abroad,) = resolved(gazetteer, "near Boston", "US")
    assert at_home.id != abroad.id
    assert at_home.id in abroad.candidates
    assert abroad.id in at_home.candidates


def test_rivals_lower_the_confidence(gazetteer: Gazetteer) -> None:
    (ambiguous,) = resolved(gazetteer, "near Ashford")
    (clear,) = resolved(gazetteer, "near Guildford")
    assert ambiguous.candidates
    assert ambiguous.confidence < clear.confidence


def test_the_unknown_stays_unknown(gazetteer: Gazetteer) -> None:
    place = next(p for p in resolved(gazetteer, "M25 is shut") if p.text == "M25")
    assert (place.id, place.lat, place.lon, place.candidates) == (None, None, None, ())
    assert place.name == "M25"


def test_a_geotag_is_named_after_the_settlement_around_it(gazetteer: Gazetteer) -> None:
    tag = Geotagger(gazetteer).place(Geo(51.2362, -0.5704))
    assert (tag.origin, tag.start, tag.end, tag.text) == ("geotag", 0, 0, "")
    assert (tag.name, tag.lat, tag.lon) == ("Guildford", 51.2362, -0.5704)


def test_a_geotag_keeps_the_platforms_name_and_may_have_none(gazetteer: Gazetteer) -> None:
    tagger = Geotagger(gazetteer)
    assert tagger.place(Geo(51.2, -0.5, "The Rec")).name == "The Rec"
    assert tagger.place(Geo(0.0, -30.0)).name == ""
    assert tagger.place(Geo(90.0, 180.0)).name == ""
