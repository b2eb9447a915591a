"""What matching costs per post, by the number of rules."""

from __future__ import annotations

import json
import random
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from alerts.match_stage import MatchStage
from alerts.rulebook import FixedRules
from alerts.rules import RuleSet, compile_rule
from bench.calibration import loop_seconds
from bench.profile import enriched_posts, read_posts
from bus.port import Record
from cli.stages import build_stage, rarity
from cli.wiring import Wiring
from config.settings import SHIPPED, read_settings
from model.clock import DAY
from model.rule import Rule

NUMBERS = (10, 100, 1_000, 10_000)
PASSES = 3
BATCH = 500


class RuleCost(msgspec.Struct, frozen=True, kw_only=True):
    """CPU in microseconds per post with so many rules: of matching, and of the enricher on
    the same posts in the same run; ``matches`` per post, and seconds to load the rules."""

    rules: int
    match_us: float
    enrich_us: float
    matches: float
    load_seconds: float


class RuleFigures(msgspec.Struct, frozen=True):
    """The costs, and the calibration loop taken before."""

    costs: tuple[RuleCost, ...]
    loop_seconds: float


def measure(posts: Path, source: Path) -> RuleFigures:
    """Match the same enriched posts against more and more rules."""
    loop = loop_seconds()
    with tempfile.TemporaryDirectory(prefix="tocsin-rules-") as folder:
        settings = read_settings().model_copy(update={"state": Path(folder)})
        wiring = Wiring(settings)
        raw = read_posts(posts)
        enricher = build_stage(wiring, "enrich")
        enriched_posts(enricher, raw[:BATCH])
        started = time.process_time()
        records = enriched_posts(enricher, raw)
        enrich_us = (time.process_time() - started) / len(raw) * 1e6
        words = vocabulary(source)
        costs = tuple(_cost(wiring, records, words, number, enrich_us) for number in NUMBERS)
        wiring.close()
    return RuleFigures(costs, loop)


def _cost(
    wiring: Wiring, records: Sequence[Record], words: list[str], number: int, enrich_us: float
) -> RuleCost:
    started = time.process_time()
    rules = _rules(words, number)
    loaded = tuple(compile_rule(r, wiring.parse_rule, Path("bench.yaml"), 1) for r in rules)
    stage = MatchStage(FixedRules(RuleSet(loaded)), rarity, wiring.clock)
    load_seconds = time.process_time() - started
    fastest, matches = float("inf"), 0
    for _ in range(PASSES):
        matches = 0
        started = time.process_time()
        for start in range(0, len(records), BATCH):
            matches += len(stage.process(records[start : start + BATCH]).outputs)
        fastest = min(fastest, time.process_time() - started)
    return RuleCost(
        rules=number,
        match_us=fastest / len(records) * 1e6,
        enrich_us=enrich_us,
        matches=matches / len(records),
        load_seconds=load_seconds,
    )


def write(folder: Path, source: Path, number: int) -> Path:
    """A copy of the shipped configuration with so many rules more; returns its folder."""
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("demo", "*.py", "__pycache__"))
    words = vocabulary(source)
    with (folder / "rules" / "bench.yaml").open("w", encoding="utf-8") as file:
        for rule in _rules(words, number):
            keys = {"id": rule.id, "title": rule.title, "kind": rule.kind, "query": rule.query}
            file.write(f"- {json.dumps({**keys, 'window': '1d', 'response': rule.response})}\n")
    return folder


def vocabulary(source: Path) -> list[str]:
    """The words of the posts that the measured ones are made of: rules ask for what people
    write."""
    texts = [json.loads(line).get("text", "") for line in source.read_text("utf-8").splitlines()]
    return sorted(set(re.findall(r"[a-z]{4,}", " ".join(texts).lower())))


def _rules(words: list[str], number: int) -> Iterator[Rule]:
    """Rules as a force writes them: two words of which one has spellings, and a place or a
    score; one in ten a phrase."""
    draw = random.Random(number)
    for count in range(number):
        one, two, three, four = (draw.choice(words) for _ in range(4))
        query = f"{one} AND ({two} OR {three}) AND NOT {four}"
        if count % 10 == 0:
            query = f'"{one} {two}" OR ({three} AND {four} AND has:place)'
        elif count % 3 == 0:
            query += " AND (has:place OR tension.disorder:>0.5)"
        yield Rule(
            id=f"rule-{count}",
            title="Rule",
            kind="any",
            query=query,
            response="Look",
            window=DAY,
        )
