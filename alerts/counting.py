"""What one transaction does to episodes and incidents, whatever the kinds of the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from alerts.deriving import combine, look_at_coverage, recent
from alerts.intake import Intake
from alerts.judging import Bench
from alerts.kinds.port import Combining, Detector, Judge, Runs, Stretch, Watching
from alerts.kinds.runs import Lasting
from alerts.kinds.table import detector
from alerts.raising import Raising
from alerts.route import Router
from alerts.rules import RuleSet, has_expired
from alerts.succession import successions
from alerts.tracking import Tracker
from alerts.view import Ledger, Sight
from model.episode import Series, Watch
from model.rule import Rule
from store.engine import Repositories

_REMOVED = Lasting()


@dataclass(frozen=True)
class Engine:
    """The rules of one moment and their detectors, by the form of these.

    ``rules`` are also those that were taken away since this process began; ``current``
    are the ids of the others.
    """

    rules: Mapping[str, Rule]
    current: frozenset[str]
    runs: Mapping[str, Runs]
    judges: Mapping[str, Judge]
    combining: Mapping[str, Combining]
    watching: Mapping[str, Watching]

    @classmethod
    def of(cls, found: RuleSet) -> Engine:
        """The engine of the rules that were read."""
        return cls._of({}, found)

    def renewed(self, found: RuleSet) -> Engine:
        """The engine after the rules were read again. Matches of those that were taken away
        may be under way."""
        return self._of(self.rules, found)

    @classmethod
    def _of(cls, before: Mapping[str, Rule], found: RuleSet) -> Engine:
        current = {loaded.rule.id: loaded.rule for loaded in found.rules}
        rules = {**before, **current}
        made: dict[str, Detector] = {rule_id: detector(rule) for rule_id, rule in rules.items()}
        return cls(
            rules=rules,
            current=frozenset(current),
            runs={i: d for i, d in made.items() if isinstance(d, Runs)},
            judges={i: d for i, d in made.items() if isinstance(d, Judge)},
            combining={i: d for i, d in made.items() if isinstance(d, Combining)},
            watching={i: d for i, d in made.items() if isinstance(d, Watching)},
        )

    @property
    def has_work_at_ticks(self) -> bool:
        """Whether time alone can change anything."""
        return bool(self.watching) or any(judge.grace is not None for judge in self.judges.values())

    def acts(self, rule_id: str, now: int) -> bool:
        """Whether the rule may ring by itself: it is there, and has not expired."""
        return rule_id in self.current and not has_expired(self.rules[rule_id], now)

    def knows(self, rule_id: str, version: str | None = None) -> bool:
        """Whether there is such a rule, or such a version of it."""
        rule = self.rules.get(rule_id)
        return rule is not None and version in (None, rule.version)

    def runs_of(self, rule_id: str) -> Runs:
        """The detector of a rule that goes by runs, or was removed."""
        return self.runs.get(rule_id, _REMOVED)


class Counting:
    """Brings episodes and incidents up to date within one transaction."""

    def __init__(
        self, tx: Repositories, engine: Engine, router: Router, *, now: int, historic_after: int
    ) -> None:
        self._tx = tx
        self._engine = engine
        self._router = router
        self._now = now
        self._historic_after = historic_after
        self._tracker = Tracker(tx, engine.runs_of, historic_after)
        self._watches: dict[str, Watch] = {}
        self._ledger = Ledger(tx, now)

    def take(self, intake: Intake) -> None:
        """Count what comes and goes. What leaves is no longer in the store, and what was
        hidden is already there as it is kept."""
        names = self._tx.series.get({post.series for post in intake.leaving})
        going = [(names[post.series], post) for post in intake.leaving]
        self._tracker.remove([post for series, post in going if not self._is_judged(series)])
        self._tx.contributions.put([arrival.post for arrival in intake.arrivals])
        self._tracker.add([a for a in intake.arrivals if not self._is_judged(a.series)])
        changed: defaultdict[Series, set[int]] = defaultdict(set)
        for series, post in (*going, *intake.arrivals):
            if self._is_judged(series):
                changed[series].add(post.event_at)
        for series, times in sorted(changed.items()):
            self._bench(series.rule_id).correct(series, times)

    def pass_time(self, mark: int) -> None:
        """Judge the silence up to this moment, and look at the coverage of sources."""
        for rule_id, judge in self._engine.judges.items():
            if judge.grace is not None and self._engine.acts(rule_id, self._now):
                self._judge_until(rule_id, (mark - judge.grace) // judge.step * judge.step)
        if self._engine.watching:
            intervals = recent(self._tx, self._now)
            for rule_id, watching in self._engine.watching.items():
                rule = self._engine.rules[rule_id]
                if not self._engine.acts(rule_id, self._now):
                    continue
                look_at_coverage(
                    self._tx,
                    self._tracker,
                    rule,
                    watching,
                    intervals,
                    now=self._now,
                    historic_after=self._historic_after,
                )

    def settle(self) -> None:
        """Combine what belongs together, and raise what has changed."""
        combining = {
            rule_id: combining
            for rule_id, combining in self._engine.combining.items()
            if self._engine.acts(rule_id, self._now)
        }
        combine(self._tx, self._tracker, combining)
        risen, ended = successions(self._tracker.gone, self._tracker.come)
        if risen or ended:
            Raising(self._tx, self._engine.rules, self._router, self._now).settle(risen, ended)

    def _is_judged(self, series: Series) -> bool:
        return series.rule_id in self._engine.judges

    def _bench(self, rule_id: str) -> Bench:
        return Bench(
            self._tx,
            self._tracker,
            self._engine.judges[rule_id],
            self._watch(rule_id),
            sight=self._sight(rule_id),
            now=self._now,
            historic_after=self._historic_after,
        )

    def _sight(self, rule_id: str) -> Sight:
        return Sight(self._ledger, self._engine.rules[rule_id])

    def _watch(self, rule_id: str) -> Watch:
        """How far the rule has looked; from now on, if it never ran here."""
        if rule_id not in self._watches:
            self._watches[rule_id] = self._tx.watches.begin(rule_id, self._now)
        return self._watches[rule_id]

    def _judge_until(self, rule_id: str, until: int) -> None:
        known = self._watch(rule_id)
        if until <= known.judged_until:
            return
        rule = self._engine.rules[rule_id]
        if not rule.group_by:
            self._tx.series.add([Series(rule_id, ())])
        watch = self._watches[rule_id] = replace(known, judged_until=until)
        bench = self._bench(rule_id)
        for series in self._tx.series.of_rule(rule_id):
            bench.judge(series, Stretch(known.judged_until + 1, until))
        unsure = self._sight(rule_id).why(until - rule.window, until)
        self._tx.watches.put([replace(watch, unsure=unsure)])
