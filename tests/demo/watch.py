"""The demo evening sent through the stages that it meets in service, from file to incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from alerts.match_stage import MatchStage
from alerts.route import Router
from alerts.rulebook import FixedRules
from alerts.rules import load_rules
from alerts.window import WindowStage
from bus.port import Outgoing, Record
from bus.stage import Result, Stage
from enrich.pipeline import build_enricher
from enrich.stage import EnrichStage
from enrich.tokens import fold_tokens
from index.query.parse import parse
from ingest.replay import ReplaySource
from model.clock import DAY, MovableClock, from_datetime
from model.incident import MATCH, Incident, Match
from model.post import POST, Post
from model.topics import POSTS_RAW
from store.engine import open_store

_CONFIG = Path(__file__).parents[2] / "config"
_AFTERWARDS = from_datetime(datetime(2025, 10, 11, tzinfo=UTC))
_BATCH = 500


class Watched(NamedTuple):
    """What was seen of the evening: every post event, every match, and the incidents at
    its end, those that were withdrawn again included."""

    posts: tuple[Post, ...]
    matches: tuple[Match, ...]
    incidents: tuple[Incident, ...]


def watch(folder: Path) -> Watched:
    """Play the shipped evening to the shipped rules, with ``folder`` for the state."""
    clock = MovableClock(_AFTERWARDS)
    rules = load_rules(_CONFIG / "rules", lambda query: parse(query, fold_tokens, for_rule=True))
    assert rules.problems == ()
    enricher = build_enricher(lexicons=_CONFIG / "lexicons", cache=folder)
    assert enricher.problems == ()
    posts = tuple(_replayed())
    store = open_store(f"sqlite:///{folder / 'store.db'}")
    try:
        raw = [Outgoing(POSTS_RAW.name, post.uid, POST.encode(post)) for post in posts]
        enriched = _through(EnrichStage(enricher), raw)
        matches = _through(MatchStage(FixedRules(rules), lambda term: 1, clock), enriched)
        window = WindowStage(
            store,
            FixedRules(rules),
            Router(["console"], ["console"]),
            clock,
            historic_after=DAY,
            watermark=clock.now,
        )
        _through(window, matches, at_once=1)
        incidents = tuple(store.incidents.list(limit=1_000))
    finally:
        store.close()
    return Watched(posts, tuple(MATCH.decode(match.value) for match in matches), incidents)


def _replayed() -> list[Post]:
    """The posts of the file, all of which must be readable."""
    source = ReplaySource(_CONFIG / "demo" / "evening.jsonl")
    source.open({})
    posts: list[Post] = []
    finished = False
    while not finished:
        batch = source.fetch(_AFTERWARDS, _BATCH)
        assert batch.bad == ()
        posts += batch.posts
        finished = batch.finished
    source.close()
    return posts


def _through(stage: Stage, records: Sequence[Outgoing], *, at_once: int = _BATCH) -> list[Outgoing]:
    """What a stage makes of these records, none of which it may reject. One at once shows
    also what is raised and soon withdrawn."""
    outputs: list[Outgoing] = []
    for start in range(0, len(records), at_once):
        result: Result = stage.process(
            [_record(one, start + n) for n, one in enumerate(records[start : start + at_once])]
        )
        assert not result.rejects
        outputs += result.outputs
    stage.close()
    return outputs


def _record(sent: Outgoing, offset: int) -> Record:
    base = sent.source.value if sent.source else b""
    return Record(sent.topic, 0, offset, sent.key, sent.value, base)
