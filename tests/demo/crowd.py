"""The chatter of the evening: what was written for each region, what is put together
from fragments, answers to both, and reposts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.demo.cast import Author, Cast
from tests.demo.grammar import Theme, read_themes
from tests.demo.script import Remark, read_chatter
from tests.demo.stream import Said, arrival
from tests.demo.voice import voice_of

_HERE = Path(__file__).parent
_END = (23 * 60 + 29) * 60
_REPLIES = 340
_REPOSTS = 640
_GEOTAGGED = 0.04
_BUSY_BY_HALF_HOUR = (6, 7, 8, 9, 10, 10, 10, 10, 9, 8, 6, 4, 3)
"""How busy each half hour from 17:00 is, against the others."""


def chatter(cast: Cast, seed: str) -> list[Said]:
    """All chatter, in no particular order."""
    themes = read_themes(seed, cast.towns)
    replies = themes.pop("replies")
    said = [*_written(cast, seed), *_composed(cast, themes, seed)]
    said += _answers(cast, replies, said, seed)
    return said + list(_reposts(cast, said, seed))


def _written(cast: Cast, seed: str) -> Iterator[Said]:
    """The remarks of ``chatter/``: the first part of a file's name is its region."""
    for path in sorted((_HERE / "chatter").glob("*.txt")):
        place = path.stem.partition("_")[0]
        region = "*" if place == "anywhere" else place
        rng = Random(f"{seed}:{path.stem}")
        root: Said | None = None
        latest = 0
        for number, remark in enumerate(read_chatter(path)):
            if remark.answers and root is not None:
                author = _companion(cast, root.author, rng)
                latest = min(latest + rng.randint(40, 600), _END)
                said = _say(f"{path.stem}:{number}", author, latest, remark.text, rng)
                yield said._replace(reply_to=root.key)
            else:
                author = cast.pick(rng, region)
                latest = _when(remark, rng)
                root = _say(f"{path.stem}:{number}", author, latest, remark.text, rng)
                yield root


def _composed(cast: Cast, themes: dict[str, Theme], seed: str) -> Iterator[Said]:
    spoken: set[str] = set()
    for name, theme in themes.items():
        rng = Random(f"{seed}:crowd:{name}")
        for number in range(theme.size):
            author = cast.pick(rng, "*")
            remark = theme.remark(author)
            text = voice_of(author, seed)(remark.text, rng)
            if text not in spoken:
                spoken.add(text)
                yield _say(f"{name}:{number}", author, _when(remark, rng), text, rng)


def _answers(cast: Cast, theme: Theme, roots: list[Said], seed: str) -> list[Said]:
    rng = Random(f"{seed}:answers")
    spoken: set[str] = set()
    answers: list[Said] = []
    for number, root in enumerate(rng.sample(roots, min(_REPLIES, theme.size))):
        author = _companion(cast, root.author, rng)
        text = voice_of(author, seed)(theme.remark(author).text, rng)
        if text not in spoken:
            spoken.add(text)
            at = min(root.said_at + rng.randint(60, 2400), _END)
            said = _say(f"answers:{number}", author, at, text, rng)
            answers.append(said._replace(reply_to=root.key))
    return answers


def _reposts(cast: Cast, said: list[Said], seed: str) -> Iterator[Said]:
    rng = Random(f"{seed}:reposts")
    worth = [one for one in said if not one.reply_to and one.author.platform != "reddit"]
    for number in range(_REPOSTS):
        original = rng.choice(worth)
        author = _companion(cast, original.author, rng)
        at = min(original.said_at + round(rng.expovariate(1 / 1500)) + 30, _END)
        repost = _say(f"reposts:{number}", author, at, original.text, rng)
        yield repost._replace(repost_of=original.key, geo=None)


def _companion(cast: Cast, other: Author, rng: Random) -> Author:
    """Somebody else on the same platform, more often than not from the same region."""
    region = other.town.region if rng.random() < 0.7 else "*"
    return cast.pick(rng, region, lambda a: a.platform == other.platform and a != other)


def _when(remark: Remark, rng: Random) -> int:
    minutes = range(remark.earliest, remark.latest)
    busy = [_BUSY_BY_HALF_HOUR[(minute - 17 * 60) // 30] for minute in minutes]
    return rng.choices(minutes, busy)[0] * 60 + rng.randrange(60)


def _say(key: str, author: Author, said_at: int, text: str, rng: Random) -> Said:
    geo = _somewhere_near(author, rng) if rng.random() < _GEOTAGGED else None
    arrives_at = arrival(author, said_at, rng)
    return Said(key, author, said_at, arrives_at, text, geo=geo)


def _somewhere_near(author: Author, rng: Random) -> tuple[float, float]:
    home = author.town
    return round(home.lat + rng.gauss(0, 0.008), 4), round(home.lon + rng.gauss(0, 0.012), 4)
