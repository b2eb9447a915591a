"""The desk asks who and what for, and binds every answer to what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.access import Caller, Refused
from desk.incidents import IncidentDesk
from desk.search import Question, SearchDesk
from enrich.tokens import fold_tokens, tokenize
from index.embedded import TantivyIndex, TantivyWriter
from index.port import Entry
from index.query.ast import Node
from index.query.parse import parse
from model.clock import HOUR, MovableClock
from model.enriched import ENRICHMENT, Enrichment, Place, pack_offsets
from model.post import POST, Post, post_event_id
from store.engine import Store, open_store

NOW = 1_790_000_000_000_000
ANALYST = Caller("j.doe", "duty")


def entry(number: int, text: str, place: Place | None = None) -> Entry:
    uid = f"test:desk:{number}"
    post = Post(
        event_id=post_event_id(uid, "create", 0),
        op="create",
        uid=uid,
        text=text,
        published_at=NOW - number * HOUR,
    )
    tokens = tokenize(text)
    enrichment = Enrichment(
        tokens=" ".join(tokens.folded),
        offsets=pack_offsets(tokens.offsets),
        places=(place,) if place else (),
    )
    return Entry(POST.encode(post), ENRICHMENT.encode(enrichment))


GUILDFORD = Place(
    start=8, end=17, text="Guildford", name="Guildford", kind="town", confidence=0.9,
    id="1", lat=51.236, lon=-0.570,
)  # fmt: skip


def understand(query: str) -> Node:
    return parse(query, fold_tokens)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Iterator[SearchDesk]:
    writer = TantivyWriter(tmp_path / "index")
    writer.write(
        [entry(1, "Fire in Guildford", GUILDFORD), entry(2, "Fire sale"), entry(30, "old")]
    )
    writer.close()
    index = TantivyIndex(tmp_path / "index")
    yield SearchDesk(index, store, understand, MovableClock(NOW))
    index.close()


@pytest.mark.parametrize("caller", [Caller("", "duty"), Caller("j.doe", " "), Caller(" ", "")])
def test_nobody_without_name_and_purpose_learns_anything(desk: SearchDesk, caller: Caller) -> None:
    with pytest.raises(Refused):
        desk.search(caller, Question(query="fire"))
    with pytest.raises(Refused):
        desk.count(caller, Question(query="fire"))
    with pytest.raises(Refused):
        desk.top(caller, Question(query="fire"), "place")
    with pytest.raises(Refused):
        desk.over_time(caller, Question(query="fire"), HOUR)


def test_incidents_are_not_shown_to_the_nameless(store: Store) -> None:
    desk = IncidentDesk(store, MovableClock(NOW))
    with pytest.raises(Refused):
        desk.open_incidents(Caller("", "duty"))
    with pytest.raises(Refused):
        desk.acknowledge(Caller("j.doe", ""), "abcd")


def test_an_answer_carries_the_coverage_of_its_time(desk: SearchDesk, store: Store) -> None:
    store.coverage.record("feeds:news", "live", NOW - 5 * HOUR, "", 0)
    store.coverage.record("feeds:news", "blind", NOW - 2 * HOUR, "no answer", 7)
    store.coverage.record("feeds:news", "blind", NOW, "no answer", 0)
    recent = desk.search(ANALYST, Question(query="*", since=NOW - HOUR))
    assert {interval.state for interval in recent.coverage} == {"blind"}
    whole = desk.search(ANALYST, Question(query="*"))
    assert {"live", "blind"} <= {interval.state for interval in whole.coverage}


def test_time_and_place_narrow_the_question(desk: SearchDesk) -> None:
    near = desk.search(ANALYST, Question(query="fire", near=(51.24, -0.57, 5_000)))
    assert [finding.hit.post.text for finding in near.findings] == ["Fire in Guildford"]
    assert desk.count(ANALYST, Question(query="*", since=NOW - 3 * HOUR)) == 2
    assert desk.count(ANALYST, Question(query="*", until=NOW - 3 * HOUR)) == 1
    assert desk.count(ANALYST, Question(query="*", area="nowhere")) == 0


def test_findings_are_highlighted(desk: SearchDesk) -> None:
    (first, *_) = desk.search(ANALYST, Question(query="fire")).findings
    assert [(first.hit.post.text or "")[a:b] for a, b in first.highlights] == ["Fire"]
