"""The channel port: how one message reaches one recipient."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is told: plain text, never the markup of a post.

    ``id`` stays the same however often delivery is tried, so that a receiver can tell a
    repetition. ``marking`` is the protective marking of the message.
    """

    id: str
    incident_id: str
    severity: str
    title: str
    body: str
    marking: str = "OFFICIAL"


class Outcome(msgspec.Struct, frozen=True):
    """What the channel said: accepted, failed for now (try again) or failed for good."""

    status: Literal["accepted", "failed_for_now", "failed_for_good"]
    detail: str = ""


class Channel(Protocol):
    """Delivers to one recipient. Failures are outcomes, never exceptions."""

    @property
    def name(self) -> str:
        """What routes and the ledger call this channel. Holds no secret."""
        ...

    def deliver(self, message: Message) -> Outcome:
        """Try once, within the channel's own time-out."""
        ...
