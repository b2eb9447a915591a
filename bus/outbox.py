"""Publishes what a batch gave, so that one record that is refused stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bus.isolation import Outcome
from bus.letters import letter_for_output, letter_for_record, shortened, to_dead_topic
from bus.meter import Meter
from bus.port import Log, Outgoing
from bus.retry import Retry
from model.clock import Clock
from model.errors import RecordError
from model.topics import POSTS_DEAD


def publish_past_refusals(
    publish: Callable[[Sequence[Outgoing]], None],
    outgoing: Sequence[Outgoing],
    instead_of: Callable[[Outgoing, RecordError], Outgoing],
) -> None:
    """Publish; where a record is refused, its halves, down to the one, keeping the order.

    In place of a refused record goes what ``instead_of`` makes of it, which may be
    refused in its turn.
    """
    try:
        publish(outgoing)
    except RecordError as error:
        if len(outgoing) == 1:
            publish_past_refusals(publish, [instead_of(outgoing[0], error)], instead_of)
            return
        middle = len(outgoing) // 2
        for half in (outgoing[:middle], outgoing[middle:]):
            publish_past_refusals(publish, half, instead_of)


class Outbox:
    """The way out of one stage. Its methods return once everything is durable."""

    def __init__(self, stage: str, log: Log, clock: Clock, meter: Meter, retry: Retry) -> None:
        self._stage = stage
        self._log = log
        self._clock = clock
        self._meter = meter
        self._retry = retry

    def send(self, outcome: Outcome) -> None:
        """Publish the outputs and a dead letter for each failure, in one call.

        Passing failures are retried for ever. Raises Stopped and StateError.
        """
        outgoing = list(outcome.outputs)
        for record, error in outcome.failures:
            if record is None:  # a tick of the clock failed, and no record is to blame
                self._meter.error(error)
            else:
                self._meter.dead(error, record)
                letter = letter_for_record(self._stage, record, error, self._clock.now())
                outgoing.append(to_dead_topic(letter))
        if outgoing:
            publish_past_refusals(self._publish, outgoing, self._instead_of)

    def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        self._retry(lambda: self._log.publish(outgoing))

    def _instead_of(self, refused: Outgoing, error: RecordError) -> Outgoing:
        if refused.topic == POSTS_DEAD.name:
            return shortened(refused)
        self._meter.dead(error, refused)
        letter = letter_for_output(self._stage, refused, error, self._clock.now())
        return to_dead_topic(letter)
