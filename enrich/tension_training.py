"""Training the tension model: ``python -m enrich.tension_training``.

Learns from the labelled posts that ship beside it (splits ``train`` and ``dev``; ``test``
is never read) and from ordinary posts, one a line, that do not ship: they teach what most
posts look like and are taken to hold no tension. The same input gives the same file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from enrich.lexicon import Lexicon, load_lexicon
from enrich.tension import LexiconScorer
from enrich.tension_model import (
    BUCKETS,
    HEADS,
    SCALE,
    SHIPPED_MODEL,
    Features,
    TensionModel,
    entry_key,
    sums,
    write_model,
)
from enrich.tension_weighed import Promises
from enrich.tokens import tokenize
from model.enriched import TENSION_CATEGORIES

Doubles = npt.NDArray[np.float64]
Loss = Callable[[Doubles], tuple[float, Doubles]]

POSTS = Path(__file__).parent / "training" / "data" / "tension_posts.jsonl"
LEXICONS = Path(__file__).parents[1] / "config" / "lexicons"
ORDINARY_WEIGHT = 0.6
PENALTIES = (1.0, 0.3)
"""How dear weights are: of the head for any tension, and of those for its categories."""
ROUNDS = 60
GATE_KEEPS = 0.96
"""Share of the positive training posts that the gate must let through."""


class Post(msgspec.Struct, frozen=True):
    """A labelled post. ``split`` is ``train``, ``dev``, ``test``, or ``known`` for posts that
    the lexicon was written beside: there it is better than it is elsewhere, so what it says
    of them is not learnt from."""

    text: str
    label: tuple[str, ...] = ()
    split: str = "train"


class Examples(NamedTuple):
    """Posts as features, with which heads are true of each and how much each counts."""

    buckets: list[list[int]]
    truth: Doubles
    weights: Doubles


def train(lexicon: Lexicon, posts: Sequence[Post], ordinary: Sequence[str]) -> TensionModel:
    """Train a model on labelled posts, not those of split ``test``, and ordinary ones."""
    learnt = _fit(lexicon, [p for p in posts if p.split in {"train", "known"}], ordinary)
    held = _examples(lexicon, [post for post in posts if post.split == "dev"], ())
    slope, shift = _calibrated(learnt, held)
    everything = _fit(lexicon, [p for p in posts if p.split != "test"], ordinary)
    labelled = [post for post in posts if post.split != "test" and post.label]
    return everything._replace(slope=slope, shift=shift, gate=_gate(everything, labelled))


def read_posts(path: Path = POSTS) -> list[Post]:
    """The labelled posts of a file of JSON lines. Raises msgspec.ValidationError."""
    lines = path.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Post) for line in lines]


def _fit(lexicon: Lexicon, posts: Sequence[Post], ordinary: Sequence[str]) -> TensionModel:
    every = _examples(lexicon, posts, ordinary)
    weights = np.zeros((BUCKETS, HEADS))
    bias = np.zeros(HEADS)
    weights[:, 0], bias[0] = _head(every, 0, PENALTIES[0])
    some = np.flatnonzero(every.truth[:, 0])
    tense = Examples([every.buckets[at] for at in some], every.truth[some], every.weights[some])
    for head in range(1, HEADS):
        weights[:, head], bias[head] = _head(tense, head, PENALTIES[1])
    known = frozenset(entry_key(entry) for entry in lexicon.entries)
    single = weights.astype(np.float32)
    return TensionModel(single, bias.astype(np.float32), 1.0, 0.0, 0.0, known, "")


def _examples(lexicon: Lexicon, posts: Sequence[Post], ordinary: Sequence[str]) -> Examples:
    scorer, features = LexiconScorer(lexicon), Features()
    texts = [(post.text, post.split) for post in posts] + [(text, "") for text in ordinary]
    buckets = []
    for text, split in texts:
        tokens = tokenize(text)
        said = () if split == "known" else scorer.score([tokens])[0]
        words = scorer.read(tokens).words if tokens.folded else []
        buckets.append(features.of_post(text, words, said))
    truth = np.zeros((len(texts), HEADS))
    for at, post in enumerate(posts):
        truth[at, 0] = bool(post.label)
        for category in post.label:
            truth[at, 1 + TENSION_CATEGORIES.index(category)] = 1
    weights = np.concatenate([np.ones(len(posts)), np.full(len(ordinary), ORDINARY_WEIGHT)])
    return Examples(buckets, truth, weights)


def _head(examples: Examples, head: int, penalty: float) -> tuple[Doubles, float]:
    """Weights and bias of one head by logistic regression."""
    lengths = np.array([len(post) for post in examples.buckets])
    rows = np.repeat(np.arange(len(lengths)), lengths)
    scale = (SCALE / np.sqrt(np.maximum(lengths, 1)))[rows]
    flat = np.array([bucket for post in examples.buckets for bucket in post], np.int64)
    used, columns = np.unique(flat, return_inverse=True)
    truth = examples.truth[:, head]

    def loss(point: Doubles) -> tuple[float, Doubles]:
        added = np.bincount(rows, scale * point[:-1][columns], len(lengths)) + point[-1]
        fit = examples.weights * (np.logaddexp(0, added) - truth * added)
        error = examples.weights * (1 / (1 + np.exp(-added)) - truth)
        slope = np.append(
            np.bincount(columns, scale * error[rows], len(used)) + penalty * point[:-1],
            error.sum(),
        )
        return float(fit.sum() + penalty / 2 * (point[:-1] ** 2).sum()), slope

    found = minimise(loss, np.append(np.zeros(len(used)), -1.0))
    weights = np.zeros(BUCKETS)
    weights[used] = found[:-1]
    return weights, float(found[-1])


def minimise(loss: Loss, point: Doubles, rounds: int = ROUNDS, memory: int = 8) -> Doubles:
    """The minimum of a smooth convex function by L-BFGS (Nocedal 1980)."""
    value, slope = loss(point)
    moves: list[tuple[Doubles, Doubles]] = []
    for _ in range(rounds):
        direction = -_curved(slope, moves)
        step = 1.0
        while True:
            ahead, ahead_slope = loss(point + step * direction)
            if ahead <= value + 1e-4 * step * float(slope @ direction) or step < 1e-8:
                break
            step /= 2
        move, turn = step * direction, ahead_slope - slope
        if float(move @ turn) > 1e-10:
            moves = [*moves, (move, turn)][-memory:]
        settled = abs(value - ahead) < 1e-6 * abs(value)
        point, value, slope = point + move, ahead, ahead_slope
        if settled:
            break
    return point


def _curved(slope: Doubles, moves: Sequence[tuple[Doubles, Doubles]]) -> Doubles:
    """The slope times the inverse curvature that the last moves showed."""
    found = slope.copy()
    shares = []
    for move, turn in reversed(moves):
        shares.append(float(move @ found) / float(turn @ move))
        found -= shares[-1] * turn
    if not moves:
        return found / max(1.0, float(np.abs(slope).sum()))
    move, turn = moves[-1]
    found *= float(move @ turn) / float(turn @ turn)
    for (move, turn), share in zip(moves, reversed(shares), strict=True):
        found += move * (share - float(turn @ found) / float(turn @ move))
    return found


def _calibrated(model: TensionModel, held: Examples) -> tuple[float, float]:
    """Slope and shift that make the first head's sums log-odds on posts held back (Platt)."""
    if not held.buckets:
        return 1.0, 0.0
    added = sums(model, held.buckets)[:, 0].astype(np.float64)
    truth = held.truth[:, 0]

    def loss(point: Doubles) -> tuple[float, Doubles]:
        odds = point[0] * added + point[1]
        error = 1 / (1 + np.exp(-odds)) - truth
        slope = np.array([float((error * added).sum()), float(error.sum())])
        return float((np.logaddexp(0, odds) - truth * odds).sum()), slope

    slope, shift = minimise(loss, np.array([1.0, 0.0]))
    return float(slope), float(shift)


def _gate(model: TensionModel, posts: Sequence[Post]) -> float:
    promises = Promises(model, Features())
    found = [promises.of(tokens) for post in posts if (tokens := tokenize(post.text)).folded]
    return float(np.quantile(found, 1 - GATE_KEEPS)) if found else 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and write the model."""
    parser = argparse.ArgumentParser(description="Train the tension model.")
    parser.add_argument("--posts", type=Path, default=POSTS, help="labelled posts, JSON lines")
    parser.add_argument("--ordinary", type=Path, help="ordinary posts, one a line")
    parser.add_argument("--lexicons", type=Path, default=LEXICONS, help="the lexicon's folder")
    parser.add_argument("--out", type=Path, default=SHIPPED_MODEL, help="the file to write")
    chosen = parser.parse_args(arguments)
    ordinary = chosen.ordinary.read_text("utf-8").splitlines() if chosen.ordinary else []
    write_model(
        chosen.out, train(load_lexicon(chosen.lexicons), read_posts(chosen.posts), ordinary)
    )


if __name__ == "__main__":
    main()
