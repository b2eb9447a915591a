"""The capacity model of docs/scaling.md: how many cores, partitions, shards and bytes.

.venv/bin/python -m bench.capacity

A model, not a measurement: it multiplies costs that were measured one by one. Each cost says
where it comes from; replace it by your own and read the tables again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

BUSY = 0.7
"""The share of a core, of a server, or of a disk that may be planned for."""
CATCH_UP = 2.0
"""How much faster than the peak the chain must be, so that an outage can be made up for."""
SHARD_BYTES = 30e9
"""A shard that Elasticsearch moves and merges with ease."""
DISK_BYTES = 1e12
"""One disk of a server as one buys it."""
DAY_SECONDS = 86_400


class Cost(NamedTuple):
    """CPU of one stage in microseconds per post, and where the figure comes from."""

    stage: str
    cpu_us: float
    origin: str


CHAIN = "docs/performance.md: the whole chain, embedded"
CLIENT = "kafka-python 3.0 with lz4, 1 KB records: produce 22 us, consume 8 us"
COSTS = (
    Cost("ingest", 50 + 22, f"{CHAIN}; {CLIENT}"),
    Cost("enrich", 157 + 8 + 22, f"{CHAIN}; {CLIENT}"),
    Cost("index", 89 + 8, f"{CHAIN}, as long as encoding for Elasticsearch is not measured"),
    Cost("match", 32 + 8, f"{CHAIN}; {CLIENT}"),
    Cost("window", 5, CHAIN),
    Cost("Elasticsearch", 48, "client.bulk of 677-byte posts into a warm node, one shard"),
)

RAW_BYTES = 1_750
"""One post with the platform's own bytes, as the log keeps it."""
ENRICHED_BYTES = 700
"""What enrichment adds; on Kafka the post's bytes travel along once more."""
LOG_COMPRESSION = 0.75
"""What lz4 leaves of them."""
INDEX_BYTES = 600 + RAW_BYTES * 0.5
"""One post in the index: 490 to 620 bytes of postings and fields were measured, and the
platform's bytes are stored beside them, about halved."""


class Limit(NamedTuple):
    """What one of a kind can do, in posts a second, and what to do when it is not enough."""

    part: str
    posts_per_second: float
    change: str


LIMITS = (
    Limit("embedded, two cores", 5_000, "go over to the profile stack"),
    Limit("one ingest process", 1e6 / 72, "split the sources over several collectors"),
    Limit("one Kafka broker", 44_000, "three brokers, replication factor 3"),
    Limit("one Elasticsearch node, two cores", 1e6 / 48 * 2, "more nodes, a shard for each"),
    Limit("one index process", 1e6 / 97, "scale index: --scale index=N"),
    Limit("one enricher", 1e6 / 187, "scale enrich: --scale enrich=N, as many as partitions"),
    Limit("one match process", 1e6 / 40, "scale match: --scale match=N"),
)


class Shortage(NamedTuple):
    """A part that is too small, by how many times, and what to do."""

    part: str
    times: float
    change: str


class Demand(NamedTuple):
    """A stream: posts a second on average and in its busiest minute; days in log and index."""

    name: str
    mean: float
    peak: float
    log_days: float = 7.0
    index_days: float = 31.0
    copies: int = 1


DEMANDS = (
    Demand("one force", 5, 50),
    Demand("all 43 forces of England and Wales", 215, 2_150),
    Demand("a large platform, whole", 5_700, 17_100, log_days=2.0, copies=2),
)


class Plan(NamedTuple):
    """What a demand needs."""

    demand: Demand
    cores: dict[str, float]
    processes: dict[str, int]
    partitions: int
    log_bytes: float
    index_bytes: float
    shards_a_day: int

    @property
    def total_cores(self) -> float:
        """Cores of all stages and of Elasticsearch; brokers and PostgreSQL come on top."""
        return sum(self.cores.values())


