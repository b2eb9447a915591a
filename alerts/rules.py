"""The rules of a folder: reading, checking, and saying in plain words what is wrong.

A file holds one rule or a list of them. What is wrong is a value beside the rules that
are right, so that one bad rule never disables another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from alerts.kinds.composite import astray
from alerts.kinds.keys import to_microseconds
from alerts.kinds.port import Kind, Split
from alerts.kinds.table import KINDS
from alerts.rule_file import Entry, Fault, Plain, read_entries, within
from alerts.rule_schema import faults, is_duration, options_of
from index.fields import Fields
from index.query.ast import Node
from index.query.predicate import Predicate, compile_predicate
from model.clock import DAY, from_datetime
from model.errors import QueryError
from model.rule import Rule

Parse = Callable[[str], Node]
"""The tree of a rule's query. Raises QueryError."""

_LONGEST_WINDOW = 31 * DAY
_LONGEST_MEMORY = 366 * DAY
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


class Carries(NamedTuple):
    """What a match carries beside the post: see :class:`~alerts.kinds.port.Wants`."""

    values: str = ""
    number: str = ""
    tests: tuple[Predicate, ...] = ()
    split: Split | None = None


class LoadedRule(NamedTuple):
    """A rule that can run: what a post must satisfy as a tree and as a test (no tree where
    the kind reads no posts), what its matches carry, and where it is written."""

    rule: Rule
    query: Node | None
    test: Predicate
    carries: Carries
    file: Path
    line: int


class RuleSet(NamedTuple):
    """The rules of a folder, in the order of its files, and what is wrong with the others.

    ``kept`` are the ids of those that run in an earlier version, since what stands in the
    folder now is wrong.
    """

    rules: tuple[LoadedRule, ...] = ()
    problems: tuple[Problem, ...] = ()
    kept: tuple[str, ...] = ()

    def running(self, now: int) -> tuple[LoadedRule, ...]:
        """The rules that have not expired at ``now`` (UTC microseconds)."""
        return tuple(rule for rule in self.rules if not has_expired(rule.rule, now))

    def expired(self, now: int) -> tuple[LoadedRule, ...]:
        """The rules that no longer run at ``now`` (UTC microseconds)."""
        return tuple(rule for rule in self.rules if has_expired(rule.rule, now))


Reading = Mapping[Path, Sequence[LoadedRule | Problem]]
"""What was found in each file."""


def rule_files(folder: Path) -> list[Path]:
    """The rule files of a folder and the folders in it, in order."""
    return sorted(file for pattern in _PATTERNS for file in folder.rglob(pattern))


def read_file(file: Path, parse: Parse) -> list[LoadedRule | Problem]:
    """The rules of a file and what is wrong with the others. Never raises."""
    return list(_read(file, parse))


def load_rules(folder: Path, parse: Parse) -> RuleSet:
    """The rules in the YAML files of a folder and the folders in it.

    ``parse`` is the query parser, told to be as strict as rules need. Never raises:
    whatever cannot be read or is not right becomes a problem.
    """
    return assemble(folder, {file: read_file(file, parse) for file in rule_files(folder)})


def assemble(folder: Path, reading: Reading) -> RuleSet:
    """The rules of all files together: of one id there is one, and what a rule names is
    there."""
    if not reading:
        return RuleSet(problems=(Problem(folder, 1, 1, "", "", "the folder has no rule files"),))
    rules: dict[str, LoadedRule] = {}
    problems: list[Problem] = []
    for file, results in reading.items():
        for found in results:
            if isinstance(found, Problem):
                problems.append(found)
            elif (first := rules.setdefault(found.rule.id, found)) is not found:
                cause = f"stands already in {first.file}:{first.line}; that one runs"
                problems.append(Problem(file, found.line, 1, found.rule.id, "id", cause))
    for loaded, cause in astray({rule_id: one.rule for rule_id, one in rules.items()}):
        one = rules.pop(loaded)
        problems.append(Problem(one.file, one.line, 1, loaded, "all_of", cause))
    return RuleSet(tuple(rules.values()), tuple(problems))


