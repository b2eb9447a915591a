"""The on-disk form of a gazetteer: mapped into memory, shared between processes.

One file: a magic word, the length of a header, the header (JSON: version, sizes and the
place of each section), then the sections, columns of fixed-width little-endian numbers and
blobs of UTF-8. Nothing is read when it is opened but the header; what is looked up is read
by the kernel, and its pages are shared by every process that maps the file.

A name is found by its XXH3 hash (64 bits: of 30 million names, two share one with a chance
of one in 40,000). The hashes are sorted and divided by their leading bits into buckets of
two on average. The same table has the beginnings of names of several words, so that a
scanner knows when to stop, and names written together.
"""

from __future__ import annotations

import bisect
import mmap
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import xxhash

from model.errors import ConfigurationError, StateCorrupt

MAGIC = b"TOCGAZ01"
LENGTHS = struct.Struct("<8sQ")
ALIGNED = 8
TOGETHER = b"\x1f"
LATER = b"\x1e"
"""What stands before a name written without its spaces, and before a word that some name has
after its first one: both are filed in the same table."""

GRID_PER_DEGREE = 5
GRID_COLUMNS = 360 * GRID_PER_DEGREE
MICRO = 1_000_000


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


class Section(msgspec.Struct, frozen=True):
    """Where a column lies: its first byte after the header, its length in bytes, and the
    type of its numbers as :mod:`struct` names it (empty for text)."""

    start: int
    length: int
    code: str = ""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a gazetteer file says of itself. ``built_at`` is UTC microseconds."""

    version: str
    source: str = ""
    entries: int
    names: int
    kinds: tuple[str, ...]
    built_at: int = 0
    sections: dict[str, Section]


key_hash = xxhash.xxh3_64_intdigest
"""The hash under which the UTF-8 of a key is filed."""


def grid_cell(lat: float, lon: float) -> int:
    """The number of the square, a fifth of a degree wide, in which a point lies."""
    row = int((lat + 90) * GRID_PER_DEGREE)
    return row * GRID_COLUMNS + int((lon + 180) * GRID_PER_DEGREE) % GRID_COLUMNS


class GazetteerFile:
    """A gazetteer in a file, read-only. Safe to share between threads.

    Raises StateCorrupt for a damaged file, ConfigurationError for one that is none or
    cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._map = _mapped(path)
        self.header, start = _header(path, self._map)
        self._whole = memoryview(self._map)[start:]
        self._check(start)
        self._hashes = self._numbers("hashes")
        self._values = self._numbers("values")
        self._buckets = self._numbers("buckets")
        self._postings = self._numbers("postings")
        self._posting_starts = self._numbers("posting_starts")
        self._flags = self._numbers("flags")
        self._columns = [self._numbers(n) for n in ("kind", "country", "lat", "lon", "population")]
        self._texts = {
            name: (self._numbers(f"{name}_starts"), self._bytes(name))
            for name in ("ids", "labels", "admins", "names")
        }
        self._cells = self._numbers("cells")
        self._cell_entries = self._numbers("cell_entries")
        self._shift = 64 - (len(self._buckets) - 1).bit_length() + 1

    @property
    def version(self) -> str:
        """Changes with what the file was made of."""
        return self.header.version

    def find(self, key: bytes) -> int:
        """What is filed under a key in UTF-8: 0 for nothing, else a value for
        :func:`name_of`, which is odd where names begin with the key and another word."""
        wanted = key_hash(key)
        bucket = wanted >> self._shift
        for at in range(self._buckets[bucket], self._buckets[bucket + 1]):
            if self._hashes[at] == wanted:
                return self._values[at]
        return 0

    def is_abbreviation(self, name: int) -> bool:
        """Whether a name counts only in capitals."""
        return bool(self._flags[name])

    def entries_of(self, name: int) -> range:
        """The places in the list of postings that bear a name."""
        return range(self._posting_starts[name], self._posting_starts[name + 1])

    def posting(self, at: int) -> Entry:
        """The entry of a posting."""
        return self.entry(self._postings[at])

    def entry(self, number: int) -> Entry:
        """One entry; the most populous have the smallest numbers."""
        kind, country, lat, lon, population = (column[number] for column in self._columns)
        return Entry(
            self._text("ids", number),
            self._text("labels", number),
            self.header.kinds[kind],
            country.to_bytes(2, "big").decode("ascii").strip("\0"),
            self._text("admins", number),
            lat / MICRO,
            lon / MICRO,
            population,
        )

    def name(self, number: int) -> str:
        """The key of a name."""
        return self._text("names", number)

    def names(self) -> Iterator[str]:
        """Every name, in no order that means anything."""
        return (self.name(number) for number in range(self.header.names))

    def settlements_in(self, cell: int) -> Iterator[Entry]:
        """The villages, towns and cities in a square of the grid."""
        at = bisect.bisect_left(self._cells, cell)
        while at < len(self._cells) and self._cells[at] == cell:
            yield self.entry(self._cell_entries[at])
            at += 1

    def settlements(self) -> Iterator[Entry]:
        """Every village, town and city."""
        return map(self.entry, self._cell_entries)

    def _text(self, section: str, number: int) -> str:
        starts, blob = self._texts[section]
        return str(blob[starts[number] : starts[number + 1]], "utf-8", "surrogatepass")

    def _bytes(self, section: str) -> memoryview:
        where = self.header.sections[section]
        return self._whole[where.start : where.start + where.length]

    def _numbers(self, section: str) -> memoryview:
        return self._bytes(section).cast(self.header.sections[section].code)  # type: ignore[call-overload, no-any-return]

    def _check(self, start: int) -> None:
        end = max((s.start + s.length for s in self.header.sections.values()), default=0)
        if start + end != len(self._map):
            raise _damaged(self.path, f"it has {len(self._map)} bytes and not {start + end}")


def name_of(value: int) -> int | None:
    """The number of the name that a key is, None if it is none."""
    return (value >> 1) - 1 if value > 1 else None


def _mapped(path: Path) -> mmap.mmap:
    if sys.byteorder != "little":
        raise ConfigurationError(
            "gazetteers cannot be read on this machine",
            cause="its numbers have the most significant byte first",
            remedy="Use a little-endian machine",
        )
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise _damaged(path, "it is empty") from error
    except OSError as error:
        raise ConfigurationError(
            f"the gazetteer {path} cannot be read",
            cause=error.strerror or str(error),
            remedy="Check its permissions, or import it again",
        ) from error


def _header(path: Path, data: mmap.mmap) -> tuple[Header, int]:
    if len(data) < LENGTHS.size:
        raise _damaged(path, "it breaks off")
    magic, length = LENGTHS.unpack_from(data)
    if magic != MAGIC:
        raise _damaged(path, "it is no gazetteer of this version")
    try:
        header = msgspec.json.decode(data[LENGTHS.size : LENGTHS.size + length], type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, f"its header cannot be read ({error})") from error
    return header, aligned(LENGTHS.size + length)


def aligned(length: int) -> int:
    """The next multiple of eight."""
    return -(-length // ALIGNED) * ALIGNED


def _damaged(path: Path, cause: str) -> StateCorrupt:
    return StateCorrupt(
        f"the gazetteer {path}",
        cause=cause,
        remedy="Delete the file. One in the cache is built again at the next start; import "
        "any other again with `tocsin places import`",
    )
