"""The gazetteer: what it knows, and how its compiled file behaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from enrich.gazetteer import Gazetteer, GazetteerOptions, name_key, open_gazetteer, own_places
from enrich.phrases import PhraseScanner
from enrich.tokens import fold_tokens
from model.errors import ConfigurationError, StateCorrupt, StateNotWritable


@pytest.mark.parametrize(
    ("name", "country", "kind"),
    [
        ("Guildford", "GB", "town"),
        ("Stoke-on-Trent", "GB", "city"),
        ("King's Lynn", "GB", "town"),
        ("Kings Lynn", "GB", "town"),
        ("Surrey", "GB", "county"),
        ("Notts", "GB", "county"),
        ("Northern Ireland", "GB", "nation"),
        ("Hackney", "GB", "borough"),
        ("Paris", "FR", "city"),
        ("Texas", "US", "state"),
        ("Germany", "DE", "country"),
    ],
)
def test_names_are_known(gazetteer: Gazetteer, name: str, country: str, kind: str) -> None:
    found = gazetteer.candidates(name_key(name))
    assert (country, kind) in {(entry.country, entry.kind) for entry in found}


def test_places_of_one_name_come_most_populous_first(gazetteer: Gazetteer) -> None:
    populations = [entry.population for entry in gazetteer.candidates("richmond")]
    assert len(populations) > 3
    assert populations == sorted(populations, reverse=True)


def test_every_row_of_our_own_is_found_where_we_put_it(gazetteer: Gazetteer) -> None:
    for line in own_places().splitlines():
        if line.startswith("#"):
            continue
        country, name, _, lat, lon, others = line.split("\t")
        for one in (name, *filter(None, others.split("|"))):
            found = [e for e in gazetteer.candidates(name_key(one)) if e.country == country]
            near = [abs(e.lat - float(lat)) + abs(e.lon - float(lon)) for e in found]
            assert near, f"{one} is unknown"
            large = any(entry.kind in ("country", "continent") for entry in found)
            assert min(near) < (60 if large else 0.5), f"{one} is far from {lat} {lon}"


def test_abbreviations_count_in_capitals_alone(gazetteer: Gazetteer) -> None:
    assert gazetteer.is_abbreviation("us")
    assert gazetteer.is_abbreviation("uk")
    assert not gazetteer.is_abbreviation("notts")


def test_hashtags_find_names_of_several_words(gazetteer: Gazetteer) -> None:
    assert gazetteer.written_together("highwycombe") == "high wycombe"
    assert gazetteer.written_together("guildford") == "guildford"
    assert gazetteer.written_together("nowhereatall") is None


def test_it_is_compiled_once(cache: Path, gazetteer: Gazetteer) -> None:
    (file,) = cache.glob("gazetteer-*.msgpack")
    before = file.stat().st_mtime_ns
    again = open_gazetteer(cache)
    assert file.stat().st_mtime_ns == before
    assert again.version == gazetteer.version
    assert not list(cache.glob("*.tmp*"))


def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path, cache: Path) -> None:
    (good,) = cache.glob("gazetteer-*.msgpack")
    damaged = tmp_path / good.name
    damaged.write_bytes(good.read_bytes()[:1000])
    with pytest.raises(StateCorrupt, match="Delete the file") as caught:
        open_gazetteer(tmp_path)
    assert str(damaged) in str(caught.value)


def test_an_unknown_home_is_the_operators_to_correct(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="XX"):
        open_gazetteer(tmp_path, GazetteerOptions(home="XX"))
    assert not list(tmp_path.iterdir())


def test_a_cache_that_is_a_file_is_reported(tmp_path: Path) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("not a folder")
    with pytest.raises(StateNotWritable, match="writable"):
        open_gazetteer(blocked)


def test_the_scanner_prefers_what_starts_first_and_is_longest() -> None:
    scanner = PhraseScanner(["new york", "york", "new", "york city hall"])
    hits = scanner.longest(["in", "new", "york", "city", "hall"])
    assert [(hit.first, hit.after, hit.phrase) for hit in hits] == [(1, 3, "new york")]
    assert scanner.longest(fold_tokens("newyork yorkshire")) == []
    assert scanner.longest([]) == []
    assert PhraseScanner([]).longest(["york"]) == []
