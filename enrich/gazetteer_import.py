"""Importing a gazetteer: the publisher's file in, one of ours out.

Bad lines are counted and the first of them reported; they stop nothing, unless there are so
many that the file must be something else. The new file takes the place of an earlier import
of the same name in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from enrich.gazetteer import SUFFIX, name_key
from enrich.gazetteer_file import Entry, GazetteerFile
from enrich.gazetteer_input import BadLine, Input
from enrich.gazetteer_rows import Named, Row, RowError, postcode_key
from enrich.gazetteer_write import GazetteerWriter
from enrich.tokens import fold_tokens
from model.errors import ConfigurationError, StateNotWritable

MOST_REPORTED = 20
SHORTEST_NAME = 3
_TRIED = 200
_LONGEST_NAME = 100


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did. ``too_common`` are names left out because too many places bear
    them; ``bad`` counts the lines that could not be used, of which ``first_bad`` are the
    first."""

    name: str
    version: str
    lines: int
    places: int
    names: int
    too_common: int
    bad: int
    first_bad: tuple[str, ...]


class ImportedGazetteer(NamedTuple):
    """An imported gazetteer as it lies in the folder. ``built_at`` is UTC microseconds."""

    name: str
    version: str
    source: str
    places: int
    names: int
    built_at: int
    bytes: int


def import_gazetteer(
    source: Path,
    row: Row,
    target: Path,
    *,
    at: int,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Read ``source`` line by line with ``row`` and write ``target``.

    ``at`` is now in UTC microseconds. Raises ConfigurationError for a file that cannot be
    read or is of another format, StateNotWritable where ``target`` cannot be written.
    """
    reading = _Reading(source, row, progress)
    writer = reading.collect()
    name = target.name.removesuffix(SUFFIX)
    version = f"{name}:{reading.digest[:12]}"
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = writer.write(target, version=version, source=source.name, built_at=at)
    except OSError as error:
        raise StateNotWritable(
            f"the gazetteer {target} cannot be written",
            cause=error.strerror or str(error),
            remedy="Make its folder writable, or free room on its disk",
        ) from error
    return Report(
        name=name,
        version=version,
        lines=reading.count,
        places=written.entries,
        names=written.names,
        too_common=written.too_common,
        bad=reading.bad,
        first_bad=tuple(map(str, reading.first_bad)),
    )


def list_imported(folder: Path) -> list[ImportedGazetteer]:
    """The imported gazetteers of a folder. Raises StateCorrupt for a damaged one."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        header = GazetteerFile(path).header
        found.append(
            ImportedGazetteer(
                path.name.removesuffix(SUFFIX),
                header.version,
                header.source,
                header.entries,
                header.names,
                header.built_at,
                path.stat().st_size,
            )
        )
    return found


class _Reading:
    """One run over the lines."""

    def __init__(self, source: Path, row: Row, progress: Callable[[int, int], None] | None) -> None:
        self._source = source
        self._row = row
        self._input = Input(source, progress)
        self._districts: dict[str, tuple[float, float, int]] = {}
        self.count = 0
        self.bad = 0
        self.first_bad: list[BadLine] = []

    @property
    def digest(self) -> str:
        """What tells this content from any other."""
        return self._input.digest

    def collect(self) -> GazetteerWriter:
        """All places. Raises ConfigurationError if most lines are of no use."""
        writer = GazetteerWriter()
        for place in self._places():
            if place.postcode:
                self._postcode(place.entry, writer)
            else:
                keys = _keys(place.names)
                if keys:
                    writer.add(place.entry, keys)
        self._check(self.count)
        for code, (lat, lon, count) in sorted(self._districts.items()):
            middle = lat / count, lon / count
            entry = Entry(f"postcode:{code}", code.upper(), "district", "GB", "", *middle, 0)
            writer.add(entry, [postcode_key(code)])
        if not len(writer):
            raise ConfigurationError(
                f"{self._source} holds no places of use",
                remedy="Check the format, the countries asked for, and the file",
            )
        return writer

    def _places(self) -> Iterator[Named]:
        for line in self._input.lines():
            self.count += 1
            if isinstance(line, BadLine):
                self._spoilt(line)
                continue
            try:
                yield from self._row(line.text)
            except RowError as error:
                self._spoilt(BadLine(line.file, line.number, str(error)))

    def _spoilt(self, line: BadLine) -> None:
        self.bad += 1
        if len(self.first_bad) < MOST_REPORTED:
            self.first_bad.append(line)
        if self.count >= _TRIED:
            self._check(_TRIED)

    def _check(self, least: int) -> None:
        if self.bad and self.count >= least and 2 * self.bad > self.count:
            raise ConfigurationError(
                f"{self._source} seems to be of another format",
                cause=f"{self.bad} of {self.count} lines are of no use; {self.first_bad[0]}",
                remedy="Name the right format: geonames, osopennames or postcodes",
            )

    def _postcode(self, entry: Entry, writer: GazetteerWriter) -> None:
        """A whole postcode as it is; districts as the middle of what lies in them."""
        outward = entry.name.split(" ")[0].lower()
        lat, lon, count = self._districts.get(outward, (0.0, 0.0, 0))
        self._districts[outward] = (lat + entry.lat, lon + entry.lon, count + 1)
        if entry.kind == "postcode":
            writer.add(entry, [postcode_key(entry.name)])


def _keys(names: tuple[str, ...]) -> list[str]:
    """The keys under which a place is found. A name of a letter or two, or of nothing but
    digits, would be found everywhere."""
    keys: dict[str, None] = {}
    for name in names:
        if len(name) <= _LONGEST_NAME:
            for key in (name_key(name), " ".join(fold_tokens(name))):
                if len(key) >= SHORTEST_NAME and not key.replace(" ", "").isdecimal():
                    keys[key] = None
    return list(keys)
