"""Training on a tiny set: it learns, it repeats itself, and it reads what it should."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enrich.gazetteer import Gazetteer
from enrich.place_model import read_model
from enrich.place_words import WordKnowledge
from enrich.places import SequenceRecogniser
from enrich.tokens import tokenize
from enrich.training.augment import Swapper, in_small_letters
from enrich.training.calibrate import UNCALIBRATED, calibration
from enrich.training.corpora import (
    ORGANISATION,
    PERSON,
    PLACE,
    Labelled,
    Span,
    labels_of,
    read_posts,
)
from enrich.training.fit import Recipe
from enrich.training.kernel import make_pass
from enrich.training.names import name_tables
from enrich.training.plan import OWN_POSTS, labelled
from enrich.training.score import Judged, score
from enrich.training.train import Order, train
from model.errors import ConfigurationError

CONLL = """Fire\tO
in\tO
West\tB-LOC
Woking\tI-LOC
said\tO
Ann\tB-PER

#\tO
Woking\tB-LOC
@\tO
Woking\tB-LOC
rocks\tO
"""
TINY = [
    "Fire in [Woking] tonight",
    "Off to [Guildford] with <Ann>",
    "{Woking FC} lost again",
    "A lovely day",
    "crash near [Dorking]",
    "Stuck in [Leeds] again",
    "what a match by {Leeds United}",
    "he likes cake",
]


def untouched(function: Callable[..., object]) -> Callable[..., object]:
    return function


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "ner").mkdir()
    (tmp_path / "ner" / "btc-x.conll").write_text(CONLL, "utf-8")
    (tmp_path / "ner" / "btc-y.conll").write_text("Nothing\tO\nhere\tO\n", "utf-8")
    return tmp_path


def test_conll_is_joined_as_people_write(data: Path) -> None:
    posts = read_posts(data / "ner" / "btc-x.conll")
    assert [post.text for post in posts] == [
        "Fire in West Woking said Ann",
        "#Woking @Woking rocks",
    ]
    assert posts[0].spans == (Span(8, 19, PLACE), Span(25, 28, PERSON))
    assert [posts[1].text[s.start : s.end] for s in posts[1].spans] == ["Woking"]


def test_brackets_are_labels(tmp_path: Path) -> None:
    file = tmp_path / "posts.txt"
    file.write_text("; a comment\n#[Woking] v {Leeds United}, says <Ann>\n", "utf-8")
    (post,) = read_posts(file)
    assert post.text == "#Woking v Leeds United, says Ann"
    assert [(post.text[s.start : s.end], s.label) for s in post.spans] == [
        ("Woking", PLACE),
        ("Leeds United", ORGANISATION),
        ("Ann", PERSON),
    ]
    assert labels_of(post) == [1, 0, 5, 6, 0, 3]


def test_located_posts_leave_the_rest_open(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    mention = {"start_offset": 0, "end_offset": 6}
    file.write_text(json.dumps({"text": "Woking!", "location_mentions": [mention]}), "utf-8")
    (post,) = read_posts(file)
    assert post == Labelled("Woking!", (Span(0, 6, PLACE),), complete=False)


@pytest.mark.parametrize("text", ["an [open bracket\n", "[[nested\n"])
def test_bad_posts_are_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.txt"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=r"bad\.txt"):
        read_posts(file)


def test_no_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no labelled posts"):
        labelled(tmp_path)


def test_what_is_held_out_is_left_out(data: Path) -> None:
    assert [corpus.name for corpus in labelled(data, ("btc-y",))] == ["btc-x", "own"]


def test_a_model_learns_from_a_tiny_set_and_training_repeats_itself(
    tmp_path: Path, data: Path, gazetteer: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.txt"
    own.write_text("\n".join(TINY), "utf-8")
    monkeypatch.setattr("enrich.training.plan.OWN_POSTS", own)
    recipe = Recipe(passes=12, seeds=1, rate=0.1, drop=0.1, drop_lexical=0.0, least_uses=1)
    written = []
    for name in ("a.npz", "b.npz"):
        order = Order(data, tmp_path / name, ("btc-y",), recipe)
        train(order, gazetteer, make_pass(untouched), lambda _posts: {}, lambda _line: None)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    model = read_model(tmp_path / "a.npz")
    text = "Fire in Woking tonight"
    (mentions,) = SequenceRecogniser(gazetteer, model).find([tokenize(text)])
    assert [text[m.start : m.end] for m in mentions] == ["Woking"]


def test_other_places_take_the_place_of_places() -> None:
    words = WordKnowledge(name_tables(None).single, {})
    post = Labelled("fire in Woking says Ann", (Span(8, 14, PLACE), Span(20, 23, PERSON)))
    swapped = Swapper(words).swapped(post)
    assert swapped is not None
    place, person = swapped.spans
    assert swapped.text[place.start : place.end] != "Woking"
    assert swapped.text[person.start : person.end] == "Ann"
    assert Swapper(words).swapped(post) == swapped
    assert Swapper(words).swapped(Labelled("fire in France", (Span(8, 14, PLACE),))) is None


def test_small_letters_keep_their_spans() -> None:
    (small,) = in_small_letters([Labelled("In Woking", (Span(3, 9, PLACE),)), Labelled("so", ())])
    assert small == Labelled("in woking", (Span(3, 9, PLACE),))


def test_calibration_finds_how_sure_to_be() -> None:
    random = np.random.default_rng(0)
    shares = random.uniform(0.02, 0.98, 4_000)
    odds = 0.5 * np.log(shares / (1 - shares)) - 0.3
    right = random.uniform(size=4_000) < 1 / (1 + np.exp(-odds))
    judged = [Judged(s, bool(r)) for s, r in zip(shares.tolist(), right.tolist(), strict=True)]
    assert calibration(judged) == pytest.approx((0.5, -0.3), abs=0.1)
    assert calibration(judged[:10]) == UNCALIBRATED


def test_no_post_is_both_trained_on_and_tested_with() -> None:
    tested = read_posts(Path(__file__).parent / "data" / "british_posts.txt")
    trained = {post.text.casefold() for post in read_posts(OWN_POSTS)}
    assert not [post.text for post in tested if post.text.casefold() in trained]


def test_the_score_counts_exact_spans(recogniser: SequenceRecogniser) -> None:
    text = "Fire in Guildford"
    right = Labelled(text, (Span(8, 17, PLACE),))
    missed = Labelled("Xq", (Span(0, 2, PLACE),))
    reached = score(recogniser, [right, missed])
    assert (reached.precision, reached.recall) == (1.0, 0.5)
