"""Writing a gazetteer file (:mod:`enrich.gazetteer_file`): places in, one file out.

Places are taken one by one and kept as columns, so that the whole of GeoNames (12 million)
fits into some gigabytes while it is built. The file appears in one step, in place of an
earlier one; processes that have the earlier one open keep it until they end.
"""

from __future__ import annotations

import array
import contextlib
import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from enrich.distances import flat_km
from enrich.gazetteer_file import (
    LATER,
    LENGTHS,
    MAGIC,
    MICRO,
    TOGETHER,
    Entry,
    Header,
    Section,
    aligned,
    grid_cell,
    key_hash,
)

SETTLEMENTS = frozenset({"village", "town", "city"})

MOST_OF_ONE_NAME = 64
"""A name that more places bear says nothing of where, and is left out."""

_SAME_SETTLEMENT_KM = 12.0
_SAME_POINT_KM = 0.5
_STREET = "street"
_SAME_STREET_KM = 2.0

Numbers = npt.NDArray[Any]
Sections = dict[str, bytes | Numbers]


class Written(NamedTuple):
    """What a file holds; ``too_common`` are names that too many places bear."""

    entries: int
    names: int
    too_common: int


class Texts:
    """Strings in the order in which they come, as one blob."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.starts = array.array("Q", [0])

    def __getitem__(self, number: int) -> bytes:
        return bytes(self.blob[self.starts[number] : self.starts[number + 1]])

    def add(self, text: bytes) -> None:
        """Append a text."""
        self.blob += text
        self.starts.append(len(self.blob))

    def chosen(self, order: Iterable[int]) -> Texts:
        """The texts of these numbers, in this order."""
        other = Texts()
        for number in order:
            other.add(self[number])
        return other


class GazetteerWriter:
    """Collects places and their names, then writes the file."""

    def __init__(self) -> None:
        self._kinds: dict[str, int] = {}
        self._names_of_kinds: list[str] = []
        self._ids, self._labels, self._admins = Texts(), Texts(), Texts()
        self._kind, self._country = array.array("B"), array.array("H")
        self._lat, self._lon = array.array("i"), array.array("i")
        self._population = array.array("I")
        self._key_hashes, self._key_entries = array.array("Q"), array.array("I")
        self._key_flags = array.array("B")
        self._keys = Texts()

    def __len__(self) -> int:
        return len(self._kind)

    def add(self, entry: Entry, keys: Iterable[str], abbreviations: Iterable[str] = ()) -> None:
        """Add a place under the keys of its names; ``abbreviations`` are keys that count in
        capitals alone."""
        number = len(self._kind)
        self._ids.add(_utf8(entry.id))
        self._labels.add(_utf8(entry.name))
        self._admins.add(_utf8(entry.admin))
        self._kind.append(self._kinds.setdefault(entry.kind, len(self._kinds)))
        self._country.append(int.from_bytes(entry.country[:2].encode("ascii").ljust(2, b"\0")))
        self._lat.append(round(entry.lat * MICRO))
        self._lon.append(round(entry.lon * MICRO))
        self._population.append(min(entry.population, 2**32 - 1))
        for short, group in ((0, keys), (1, abbreviations)):
            for key in group:
                self._key_hashes.append(key_hash(_utf8(key)))
                self._key_entries.append(number)
                self._key_flags.append(short)
                self._keys.add(_utf8(key))

    def write(self, path: Path, *, version: str, source: str = "", built_at: int = 0) -> Written:
        """Write the file in one step. Raises OSError."""
        self._names_of_kinds = list(self._kinds)
        order = np.argsort(-np.array(self._population, np.int64), kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        sections: Sections = {}
        self._put_entries(order, sections)
        self._put_grid(order, sections)
        names, too_common = self._put_names(rank, sections)
        header = Header(
            version=version,
            source=source,
            entries=len(order),
            names=names,
            kinds=tuple(self._kinds),
            built_at=built_at,
            sections=_laid_out(sections),
        )
        _write(path, header, sections)
        return Written(len(order), names, too_common)

    def _put_entries(self, order: Numbers, sections: Sections) -> None:
        columns = (
            ("kind", self._kind, np.uint8),
            ("country", self._country, np.uint16),
            ("lat", self._lat, np.int32),
            ("lon", self._lon, np.int32),
            ("population", self._population, np.uint32),
        )
        for name, column, kind in columns:
            sections[name] = np.array(column, kind)[order]
        for name, texts in (("ids", self._ids), ("labels", self._labels), ("admins", self._admins)):
            _put_texts(name, texts.chosen(order.tolist()), sections)

    def _put_grid(self, order: Numbers, sections: Sections) -> None:
        settled = {self._kinds[kind] for kind in SETTLEMENTS if kind in self._kinds}
        rows = [at for at, n in enumerate(order.tolist()) if self._kind[n] in settled]
        cells = np.array(
            [
                grid_cell(self._lat[n] / MICRO, self._lon[n] / MICRO)
                for n in (order[at] for at in rows)
            ],
            np.uint32,
        )
        by_cell = np.argsort(cells, kind="stable")
        sections["cells"] = cells[by_cell]
        sections["cell_entries"] = np.array(rows, np.uint32)[by_cell]

    def _put_names(self, rank: Numbers, sections: Sections) -> tuple[int, int]:
        """Sort the names by hash, the places of each by rank, and file their beginnings."""
        hashes = np.array(self._key_hashes, np.uint64)
        numbers = np.array(self._key_entries, np.int64)
        order = np.lexsort((rank[numbers], hashes))
        edges = [0, *(np.flatnonzero(np.diff(hashes[order])) + 1).tolist(), len(order)]
        names = _Names(MOST_OF_ONE_NAME)
        for first, after in itertools.pairwise(edges if len(order) else ()):
            uses = order[first:after].tolist()
            places = self._different([self._key_entries[use] for use in uses])
            short = all(self._key_flags[use] for use in uses)
            names.add(self._keys[uses[0]], [int(rank[n]) for n in places], short=short)
        names.put(sections)
        return len(names.flags), names.too_common

    def _different(self, numbers: list[int]) -> list[int]:
        """Without those that are the same place once more, as lists often have them."""
        kept: list[int] = []
        for one in dict.fromkeys(numbers):
            if not any(self._same(one, other) for other in kept):
                kept.append(one)
            if len(kept) > MOST_OF_ONE_NAME:
                break
        return kept if len(kept) == 1 else self._without_streets(kept)

    def _without_streets(self, numbers: list[int]) -> list[int]:
        """A street is worth a position only if no other place has its name. All but
        streets, or more than fit where there is nothing but streets."""
        street = self._kinds.get(_STREET, -1)
        others = [number for number in numbers if self._kind[number] != street]
        return others or [*numbers, *[numbers[0]] * MOST_OF_ONE_NAME]

    def _same(self, one: int, other: int) -> bool:
        if self._country[one] != self._country[other]:
            return False
        lat, lon = self._lat[one] / MICRO, self._lon[one] / MICRO
        apart = flat_km(lat, lon, self._lat[other] / MICRO, self._lon[other] / MICRO)
        kinds = {self._names_of_kinds[self._kind[one]], self._names_of_kinds[self._kind[other]]}
        if kinds <= SETTLEMENTS:
            return apart < _SAME_SETTLEMENT_KM
        return apart < (_SAME_STREET_KM if kinds == {_STREET} else _SAME_POINT_KM)


class _Names:
    """Names in the order of their hashes, each with its places."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._texts = Texts()
        self._postings, self._starts = array.array("I"), array.array("I", [0])
        self._beginnings, self._together = array.array("Q"), array.array("Q")
        self._together_names = array.array("I")
        self.flags = bytearray()
        self.too_common = 0

    def add(self, key: bytes, places: list[int], *, short: bool) -> None:
        """Add a name, unless too many places bear it."""
        if len(places) > self._most:
            self.too_common += 1
            return
        words = key.split(b" ")
        if len(words) > 1:
            self._together.append(key_hash(TOGETHER + b"".join(words)))
            self._together_names.append(len(self.flags))
        for count in range(1, len(words)):
            self._beginnings.append(key_hash(b" ".join(words[:count])))
            self._beginnings.append(key_hash(LATER + words[count]))
        self._texts.add(key)
        self._postings.extend(places)
        self._starts.append(len(self._postings))
        self.flags.append(short)

    def put(self, sections: Sections) -> None:
        """The names as sections, with the table in which all keys are filed."""
        _put_texts("names", self._texts, sections)
        sections["postings"] = np.array(self._postings, np.uint32)
        sections["posting_starts"] = np.array(self._starts, np.uint32)
        sections["flags"] = bytes(self.flags)
        count = len(self.flags)
        own = np.fromiter((key_hash(self._texts[n]) for n in range(count)), np.uint64, count)
        joined, first = np.unique(np.array(self._together, np.uint64), return_index=True)
        numbers = np.array(self._together_names, np.int64)[first]
        hashes = np.concatenate((own, np.array(self._beginnings, np.uint64), joined))
        values = np.concatenate(
            (_values(np.arange(count)), np.ones(len(self._beginnings), np.uint32), _values(numbers))
        )
        _put_table(hashes, values, sections)


