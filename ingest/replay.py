"""Replaying a file: posts that were collected earlier, as if they came in now.

JSON lines or CSV, plain or ``.gz``, in the file's order. At a speed, a post is due when
as much time has passed since the first one as lies between the two, divided by the
speed. Shifted to now, all times move by the same distance, so that the latest post
happens when it is due: at speed 1 the first post happens now, and as fast as possible
the last one does.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from ingest.csv_file import CsvFile
from ingest.files import Piece, Position, json_pieces, open_file, stem
from ingest.hygiene import Limits, clean_text
from ingest.mapping import Mapper, bad_item
from ingest.port import BadItem, Batch, State
from ingest.shapes.draft import Setting
from ingest.shapes.recognise import ShapeName
from ingest.timetable import Beginning, Timetable, event_time
from model.errors import ConfigurationError, RecordError
from model.post import Post, Provenance

PLATFORM = "replay"
BATCH_BYTES = 8 * 1_048_576
"""Bytes of items after which a batch is full, however few they are."""

_CSV_SUFFIXES = frozenset({".csv", ".tsv"})


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is read.

    ``speed`` 1 is as fast as it happened, 60 an hour a minute, None as fast as possible.
    ``shape`` and ``fields`` are those of :class:`ingest.mapping.Mapper`. Rows that name
    no platform or instance get these; the instance is by default the file's name
    without suffix, so that a second replay gives the same ids. ``assume_utc`` accepts
    times without a zone as UTC.
    """

    speed: float | None = None
    shift_to_now: bool = False
    shape: ShapeName | None = None
    fields: Mapping[str, str] = {}
    platform: str = PLATFORM
    instance: str | None = None
    assume_utc: bool = False
    limits: Limits = Limits()


AT_ONCE = ReplayOptions()
"""Everything as fast as possible, each item recognised by its keys."""


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    """The resume state. ``file`` says which file it is about; the last three are those of
    :class:`ingest.timetable.Beginning`, absent before the first post with a time."""

    file: str
    offset: int = 0
    line: int = 1
    first_at: int | None = None
    began_at: int | None = None
    distance: int = 0

    def beginning(self) -> Beginning | None:
        if self.first_at is None or self.began_at is None:
            return None
        return Beginning(self.first_at, self.began_at, self.distance)


class ReplaySource:
    """One file as a source. Raises ConfigurationError for options that make no sense."""

    def __init__(self, path: Path, options: ReplayOptions = AT_ONCE) -> None:
        if options.speed is not None and not options.speed > 0:
            raise ConfigurationError(f"a speed of {options.speed}", remedy="Give one above 0")
        self._path = path
        self._options = options
        self._name = f"{PLATFORM}:{clean_text(stem(path))}"
        self._mapper = _mapper(options, self._name)
        self._stream: io.BufferedIOBase | None = None
        self._pieces: Iterator[Piece] = iter(())
        self._held: Piece | None = None
        self._identity = ""
        self._after = Position()
        self._timetable = Timetable()

    @property
    def name(self) -> str:
        """``replay:`` and the file's name without suffix."""
        return self._name

    def open(self, state: State) -> None:
        """Open the file where ``state`` says, or at its start if the state is another file's.

        Raises ConfigurationError for a file that cannot be read or whose header is wrong.
        """
        self.close()
        self._identity = _identity(self._path)
        saved = _resumed(state, self._identity)
        self._after = Position(saved.offset, saved.line)
        self._timetable = Timetable(
            self._options.speed,
            latest=self._latest if self._options.shift_to_now else None,
            beginning=saved.beginning(),
        )
        self._stream = open_file(self._path)
        self._pieces = self._read(self._stream, self._after)

    def fetch(self, now: int, max_items: int) -> Batch:
        """The next items that are due. The last batch leaves an empty state behind, so
        that the file can be replayed again."""
        posts: list[Post] = []
        bad: list[BadItem] = []
        size = 0
        wait = 0.0
        while len(posts) + len(bad) < max_items and size < BATCH_BYTES:
            piece = self._next()
            if piece is None:
                return Batch(posts=tuple(posts), bad=tuple(bad), finished=True)
            item = self._item(piece, now)
            if isinstance(item, BadItem):
                bad.append(item)
            elif wait := self._timetable.wait(item, now):
                self._held = piece
                break
            else:
                posts.append(self._timetable.shifted(item))
            self._after = piece.after
            size += len(piece.data)
        return Batch(posts=tuple(posts), bad=tuple(bad), state=self._state(), wait=wait)

    def close(self) -> None:
        """Close the file."""
        self._pieces = iter(())
        self._held = None
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _read(self, stream: io.BufferedIOBase, start: Position) -> Iterator[Piece]:
        if Path(self._path.name.removesuffix(".gz")).suffix.lower() not in _CSV_SUFFIXES:
            return json_pieces(stream, start)
        try:
            return CsvFile(stream, self._options.fields).pieces(start)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{self._path}: {error.what}", cause=error.cause, remedy=error.remedy
            ) from error

    def _next(self) -> Piece | None:
        held, self._held = self._held, None
        return held or next(self._pieces, None)

    def _item(self, piece: Piece, now: int) -> Post | BadItem:
        try:
            if piece.fault is not None:
                raise piece.fault
            if piece.cells is None:
                return self._mapper.post(piece.data, now)
            return self._mapper.post_of_cells(piece.cells, piece.data, now)
        except RecordError as error:
            return bad_item(error, piece.data, clean_text(f"{self._path}:{piece.line}"))

    def _latest(self) -> int:
        """The latest time of any post: a reading of the whole file, in little memory."""
        latest = 0
        with open_file(self._path) as stream:
            for piece in self._read(stream, Position()):
                item = self._item(piece, 0)
                if not isinstance(item, BadItem):
                    latest = max(latest, event_time(item) or 0)
        return latest

    def _state(self) -> State:
        beginning = self._timetable.beginning
        return {
            "file": self._identity,
            "offset": self._after.offset,
            "line": self._after.line,
            **({} if beginning is None else msgspec.structs.asdict(beginning)),
        }


def _mapper(options: ReplayOptions, name: str) -> Mapper:
    setting = Setting(
        platform=options.platform,
        instance=options.instance or name.removeprefix(f"{PLATFORM}:").replace(":", "-"),
        assume_utc=options.assume_utc,
        delivery=Provenance(source=name, collector=PLATFORM),
        limits=options.limits,
    )
    return Mapper(setting, shape=options.shape, fields=options.fields, server=options.instance)


def _identity(path: Path) -> str:
    """Which file this is: a state of another one, or of an earlier content, is void."""
    try:
        status = path.stat()
    except OSError as error:
        raise ConfigurationError(
            f"the file {path} cannot be read", cause=error.strerror or str(error)
        ) from error
    return clean_text(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}")


def _resumed(state: State, identity: str) -> _Saved:
    if state.get("file") != identity:
        return _Saved(file=identity)
    return msgspec.convert(dict(state), _Saved)
