"""A supervised pipeline: which processes it has, how it is watched, how it ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence

import structlog

from cli.board import Snapshot
from cli.faces import Face, LiveFace, PlainFace
from cli.observing import WATCH, Observation, observing
from cli.output import console, printable
from cli.stages import STAGES, processes
from cli.supervise import ChildSpec, ChildState, Supervisor
from cli.wiring import Wiring
from model.errors import StateCorrupt, TransientError

_LOG = structlog.get_logger(__name__)
REFRESH_SECONDS = 0.5
PRUNE_SECONDS = 600.0
INGEST = "ingest"


def stage_specs(wiring: Wiring, *, collecting: bool) -> list[ChildSpec]:
    """One process per stage, and for the enricher one per core; the collectors where the
    sources file names any, be it only to say of them that they may not run."""
    found = wiring.sources()
    specs = []
    if collecting and (found.entries or found.problems):
        specs.append(ChildSpec(INGEST, ("run", INGEST, "--parent", str(os.getpid()))))
    for stage in STAGES:
        count = processes(wiring, stage)
        for number in range(1, count + 1):
            name = stage if count == 1 else f"{stage}-{number}"
            specs.append(ChildSpec(name, ("run", stage, "--parent", str(os.getpid()))))
    return specs


@contextlib.contextmanager
def running(
    wiring: Wiring, extra: Sequence[ChildSpec] = (), *, collecting: bool = False
) -> Iterator[Supervisor]:
    """A pipeline that runs while the block does, with or without the collectors.

    Raises StateLocked if one runs on this state already, StateNotWritable if the state
    cannot be written.
    """
    wiring.state.prepare()
    with wiring.state.owned():
        wiring.report_place.clear()
        wiring.create_topics()
        supervisor = Supervisor(
            [*stage_specs(wiring, collecting=collecting), *extra],
            output=wiring.state.output,
            clock=wiring.clock,
        )
        supervisor.start()
        try:
            yield supervisor
        finally:
            supervisor.stop()


def watch(wiring: Wiring, supervisor: Supervisor, stopped: Callable[[], bool]) -> None:
    """Keep the processes alive and the board fresh until asked to stop."""
    out = console()
    prune_at = wiring.clock.monotonic() + PRUNE_SECONDS
    face: Face = LiveFace(out) if out.is_terminal else PlainFace(out)
    with face, observing(wiring, WATCH) as observation:
        while not stopped():
            supervisor.tend()
            with contextlib.suppress(TransientError):  # what is busy now is there at the next look
                face.show(_snapshot(wiring, supervisor, observation))
            if wiring.clock.monotonic() >= prune_at:
                _prune(wiring)
                prune_at = wiring.clock.monotonic() + PRUNE_SECONDS
            wiring.clock.sleep(REFRESH_SECONDS)
        face.show(_snapshot(wiring, supervisor, observation))


def _prune(wiring: Wiring) -> None:
    """Damage stops neither the board nor the stages that can still work: doctor names it."""
    try:
        wiring.log.prune(wiring.clock.now())
    except (TransientError, StateCorrupt) as error:
        _LOG.warning("retention was put off", cause=str(error))


def _snapshot(wiring: Wiring, supervisor: Supervisor, observation: Observation) -> Snapshot:
    health = wiring.health_desk.look(wiring.caller)
    observation.health(health)
    incidents = wiring.incident_desk.open_incidents(wiring.caller)
    children = supervisor.states()
    return Snapshot(
        at=wiring.clock.now(),
        incidents=tuple(incidents),
        health=health,
        settled=health.idle and not any(child.passing and child.pid for child in children),
        notices=(*_retractions(wiring), *_notices(children)),
    )


def _retractions(wiring: Wiring) -> Iterator[str]:
    for incident in wiring.incident_desk.retracted(wiring.caller):
        where = incident.place or "place unknown"
        yield f"WITHDRAWN {printable(incident.title)}, {printable(where)}: {incident.id}"


def _notices(children: Sequence[ChildState]) -> Iterator[str]:
    for child in children:
        if child.pid is None and not child.done:
            yield f"{child.name} is down (exit {child.last_exit}); see {child.output}"
