"""What the runner is tested with: a source that does as it is told, and small stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ingest.port import BadItem, Batch, State
from model.clock import SECOND
from model.coverage import CoverageGap, CoverageState
from model.errors import StoreUnavailable
from model.post import Post, post_event_id, raw_payload

START = 1_795_000_000_000_000


def post(native_id: int | str, text: str = "text", source: str = "s") -> Post:
    """A post of the platform ``test``."""
    uid = f"test:{source}:{native_id}"
    return Post(
        event_id=post_event_id(uid, "create", 0),
        op="create",
        uid=uid,
        text=text,
        raw=raw_payload(text.encode("utf-8", "replace")),
    )


def bad(words: str = "half a li") -> BadItem:
    """An item that is none."""
    return BadItem(words.encode(), "file.jsonl:7", "MalformedRecord", "broken JSON")


class Told(NamedTuple):
    """One entry of the coverage ledger."""

    source: str
    state: CoverageState
    at: int
    reason: str
    posts: int


class Ledger:
    """A coverage ledger in memory; ``failures`` is how many calls fail before one works."""

    def __init__(self) -> None:
        self.entries: list[Told] = []
        self.amended: list[tuple[str, CoverageGap]] = []
        self.failures = 0

    def record(self, source: str, state: CoverageState, at: int, reason: str, posts: int) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the ledger is away")
        self.entries.append(Told(source, state, at, reason, posts))

    def amend(self, source: str, since: int, until: int, state: CoverageState, reason: str) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the ledger is away")
        gap = CoverageGap(since=since, until=until, state=state, reason=reason)
        self.amended.append((source, gap))

    def states(self, source: str | None = None) -> list[CoverageState]:
        """The states in order, repetitions left out."""
        states: list[CoverageState] = []
        for entry in self.entries:
            if source in (None, entry.source) and states[-1:] != [entry.state]:
                states.append(entry.state)
        return states

    def posts(self) -> int:
        """How many posts were counted in all."""
        return sum(entry.posts for entry in self.entries)


class Cursors:
    """A cursor store in memory; ``failures`` as in the ledger."""

    def __init__(self) -> None:
        self.saved: dict[str, State] = {}
        self.failures = 0

    def load(self, source: str) -> State:
        self._fail()
        return self.saved.get(source, {})

    def save(self, source: str, state: State) -> None:
        self._fail()
        self.saved[source] = dict(state)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the store is away")


Act = Batch | Exception
"""What a scripted source does when it is called: hand out a batch, or fail."""


class ScriptedSource:
    """Does one act per call, and remembers when it was called and with which state.

    The state counts the acts, so that a source that is opened again goes on after the
    last batch that was saved; an act that fails is not done again. After the last act
    the source has finished.
    """

    def __init__(self, acts: Iterable[Act], name: str = "test:s") -> None:
        self.name = name
        self.calls: list[int] = []
        self.opened: list[State] = []
        self.closed = 0
        self._acts = list(acts)
        self._next = 0

    def open(self, state: State) -> None:
        self.opened.append(state)
        self._next = int(state.get("next") or 0)

    def fetch(self, now: int, max_items: int) -> Batch:
        self.calls.append(now)
        if self._next >= len(self._acts):
            return Batch(state={"next": self._next}, finished=True)
        act = self._acts[self._next]
        if isinstance(act, Exception):
            del self._acts[self._next]
            raise act
        self._next += 1
        return Batch(
            posts=act.posts,
            bad=act.bad,
            state={"next": self._next},
            wait=act.wait,
            finished=act.finished,
        )

    def close(self) -> None:
        self.closed += 1

    def waits(self) -> list[float]:
        """Seconds between the calls."""
        return [
            (after - before) / SECOND
            for before, after in zip(self.calls, self.calls[1:], strict=False)
        ]


def stop_after(calls: int) -> Callable[[], bool]:
    """A stop that is asked for at the given look."""
    left = calls

    def stop() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    return stop
