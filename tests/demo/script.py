r"""What was written by hand: the events with their times, and the chatter of each region.

A file of events holds blocks. A block is a head of ``name: value`` lines, a blank line,
and posts, one a line::

    18:21 handle [id=a,re=b] | text

``*`` is somebody of the block's region, ``^a`` the author of the post labelled ``a``.
What may stand in the brackets is described by :class:`Cue`. ``\n`` and ``\uXXXX`` are
written out, so that invisible characters can be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent
_POST = re.compile(r"(\d\d):(\d\d) (\S+)(?: \[([^\]]*)\])? \|(?: (.*))?")
_CHATTER = re.compile(r"(?:(\d\d)-(\d\d)\| |(> ))?(.*)")
_ESCAPE = re.compile(r"\\(n|u[0-9a-f]{4})")
_OPENING, _CLOSING = 17 * 60, 23 * 60 + 30


class Cue(NamedTuple):
    """What the brackets before a post say.

    ``label`` (``id=``) names the post for the others; ``reply`` (``re=``), ``boost``,
    ``copy``, ``edit`` and ``delete`` name the post that this one answers, reposts, pastes,
    changes or takes down. ``late`` is by how many minutes it arrives after it was written,
    ``geo`` its position in degrees, ``linked`` (``https``) whether it links to an article.
    """

    label: str = ""
    reply: str = ""
    boost: str = ""
    copy: str = ""
    edit: str = ""
    delete: str = ""
    late: int = 0
    geo: tuple[float, float] | None = None
    linked: bool = False


class Line(NamedTuple):
    """One scripted post: the minute of the day, who, how, and the words."""

    minute: int
    author: str
    cue: Cue
    text: str


class Event(NamedTuple):
    """A block of posts that belong together. ``rule`` is the one that must raise it, empty
    where nothing may be raised; ``also`` are others that may."""

    name: str
    kind: str
    place: str
    region: str
    rule: str
    also: tuple[str, ...]
    note: str
    lines: tuple[Line, ...]


class Remark(NamedTuple):
    """A piece of chatter: the minutes between which it is said, and whether it answers
    the remark before it."""

    earliest: int
    latest: int
    answers: bool
    text: str


def read_events() -> Iterator[Event]:
    """Every event, file by file. Raises ValueError for a line that is no post."""
    for path in sorted((_HERE / "events").glob("*.txt")):
        for block in re.split(r"\n(?=event: )", path.read_text(encoding="utf-8").strip()):
            head, _, body = block.partition("\n\n")
            yield _event(head, body, path.name)


def read_chatter(path: Path) -> Iterator[Remark]:
    """The remarks of one file, in order."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield read_remark(line)


def read_remark(line: str) -> Remark:
    """A remark from a line: ``17-19| text`` between those hours, ``> text`` an answer."""
    found = _CHATTER.fullmatch(line)
    if found is None:
        raise ValueError(f"{line!r} is no remark")
    since, until, answer, text = found.groups()
    earliest = int(since) * 60 if since else _OPENING
    latest = min(int(until) * 60 + 30, _CLOSING) if until else _CLOSING
    return Remark(earliest, latest, bool(answer), _unescape(text))


def _event(head: str, body: str, source: str) -> Event:
    fields = dict(re.findall(r"^(\w+): *(.*)$", head, re.MULTILINE))
    return Event(
        name=fields["event"],
        kind=fields["kind"],
        place=fields["place"],
        region=fields["region"],
        rule="" if fields["alert"] == "no" else fields["alert"],
        also=tuple(fields.get("also", "").split()),
        note=fields["note"],
        lines=tuple(_line(text, source) for text in body.splitlines() if text.strip()),
    )


def _line(text: str, source: str) -> Line:
    found = _POST.fullmatch(text)
    if found is None:
        raise ValueError(f"{source}: {text!r} is no post")
    hour, minute, author, cue, words = found.groups()
    return Line(int(hour) * 60 + int(minute), author, _cue(cue or ""), _unescape(words or ""))


def _cue(text: str) -> Cue:
    position = re.search(r"geo=(-?[\d.]+),(-?[\d.]+)", text)
    pairs = dict(re.findall(r"(\w+)=(\w+)", text))
    return Cue(
        label=pairs.get("id", ""),
        reply=pairs.get("re", ""),
        boost=pairs.get("boost", ""),
        copy=pairs.get("copy", ""),
        edit=pairs.get("edit", ""),
        delete=pairs.get("delete", ""),
        late=int(pairs.get("late", 0)),
        geo=(float(position[1]), float(position[2])) if position else None,
        linked="https" in text,
    )


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else chr(int(m[1][1:], 16)), text)
