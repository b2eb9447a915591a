"""The rules as they stand now: read again when a file changes, never lost to a bad edit.

The last good version of each rule is kept in the store. Where a file is broken by an edit,
that version goes on running, in this process, in the others and after a restart, and the
problem is reported until the file is right or the rule is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from alerts.rules import (
    LoadedRule,
    Parse,
    Problem,
    RuleSet,
    assemble,
    compile_rule,
    read_file,
    rule_files,
)
from model.clock import Clock
from model.errors import QueryError, StoreUnavailable
from model.rule import Rule
from store.good_rules import GoodRule, GoodRules

_REST = 30.0
"""How much longer than looking at the files took it rests: thousands take a while."""


class Rules(Protocol):
    """Where a stage has its rules from."""

    @property
    def current(self) -> RuleSet:
        """The rules as they were last read."""
        ...

    def refresh(self) -> bool:
        """Read them again if they may have changed; whether they have."""
        ...


class FixedRules:
    """Rules that never change."""

    def __init__(self, current: RuleSet) -> None:
        self.current = current

    def refresh(self) -> bool:
        """Never."""
        return False


class _Stamp(NamedTuple):
    """What a file looks like from outside: it was not written to while this is the same."""

    modified_ns: int
    size: int
    inode: int


class Rulebook:
    """The rules of a folder. Files that have not changed are not read again.

    ``kept`` may be out of reach for a while: then the rules stay as they are.
    """

    def __init__(self, folder: Path, parse: Parse, kept: GoodRules, clock: Clock) -> None:
        self._folder = folder
        self._parse = parse
        self._kept = kept
        self._clock = clock
        self._stamps: dict[Path, _Stamp] = {}
        self._results: dict[Path, list[LoadedRule | Problem]] = {}
        self._look_at = 0.0
        self.current = RuleSet()
        if not self.refresh():
            self.current = assemble(self._folder, self._results)

    def refresh(self) -> bool:
        """Read again what has changed; whether anything has."""
        started = self._clock.monotonic()
        if started < self._look_at:
            return False
        stamps = dict(_stamps(self._folder))
        ended = self._clock.monotonic()
        self._look_at = ended + _REST * (ended - started)
        if stamps == self._stamps and self.current != RuleSet():
            return False
        results = {
            file: self._results[file]
            if stamp == self._stamps.get(file)
            else read_file(file, self._parse)
            for file, stamp in stamps.items()
        }
        self._results = results
        try:
            current = self._reconciled(assemble(self._folder, results))
        except StoreUnavailable:
            return False
        self._stamps, self.current = stamps, current
        return True

    def _reconciled(self, found: RuleSet) -> RuleSet:
        """What runs; what is good is kept, and what was taken out forgotten."""
        good = self._kept.all()
        present = {loaded.rule.id: loaded for loaded in found.rules}
        self._kept.forget(good.keys() - present.keys() - kept(found, good).keys())
        self._kept.put(list(self._news(present, good)))
        return with_kept(found, good, self._parse)

    def _news(
        self, present: Mapping[str, LoadedRule], good: Mapping[str, GoodRule]
    ) -> Iterator[GoodRule]:
        now = self._clock.now()
        for rule_id, (rule, _, _, _, file, line) in present.items():
            known = good.get(rule_id)
            if known is None or (known.version, known.file) != (rule.version, str(file)):
                yield GoodRule(
                    rule_id=rule_id,
                    version=rule.version,
                    file=str(file),
                    line=line,
                    definition=msgspec.json.encode(rule).decode(),
                    loaded_at=now,
                )


def with_kept(found: RuleSet, good: Mapping[str, GoodRule], parse: Parse) -> RuleSet:
    """What runs: what was found, and of what is broken the last good version."""
    revived = dict(_revived(kept(found, good), parse))
    return RuleSet((*found.rules, *revived.values()), found.problems, tuple(revived))


def kept(found: RuleSet, good: Mapping[str, GoodRule]) -> dict[str, GoodRule]:
    """The last good versions of the rules that are missing because of a fault."""
    present = {loaded.rule.id for loaded in found.rules}
    return {
        rule_id: one
        for rule_id, one in good.items()
        if rule_id not in present and _is_broken(one, found.problems)
    }


def _revived(broken: Mapping[str, GoodRule], parse: Parse) -> Iterator[tuple[str, LoadedRule]]:
    for rule_id, one in broken.items():
        try:
            rule = msgspec.json.decode(one.definition, type=Rule)
            yield rule_id, compile_rule(rule, parse, Path(one.file), one.line)
        except (msgspec.MsgspecError, QueryError):
            # Kept by another version of Tocsin, which understood more.
            continue


def _is_broken(one: GoodRule, problems: tuple[Problem, ...]) -> bool:
    """Whether the rule is missing because of a fault, and was not taken out: it is named
    by the fault, or its file, or the folder, cannot be read at all."""
    return any(
        problem.rule_id == one.rule_id
        or (not problem.rule_id and Path(one.file).is_relative_to(problem.file))
        for problem in problems
    )


def _stamps(folder: Path) -> Iterator[tuple[Path, _Stamp]]:
    for file in rule_files(folder):
        try:
            status = file.stat()
        except OSError:
            yield file, _Stamp(0, 0, 0)
        else:
            yield file, _Stamp(status.st_mtime_ns, status.st_size, status.st_ino)
