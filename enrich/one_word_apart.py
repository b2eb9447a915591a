"""Finding a text again that differs in one word, however short it is.

A set of words has a number: the sum of its words' hashes. Taking one word away takes its
hash away, so two sets that differ in one word (changed, added or left out) have a number in
common among their own and those with one word left out. SimHash finds such pairs in long
texts; in short ones a single word moves too many of its bits.
"""

from __future__ import annotations

from collections.abc import Sequence

_SLOTS = 1 << 19
"""About thirty thousand texts of sixteen words."""

HASH_BITS = 48
"""Of a word's hash: so a sum of them stays a number that Python is quick with."""

FEWEST_WORDS = 7
"""With fewer, one word is too much of the meaning."""

MOST_WORDS = 64


class OneWordApart:
    """Remembers texts by their numbers, the latest in place of earlier ones.

    ``slots`` is a power of two.
    """

    def __init__(self, slots: int = _SLOTS) -> None:
        self._mask = slots - 1
        self._keys = [0] * slots
        self._ids = [0] * slots

    def find(self, numbers: Sequence[int]) -> int:
        """The id of a text that is one word apart from the text of these numbers, 0 if none
        is remembered."""
        keys, mask = self._keys, self._mask
        for number in numbers:
            if keys[number & mask] == number:
                return self._ids[number & mask]
        return 0

    def remember(self, numbers: Sequence[int], text_id: int) -> None:
        """Keep the text of these numbers under an id."""
        keys, ids, mask = self._keys, self._ids, self._mask
        for number in numbers:
            slot = number & mask
            keys[slot] = number
            ids[slot] = text_id


def numbers_of(hashes: Sequence[int]) -> Sequence[int]:
    """The number of a set of words, and those of the set without each of them; none for a
    text that is too short or too long. ``hashes`` are of different words."""
    if not FEWEST_WORDS <= len(hashes) <= MOST_WORDS:
        return ()
    whole = sum(hashes)
    return [whole, *[whole - one for one in hashes]]
