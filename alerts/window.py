"""The window stage: from matches to incidents.

The incidents that people see depend on which posts matched, and not on the order in
which the matches came, how often, or in which batches. All that a batch changes is one
transaction of the store, so a stage that dies anywhere goes on as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.errors import UnknownRule
from alerts.intake import take_in
from alerts.kinds import Detector, Lasting, detector
from alerts.raising import Raising
from alerts.route import Router
from alerts.succession import successions
from alerts.tracking import Tracker
from bus.port import Record
from bus.stage import Reject, Result
from model.clock import Clock
from model.errors import RecordError
from model.incident import MATCH, Match
from model.rule import Rule
from model.topics import ALERT_MATCHES, GROUP_WINDOW
from store.engine import Store


class WindowStage:
    """Counts matches into episodes, and writes the incidents that they raise.

    ``rules`` are all that were read, the expired ones too: what they raised must still
    follow withdrawals. A post collected more than ``historic_after`` microseconds after
    it was published does not page. Effects are durable when :meth:`process` returns.
    """

    name = GROUP_WINDOW
    inputs = (ALERT_MATCHES.name,)

    def __init__(
        self,
        store: Store,
        rules: Iterable[Rule],
        router: Router,
        clock: Clock,
        *,
        historic_after: int,
    ) -> None:
        self._store = store
        self._rules = {rule.id: rule for rule in rules}
        self._detectors = {rule.id: detector(rule) for rule in self._rules.values()}
        self._router = router
        self._clock = clock
        self._historic_after = historic_after

    def process(self, batch: Sequence[Record]) -> Result:
        """Count a batch of matches. Raises StoreUnavailable."""
        matches: list[Match] = []
        rejects: list[Reject] = []
        for record in batch:
            try:
                matches.append(self._read(record))
            except RecordError as error:
                rejects.append(Reject(record, error))
        if matches:
            self._count(matches)
        return Result(rejects=rejects)

    def settle(self, *, force: bool) -> bool:  # noqa: ARG002  the port's; nothing is held back
        return True

    def close(self) -> None:
        """Nothing is held: the store belongs to whoever opened it."""

    def _read(self, record: Record) -> Match:
        match = MATCH.decode(record.value)
        if match.op == "match" and match.rule_id not in self._rules:
            raise UnknownRule(
                f"a match of rule {match.rule_id}",
                cause="this process has read no such rule",
                remedy="Restore the rule's file, restart, then run `tocsin dead retry`",
            )
        return match

    def _count(self, matches: Sequence[Match]) -> None:
        now = self._clock.now()
        with self._store.transaction() as tx:
            tracker = Tracker(tx, self._detector, self._historic_after)
            intake = take_in(matches, tx, now)
            tx.contributions.drop(intake.leaving)
            tx.contributions.put(intake.hidden)
            tracker.remove(intake.leaving)
            tx.contributions.put([arrival.post for arrival in intake.arrivals])
            tracker.add(intake.arrivals)
            risen, ended = successions(tracker.gone, tracker.come)
            if risen or ended:
                Raising(tx, self._rules, self._router, now).settle(risen, ended)

    def _detector(self, rule_id: str) -> Detector:
        return self._detectors.get(rule_id, _REMOVED)


_REMOVED = Lasting()
