"""What a person is told of an incident."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.port import Message
from alerts.wording import plain
from model.clock import to_datetime
from model.episode import Contribution
from model.incident import Incident

QUOTED_POSTS = 3
"""Posts that a message quotes."""

_LONGEST_QUOTE = 160
_LONGEST_TITLE = 120
_LONGEST_RESPONSE = 600


def compose(message_id: str, incident: Incident, posts: Sequence[Contribution]) -> Message:
    """The message about an incident, with the words of some of its posts.

    Plain text with times in UTC. What is quoted was written by anybody, so it stands in
    quotation marks, on one line each, without anything that is not seen.
    """
    place = f" at {plain(incident.place, _LONGEST_TITLE)}" if incident.place else ""
    count = "1 post" if incident.posts == 1 else f"{incident.posts} posts"
    lines = [f"{count}{place}, {_span(incident)}."]
    lines.append(f"Do: {plain(incident.response, _LONGEST_RESPONSE)}")
    lines += [f"“{plain(post.excerpt, _LONGEST_QUOTE)}”" for post in posts if post.excerpt]
    lines.append(f"Incident {incident.id}")
    return Message(
        id=message_id,
        incident_id=incident.id,
        severity=incident.severity,
        title=plain(incident.title, _LONGEST_TITLE),
        body="\n".join(lines),
    )


def compose_withdrawal(message_id: str, incident: Incident) -> Message:
    """The message that what somebody was told of is no more."""
    place = f" at {plain(incident.place, _LONGEST_TITLE)}" if incident.place else ""
    return Message(
        id=message_id,
        incident_id=incident.id,
        severity=incident.severity,
        title=plain(f"Withdrawn: {incident.title}", _LONGEST_TITLE),
        body="\n".join(
            [
                f"What was reported{place}, {_span(incident)}, was taken back or changed.",
                "Do: tell whoever acts on it, and look at the incident's timeline.",
                f"Incident {incident.id}",
            ]
        ),
    )


def _span(incident: Incident) -> str:
    first, last = to_datetime(incident.first_at), to_datetime(incident.last_at)
    if incident.first_at == incident.last_at:
        return f"{first:%d %b %H:%M} UTC"
    ending = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%d %b %H:%M}"
    return f"{first:%d %b %H:%M} to {ending} UTC"
