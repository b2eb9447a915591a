"""``tocsin rules``: what is wrong is found before it rings, or does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.rulebook import Rulebook
from cli.wiring import Wiring
from config.settings import read_settings
from tests.pipelines import Tocsin

GOOD = "id: knives\ntitle: Knives\nkind: any\nquery: knife\nwindow: 10m\nresponse: Look\n"


@pytest.fixture
def tocsin(tmp_path: Path) -> Tocsin:
    """A configuration with one rule, and a state folder in which nothing has run."""
    (tmp_path / "config" / "rules").mkdir(parents=True)
    (tmp_path / "config" / "rules" / "knives.yaml").write_text(GOOD)
    return Tocsin(tmp_path / "var", tmp_path / "config")


def write(tocsin: Tocsin, text: str) -> None:
    (tocsin.config / "rules" / "knives.yaml").write_text(text)


def run_once(tocsin: Tocsin) -> None:
    """What a stage does with the rules when it starts."""
    settings = read_settings().model_copy(update={"state": tocsin.state, "config": tocsin.config})
    wiring = Wiring(settings)
    assert isinstance(wiring.rulebook(), Rulebook)
    wiring.close()


def test_checking_rules_leaves_no_state_behind(tocsin: Tocsin) -> None:
    assert "1 rules run, 0 problems" in tocsin.ok("rules", "check")
    assert not (tocsin.state / "store.db").exists()


def test_a_route_to_a_channel_that_is_not_there_is_a_problem(tocsin: Tocsin) -> None:
    write(tocsin, GOOD + "route: [terminal, dutty]\n")
    said = tocsin.fails("rules", "check")
    assert "knives.yaml:1:1: rule knives route: there is no channel 'dutty'" in said
    assert "there are terminal" in said


def test_a_broken_rule_is_reported_with_the_version_that_runs(tocsin: Tocsin) -> None:
    run_once(tocsin)
    write(tocsin, GOOD.replace("knife", "'('"))
    said = tocsin.fails("rules", "check")
    assert "knives.yaml:4:9: rule knives query" in said
    assert "rule knives runs as version" in said
    (row,) = tocsin.rows("rules", "list")
    assert (row["id"], row["state"], row["query"]) == ("knives", "kept", "knife")
    assert "when a post matches" in tocsin.ok("rules", "explain", "knives")


def test_looking_changes_nothing(tocsin: Tocsin) -> None:
    run_once(tocsin)
    write(tocsin, GOOD.replace("knives", "other"))
    tocsin.ok("rules", "list")
    write(tocsin, "id: [")
    assert [row["id"] for row in tocsin.rows("rules", "list")] == ["knives"]
