"""The window stage: from matches to incidents.

The incidents that people see depend on which posts matched, and not on the order in
which the matches came, how often, or in which batches. All that a batch changes is one
transaction of the store, so a stage that dies anywhere goes on as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alerts.counting import Counting, Engine
from alerts.errors import UnknownRule
from alerts.intake import take_in
from alerts.route import Router
from alerts.rulebook import Rules
from bus.port import Record
from bus.stage import Reject, Result
from model.clock import Clock
from model.errors import RecordError
from model.incident import MATCH, Match
from model.topics import ALERT_MATCHES, GROUP_WINDOW
from store.engine import Repositories, Store

Watermark = Callable[[], int]
"""The moment (UTC microseconds) of which it is certain that every post that had reached
the log by then has been counted."""


class WindowStage:
    """Counts matches into episodes, and writes the incidents that they raise.

    ``rules`` hold all that were read, the expired ones too: what they raised must still
    follow withdrawals. A post collected more than ``historic_after`` microseconds after
    it was published does not page. Silence is judged at ticks, up to the ``watermark``.
    Effects are durable when :meth:`process` returns.
    """

    name = GROUP_WINDOW
    inputs = (ALERT_MATCHES.name,)

    def __init__(
        self,
        store: Store,
        rules: Rules,
        router: Router,
        clock: Clock,
        *,
        historic_after: int,
        watermark: Watermark,
    ) -> None:
        self._store = store
        self._rules = rules
        self._router = router
        self._clock = clock
        self._historic_after = historic_after
        self._watermark = watermark
        self._engine = Engine.of(rules.current)
        self._asked = False

    def process(self, batch: Sequence[Record]) -> Result:
        """Count a batch of matches; or, at a tick, see to what changes with time alone.

        Raises StoreUnavailable.
        """
        if not batch:
            self._tick()
            return Result()
        self._asked = False
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
        if match.op != "match":
            return match
        if not self._asked and not self._engine.knows(match.rule_id, match.rule_version):
            # The match stage may have read a change of the files a moment earlier.
            self._asked = True
            self._renew()
        if not self._engine.knows(match.rule_id):
            raise UnknownRule(
                f"a match of rule {match.rule_id}",
                cause="this process has read no such rule",
                remedy="Restore the rule's file, then run `tocsin dead retry`",
            )
        return match

    def _renew(self) -> None:
        if self._rules.refresh():
            self._engine = self._engine.renewed(self._rules.current)

    def _tick(self) -> None:
        self._renew()
        now = self._clock.now()
        if not self._engine.has_work_at_ticks:
            return
        mark = self._watermark()
        with self._store.transaction() as tx:
            counting = self._counting(tx, now)
            counting.pass_time(mark)
            counting.settle()

    def _count(self, matches: Sequence[Match]) -> None:
        now = self._clock.now()
        with self._store.transaction() as tx:
            intake = take_in(matches, tx, now)
            tx.contributions.drop(intake.leaving)
            tx.contributions.put(intake.hidden)
            counting = self._counting(tx, now)
            counting.take(intake)
            counting.settle()

    def _counting(self, tx: Repositories, now: int) -> Counting:
        return Counting(
            tx, self._engine, self._router, now=now, historic_after=self._historic_after
        )
