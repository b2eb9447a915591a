"""Reading a listing that only shows its newest thousand: until it meets what is known.

Each walk begins at the newest and goes down until so many things are known already. A walk
that reaches the end of a full listing without meeting any has lost the way between: the
numbers in that range are then asked for one by one, where they are not too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from ingest.reddit_client import PAGE, Page, Thing

OVERLAP = 50
"""Known things that end a walk. One would do if nothing were ever listed late."""
FULL = 900
"""Things above which a listing that ends may have more that it does not show."""
MOST_PROBES = 20_000
"""Numbers that are asked for one by one, a hundred at a time; beyond that a gap is lost."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_REMEMBERED = 1_000


class Missing(NamedTuple):
    """What lies between two walks: after the newest known and before the oldest found, in
    time (UTC microseconds), and the names of all that could be there, where they are few
    enough to be asked for."""

    since: int
    until: int
    names: list[str]


class Step(NamedTuple):
    """What a page brought: things that are new, and at the end of a walk what is missing."""

    new: list[Thing]
    is_done: bool
    missing: Missing | None = None


class Memory(msgspec.Struct):
    """The things of a listing that are known, oldest first, and when the newest was made."""

    names: dict[str, None] = {}
    newest_at: int = 0

    @classmethod
    def read(cls, text: str, newest_at: int) -> Memory:
        """As :meth:`written`."""
        return cls(dict.fromkeys(text.split()), newest_at)

    def written(self) -> str:
        """The names, for a source's state."""
        return " ".join(self.names)

    def add(self, things: Iterable[Thing]) -> None:
        """Remember these."""
        for thing in sorted(things, key=lambda thing: thing.created_at):
            self.names.pop(thing.name, None)
            self.names[thing.name] = None
            self.newest_at = max(self.newest_at, thing.created_at)
        for name in list(self.names)[: max(0, len(self.names) - _REMEMBERED)]:
            del self.names[name]


class Walk:
    """One way down a listing."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._found: dict[str, Thing] = {}
        self._known = 0
        self.after: str | None = None

    def take(self, page: Page) -> Step:
        """Take the next page, which began at :attr:`after`."""
        new = [t for t in page.things if t.name not in self._memory.names]
        new = [thing for thing in new if thing.name not in self._found]
        self._known += sum(thing.name in self._memory.names for thing in page.things)
        self._found |= {thing.name: thing for thing in new}
        self.after = page.after
        is_first = not self._memory.names  # what was there before us is not ours to gather
        if not (is_first or page.after is None or self._known >= OVERLAP):
            return Step(new, is_done=False)
        missing = None if is_first or self._known else self._missing()
        self._memory.add(self._found.values())
        return Step(new, is_done=True, missing=missing)

    def _missing(self) -> Missing | None:
        if len(self._found) + self._known < FULL:
            return None
        oldest = min(self._found.values(), key=lambda thing: thing.created_at)
        newest_known = next(reversed(self._memory.names))
        names = list(between(newest_known, oldest.name))
        return Missing(self._memory.newest_at, oldest.created_at, names)


def between(known: str, found: str) -> Iterator[str]:
    """The names between two of a kind, none if they are too many to be asked for."""
    kind, _, first = known.partition("_")
    _, _, last = found.partition("_")
    start, end = int(first, 36) + 1, int(last, 36)
    if end - start <= MOST_PROBES:
        yield from (f"{kind}_{_base36(number)}" for number in range(start, end))


def portions(names: list[str]) -> Iterator[list[str]]:
    """The names, as many at a time as can be asked for."""
    for start in range(0, len(names), PAGE):
        yield names[start : start + PAGE]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
