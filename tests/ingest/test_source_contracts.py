"""Every shipped source keeps the contract of sources."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.download import Downloader
from ingest.feeds import FeedSource
from ingest.replay import ReplaySource
from tests.contracts.source import MakeSource, SourceContract
from tests.ingest.feeds_text import Story, rss
from tests.platforms.web import Reply, WebServer

COUNT = 9


def jsonl() -> bytes:
    lines = [
        json.dumps({"id": n, "text": f"text {n}", "created_at": f"2026-11-20T18:0{n}:00Z"})
        for n in range(COUNT)
    ]
    lines.insert(4, '{"id": 99, "text": "half a li')
    return "\n".join(lines).encode()


def csv() -> bytes:
    rows = [f'{n},2026-11-20T18:0{n}:00Z,"text {n},\nof two lines"' for n in range(COUNT)]
    rows.insert(4, '99,yesterday,"no such time"')
    return "\n".join(["id,created_at,text", *rows, ""]).encode()


class ReplayContract(SourceContract):
    @pytest.fixture
    def expected(self) -> list[str]:
        return [f"replay:evening:{n}" for n in range(COUNT)]


class TestReplayOfJsonLines(ReplayContract):
    @pytest.fixture
    def make_source(self, tmp_path: Path) -> MakeSource:
        path = tmp_path / "evening.jsonl"
        path.write_bytes(jsonl())
        return lambda: ReplaySource(path)


class TestReplayOfPackedJsonLines(ReplayContract):
    @pytest.fixture
    def make_source(self, tmp_path: Path) -> MakeSource:
        path = tmp_path / "evening.jsonl.gz"
        path.write_bytes(gzip.compress(jsonl()))
        return lambda: ReplaySource(path)


class TestReplayOfCsv(ReplayContract):
    @pytest.fixture
    def make_source(self, tmp_path: Path) -> MakeSource:
        path = tmp_path / "evening.csv"
        path.write_bytes(csv())
        return lambda: ReplaySource(path)


class TestReplayOfPackedCsv(ReplayContract):
    @pytest.fixture
    def make_source(self, tmp_path: Path) -> MakeSource:
        path = tmp_path / "evening.csv.gz"
        path.write_bytes(gzip.compress(csv()))
        return lambda: ReplaySource(path)


class TestFeeds(SourceContract):
    @pytest.fixture
    def make_source(self) -> Iterator[MakeSource]:
        stories = [Story(guid=f"g{n}", title=f"title {n}", body="b") for n in range(COUNT)]
        stories.insert(4, Story(title="neither guid nor link"))
        reply = Reply(body=rss(stories), headers={"Content-Type": "application/rss+xml"})
        with WebServer({"/feed": [reply]}) as server, closing(Downloader()) as downloader:
            yield lambda: FeedSource("news", server.url("/feed"), downloader)

    @pytest.fixture
    def expected(self) -> list[str]:
        """The oldest first, as far as a feed's order tells."""
        return [f"feed:127.0.0.1:g{n}" for n in reversed(range(COUNT))]
