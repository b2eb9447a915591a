"""Posts to measure with: different ones, as many as are asked for.

Sentences of the demo evening are cut into clauses and joined anew; to each post go two
made-up words, since a real stream brings about two unseen forms with every post and a
cache that is never surprised would flatter the result.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

SYLLABLES = tuple(consonant + vowel for consonant in "bcdfghjklmnprstvw" for vowel in "aeio")
CLAUSE = re.compile(r"[^.!?,;\n]+[.!?,;]*")
SHORTEST_CLAUSE = 12
START = datetime(2026, 1, 1, tzinfo=UTC)


def posts(source: Path, count: int, length: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """``count`` flat rows of about ``length`` characters, in the order of their times."""
    draw = random.Random(seed)
    clauses = [c for text in _texts(source) for c in _clauses(text)]
    for number in range(count):
        moment = START + timedelta(seconds=number)
        yield {
            "id": str(number),
            "created_at": moment.isoformat(),
            "text": _text(draw, clauses, length),
        }


def write(path: Path, source: Path, count: int, *, length: int = 100, seed: int = 1) -> None:
    """The same as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        for row in posts(source, count, length, seed):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _text(draw: random.Random, clauses: list[str], length: int) -> str:
    parts = [_word(draw), _word(draw)]
    while sum(map(len, parts)) + len(parts) < length:
        parts.append(draw.choice(clauses))
    draw.shuffle(parts)
    return " ".join(parts)


def _word(draw: random.Random) -> str:
    return "".join(draw.choices(SYLLABLES, k=draw.randint(3, 5)))


def _clauses(text: str) -> list[str]:
    found = [clause.strip() for clause in CLAUSE.findall(text)]
    return [clause for clause in found if len(clause) >= SHORTEST_CLAUSE]


def _texts(source: Path) -> Iterator[str]:
    with source.open(encoding="utf-8") as file:
        for line in file:
            if text := json.loads(line).get("text"):
                yield text
