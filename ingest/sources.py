"""The sources file: what is collected, and under which authority.

Collecting needs an authority, an owner and a day on which both end; a source without
them, or past that day, does not run. Whatever is wrong with one entry is said with file,
line and field, and disables that entry alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import cast

import msgspec

from ingest.approval import read_approval
from ingest.means import Means
from ingest.plugins import load_plugin
from ingest.port import CoverageLedger, Source
from ingest.source_entry import (
    APPROVAL,
    AUTHORISATION,
    BLUESKY,
    FEEDS,
    MASTODON,
    REDDIT,
    SourceEntry,
    X,
    read_entry,
)
from ingest.yaml_fields import Broken, Field, fields, items, parse
from model.clock import from_datetime
from model.coverage import CoverageState
from model.errors import ConfigurationError

_BUILT_IN: Mapping[str, str] = {
    FEEDS: "ingest.feeds:build",
    BLUESKY: "ingest.bluesky:build",
    MASTODON: "ingest.mastodon:build",
    REDDIT: "ingest.reddit:build",
    X: "ingest.x:build",
}
"""Where each platform's source is made: loaded when there is one, for the clients of some
platforms are large."""


class SourceProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a source does not run.

    ``state`` is what coverage says of it. ``source`` is empty where the entry does not
    say which one it is, ``field`` where no single field is to blame.
    """

    file: str
    line: int
    field: str
    source: str
    cause: str
    state: CoverageState = "blind"

    def __str__(self) -> str:
        return ": ".join(filter(None, (f"{self.file}:{self.line}", self.field, self.cause)))


class SourcesFile(msgspec.Struct, frozen=True):
    """The entries that may run, and why the others may not."""

    entries: tuple[SourceEntry, ...] = ()
    problems: tuple[SourceProblem, ...] = ()


def load_sources(path: Path, now: int) -> SourcesFile:
    """Read the sources file; an authority counts if it holds ``now`` (UTC microseconds).

    Never raises for what is in the file, nor for one that cannot be read: that is a
    problem like any other.
    """
    reading = _Reading(str(path), now)
    try:
        document = parse(path.read_text(encoding="utf-8"))
        if document is not None:
            reading.read(document)
    except Broken as broken:
        reading.note(broken)
    except (OSError, UnicodeDecodeError) as error:
        reading.note(Broken(1, "", f"the file cannot be read: {error}"))
    return SourcesFile(tuple(reading.entries), tuple(reading.problems))


def declare(problems: tuple[SourceProblem, ...], ledger: CoverageLedger, now: int) -> None:
    """Tell the coverage ledger of the sources that do not run, and why.

    Raises StoreUnavailable.
    """
    for problem in problems:
        if problem.source:
            ledger.record(problem.source, problem.state, now, str(problem), 0)


def build_source(entry: SourceEntry, means: Means) -> Source:
    """The source that an entry describes; a plug-in is called with the entry.

    Raises ConfigurationError for a plug-in that cannot be loaded or is none, and for a
    credential that the settings do not have.
    """
    if (built_in := _BUILT_IN.get(entry.platform)) is not None:
        build = cast("Callable[[SourceEntry, Means], Source]", load_plugin(built_in))
        return build(entry, means)
    factory = load_plugin(entry.platform)
    if not callable(factory):
        raise ConfigurationError(
            f"the plug-in {entry.platform} makes no source", cause="it cannot be called"
        )
    return cast("Source", factory(entry))


class _Reading:
    """Gathers entries and problems while a file is read."""

    def __init__(self, file: str, now: int) -> None:
        self.entries: list[SourceEntry] = []
        self.problems: list[SourceProblem] = []
        self._file = file
        self._now = now
        self._seen: set[str] = set()

    def note(self, fault: Broken, source: str = "") -> None:
        unlawful = fault.field in (*AUTHORISATION, APPROVAL)
        state: CoverageState = "not_authorised" if unlawful else "blind"
        self.problems.append(
            SourceProblem(
                file=self._file,
                line=fault.line,
                field=fault.field,
                source=source,
                cause=fault.cause,
                state=state,
            )
        )

    def read(self, document: Field) -> None:
        for name, field in fields(document, "").items():
            if name != "sources":
                self.note(Broken(field.line, name, "is unknown here; only sources is known"))
                continue
            for entry in items(field, name):
                try:
                    self._entry(entry)
                except Broken as broken:
                    self.note(broken)

    def _entry(self, field: Field) -> None:
        entry, source, faults = read_entry(field)
        if source in self._seen:
            raise Broken(field.line, "name", f"{source} stands twice in this file")
        if source:
            self._seen.add(source)
        for fault in faults:
            self.note(fault, source)
        if entry is None:
            return
        try:
            entry = self._approved(entry)
        except ValueError as error:
            self.note(Broken(entry.line, APPROVAL, str(error)), source)
            return
        if entry.authorised_until > self._now:
            self.entries.append(entry)
        elif entry.approved_until and entry.approved_until < entry.expires:
            cause = f"the platform's approval ran out after {entry.approved_until}"
            self.note(Broken(entry.line, APPROVAL, cause), source)
        else:
            cause = f"authority {entry.authority} ran out after {entry.expires}"
            self.note(Broken(entry.line, "expires", cause), source)

    def _approved(self, entry: SourceEntry) -> SourceEntry:
        """The entry with the last day of the platform's approval, where it needs one.

        Raises ValueError for an approval that cannot be read or has not begun.
        """
        if not entry.approval:
            return entry
        file = Path(self._file).parent / entry.approval
        approval = read_approval(file, entry.platform)
        if from_datetime(datetime.combine(approval.granted, time(), UTC)) > self._now:
            raise ValueError(f"{file}: the approval begins on {approval.granted}")
        return msgspec.structs.replace(entry, approved_until=approval.expires)
