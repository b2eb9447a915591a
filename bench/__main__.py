"""``make bench``: what the embedded pipeline does on this machine, as figures.

make bench
make bench ARGS='chain --posts tweets.jsonl.gz'
make bench ARGS='latency --rate 200'
make bench ARGS='kills --posts tweets.jsonl.gz --kills 20'
make bench ARGS='profile enrich'
make bench ARGS='elastic'
make bench ARGS='kafka --count 100000'
make bench ARGS='kafka-faults --times 5'
make bench ARGS='rules --count 20000'
make bench ARGS='chain --rules 10000'
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import msgspec

from bench import (
    chain,
    corpus,
    elastic_index,
    kafka_faults,
    kafka_log,
    kills,
    latency,
    profile,
    rules,
)

SOURCE = Path(__file__).resolve().parent.parent / "config" / "demo" / "evening.jsonl"
GOAL = 5_700


def main() -> None:
    """Run what was asked for; everything but the profile when nothing was."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        if arguments.what in ("all", "chain"):
            _chain(arguments, Path(folder))
        if arguments.what in ("all", "latency"):
            _latency(arguments, Path(folder))
        if arguments.what == "kills":
            _kills(arguments, Path(folder))
        if arguments.what == "elastic":
            _elastic(arguments, Path(folder))
        if arguments.what == "kafka":
            _kafka(arguments)
        if arguments.what == "kafka-faults":
            kafka_faults.show(arguments.times)
        if arguments.what == "rules":
            _rules(_posts(arguments, Path(folder)))
        if arguments.what == "profile":
            profile.show(arguments.stage, _posts(arguments, Path(folder)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    servers = ("kafka", "kafka-faults", "elastic")
    what = ("all", "chain", "latency", "kills", "profile", "rules", *servers)
    parser.add_argument("what", nargs="?", choices=what, default="all")
    parser.add_argument("stage", nargs="?", choices=profile.STAGES, default="enrich")
    parser.add_argument("--posts", type=Path, help="a file of posts; composed ones by default")
    parser.add_argument("--count", type=int, default=60_000, help="how many posts to compose")
    parser.add_argument("--length", type=int, default=100, help="their length in characters")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--rate", type=int, default=200, help="posts a second, for latency")
    parser.add_argument("--seconds", type=int, default=60, help="how long, for latency")
    parser.add_argument("--rules", type=int, default=0, help="rules beside the shipped ones")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--times", type=int, default=3, help="how often to try each fault")
    return parser.parse_args()


def _posts(arguments: argparse.Namespace, folder: Path) -> Path:
    if arguments.posts:
        return Path(arguments.posts).resolve()
    file = folder / "posts.jsonl"
    corpus.write(file, SOURCE, arguments.count, length=arguments.length)
    return file


def _chain(arguments: argparse.Namespace, folder: Path) -> None:
    posts = _posts(arguments, folder)
    print(f"embedded chain, {os.cpu_count()} cores, {posts.name}, {arguments.passes} passes")
    passes = []
    state = folder / "chain" / "state"
    state.parent.mkdir()
    if arguments.rules:
        os.environ["TOCSIN_CONFIG"] = str(rules.write(folder / "config", SOURCE, arguments.rules))
    with chain.pipeline(state) as environment:
        for number in range(arguments.passes):
            passes.append(chain.measure(state, environment, posts, f"pass-{number + 1}"))
            _print_pass(number + 1, passes[-1])
    growth = passes[-1].peak_mb - passes[0].peak_mb
    print(f"memory from the first to the last pass: {growth:+,.0f} MB")
    print(json.dumps({"chain": msgspec.to_builtins(passes)}))


def _print_pass(number: int, figures: chain.Pass) -> None:
    print(
        f"  pass {number}: {figures.posts:,} posts in {figures.seconds:.1f} s, "
        f"{figures.posts_per_second:,.0f} posts/s (goal {GOAL:,}), "
        f"{figures.cpu_us:.0f} us of CPU a post (calibration loop {figures.loop_seconds:.2f} s)"
    )
    for stage, cost in figures.stages.items():
        print(f"    {stage:8} {cost.cpu_us:7.1f} us/post  {cost.peak_mb:6.0f} MB")


def _latency(arguments: argparse.Namespace, folder: Path) -> None:
    place = folder / "latency"
    place.mkdir()
    figures = latency.measure(place, SOURCE, rate=arguments.rate, seconds=arguments.seconds)
    print(
        f"collected to incident at {figures.rate} posts/s, {figures.matches:,} matches: "
        f"p50 {figures.p50_ms:.0f} ms, p99 {figures.p99_ms:.0f} ms"
    )
    print(json.dumps({"latency": msgspec.to_builtins(figures)}))


def _rules(posts: Path) -> None:
    figures = rules.measure(posts, SOURCE)
    least = figures.costs[0]
    for cost in figures.costs:
        more = (cost.match_us - least.match_us) / (least.match_us + least.enrich_us)
        print(
            f"{cost.rules:6,} rules: {cost.match_us:6.1f} us of CPU a post to match, "
            f"{cost.matches:.2f} matches a post, loaded in {cost.load_seconds:.1f} s; "
            f"enriching and matching {more:+.1%} beside {least.rules} rules"
        )
    print(json.dumps({"rules": msgspec.to_builtins(figures)}))


def _kills(arguments: argparse.Namespace, folder: Path) -> None:
    posts = _posts(arguments, folder)
    outcomes = {}
    for name, number in (("quiet", 0), ("disturbed", arguments.kills)):
        state = folder / name / "state"
        state.parent.mkdir()
        outcomes[name] = kills.run(state, posts, kills=number)
        outcome = outcomes[name]
        print(
            f"{name}: {outcome.published:,} handed out, {outcome.searchable:,} searchable, "
            f"{outcome.dead} dead, {len(outcome.incidents)} incidents, "
            f"{len(outcome.killed)} kills {sorted(outcome.killed)}, {outcome.seconds:.0f} s"
        )
    same = outcomes["quiet"].incidents == outcomes["disturbed"].incidents
    print(f"the same incidents: {'yes' if same else 'NO'}")
    print(f"the same posts: {outcomes['quiet'].searchable == outcomes['disturbed'].searchable}")


def _elastic(arguments: argparse.Namespace, folder: Path) -> None:
    figures = elastic_index.measure(_posts(arguments, folder), arguments.passes)
    for threads, rate in figures.bare.items():
        print(f"bare client.bulk, {threads} in flight: {rate:,.0f} posts/s")
    print(
        f"writer: {figures.writer:,.0f} posts/s, {figures.share:.2f} of the better "
        f"(goal {elastic_index.GOAL}); CPU a post: {figures.client_cpu_us:.0f} us here, "
        f"{figures.server_cpu_us:.0f} us of the server (with the bare client "
        f"{figures.bare_server_cpu_us:.0f}); calibration loop {figures.loop_seconds:.2f} s"
    )
    print(json.dumps({"elastic": msgspec.to_builtins(figures)}))


def _kafka(arguments: argparse.Namespace) -> None:
    figures = kafka_log.measure(arguments.count, arguments.passes)
    print(f"a real broker on the same {os.cpu_count()} cores, {figures.records:,} records of 1 KB:")
    print(
        f"  publish {figures.publish:,.0f}/s, {figures.publish_share:.2f} of the bare client's "
        f"{figures.raw_publish:,.0f}/s"
    )
    print(
        f"  consume {figures.consume:,.0f}/s, {figures.consume_share:.2f} of the bare client's "
        f"{figures.raw_consume:,.0f}/s"
    )
    print(json.dumps({"kafka": msgspec.to_builtins(figures)}))


if __name__ == "__main__":
    main()
