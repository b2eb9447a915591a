"""``python -m enrich.training``: train the place model, or score one."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from enrich.gazetteer import open_gazetteer
from enrich.place_model import read_model
from enrich.places import SHIPPED_MODEL, SequenceRecogniser
from enrich.training.corpora import read_posts
from enrich.training.fit import Recipe
from enrich.training.score import score
from enrich.training.train import Order, compiled_pass, train
from enrich.training.words import word_facts
from model.errors import TocsinError


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, or 1 with a message for an error that a person can mend."""
    wanted = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="tocsin-training-") as cache:
            gazetteer = open_gazetteer(Path(cache))
            if wanted.command == "train":
                recipe = Recipe(seeds=wanted.seeds)
                order = Order(wanted.data, wanted.out, tuple(wanted.hold_out), recipe)
                train(order, gazetteer, compiled_pass(), word_facts, _say)
            else:
                _score(SequenceRecogniser(gazetteer, read_model(wanted.model)), wanted.posts)
    except TocsinError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m enrich.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train_it = commands.add_parser("train", help="train the place model")
    train_it.add_argument("--data", type=Path, required=True, help="the folder of the corpora")
    train_it.add_argument("--out", type=Path, default=SHIPPED_MODEL)
    train_it.add_argument("--seeds", type=int, default=Recipe().seeds, help="fits to average")
    train_it.add_argument(
        "--hold-out", action="append", default=[], metavar="NAME", help="leave this file out"
    )
    score_it = commands.add_parser("score", help="score a model on labelled posts")
    score_it.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    score_it.add_argument("posts", type=Path, nargs="+")
    return parser


def _score(recogniser: SequenceRecogniser, files: Sequence[Path]) -> None:
    for file in files:
        s = score(recogniser, read_posts(file))
        _say(
            f"{file.stem}: precision {s.precision:.3f} recall {s.recall:.3f} "
            f"F1 {s.f1:.3f} [{s.low:.3f}, {s.high:.3f}]"
        )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
