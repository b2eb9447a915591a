"""Reading a file of items piece by piece, with the position after each.

Positions count bytes of the uncompressed file and lines from 1, so that reading can
start again where it stopped. Memory stays bounded however long a line is. What is wrong
with one piece is a value, and reading goes on after it.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ingest.port import ConnectionFailed
from model.errors import ConfigurationError, MalformedRecord, RecordError, RecordTooLarge

KEPT_BYTES = 32 * 1_048_576
"""Most of a single line that is held in memory."""

_SKIP_BYTES = 1_048_576
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Position(NamedTuple):
    """Where the next piece begins: bytes from the start, and its line."""

    offset: int = 0
    line: int = 1


class Piece(NamedTuple):
    """One item as it stands in the file.

    ``line`` is where it begins, ``after`` where the next one does. ``cells`` are its
    columns if the file has columns, ``fault`` is why it cannot be read.
    """

    data: bytes
    line: int
    after: Position
    cells: Mapping[str, str] | None = None
    fault: RecordError | None = None


class RawLine(NamedTuple):
    """A line with its ending. ``length`` exceeds its bytes where the middle was skipped."""

    data: bytes
    length: int


def open_file(path: Path) -> io.BufferedIOBase:
    """The file's uncompressed bytes. Raises ConfigurationError if it cannot be opened."""
    try:
        return gzip.GzipFile(path, "rb") if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise ConfigurationError(
            f"the file {path} cannot be read", cause=error.strerror or str(error)
        ) from error


def stem(path: Path) -> str:
    """The file's name without what says how it is packed: ``a.jsonl.gz`` -> ``a``."""
    return Path(path.name.removesuffix(".gz")).stem


def raw_lines(stream: io.BufferedIOBase, offset: int = 0) -> Iterator[RawLine]:
    """The lines from ``offset`` to the end.

    Raises MalformedRecord where an archive is damaged or cut off, ConnectionFailed
    where the medium fails.
    """
    try:
        stream.seek(offset)
        while data := stream.readline(KEPT_BYTES):
            length = len(data)
            if length == KEPT_BYTES and not data.endswith(b"\n"):
                length += _skip_line(stream)
            yield RawLine(data, length)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise MalformedRecord("the archive is damaged or cut off", cause=str(error)) from error
    except OSError as error:
        raise ConnectionFailed("the file cannot be read on", cause=str(error)) from error


def json_pieces(stream: io.BufferedIOBase, start: Position) -> Iterator[Piece]:
    """The items of a file with one JSON object a line. Blank lines are passed over."""
    offset, number = start
    try:
        for line in raw_lines(stream, offset):
            data = line.data.removeprefix(_BYTE_ORDER_MARK) if offset == 0 else line.data
            offset += line.length
            number += 1
            if data := data.strip():
                yield Piece(data, number - 1, Position(offset, number), fault=too_long(line))
    except MalformedRecord as error:
        yield Piece(b"", number, Position(offset, number), fault=error)


def too_long(line: RawLine) -> RecordTooLarge | None:
    """What is wrong with a line of which only the beginning was kept."""
    if line.length == len(line.data):
        return None
    return RecordTooLarge(
        f"a line of {line.length:,} bytes",
        cause=f"only the first {len(line.data):,} are kept here; the file has the rest",
    )


def _skip_line(stream: io.BufferedIOBase) -> int:
    skipped = 0
    while data := stream.readline(_SKIP_BYTES):
        skipped += len(data)
        if data.endswith(b"\n"):
            break
    return skipped
