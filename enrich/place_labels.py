"""From scores to labels: the best path through each post, and how sure each label is.

A whole batch goes together, the longest post first, so that at every step the posts that
still have words are the first ones. Rows of scores lie in one array; a post is a range
of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int8]
Shares = npt.NDArray[np.float64]


class Chain(NamedTuple):
    """The scores of one label after another, and of a label at the start of a post."""

    after: Floats
    start: Floats


class _Order(NamedTuple):
    """The posts from the longest to the shortest: where each begins, and how many have a
    word at each step."""

    starts: npt.NDArray[np.intp]
    posts: list[int]
    alive: list[int]


def _ordered(bounds: Sequence[tuple[int, int]]) -> _Order:
    lengths = np.array([end - start for start, end in bounds], np.intp)
    order = np.argsort(-lengths, kind="stable")
    longest = int(lengths.max(initial=0))
    falling = np.sort(lengths)
    alive = (len(lengths) - np.searchsorted(falling, np.arange(longest), side="right")).tolist()
    starts = np.array([start for start, _ in bounds], np.intp)[order]
    return _Order(starts, order.tolist(), alive)


def best_labels(scores: Floats, bounds: Sequence[tuple[int, int]], chain: Chain) -> Labels:
    """The labels of each row on the best path through its post (Viterbi); 0 between posts."""
    labels = np.zeros(len(scores), np.int8)
    order = _ordered(bounds)
    if not order.alive:
        return labels
    after = np.ascontiguousarray(chain.after.T)
    best = scores[order.starts[: order.alive[0]]] + chain.start
    ways: list[Labels] = []
    ended: list[npt.NDArray[np.intp]] = []
    for step, alive in enumerate(order.alive):
        if step:
            ended.append(best[alive:].argmax(axis=1))
            paths = best[:alive, None, :] + after
            way = paths.argmax(axis=2)
            ways.append(way.astype(np.int8))
            best = paths.max(axis=2)
            best += scores[order.starts[:alive] + step]
    ended.append(best.argmax(axis=1))
    now = np.zeros(0, np.intp)
    for step in range(len(order.alive) - 1, -1, -1):
        if step < len(ways):
            now = ways[step][np.arange(len(now)), now].astype(np.intp)
        now = np.concatenate([now, ended[step]])
        labels[order.starts[: len(now)] + step] = now
    return labels


def shares(scores: Floats, bounds: Sequence[tuple[int, int]], chain: Chain) -> Shares:
    """The probability of every label at each row (forward and backward); 0 between posts.

    In double precision: a product of matrices rounds differently with the number of its
    rows, and a post must not be surer of itself for the company that it came in.
    """
    found = np.zeros(scores.shape)
    order = _ordered(bounds)
    likely = np.exp((scores - scores.max(axis=1, keepdims=True)).astype(np.float64))
    after = np.exp(chain.after.astype(np.float64))
    now = np.exp(chain.start.astype(np.float64))[None, :]
    for step, alive in enumerate(order.alive):
        rows = order.starts[:alive] + step
        now = (now[:alive] @ after if step else now) * likely[rows]
        now /= now.sum(axis=1, keepdims=True)
        found[rows] = now
    before = np.ones((0, scores.shape[1]))
    for step in range(len(order.alive) - 1, -1, -1):
        alive = order.alive[step]
        ended = np.ones((alive - len(before), scores.shape[1]))
        before = np.concatenate([before, ended])
        rows = order.starts[:alive] + step
        found[rows] *= before
        before = (likely[rows] * before) @ after.T
        before /= before.max(axis=1, keepdims=True)
    found /= np.maximum(found.sum(axis=1, keepdims=True), _SMALLEST)
    return found


_SMALLEST = 1e-30
