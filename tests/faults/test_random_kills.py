"""Processes of a real pipeline are killed at random: the same posts, the same incidents.

`make bench ARGS=kills` does the same with more posts and more kills.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import corpus, kills
from bench.__main__ import SOURCE

POSTS = 12_000
KILLS = 6


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_workers_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    corpus.write(posts, SOURCE, POSTS)
    outcomes = []
    for name, number in (("quiet", 0), ("disturbed", KILLS)):
        (tmp_path / name).mkdir()
        outcomes.append(kills.run(tmp_path / name / "state", posts, kills=number))
    quiet, disturbed = outcomes
    assert len(disturbed.killed) == KILLS
    assert quiet.published == quiet.searchable == POSTS
    assert disturbed.searchable == POSTS
    assert (quiet.dead, disturbed.dead) == (0, 0)
    assert quiet.incidents
    assert disturbed.incidents == quiet.incidents
