"""What the shipped model is trained on, and how the corpora become a model."""

from __future__ import annotations

import csv
import gzip
import html
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from enrich.place_context import Names
from enrich.place_keys import KeyTable
from enrich.place_model import MOST_WEIGHT, Content
from enrich.place_scores import SCALE
from enrich.place_words import CLUSTERINGS, WordFacts, WordKnowledge, strongest
from enrich.tokens import Tokens, tokenize
from enrich.training.augment import Swapper, in_small_letters
from enrich.training.corpora import CRISIS, GENERAL, WNUT, Corpus, read_posts
from enrich.training.fit import Fitted
from enrich.training.names import NameTables, name_tables
from model.errors import ConfigurationError

OWN_POSTS = Path(__file__).parent / "data" / "british_posts.txt"
Say = Callable[[str], None]

_SWAPPED_WEIGHT = 0.5
_SMALL_WEIGHT = 1.0
_SWAPPED_COPIES = 2
_SAME_START = 60


class Source(NamedTuple):
    """Files of one corpus: a pattern under the data folder, whose own weights they train,
    what a post of theirs counts, and the share of the posts that is taken."""

    pattern: str
    domain: int
    weight: float
    share: float = 1.0


SOURCES = (
    Source("ner/btc-*.conll", GENERAL, 4.0),
    Source("ner/wnut17-*.conll", WNUT, 4.0),
    Source("ner/idrisi-*.jsonl", CRISIS, 1.0, share=0.4),
)
OWN_WEIGHT = 6.0
UNLABELLED = ("posts/*.jsonl.gz", "posts/*.csv.gz")
POSTAL = "places/GB.txt"


class Knowledge(NamedTuple):
    """What is known of words and names before the weights are fitted."""

    words: WordKnowledge
    names: Names
    tables: NameTables


def labelled(data: Path, held_out: Sequence[str] = ()) -> list[Corpus]:
    """The labelled corpora of the folder but for the files named in ``held_out`` (without
    their endings), and our own posts. Raises ConfigurationError if there are none."""
    found: list[Corpus] = []
    for source in SOURCES:
        for path in sorted(data.glob(source.pattern)):
            if path.stem not in held_out:
                posts = read_posts(path)
                draw = random.Random(1)  # noqa: S311 - no secret
                posts = draw.sample(posts, round(source.share * len(posts)))
                found.append(Corpus(path.stem, posts, source.domain, source.weight))
    if not found:
        raise ConfigurationError(
            f"the training data in {data}",
            cause="no labelled posts in it",
            remedy=f"Put corpora there as {', '.join(source.pattern for source in SOURCES)}",
        )
    return [*found, Corpus("own", read_posts(OWN_POSTS), GENERAL, OWN_WEIGHT)]


def knowledge(data: Path, facts: dict[int, WordFacts]) -> Knowledge:
    """Names from GeoNames and our list, facts of words from unlabelled posts."""
    postal = data / POSTAL
    tables = name_tables(postal if postal.exists() else None)
    keys = np.array(sorted(tables.phrases), np.uint32)
    sorts = [strongest(tables.phrases[key]) for key in keys.tolist()]
    names = Names(KeyTable(keys), np.array([*sorts, 0], np.uint32))
    return Knowledge(WordKnowledge(tables.single, facts), names, tables)


def unlabelled(data: Path, corpora: Sequence[Corpus]) -> list[Tokens]:
    """All posts once, those of the labelled corpora without their labels among them."""
    seen: set[str] = set()
    posts: list[Tokens] = []
    for text in _texts(data, corpora):
        start = html.unescape(text)[:_SAME_START]
        if start not in seen:
            seen.add(start)
            posts.append(tokenize(html.unescape(text)))
    return posts


def _texts(data: Path, corpora: Sequence[Corpus]) -> Iterator[str]:
    for path in sorted(data.glob(UNLABELLED[0])):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)["text"] for line in lines)
    for path in sorted(data.glob(UNLABELLED[1])):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            yield from (row["tweet"] for row in csv.DictReader(lines))
    for corpus in corpora:
        yield from (post.text for post in corpus.posts)


def augmented(corpora: Sequence[Corpus], words: WordKnowledge) -> list[Corpus]:
    """The corpora, with copies of general posts in which other places stand, and copies in
    small letters."""
    swapper = Swapper(words)
    out: list[Corpus] = []
    for corpus in corpora:
        out.append(corpus)
        if corpus.domain == CRISIS:
            continue
        swapped = [swapper.swapped(post) for post in corpus.posts for _ in range(_SWAPPED_COPIES)]
        small = in_small_letters(corpus.posts)
        changed = [post for post in swapped if post is not None]
        out.append(Corpus(f"{corpus.name}-swapped", changed, corpus.domain, _SWAPPED_WEIGHT))
        out.append(Corpus(f"{corpus.name}-small", small, corpus.domain, _SMALL_WEIGHT))
    return out


def content(fitted: Fitted, known: Knowledge, calibration: tuple[float, float]) -> Content:
    """The model as it is written."""
    most = MOST_WEIGHT
    weights = np.clip(np.round(fitted.weights * SCALE), -most, most).astype(np.int16)
    kept = weights.any(axis=1)
    names, phrases = sorted(known.tables.single), sorted(known.tables.phrases)
    words = sorted(known.words.facts)
    facts = [known.words.facts[key] for key in words]
    return Content(
        feature_keys=fitted.keys[kept],
        feature_weights=weights[kept],
        chain=fitted.chain.astype(np.float32),
        start=fitted.start.astype(np.float32),
        calibration=np.array(calibration, np.float32),
        name_keys=np.array(names, np.uint32),
        name_sorts=np.array([known.tables.single[key] for key in names], np.uint32),
        phrase_keys=np.array(phrases, np.uint32),
        phrase_sorts=np.array([strongest(known.tables.phrases[k]) for k in phrases], np.uint8),
        word_keys=np.array(words, np.uint32),
        word_clusters=np.array([f.clusters for f in facts], np.uint16).reshape(
            len(facts), CLUSTERINGS
        ),
        word_capitals=np.array([f.capitals for f in facts], np.uint8),
    )
