"""``tocsin enrich --explain`` and ``--again``, ``tocsin spread`` and ``tocsin places``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from config.settings import SHIPPED
from tests.pipelines import Tocsin

LINE = b'{"id":7,"text":"Bins on fire in Guildford"}\n'
CREATED = "2026-03-01T20:00:00Z"


def replay(tocsin: Tocsin, folder: Path, *texts: str) -> None:
    rows = [
        json.dumps({"id": str(n), "created_at": CREATED, "text": text, "author_id": f"a{n}"})
        for n, text in enumerate(texts)
    ]
    file = folder / "posts.jsonl"
    file.write_text("\n".join(rows))
    tocsin.ok("replay", str(file), "--wait")


@pytest.fixture
def own(empty: Tocsin, tmp_path: Path) -> Tocsin:
    """A configuration of the test's own."""
    config = tmp_path / "config"
    shutil.copytree(SHIPPED, config)
    return Tocsin(empty.state, config)


def test_an_explanation_is_words_or_one_object(empty: Tocsin) -> None:
    said = empty.run("enrich", "--explain", stdin=LINE).stdout.decode()
    assert '"Guildford" (16 to 25)' in said
    assert '"Bins on fire" (0 to 12)' in said
    done = empty.run("enrich", "--explain", "--json", stdin=LINE + b"broken\n")
    assert done.returncode == 1
    assert b"line 2" in done.stderr
    (explained,) = map(json.loads, done.stdout.splitlines())
    assert explained["id"] == 7
    assert explained["places"][0]["reasons"]
    assert set(explained["versions"]) >= {"pipeline", "lexicon", "gazetteer", "areas"}


def test_posts_are_enriched_again_after_a_change(own: Tocsin, tmp_path: Path) -> None:
    shutil.rmtree(own.config / "areas")
    replay(own, tmp_path, "Fire in Guildford tonight", "nothing much")
    assert own.rows("count", "area:guildford") == [{"count": 0}]
    incidents = own.rows("alerts", "list", "--all")
    shutil.copytree(SHIPPED / "areas", own.config / "areas")
    (difference,) = own.rows("enrich", "--again", "fire", "--dry-run")
    assert (difference["posts"], difference["changed"]) == (1, 1)
    assert difference["gained"] == {"area guildford": 1}
    (sent,) = own.rows("enrich", "--again", "*", "--wait", "--purpose", "new areas")
    assert sent == {"published": 2, "refused": 0, "whole": True}
    assert own.rows("count", "area:guildford") == [{"count": 1}]
    assert own.rows("count", "*") == [{"count": 2}]
    assert own.rows("alerts", "list", "--all") == incidents, "nobody hears of it"


@pytest.mark.parametrize(
    "arguments", [("--since", "2h"), ("--dry-run",), ("--again", "*", "--explain")]
)
def test_options_that_do_not_go_together_are_wrong_usage(
    empty: Tocsin, arguments: tuple[str, ...]
) -> None:
    empty.fails("enrich", *arguments, status=2)


def test_a_story_is_shown_in_80_columns(evening: Tocsin) -> None:
    reposted = evening.rows("search", "is:repost", "--limit", "200")
    clusters = [post["cluster"] for post in reposted if post["cluster"]]
    most = max(set(clusters), key=clusters.count)
    (story,) = evening.rows("spread", most)
    assert story["posts"] == story["originals"] + story["copies"] + story["reposts"]
    assert story["reposts"] >= clusters.count(most)
    assert sum(step["posts"] for step in story["curve"]) == story["posts"]
    said = evening.ok("spread", story["tellings"][0]["uid"])
    assert "original" in said
    plotted = [line for line in said.splitlines() if "█" in line or "░" in line]
    assert plotted
    assert max(map(len, plotted)) <= 80
    assert "no post or cluster" in evening.fails("spread", "x:nobody:1")


def test_a_gazetteer_is_imported_listed_and_used(empty: Tocsin, tmp_path: Path) -> None:
    post = b'{"text":"Fire in Zzyqford"}'
    assert json.loads(empty.run("enrich", stdin=post).stdout)["places"][0]["lat"] is None
    row = ["1", "Zzyqford", "Zzyqford", "", "51.5", "-1.5", "P", "PPL", "GB", "", "ENG"]
    file = tmp_path / "GB.txt"
    file.write_text("\t".join([*row, "", "", "", "900", "", "", "", ""]) + "\nbroken\n\n")
    done = empty.run("places", "import", "geonames", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert b"line 2" in done.stderr
    report = json.loads(done.stdout)
    assert (report["places"], report["bad"]) == (1, 1)
    (listed,) = empty.rows("places", "list")
    assert (listed["name"], listed["version"]) == ("geonames", report["version"])
    found = json.loads(empty.run("enrich", stdin=post).stdout)
    assert found["places"][0]["lat"] == 51.5
    assert "another format" in empty.fails("places", "import", "osopennames", str(file))
