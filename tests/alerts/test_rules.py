"""Rule files: what is right runs, and what is wrong is said where it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from alerts.kinds.table import KINDS
from alerts.rule_schema import SCHEMA_FILE, compose
from alerts.rules import RuleSet, load_rules
from enrich.tokens import fold_tokens
from index.query.parse import parse
from model.clock import DAY, HOUR, from_datetime, to_datetime
from model.rule import SEVERITIES, GroupField, Rule, RuleKind

DOCUMENT = Path(__file__).parents[2] / "docs" / "rules.md"

GOOD = """\
id: {id}
title: Knives in the street
kind: any
query: knife AND street
window: 10m
response: Tell the duty inspector.
"""

FULL = """\
id: crowd-forms
title: A crowd forms
kind: frequency
query: '"heading to" AND has:place'
window: 2h
threshold: 5
group_by: [place, platform]
severity: high
response: |
  Look at the cameras.
  Tell the duty inspector.
route: [duty]
purpose: public safety
authority: DPIA-2026-014
owner: intelligence.manager
review_by: 2027-01-31
expires: 2027-03-31
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., RuleSet]:
    """Writes files, by name, and loads the folder."""

    def write_and_load(**files: str | bytes) -> RuleSet:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / f"{name}.yaml").write_bytes(data)
        return load_rules(tmp_path, partial(parse, tokenize=fold_tokens, for_rule=True))

    return write_and_load


Load = Callable[..., RuleSet]


def test_a_rule_holds_what_its_file_says(load: Load) -> None:
    rules = load(crowd=FULL)
    assert rules.problems == ()
    (loaded,) = rules.rules
    assert (loaded.file.name, loaded.line) == ("crowd.yaml", 1)
    assert loaded.rule == Rule(
        id="crowd-forms",
        title="A crowd forms",
        kind="frequency",
        query='"heading to" AND has:place',
        window=2 * HOUR,
        threshold=5,
        group_by=("place", "platform"),
        severity="high",
        response="Look at the cameras.\nTell the duty inspector.\n",
        route=("duty",),
        purpose="public safety",
        authority="DPIA-2026-014",
        owner="intelligence.manager",
        review_by="2027-01-31",
        expires="2027-03-31",
        version=loaded.rule.version,
    )


def test_a_file_may_hold_several_and_folders_are_looked_into(load: Load, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "deep.yml").write_text(GOOD.format(id="deep"))
    listed = "\n".join(
        "- " + GOOD.format(id=name).strip().replace("\n", "\n  ") for name in ("one", "two")
    )
    rules = load(several=listed)
    assert sorted(loaded.rule.id for loaded in rules.rules) == ["deep", "one", "two"]
    assert rules.problems == ()


def test_the_version_follows_the_content_and_nothing_else(load: Load) -> None:
    def version(text: str) -> str:
        (loaded,) = load(rule=text).rules
        return loaded.rule.version

    first = version(GOOD.format(id="a"))
    reordered = "\n".join(reversed(GOOD.format(id="a").strip().split("\n"))) + "\n# words\n"
    assert version(reordered) == first
    assert version(GOOD.format(id="a").replace("10m", "600s")) == first
    assert version(GOOD.format(id="a").replace("10m", "11m")) != first


@pytest.mark.parametrize(
    ("duration", "microseconds"),
    [("90s", 90_000_000), ("10m", HOUR // 6), ("2h", 2 * HOUR), ("31d", 31 * DAY)],
)
def test_durations(load: Load, duration: str, microseconds: int) -> None:
    (loaded,) = load(rule=GOOD.format(id="a").replace("10m", duration)).rules
    assert loaded.rule.window == microseconds


RULE = GOOD.format(id="a")


def line(number: int, text: str) -> str:
    """The good rule with another line in the place of one, or behind the last."""
    lines = RULE.strip().split("\n")
    lines[number - 1 : number] = [text]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "position", "field", "words"),
    [
        (line(6, ""), "1:1", "response", "is missing. Give what the controller should do"),
        (line(6, "response:"), "6:1", "response", "nothing is not right"),
        (line(6, "response: '  '"), "6:11", "response", "is not right"),
        (line(7, "treshold: 3"), "7:1", "treshold", "no such key; did you mean threshold?"),
        (line(7, "colour: red"), "7:1", "colour", "no such key. There are id, title, kind"),
        (
            line(7, "threshold: 3"),
            "7:12",
            "threshold",
            "Give no threshold: rules of kind any have none",
        ),
        (line(3, "kind: frequency"), "1:1", "threshold", "is missing. Give how many"),
        (line(3, "kind: frequency\nthreshold: 1"), "4:12", "threshold", "1 is not right"),
        (line(3, "kind: frequency\nthreshold: x"), "4:12", "threshold", '"x" is not right'),
        (line(3, "kind: spikes"), "3:7", "kind", '"spikes" is not right. Give when'),
        (line(3, "kind: spike"), "1:1", "height", "is missing. Give how many times"),
        (line(5, "window: ten minutes"), "5:9", "window", "2h or 1d"),
        (line(5, "window: 0m"), "5:9", "window", "is not right"),
        (line(5, "window: 32d"), "5:9", "window", "is longer than 31 days"),
        (line(5, "window: 600"), "5:9", "window", "600 is not right"),
        (line(7, "severity: urgent"), "7:11", "severity", "info, low, elevated or high"),
        (line(7, "group_by: [place, plaice]"), "7:19", "group_by[1]", '"plaice"'),
        (line(7, "group_by: place"), "7:11", "group_by", "is not right"),
        (line(7, "expires: 2026-02-30"), "7:10", "expires", "as 2027-01-31"),
        (line(7, "expires: tomorrow"), "7:10", "expires", "as 2027-01-31"),
        (line(1, "id: Knife Crime"), "1:5", "id", "lower-case letters, digits and hyphens"),
        (line(1, "id: 7"), "1:5", "id", "7 is not right"),
        (line(4, "query: knife AND (street"), "4:18", "query", ""),
        (line(4, "query: 'knife AND (street'"), "4:19", "query", ""),
        (line(4, "query: >\n  knife AND\n  (street"), "4:8", "query", ""),
        (line(4, "query: colour:red"), "4:8", "query", "colour"),
        (line(4, "query: '*knife'"), "4:9", "query", ""),
        (line(7, "kind: any"), "7:1", "kind", "stands twice"),
        ("", "1:1", "", "the file holds no rule"),
        ("just words", "1:1", "", "a rule must be a mapping of keys to values"),
        ("- 1\n- [2]", "2:3", "", "a rule must be a mapping of keys to values"),
        ("id: [\n", "2:1", "", "no valid YAML: "),
        ("\tid: a", "1:1", "", "no valid YAML: "),
        ("a: b: c", "1:5", "", "no valid YAML: "),
        ("? [a]\n: b", "1:3", "", "a key must be a single word"),
        ("&a {x: *a}", "1:1", "", "the rule is nested too deeply, or in itself"),
        ("[" * 1_200, "1:1", "", "no valid YAML: "),
        (b"\xff\xfeid", "1:1", "", "the file cannot be read: "),
    ],
)
def test_what_is_wrong_is_said_where_it_stands_and_disables_nothing_else(
    load: Load, text: str | bytes, position: str, field: str, words: str
) -> None:
    rules = load(bad=text, good=GOOD.format(id="good"))
    assert [loaded.rule.id for loaded in rules.rules] == ["good"]
    found = [(f"{p.line}:{p.column}", p.field) for p in rules.problems]
    assert (position, field) in found
    assert words in rules.problems[found.index((position, field))].message


