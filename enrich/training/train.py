"""Training from the corpora to the file, in one go."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from enrich.gazetteer import Gazetteer
from enrich.place_model import read_model, write_model
from enrich.place_words import WordFacts
from enrich.places import SequenceRecogniser
from enrich.tokens import Tokens
from enrich.training.calibrate import UNCALIBRATED, calibration
from enrich.training.corpora import CRISIS, Corpus, Labelled
from enrich.training.fit import Fitted, Recipe, fit
from enrich.training.kernel import Pass, make_pass
from enrich.training.matrix import examples
from enrich.training.plan import Knowledge, augmented, content, knowledge, labelled, unlabelled
from enrich.training.score import judged
from model.errors import ConfigurationError

_FOLDS = 5

Facts = Callable[[Sequence[Tokens]], dict[int, WordFacts]]


class Order(NamedTuple):
    """What to train: from which folder, into which file, without which files."""

    data: Path
    out: Path
    held_out: tuple[str, ...] = ()
    recipe: Recipe = Recipe()


def compiled_pass() -> Pass:
    """The inner loop, compiled. Raises ConfigurationError where numba is not installed."""
    try:
        numba = importlib.import_module("numba")
    except ImportError as error:
        raise ConfigurationError(
            "training the place model",
            cause=str(error),
            remedy="Install what training needs: pip install tocsin[train]",
        ) from error
    return make_pass(numba.njit(fastmath=True))


def train(
    order: Order, gazetteer: Gazetteer, one_pass: Pass, facts: Facts, say: Callable[[str], None]
) -> None:
    """Train and write the model. The same data, recipe and machine give the same file.

    Confidences are calibrated by a first fit that a fifth of the general posts is kept
    from; the model itself is then fitted to all of them.
    """
    corpora = labelled(order.data, order.held_out)
    say(f"labelled posts: {', '.join(f'{c.name} {len(c.posts)}' for c in corpora)}")
    posts = unlabelled(order.data, corpora)
    known = knowledge(order.data, facts(posts))
    say(f"words: {len(known.words.facts)}, names: {len(known.words.names)}")
    known_part, kept_out = _folds(corpora)
    first = _fitted(known_part, known, order.recipe._replace(seeds=1), one_pass)
    with tempfile.TemporaryDirectory(prefix="tocsin-train-") as folder:
        scratch = Path(folder) / "model.npz"
        write_model(scratch, content(first, known, UNCALIBRATED))
        recogniser = SequenceRecogniser(gazetteer, read_model(scratch))
    calibrated = calibration(judged(recogniser, kept_out))
    say(f"calibration: slope {calibrated[0]:.3f}, offset {calibrated[1]:.3f}")
    fitted = _fitted(corpora, known, order.recipe, one_pass)
    write_model(order.out, content(fitted, known, calibrated))
    say(f"{order.out}: {len(fitted.keys)} features, {order.out.stat().st_size / 1e6:.2f} MB")


def _fitted(corpora: Sequence[Corpus], known: Knowledge, recipe: Recipe, one_pass: Pass) -> Fitted:
    return fit(
        examples(augmented(corpora, known.words), known.words, known.names), recipe, one_pass
    )


def _folds(corpora: Sequence[Corpus]) -> tuple[list[Corpus], list[Labelled]]:
    """The corpora without every fifth of the general posts, and those posts."""
    kept: list[Corpus] = []
    out: list[Labelled] = []
    for corpus in corpora:
        if corpus.domain == CRISIS:
            kept.append(corpus)
            continue
        out += corpus.posts[::_FOLDS]
        rest = [post for at, post in enumerate(corpus.posts) if at % _FOLDS]
        kept.append(corpus._replace(posts=rest))
    return kept, out
