"""``tocsin areas`` and searching by them, as a person does it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from config.settings import SHIPPED
from tests.pipelines import Tocsin


@pytest.fixture
def own(empty: Tocsin, tmp_path: Path) -> Tocsin:
    """A configuration of the test's own, with no areas in it."""
    config = tmp_path / "config"
    shutil.copytree(SHIPPED, config)
    shutil.rmtree(config / "areas")
    return Tocsin(empty.state, config)


def boundaries(folder: Path, *, swapped: bool = False) -> Path:
    ring = [[-0.62, 51.2], [-0.52, 51.2], [-0.52, 51.27], [-0.62, 51.27], [-0.62, 51.2]]
    if swapped:
        ring = [[y, x] for x, y in ring]
    shape = {"type": "Polygon", "coordinates": [ring]}
    row = {"type": "Feature", "properties": {"code": "W1", "title": "Wey"}, "geometry": shape}
    file = folder / "wards.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [row]}))
    return file


NAMED = ("--id-field", "code", "--name-field", "title", "--kind", "district")


def test_an_imported_area_is_listed_checked_and_searched(own: Tocsin, tmp_path: Path) -> None:
    assert own.rows("areas", "list") == []
    outcome = own.rows("areas", "import", str(boundaries(tmp_path)), *NAMED)
    assert outcome == [{"imported": 1, "problems": 0, "mended": 0}]
    assert [row["id"] for row in own.rows("areas", "list", "--at", "51.235,-0.57")] == ["w1"]
    assert own.rows("areas", "list", "--at", "52,-0.57") == []
    own.ok("areas", "check")
    posts = tmp_path / "posts.jsonl"
    row = {"id": "1", "created_at": "2026-03-01T20:00:00Z", "text": "Bins on fire in Guildford"}
    posts.write_text(f"{json.dumps(row)}\n{json.dumps({**row, 'id': '2', 'text': 'no place'})}\n")
    own.ok("replay", str(posts), "--wait")
    (found,) = own.rows("search", "*", "--area", "w1")
    assert found["areas"] == ["w1"]
    assert own.rows("count", "*", "--by", "area") == [{"key": "w1", "count": 1}]
    assert own.rows("count", "area.mention:w1") == [{"count": 1}]
    assert own.rows("count", "area.geotag:w1") == [{"count": 0}]


def test_a_file_in_the_wrong_order_is_refused_until_told(own: Tocsin, tmp_path: Path) -> None:
    file = boundaries(tmp_path, swapped=True)
    said = own.fails("areas", "import", str(file), *NAMED)
    assert "feature 1 (Wey)" in said
    assert "--latitude-first" in said
    assert own.rows("areas", "list") == []
    own.ok("areas", "import", str(file), *NAMED, "--latitude-first")
    assert [row["name"] for row in own.rows("areas", "list")] == ["Wey"]


def test_a_broken_file_fails_the_check_and_is_named(own: Tocsin) -> None:
    (own.config / "areas").mkdir()
    (own.config / "areas" / "odd.geojson").write_text("[]")
    said = own.fails("areas", "check")
    assert "odd.geojson" in said
    assert "FeatureCollection" in said


def test_the_evening_can_be_searched_by_area(evening: Tocsin) -> None:
    found = evening.rows("search", "*", "--area", "chesterfield", "--limit", "1000")
    assert found
    assert all("chesterfield" in post["areas"] for post in found)
    tagged = evening.rows("search", "area.geotag:chesterfield", "--limit", "1000")
    assert 0 < len(tagged) < len(found)
    assert all(any(p.get("origin") == "geotag" for p in post["places"]) for post in tagged)