def test_a_problem_reads_as_one_line(load: Load, tmp_path: Path) -> None:
    (problem,) = load(bad=line(5, "window: 32d")).problems
    assert str(problem) == f"{tmp_path / 'bad.yaml'}:5:9: rule a window: is longer than 31 days"


def test_everything_wrong_with_a_rule_is_said_at_once(load: Load) -> None:
    rules = load(bad="id: a\nkind: any\nwindow: 1y\ntitel: x\n")
    fields = [problem.field for problem in rules.problems]
    assert fields == ["query", "response", "title", "window", "titel"]


def test_a_broken_rule_leaves_the_others_of_its_file(load: Load) -> None:
    good = "- " + GOOD.format(id="good").strip().replace("\n", "\n  ")
    rules = load(mixed=f"- id: a\n  id: b\n{good}\n- words\n")
    assert [loaded.rule.id for loaded in rules.rules] == ["good"]
    assert [problem.line for problem in rules.problems] == [2, 9]


def test_of_two_rules_of_one_name_the_first_runs(load: Load) -> None:
    rules = load(a=GOOD.format(id="same"), b="# second\n" + GOOD.format(id="same"))
    assert [loaded.file.name for loaded in rules.rules] == ["a.yaml"]
    (problem,) = rules.problems
    assert (problem.file.name, problem.line, problem.field) == ("b.yaml", 2, "id")
    assert "a.yaml:1" in problem.message


def test_a_folder_without_rules_is_a_problem(tmp_path: Path) -> None:
    rules = load_rules(tmp_path / "nowhere", partial(parse, tokenize=fold_tokens))
    assert rules.rules == ()
    assert [problem.message for problem in rules.problems] == ["the folder has no rule files"]


def test_an_expired_rule_is_kept_apart_from_those_that_run(load: Load) -> None:
    rules = load(a=GOOD.format(id="a") + "expires: 2027-03-31\n", b=GOOD.format(id="b"))
    end = from_datetime(to_datetime(0).replace(year=2027, month=4, day=1))
    assert [loaded.rule.id for loaded in rules.running(end - 1)] == ["a", "b"]
    assert [loaded.rule.id for loaded in rules.running(end)] == ["b"]
    assert [loaded.rule.id for loaded in rules.expired(end)] == ["a"]


class TestSchema:
    schema = json.loads(SCHEMA_FILE.read_text())
    keys = schema["properties"]

    def test_it_is_a_schema(self) -> None:
        Draft202012Validator.check_schema(self.schema)

    def test_it_knows_every_field_of_a_rule(self) -> None:
        own = {key for kind in KINDS.values() for key in kind.keys}
        assert set(self.keys) == set(Rule.__struct_fields__) - {"version", "options"} | own

    def test_the_published_one_is_current(self) -> None:
        """`make docs` writes it."""
        assert self.schema == compose()

    def test_it_knows_every_kind_severity_and_group_field(self) -> None:
        assert self.keys["kind"]["enum"] == list(get_args(RuleKind)) == list(KINDS)
        assert self.keys["severity"]["enum"] == list(SEVERITIES)
        assert self.keys["group_by"]["items"]["enum"] == list(get_args(GroupField))

    def test_every_key_has_words_for_messages(self) -> None:
        assert all(key["description"] for key in self.keys.values())

    def test_every_key_and_kind_is_documented(self) -> None:
        text = DOCUMENT.read_text(encoding="utf-8")
        names = [*self.keys, *self.keys["kind"]["enum"], *get_args(GroupField)]
        assert [name for name in names if f"`{name}`" not in text] == []
