"""Stories: who told them first, who copied, who passed on, and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.access import Caller, Refused
from desk.spread import MOST_STEPS, NoSuchStory, SpreadDesk
from index.embedded import TantivyIndex, TantivyWriter
from index.port import Entry
from model.clock import DAY, HOUR, MINUTE
from model.enriched import ENRICHMENT, Enrichment
from model.post import POST, Author, Post, PostKind, post_event_id
from store.engine import Store, open_store

NOW = 1_790_000_000_000_000
ANALYST = Caller("j.doe", "duty")


def told(
    name: str, at: int, author: str = "a", kind: PostKind = "post", *, cluster: int = 77,
    platform: str = "x",
) -> Entry:  # fmt: skip
    uid = f"{platform}:main:{name}"
    post = Post(
        event_id=post_event_id(uid, "create", 0),
        op="create",
        uid=uid,
        kind=kind,
        repost_of="x:main:other" if kind == "repost" else None,
        text="a knife at the bus stop",
        author=Author(author),
        published_at=NOW + at,
    )
    return Entry(POST.encode(post), ENRICHMENT.encode(Enrichment(tokens="knife", cluster=cluster)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Iterator[SpreadDesk]:
    writer = TantivyWriter(tmp_path / "index")
    entries = [
        told("old", -30 * DAY),
        told("early-repost", 0, "b", "repost"),
        told("first", 1 * MINUTE, "a"),
        told("copy", 3 * MINUTE, "c", platform="mastodon"),
        told("again", 4 * MINUTE, "a"),
        *[told(f"r{n}", (5 + n) * MINUTE, f"crowd{n}", "repost") for n in range(600)],
        told("alone", HOUR, "d", cluster=5),
        told("mute", HOUR, "e", cluster=0),
        told("ahead", 40 * DAY, "z"),
    ]
    assert writer.write(entries) == []
    writer.close()
    index = TantivyIndex(tmp_path / "index")
    yield SpreadDesk(index, store)
    index.close()


def test_original_copies_and_reposts_are_told_apart(desk: SpreadDesk) -> None:
    story = desk.story(ANALYST, "x:main:copy".replace("x:", "mastodon:"))
    assert (story.originals, story.copies, story.reposts) == (1, 2, 601)
    assert story.posts == 604
    assert story.authors == 603
    assert story.first.uid == "x:main:early-repost"
    assert {t.uid: t.role for t in story.tellings[:4]} == {
        "x:main:early-repost": "repost",
        "x:main:first": "original",
        "mastodon:main:copy": "copy",
        "x:main:again": "copy",
    }
    assert story.platforms == {"x": 603, "mastodon": 1}
    assert (story.earlier, story.later) == (1, 1)
    assert story.whole


def test_the_curve_adds_up_without_gaps(desk: SpreadDesk) -> None:
    story = desk.story(ANALYST, "x:main:first")
    assert sum(step.posts for step in story.curve) == story.posts
    assert sum(step.copy for step in story.curve) == story.copies
    starts = [step.since for step in story.curve]
    assert starts == list(range(starts[0], starts[-1] + 1, story.step))
    assert len(starts) <= MOST_STEPS + 1
    assert starts[0] <= story.first.at < starts[0] + story.step


def test_a_number_shows_the_latest_story_and_the_window_divides(desk: SpreadDesk) -> None:
    latest = desk.story(ANALYST, "77")
    assert (latest.first.uid, latest.posts, latest.earlier) == ("x:main:ahead", 1, 605)
    everything = desk.story(ANALYST, "77", window=60 * DAY)
    assert (everything.posts, everything.earlier) == (606, 0)
    assert everything.tellings[0].role == "original"


def test_a_post_of_its_own_is_a_story_of_one(desk: SpreadDesk) -> None:
    story = desk.story(ANALYST, "x:main:alone")
    assert (story.posts, len(story.curve)) == (1, 1)


@pytest.mark.parametrize(
    ("name", "cause"), [("x:main:nobody", "index"), ("99", "index"), ("x:main:mute", "no words")]
)
def test_what_has_no_story_is_said(desk: SpreadDesk, name: str, cause: str) -> None:
    with pytest.raises(NoSuchStory, match=cause):
        desk.story(ANALYST, name)


def test_nobody_without_purpose_looks(desk: SpreadDesk) -> None:
    with pytest.raises(Refused):
        desk.story(Caller("j.doe", ""), "77")
