"""The delivery ledger: one row for each message to each recipient."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, select, update

from model.incident import PENDING_STATUSES, Delivery, DeliveryStatus
from store.scope import Scope
from store.statements import among, chunks, insert_new
from store.tables import DELIVERIES


class Deliveries:
    """Messages to be sent and what became of them. Times are UTC microseconds."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Add them; a message that is already in the ledger is left as it is."""
        if not deliveries:
            return
        rows = [msgspec.structs.asdict(delivery) for delivery in deliveries]
        with self._scope.writing() as connection:
            connection.execute(insert_new(connection, DELIVERIES), rows)

    def of_incidents(self, ids: Collection[str]) -> list[Delivery]:
        """The messages of these incidents, oldest first."""
        found: list[Delivery] = []
        with self._scope.reading() as connection:
            for some in chunks(ids):
                found += map(_delivery, connection.execute(_OF_INCIDENTS, {"ids": some}))
        return found

    def channels_due(self, now: int) -> list[str]:
        """The channels that have something to send."""
        chosen = select(DELIVERIES.c.channel).distinct().where(_PENDING, DELIVERIES.c.due_at <= now)
        with self._scope.reading() as connection:
            return list(connection.scalars(chosen.order_by(DELIVERIES.c.channel)))

    def waiting(self, now: int) -> int:
        """How many messages are due and not accepted yet."""
        counted = select(func.count()).where(_PENDING, DELIVERIES.c.due_at <= now)
        with self._scope.reading() as connection:
            return connection.scalar(counted) or 0

    def due(self, channel: str, now: int, limit: int) -> list[Delivery]:
        """What the channel has to send, the longest due first."""
        chosen = (
            select(*_COLUMNS)
            .where(_PENDING, DELIVERIES.c.due_at <= now, DELIVERIES.c.channel == channel)
            .order_by(DELIVERIES.c.due_at, DELIVERIES.c.message_id)
            .limit(limit)
        )
        with self._scope.reading() as connection:
            return [_delivery(row) for row in connection.execute(chosen)]

    def begin(self, message: str, now: int, until: int) -> bool:
        """Count a try and keep the message from everybody else up to ``until``.

        False if it is no longer due: somebody else has it, or it was cancelled.
        """
        taken = (
            update(DELIVERIES)
            .where(DELIVERIES.c.message_id == message, _PENDING, DELIVERIES.c.due_at <= now)
            .values(attempts=DELIVERIES.c.attempts + 1, due_at=until, updated_at=now)
        )
        with self._scope.writing() as connection:
            return connection.execute(taken).rowcount == 1

    def end(self, message: str, status: DeliveryStatus, detail: str, now: int, due_at: int) -> None:
        """Write down what became of a try; ``due_at`` is when the next one may begin."""
        ended = (
            update(DELIVERIES)
            .where(DELIVERIES.c.message_id == message)
            .values(status=status, detail=detail, updated_at=now, due_at=due_at)
        )
        with self._scope.writing() as connection:
            connection.execute(ended)

    def cancel(self, messages: Sequence[str], reason: str, now: int) -> None:
        """Do not send what is still pending of these messages."""
        with self._scope.writing() as connection:
            for some in chunks(messages):
                why = {"messages": some, "reason": reason, "now": now}
                connection.execute(_CANCEL, why)

    def take_over(self, heirs: Mapping[str, str]) -> None:
        """Move the messages of the incidents that are the keys to those that are the values."""
        if heirs:
            rows = [{"old": old, "heir": heir} for old, heir in heirs.items()]
            with self._scope.writing() as connection:
                connection.execute(_MOVE, rows)


_FIELDS = Delivery.__struct_fields__
_COLUMNS = [DELIVERIES.c[field] for field in _FIELDS]
_PENDING = DELIVERIES.c.status.in_(PENDING_STATUSES)
_OF_INCIDENTS = (
    select(*_COLUMNS)
    .where(among(DELIVERIES.c.incident_id, "ids"))
    .order_by(DELIVERIES.c.created_at, DELIVERIES.c.message_id)
)
_CANCEL = (
    update(DELIVERIES)
    .where(_PENDING, among(DELIVERIES.c.message_id, "messages"))
    .values(status="cancelled", detail=bindparam("reason"), updated_at=bindparam("now"))
)
_MOVE = (
    update(DELIVERIES)
    .where(DELIVERIES.c.incident_id == bindparam("old"))
    .values(incident_id=bindparam("heir"))
)


def _delivery(row: Sequence[Any]) -> Delivery:
    return Delivery(**dict(zip(_FIELDS, row, strict=True)))
