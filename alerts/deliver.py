"""The deliver stage: sending what the ledger says is due.

Each message to each recipient is tried on its own until it is accepted or given up, so
that one channel in trouble holds up no other. A try is counted before it begins: if the
process dies in it, the message goes out again later, under the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random, SystemRandom

import msgspec

from alerts.messages import QUOTED_POSTS, compose, compose_withdrawal
from alerts.port import Channel, Message, Outcome
from bus.port import Record
from bus.stage import Result
from model.clock import HOUR, MINUTE, SECOND, Clock
from model.episode import Contribution, Series
from model.incident import (
    OPEN_STATES,
    SYSTEM_ACTOR,
    Action,
    Delivery,
    DeliveryStatus,
    Incident,
    TimelineEntry,
)
from store.engine import Repositories, Store


class DeliverySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait and when to give up, in microseconds.

    The wait after a failure doubles from ``first_wait`` to ``longest_wait``, and is cut
    by up to a half at random, so that messages that failed together are not tried
    together. ``one_try`` is longer than any channel takes: a message whose try was never
    ended is due again after it. A tick sends at most ``per_channel`` messages to each.
    """

    first_wait: int = 10 * SECOND
    longest_wait: int = 15 * MINUTE
    give_up_after: int = 24 * HOUR
    one_try: int = 2 * MINUTE
    per_channel: int = 20


class DeliverStage:
    """Works off the delivery ledger, once a tick. Channels are named as the routes name them."""

    name = "deliver"
    inputs: tuple[str, ...] = ()

    def __init__(
        self,
        store: Store,
        channels: Iterable[Channel],
        clock: Clock,
        settings: DeliverySettings | None = None,
        random: Random | None = None,
    ) -> None:
        self._store = store
        self._channels = {channel.name: channel for channel in channels}
        self._clock = clock
        self._random = random or SystemRandom()
        self._settings = settings or DeliverySettings()

    def process(self, batch: Sequence[Record]) -> Result:  # noqa: ARG002  it acts on time alone
        """Send what is due. Raises StoreUnavailable."""
        for name in self._store.deliveries.channels_due(self._clock.now()):
            self._work_off(name)
        return Result()

    def settle(self, *, force: bool) -> bool:  # noqa: ARG002  the port's; nothing is held back
        return True

    def close(self) -> None:
        """Nothing is held: store and channels belong to whoever opened them."""

    def _work_off(self, channel: str) -> None:
        now = self._clock.now()
        for delivery in self._store.deliveries.due(channel, now, self._settings.per_channel):
            outcome = self._attempt(delivery)
            if outcome is not None and outcome.status == "failed_for_now":
                # A channel that is down would cost a time-out for each of its messages.
                return

    def _attempt(self, delivery: Delivery) -> Outcome | None:
        """Try once; None if there was nothing to send any more."""
        message = self._begin(delivery)
        if message is None:
            return None
        channel = self._channels.get(delivery.channel)
        if channel is None:
            outcome = Outcome("failed_for_good", "no channel of this name is configured")
        else:
            outcome = channel.deliver(message)
        self._end(delivery, outcome)
        return outcome

    def _begin(self, delivery: Delivery) -> Message | None:
        now = self._clock.now()
        with self._store.transaction() as tx:
            if not tx.deliveries.begin(delivery.message_id, now, now + self._settings.one_try):
                return None
            incident = tx.incidents.find(delivery.incident_id)
            cause = _outdated(delivery, incident)
            if incident is None or cause:
                tx.deliveries.cancel([delivery.message_id], cause, now)
                return None
            if delivery.about == "withdrawal":
                return compose_withdrawal(delivery.message_id, incident)
            return compose(delivery.message_id, incident, _last_posts(tx, incident))

    def _end(self, delivery: Delivery, outcome: Outcome) -> None:
        now = self._clock.now()
        tries = delivery.attempts + 1
        status, detail = outcome.status, outcome.detail
        if status == "failed_for_now" and now - delivery.created_at >= self._settings.give_up_after:
            status, detail = "failed_for_good", f"given up after {tries} tries: {detail}"
        due_at = now + self._wait(tries) if status == "failed_for_now" else now
        with self._store.transaction() as tx:
            tx.deliveries.end(delivery.message_id, status, detail, now, due_at)
            incident = tx.incidents.find(delivery.incident_id)
            if incident is not None and status != "failed_for_now":
                tx.incidents.tell([(incident.id, _entry(now, delivery, status, detail))])

    def _wait(self, tries: int) -> int:
        doubled = self._settings.first_wait << min(tries - 1, 30)
        ceiling = min(doubled, self._settings.longest_wait)
        return ceiling - self._random.randrange(ceiling // 2 + 1)


def _outdated(delivery: Delivery, incident: Incident | None) -> str:
    """Why the message would say what is no longer so, or nothing."""
    if delivery.about == "withdrawal":
        withdrawn = incident is not None and incident.state == "withdrawn"
        return "" if withdrawn else "the incident is there again"
    is_open = incident is not None and incident.state in OPEN_STATES
    return "" if is_open else "nobody has to act any more"


def _last_posts(tx: Repositories, incident: Incident) -> Sequence[Contribution]:
    series = Series(incident.rule_id, incident.group).key
    return tx.contributions.latest(series, incident.first_at, incident.last_at, QUOTED_POSTS)


def _entry(now: int, delivery: Delivery, status: DeliveryStatus, detail: str) -> TimelineEntry:
    action: Action = "told" if status == "accepted" else "not_told"
    words = f"{delivery.channel}: {detail}" if detail else delivery.channel
    return TimelineEntry(at=now, actor=SYSTEM_ACTOR, action=action, detail=words)
