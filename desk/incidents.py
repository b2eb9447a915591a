"""The controller's work on incidents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from alerts.errors import UnknownIncident
from alerts.incidents import (
    Act,
    IncidentFile,
    acknowledge,
    call_false,
    list_incidents,
    note,
    resolve,
    retracted,
    show,
    start,
)
from desk.access import Caller, admit
from model.clock import HOUR, Clock
from model.incident import OPEN_STATES, Incident, IncidentState
from model.rule import Severity
from store.engine import Store

MOST = 10_000
"""Incidents that are listed at the most."""

RETRACTED_FOR = 4 * HOUR
"""How long a withdrawn incident of which somebody was told stays in sight."""


class IncidentDesk:
    """Incidents, for people.

    An incident is named by its id or by as many of its first letters as are unambiguous;
    raises UnknownIncident for a name that fits none, or several.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def open_incidents(self, caller: Caller) -> Sequence[Incident]:
        """Those on which somebody still has to act, the last raised first."""
        return self.incidents(caller, OPEN_STATES)

    def incidents(
        self,
        caller: Caller,
        states: Collection[IncidentState] | None,
        severities: Collection[Severity] | None = None,
        limit: int = MOST,
    ) -> Sequence[Incident]:
        """Incidents in any of these states and severities; None is whatever it is."""
        admit(caller, "list incidents")
        return list_incidents(self._store, states=states, severities=severities, limit=limit)

    def retracted(self, caller: Caller) -> Sequence[Incident]:
        """Those that were lately withdrawn after somebody had been told of them."""
        admit(caller, "list incidents")
        return retracted(self._store, self._clock.now() - RETRACTED_FOR)

    def file(self, caller: Caller, name: str) -> IncidentFile:
        """All that is known of one incident."""
        admit(caller, "look at an incident")
        return show(self._store, self._id(name))

    def acknowledge(self, caller: Caller, name: str, words: str = "") -> Incident:
        """The caller has it in hand."""
        return self._act(caller, name, words, acknowledge)

    def start(self, caller: Caller, name: str, words: str = "") -> Incident:
        """Somebody is at work on it."""
        return self._act(caller, name, words, start)

    def note(self, caller: Caller, name: str, words: str) -> Incident:
        """Add the caller's words to the timeline."""
        return self._act(caller, name, words, note)

    def resolve(self, caller: Caller, name: str, words: str = "") -> Incident:
        """Nobody has to act any more."""
        return self._act(caller, name, words, resolve)

    def call_false(self, caller: Caller, name: str, words: str = "") -> Incident:
        """There was nothing to act on."""
        return self._act(caller, name, words, call_false)

    def _act(
        self,
        caller: Caller,
        name: str,
        words: str,
        act: Callable[[Store, str, Act], Incident],
    ) -> Incident:
        admit(caller, "work on an incident")
        return act(self._store, self._id(name), Act(caller.actor, self._clock.now(), words))

    def _id(self, name: str) -> str:
        found = self._store.incidents.ids_starting_with(name.strip().lower())
        if len(found) == 1:
            return found[0]
        raise UnknownIncident(
            f"no incident {name!r}" if not found else f"{name!r} is not one incident",
            cause="none was ever raised under it" if not found else f"it may be {_or(found)}",
            remedy="`tocsin alerts list --all` shows all of them",
        )


def _or(names: Sequence[str]) -> str:
    return " or ".join(names[:4]) + (" or others" if len(names) > 4 else "")
