"""What the embedded index does when a process dies, a disk fills or a file is damaged."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.embedded import TantivyIndex, TantivyWriter, set_aside
from index.embedded.damage import damaged_files
from index.embedded.memory import Memory
from index.lifecycle import Standing
from index.port import SearchRequest
from index.query.ast import Phrase, Prefix
from model.errors import IndexUnavailable, StateCorrupt, StateLocked, StateNotWritable
from model.post import raw_payload
from tests.contracts.index_posts import entries, entry, made
from tests.index.processes import lines, running, until_longer, until_noted, watch, write_for_ever


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


def fill(folder: Path, posts: int = 300) -> None:
    """An index of two segments."""
    with contextlib.closing(TantivyWriter(folder)) as writer:
        for half in range(2):
            numbers = range(half * posts // 2, (half + 1) * posts // 2)
            writer.write(entries(made(f"x:main:{n}", f"fire at mill {n}") for n in numbers))
            writer.commit()


def count(folder: Path) -> int:
    """How many posts a new reader finds."""
    with contextlib.closing(TantivyIndex(folder)) as index:
        return index.count(SearchRequest())


@contextlib.contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_committed_survives_any_kill(folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    for kill in range(6):
        before = len(lines(journal))
        with running(write_for_ever, folder, journal):
            until_longer(journal, before + kill % 3)
        last = lines(journal)[-1]
        with contextlib.closing(TantivyIndex(folder)) as index:
            for n in range(1, last + 1):
                hit = index.get(f"x:main:{n}")
                expected = f"edited {n}" if n % 3 == 0 else f"post {n}"
                assert (hit.post.text if hit else None) == (None if n % 5 == 0 else expected)
            committed = index.count(SearchRequest())
        assert committed % 24 == 0, "a batch was committed in part"
        assert committed >= last * 24 // 30


def test_readers_in_other_processes_follow_the_writer(folder: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with (
        contextlib.closing(TantivyWriter(folder)) as writer,
        running(watch, folder, notes, 1_200) as reader,
    ):
        for start in range(0, 1_200, 40):
            until_noted(notes, start)
            numbers = range(start, start + 40)
            writer.write(entries(made(f"x:main:{n}", f"post {n}") for n in numbers))
            writer.commit()
        reader.join(120)
        assert reader.exitcode == 0
    totals = lines(notes)
    assert totals == sorted(totals)
    assert set(totals) == set(range(0, 1_201, 40))


def test_one_writer_at_a_time(folder: Path, tmp_path: Path) -> None:
    with contextlib.closing(TantivyWriter(folder)):
        with pytest.raises(StateLocked, match=f"process {os.getpid()} "):
            TantivyWriter(folder)
        assert count(folder) == 0
    journal = tmp_path / "journal"
    with running(write_for_ever, folder, journal) as process:
        until_longer(journal, 0)
        with pytest.raises(StateLocked, match=f"process {process.pid} "):
            TantivyWriter(folder)
    TantivyWriter(folder).close()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateNotWritable):
        TantivyWriter(tmp_path / "file" / "index")


@pytest.mark.parametrize("kind", ["idx", "term", "store", "fast", "fieldnorm", "pos"])
@pytest.mark.parametrize("harm", ["missing", "cut off", "empty", "end overwritten"])
def test_a_damaged_segment_is_named(folder: Path, kind: str, harm: str) -> None:
    fill(folder)
    path = min((folder / "segments").glob(f"*.{kind}"))
    content = path.read_bytes()
    match harm:
        case "missing":
            path.unlink()
        case "cut off":
            path.write_bytes(content[: len(content) // 2])
        case "empty":
            path.write_bytes(b"")
        case "end overwritten":
            path.write_bytes(content[:-6] + b"\xff" * 6)
    with pytest.raises(StateCorrupt, match=path.name) as caught:
        _use(folder)
    assert "tocsin index rebuild" in caught.value.remedy
    with pytest.raises(StateCorrupt, match=path.name):
        _rewrite(folder)


def _use(folder: Path) -> None:
    """Open the index and read every kind of file."""
    with contextlib.closing(TantivyIndex(folder)) as index:
        index.search(SearchRequest(query=Phrase(("fire", "at")), limit=1_000))
        index.search(SearchRequest(query=Prefix("m"), sort="relevance"))


def _rewrite(folder: Path) -> None:
    """Open the writer and replace every post."""
    with contextlib.closing(TantivyWriter(folder)) as writer:
        writer.write(entries(made(f"x:main:{n}") for n in range(300)))


@pytest.mark.parametrize("kind", ["idx", "term", "store", "fast", "fieldnorm", "pos"])
def test_a_changed_byte_is_found(folder: Path, kind: str) -> None:
    fill(folder)
    assert not list(damaged_files(folder / "segments"))
    path = min((folder / "segments").glob(f"*.{kind}"))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    assert [damaged for damaged, _ in damaged_files(folder / "segments")] == [path]


def test_a_missing_list_of_segments_is_no_empty_index(folder: Path) -> None:
    fill(folder)
    (folder / "segments" / "meta.json").unlink()
    for open_it in (TantivyIndex, TantivyWriter):
        with pytest.raises(StateCorrupt, match=r"meta\.json"):
            open_it(folder)


def test_an_overwritten_list_of_segments(folder: Path) -> None:
    fill(folder)
    (folder / "segments" / "meta.json").write_bytes(b'{"segments": [')
    for open_it in (TantivyIndex, TantivyWriter):
        with pytest.raises(StateCorrupt, match=r"meta\.json"):
            open_it(folder)


def test_damage_does_not_keep_the_lock(folder: Path) -> None:
    fill(folder)
    meta = folder / "segments" / "meta.json"
    content = meta.read_bytes()
    meta.write_bytes(b"")
    with pytest.raises(StateCorrupt):
        TantivyWriter(folder)
    meta.write_bytes(content)
    TantivyWriter(folder).close()


def test_a_damaged_memory_is_named(folder: Path) -> None:
    fill(folder)
    (folder / "revisions.db").write_bytes(b"nothing that SQLite knows" * 100)
    with pytest.raises(StateCorrupt, match=r"revisions\.db"):
        TantivyWriter(folder)
    assert count(folder) == 300


def test_readers_survive_a_rebuild(folder: Path) -> None:
    fill(folder)
    with contextlib.closing(TantivyIndex(folder)) as index:
        assert index.count(SearchRequest()) == 300
        shutil.rmtree(folder / "segments")
        assert index.count(SearchRequest()) == 0
        fill(folder, 100)
        assert index.count(SearchRequest()) == 100


def test_an_index_set_aside_leaves_its_memory(folder: Path, tmp_path: Path) -> None:
    with contextlib.closing(TantivyWriter(folder)) as writer:
        writer.write(entries([made("x:main:1"), made("x:main:2", op="delete")]))
        with pytest.raises(StateLocked):
            set_aside(folder, tmp_path / "aside")
    set_aside(folder, tmp_path / "aside")
    assert count(folder) == 0
    with contextlib.closing(TantivyWriter(folder)) as writer:
        writer.write(entries([made("x:main:1"), made("x:main:2")]))
    with contextlib.closing(TantivyIndex(folder)) as index:
        assert index.get("x:main:1")
        assert not index.get("x:main:2")


def test_a_folder_that_is_not_there_is_an_empty_index(tmp_path: Path) -> None:
    assert count(tmp_path / "nowhere") == 0
    assert not (tmp_path / "nowhere").exists()


def test_a_memory_that_is_ahead_of_the_index_does_no_harm(folder: Path) -> None:
    """A crash between the two commits: the events since the last one come again."""
    with contextlib.closing(TantivyWriter(folder)) as writer:
        writer.write([entry(made("x:main:1")), entry(made("x:main:2", "old", rev=1))])
    with contextlib.closing(Memory(folder / "revisions.db")) as memory:
        memory.remember({"x:main:1": Standing(deleted=True), "x:main:2": Standing(shown=3)})
        memory.commit()
    with contextlib.closing(TantivyWriter(folder)) as writer:
        again = [
            made("x:main:1", op="delete"),
            made("x:main:2", "newer", op="edit", rev=2),
            made("x:main:2", "newest", op="edit", rev=3),
        ]
        assert writer.write(entries(again)) == []
    with contextlib.closing(TantivyIndex(folder)) as index:
        assert index.get("x:main:1") is None
        hit = index.get("x:main:2")
        assert hit is not None
        assert hit.post.text == "newest"


@pytest.mark.parametrize("room", [0, 1_000, 40_000])
def test_a_full_disk_at_the_commit_loses_nothing(folder: Path, room: int) -> None:
    with contextlib.closing(TantivyWriter(folder)) as writer:
        writer.write(entries(made(f"x:main:{n}") for n in range(20)))
        writer.commit()
        heavy = [made(f"x:main:{n}", raw=raw_payload(os.urandom(500))) for n in range(20, 600)]
        writer.write(entries([*heavy, made("x:main:1", op="delete")]))
        with full_disk(room):
            errors = [_failed_commit(writer) for _ in range(3)]
            assert count(folder) == 20
        # The errors are still held, and with them all that their frames refer to.
        assert all("room" in error.remedy for error in errors)
        writer.commit()
        assert count(folder) == 599
        writer.write(entries([made("x:main:1"), made("x:main:601")]))
    assert count(folder) == 600


def _failed_commit(writer: TantivyWriter) -> IndexUnavailable:
    with pytest.raises(IndexUnavailable) as caught:
        writer.commit()
    return caught.value


def test_a_disk_that_fills_while_writing_loses_nothing(folder: Path) -> None:
    """tantivy writes a segment as soon as its memory is full, before any commit."""
    batches = [
        entries(
            made(f"x:main:{n}", raw=raw_payload(os.urandom(30_000)))
            for n in range(start, start + 50)
        )
        for start in range(0, 1_500, 50)
    ]
    with contextlib.closing(TantivyWriter(folder, heap_bytes=15_000_000)) as writer:
        failed = 0
        with full_disk(1_000_000):
            for batch in batches:
                try:
                    writer.write(batch)
                except IndexUnavailable:
                    failed += 1
                    break
            written = batches.index(batch)
            if not failed:
                with pytest.raises(IndexUnavailable):
                    writer.commit()
        for batch in batches[written:]:
            writer.write(batch)
        writer.commit()
    assert count(folder) == 1_500


def test_closing_on_a_full_disk_releases_the_index(folder: Path) -> None:
    writer = TantivyWriter(folder)
    writer.write(entries(made(f"x:main:{n}") for n in range(300)))
    with full_disk(1_000), pytest.raises(IndexUnavailable):
        writer.close()
    with contextlib.closing(TantivyWriter(folder)) as another:
        another.write([entry(made())])
    assert count(folder) == 1
