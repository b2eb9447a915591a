"""Areas: which outlines are taken, which refused and why, and what lies in which."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from enrich.area_file import Area, AreaSet, load_areas
from enrich.area_geometry import Box, Outline, read_outline
from enrich.area_import import AreaImport, clashes, import_areas, slug, write_areas
from enrich.areas import AreaMap
from enrich.pipeline import Enricher, Subject, build_enricher
from model.enriched import Place
from model.errors import ConfigurationError
from model.post import Geo
from tests.enrich.conftest import LEXICONS

SHIPPED = LEXICONS.parent / "areas"
SQUARE = [[-0.6, 51.2], [-0.5, 51.2], [-0.5, 51.3], [-0.6, 51.3], [-0.6, 51.2]]
BRITAIN = Box(-9.0, 49.0, 3.0, 61.5)
WARDS = AreaImport(id_field="CODE", name_field="NAME", kind="ward", home=BRITAIN)


def geometry(*rings: object, kind: str = "Polygon") -> bytes:
    return json.dumps({"type": kind, "coordinates": list(rings)}).encode()


def feature(number: int = 1, ring: object = SQUARE, **properties: object) -> dict[str, object]:
    named = {"CODE": f"E0{number}", "NAME": f"Ward {number}", **properties}
    return {
        "type": "Feature",
        "properties": named,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def collection(folder: Path, *features: object) -> Path:
    file = folder / "wards.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def area(area_id: str, outline: Outline, name: str = "") -> Area:
    return Area(area_id, name or area_id.title(), "ward", outline, Path("test.geojson"))


def disc(lat: float, lon: float, km: float, corners: int = 24) -> Outline:
    turns = [2 * math.pi * n / corners for n in (*range(corners), 0)]
    per_degree = 111.195
    ring = [
        [
            lon + km * math.cos(t) / per_degree / math.cos(math.radians(lat)),
            lat + km * math.sin(t) / per_degree,
        ]
        for t in turns
    ]
    return read_outline(geometry(ring))


def place(lat: float, lon: float, kind: str = "position", name: str = "somewhere") -> Place:
    return Place(
        start=0, end=0, text=name, name=name, kind=kind, confidence=1.0, id="1", lat=lat, lon=lon
    )


# Outlines


def test_an_outline_knows_its_size() -> None:
    outline = disc(53.2, -1.4, 2.0, corners=200)
    assert outline.radius_m == pytest.approx(2_000, rel=0.01)
    assert outline.mended == ()


def test_what_needs_no_guess_is_mended() -> None:
    clockwise = read_outline(geometry(SQUARE[::-1]))
    unclosed = read_outline(geometry(SQUARE[:-1]))
    assert "turned round" in clockwise.mended[0]
    assert "closed" in unclosed.mended[0]
    assert clockwise.shape.equals(unclosed.shape)
    assert clockwise.shape.geoms[0].exterior.is_ccw


@pytest.mark.parametrize(
    ("raw", "what", "remedy"),
    [
        (geometry([[51.2, -0.6], [51.2, -0.5], [51.3, -0.5], [51.2, -0.6]]), "order", "latitude"),
        (geometry([[500_000, 150_000], [501_000, 150_000], [501_000, 151_000]]), "degrees", "WGS"),
        (geometry([[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]), "itself", "Mend"),
        (geometry([[0, 51], [0.0000001, 51], [0, 51.0000001], [0, 51]]), "square metres", "units"),
        (geometry([[-60, 0], [60, 0], [60, 60], [-60, 60], [-60, 0]]), "kilometres", "coordinates"),
        (geometry([[-170, 0], [170, 0], [170, 9], [-170, 0]]), "half of the globe", "meridian"),
        (geometry([[0, 51], [1, 51]]), "corners", "Draw"),
        (b'{"type":"Point","coordinates":[0,51]}', "Point", "Polygon"),
        (b'{"type":"Polygon","coordinates":[]}', "empty", "Leave"),
        (b'{"type":"Polygon","coordinates":[[["a","b"]]]}', "cannot be read", "Export"),
        (b"null", "cannot be read", "Export"),
        (geometry([[0], [1], [2]]), "two numbers", "Export"),
    ],
)
def test_what_is_wrong_is_refused_with_its_remedy(raw: bytes, what: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_outline(raw, home=BRITAIN)
    assert what in caught.value.what
    assert remedy in caught.value.remedy


def test_latitude_first_is_swapped_when_asked() -> None:
    swapped = [[y, x] for x, y in SQUARE]
    outline = read_outline(geometry(swapped), home=BRITAIN, latitude_first=True)
    assert outline.shape.equals(read_outline(geometry(SQUARE)).shape)


# Files


def test_what_ships_is_right_and_the_enricher_uses_it(
    tmp_path_factory: pytest.TempPathFactory, cache: Path
) -> None:
    found = load_areas(SHIPPED)
    assert found.problems == ()
    assert {area.kind for area in found.areas} == {"force", "district", "ward", "beat"}
    enricher = build_enricher(lexicons=LEXICONS, cache=cache, areas=SHIPPED)
    text = "Fire in Chesterfield"
    (mentioned,) = enricher.enrich([Subject(text)])
    assert mentioned.areas == ("chesterfield",), "the town is in no ward of its own"
    (tagged,) = enricher.enrich([Subject("Fire!", geo=Geo(53.235, -1.421))])
    assert {"chesterfield", "chesterfield-central"} <= set(tagged.areas)
    assert tagged.versions is not None
    assert tagged.versions.areas == found.version


def test_geotag_and_mention_say_each_for_itself(cache: Path, enricher: Enricher) -> None:
    located = build_enricher(lexicons=LEXICONS, cache=cache, areas=SHIPPED)
    post = Subject("Fire in Lincoln", geo=Geo(53.567, -0.08))
    (enrichment,) = located.enrich([post])
    by_origin = {place.origin: place.areas for place in enrichment.places}
    assert by_origin["mention"] == ("lincoln",)
    assert "grimsby-central" in by_origin["geotag"]
    assert set(enrichment.areas) == {*by_origin["mention"], *by_origin["geotag"]}
    (without,) = enricher.enrich([post])
    assert without.areas == ()


def test_a_bad_feature_stops_no_other(tmp_path: Path) -> None:
    good = {**feature(), "properties": {"id": "good", "name": "Good", "kind": "ward"}}
    rows = [
        good,
        good,
        {**good, "properties": {"id": "Not An Id", "name": "x", "kind": "ward"}},
        {**good, "properties": {"id": "no-name", "kind": "ward"}},
        {**good, "properties": {"id": "odd", "name": "Odd", "kind": "galaxy"}},
        {**good, "properties": {"id": "flat", "name": "Flat", "kind": "ward"}, "geometry": None},
        {"type": "Feature", "properties": None, "geometry": None},
    ]
    collection(tmp_path, *rows)
    (tmp_path / "broken.geojson").write_text("{")
    found = load_areas(tmp_path)
    assert [area.id for area in found.areas] == ["good"]
    said = {(p.file.name, p.feature): str(p) for p in found.problems}
    assert set(said) == {("broken.geojson", 0), *(("wards.geojson", n) for n in range(2, 8))}
    assert "also that of" in said["wards.geojson", 2]
    assert "feature 5 (odd)" in said["wards.geojson", 5]
    assert "ward, beat" in said["wards.geojson", 5]


def test_no_folder_is_no_areas(tmp_path: Path) -> None:
    assert load_areas(tmp_path / "nowhere") == AreaSet((), (), "")


# Importing


def test_an_import_can_be_loaded_and_is_replaced_by_the_next(tmp_path: Path) -> None:
    source = collection(tmp_path, feature(1), feature(2, SQUARE[::-1], NAME="St. Mary's"))
    folder = tmp_path / "areas"
    found = import_areas(source, WARDS)
    assert found.problems == ()
    assert [m.area_id for m in found.mended] == ["e02"]
    write_areas(folder, "wards", found.areas)
    loaded = load_areas(folder)
    assert [(a.id, a.name, a.kind) for a in loaded.areas] == [
        ("e01", "Ward 1", "ward"),
        ("e02", "St. Mary's", "ward"),
    ]
    assert loaded.problems == ()
    write_areas(folder, "wards", found.areas[:1])
    assert len(load_areas(folder).areas) == 1
    assert load_areas(folder).version != loaded.version
    assert [file.name for file in folder.iterdir()] == ["wards.geojson"]


def test_a_wrong_feature_is_named_with_what_there_is_instead(tmp_path: Path) -> None:
    source = collection(
        tmp_path,
        feature(1),
        feature(1, NAME="Twin"),
        feature(3, CODE=None),
        feature(4, CODE="---"),
        feature(5, [[y, x] for x, y in SQUARE]),
    )
    found = import_areas(source, WARDS)
    assert [area.id for area in found.areas] == ["e01"]
    said = {problem.feature: str(problem) for problem in found.problems}
    assert set(said) == {2, 3, 4, 5}
    assert "(Twin)" in said[2]
    assert "CODE, NAME" in said[3]
    assert "--latitude-first" in said[5]


def test_an_id_that_stands_in_another_file_is_refused(tmp_path: Path) -> None:
    found = import_areas(collection(tmp_path, feature(1)), WARDS)
    known = [area("e01", found.areas[0].outline)]
    (clash,) = clashes(found.areas, known, "wards.geojson")
    assert "test.geojson" in clash.what
    assert clashes(found.areas, known, "test.geojson") == []


def test_a_file_that_is_no_collection_is_named(tmp_path: Path) -> None:
    file = tmp_path / "shape.zip"
    file.write_bytes(b"PK\x03\x04")
    with pytest.raises(ConfigurationError, match=r"shape\.zip.*GeoJSON"):
        import_areas(file, WARDS)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        import_areas(tmp_path / "nowhere.json", WARDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("E05000123", "e05000123"), ("St. Mary's Ward", "st-marys-ward"), ("Ynys Môn", "ynys-mon")],
)
def test_ids_are_made_of_what_can_be_typed(text: str, expected: str) -> None:
    assert slug(text) == expected


# What lies where


@settings(max_examples=60)
@given(
    st.lists(st.floats(0.3, 1.7), min_size=3, max_size=12),
    st.floats(0.05, 40.0),
    st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=1, max_size=20),
)
def test_cells_and_outline_agree(
    spokes: list[float], km: float, offsets: list[tuple[float, float]]
) -> None:
    middle_lat, middle_lon, scale = 53.2, -1.4, km / 111.0
    turns = [2 * math.pi * n / len(spokes) for n in range(len(spokes))]
    ring = [
        [middle_lon + scale * r * math.cos(t), middle_lat + scale * r * math.sin(t)]
        for r, t in zip(spokes, turns, strict=True)
    ]
    outline = read_outline(geometry(ring))
    areas = AreaMap([area("one", outline)])
    for north, east in offsets:
        point = Point(middle_lon + scale * east, middle_lat + scale * north)
        if outline.shape.boundary.distance(point) > 1e-7:
            held = bool(areas.holding(point.y, point.x))
            assert held == outline.shape.contains(point)


def test_a_hole_is_no_part_of_the_area() -> None:
    hole = [[-0.57, 51.23], [-0.57, 51.27], [-0.53, 51.27], [-0.53, 51.23], [-0.57, 51.23]]
    areas = AreaMap([area("ring", read_outline(geometry(SQUARE, hole)))])
    assert areas.holding(51.25, -0.55) == []
    assert [a.id for a in areas.holding(51.21, -0.59)] == ["ring"]


def test_a_place_claims_no_area_smaller_than_its_doubt() -> None:
    ward, district = disc(53.2, -1.4, 1.0), disc(53.2, -1.4, 6.0)
    areas = AreaMap([area("ward", ward), area("district", district)])
    assert areas.of_place(place(53.2, -1.4, "town")) == ("district",)
    assert areas.of_place(place(53.2, -1.4, "county")) == ()
    assert areas.of_place(place(53.2, -1.4)) == ("ward", "district")
    assert areas.of_place(place(53.2, -1.4, "street")) == ("ward", "district")


def test_a_place_of_the_areas_own_name_claims_it() -> None:
    areas = AreaMap([area("north", disc(53.2, -1.4, 20.0), "Northshire")])
    assert areas.of_place(place(53.2, -1.4, "county", "Northshire")) == ("north",)
    assert areas.of_place(place(53.9, -1.4, "county", "Northshire")) == ()


def test_what_has_no_position_lies_nowhere() -> None:
    areas = AreaMap([area("ward", disc(53.2, -1.4, 1.0))])
    unknown = Place(start=0, end=1, text="x", name="x", kind="place", confidence=0.5)
    assert areas.of_place(unknown) == ()
    assert areas.of_place(place(math.nan, 0.0)) == ()
    assert areas.of_place(place(999.0, 0.0)) == ()
