"""Resolving names: home first, unless the post says otherwise."""

from __future__ import annotations

import pytest

from enrich.distances import flat_km
from enrich.gazetteer import Gazetteer, name_key
from enrich.geotags import Geotagger
from enrich.port import Hint, Mention
from enrich.resolve import HomeFirstResolver, radius_m
from enrich.tokens import tokenize
from model.enriched import Place
from model.post import Geo


def mentions_of(text: str, names: list[str]) -> list[Mention]:
    """Mentions of these names where they stand in the text, as a sure recogniser makes them."""
    return [
        Mention(text.index(name), text.index(name) + len(name), name_key(name), "", 0.9)
        for name in names
    ]


def resolved(
    gazetteer: Gazetteer,
    text: str,
    names: list[str],
    *,
    home: str = "GB",
    centre: tuple[float, float] | None = None,
    hint: Hint | None = None,
) -> list[Place]:
    resolver = HomeFirstResolver(gazetteer, home, centre)
    hints = [hint] if hint else []
    (places,) = resolver.resolve([tokenize(text)], [mentions_of(text, names)], hints)
    return list(places)


@pytest.mark.parametrize(
    ("names", "lat", "lon"),
    [
        (["Newcastle"], 54.97, -1.61),
        (["Newcastle", "Australia"], -32.93, 151.78),
        (["Richmond", "North Yorkshire"], 54.4, -1.74),
        (["Richmond", "Virginia"], 37.55, -77.46),
        (["Cambridge", "Massachusetts"], 42.37, -71.11),
        (["Ashford", "Surrey"], 51.43, -0.46),
        (["Ashford", "Kent"], 51.15, 0.87),
        (["London", "Canada"], 42.98, -81.23),
        (["Hull"], 53.74, -0.34),
    ],
)
def test_the_place_that_is_meant(
    gazetteer: Gazetteer, names: list[str], lat: float, lon: float
) -> None:
    place = resolved(gazetteer, f"trouble in {', '.join(names)}", names)[0]
    assert place.lat is not None
    assert place.lon is not None
    assert flat_km(place.lat, place.lon, lat, lon) < 25


def test_another_home_is_another_country_first(gazetteer: Gazetteer) -> None:
    (at_home,) = resolved(gazetteer, "near Boston", ["Boston"], home="GB")
    (abroad,) = resolved(gazetteer, "near Boston", ["Boston"], home="US")
    assert at_home.id != abroad.id
    assert at_home.id in abroad.candidates
    assert abroad.id in at_home.candidates


def test_rivals_lower_the_confidence(gazetteer: Gazetteer) -> None:
    (ambiguous,) = resolved(gazetteer, "near Ashford", ["Ashford"])
    (clear,) = resolved(gazetteer, "near Guildford", ["Guildford"])
    assert ambiguous.candidates
    assert ambiguous.confidence < clear.confidence


def test_a_source_may_speak_of_another_country_first(gazetteer: Gazetteer) -> None:
    (ours,) = resolved(gazetteer, "near Boston", ["Boston"])
    (theirs,) = resolved(gazetteer, "near Boston", ["Boston"], hint=Hint(home="US"))
    assert ours.id != theirs.id


@pytest.mark.parametrize(("lat", "lon"), [(51.15, 0.87), (51.43, -0.46)])
def test_of_two_places_the_one_near_the_cell_or_the_author_is_meant(
    gazetteer: Gazetteer, lat: float, lon: float
) -> None:
    by_cell = resolved(gazetteer, "fire in Ashford", ["Ashford"], centre=(lat, lon))
    by_author = resolved(gazetteer, "fire in Ashford", ["Ashford"], hint=Hint((lat, lon)))
    for (place,) in (by_cell, by_author):
        assert place.lat is not None
        assert place.lon is not None
        assert flat_km(place.lat, place.lon, lat, lon) < 5


def test_nearness_does_not_outweigh_what_the_post_says(gazetteer: Gazetteer) -> None:
    names = ["Ashford", "Surrey"]
    place = resolved(gazetteer, "fire in Ashford, Surrey", names, centre=(51.15, 0.87))[0]
    assert place.lat is not None
    assert place.lon is not None
    assert flat_km(place.lat, place.lon, 51.43, -0.46) < 5


def test_the_unknown_stays_unknown(gazetteer: Gazetteer) -> None:
    (place,) = resolved(gazetteer, "the Zzyzx Tavern is shut", ["Zzyzx Tavern"])
    assert (place.id, place.lat, place.lon, place.candidates) == (None, None, None, ())
    assert (place.name, place.radius_m) == ("Zzyzx Tavern", None)


def test_a_venue_called_after_its_town_is_somewhere_in_it(gazetteer: Gazetteer) -> None:
    text = "evacuated from Derby Arena"
    mention = Mention(15, 26, "derby", "venue", 0.8)
    ((place,),) = HomeFirstResolver(gazetteer).resolve([tokenize(text)], [[mention]])
    assert (place.name, place.kind) == ("Derby Arena", "venue")
    assert place.lat == pytest.approx(52.92, abs=0.05)
    assert place.radius_m is not None
    assert place.radius_m >= 1_000


def test_a_venue_is_never_put_into_a_town_abroad(gazetteer: Gazetteer) -> None:
    text = "evacuated from Toronto Arena"
    mention = Mention(15, 28, "toronto", "venue", 0.8)
    ((place,),) = HomeFirstResolver(gazetteer).resolve([tokenize(text)], [[mention]])
    assert (place.id, place.lat) == (None, None)


def test_the_radius_of_doubt_grows_with_the_place(gazetteer: Gazetteer) -> None:
    radii = [
        radius_m(next(e for e in gazetteer.candidates(name) if e.country == "GB"))
        for name in ("guildford", "manchester", "surrey", "scotland")
    ]
    assert radii == sorted(radii)
    assert radii[0] >= 1_000


def test_a_geotag_is_named_after_the_settlement_around_it(gazetteer: Gazetteer) -> None:
    tag = Geotagger(gazetteer).place(Geo(51.2362, -0.5704))
    assert (tag.origin, tag.start, tag.end, tag.text) == ("geotag", 0, 0, "")
    assert (tag.name, tag.lat, tag.lon) == ("Guildford", 51.2362, -0.5704)


def test_a_geotag_keeps_the_platforms_name_and_may_have_none(gazetteer: Gazetteer) -> None:
    tagger = Geotagger(gazetteer)
    assert tagger.place(Geo(51.2, -0.5, "The Rec")).name == "The Rec"
    assert tagger.place(Geo(0.0, -30.0)).name == ""
    assert tagger.place(Geo(90.0, 180.0)).name == ""
