"""The demo evening is what its workshop builds, and every row of it can be replayed."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from tests.demo.evening import Row, compose

_DEMO = Path(__file__).parents[2] / "config" / "demo"
_COPIED = {"ravenside-rumour", "chatsworth-road-call"}


def _read(name: str) -> list[Row]:
    return [json.loads(line) for line in (_DEMO / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def evening() -> list[Row]:
    return _read("evening.jsonl")


@pytest.fixture(scope="module")
def truth() -> list[Row]:
    return _read("truth.jsonl")


def test_the_committed_files_are_what_the_workshop_builds() -> None:
    files = compose()
    assert (_DEMO / "evening.jsonl").read_text("utf-8") == files.posts
    assert (_DEMO / "truth.jsonl").read_text("utf-8") == files.truth


def test_the_evening_is_a_demo_in_size_and_in_time(evening: list[Row]) -> None:
    times = [datetime.fromisoformat(str(row["created_at"])) for row in evening if "text" in row]
    assert 3_500 <= len(evening) <= 4_500
    assert (_DEMO / "evening.jsonl").stat().st_size < 1_500_000
    assert min(times).strftime("%H:%M") >= "17:00"
    assert max(times).strftime("%H:%M") <= "23:30"
    assert {row["platform"] for row in evening} == {"mastodon", "bluesky", "x", "reddit", "feed"}


def test_nobody_says_the_same_twice_but_to_spread_it(evening: list[Row], truth: list[Row]) -> None:
    spread = {post for row in truth if row["event"] in _COPIED for post in _posts(row)}
    said = Counter(
        str(row["text"])
        for row in evening
        if "op" not in row and "repost_of" not in row and row["id"] not in spread
    )
    assert [text for text, times in said.items() if times > 1] == []


def test_every_reference_leads_to_a_post_of_the_same_server(evening: list[Row]) -> None:
    server = {row["id"]: row["instance"] for row in evening}
    for row in evening:
        for name in ("reply_to", "repost_of"):
            if name in row:
                assert server[row[name]] == row["instance"]


def test_order_is_that_of_arrival_and_some_arrive_late(evening: list[Row]) -> None:
    """Late posts, and one deletion that is heard of before its post."""
    times = [datetime.fromisoformat(str(r["created_at"])) for r in evening if "op" not in r]
    late = [
        one
        for one, before in zip(times[1:], times, strict=False)
        if (before - one).total_seconds() > 600
    ]
    first_heard = {row["id"]: row.get("op", "create") for row in reversed(evening)}
    assert len(late) >= 4
    assert Counter(first_heard.values())["delete"] == 1


def test_the_truth_names_posts_that_exist(evening: list[Row], truth: list[Row]) -> None:
    ids = {row["id"] for row in evening}
    claimed = [post for row in truth for post in _posts(row)]
    assert set(claimed) <= ids
    assert len(claimed) == len(set(claimed))
    assert all(bool(row["rule"]) == row["alert"] for row in truth)


def _posts(row: Row) -> list[str]:
    posts = row["posts"]
    assert isinstance(posts, list)
    return posts