def _put_table(hashes: Numbers, values: Numbers, sections: Sections) -> None:
    """Keys by their hashes; what stands several times for one key is joined."""
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    edges = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])) if len(hashes) else order
    merged = np.bitwise_or.reduceat(values[order], edges) if len(hashes) else values
    distinct = hashes[edges]
    bits = max(1, len(distinct).bit_length() - 1)
    starts = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    buckets = np.append(np.searchsorted(distinct, starts), len(distinct))
    sections["hashes"] = distinct
    sections["values"] = merged.astype(np.uint32)
    sections["buckets"] = buckets.astype(np.uint32)


def _values(names: Numbers) -> Numbers:
    """What is filed for these names: see :func:`enrich.gazetteer_file.name_of`."""
    return ((names + 1) << 1).astype(np.uint32)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _put_texts(name: str, texts: Texts, sections: Sections) -> None:
    sections[name] = bytes(texts.blob)
    sections[f"{name}_starts"] = np.array(texts.starts, np.uint64)


def _laid_out(sections: Sections) -> dict[str, Section]:
    laid: dict[str, Section] = {}
    at = 0
    for name, content in sections.items():
        length = len(content) if isinstance(content, bytes) else content.nbytes
        code = "B" if isinstance(content, bytes) else content.dtype.char.replace("L", "Q")
        laid[name] = Section(at, length, code)
        at = aligned(at + length)
    return laid


def _write(path: Path, header: Header, sections: Sections) -> None:
    head = msgspec.json.encode(header)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    last = max(section.start + section.length for section in header.sections.values())
    try:
        with scratch.open("wb") as file:
            file.write(LENGTHS.pack(MAGIC, len(head)) + head)
            start = aligned(LENGTHS.size + len(head))
            for name, content in sections.items():
                file.write(bytes(start + header.sections[name].start - file.tell()))
                file.write(content if isinstance(content, bytes) else content.tobytes())
            file.truncate(start + last)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise
