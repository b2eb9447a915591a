"""Every kind is documented by an example that runs, and says what is wrong with a rule."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from alerts.kinds.port import Combining, Judge, Runs, Watching
from alerts.kinds.table import KINDS, detector
from alerts.rules import RuleSet, load_rules
from enrich.tokens import fold_tokens
from index.query.parse import parse
from model.rule import Rule, RuleKind

DOCUMENT = Path(__file__).parents[2] / "docs" / "rules.md"
PARITY = DOCUMENT.with_name("rules-parity.md")
SECTION = re.compile(r"^### (\w+)\n(.*?)(?=^##)", re.DOTALL | re.MULTILINE)
EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def sections() -> dict[str, str]:
    """The text of the section of each kind."""
    return dict(SECTION.findall(DOCUMENT.read_text(encoding="utf-8")))


def load(folder: Path, **files: str) -> RuleSet:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_rules(folder, partial(parse, tokenize=fold_tokens, for_rule=True))


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rule]:
    """The documented rules by kind."""
    texts = {kind: EXAMPLE.findall(text) for kind, text in sections().items()}
    assert all(len(found) == 1 for found in texts.values())
    found = load(tmp_path_factory.mktemp("examples"), **{k: t[0] for k, t in texts.items()})
    assert found.problems == ()
    return {loaded.file.stem: loaded.rule for loaded in found.rules}


def test_every_kind_has_a_section_with_an_example(examples: dict[str, Rule]) -> None:
    assert set(examples) == set(KINDS) == set(get_args(RuleKind))
    assert all(rule.kind == kind for kind, rule in examples.items())


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_kind_is_explained_in_its_section_or_above(kind: RuleKind) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    shared = text[text.index("**Silence.**") : text.index("### any")]
    said = sections()[kind] + (shared if "grace" in KINDS[kind].keys else "")
    assert [key for key in KINDS[kind].keys if not re.search(rf"`{key}\b", said)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_when_it_rings_and_decides_in_its_window(
    kind: RuleKind, examples: dict[str, Rule]
) -> None:
    rule = examples[kind]
    assert KINDS[kind].when(rule).startswith("when ")
    assert KINDS[kind].late
    decides = detector(rule)
    assert decides.window == rule.window
    assert isinstance(decides, Runs | Judge | Combining | Watching)


def test_what_is_read_as_a_duration_is_one(examples: dict[str, Rule]) -> None:
    assert examples["new_term"].options["history"] == 60 * 86_400_000_000
    assert examples["spike"].options["height"] == 3


BASE = "id: x\ntitle: X\nquery: fire\nwindow: 10m\nresponse: Look\n"


@pytest.mark.parametrize(
    ("keys", "place", "field", "words"),
    [
        ("kind: terms\nfield: colour\nvalues: [red]", "7:8", "field", "'colour' is no field"),
        ("kind: terms\nfield: text\nvalues: [red, '(']", "8:16", "values", "not closed"),
        ("kind: change\nfield: lang", "1:1", "group_by", "is missing"),
        ("kind: spike\nheight: 0.5\nleast_now: 3", "7:9", "height", "0.5 is not right"),
        ("kind: spike\nheight: 2.5", "1:1", "least_now", "is missing"),
        ("kind: flatline\nthreshold: 0", "7:12", "threshold", "0 is not right"),
        ("kind: new_term\nfield: hashtag\nhistory: 400d", "8:10", "history", "longer than 366"),
        ("kind: new_term\nfield: hashtag\nhistory: 5m", "8:10", "history", "longer than the"),
        ("kind: cardinality\nfield: lang", "1:1", "max_values", "is missing"),
        ("kind: metric\nfield: lang\naggregate: sum", "7:8", "field", "no field of numbers"),
        ("kind: metric\nfield: likes\naggregate: median", "8:12", "aggregate", "is not right"),
        ("kind: metric_spike\nfield: likes\naggregate: sum", "1:1", "height", "is missing"),
        ("kind: percentage\nmatching: fire AND\nmax_percent: 5", "7:19", "matching", "too early"),
        ("kind: cluster\nthreshold: 3\nradius: 300\ngroup_by: [place]", "9:11", "group_by", "not"),
        ("kind: area_entry\nareas: []", "7:8", "areas", "is not right"),
        ("kind: sequence\nsteps: [fire]", "7:8", "steps", "is not right"),
        ("kind: sequence\nsteps:\n  - fire\n  - 'a:b'", "9:6", "steps", "no field"),
        ("kind: any\nheight: 3", "7:9", "height", "rules of kind any have none"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    tmp_path: Path, keys: str, place: str, field: str, words: str
) -> None:
    found = load(tmp_path, bad=BASE + keys + "\n")
    assert found.rules == ()
    said = [(f"{p.line}:{p.column}", p.field, p.message) for p in found.problems]
    assert any((at, key) == (place, field) and words in text for at, key, text in said), said


@pytest.mark.parametrize("kind", ["coverage", "composite"])
def test_kinds_that_read_no_posts_take_no_query(tmp_path: Path, kind: str) -> None:
    found = load(tmp_path, bad=BASE + f"kind: {kind}\nall_of: [a, b]\n")
    assert "query" in {problem.field for problem in found.problems}


class TestComposites:
    def composite(self, name: str, *parts: str, more: str = "") -> str:
        named = f"id: {name}\ntitle: X\nkind: composite\nwindow: 1h\nresponse: Look\n"
        return f"{named}all_of: [{', '.join(parts)}]\n{more}"

    def part(self, name: str, more: str = "") -> str:
        named = f"id: {name}\ntitle: X\nkind: any\nquery: fire\nwindow: 1h\nresponse: Look\n"
        return named + more

    def problems(self, folder: Path, *texts: str) -> dict[str, str]:
        found = load(folder, **{f"f{n}": text for n, text in enumerate(texts)})
        return {problem.rule_id: problem.message for problem in found.problems}

    def test_parts_must_be_there(self, tmp_path: Path) -> None:
        said = self.problems(tmp_path, self.part("a"), self.composite("c", "a", "b"))
        assert said == {"c": "there is no rule b"}

    def test_parts_must_not_lead_back(self, tmp_path: Path) -> None:
        texts = [self.part("a"), self.composite("c", "a", "d"), self.composite("d", "a", "c")]
        assert set(self.problems(tmp_path, *texts)) == {"c", "d"}

    def test_parts_may_be_composites(self, tmp_path: Path) -> None:
        texts = [self.part("a"), self.part("b"), self.part("z")]
        texts += [self.composite("c", "a", "b"), self.composite("d", "c", "z")]
        assert self.problems(tmp_path, *texts) == {}

    def test_groups_must_be_alike(self, tmp_path: Path) -> None:
        texts = [
            self.part("a", "group_by: [place]\n"),
            self.part("b"),
            self.composite("c", "a", "b"),
        ]
        assert "group_by" in self.problems(tmp_path, *texts)["c"]


def test_every_rule_type_of_elastalert_has_its_counterpart() -> None:
    text = PARITY.read_text(encoding="utf-8")
    types = "any blacklist whitelist change frequency spike flatline new_term cardinality"
    types += " metric_aggregation spike_aggregation percentage_match"
    assert [name for name in types.split() if f"`{name}`" not in text] == []
    assert [name for name in KINDS if f"`{name}`" not in text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_section_says_what_a_late_post_does(kind: RuleKind) -> None:
    assert f"*Late posts.* {KINDS[kind].late}." in " ".join(sections()[kind].split())