def expires_at(rule: Rule) -> int | None:
    """The moment at which the rule stops, in UTC microseconds: the end of its last day."""
    if not rule.expires:
        return None
    last_day = date.fromisoformat(rule.expires)
    return from_datetime(datetime.combine(last_day, time(), UTC)) + DAY


def has_expired(rule: Rule, now: int) -> bool:
    """Whether the rule's last day is over (UTC microseconds)."""
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
            if isinstance(checked, LoadedRule):
                yield checked._replace(file=file, line=entry.locate(()).line)
            else:
                wrong = checked
        for fault in wrong:
            yield _problem(file, rule_id, fault)


def compile_rule(rule: Rule, parse: Parse, file: Path, line: int) -> LoadedRule:
    """The rule made ready to run. Raises QueryError."""
    kind = KINDS[rule.kind]
    if not kind.reads_posts:
        return LoadedRule(rule, None, _nothing, Carries(), file, line)
    further = [parse(query) for _, query in _further(rule, kind)]
    query = kind.narrow(rule, parse(rule.query), further)
    wants = kind.wants(rule)
    tests = tuple(map(compile_predicate, further)) if wants.tests else ()
    carries = Carries(wants.values, wants.number, tests, kind.split(rule))
    return LoadedRule(rule, query, compile_predicate(query), carries, file, line)


def _nothing(_: Fields) -> bool:
    return False


def _further(rule: Rule, kind: Kind) -> list[tuple[tuple[str | int, ...], str]]:
    """The further queries of a rule, and where they stand in it."""
    key = kind.queries(rule)
    value = rule.options.get(key, ()) if key else ()
    if isinstance(value, str):
        return [((key,), value)]
    return [((key, place), query) for place, query in enumerate(value)]  # type: ignore[arg-type]


def _check(entry: Entry, text: str, parse: Parse) -> LoadedRule | list[Fault]:
    """What the schema cannot say: durations, names of fields, the sense of queries."""
    long = list(_too_long(entry))
    if long:
        return long
    rule = _rule(entry.values)
    kind = KINDS[rule.kind]
    parse = lru_cache(maxsize=None)(parse)
    wrong = [Fault(entry.locate((key,)), key, cause) for key, cause in kind.faults(rule)] or list(
        _queries_at_fault(entry, text, rule, kind, parse)
    )
    return wrong or compile_rule(rule, parse, Path(), 0)


def _too_long(entry: Entry) -> Iterator[Fault]:
    kind = KINDS[entry.values["kind"]]  # type: ignore[index]
    if to_microseconds(str(entry.values["window"])) > _LONGEST_WINDOW:
        yield Fault(entry.locate(("window",)), "window", "is longer than 31 days")
    for key, value in options_of(entry.values).items():
        if is_duration(kind, key) and to_microseconds(str(value)) > _LONGEST_MEMORY:
            yield Fault(entry.locate((key,)), key, "is longer than 366 days")


def _queries_at_fault(
    entry: Entry, text: str, rule: Rule, kind: Kind, parse: Parse
) -> Iterator[Fault]:
    if not kind.reads_posts:
        return
    for path, query in [(("query",), rule.query), *_further(rule, kind)]:
        try:
            compile_predicate(parse(query))
        except QueryError as error:
            start = entry.locate(path)
            if error.position is not None:
                start = within(text, start, query, error.position)
            yield Fault(start, str(path[0]), str(error))


def _rule(values: dict[str, Plain]) -> Rule:
    """The rule of an entry that satisfies the schema."""
    kind = KINDS[values["kind"]]  # type: ignore[index]
    chosen = {
        key: to_microseconds(str(value)) if is_duration(kind, key) else value
        for key, value in options_of(values).items()
    }
    common = {key: value for key, value in values.items() if key not in chosen}
    window = to_microseconds(str(values["window"]))
    rule = msgspec.convert(common | {"window": window, "options": chosen}, Rule)
    content = msgspec.json.encode(rule, order="deterministic")
    return msgspec.structs.replace(rule, version=hashlib.sha256(content).hexdigest()[:12])


def _problem(file: Path, rule_id: str, fault: Fault) -> Problem:
    return Problem(file, *fault.position, rule_id, fault.field, fault.message)
