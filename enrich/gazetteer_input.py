"""Lines of a gazetteer as its publisher packs it: a file, a zip, a .gz, or a folder of files."""

from __future__ import annotations

import contextlib
import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import xxhash

from model.errors import ConfigurationError

_DATA = (".txt", ".csv", ".tsv")
_ABOUT = ("readme", "header", "licence", "license", "doc", "metadata")
_EVERY = 1 << 20


class Line(NamedTuple):
    """A line of input, without its end: the file's name, and its number from 1."""

    file: str
    number: int
    text: str


class BadLine(NamedTuple):
    """A line that cannot be used, and why."""

    file: str
    number: int
    cause: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.number}: {self.cause}"


class Input:
    """Reads all lines once; afterwards ``digest`` tells this content from any other.

    ``progress`` is told the bytes that were read and how many there are. Raises
    ConfigurationError for what cannot be read.
    """

    def __init__(self, path: Path, progress: Callable[[int, int], None] | None = None) -> None:
        self._path = path
        self._progress = progress
        self._hash = xxhash.xxh3_64()
        self._done = 0
        self._total = 0

    @property
    def digest(self) -> str:
        """A short hash over what was read so far."""
        return self._hash.hexdigest()

    def lines(self) -> Iterator[Line | BadLine]:
        """Every line of every data file; one that is no UTF-8 is bad."""
        try:
            with contextlib.ExitStack() as stack:
                for name, stream in self._streams(stack):
                    yield from self._lines(name, stream)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ConfigurationError(
                f"{self._path} cannot be read",
                cause=str(error),
                remedy="Check its name and permissions, or download it again",
            ) from error

    def _lines(self, name: str, stream: Iterable[bytes]) -> Iterator[Line | BadLine]:
        told = self._done
        for number, raw in enumerate(stream, start=1):
            self._hash.update(raw)
            self._done += len(raw)
            if self._progress is not None and self._done - told >= _EVERY:
                told = self._done
                self._progress(self._done, self._total)
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                yield BadLine(name, number, f"no UTF-8 ({error.reason})")
                continue
            if text:
                yield Line(name, number, text)

    def _streams(self, stack: contextlib.ExitStack) -> Iterator[tuple[str, Iterable[bytes]]]:
        path = self._path
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if _is_data(file.name, file.parts))
            self._total = sum(file.stat().st_size for file in files)
            for file in files:
                with file.open("rb") as stream:
                    yield file.name, stream
        elif path.suffix == ".zip":
            archive = stack.enter_context(zipfile.ZipFile(path))
            infos = [i for i in archive.infolist() if _is_data(*_parts(i.filename))]
            self._total = sum(info.file_size for info in infos)
            for info in infos:
                with archive.open(info) as stream:
                    yield PurePosixPath(info.filename).name, stream
        elif path.suffix == ".gz":
            with gzip.open(path, "rb") as unpacked:
                yield path.name, unpacked
        else:
            self._total = path.stat().st_size
            yield path.name, stack.enter_context(path.open("rb"))


def _parts(name: str) -> tuple[str, tuple[str, ...]]:
    pure = PurePosixPath(name)
    return pure.name, pure.parts[:-1]


def _is_data(name: str, folders: tuple[str, ...]) -> bool:
    """Whether this is a file of places, not one about them."""
    lower = name.lower()
    about = any(word in lower for word in _ABOUT) or any(f.lower() == "doc" for f in folders)
    return lower.endswith(_DATA) and not about
