"""Rules, matches and stages of which only what matters to a test is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from alerts.route import Router
from alerts.rulebook import FixedRules
from alerts.rules import Carries, LoadedRule, RuleSet
from alerts.window import WindowStage
from bus.port import Record
from model.clock import HOUR, MINUTE, SECOND, MovableClock
from model.incident import MATCH, Match, MatchOperation
from model.rule import GroupField, Option, Rule, RuleKind
from model.topics import ALERT_MATCHES
from store.engine import Store

EVENING = 1_700_000_000 * SECOND
"""A moment to count from, in UTC microseconds."""

HISTORIC_AFTER = 6 * HOUR


def rule(
    rule_id: str = "weapons",
    *,
    kind: RuleKind = "any",
    query: str = "knife",
    window: int = 10 * MINUTE,
    threshold: int = 1,
    group_by: tuple[GroupField, ...] = (),
    route: tuple[str, ...] = (),
    expires: str = "",
    **options: Option,
) -> Rule:
    """A rule that looks for knives."""
    return Rule(
        id=rule_id,
        title="Weapons seen",
        kind=kind,
        query=query,
        response="Ring the duty inspector",
        window=window,
        threshold=threshold,
        group_by=group_by,
        route=route,
        expires=expires,
        options=options,
    )


def match(
    uid: str,
    minute: float = 0,
    *,
    rule_id: str = "weapons",
    rev: int = 0,
    late: int = 0,
    account: int = 0,
    group: tuple[str, ...] = (),
    excerpt: str = "he has a knife",
    place: str | None = None,
    where: tuple[float, float] | None = None,
    cluster: int = 0,
    values: tuple[str, ...] = (),
    number: float | None = None,
) -> Match:
    """A match of a post published so many minutes into the evening, collected ``late``
    microseconds afterwards."""
    at = EVENING + round(minute * MINUTE)
    return Match(
        uid=uid,
        rev=rev,
        event_at=at,
        collected_at=at + late,
        account=account,
        rule_id=rule_id,
        rule_version="1",
        group=group,
        excerpt=excerpt,
        place=place,
        lat=where[0] if where else None,
        lon=where[1] if where else None,
        cluster=cluster,
        values=values,
        number=number,
    )


def fixed(rules: Iterable[Rule]) -> FixedRules:
    """The rules as a window stage takes them."""
    loaded = (LoadedRule(each, None, lambda _: False, Carries(), Path(), 1) for each in rules)
    return FixedRules(RuleSet(tuple(loaded)))


def event(uid: str, op: MatchOperation, *, rev: int = 0, account: int = 0) -> Match:
    """Something happened to the post, or to the account of its author."""
    return Match(uid=uid, rev=rev, op=op, event_at=EVENING, collected_at=EVENING, account=account)


def withdrawal(uid: str) -> Match:
    """The post was deleted."""
    return event(uid, "delete")


def records(matches: Iterable[Match]) -> list[Record]:
    """The matches as they stand in the log."""
    return [
        Record(ALERT_MATCHES.name, 0, offset, match.uid, MATCH.encode(match))
        for offset, match in enumerate(matches)
    ]


class Window:
    """A window stage and the store that it writes."""

    def __init__(
        self,
        store: Store,
        rules: Sequence[Rule],
        clock: MovableClock,
        channels: Sequence[str] = ("desk",),
    ) -> None:
        self.store = store
        self.clock = clock
        self._rules = rules
        self._router = Router(channels, channels)

    def count(self, *matches: Match) -> None:
        """Give the matches to a new stage in one batch, as after a restart."""
        stage = self.stage()
        result = stage.process(records(matches))
        assert not result.rejects
        assert stage.settle(force=True)
        stage.close()

    def tick(self) -> None:
        """Let a new stage see to what time alone changes."""
        self.stage().process(())

    def stage(self) -> WindowStage:
        """A stage that knows nothing but the store."""
        return WindowStage(
            self.store,
            fixed(self._rules),
            self._router,
            self.clock,
            historic_after=HISTORIC_AFTER,
            watermark=self.clock.now,
        )
