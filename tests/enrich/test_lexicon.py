"""The lexicon: the shipped one keeps its own promises, a bad one says where it is bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from enrich.lexicon import Entry, Lexicon, load_lexicon
from enrich.lexicon_pattern import PatternError, compile_pattern
from enrich.pattern_set import KeyMemo, PatternSet, WordSet
from enrich.tension import LexiconScorer
from enrich.tokens import tokenize
from model.enriched import TENSION_CATEGORIES
from model.errors import ConfigurationError

LISTS = {
    "blade": ("knife", "machete*", "zombie knife"),
    "person": ("{young}", "man"),
    "young": ("lad",),
    "loop": ("{pool}",),
    "pool": ("{loop}",),
}


@pytest.fixture(scope="module")
def scorer(lexicon: Lexicon) -> LexiconScorer:
    return LexiconScorer(lexicon)


def score(scorer: LexiconScorer, text: str, category: str) -> float:
    (tension,) = scorer.score([tokenize(text)])
    return next((t.score for t in tension if t.category == category), 0.0)


def fits(pattern: str, text: str) -> bool:
    return compile_pattern(pattern, LISTS).expression.search(f" {text} ") is not None


def write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return folder


def test_the_shipped_lexicon_has_no_problem_and_covers_every_category(lexicon: Lexicon) -> None:
    assert lexicon.problems == ()
    assert {entry.categories[0] for entry in lexicon.entries} == set(TENSION_CATEGORIES)
    assert len(lexicon.entries) > 250


def test_every_example_of_every_entry_holds(lexicon: Lexicon, scorer: LexiconScorer) -> None:
    def wrong(entry: Entry) -> list[str]:
        category = entry.categories[0]
        missed = [text for text in entry.fires if score(scorer, text, category) < 0.5]
        false = [text for text in entry.silent if score(scorer, text, category) >= 0.5]
        return [f"{entry.name}: {text}" for text in missed + false]

    assert [line for entry in lexicon.entries for line in wrong(entry)] == []


@pytest.mark.parametrize(
    ("pattern", "fitting", "unfitting"),
    [
        ("knife", "a knife here", "knives"),
        ("stab*", "he stabbed him", "he got bastard"),
        ("pulled a? knife", "pulled knife", "pulled the knife"),
        ("pulled ~2 {blade}", "pulled out a zombie knife", "pulled out one of the knife"),
        ("(shot dead|gunned down)", "was gunned down", "was down"),
        ("{person} with", "a lad with", "a girl with"),
        ("m# (shut|closed)", "the m25 closed", "the mx closed"),
        ("#pm", "meet at 9pm", "meet at pm"),
        ("don't go", "please dont go", "do go"),
        ("a ~3 b", "a x b", "a x . b"),
    ],
)
def test_the_pattern_language(pattern: str, fitting: str, unfitting: str) -> None:
    assert fits(pattern, fitting)
    assert not fits(pattern, unfitting)


@pytest.mark.parametrize(
    ("pattern", "column", "message"),
    [
        ("knife {bl", 6, "not understood"),
        ("a (b|c", 2, "not understood"),
        ("a ~20 b", 2, "a gap"),
        ("{swords}", 0, "no word list 'swords'"),
        ("x *", 2, "no word"),
        ("in*side", 0, "no word"),
        ("(a|b)c", 5, "a space is missing"),
        ("{loop}", 0, "contains itself"),
        ("(your {blade}|x)", 0, "not on its own"),
    ],
)
def test_a_bad_pattern_says_where(pattern: str, column: int, message: str) -> None:
    with pytest.raises(PatternError, match=message) as caught:
        compile_pattern(pattern, LISTS)
    assert caught.value.column == column


def test_one_bad_entry_is_reported_and_the_others_work(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        weapons=(
            "category: weapons\n"
            "entries:\n"
            "  - pattern: pulled ~1 {knives}\n"
            "    weight: 0.7\n"
            "  - pattern: gunshots\n"
            "    weight: 0.7\n"
            "  - pattern: machete\n"
            "    weight: 7\n"
            "  - weight: 0.5\n"
            "  - pattern: sword\n"
            "    wieght: 0.5\n"
        ),
    )
    lexicon = load_lexicon(folder)
    assert [entry.pattern.words for entry in lexicon.entries] == [{"gunshots"}]
    assert [(p.line, p.column) for p in lexicon.problems] == [(3, 24), (8, 13), (9, 5), (11, 13)]
    messages = [str(problem) for problem in lexicon.problems]
    assert "there is no word list 'knives'" in messages[0]
    assert "from 0.05 to 0.99" in messages[1]
    assert "'pattern' is missing" in messages[2]
    assert "unknown field 'wieght'" in messages[3]
    assert all(str(folder / "weapons.yaml") in message for message in messages)
    assert score(LexiconScorer(lexicon), "heard gunshots", "weapons") == 0.7


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("category: [", "1"),
        ("category: fishing\nentries: []\n", "one of disorder"),
        ("entries:\n  - pattern: x\n    weight: 0.5\n", "need a category"),
        ("- a list\n", "a mapping is expected"),
        ("wrods: {}\n", "unknown field 'wrods'"),
        ("masks:\n  - m#\n", "neither optional nor a number"),
        ("words:\n  a: ['{b}']\n  b: ['{a}']\nmasks:\n  - '{a} x'\n", "contains itself"),
        (
            "category: hate\nentries:\n  - pattern: x\n    weight: 0.5\n    ignores: [denial]\n",
            "no context 'denial'",
        ),
    ],
)
def test_a_bad_file_is_reported_and_the_others_work(
    tmp_path: Path, content: str, message: str
) -> None:
    good = "category: weapons\nentries:\n  - pattern: gunshots\n    weight: 0.7\n"
    lexicon = load_lexicon(write(tmp_path, bad=content, good=good))
    (problem,) = lexicon.problems
    assert message in str(problem)
    assert len(lexicon.entries) == 1


def test_invalid_utf8_is_a_problem_of_that_file(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    lexicon = load_lexicon(tmp_path)
    assert [problem.file.name for problem in lexicon.problems] == ["bad.yaml"]


def test_a_folder_without_lexicon_is_the_operators_to_correct(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no lexicon"):
        load_lexicon(tmp_path)


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    before = load_lexicon(write(tmp_path, words="words:\n  a: [b]\n")).version
    assert load_lexicon(tmp_path).version == before
    assert load_lexicon(write(tmp_path, words="words:\n  a: [c]\n")).version != before


def test_choosing_patterns_loses_none(lexicon: Lexicon) -> None:
    patterns = PatternSet([(entry.pattern, entry.name) for entry in lexicon.entries])
    for entry in lexicon.entries:
        for text in entry.fires:
            words = tokenize(text).folded
            joined = f" {' '.join(words)} "
            chosen = {name for _, name in patterns.candidates(words)}
            fitting = {e.name for e in lexicon.entries if e.pattern.expression.search(joined)}
            assert fitting <= chosen


def test_word_sets_and_memos() -> None:
    words = WordSet(["knife", "stab*"])
    assert "knife" in words
    assert "stabbing" in words
    assert "knif" not in words
    memo = KeyMemo({frozenset({"knife", "stab*"}): 1, frozenset({"stabbed"}): 2}, limit=3)
    assert (memo["knife"], memo["stabs"], memo["stabbed"], memo["x"]) == (1, 1, 3, 0)
    for number in range(50):
        assert memo[f"word{number}"] == 0
        assert len(memo) <= 3
