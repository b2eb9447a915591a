"""The stage between the log and the index, with a real index behind it."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.port import Record
from bus.stage import Stage
from index.embedded import TantivyIndex, TantivyWriter
from index.indexer import CROWD, Indexer
from index.port import Entry, SearchRequest
from model.clock import MILLISECOND, MovableClock
from model.errors import IndexUnavailable, MalformedRecord
from tests.contracts.index_posts import entry, made


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def stage(tmp_path: Path, clock: MovableClock) -> Iterator[Indexer]:
    writer = TantivyWriter(tmp_path)
    with contextlib.closing(Indexer(writer, clock=clock, commit_records=10)) as stage:
        yield stage


@pytest.fixture
def index(tmp_path: Path, stage: Indexer) -> Iterator[TantivyIndex]:
    with contextlib.closing(TantivyIndex(tmp_path)) as index:
        yield index


def record(offset: int, written: Entry | None = None) -> Record:
    """A record of the enriched topic, joined with its post."""
    post, enrichment = written or entry(made(f"x:main:{offset}"))
    return Record("posts.enriched", 0, offset, f"x:main:{offset}", enrichment, post)


def total(index: TantivyIndex) -> int:
    """How many posts can be found."""
    return index.count(SearchRequest())


def test_it_is_a_stage(stage: Stage) -> None:
    assert (stage.name, stage.inputs) == ("index", ("posts.enriched",))


def test_a_commit_comes_when_enough_has_gathered(stage: Indexer, index: TantivyIndex) -> None:
    stage.process([record(n) for n in range(9)])
    assert not stage.settle(force=False)
    assert total(index) == 0
    stage.process([record(9)])
    assert stage.settle(force=False)
    assert total(index) == 10


def test_a_commit_comes_after_some_time(
    stage: Indexer, index: TantivyIndex, clock: MovableClock
) -> None:
    stage.process([record(1)])
    clock.advance(300 * MILLISECOND)
    stage.process([record(2)])
    assert not stage.settle(force=False)
    clock.advance(200 * MILLISECOND)
    assert stage.settle(force=False)
    assert total(index) == 2


def test_a_stage_that_is_behind_waits_longer(tmp_path: Path, clock: MovableClock) -> None:
    with contextlib.closing(Indexer(TantivyWriter(tmp_path), clock=clock)) as stage:
        stage.process([record(n) for n in range(CROWD)])
        clock.advance(600 * MILLISECOND)
        assert not stage.settle(force=False)
        stage.process([record(CROWD)])
        assert stage.settle(force=False), "it has caught up"


def test_force_commits_at_once_and_nothing_needs_no_commit(
    stage: Indexer, index: TantivyIndex
) -> None:
    assert stage.settle(force=False)
    stage.process([])
    assert stage.settle(force=True)
    stage.process([record(1)])
    assert stage.settle(force=True)
    assert total(index) == 1


def test_bad_records_are_rejected_and_the_rest_is_indexed(
    stage: Indexer, index: TantivyIndex
) -> None:
    good, without_post, broken = record(1), record(2)._replace(base=b""), record(3)
    broken = broken._replace(value=b"\xc1")
    result = stage.process([without_post, good, broken])
    assert [reject.record for reject in result.rejects] == [without_post, broken]
    assert all(isinstance(reject.error, MalformedRecord) for reject in result.rejects)
    assert not result.outputs
    assert stage.settle(force=True)
    assert total(index) == 1


def test_a_failed_commit_is_tried_again(stage: Indexer, index: TantivyIndex) -> None:
    stage.process([record(n) for n in range(10)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(IndexUnavailable):
            stage.settle(force=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert stage.settle(force=False)
    assert total(index) == 10


def test_closing_commits(tmp_path: Path, clock: MovableClock) -> None:
    with contextlib.closing(Indexer(TantivyWriter(tmp_path), clock=clock)) as stage:
        stage.process([record(1)])
    with contextlib.closing(TantivyIndex(tmp_path)) as index:
        assert total(index) == 1
