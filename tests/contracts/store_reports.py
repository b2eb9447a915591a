"""What the reports of the stages must do on every database."""

from __future__ import annotations

from model.clock import DAY, HOUR
from store.engine import Store


class StageReportContract:
    """The last word of each process, and no word for ever."""

    def test_the_last_report_of_each_process_is_kept(self, store: Store) -> None:
        store.stage_reports.put("one/index-7", 1, "first")
        store.stage_reports.put("one/match-8", 2, "other")
        store.stage_reports.put("one/index-7", 3, "last")
        assert store.stage_reports.all() == ["last", "other"]

    def test_what_fell_silent_a_day_ago_is_forgotten(self, store: Store) -> None:
        store.stage_reports.put("one/index-7", 0, "old")
        store.stage_reports.put("one/index-8", HOUR, "young")
        store.stage_reports.put("two/index-7", DAY + 1, "new")
        assert store.stage_reports.all() == ["young", "new"]

    def test_a_machine_forgets_its_own_alone(self, store: Store) -> None:
        for name in ("a_b/index-1", "axb/index-1", "a_bc/index-1"):
            store.stage_reports.put(name, 1, name)
        store.stage_reports.forget("a_b/")
        assert store.stage_reports.all() == ["a_bc/index-1", "axb/index-1"]
