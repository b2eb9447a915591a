"""Writers and readers of an index as processes of their own."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

from index.embedded import TantivyIndex, TantivyWriter
from index.port import SearchRequest
from tests.contracts.index_posts import entry, made

_SPAWN = multiprocessing.get_context("spawn")
_PATIENCE = 120.0


def until_longer(notes: Path, count: int) -> None:
    """Wait until more than so many lines were noted."""
    deadline = time.monotonic() + _PATIENCE
    while len(lines(notes)) <= count:
        assert time.monotonic() < deadline, f"{notes.name} has still {count} lines"
        time.sleep(0.002)


def until_noted(notes: Path, total: int) -> None:
    """Wait until the last line holds at least so much."""
    deadline = time.monotonic() + _PATIENCE
    while not (seen := lines(notes)) or seen[-1] < total:
        assert time.monotonic() < deadline, f"{notes.name} ends with {seen[-1:]}"
        time.sleep(0.002)


@contextlib.contextmanager
def running(target: Callable[..., None], *arguments: object) -> Iterator[BaseProcess]:
    """A process that is killed, with SIGKILL, at the end if not before."""
    process = _SPAWN.Process(target=target, args=arguments, daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
        process.close()


def lines(path: Path) -> list[int]:
    """The numbers that were noted, without one that is still being written."""
    if not path.exists():
        return []
    return [int(line) for line in path.read_text().split("\n")[:-1]]


def write_for_ever(folder: Path, journal: Path) -> None:
    """Write posts, commit, note the last one, go on after it; edits and deletions among
    them. Post n is deleted if n divides by 5 and edited if it divides by 3."""
    done = (lines(journal) or [0])[-1]
    with contextlib.closing(TantivyWriter(folder)) as writer, journal.open("a") as notes:
        while True:
            numbers = range(done + 1, done + 31)
            writer.write([entry(made(f"x:main:{n}", f"post {n}")) for n in numbers])
            writer.write(
                [
                    entry(made(f"x:main:{n}", f"edited {n}", op="edit", rev=1))
                    for n in numbers
                    if n % 3 == 0
                ]
            )
            writer.write([entry(made(f"x:main:{n}", op="delete")) for n in numbers if n % 5 == 0])
            writer.commit()
            done += 30
            notes.write(f"{done}\n")
            notes.flush()


def watch(folder: Path, notes: Path, enough: int) -> None:
    """Count and page through the index again and again; note what was seen each time."""
    with contextlib.closing(TantivyIndex(folder)) as index, notes.open("a") as file:
        while True:
            page = index.search(SearchRequest(limit=50))
            assert len(page.hits) == min(50, page.total)
            assert index.count(SearchRequest()) >= page.total
            file.write(f"{page.total}\n")
            file.flush()
            if page.total >= enough:
                return
