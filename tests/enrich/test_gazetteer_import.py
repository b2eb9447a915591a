"""Importing gazetteers: every format, every way it is packed, and what is wrong with lines."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from enrich.gazetteer import Gazetteer, open_gazetteer
from enrich.gazetteer_file import GazetteerFile
from enrich.gazetteer_import import MOST_REPORTED, Report, import_gazetteer, list_imported
from enrich.gazetteer_input import Input
from enrich.gazetteer_rows import (
    Row,
    RowError,
    geonames,
    open_names,
    postcode_key,
    postcodes,
)
from enrich.pipeline import Subject, build_enricher
from model.errors import ConfigurationError, StateNotWritable
from tests.enrich.conftest import LEXICONS

NOW = 1_790_000_000_000_000


def dump(
    number: int, name: str, lat: float, lon: float, *, code: str = "P.PPL", country: str = "GB",
    people: int = 0, others: str = "",
) -> str:  # fmt: skip
    group, _, feature = code.partition(".")
    return "\t".join(
        [str(number), name, name, others, str(lat), str(lon), group, feature, country, "", "ENG"]
        + [""] * 3
        + [str(people), "", "", "Europe/London", "2024-01-01"]
    )


def postal(code: str, name: str, lat: float, lon: float) -> str:
    cells = ["GB", code, name, "England", "ENG", "", "", "", "", str(lat), str(lon), "4"]
    return "\t".join(cells)


def named(local: str, name: str, easting: float, northing: float, kind: str = "other") -> str:
    return (
        f'osgb4{zlib.crc32(name.encode())},http://x,"{name}",,,,{kind},{local},{easting},{northing}'
        + "," * 24
    )


def codepoint(code: str, easting: int, northing: int, quality: int = 10) -> str:
    return f'"{code}",{quality},{easting},{northing},"E92000001","","","","",""'


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., tuple[Report, Gazetteer]]:
    """Imports lines and opens what came of them."""

    def run(row: Row, *lines: str) -> tuple[Report, Gazetteer]:
        source = tmp_path / "source.txt"
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        target = tmp_path / "gazetteers" / "own.gaz"
        report = import_gazetteer(source, row, target, at=NOW)
        return report, Gazetteer([GazetteerFile(target)])

    return run


def test_geonames_dump(load: Callable[..., tuple[Report, Gazetteer]]) -> None:
    report, gazetteer = load(
        geonames(),
        dump(1, "Much Wenlock", 52.596, -2.557, people=2_877),
        dump(2, "Guildford", 51.2354, -0.5743, people=70_000),
        dump(3, "Gone Hamlet", 52.0, -1.0, code="P.PPLQ"),
        dump(4, "Euston Railway Station", 51.528, -0.134, code="S.RSTN"),
        dump(5, "Some Statue", 51.5, -0.1, code="S.MNMT"),
        dump(6, "Surrey", 51.25, -0.42, code="A.ADM2"),
    )
    assert (report.lines, report.places, report.bad) == (6, 4, 0)
    (wenlock,) = gazetteer.candidates("much wenlock")
    assert (wenlock.id, wenlock.kind, wenlock.population) == ("geonames:1", "village", 2_877)
    assert (wenlock.lat, wenlock.lon) == (52.596, -2.557)
    assert [e.kind for e in gazetteer.candidates("euston railway station")] == ["station"]
    assert [e.kind for e in gazetteer.candidates("surrey")] == ["county"]
    assert gazetteer.candidates("gone hamlet") == []


def test_geonames_of_some_countries_and_with_other_names(
    load: Callable[..., tuple[Report, Gazetteer]],
) -> None:
    lines = (
        dump(1, "Cardiff", 51.48, -3.18, people=372_000, others="Caerdydd,Kardiff"),
        dump(2, "Dublin", 53.35, -6.26, country="IE", people=1_000_000),
    )
    _, plain = load(geonames(frozenset({"GB"})), *lines)
    assert plain.candidates("dublin") == []
    assert plain.candidates("caerdydd") == []
    _, full = load(geonames(alternates=True), *lines)
    assert full.candidates("caerdydd") == full.candidates("cardiff") != []
    assert full.candidates("dublin") != []


def test_geonames_postal_file(load: Callable[..., tuple[Report, Gazetteer]]) -> None:
    _, gazetteer = load(
        geonames(),
        postal("DN14", "Gribthorpe", 53.7125, -0.8909),
        postal("DN14", "Faxfleet", 53.7067, -0.6939),
        postal("DN15", "Faxfleet", 53.7067, -0.6940),
    )
    assert len(gazetteer.candidates("faxfleet")) == 1, "the same place in two districts"
    (district,) = gazetteer.candidates(postcode_key("DN14"))
    assert district.kind == "district"
    assert district.lat == pytest.approx((53.7125 + 53.7067) / 2, abs=1e-5)
    assert gazetteer.candidates("dn14") == [], "a postcode is no word of the text"


def test_open_names(load: Callable[..., tuple[Report, Gazetteer]]) -> None:
    high = [named("Named Road", "High Street", 400_000 + 9_000 * n, 300_000) for n in range(9)]
    _, gazetteer = load(
        open_names(),
        named("Town", "Guildford", 499_700, 149_600, "populatedPlace"),
        named("Named Road", "Onslow Street", 499_300, 149_700, "transportNetwork"),
        named("Section Of Named Road", "Onslow Street", 499_350, 149_750, "transportNetwork"),
        named("Numbered Road", "A3", 499_000, 150_000, "transportNetwork"),
        named("Railway Station", "Guildford Station", 499_200, 149_700, "transportNetwork"),
        named("Postcode", "GU1 4SQ", 499_100, 149_800),
        *[line.replace("osgb4", f"osgb{n}") for n, line in enumerate(high)],
    )
    (town,) = gazetteer.candidates("guildford")
    assert (town.kind, town.country) == ("town", "GB")
    assert town.lat == pytest.approx(51.237, abs=0.001)
    assert town.lon == pytest.approx(-0.573, abs=0.002)
    assert [e.kind for e in gazetteer.candidates("onslow street")] == ["street"]
    assert gazetteer.candidates("high street") == [], "nine streets say nothing of where"
    assert gazetteer.candidates("a3") == []
    assert [e.kind for e in gazetteer.candidates("guildford station")] == ["station"]
    assert [e.kind for e in gazetteer.candidates(postcode_key("gu14sq"))] == ["postcode"]
    _, without = load(
        open_names(streets=False),
        named("Named Road", "Onslow Street", 499_300, 149_700),
        named("Town", "Guildford", 499_700, 149_600),
    )
    assert without.candidates("onslow street") == []


def test_code_point_and_ons_directories(load: Callable[..., tuple[Report, Gazetteer]]) -> None:
    _, gazetteer = load(
        postcodes(),
        codepoint("GU1 3AA", 499_700, 149_600),
        codepoint("GU1 3AB", 499_900, 149_600),
        codepoint("GY1 1AA", 0, 0, 90),
    )
    (unit,) = gazetteer.candidates(postcode_key("GU1 3AA"))
    assert unit.name == "GU1 3AA"
    assert len(gazetteer.candidates(postcode_key("GU1"))) == 1
    assert gazetteer.candidates(postcode_key("GY1 1AA")) == []
    _, gazetteer = load(
        postcodes(),
        "pcd,pcds,dointr,doterm,lat,long",
        '"AB1 0AA","AB1 0AA","198001","199606",57.101474,-2.242851',
        '"AB101AB","AB10 1AB","201106","",57.149606,-2.096916',
        '"GY1 1AA","GY1 1AA","200000","",99.999999,0',
    )
    assert [e.lat for e in gazetteer.candidates(postcode_key("AB10 1AB"))] == [57.149606]
    assert gazetteer.candidates(postcode_key("AB1 0AA")) == [], "it has ended"
    assert gazetteer.candidates(postcode_key("GY1 1AA")) == [], "it has no position"


@pytest.mark.parametrize(
    ("row", "line", "cause"),
    [
        (geonames(), "a\tb", "2 columns"),
        (geonames(), dump(1, "Here", 91, 0), "no point"),
        (geonames(), dump(1, "Here", 51, 0).replace("51", "north"), "latitude is 'north'"),
        (geonames(), dump(1, " ", 51, 0), "no name"),
        (geonames(), dump(1, "Here", 51, 0, country="G\u00df"), "country's letters"),
        (geonames(), postal("GU1", "", 51, 0), "no name"),
        (geonames(), postal("GU1", "x", 51, 0).replace("51", "nan"), "latitude is 'nan'"),
        (open_names(), "1,2,3", "3 columns"),
        (open_names(), named("Town", "Far", -5, 0), "National Grid"),
        (open_names(), named("Town", "Far", 5, 0).replace(",5,", ",east,"), "easting"),
        (open_names(), '"broken', "CSV"),
        (postcodes(), "GU1,3AA", "2 columns"),
        (postcodes(), codepoint("?!", 499_700, 149_600), "no postcode"),
    ],
)
def test_a_line_that_is_wrong_says_why(row: Row, line: str, cause: str) -> None:
    with pytest.raises(RowError, match=cause):
        list(row(line))


def test_bad_lines_are_counted_named_and_stop_nothing(
    load: Callable[..., tuple[Report, Gazetteer]],
) -> None:
    good = [dump(n, f"Place Number {n}", 51 + n / 100, -1.0) for n in range(200)]
    bad = ["broken"] * (MOST_REPORTED + 10)
    report, gazetteer = load(geonames(), *good[:100], *bad, *good[100:])
    assert (report.places, report.bad, report.lines) == (200, len(bad), 200 + len(bad))
    assert len(report.first_bad) == MOST_REPORTED
    assert report.first_bad[0].startswith("source.txt, line 101: 1 columns")
    assert gazetteer.candidates("place number 7") != []


def test_a_file_of_another_format_is_refused_and_leaves_what_was_there(
    load: Callable[..., tuple[Report, Gazetteer]], tmp_path: Path
) -> None:
    load(geonames(), dump(1, "Guildford", 51.2, -0.5))
    before = (tmp_path / "gazetteers" / "own.gaz").read_bytes()
    with pytest.raises(ConfigurationError, match="another format"):
        load(postcodes(), *[dump(n, "x", 51.2, -0.5) for n in range(500)])
    with pytest.raises(ConfigurationError, match="no places of use"):
        load(geonames(frozenset({"FR"})), dump(1, "Guildford", 51.2, -0.5))
    assert (tmp_path / "gazetteers" / "own.gaz").read_bytes() == before


def test_zip_gz_and_folder_read_alike(tmp_path: Path) -> None:
    text = dump(1, "Guildford", 51.2, -0.5) + "\r\n"
    (tmp_path / "plain.txt").write_text("\ufeff" + text, newline="")
    (tmp_path / "packed.txt.gz").write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(tmp_path / "GB.zip", "w") as archive:
        archive.writestr("readme.txt", "all about it")
        archive.writestr("Doc/notes.txt", "more about it")
        archive.writestr("Data/GB.txt", text)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "GB.txt").write_text(text)
    (folder / "OS_Open_Names_Header.csv").write_text("ID")
    found = [
        [str(getattr(line, "text", line)) for line in Input(path).lines()]
        for path in (
            tmp_path / "plain.txt",
            tmp_path / "packed.txt.gz",
            tmp_path / "GB.zip",
            folder,
        )
    ]
    assert found == [[text.strip()]] * 4


def test_what_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.txt"):
        list(Input(tmp_path / "nowhere.txt").lines())
    (tmp_path / "odd.zip").write_bytes(b"PK nothing")
    with pytest.raises(ConfigurationError, match=r"odd\.zip.*download"):
        list(Input(tmp_path / "odd.zip").lines())
    source = tmp_path / "good.txt"
    source.write_text(dump(1, "Guildford", 51.2, -0.5))
    with pytest.raises(StateNotWritable, match="writable"):
        import_gazetteer(source, geonames(), source / "below" / "own.gaz", at=NOW)


def test_a_line_that_is_no_text_is_bad(tmp_path: Path) -> None:
    source = tmp_path / "latin.txt"
    source.write_bytes(dump(1, "Guildford", 51.2, -0.5).encode() + b"\nB\xe9thune\n")
    report = import_gazetteer(source, geonames(), tmp_path / "own.gaz", at=NOW)
    assert report.first_bad == ("latin.txt, line 2: no UTF-8 (invalid continuation byte)",)


def test_an_import_is_listed_with_its_version_and_replaced(
    load: Callable[..., tuple[Report, Gazetteer]], tmp_path: Path
) -> None:
    first, opened = load(geonames(), dump(1, "Old Place", 51.2, -0.5))
    second, reopened = load(geonames(), dump(2, "New Place", 51.2, -0.5))
    assert first.version != second.version
    (listed,) = list_imported(tmp_path / "gazetteers")
    assert (listed.name, listed.version, listed.source) == ("own", second.version, "source.txt")
    assert listed.built_at == NOW
    assert opened.candidates("old place") != [], "an open file stays what it was"
    assert reopened.candidates("new place") != []
    assert [f.name for f in (tmp_path / "gazetteers").iterdir()] == ["own.gaz"]


def test_the_enricher_finds_and_signs_what_was_imported(
    load: Callable[..., tuple[Report, Gazetteer]], tmp_path: Path, cache: Path
) -> None:
    report, _ = load(
        geonames(),
        postal("DN14", "Gribthorpe", 53.7125, -0.8909),
        postal("SE15", "Quirkley", 51.47, -0.06),
    )
    enricher = build_enricher(lexicons=LEXICONS, cache=cache, gazetteers=tmp_path / "gazetteers")
    (enrichment,) = enricher.enrich([Subject("Fire in Gribthorpe, smoke in SE15")])
    assert [(p.name, p.lat) for p in enrichment.places] == [
        ("Gribthorpe", 53.7125),
        ("SE15", 51.47),
    ]
    assert enrichment.versions is not None
    shipped = open_gazetteer(cache).version
    assert enrichment.versions.gazetteer == f"{shipped}+{report.version}"
