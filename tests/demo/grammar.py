"""Chatter that is put together from hand-written fragments.

A theme has *cores*, whole remarks with gaps such as ``{bus}``, and *tails* that may
follow. Gaps are filled from the lists; the author's home fills ``{town}`` and
``{near}``. Every list is a deck: nothing is drawn a second time before everything was
drawn once, and a core returns only as often as its gaps make it new.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from tests.demo.cast import Author, Town
from tests.demo.script import Remark, read_remark
from tests.demo.sections import read_sections

_HERE = Path(__file__).parent
_GAP = re.compile(r"\{(\w+)\}")
_USES_BY_GAPS = (1, 2, 3, 5)
_TAIL_SHARE = 0.27
_TAG_SHARE = 0.12


class Deck:
    """Draws from a list in random order, and shuffles again when it is used up."""

    def __init__(self, cards: tuple[str, ...], rng: Random) -> None:
        self._cards = cards
        self._rng = rng
        self._left: list[str] = []

    def draw(self) -> str:
        if not self._left:
            self._left = self._rng.sample(self._cards, len(self._cards))
        return self._left.pop()


class Theme:
    """One subject of chatter, as buses or pets."""

    def __init__(self, path: Path, seed: str, towns: dict[str, Town]) -> None:
        sections = read_sections(path)
        lists = read_sections(_HERE / "themes" / "lists.txt")
        self._rng = Random(f"{seed}:{path.stem}")
        self._towns = towns
        self._decks = {name: Deck(cards, self._rng) for name, cards in lists.items()}
        self._tails = Deck(sections["tail"], self._rng)
        self._cores = self._deal(sections["core"])

    @property
    def size(self) -> int:
        """How many remarks are left."""
        return len(self._cores)

    def remark(self, author: Author) -> Remark:
        """Something that this author says about the subject. Raises IndexError when
        there is nothing left to say."""
        core = read_remark(self._cores.pop())
        text = self._fill(core.text, author.town)
        if self._rng.random() < _TAIL_SHARE:
            text = _join(text, self._fill(self._tails.draw(), author.town), self._rng)
        tags = self._decks[f"tag:{author.town.region}"]
        if self._rng.random() < _TAG_SHARE and text[-1].isalpha():
            text = f"{text} {tags.draw()}"
        return core._replace(text=text)

    def _deal(self, cores: tuple[str, ...]) -> list[str]:
        """Rounds through the cores, each as often as it may appear; used from the end."""
        uses = {core: _USES_BY_GAPS[min(len(_GAP.findall(core)), 3)] for core in cores}
        dealt: list[str] = []
        for turn in range(max(uses.values()), 0, -1):
            again = [core for core in cores if uses[core] >= turn]
            dealt += self._rng.sample(again, len(again))
        return dealt

    def _fill(self, text: str, home: Town) -> str:
        return _GAP.sub(lambda gap: self._filling(gap[1], home), text)

    def _filling(self, gap: str, home: Town) -> str:
        if gap == "town":
            return home.name
        if gap == "near":
            around = [t.name for t in self._towns.values() if t.region == home.region and t != home]
            return self._rng.choice(around)
        return self._decks[gap].draw()


def read_themes(seed: str, towns: dict[str, Town]) -> dict[str, Theme]:
    """Every theme by its name; ``replies`` is the one that answers others."""
    paths = sorted((_HERE / "themes").glob("*.txt"))
    return {path.stem: Theme(path, seed, towns) for path in paths if path.stem != "lists"}


def _join(core: str, tail: str, rng: Random) -> str:
    if core[-1] in "?!.":
        return f"{core} {tail}"
    return core + rng.choice((". ", ", ", "... ", "\n", ". ")) + tail
