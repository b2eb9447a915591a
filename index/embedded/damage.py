"""Which files of tantivy's are damaged.

Each of them ends in a footer: a JSON object with the CRC-32 of what stands before it,
the object's length and a magic number, both as 32 bits, little end first
(tantivy/src/directory/footer.rs). tantivy checks the sum when asked; its Python face
cannot ask, so the check is made here.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

_MAGIC = 1337
_TAIL = struct.Struct("<II")
_PARTS = (".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term")
_CHUNK = 1 << 20


class _Deletes(msgspec.Struct):
    opstamp: int


class _Segment(msgspec.Struct):
    segment_id: str
    deletes: _Deletes | None = None


class _Meta(msgspec.Struct):
    segments: list[_Segment]


class _Footer(msgspec.Struct):
    crc: int


def damaged_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """The damaged files of an index and what is wrong with each.

    Reads every byte of the index: for people and for after an error, not for each start.
    """
    meta = folder / "meta.json"
    try:
        segments = msgspec.json.decode(meta.read_bytes(), type=_Meta).segments
    except FileNotFoundError:
        if any(folder.glob("*.store")):
            yield meta, "it is missing"
        return
    except (OSError, msgspec.DecodeError) as error:
        yield meta, str(error)
        return
    for segment in segments:
        for path in _files(folder, segment):
            trouble = _trouble(path)
            if trouble:
                yield path, trouble


def _files(folder: Path, segment: _Segment) -> Iterator[Path]:
    name = segment.segment_id.replace("-", "")
    for part in _PARTS:
        yield folder / f"{name}{part}"
    if segment.deletes:
        yield folder / f"{name}.{segment.deletes.opstamp}.del"


def _trouble(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size <= _TAIL.size:
                return "it is cut off"
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return _checked(content, size)
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return str(error)


def _checked(content: mmap.mmap, size: int) -> str | None:
    length, magic = _TAIL.unpack(content[-_TAIL.size :])
    body = size - _TAIL.size - length
    if magic != _MAGIC or body < 0:
        return "it is cut off or overwritten at its end"
    try:
        footer = msgspec.json.decode(content[body : body + length], type=_Footer)
    except msgspec.DecodeError:
        return "it is overwritten at its end"
    crc = 0
    for start in range(0, body, _CHUNK):
        crc = zlib.crc32(content[start : min(start + _CHUNK, body)], crc)
    return None if crc == footer.crc else "its content is not what was written"
