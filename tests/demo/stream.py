"""The scripted and the chattered posts of the evening, each with its two times.

Times are seconds since midnight, local. A post is *said* when its author wrote it and
*arrives* when the collector sees it; the order of arrival is that of the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

from tests.demo.cast import Author, Cast
from tests.demo.script import Event, Line

_LAG = (1, 14)
_FEED_LAG = (90, 400)

Act = Literal["create", "edit", "delete"]


class Said(NamedTuple):
    """One thing that somebody did: wrote, changed or took down a post.

    ``key`` names the post; ``reply_to`` and ``repost_of`` are keys of others. An edit has
    the time ``written_at`` of the first version, and ``rev`` counts the changes. ``event``
    is the block that it belongs to, empty for chatter.
    """

    key: str
    author: Author
    said_at: int
    arrives_at: int
    text: str = ""
    act: Act = "create"
    rev: int = 0
    written_at: int = 0
    reply_to: str = ""
    repost_of: str = ""
    geo: tuple[float, float] | None = None
    linked: bool = False
    event: str = ""


def arrival(author: Author, said_at: int, rng: Random) -> int:
    """When the collector sees it: feeds are polled, the others are pushed."""
    return said_at + rng.randint(*(_FEED_LAG if author.platform == "feed" else _LAG))


class Staging:
    """Turns the scripted events into posts, block by block, in the order of the files.

    Labels hold across blocks, so that a correction can answer a rumour.
    """

    def __init__(self, cast: Cast, seed: str) -> None:
        self._cast = cast
        self._seed = seed
        self._by_label: dict[str, Said] = {}
        self._revisions: Counter[str] = Counter()
        self._taken: set[str] = set()

    def stage(self, event: Event) -> Iterator[Said]:
        """The posts of one block. Raises KeyError for a label that nobody has."""
        rng = Random(f"{self._seed}:{event.name}")
        self._taken.clear()
        before = 0
        for number, line in enumerate(event.lines):
            said_at = _second(line, before, rng)
            before = said_at
            said = self._said(event, line, f"{event.name}:{number}", said_at, rng)
            if line.cue.label:
                self._by_label[line.cue.label] = said
            yield said

    def _said(self, event: Event, line: Line, key: str, said_at: int, rng: Random) -> Said:
        cue = line.cue
        author = self._author(event, line, rng)
        copied = self._by_label[cue.boost or cue.copy].text if cue.boost or cue.copy else ""
        said = Said(
            key=key,
            author=author,
            said_at=said_at,
            arrives_at=arrival(author, said_at, rng) + cue.late * 60,
            text=line.text or copied,
            reply_to=self._by_label[cue.reply].key if cue.reply else "",
            repost_of=self._by_label[cue.boost].key if cue.boost else "",
            geo=cue.geo,
            linked=cue.linked,
            event=event.name,
        )
        return self._changed(said, line)

    def _changed(self, said: Said, line: Line) -> Said:
        """As a change of an earlier post, if the line says so."""
        label = line.cue.edit or line.cue.delete
        if not label:
            return said
        first = self._by_label[label]
        self._revisions[first.key] += 1
        return said._replace(
            key=first.key,
            act="edit" if line.cue.edit else "delete",
            rev=self._revisions[first.key],
            written_at=first.said_at,
        )

    def _author(self, event: Event, line: Line, rng: Random) -> Author:
        if line.author.startswith("^"):
            return self._by_label[line.author[1:]].author
        if line.author != "*":
            return self._cast.named[line.author]
        addressed = line.cue.reply or line.cue.boost
        parent = self._by_label[addressed].author if addressed else None

        def is_free(author: Author) -> bool:
            if author.handle in self._taken:
                return False
            if parent is not None:
                return author.platform == parent.platform
            return author.platform != "reddit" or not line.cue.label

        author = self._cast.pick(rng, event.region, is_free)
        self._taken.add(author.handle)
        return author


def _second(line: Line, before: int, rng: Random) -> int:
    """Some second of the line's minute, after the line before if that shares it."""
    second = line.minute * 60 + rng.randrange(45)
    return second if before // 60 != line.minute else max(second, before + rng.randint(1, 4))
