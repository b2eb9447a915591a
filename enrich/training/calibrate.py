"""Calibration: confidences that mean what they say, by Platt's method (1999)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enrich.training.score import Judged

UNCALIBRATED = (1.0, 0.0)
_ROUNDS = 30
_FEWEST = 50


def calibration(mentions: Sequence[Judged]) -> tuple[float, float]:
    """Slope and offset by which the log-odds of uncalibrated confidences become those of
    being right; unchanged where there is too little to learn from."""
    right = np.array([m.right for m in mentions], np.float64)
    if len(mentions) < _FEWEST or right.all() or not right.any():
        return UNCALIBRATED
    shares = np.clip([m.confidence for m in mentions], 1e-3, 1 - 1e-3)
    inputs = np.stack([np.log(shares / (1 - shares)), np.ones(len(shares))], axis=1)
    fitted = np.array(UNCALIBRATED)
    for _ in range(_ROUNDS):
        expected = 1 / (1 + np.exp(-inputs @ fitted))
        curvature = inputs.T @ (inputs * (expected * (1 - expected))[:, None])
        fitted += np.linalg.solve(curvature + 1e-6 * np.eye(2), inputs.T @ (right - expected))
    return float(fitted[0]), float(fitted[1])
