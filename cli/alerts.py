"""``tocsin alerts``: incidents, and what controllers do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import RenderableType
from rich.rule import Rule as Line
from rich.text import Text

from cli.context import wire
from cli.output import console, day_or_time, emit, iso, moment, printable, severity, table
from model.incident import GONE_STATES, OPEN_STATES, Incident

if TYPE_CHECKING:
    from alerts.incidents import IncidentFile

JSON = typer.Option("--json", help="One JSON object a line.")
NAME = typer.Argument(help="The incident's id, or as many first letters as are unambiguous.")
WORDS = typer.Argument(help="Your words for the timeline.")

app = typer.Typer(help="Incidents: what a controller must look at.", no_args_is_help=True)


@app.command("list")
def list_alerts(
    *,
    every: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    gone: Annotated[bool, typer.Option("--gone", help="Merged and withdrawn ones too.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Open incidents, the last raised first.

    Examples:

      tocsin alerts list

      tocsin alerts list --all --json
    """
    with wire() as wiring:
        states = OPEN_STATES if not (every or gone) else None
        found = wiring.incident_desk.incidents(wiring.caller, states)
        now = wiring.clock.now()
    if not gone:
        found = [incident for incident in found if incident.state not in GONE_STATES]
    if as_json:
        for incident in found:
            emit(_as_object(incident))
    elif found:
        columns = ("id", "severity", "last post", "posts#", "where…", "what…")
        console().print(table(columns, (_row(incident, now) for incident in found)))
    else:
        console().print("No open incidents." if states else "No incidents.")


@app.command()
def show(name: Annotated[str, NAME], *, as_json: Annotated[bool, JSON] = False) -> None:
    """One incident: what to do, its posts, its timeline, who was told.

    Example:

      tocsin alerts show 3f9a
    """
    with wire() as wiring:
        file = wiring.incident_desk.file(wiring.caller, name)
    if as_json:
        emit({**_as_object(file.incident), "timeline": file.timeline, "posts_shown": file.posts})
        return
    out = console()
    for part in _sheet(file):
        out.print(part)


@app.command()
def ack(
    name: Annotated[str, NAME],
    words: Annotated[str, WORDS] = "",
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Acknowledge: you have it in hand.

    Example:

      tocsin alerts ack 3f9a
    """
    with wire() as wiring:
        _tell(wiring.incident_desk.acknowledge(wiring.caller, name, words), as_json=as_json)


@app.command()
def start(
    name: Annotated[str, NAME],
    words: Annotated[str, WORDS] = "",
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Somebody is at work on it.

    Example:

      tocsin alerts start 3f9a "Unit 12 on the way"
    """
    with wire() as wiring:
        _tell(wiring.incident_desk.start(wiring.caller, name, words), as_json=as_json)


@app.command()
def note(
    name: Annotated[str, NAME],
    words: Annotated[str, WORDS],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Add your words to the timeline.

    Example:

      tocsin alerts note 3f9a "Caller at the scene confirms"
    """
    with wire() as wiring:
        _tell(wiring.incident_desk.note(wiring.caller, name, words), as_json=as_json)


@app.command()
def close(
    name: Annotated[str, NAME],
    words: Annotated[str, WORDS] = "",
    *,
    false_alarm: Annotated[
        bool, typer.Option("--false-alarm", help="There was nothing to act on.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Close: resolved, or a false alarm.

    Examples:

      tocsin alerts close 3f9a

      tocsin alerts close 3f9a --false-alarm "a film trailer"
    """
    with wire() as wiring:
        desk = wiring.incident_desk
        act = desk.call_false if false_alarm else desk.resolve
        _tell(act(wiring.caller, name, words), as_json=as_json)


def _tell(incident: Incident, *, as_json: bool) -> None:
    if as_json:
        emit(_as_object(incident))
    else:
        console().print(f"{incident.id} is {incident.state.replace('_', ' ')}")


def _as_object(incident: Incident) -> dict[str, object]:
    times = {
        name: iso(getattr(incident, name))
        for name in ("first_at", "last_at", "raised_at", "updated_at", "closed_at")
    }
    return {**msgspec.structs.asdict(incident), **times}


def _row(incident: Incident, now: int) -> tuple[str | Text, ...]:
    marks = [] if incident.state == "triggered" else [incident.state.replace("_", " ")]
    marks += ["historic"] if incident.historic else []
    what = Text(printable(incident.title))
    return (
        incident.id[:8],
        severity(incident.severity),
        day_or_time(incident.last_at, now),
        f"{incident.posts:,}",
        printable(incident.place or "place unknown"),
        what.append(f" ({', '.join(marks)})" if marks else "", style="dim"),
    )


def _sheet(file: IncidentFile) -> list[RenderableType]:
    incident = file.incident
    head = severity(incident.severity).append(f" {printable(incident.title)}", style="bold")
    facts: list[tuple[str, str | Text]] = [
        ("incident", incident.id),
        ("state", incident.state.replace("_", " ")),
        ("where", printable(incident.place or "place unknown")),
        ("posts", f"{incident.posts:,}, {moment(incident.first_at)} to {moment(incident.last_at)}"),
        ("do", Text(printable(incident.response), style="bold")),
        ("rule", f"{incident.rule_id}, version {incident.rule_version[:12]}"),
    ]
    posts = [
        (moment(post.event_at), post.uid, printable(post.excerpt or "(taken back)"))
        for post in file.posts
    ]
    told = [(d.channel, d.status.replace("_", " "), f"{d.attempts}") for d in file.deliveries]
    past = [
        (moment(entry.at, seconds=True), entry.actor, entry.action, printable(entry.detail))
        for entry in file.timeline
    ]
    return [
        head,
        table(("", ""), facts),
        Line("Posts", style="dim"),
        table(("published", "post", "text"), posts),
        Line("Timeline", style="dim"),
        table(("at", "who", "what", "words"), past),
        Line("Told", style="dim"),
        table(("channel", "status", "tries#"), told),
    ]
