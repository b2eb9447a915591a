"""The lexicon and the trained model together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from enrich.lexicon import Lexicon, load_lexicon
from enrich.tension import LEAST_SCORE, LexiconScorer
from enrich.tension_model import TensionModel, read_model, write_model
from enrich.tension_training import Post, minimise, read_posts, train
from enrich.tension_weighed import WeighedScorer
from enrich.tokens import tokenize
from model.errors import ConfigurationError


@pytest.fixture(scope="module")
def model() -> TensionModel:
    return read_model()


def flagged(scorer: WeighedScorer | LexiconScorer, text: str) -> dict[str, float]:
    (tension,) = scorer.score([tokenize(text)])
    return {one.category: one.score for one in tension if one.score >= 0.5}


def test_posts_held_back_are_judged_better_than_by_the_lexicon_alone(
    lexicon: Lexicon, model: TensionModel
) -> None:
    """A floor well under what docs/enrichment.md reports."""
    held = [post for post in read_posts() if post.split == "test"]
    gains = []
    for scorer in (LexiconScorer(lexicon), WeighedScorer(lexicon, model)):
        said = [bool(flagged(scorer, post.text)) for post in held]
        true = [bool(post.label) for post in held]
        hits = sum(map(bool.__and__, said, true))
        gains.append(2 * hits / (sum(said) + sum(true)))
    assert len(held) > 400
    assert gains[1] > max(gains[0], 0.7)


def test_an_added_entry_counts_at_once_and_in_full(tmp_path: Path, model: TensionModel) -> None:
    (tmp_path / "own.yaml").write_text(
        "category: weapons\nentries:\n  - pattern: wibbler\n    weight: 0.8\n", "utf-8"
    )
    scorer = WeighedScorer(load_lexicon(tmp_path), model)
    assert flagged(scorer, "he has a wibbler with him")["weapons"] >= 0.8


def test_every_score_has_evidence_inside_the_text(lexicon: Lexicon, model: TensionModel) -> None:
    scorer = WeighedScorer(lexicon, model)
    for post in read_posts()[::7]:
        (tension,) = scorer.score([tokenize(post.text)])
        for one in tension:
            assert one.score >= LEAST_SCORE
            assert one.evidence
            for hint in one.evidence:
                assert 0 <= hint.start < hint.end <= len(post.text)
                assert hint.reason.startswith(one.category)


def test_a_batch_scores_as_its_posts_do_one_by_one(lexicon: Lexicon, model: TensionModel) -> None:
    scorer = WeighedScorer(lexicon, model)
    batch = [tokenize(post.text) for post in read_posts()[:40]] + [tokenize("")]
    assert scorer.score(batch) == [scorer.score([tokens])[0] for tokens in batch]


def test_training_is_repeatable_and_survives_the_file(lexicon: Lexicon, tmp_path: Path) -> None:
    posts = [post for post in read_posts() if post.split != "test"][::12]
    small = Lexicon(lexicon.entries[:5], (), (), (), "")
    first, second = (train(small, posts, ["a quiet day by the sea"]) for _ in range(2))
    assert np.array_equal(first.weights, second.weights)
    write_model(tmp_path / "model.npz", first)
    back = read_model(tmp_path / "model.npz")
    assert back.entries == first.entries
    assert np.abs(back.weights - first.weights).max() <= np.abs(first.weights).max() / 127
    assert Post("x").split == "train"


def test_a_file_that_is_no_model_is_the_operators_to_mend(tmp_path: Path) -> None:
    (tmp_path / "model.npz").write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_model(tmp_path / "model.npz")


def test_the_minimum_of_a_bowl_is_found() -> None:
    goal = np.array([3.0, -2.0])
    found = minimise(lambda at: (float(((at - goal) ** 2).sum()), 2 * (at - goal)), np.zeros(2))
    assert np.allclose(found, goal, atol=1e-3)
