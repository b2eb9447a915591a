"""Where the time of a stage goes: its hot path under a profiler, in this process."""

from __future__ import annotations

import cProfile
import pstats
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bus.port import Record
from bus.stage import Stage
from cli.stages import build_stage
from cli.wiring import Wiring
from config.settings import read_settings
from ingest.replay import ReplayOptions, ReplaySource
from model.post import POST
from model.topics import POSTS_ENRICHED, POSTS_RAW

STAGES = ("enrich", "index", "match")
BATCH = 500
ROWS = 30


def show(stage: str, posts: Path) -> None:
    """Print the functions that a stage spends its time in, the dearest first."""
    with tempfile.TemporaryDirectory(prefix="tocsin-profile-") as folder:
        settings = read_settings().model_copy(update={"state": Path(folder)})
        wiring = Wiring(settings)
        raw = read_posts(posts)
        records = raw if stage == "enrich" else enriched_posts(build_stage(wiring, "enrich"), raw)
        profiler = cProfile.Profile()
        subject = build_stage(wiring, stage)
        profiler.enable()
        _run(subject, records)
        profiler.disable()
        subject.close()
        wiring.close()
    statistics = pstats.Stats(profiler)
    statistics.sort_stats("tottime").print_stats(ROWS)


def enriched_records(posts: Path) -> list[Record]:
    """Posts of a file as the indexer gets them."""
    with tempfile.TemporaryDirectory(prefix="tocsin-profile-") as folder:
        settings = read_settings().model_copy(update={"state": Path(folder)})
        wiring = Wiring(settings)
        records = enriched_posts(build_stage(wiring, "enrich"), read_posts(posts))
        wiring.close()
    return records


def read_posts(posts: Path) -> list[Record]:
    """The posts of a file as they stand in the log."""
    source = ReplaySource(posts, ReplayOptions())
    source.open({})
    records: list[Record] = []
    finished = False
    while not finished:
        batch = source.fetch(now=0, max_items=BATCH)
        finished = batch.finished
        for post in batch.posts:
            offset = len(records)
            records.append(Record(POSTS_RAW.name, 0, offset, post.uid, POST.encode(post)))
    source.close()
    return records


def enriched_posts(enricher: Stage, raw: Sequence[Record]) -> list[Record]:
    """The same as the enricher passes them on."""
    records = []
    for start in range(0, len(raw), BATCH):
        batch = raw[start : start + BATCH]
        for source, output in zip(batch, enricher.process(batch).outputs, strict=True):
            where = (POSTS_ENRICHED.name, source.partition, source.offset, source.key)
            records.append(Record(*where, output.value, source.value))
    return records


def _run(stage: Stage, records: Sequence[Record]) -> None:
    for start in range(0, len(records), BATCH):
        stage.process(records[start : start + BATCH])
        stage.settle(force=False)
    stage.settle(force=True)
