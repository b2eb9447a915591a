"""``tocsin doctor``: what is wrong, in words a person can act on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from cli.findings import Finding, failed
from cli.wiring import Wiring
from index.port import SearchRequest
from model.clock import MINUTE, from_datetime
from model.errors import TocsinError

EARLIEST = from_datetime(datetime(2026, 1, 1, tzinfo=UTC))
ROOM_WRONG = 500_000_000
ROOM_WARNING = 5_000_000_000


Check = Callable[[Wiring], Iterator[Finding]]


def examine(wiring: Wiring) -> Iterator[Finding]:
    """Every check, one after the other; a failing one does not hide the rest."""
    for what, check in _checks(wiring):
        try:
            yield from check(wiring)
        except TocsinError as error:
            yield failed(what, error)


def _checks(wiring: Wiring) -> Iterator[tuple[str, Check]]:
    yield from (("Python", _python), ("state folder", _state), ("disk", _disk))
    if wiring.settings.profile == "stack":
        from cli.doctor_stack import SERVERS

        yield from SERVERS
    else:
        yield from (("operational record", _store), ("log", _log), ("search index", _index))
    yield ("clock", _clock)
    yield from (("gazetteer and lexicon", _enricher), ("rules", _rules), ("sources", _sources))
    yield ("pipeline", _pipeline)


def _python(wiring: Wiring) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", "well", f"{version}, profile {wiring.settings.profile}")


def _state(wiring: Wiring) -> Iterator[Finding]:
    wiring.state.prepare()
    mode = wiring.state.root.stat().st_mode & 0o777
    if mode & 0o077:
        remedy = f"Run: chmod 700 {wiring.state.root}"
        yield Finding("state folder", "warning", f"others may read it (mode {mode:o})", remedy)
    else:
        yield Finding("state folder", "well", str(wiring.state.root))


def _disk(wiring: Wiring) -> Iterator[Finding]:
    free = wiring.state.free_bytes()
    detail = f"{free / 1e9:,.1f} GB free"
    if free < ROOM_WRONG:
        yield Finding("disk", "wrong", detail, "Make room, or lower log.keep_days")
    elif free < ROOM_WARNING:
        yield Finding("disk", "warning", detail, "Make room before the log needs it")
    else:
        yield Finding("disk", "well", detail)


def _clock(wiring: Wiring) -> Iterator[Finding]:
    """A clock that stands before the newest record is certainly wrong."""
    newest = max((report.updated_at for report in wiring.reports()), default=0)
    if wiring.clock.now() < max(newest - MINUTE, EARLIEST):
        yield Finding("clock", "wrong", "it stands in the past", "Set the machine's time (NTP)")
    else:
        yield Finding("clock", "well", "plausible")


def _store(wiring: Wiring) -> Iterator[Finding]:
    from store.engine import open_store

    open_store(wiring.store_url).close()
    yield Finding("operational record", "well", "opens, and its tables are current")


def _log(wiring: Wiring) -> Iterator[Finding]:
    wiring.create_topics()
    health = wiring.health_desk.look(wiring.caller)
    dead = health.dead_letters
    for damage in health.damage:
        yield Finding("log", "wrong", damage)
    if dead:
        remedy = "See `tocsin dead list`; mend the cause, then `tocsin dead retry`"
        yield Finding("log", "warning", f"{dead:,} dead letters", remedy)
    else:
        yield Finding("log", "well", "opens, no dead letters")


def _index(wiring: Wiring) -> Iterator[Finding]:
    total = wiring.search_index.count(SearchRequest())
    yield Finding("search index", "well", f"opens, {total:,} posts")


def _enricher(wiring: Wiring) -> Iterator[Finding]:
    for problem in wiring.enricher().problems:
        yield Finding("lexicon", "wrong", str(problem), "Correct the entry; the others work")
    yield Finding("gazetteer and lexicon", "well", "load")


def _rules(wiring: Wiring) -> Iterator[Finding]:
    rules = wiring.rules()
    kept = wiring.kept_rules(rules)
    for problem in rules.problems:
        good = kept.get(problem.rule_id)
        runs = f"; its version {good.version} runs" if good else ""
        remedy = "Correct the file; the other rules run"
        yield Finding("rules", "wrong", f"{problem}{runs}", remedy)
    present = {loaded.rule.id for loaded in rules.rules}
    for rule_id, why in wiring.unsure_rules().items():
        if rule_id not in present:
            continue
        detail = f"{rule_id} cannot know what was not posted: {why}"
        yield Finding("rules", "warning", detail, "See `tocsin coverage`")
    yield Finding("rules", "well", f"{len(rules.rules) + len(kept)} rules run")


def _sources(wiring: Wiring) -> Iterator[Finding]:
    found = wiring.sources()
    for problem in found.problems:
        yield Finding("sources", "wrong", str(problem), "Correct the file; other sources run")
    yield Finding("sources", "well", f"{len(found.entries)} sources may run")


def _pipeline(wiring: Wiring) -> Iterator[Finding]:
    if not wiring.is_running():
        yield Finding("pipeline", "warning", "not running", "Start it with `tocsin up`")
        return
    for stage in wiring.health_desk.look(wiring.caller).stages:
        if stage.processes == 0:
            where = wiring.state.output
            yield Finding("pipeline", "wrong", f"{stage.stage} is down", f"See {where}")
        elif stage.last_error:
            yield Finding("pipeline", "warning", f"{stage.stage}: {stage.last_error}")
        else:
            yield Finding("pipeline", "well", f"{stage.stage} runs, lag {stage.lag}")
