"""The inner loop of training: one pass over all posts, by Adagrad.

A linear-chain conditional random field (Lafferty, McCallum, Pereira 2001). Words whose
label is open take the gradient of what the open labels allow, that is free minus
constrained expectations. The code is plain Python on arrays, which is right but slow:
training compiles it with numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

LONGEST = 400
"""Words of a post beyond which it is left out of training."""

Pass = Callable[..., float]


# The compiler wants plain loops and arrays one by one; so do these two functions look.
# ruff: noqa: C901, PLR0912, PLR0915, PLR0917


def make_pass(compiled: Callable[[Any], Any]) -> Pass:
    """The pass, its functions wrapped by ``compiled`` (``numba.njit``, or nothing at all)."""

    @compiled
    def expectations(scores, count, chain, start, allowed, ahead, behind, single, pairs):  # type: ignore[no-untyped-def]
        """Forward and backward; the expectations of labels and pairs, and log Z."""
        labels = scores.shape[1]
        never = -1e9
        for k in range(labels):
            open_ = (allowed[0] >> k) & 1
            ahead[0, k] = scores[0, k] + start[k] if open_ else never
        for i in range(1, count):
            for k in range(labels):
                if not (allowed[i] >> k) & 1:
                    ahead[i, k] = never
                    continue
                most = never
                for j in range(labels):
                    most = max(most, ahead[i - 1, j] + chain[j, k])
                total = 0.0
                for j in range(labels):
                    total += np.exp(ahead[i - 1, j] + chain[j, k] - most)
                ahead[i, k] = most + np.log(total) + scores[i, k]
        for k in range(labels):
            behind[count - 1, k] = 0.0 if (allowed[count - 1] >> k) & 1 else never
        for i in range(count - 2, -1, -1):
            for j in range(labels):
                if not (allowed[i] >> j) & 1:
                    behind[i, j] = never
                    continue
                most = never
                for k in range(labels):
                    most = max(most, chain[j, k] + scores[i + 1, k] + behind[i + 1, k])
                total = 0.0
                for k in range(labels):
                    total += np.exp(chain[j, k] + scores[i + 1, k] + behind[i + 1, k] - most)
                behind[i, j] = most + np.log(total)
        most = never
        for k in range(labels):
            most = max(most, ahead[count - 1, k])
        total = 0.0
        for k in range(labels):
            total += np.exp(ahead[count - 1, k] - most)
        log_z = most + np.log(total)
        for i in range(count):
            for k in range(labels):
                single[i, k] = np.exp(ahead[i, k] + behind[i, k] - log_z)
        for i in range(1, count):
            for j in range(labels):
                if ahead[i - 1, j] < -1e8:
                    continue
                for k in range(labels):
                    value = ahead[i - 1, j] + chain[j, k] + scores[i, k] + behind[i, k] - log_z
                    if value > -40.0:
                        pairs[j, k] += np.exp(value)
        return log_z

    @compiled
    def one_pass(  # type: ignore[no-untyped-def]
        order, features, starts, bounds, allowed, importance, weights, squares, chain,
        chain_squares, start, every, lexical, rate, shrink, drop, drop_lexical, seed,
    ):  # fmt: skip
        """Update ``weights`` and ``chain`` in place; the loss before the updates."""
        np.random.seed(seed)
        labels = weights.shape[1]
        ahead = np.zeros((LONGEST, labels))
        behind = np.zeros((LONGEST, labels))
        free = np.zeros((LONGEST, labels))
        held = np.zeros((LONGEST, labels))
        scores = np.zeros((LONGEST, labels))
        open_ = np.full(LONGEST, every, np.int64)
        free_pairs = np.zeros((labels, labels))
        held_pairs = np.zeros((labels, labels))
        kept = np.zeros(LONGEST * 200)
        loss = 0.0
        for post in order:
            first, last = bounds[post], bounds[post + 1]
            count = last - first
            if count == 0 or count > LONGEST:
                continue
            origin = starts[first]
            for i in range(count):
                scores[i, :] = 0.0
                blind = np.random.random() < drop_lexical
                for p in range(starts[first + i], starts[first + i + 1]):
                    f = features[p]
                    keep = 0.0 if np.random.random() < drop else 1.0 / (1.0 - drop)
                    if blind and lexical[f]:
                        keep = 0.0
                    kept[p - origin] = keep
                    if keep > 0.0:
                        for k in range(labels):
                            scores[i, k] += keep * weights[f, k]
            free_pairs[:, :] = 0.0
            held_pairs[:, :] = 0.0
            log_z = expectations(
                scores, count, chain, start, open_, ahead, behind, free, free_pairs
            )
            log_held = expectations(
                scores, count, chain, start, allowed[first:last], ahead, behind, held, held_pairs
            )
            loss += importance[post] * (log_z - log_held)
            for i in range(count):
                most = 0.0
                for k in range(labels):
                    free[i, k] = importance[post] * (free[i, k] - held[i, k])
                    most = max(most, abs(free[i, k]))
                if most < 1e-4:
                    continue
                for p in range(starts[first + i], starts[first + i + 1]):
                    keep = kept[p - origin]
                    if keep == 0.0:
                        continue
                    f = features[p]
                    for k in range(labels):
                        slope = free[i, k] * keep + shrink * weights[f, k]
                        squares[f, k] += slope * slope
                        weights[f, k] -= rate * slope / np.sqrt(squares[f, k] + 1e-8)
            for j in range(labels):
                for k in range(labels):
                    if chain[j, k] > -1e5:
                        slope = importance[post] * (free_pairs[j, k] - held_pairs[j, k])
                        chain_squares[j, k] += slope * slope
                        chain[j, k] -= rate * slope / np.sqrt(chain_squares[j, k] + 1e-8)
        return loss

    made: Pass = one_pass
    return made
