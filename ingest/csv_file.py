"""Reading CSV piece by piece: strictly, so that a lost quotation mark stays a local affair.

A lenient reader takes everything after an unclosed quotation mark for one field, and
good rows would vanish inside it. A strict one stops at the first sign of it; that row
becomes a bad item and the next line begins afresh.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from ingest.files import Piece, Position, RawLine, raw_lines, too_long
from model.errors import ConfigurationError, MalformedRecord, RecordError

NEEDED = ("id", "text")
_DELIMITERS = ",;\t"


class CsvFile:
    """The items of a file with a header line and columns split by comma, semicolon or tab.

    ``fields`` are overrides as for :class:`ingest.mapping.Mapper`: the column of each
    field. Raises ConfigurationError when the header does not have what is needed.
    """

    def __init__(self, stream: io.BufferedIOBase, fields: Mapping[str, str]) -> None:
        self._stream = stream
        header, text = _header(stream)
        self._delimiter = max(_DELIMITERS, key=text.count)
        self._columns = _columns(next(csv.reader([text], delimiter=self._delimiter), []))
        _check_columns(self._columns, fields)
        self._first = Position(header.length, 2)
        self._taken: list[RawLine] = []

    def pieces(self, start: Position) -> Iterator[Piece]:
        """The rows from a position on."""
        position = max(start, self._first)
        rows = csv.reader(self._decoded(position.offset), strict=True, delimiter=self._delimiter)
        while True:
            self._taken = []
            row, fault = _next_row(rows)
            if row is None and fault is None:
                return
            length = sum(line.length for line in self._taken)
            after = Position(position.offset + length, position.line + len(self._taken))
            if row != []:
                yield self._piece(row or [], fault, position.line, after)
            position = after

    def _decoded(self, offset: int) -> Iterator[str]:
        """Lines as text. Bytes that are no UTF-8 are marked, to be found again per row."""
        for line in raw_lines(self._stream, offset):
            self._taken.append(line)
            yield line.data.decode("utf-8", "surrogateescape")

    def _piece(
        self, row: Sequence[str], fault: RecordError | None, line: int, after: Position
    ) -> Piece:
        data = b"".join(taken.data for taken in self._taken).rstrip(b"\r\n")
        fault = fault or next(filter(None, map(too_long, self._taken)), None)
        fault = fault or _undecodable(data) or self._misfit(row)
        cells = None if fault else dict(zip(self._columns, row, strict=True))
        return Piece(data, line, after, cells=cells, fault=fault)

    def _misfit(self, row: Sequence[str]) -> RecordError | None:
        if len(row) == len(self._columns):
            return None
        return MalformedRecord(
            f"a row of {len(row)} cells", cause=f"the header has {len(self._columns)} columns"
        )


def _next_row(rows: Iterator[list[str]]) -> tuple[list[str] | None, RecordError | None]:
    try:
        return next(rows, None), None
    except csv.Error as error:
        return None, MalformedRecord("a broken row", cause=str(error))
    except MalformedRecord as error:
        return None, error


def _undecodable(data: bytes) -> RecordError | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return MalformedRecord("a row that is no UTF-8", cause=str(error))
    return None


def _header(stream: io.BufferedIOBase) -> tuple[RawLine, str]:
    try:
        line = next(raw_lines(stream), RawLine(b"", 0))
        return line, line.data.decode("utf-8-sig").rstrip("\r\n")
    except MalformedRecord as error:
        raise ConfigurationError("the header line cannot be read", cause=str(error)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "the header line is no UTF-8",
            cause=str(error),
            remedy="Convert the file, as with `iconv -t UTF-8`",
        ) from error


def _columns(header: Sequence[str]) -> tuple[str, ...]:
    """The columns' names; one without a name is called after its place, as ``column1``."""
    return tuple(name.strip() or f"column{place}" for place, name in enumerate(header, 1))


def _check_columns(columns: Sequence[str], fields: Mapping[str, str]) -> None:
    wanted = {name: name for name in NEEDED} | {name: path for name, path in fields.items() if path}
    missing = [name for name, column in wanted.items() if column not in columns]
    if missing:
        found = ", ".join(columns) or "no columns at all"
        raise ConfigurationError(
            f"the header has no column for {' and '.join(missing)}",
            cause=f"found {found}; needed {', '.join(wanted.values())}",
            remedy=f"Say which column it is: --map {missing[0]}=COLUMN",
        )
    repeated = sorted({name for name in columns if columns.count(name) > 1 and name in wanted})
    if repeated:
        raise ConfigurationError(
            f"the header has several columns called {repeated[0]!a}",
            remedy="Give them different names",
        )
