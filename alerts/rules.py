"""The rules of a folder: reading, checking, and saying in plain words what is wrong.

A file holds one rule or a list of them. What is wrong is a value beside the rules that
are right, so that one bad rule never disables another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NamedTuple

import msgspec

from alerts.rule_file import Entry, Fault, Plain, read_entries, within
from alerts.rule_schema import faults
from index.query.ast import Node
from index.query.predicate import Predicate, compile_predicate
from model.clock import DAY, HOUR, MINUTE, SECOND, from_datetime
from model.errors import QueryError
from model.rule import Rule

Parse = Callable[[str], Node]
"""The tree of a rule's query. Raises QueryError."""

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_LONGEST_WINDOW = 31 * DAY
_PATTERNS = ("*.yaml", "*.yml")


class Problem(NamedTuple):
    """What is wrong with a rule or a rule file, and where. Line and column count from 1."""

    file: Path
    line: int
    column: int
    rule_id: str
    field: str
    message: str

    def __str__(self) -> str:
        subject = " ".join(filter(None, [self.rule_id and f"rule {self.rule_id}", self.field]))
        return ": ".join(
            filter(None, [f"{self.file}:{self.line}:{self.column}", subject, self.message])
        )


class LoadedRule(NamedTuple):
    """A rule that can run: its query as a tree and as a test, and where it is written."""

    rule: Rule
    query: Node
    test: Predicate
    file: Path
    line: int


class RuleSet(NamedTuple):
    """The rules of a folder, in the order of its files, and what is wrong with the others."""

    rules: tuple[LoadedRule, ...] = ()
    problems: tuple[Problem, ...] = ()

    def running(self, now: int) -> tuple[LoadedRule, ...]:
        """The rules that have not expired at ``now`` (UTC microseconds)."""
        return tuple(rule for rule in self.rules if not _has_expired(rule.rule, now))

    def expired(self, now: int) -> tuple[LoadedRule, ...]:
        """The rules that no longer run at ``now`` (UTC microseconds)."""
        return tuple(rule for rule in self.rules if _has_expired(rule.rule, now))


def load_rules(folder: Path, parse: Parse) -> RuleSet:
    """The rules in the YAML files of a folder and the folders in it.

    ``parse`` is the query parser, told to be as strict as rules need. Never raises:
    whatever cannot be read or is not right becomes a problem.
    """
    files = sorted(file for pattern in _PATTERNS for file in folder.rglob(pattern))
    if not files:
        return RuleSet(problems=(Problem(folder, 1, 1, "", "", "the folder has no rule files"),))
    rules: dict[str, LoadedRule] = {}
    problems: list[Problem] = []
    for file in files:
        for found in _read(file, parse):
            if isinstance(found, Problem):
                problems.append(found)
            elif (first := rules.setdefault(found.rule.id, found)) is not found:
                cause = f"stands already in {first.file}:{first.line}; that one runs"
                problems.append(Problem(file, found.line, 1, found.rule.id, "id", cause))
    return RuleSet(tuple(rules.values()), tuple(problems))


def expires_at(rule: Rule) -> int | None:
    """The moment at which the rule stops, in UTC microseconds: the end of its last day."""
    if not rule.expires:
        return None
    last_day = date.fromisoformat(rule.expires)
    return from_datetime(datetime.combine(last_day, time(), UTC)) + DAY


def _has_expired(rule: Rule, now: int) -> bool:
    end = expires_at(rule)
    return end is not None and end <= now


def _read(file: Path, parse: Parse) -> Iterator[LoadedRule | Problem]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        yield Problem(file, 1, 1, "", "", f"the file cannot be read: {error}")
        return
    for entry in read_entries(text):
        if isinstance(entry, Fault):
            yield _problem(file, "", entry)
            continue
        named = entry.values.get("id")
        rule_id = named if isinstance(named, str) else ""
        wrong = sorted(faults(entry))
        if not wrong:
            checked = _check(entry, text, parse)
            if isinstance(checked, Fault):
                wrong = [checked]
            else:
                rule, query, test = checked
                yield LoadedRule(rule, query, test, file, entry.locate(()).line)
        for fault in wrong:
            yield _problem(file, rule_id, fault)


def _check(entry: Entry, text: str, parse: Parse) -> tuple[Rule, Node, Predicate] | Fault:
    """What the schema cannot say: the query's sense, and the length of the window."""
    rule = _rule(entry.values)
    if rule.window > _LONGEST_WINDOW:
        return Fault(entry.locate(("window",)), "window", "is longer than 31 days")
    try:
        query = parse(rule.query)
        return rule, query, compile_predicate(query)
    except QueryError as error:
        start = entry.locate(("query",))
        if error.position is not None:
            start = within(text, start, rule.query, error.position)
        return Fault(start, "query", str(error))


def _rule(values: dict[str, Plain]) -> Rule:
    """The rule of an entry that satisfies the schema."""
    window = str(values["window"])
    duration = int(window[:-1]) * _UNITS[window[-1]]
    rule = msgspec.convert(values | {"window": duration}, Rule)
    content = msgspec.json.encode(rule, order="deterministic")
    return msgspec.structs.replace(rule, version=hashlib.sha256(content).hexdigest()[:12])


def _problem(file: Path, rule_id: str, fault: Fault) -> Problem:
    return Problem(file, *fault.position, rule_id, fault.field, fault.message)
