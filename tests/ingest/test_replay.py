"""Replaying files: what is in them, whatever state they are in, and at which time."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.files import KEPT_BYTES
from ingest.port import Batch, State
from ingest.replay import BATCH_BYTES, ReplayOptions, ReplaySource
from model.clock import DAY, HOUR, MINUTE, SECOND, from_datetime
from model.errors import ConfigurationError
from model.post import Post
from tests.contracts.source import drained, uids

EVENING = from_datetime(datetime(2025, 10, 10, 17, 0, tzinfo=UTC))
NOW = from_datetime(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
AS_IF_NOW = ReplayOptions(speed=1.0, shift_to_now=True)
YEAR_9999 = from_datetime(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))


def line(native_id: int, at: int = EVENING, **fields: object) -> bytes:
    """A flat row, ended."""
    row = {"id": native_id, "text": f"text {native_id}", "created_at": at, **fields}
    return json.dumps(row).encode() + b"\n"


def written(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def replayed(path: Path, options: ReplayOptions | None = None, state: State | None = None) -> Batch:
    """Everything that is in the file, as one batch."""
    source = ReplaySource(path, options or ReplayOptions())
    source.open(state or {})
    batches = drained(source, 500, NOW)
    source.close()
    return Batch(
        posts=tuple(post for batch in batches for post in batch.posts),
        bad=tuple(item for batch in batches for item in batch.bad),
        finished=batches[-1].finished,
    )


class TestBadInput:
    """Each bad item is told with file, line and cause; everything else flows on."""

    def test_bad_lines_between_good_ones(self, tmp_path: Path) -> None:
        bad = {
            2: b'{"id": 2, "text": "half a li',
            4: b'{"id": 4, "text": "\xff\xfe"}',
            6: b'{"text": "no id"}',
            8: b'{"id": 8, "created_at": "2026-11-20T18:30:05"}',
            10: b"not json at all",
        }
        lines = [bad[n] + b"\n" if n in bad else line(n) for n in range(1, 12)]
        path = written(tmp_path / "mixed.jsonl", *lines)

        batch = replayed(path)

        assert uids([batch]) == [f"replay:mixed:{n}" for n in (1, 3, 5, 7, 9, 11)]
        assert [item.origin for item in batch.bad] == [f"{path}:{n}" for n in bad]
        assert [item.original for item in batch.bad] == list(bad.values())
        assert all(item.cause and item.error == "MalformedRecord" for item in batch.bad)

    def test_a_post_of_twenty_megabytes_is_kept_whole_as_a_bad_item(self, tmp_path: Path) -> None:
        huge = line(2, text="a" * 20_000_000)
        batch = replayed(written(tmp_path / "huge.jsonl", line(1), huge, line(3)))

        assert uids([batch]) == ["replay:huge:1", "replay:huge:3"]
        assert batch.bad[0].error == "RecordTooLarge"
        assert batch.bad[0].original == huge.strip()

    def test_a_line_without_end_never_fills_the_memory(self, tmp_path: Path) -> None:
        endless = b"a" * (KEPT_BYTES + 5_000_000) + b"\n"
        batch = replayed(written(tmp_path / "long.jsonl", line(1), endless, line(3)))

        assert uids([batch]) == ["replay:long:1", "replay:long:3"]
        assert len(batch.bad[0].original) == KEPT_BYTES
        assert f"{len(endless):,} bytes" in batch.bad[0].cause

    def test_items_for_which_there_is_room_come_in_several_batches(self, tmp_path: Path) -> None:
        big = [line(n, text="a" * 90_000) for n in range(200)]
        source = ReplaySource(written(tmp_path / "big.jsonl", *big))
        source.open({})
        batch = source.fetch(NOW, 500)
        source.close()
        assert sum(len(post.raw.data) for post in batch.posts if post.raw) < BATCH_BYTES + 100_000

    def test_blank_lines_a_byte_order_mark_and_windows_endings_are_no_items(
        self, tmp_path: Path
    ) -> None:
        lines = (
            b"\xef\xbb\xbf",
            line(1).replace(b"\n", b"\r\n"),
            b"\n",
            b"  \r\n",
            line(2).strip(),
        )
        batch = replayed(written(tmp_path / "a.jsonl", *lines))
        assert uids([batch]) == ["replay:a:1", "replay:a:2"]
        assert batch.bad == ()

    def test_a_duplicate_is_another_record_of_the_same_post(self, tmp_path: Path) -> None:
        batch = replayed(written(tmp_path / "a.jsonl", line(1), line(1, text="differs")))
        assert uids([batch]) == ["replay:a:1", "replay:a:1"]
        assert batch.posts[0].event_id == batch.posts[1].event_id

    def test_an_archive_that_is_cut_off_gives_what_it_holds(self, tmp_path: Path) -> None:
        packed = gzip.compress(b"".join(line(n) for n in range(2_000)))
        path = written(tmp_path / "cut.jsonl.gz", packed[: len(packed) // 2])
        batch = replayed(path)

        assert batch.finished
        assert len(batch.posts) > 100
        assert "cut off" in batch.bad[-1].cause

    def test_an_archive_that_is_none_is_one_bad_item(self, tmp_path: Path) -> None:
        batch = replayed(written(tmp_path / "no.jsonl.gz", line(1)))
        assert batch.posts == ()
        assert "archive" in batch.bad[0].cause

    def test_an_empty_file_is_finished_at_once(self, tmp_path: Path) -> None:
        assert replayed(written(tmp_path / "empty.jsonl")) == Batch(finished=True)

    def test_a_file_that_is_not_there_is_the_operators_affair(self, tmp_path: Path) -> None:
        source = ReplaySource(tmp_path / "nowhere.jsonl")
        with pytest.raises(ConfigurationError, match="nowhere"):
            source.open({})

    def test_a_file_name_that_is_no_unicode_and_has_a_colon(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a:b\udcff.jsonl", line(1), b"bad")
        batch = replayed(path)
        assert uids([batch]) == ["replay:a-b\ufffd:1"]
        assert batch.bad[0].origin.encode()


class TestOptions:
    def test_platform_and_instance_of_rows_that_name_none(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.jsonl", line(1), line(2, platform="x", instance="x.com"))
        batch = replayed(path, ReplayOptions(platform="forum", instance="town.example"))
        assert uids([batch]) == ["forum:town.example:1", "x:x.com:2"]

    def test_a_time_without_a_zone_can_be_vouched_for(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.jsonl", line(1, created_at="2025-10-10T17:00:00"))
        assert replayed(path, ReplayOptions(assume_utc=True)).posts[0].published_at == EVENING

    @pytest.mark.parametrize("speed", [0, -1, float("nan")])
    def test_a_speed_that_makes_no_sense_is_refused(self, tmp_path: Path, speed: float) -> None:
        with pytest.raises(ConfigurationError, match="speed"):
            ReplaySource(tmp_path / "a.jsonl", ReplayOptions(speed=speed))


class TestResuming:
    def test_a_state_of_other_content_is_void(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.jsonl", line(1), line(2))
        source = ReplaySource(path)
        source.open({})
        state = source.fetch(NOW, 1).state
        source.close()
        written(path, line(7), line(8), line(9))

        assert uids([replayed(path, state=state)]) == [f"replay:a:{n}" for n in (7, 8, 9)]

    def test_the_last_state_lets_the_file_be_replayed_again(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.jsonl", line(1))
        source = ReplaySource(path)
        source.open({})
        last = drained(source, 500)[-1]
        source.close()
        assert uids([replayed(path, state=last.state)]) == ["replay:a:1"]


class TestTiming:
    def open(self, path: Path, options: ReplayOptions, state: State | None = None) -> ReplaySource:
        source = ReplaySource(path, options)
        source.open(state or {})
        return source

    def test_posts_are_due_as_far_apart_as_they_happened(self, tmp_path: Path) -> None:
        times = (0, 10 * SECOND, HOUR)
        path = written(tmp_path / "a.jsonl", *(line(n, EVENING + t) for n, t in enumerate(times)))
        source = self.open(path, ReplayOptions(speed=60.0))

        first = source.fetch(NOW, 500)
        early = source.fetch(NOW + SECOND // 10, 500)
        second = source.fetch(NOW + SECOND // 6, 500)
        third = source.fetch(NOW + MINUTE, 500)
        source.close()

        assert uids([first]) == ["replay:a:0"]
        assert first.wait == pytest.approx(10 / 60, abs=1e-6)
        assert early.posts == ()
        assert early.wait == pytest.approx(10 / 60 - 0.1, abs=1e-6)
        assert uids([second, third]) == ["replay:a:1", "replay:a:2"]
        assert third.posts[0].collected_at == NOW + MINUTE
        assert third.finished

    def test_shifted_to_now_the_distances_stay(self, tmp_path: Path) -> None:
        edit = line(1, EVENING, op="edit", rev=1, edited_at=EVENING + MINUTE)
        removal = line(1, op="delete", deleted_at=EVENING + HOUR, created_at=None)
        path = written(tmp_path / "a.jsonl", line(1), edit, removal)
        created, edited, removed = replayed(path, ReplayOptions(shift_to_now=True)).posts

        assert created.published_at == edited.published_at == NOW - HOUR
        assert edited.edited_at == NOW - HOUR + MINUTE
        assert removed.deleted_at == NOW

    @pytest.mark.parametrize("speed", [1.0, 2.0, 60.0])
    def test_shifted_to_now_nothing_happens_before_it_is_handed_out(
        self, tmp_path: Path, speed: float
    ) -> None:
        minutes = (5, 0, 60, 30)  # not in order
        path = written(
            tmp_path / "a.jsonl", *(line(n, EVENING + m * MINUTE) for n, m in enumerate(minutes))
        )
        source = self.open(path, ReplayOptions(speed=speed, shift_to_now=True))
        now, posts = NOW, list[Post]()
        for _ in range(10):
            batch = source.fetch(now, 500)
            posts += batch.posts
            now += round(batch.wait * SECOND) + 1
        source.close()

        assert len(posts) == len(minutes)
        latest = next(post for post in posts if post.uid == "replay:a:2")
        assert latest.published_at == pytest.approx(latest.collected_at, abs=SECOND)
        for post in posts:
            assert post.published_at is not None
            assert post.collected_at is not None
            assert post.published_at <= post.collected_at + SECOND

    def test_posts_without_a_date_are_due_at_once_and_set_no_beginning(
        self, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "a.jsonl", line(0, created_at=None), line(1, EVENING))
        undated, dated = replayed(path, AS_IF_NOW).posts
        assert undated.published_at == NOW
        assert dated.published_at == NOW

    def test_a_replay_that_was_interrupted_keeps_its_shift_and_its_pace(
        self, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "a.jsonl", *(line(n, EVENING + n * MINUTE) for n in range(4)))
        source = self.open(path, AS_IF_NOW)
        state = source.fetch(NOW, 500).state
        source.close()

        resumed = self.open(path, AS_IF_NOW, state)
        overdue = resumed.fetch(NOW + 2 * MINUTE, 500)
        resumed.close()

        assert [post.published_at for post in overdue.posts] == [NOW + MINUTE, NOW + 2 * MINUTE]
        assert overdue.wait == pytest.approx(60)

    def test_absurd_dates_are_neither_waited_for_nor_moved(self, tmp_path: Path) -> None:
        path = written(
            tmp_path / "a.jsonl",
            line(0, created_at="9999-12-31T23:59:59Z"),
            line(1, EVENING),
            line(2, created_at="1970-01-01T00:00:00Z"),
            line(3, created_at="9999-12-31T23:59:59Z"),
            line(4, EVENING + SECOND),
        )
        source = self.open(path, AS_IF_NOW)
        posts: list[Post] = []
        for step in range(3):
            posts += source.fetch(NOW + step * SECOND, 500).posts
        source.close()

        assert [post.published_at for post in posts] == [YEAR_9999, NOW, 0, YEAR_9999, NOW + SECOND]

    def test_late_and_undated_items_are_due_at_once(self, tmp_path: Path) -> None:
        path = written(
            tmp_path / "a.jsonl",
            line(0, EVENING),
            line(1, EVENING - DAY),
            line(2, created_at=None, op="delete"),
            b"bad\n",
        )
        batch = replayed(path, ReplayOptions(speed=1.0))
        assert uids([batch]) == [f"replay:a:{n}" for n in range(3)]
        assert len(batch.bad) == 1


def test_reading_is_streaming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch reads no more of the file than it needs, give or take a buffer."""
    path = written(tmp_path / "a.jsonl", *(line(n) for n in range(20_000)))
    source = ReplaySource(path)
    source.open({})
    source.fetch(NOW, 10)
    stream = source._stream
    assert isinstance(stream, io.BufferedReader)
    assert stream.raw.tell() < 100_000
    source.close()
