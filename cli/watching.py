"""``tocsin run watch``: looks at the whole, so that a dead stage does not go unnoticed.

A stage that has died cannot say how far behind it is, nor a collector that it sees
nothing. This process reads both from the log and the operational record.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from cli.observing import Observation
from cli.wiring import Wiring
from desk.verdict import troubles
from model.errors import TransientError

LOOK_SECONDS = 5.0
GLANCE_SECONDS = 0.2

_LOG = structlog.get_logger(__name__)


def watch_pipeline(wiring: Wiring, observation: Observation, stop: Callable[[], bool]) -> None:
    """Look again and again until asked to stop; say in the log what is not well, once.

    A look that fails is left out: the last one ages, and Prometheus can see that.
    """
    known: set[str] = set()
    next_look = wiring.clock.monotonic()
    while not stop():
        if wiring.clock.monotonic() >= next_look:
            next_look = wiring.clock.monotonic() + LOOK_SECONDS
            known = _look(wiring, observation, known)
        wiring.clock.sleep(GLANCE_SECONDS)


def _look(wiring: Wiring, observation: Observation, known: set[str]) -> set[str]:
    """Returns what there is trouble about now."""
    try:
        health = wiring.health_desk.look(wiring.caller)
    except TransientError as error:
        _LOG.warning("cannot look at the pipeline", error=str(error))
        return known
    observation.health(health)
    found = troubles(health)
    for trouble in found:
        if trouble.about not in known:
            _LOG.warning("not well", about=trouble.about, words=trouble.words)
    for about in known - {trouble.about for trouble in found}:
        _LOG.info("well again", about=about)
    return {trouble.about for trouble in found}
