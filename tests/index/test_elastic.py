"""What is particular to the index on Elasticsearch, on a real one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from index.cursor import cursor_of
from index.elastic import ElasticConnection, ElasticIndex, ElasticWriter, schema
from index.elastic.alphabet import as_bytes, as_text
from index.elastic.bulk import CONFLICT, Bulk
from index.elastic.client import Server
from index.elastic.compile import MAX_LEVELS
from index.elastic.document import put_post
from index.elastic.layout import Layout
from index.elastic.renewal import outdated, renew
from index.elastic.retention import drop_before, forget_before
from index.events import decode
from index.port import SearchRequest
from index.query.ast import And, MatchAll, Node, Not, Or, Phrase, Prefix, Term, Wildcard
from index.query.predicate import compile_predicate
from model.clock import DAY, SystemClock, from_datetime
from model.enriched import Enrichment
from model.errors import IndexUnavailable, QueryError, StateCorrupt
from model.post import Geo
from tests.contracts.index_posts import enriched, entries, entry, made, seen
from tests.contracts.index_support import after, found, shown, store

FRIDAY = from_datetime(datetime(2026, 11, 20, 12, tzinfo=UTC))


@pytest.fixture
def writer(elastic: ElasticConnection) -> Iterator[ElasticWriter]:
    with contextlib.closing(ElasticWriter(elastic)) as writer:
        yield writer


@pytest.fixture
def index(elastic: ElasticConnection) -> Iterator[ElasticIndex]:
    with contextlib.closing(ElasticIndex(elastic)) as index:
        yield index


@pytest.fixture
def server(elastic: ElasticConnection) -> Iterator[Server]:
    with contextlib.closing(Server(elastic)) as server:
        yield server


def periods(elastic: ElasticConnection, server: Server) -> list[str]:
    return sorted(Layout(server, elastic).periods())


def test_a_post_stands_in_the_index_of_its_own_day(
    writer: ElasticWriter, elastic: ElasticConnection, server: Server
) -> None:
    old = from_datetime(datetime(2019, 5, 1, tzinfo=UTC))
    times = (FRIDAY, FRIDAY - 13 * 3_600_000_000, old, -1, 2**60)
    store(writer, *entries(made(f"x:main:{n}", at=at) for n, at in enumerate(times)))
    assert periods(elastic, server) == ["2019", "2026.11.19", "2026.11.20", "earlier", "later"]


@pytest.mark.parametrize("revisions", [(0, 0), (0, 1), (1, 2)])
def test_a_version_of_another_day_leaves_no_copy(
    writer: ElasticWriter, index: ElasticIndex, revisions: tuple[int, int]
) -> None:
    first, second = revisions
    store(writer, entry(made(text="first", rev=first, at=FRIDAY)))
    store(writer, entry(made(text="second", op="edit", rev=second, at=FRIDAY - 3 * DAY)))
    assert index.count(SearchRequest()) == 1
    assert shown(index) == "second"
    store(writer, entry(made(op="delete", rev=second)))
    assert index.count(SearchRequest()) == 0


def test_the_same_post_under_another_date_is_one(
    writer: ElasticWriter, index: ElasticIndex
) -> None:
    for day in (0, 1, 2, 1):
        store(writer, entry(made(at=FRIDAY + day * DAY)))
    assert index.count(SearchRequest()) == 1
    assert index.count(SearchRequest(since=FRIDAY + DAY)) == 1


def test_both_records_are_stored_byte_by_byte(
    writer: ElasticWriter, server: Server, elastic: ElasticConnection
) -> None:
    written = entry(made(text="\0 🔥 \u202e é", at=FRIDAY, html="\x1b[0m"))
    store(writer, written)
    (hit,) = server.search({}, f"{elastic.prefix}-posts")["hits"]["hits"]
    stored = hit["_source"]
    assert as_bytes(stored["post"]) == written.post
    assert as_bytes(stored["enrichment"]) == written.enrichment
    assert stored["@timestamp"] == FRIDAY // 1_000


def test_every_byte_has_a_character_that_json_need_not_escape() -> None:
    every = bytes(range(256)) * 2
    text = as_text(every)
    assert as_bytes(text) == every
    assert msgspec.json.encode(text) == b'"' + text.encode() + b'"'
    assert as_text(b"fire at the mill") == "fire at the mill"


def test_kibana_finds_time_and_place(
    writer: ElasticWriter, server: Server, elastic: ElasticConnection
) -> None:
    store(writer, entry(made(at=FRIDAY, geo=Geo(51.236, -0.57)), enriched("")))
    around = {"lat": 51.24, "lon": -0.57}
    friday = {"gte": "2026-11-20", "lt": "2026-11-21", "format": "strict_date"}
    for query in (
        {"geo_distance": {"distance": "2km", "location": around}},
        {"range": {"@timestamp": friday}},
    ):
        hits = server.search({"query": query}, f"{elastic.prefix}-posts")["hits"]
        assert hits["total"]["value"] == 1, query


LONG = "https://example.org/" + "a" * 230 + "?q=e"
LONGER = LONG[:-5] + "b" * 10


@pytest.mark.parametrize(
    "query",
    [
        Term(LONG),
        Term(LONGER),
        Prefix("https://exam"),
        Prefix(LONG[:200]),
        Wildcard("*q=e"),
        Wildcard("h?tps*b"),
        Wildcard("*e*"),
        Wildcard("*7*"),
        Phrase(("see", LONG, "now")),
        Phrase((LONG, LONG)),
        Phrase((LONG, "now"), slop=1),
        Phrase(("see", LONGER), slop=2),
    ],
)
def test_tokens_longer_than_elasticsearch_takes(
    writer: ElasticWriter, index: ElasticIndex, query: Node
) -> None:
    texts = (f"see {LONG} now", f"see it {LONGER} now", f"{LONG} {LONG}", "no such word")
    posts = [entry(made(f"x:main:{n}"), _tokens(text)) for n, text in enumerate(texts)]
    store(writer, *posts)
    predicate = compile_predicate(query)
    expected = {f"x:main:{n}" for n, post in enumerate(posts) if predicate(seen(post))}
    assert found(index, query) == expected


def test_pages_by_relevance_are_those_of_one_moment(
    writer: ElasticWriter, index: ElasticIndex
) -> None:
    texts = ("fire " * (n + 1) + "film" for n in range(9))
    store(writer, *entries(made(f"x:main:{n}", text) for n, text in enumerate(texts)))
    request = SearchRequest(query=Term("fire"), sort="relevance", limit=4)
    shown_ids: list[str] = []
    cursor = None
    for number in range(3):
        page = index.search(request if number == 0 else after(request, cursor))
        shown_ids += [hit.post.uid for hit in page.hits]
        cursor = page.cursor
        store(writer, entry(made(f"x:late:{number}", "fire " * 20)))
    assert cursor is None
    assert sorted(shown_ids) == [f"x:main:{n}" for n in range(9)]


def test_a_view_that_is_gone_is_said_so(
    writer: ElasticWriter, index: ElasticIndex, server: Server
) -> None:
    store(writer, *entries(made(f"x:main:{n}", "fire") for n in range(3)))
    request = SearchRequest(query=Term("fire"), sort="relevance", limit=1)
    cursor = index.search(request).cursor
    server.ask("DELETE", "/_pit", {"id": _view(cursor, request)})
    with pytest.raises(QueryError, match="too old"):
        index.search(after(request, cursor))


def test_a_query_of_too_many_levels_is_refused_in_words(
    writer: ElasticWriter, index: ElasticIndex
) -> None:
    store(writer, entry(made(text="fire")))
    query: Node = Term("fire")
    for _ in range(MAX_LEVELS // 2):
        query = And((Or((query, Term("film"))), Not(Term("flood"))))
    request = SearchRequest(query=query, since=0, until=DAY)
    assert index.count(request) == 1
    with pytest.raises(QueryError, match="brackets"):
        index.count(SearchRequest(query=Or((query, Term("film")))))


def test_a_request_that_a_deletion_has_overtaken_comes_too_late(
    writer: ElasticWriter, index: ElasticIndex, elastic: ElasticConnection, server: Server
) -> None:
    post = entry(made(at=FRIDAY))
    store(writer, post)
    store(writer, entry(made(op="delete", rev=1)))
    (late,), _ = decode([post])
    item = put_post(f"{elastic.prefix}-posts-2026.11.20", 1, late)
    (outcome,) = Bulk(server, SystemClock()).send([item])
    assert outcome.status == CONFLICT
    store(writer, post)
    assert index.count(SearchRequest()) == 0


def test_writers_that_take_turns_know_of_each_other(elastic: ElasticConnection) -> None:
    with (
        contextlib.closing(ElasticWriter(elastic)) as one,
        contextlib.closing(ElasticWriter(elastic)) as other,
        contextlib.closing(ElasticIndex(elastic)) as index,
    ):
        store(one, *entries(made(f"x:main:{n}", author="7") for n in range(3)))
        store(other, entry(made("x:main:0", op="delete")))
        store(one, entry(made("x:main:0", "back", op="edit", rev=3)))
        assert found(index, MatchAll()) == {"x:main:1", "x:main:2"}
        other.write([entry(made("x:main:8", author="7"))])
        store(one, entry(made("x:main:account", author="7", op="account_delete")))
        other.write([entry(made("x:main:9", author="7"))])
        other.commit()
        store(other, entry(made("x:main:10", author="7")))
        assert found(index, MatchAll()) == set()


def test_what_a_killed_writer_left_of_a_deleted_account_goes(elastic: ElasticConnection) -> None:
    with (
        contextlib.closing(ElasticWriter(elastic)) as one,
        contextlib.closing(ElasticIndex(elastic)) as index,
    ):
        killed = ElasticWriter(elastic)
        killed.write([entry(made("x:main:1"))])
        store(one, entry(made("x:main:account", author="7", op="account_delete")))
        killed.write([entry(made("x:main:2", author="7"))])  # and never commits
        with contextlib.closing(ElasticWriter(elastic)) as follower:
            store(follower, entry(made("x:main:3")))
        assert found(index, MatchAll()) == {"x:main:1", "x:main:3"}
        killed.close()


def test_old_days_are_dropped_and_the_last_is_kept(
    writer: ElasticWriter, index: ElasticIndex, elastic: ElasticConnection, server: Server
) -> None:
    times = (FRIDAY - 2 * DAY, FRIDAY - DAY, FRIDAY, 0, -1, 2**60)
    store(writer, *entries(made(f"x:main:{n}", at=at) for n, at in enumerate(times)))
    dropped = drop_before(elastic, FRIDAY)
    assert [name.removeprefix(f"{elastic.prefix}-posts-") for name in dropped] == [
        "earlier-v1", "1970-v1", "2026.11.18-v1", "2026.11.19-v1",
    ]  # fmt: skip
    assert drop_before(elastic, FRIDAY) == []
    assert found(index, MatchAll()) == {"x:main:2", "x:main:5"}
    with pytest.raises(IndexUnavailable):
        writer.write([entry(made("x:main:7", at=FRIDAY - DAY))])
    store(writer, entry(made("x:main:7", at=FRIDAY - DAY)))
    assert found(index, MatchAll()) == {"x:main:2", "x:main:5", "x:main:7"}


def test_what_is_forgotten_is_of_posts_that_no_index_holds(
    writer: ElasticWriter, index: ElasticIndex, elastic: ElasticConnection
) -> None:
    store(writer, *entries([made("x:main:1", at=FRIDAY - DAY), made("x:main:2", at=FRIDAY)]))
    store(writer, entry(made("x:main:3", op="delete", at=FRIDAY - DAY)))
    drop_before(elastic, FRIDAY)
    assert forget_before(elastic, 0) == 0
    assert forget_before(elastic, SystemClock().now() + DAY) == 2
    assert forget_before(elastic, SystemClock().now() + DAY) == 0
    store(writer, entry(made("x:main:2", "again", at=FRIDAY + DAY)))
    assert index.count(SearchRequest()) == 1


def test_a_new_mapping_while_posts_are_searched_and_edited(
    writer: ElasticWriter, index: ElasticIndex, elastic: ElasticConnection
) -> None:
    store(writer, *entries(made(f"x:main:{n}", "fire", at=FRIDAY) for n in range(5)))
    store(writer, entry(made("x:main:0", "second", op="edit", rev=2, at=FRIDAY)))
    store(writer, entry(made("x:main:1", op="delete", rev=1)))
    assert outdated(elastic) == []
    assert renew(elastic, "2026.11.20") == 0
    assert renew(elastic, "2026.11.20", version=schema.VERSION + 1) == 4
    assert found(index, MatchAll()) == {f"x:main:{n}" for n in (0, 2, 3, 4)}
    store(writer, entry(made("x:main:0", "stale", op="edit", rev=1, at=FRIDAY)))
    store(writer, entry(made("x:main:0", "third", op="edit", rev=3, at=FRIDAY)))
    store(writer, entry(made("x:main:1", "fire", at=FRIDAY)), entry(made("x:main:9", at=FRIDAY)))
    assert shown(index, "x:main:0") == "third"
    assert index.count(SearchRequest()) == 5


def test_a_newer_tocsin_is_not_overwritten(elastic: ElasticConnection, server: Server) -> None:
    newer = schema.template(f"{elastic.prefix}-posts", elastic)
    newer["_meta"]["version"] = schema.VERSION + 1
    server.ask("PUT", f"/_index_template/{elastic.prefix}-posts", newer)
    with contextlib.closing(ElasticWriter(elastic)) as writer, pytest.raises(StateCorrupt):
        writer.write([entry(made())])


def test_ids_longer_than_elasticsearch_takes(writer: ElasticWriter, index: ElasticIndex) -> None:
    start = "x:main:" + "é" * 300
    uids = [f"{start}{n}" for n in range(3)]
    store(writer, *entries(made(uid) for uid in uids))
    store(writer, entry(made(uids[1], op="delete")))
    assert found(index, MatchAll()) == {uids[0], uids[2]}
    assert shown(index, uids[2]) == ""
    assert index.search(SearchRequest(sort="oldest", limit=1)).hits[0].post.uid == uids[0]


def _tokens(text: str) -> Enrichment:
    return msgspec.structs.replace(enriched(""), tokens=text)


def _view(cursor: str | None, request: SearchRequest) -> str:
    read = cursor_of(after(request, cursor))
    assert read is not None
    return read.view
