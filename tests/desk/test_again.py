"""Enriching again: what is sent, what would change, and what stays as it became."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from bus.embedded import EmbeddedLog
from bus.port import Log, Record, Retention
from desk.access import Caller, Refused
from desk.again import PAGE, AgainDesk
from desk.search import Question, SearchDesk
from enrich.pipeline import Enricher, build_enricher
from enrich.stage import EnrichStage
from enrich.tokens import fold_tokens
from index.embedded import TantivyIndex, TantivyWriter
from index.indexer import Indexer
from index.port import Entry
from index.query.ast import Node
from index.query.parse import parse
from model.clock import HOUR, MovableClock
from model.enriched import ENRICHMENT, Enrichment, Place
from model.post import POST, Again, Operation, Post, post_event_id
from model.topics import GROUP_ENRICH, POSTS_ENRICHED, POSTS_RAW, TOPICS
from store.engine import Store, open_store
from tests.enrich.conftest import LEXICONS

NOW = 1_790_000_000_000_000
ANALYST = Caller("j.doe", "a new lexicon")
EVERY = Question(query="*")


def made(number: int, text: str, op: Operation = "create", rev: int = 0) -> Post:
    uid = f"test:again:{number}"
    return Post(
        event_id=post_event_id(uid, op, rev),
        op=op,
        uid=uid,
        rev=rev,
        text=text,
        published_at=NOW - (number + 1) * HOUR,
        collected_at=NOW - (number + 1) * HOUR,
    )


def indexed(post: Post, enrichment: Enrichment | None = None) -> Entry:
    tokens = " ".join(fold_tokens(post.text or ""))
    return Entry(POST.encode(post), ENRICHMENT.encode(enrichment or Enrichment(tokens=tokens)))


class Bench(msgspec.Struct):
    """An index and a log as a pipeline has them."""

    folder: Path
    log: Log
    store: Store
    clock: MovableClock

    def write(self, *entries: Entry) -> None:
        writer = TantivyWriter(self.folder / "index")
        assert writer.write(entries) == []
        writer.close()

    def index(self) -> TantivyIndex:
        return TantivyIndex(self.folder / "index")

    def desk(self) -> AgainDesk:
        search = SearchDesk(self.index(), self.store, understand, self.clock)
        return AgainDesk(search, self.log, self.clock)

    def raw(self) -> list[Record]:
        """What was published, in the log's order."""
        ends = self.log.ends(POSTS_RAW.name)
        return [r for p in ends for r in self.log.read(POSTS_RAW.name, p, 0, 10_000)]

    def run(self, enricher: Enricher) -> list[Record]:
        """Enrich and index what was published; returns the enriched records."""
        outputs = EnrichStage(enricher).process(self.raw()).outputs
        records = [
            Record(POSTS_ENRICHED.name, 0, n, out.key, out.value, out.source.value)
            for n, out in enumerate(outputs)
            if out.source is not None
        ]
        indexer = Indexer(TantivyWriter(self.folder / "index"), clock=self.clock)
        assert list(indexer.process(records).rejects) == []
        assert indexer.settle(force=True)
        indexer.close()
        return records


def understand(query: str) -> Node:
    return parse(query, fold_tokens)


@pytest.fixture(scope="module")
def enricher(tmp_path_factory: pytest.TempPathFactory) -> Enricher:
    cache = tmp_path_factory.mktemp("cache")
    return build_enricher(lexicons=LEXICONS, cache=cache, areas=LEXICONS.parent / "areas")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock = MovableClock(NOW)
    log = EmbeddedLog(tmp_path / "log", max_record_bytes=1_000_000, clock=clock)
    for topic in TOPICS:
        log.create(topic, partitions=2, retention=Retention())
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield Bench(tmp_path, log, store, clock)
    store.close()
    log.close()


