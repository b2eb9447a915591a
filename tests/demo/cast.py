"""Who posts: the named characters of the events and a crowd with invented handles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

from tests.demo.sections import read_sections

Platform = Literal["mastodon", "bluesky", "x", "reddit", "feed"]

_HERE = Path(__file__).parent
_PLATFORMS: tuple[Platform, ...] = ("mastodon", "bluesky", "x", "reddit", "feed")
_CROWD_PLATFORMS: tuple[Platform, ...] = ("mastodon", "bluesky", "x", "reddit")
_PLATFORM_WEIGHTS = (32, 34, 26, 8)
_CROWD_PER_REGION = 170


class Town(NamedTuple):
    """A real town, its region of speech and its middle in degrees (WGS 84)."""

    name: str
    region: str
    lat: float
    lon: float


class Author(NamedTuple):
    """An invented person, paper or team, who posts on one platform and lives in one town."""

    handle: str
    name: str
    platform: Platform
    town: Town

    @property
    def account(self) -> str:
        """The handle as the platform writes it."""
        if self.platform == "bluesky":
            return f"{self.handle.replace('_', '-')}.bsky.example"
        return self.handle

    @property
    def instance(self) -> str:
        """The server on which the author posts, in a domain that is reserved for examples."""
        return "news.example" if self.platform == "feed" else f"{self.platform}.example"


class Cast:
    """Everybody who may post. The same seed always makes the same crowd."""

    def __init__(self, seed: str) -> None:
        self.towns = {town.name: town for town in _read_towns()}
        self.regions = tuple(dict.fromkeys(town.region for town in self.towns.values()))
        self.named = {author.handle: author for author in _read_named(self.towns)}
        self._crowd = {
            region: _crowd_of(region, tuple(self.towns.values()), Random(f"{seed}:{region}"))
            for region in self.regions
        }

    def pick(
        self,
        rng: Random,
        region: str,
        accept: Callable[[Author], bool] = lambda author: True,
    ) -> Author:
        """Somebody of the crowd of a region, or of any region for ``*``.

        Raises IndexError if nobody is acceptable.
        """
        crowd = self._crowd[rng.choice(self.regions) if region == "*" else region]
        return rng.choice([author for author in crowd if accept(author)])


def _read_towns() -> Iterator[Town]:
    for region, lines in read_sections(_HERE / "regions.txt").items():
        for line in lines:
            name, lat, lon = line.rsplit(" ", 2)
            yield Town(name, region, float(lat), float(lon))


def _read_named(towns: dict[str, Town]) -> Iterator[Author]:
    for line in (_HERE / "cast.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            handle, name, platform, town = (cell.strip() for cell in line.split("|"))
            yield Author(handle, name, _platform(platform), towns[town])


def _platform(name: str) -> Platform:
    for platform in _PLATFORMS:
        if platform == name:
            return platform
    raise ValueError(f"{name!r} is no platform of the demo")


def _crowd_of(region: str, towns: tuple[Town, ...], rng: Random) -> tuple[Author, ...]:
    names = read_sections(_HERE / "names.txt")
    homes = [town for town in towns if town.region == region]
    crowd: dict[str, Author] = {}
    while len(crowd) < _CROWD_PER_REGION:
        first, (word, other) = rng.choice(names["first"]), rng.sample(names["word"], 2)
        home = rng.choice(homes)
        handle = _handle(first, (word, other), rng.choice(names["adjective"]), home, rng)
        name = _display_name(first, word, home, names["badge"], rng)
        platform = rng.choices(_CROWD_PLATFORMS, _PLATFORM_WEIGHTS)[0]
        crowd.setdefault(handle, Author(handle, name, platform, home))
    return tuple(crowd.values())


def _handle(first: str, words: tuple[str, str], adjective: str, home: Town, rng: Random) -> str:
    place = "".join(letter for letter in home.name.lower() if letter.isalpha())
    return rng.choice(
        (
            f"{first}_{words[0]}",
            f"{words[0]}{first}",
            f"{first}{rng.randint(58, 99)}",
            f"{first}_in_{place}",
            f"{place}{first}",
            f"its{first}{'x' * rng.randint(0, 2)}",
            f"not_{first}_again",
            f"{adjective}{words[0]}",
            f"{adjective}_{first}",
            f"mrs_{words[0]}",
            f"{words[0]}sand{words[1]}s",
            f"the{words[0]}of{place}",
            f"{words[0]}{rng.randint(2, 999)}",
            f"ask{first}",
            f"{first}andthe{words[0]}",
        )
    )


def _display_name(first: str, word: str, home: Town, badges: tuple[str, ...], rng: Random) -> str:
    title = first.capitalize()
    return rng.choice(
        (
            title,
            first,
            f"{title} {rng.choice(badges)}",
            f"{title} of {home.name}",
            f"{title}, {home.name}",
            f"{word.capitalize()} {title}",
        )
    )
