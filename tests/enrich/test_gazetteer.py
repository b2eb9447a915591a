"""The gazetteer: what it knows, and how its compiled file behaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from enrich.gazetteer import (
    Entry,
    Gazetteer,
    GazetteerOptions,
    name_key,
    open_gazetteer,
    own_places,
)
from enrich.gazetteer_file import GazetteerFile
from enrich.gazetteer_write import GazetteerWriter, Written
from model.errors import ConfigurationError, StateCorrupt, StateNotWritable


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Gazetteer]:
    """Makes a gazetteer that knows these names, all of one place."""

    def make(*names: str) -> Gazetteer:
        writer = GazetteerWriter()
        writer.add(Entry("x:1", "Somewhere", "town", "GB", "", 51.0, -1.0, 1), names)
        writer.write(tmp_path / "small.gaz", version="small")
        return Gazetteer([GazetteerFile(tmp_path / "small.gaz")])

    return make


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
    (file,) = cache.glob("gazetteer-*.gaz")
    before = file.stat().st_mtime_ns
    again = open_gazetteer(cache)
    assert file.stat().st_mtime_ns == before
    assert again.version == gazetteer.version
    assert not list(cache.glob("*.tmp*"))


def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path, cache: Path) -> None:
    (good,) = cache.glob("gazetteer-*.gaz")
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


def test_a_file_holds_what_went_in(tmp_path: Path) -> None:
    writer = GazetteerWriter()
    ham = Entry("x:1", "Ham", "village", "GB", "ENG", 51.4321, -0.3054, 900)
    twin = Entry("x:2", "Ham", "village", "GB", "ENG", 51.44, -0.31, 20)
    hamburg = Entry("x:3", "Hamburg \u00df", "city", "DE", "", 53.55, 10.0, 1_800_000)
    elsewhere = Entry("x:4", "Ham", "town", "FR", "", 49.75, 3.07, 5_000)
    writer.add(ham, ["ham"])
    writer.add(twin, ["ham"])
    writer.add(hamburg, ["hamburg", "free city"], ["hh"])
    writer.add(elsewhere, ["ham"])
    path = tmp_path / "small.gaz"
    assert writer.write(path, version="v1", source="here") == Written(4, 4, 0)
    gazetteer = Gazetteer([GazetteerFile(path)])
    assert gazetteer.version == "v1"
    assert gazetteer.candidates("ham") == [elsewhere, ham], "the twin is the same place"
    assert gazetteer.candidates("free city") == [hamburg]
    assert gazetteer.candidates("free") == []
    assert gazetteer.written_together("freecity") == "free city"
    assert gazetteer.is_abbreviation("hh")
    assert not gazetteer.is_abbreviation("ham")
    assert set(gazetteer.names) == {"ham", "hamburg", "free city", "hh"}
    assert "free" not in gazetteer.names
    assert ham in gazetteer.settlements_around(51.5, -0.2)
    assert list(gazetteer.settlements_around(0.0, 0.0)) == []
    assert [file.name for file in tmp_path.iterdir()] == ["small.gaz"]


def test_a_name_of_everywhere_is_left_out(tmp_path: Path) -> None:
    writer = GazetteerWriter()
    for number in range(100):
        place = Entry(f"x:{number}", "High Street", "street", "GB", "", 50 + number / 20, -1.0, 0)
        writer.add(place, ["high street"])
    written = writer.write(tmp_path / "streets.gaz", version="v")
    assert (written.names, written.too_common) == (0, 1)
    assert Gazetteer([GazetteerFile(tmp_path / "streets.gaz")]).find("high street") == 0


def test_an_empty_gazetteer_can_be_written_and_read(tmp_path: Path) -> None:
    GazetteerWriter().write(tmp_path / "none.gaz", version="v")
    gazetteer = Gazetteer([GazetteerFile(tmp_path / "none.gaz")])
    assert gazetteer.candidates("york") == []
    assert list(gazetteer.names) == []


def test_every_damage_to_the_frame_is_told(tmp_path: Path, cache: Path) -> None:
    (good,) = cache.glob("gazetteer-*.gaz")
    whole = good.read_bytes()
    for cut in (b"", whole[:5], b"PK" + whole[2:], whole[:200], whole[:-1], whole + b"more"):
        damaged = tmp_path / "damaged.gaz"
        damaged.write_bytes(cut)
        with pytest.raises(StateCorrupt, match="Delete the file"):
            GazetteerFile(damaged)


def test_an_imported_file_adds_to_what_ships(tmp_path: Path, cache: Path) -> None:
    writer = GazetteerWriter()
    writer.add(Entry("x:1", "Nowhere Green", "village", "GB", "", 51.0, -1.0, 0), ["nowhere green"])
    writer.add(Entry("x:2", "Guildford", "town", "GB", "", 51.24, -0.57, 0), ["guildford"])
    writer.write(tmp_path / "own.gaz", version="own-1")
    shipped = open_gazetteer(cache)
    gazetteer = open_gazetteer(cache, imported=tmp_path)
    assert gazetteer.version == f"{shipped.version}+own-1"
    assert [entry.id for entry in gazetteer.candidates("nowhere green")] == ["x:1"]
    assert gazetteer.candidates("guildford") == shipped.candidates("guildford")
    assert gazetteer.candidates("london") == shipped.candidates("london")
