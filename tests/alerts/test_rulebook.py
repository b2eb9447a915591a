"""Rules change while they run; a bad edit silences neither its rule nor another."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from alerts.match_stage import MatchStage
from alerts.route import Router
from alerts.rulebook import Rulebook
from alerts.window import WindowStage
from enrich.tokens import fold_tokens
from index.query.parse import parse
from model.clock import HOUR, MovableClock
from model.errors import StoreUnavailable
from model.incident import MATCH, Match
from store.engine import Store
from store.good_rules import GoodRules
from tests.alerts.builders import match, records
from tests.alerts.test_match import enriched, post, record

KNIVES = "id: knives\ntitle: Knives\nkind: any\nquery: knife\nwindow: 10m\nresponse: Look\n"
FIRES = "id: fires\ntitle: Fires\nkind: any\nquery: fire\nwindow: 10m\nresponse: Look\n"


class Folder:
    """A folder of rule files, each change of which is seen as one."""

    def __init__(self, path: Path, store: Store, clock: MovableClock) -> None:
        self.path = path
        self.store = store
        self.clock = clock
        self._time = 1_000_000_000

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        self._time += 1
        os.utime(file, (self._time, self._time))

    def open(self) -> Rulebook:
        strict = partial(parse, tokenize=fold_tokens, for_rule=True)
        return Rulebook(self.path, strict, self.store.good_rules, self.clock)


@pytest.fixture
def folder(tmp_path: Path, store: Store, clock: MovableClock) -> Folder:
    path = tmp_path / "rules"
    path.mkdir()
    made = Folder(path, store, clock)
    made.write("knives.yaml", KNIVES)
    made.write("fires.yaml", FIRES)
    return made


def queries(book: Rulebook) -> dict[str, str]:
    return {loaded.rule.id: loaded.rule.query for loaded in book.current.rules}


def test_nothing_changes_while_no_file_does(folder: Folder) -> None:
    book = folder.open()
    assert queries(book) == {"fires": "fire", "knives": "knife"}
    before = book.current
    assert not book.refresh()
    assert book.current is before


def test_files_are_changed_added_and_taken_away(folder: Folder) -> None:
    book = folder.open()
    folder.write("knives.yaml", KNIVES.replace("knife", "blade"))
    folder.write("new.yaml", FIRES.replace("fires", "smoke"))
    (folder.path / "fires.yaml").unlink()
    assert book.refresh()
    assert queries(book) == {"knives": "blade", "smoke": "fire"}
    assert book.current.kept == ()


@pytest.mark.parametrize(
    "broken", [KNIVES.replace("query: knife", "query: '('"), "id: [", "", "- 1", "id: 7\n"]
)
def test_a_broken_file_leaves_its_rule_as_it_was(folder: Folder, broken: str) -> None:
    book = folder.open()
    folder.write("knives.yaml", broken)
    assert book.refresh()
    assert queries(book) == {"fires": "fire", "knives": "knife"}
    assert book.current.kept == ("knives",)
    assert book.current.problems != ()


def test_also_after_a_restart_and_until_it_is_right(folder: Folder) -> None:
    folder.open()
    folder.write("knives.yaml", "id: [")
    book = folder.open()
    assert queries(book) == {"fires": "fire", "knives": "knife"}
    folder.write("knives.yaml", KNIVES.replace("knife", "blade"))
    assert book.refresh()
    assert queries(book) == {"fires": "fire", "knives": "blade"}
    assert book.current.kept == ()


def test_a_rule_that_was_taken_out_stays_out(folder: Folder) -> None:
    folder.open()
    folder.write("knives.yaml", FIRES.replace("fires", "other"))
    book = folder.open()
    assert set(queries(book)) == {"fires", "other"}
    folder.write("knives.yaml", "id: [")
    assert book.refresh()
    assert set(queries(book)) == {"fires", "other"}


def test_a_folder_that_is_gone_silences_nothing(folder: Folder) -> None:
    book = folder.open()
    folder.path.rename(folder.path.with_name("elsewhere"))
    assert book.refresh()
    assert set(book.current.kept) == {"fires", "knives"}


def test_a_store_that_is_away_leaves_the_rules_as_they_are(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = folder.open()

    def away(_: GoodRules) -> None:
        raise StoreUnavailable("the record", cause="it is away")

    with monkeypatch.context() as broken:
        broken.setattr(GoodRules, "all", away)
        folder.write("knives.yaml", KNIVES.replace("knife", "blade"))
        assert not book.refresh()
        assert queries(book)["knives"] == "knife"
        assert queries(folder.open())["knives"] == "blade"
    assert book.refresh()
    assert queries(book)["knives"] == "blade"


class TestStages:
    def test_match_picks_a_change_up_at_a_tick(self, folder: Folder) -> None:
        stage = MatchStage(folder.open(), len, folder.clock)
        blade = record(post("blade"), enriched("blade"))
        assert not stage.process([blade]).outputs
        folder.write("knives.yaml", KNIVES.replace("knife", "blade"))
        assert not stage.process([blade]).outputs
        stage.process([])
        (found,) = stage.process([blade]).outputs
        assert MATCH.decode(found.value).rule_id == "knives"

    def stage(self, folder: Folder) -> WindowStage:
        return WindowStage(
            folder.store,
            folder.open(),
            Router(["desk"], ["desk"]),
            folder.clock,
            historic_after=HOUR,
            watermark=lambda: 0,
        )

    def test_window_reads_a_version_that_it_does_not_know_at_once(self, folder: Folder) -> None:
        window = self.stage(folder)
        folder.write("new.yaml", FIRES.replace("fires", "smoke"))
        version = {each.rule.id: each.rule.version for each in folder.open().current.rules}
        newer: Match = match("a", rule_id="smoke")
        assert version["smoke"]
        assert window.process(records([newer])).rejects == []
        assert [one.rule_id for one in folder.store.incidents.list()] == ["smoke"]

    def test_matches_of_a_rule_that_was_just_taken_out_still_count(self, folder: Folder) -> None:
        window = self.stage(folder)
        (folder.path / "fires.yaml").unlink()
        window.process([])
        assert window.process(records([match("a", rule_id="fires")])).rejects == []
        assert [one.rule_id for one in folder.store.incidents.list()] == ["fires"]

    def test_a_changed_window_holds_from_then_on(self, folder: Folder) -> None:
        window = self.stage(folder)
        window.process(records([match("a", 0, rule_id="fires")]))
        folder.write("fires.yaml", FIRES.replace("10m", "1h"))
        window.process([])
        window.process(records([match("b", 30, rule_id="fires")]))
        (found,) = folder.store.incidents.list(["triggered"])
        assert found.posts == 2
