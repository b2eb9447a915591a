"""The file of the place model: versions, damage, and tables that find what was put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.place_keys import KeyTable, phrase_key, text_key
from enrich.place_labels import Chain, Floats, best_labels, shares
from enrich.place_model import Content, read_model, write_model
from enrich.places import SHIPPED_MODEL
from model.errors import ConfigurationError, StateCorrupt


def small_content() -> Content:
    return Content(
        feature_keys=np.array([3, 7], np.uint32),
        feature_weights=np.array([[1] * 7, [-2] * 7], np.int16),
        chain=np.zeros((7, 7), np.float32),
        start=np.zeros(7, np.float32),
        calibration=np.array([1.0, 0.0], np.float32),
        name_keys=np.array([text_key("woking")], np.uint32),
        name_sorts=np.array([1], np.uint32),
        phrase_keys=np.array([phrase_key(["old", "town"])], np.uint32),
        phrase_sorts=np.array([4], np.uint8),
        word_keys=np.array([text_key("fire")], np.uint32),
        word_clusters=np.array([[1, 2, 3, 4, 5]], np.uint16),
        word_capitals=np.array([6], np.uint8),
    )


def test_a_model_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_model(tmp_path / "m.npz", small_content())
    model = read_model(tmp_path / "m.npz")
    rows = model.table.rows(np.array([7, 3, 5], np.uint32))
    assert model.weights[rows, 0].tolist() == [-2, 1, 0]
    assert model.known.names == {text_key("woking"): 1}
    assert model.known.facts[text_key("fire")].clusters == (1, 2, 3, 4, 5)
    found = model.names.table.rows(np.array([phrase_key(["old", "town"])], np.uint32))
    assert model.names.sorts[found].tolist() == [4]


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    write_model(tmp_path / "a.npz", small_content())
    write_model(tmp_path / "b.npz", small_content())
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_missing_model_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.npz.*enrich\.training") as caught:
        read_model(tmp_path / "gone.npz")
    assert "remedy" in str(caught.value).lower() or caught.value.remedy


@pytest.mark.parametrize("made_for", [(0, 1), (1, 0), (99, 1)])
def test_a_model_of_another_version_is_refused(tmp_path: Path, made_for: tuple[int, int]) -> None:
    file = tmp_path / "old.npz"
    np.savez_compressed(file, made_for=np.array(made_for))
    with pytest.raises(ConfigurationError, match=r"old\.npz"):
        read_model(file)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_model_is_refused(tmp_path: Path, share: float) -> None:
    whole = SHIPPED_MODEL.read_bytes()
    file = tmp_path / "cut.npz"
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(StateCorrupt, match=r"cut\.npz"):
        read_model(file)


def test_a_model_with_flipped_bytes_is_refused(tmp_path: Path) -> None:
    data = bytearray(SHIPPED_MODEL.read_bytes())
    for at in range(len(data) // 3, len(data) // 3 + 64):
        data[at] ^= 0xFF
    file = tmp_path / "flipped.npz"
    file.write_bytes(data)
    with pytest.raises(StateCorrupt, match=r"flipped\.npz"):
        read_model(file)


def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "odd.npz"
    write_model(file, small_content()._replace(feature_keys=np.array([3], np.uint32)))
    with pytest.raises(StateCorrupt, match=r"odd\.npz"):
        read_model(file)


def test_the_shipped_model_is_small(tmp_path: Path) -> None:
    assert SHIPPED_MODEL.stat().st_size < 3_000_000


@given(st.sets(st.integers(1, 2**32 - 1), max_size=300), st.lists(st.integers(0, 2**32 - 1)))
def test_a_key_table_finds_its_keys_and_no_others(keys: set[int], others: list[int]) -> None:
    ordered = sorted(keys)
    table = KeyTable(np.array(ordered, np.uint32))
    assert table.rows(np.array(ordered, np.uint32)).tolist() == list(range(len(ordered)))
    asked = [key for key in others if key not in keys]
    rows = table.rows(np.array(asked, np.uint32))
    assert all(row == table.absent for row in rows.tolist())


@given(st.lists(st.integers(0, 6), max_size=5), st.integers(0, 2**32 - 1))
def test_the_best_path_is_the_best_of_all_paths(lengths: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = 3
    bounds, total = [], 0
    for length in lengths:
        bounds.append((total + 2, total + 2 + length))
        total += length + 2
    scores = random.normal(size=(total + 2, labels)).astype(np.float32)
    chain = Chain(
        random.normal(size=(labels, labels)).astype(np.float32),
        random.normal(size=labels).astype(np.float32),
    )
    found = best_labels(scores, bounds, chain)
    certain = shares(scores, bounds, chain)
    for start, end in bounds:
        worths = _all_paths(scores[start:end], chain)
        if start < end:
            best = max(worths, key=lambda path: worths[path])
            assert tuple(found[start:end].tolist()) == best
            total_worth = sum(np.exp(w) for w in worths.values())
            for at in range(end - start):
                share = sum(np.exp(w) for p, w in worths.items() if p[at] == 1) / total_worth
                assert certain[start + at, 1] == pytest.approx(share, abs=1e-3)


def _all_paths(scores: Floats, chain: Chain) -> dict[tuple[int, ...], float]:
    paths: dict[tuple[int, ...], float] = {(): 0.0}
    for at, row in enumerate(scores):
        paths = {
            (*path, label): worth
            + float(row[label])
            + float(chain.after[path[-1], label] if at else chain.start[label])
            for path, worth in paths.items()
            for label in range(len(row))
        }
    return paths