def test_posts_are_enriched_anew_and_replace_what_was_there(
    bench: Bench, enricher: Enricher
) -> None:
    bench.write(indexed(made(1, "Fire in Chesterfield")), indexed(made(2, "nothing at all")))
    sent = bench.desk().send(ANALYST, EVERY)
    assert (sent.published, sent.refused, sent.whole) == (2, 0, True)
    bench.run(enricher)
    hit = bench.index().get("test:again:1")
    assert hit is not None
    assert hit.enrichment.areas == ("chesterfield",)
    assert hit.enrichment.versions is not None
    assert hit.post.text == "Fire in Chesterfield"
    assert bench.desk().compare(ANALYST, EVERY, enricher).changed == 0


def test_only_what_the_query_finds_is_sent(bench: Bench) -> None:
    bench.write(*[indexed(made(n, "fire" if n % 2 else "rain")) for n in range(6)])
    sent = bench.desk().send(ANALYST, Question(query="fire", since=NOW - 5 * HOUR))
    assert sent.published == len(bench.raw()) == 2
    assert {record.key for record in bench.raw()} == {"test:again:1", "test:again:3"}


def test_every_page_is_sent_once(bench: Bench) -> None:
    many = 2 * PAGE + 7
    bench.write(*[indexed(made(n, "fire")) for n in range(many)])
    told: list[tuple[int, int]] = []
    sent = bench.desk().send(ANALYST, EVERY, progress=lambda *at: told.append(at))
    assert sent.published == len({record.key for record in bench.raw()}) == many
    assert told[-1] == (many, many)


def test_it_can_be_stopped_between_pages(bench: Bench) -> None:
    bench.write(*[indexed(made(n, "fire")) for n in range(2 * PAGE)])
    answers = iter((True, False))
    sent = bench.desk().send(ANALYST, EVERY, ready=lambda: next(answers))
    assert (sent.published, sent.whole) == (PAGE, False)


def test_what_became_of_a_post_meanwhile_stays(bench: Bench, enricher: Enricher) -> None:
    bench.write(indexed(made(1, "first words")), indexed(made(2, "to be deleted")))
    bench.desk().send(ANALYST, EVERY)
    edit, deletion = made(1, "edited words", "edit", rev=1), made(2, "", "delete", rev=1)
    bench.write(indexed(edit), indexed(deletion))
    bench.run(enricher)
    hit = bench.index().get("test:again:1")
    assert hit is not None
    assert hit.post.text == "edited words"
    assert bench.index().get("test:again:2") is None


@pytest.mark.parametrize("match", [False, True])
def test_every_post_says_that_it_was_sent_again(bench: Bench, match: bool) -> None:
    bench.write(indexed(made(1, "fire")))
    bench.desk().send(ANALYST, EVERY, match=match)
    (record,) = bench.raw()
    assert POST.decode(record.value) == replace(made(1, "fire"), again=Again(NOW, match))


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    bench: Bench, enricher: Enricher
) -> None:
    wrong = Place(start=0, end=4, text="Fire", name="Fire", kind="town", confidence=0.5, id="x:1")
    stale = Enrichment(tokens="fire in chesterfield", places=(wrong,))
    bench.write(indexed(made(1, "Fire in Chesterfield"), stale))
    difference = bench.desk().compare(ANALYST, EVERY, enricher)
    assert (difference.posts, difference.changed) == (1, 1)
    assert difference.lost == {"place Fire (x:1)": 1}
    assert difference.gained["area chesterfield"] == 1
    assert bench.raw() == []
    assert bench.log.positions(GROUP_ENRICH, POSTS_RAW.name).get(0, 0) == 0


def test_nobody_without_purpose_sends_anything(bench: Bench, enricher: Enricher) -> None:
    bench.write(indexed(made(1, "fire")))
    desk = bench.desk()
    with pytest.raises(Refused):
        desk.send(Caller("j.doe", " "), EVERY)
    with pytest.raises(Refused):
        desk.compare(Caller("", "duty"), EVERY, enricher)
    assert bench.raw() == []