def plan(demand: Demand, costs: Sequence[Cost] = COSTS) -> Plan:
    """Cores and processes for catching up at the peak; bytes for the average."""
    rate = demand.peak * CATCH_UP
    cores = {cost.stage: rate * cost.cpu_us / 1e6 / BUSY for cost in costs}
    processes = {stage: max(1, math.ceil(count)) for stage, count in cores.items()}
    daily = demand.mean * DAY_SECONDS
    log = (RAW_BYTES + RAW_BYTES + ENRICHED_BYTES) * LOG_COMPRESSION
    return Plan(
        demand=demand,
        cores=cores,
        processes=processes,
        partitions=partitions(processes["enrich"]),
        log_bytes=daily * demand.log_days * log * demand.copies,
        index_bytes=daily * demand.index_days * INDEX_BYTES * demand.copies,
        shards_a_day=max(1, math.ceil(daily * INDEX_BYTES / SHARD_BYTES)),
    )


def partitions(enrichers: int) -> int:
    """Partitions for so many enrichers: twice as many, that there is room to grow, and never
    fewer than six, since they are fixed once posts are in."""
    return max(6, 2 * enrichers)


def breaking(demand: Demand) -> list[Shortage]:
    """What is too small with one of each, the scarcest first."""
    needed = plan(demand)
    shares = [
        Shortage(limit.part, demand.peak / (limit.posts_per_second * BUSY), limit.change)
        for limit in LIMITS
    ]
    for what, size, change in (
        ("the log", needed.log_bytes, "keep fewer days, or more brokers"),
        ("the index", needed.index_bytes, "keep fewer days, or more nodes"),
    ):
        share = size / (DISK_BYTES * BUSY)
        shares.append(Shortage(f"one disk of {_bytes(DISK_BYTES)} for {what}", share, change))
    return sorted((each for each in shares if each.times > 1), key=lambda each: -each.times)


def tables() -> Iterator[str]:
    """The tables of docs/scaling.md, each a block of Markdown."""
    plans = [plan(demand) for demand in DEMANDS]
    yield _table(
        ("cost", "CPU a post", "from"), ((c.stage, f"{c.cpu_us:.0f} us", c.origin) for c in COSTS)
    )
    yield _table(
        ("", *(p.demand.name for p in plans)),
        (
            ("posts a second, average", *(f"{p.demand.mean:,.0f}" for p in plans)),
            ("posts a second, busiest minute", *(f"{p.demand.peak:,.0f}" for p in plans)),
            *(
                (f"cores for {cost.stage}", *(_cores(p.cores[cost.stage]) for p in plans))
                for cost in COSTS
            ),
            ("cores in all", *(_cores(p.total_cores) for p in plans)),
            ("enrich processes", *(f"{p.processes['enrich']:,}" for p in plans)),
            ("partitions", *(f"{p.partitions:,}" for p in plans)),
            ("log, days kept", *(f"{p.demand.log_days:g}" for p in plans)),
            ("log on disk", *(_bytes(p.log_bytes) for p in plans)),
            ("index, days kept", *(f"{p.demand.index_days:g}" for p in plans)),
            ("index on disk", *(_bytes(p.index_bytes) for p in plans)),
            ("copies of each", *(f"{p.demand.copies}" for p in plans)),
            ("shards a day", *(f"{p.shards_a_day:,}" for p in plans)),
        ),
    )
    for demand in DEMANDS:
        rows = [(each.part, f"{each.times:.1f} times", each.change) for each in breaking(demand)]
        rows = rows or [("nothing", "-", "one of each is enough")]
        yield _table((f"{demand.name}: what breaks first", "too small by", "change"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cores(count: float) -> str:
    return f"{count:.2f}" if count < 1 else f"{count:,.1f}"


def _bytes(count: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1e6:,.0f} MB"


if __name__ == "__main__":
    print("\n\n".join(tables()))
