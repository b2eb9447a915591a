"""Near-duplicates: posts that say the same in nearly the same words share a cluster id.

SimHash (Charikar, STOC 2002; Manku, Jain and Das Sarma, WWW 2007): each distinct word
votes on 64 bits, and texts that share most words differ in few bits. Links and mentions
are left out, so a repost with another handle or a shortened link is an exact copy. In
short texts a single word moves too many bits; there, texts that differ in one word are
found by :mod:`enrich.one_word_apart`.

The id is the fingerprint of the first post of its kind that this process remembers. So:

* exact copies have the same id in every process and at any time, as long as nothing
  similar but different was seen before them: their id is their own fingerprint;
* a variant takes the id of what it resembles only in a process that has seen that, and
  not after it was forgotten. Two enrichers that see different halves of a stream may give
  a variant different ids, and so may a restart;
* given the same posts in the same order, the ids are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import xxhash

from enrich.one_word_apart import HASH_BITS, OneWordApart, numbers_of
from enrich.tokens import Tokens

MOST_BITS = 6
"""Fingerprints that differ in at most so many bits are near-duplicates."""

_FEWEST_WORDS = 5
"""Shorter posts are grouped only when equal: "on my way" is not near "on my own"."""
_MOST_WORDS = 4_096
_NO_WORDS = frozenset({"rt", "via"})
"""What a repost adds of its own."""
_VALUES = 1 << 16
_LANE = 16
_LANES = 64
_ONE_IN_EACH = sum(1 << (_LANE * bit) for bit in range(_LANES))
_TOP_OF_EACH = _ONE_IN_EACH << (_LANE - 1)
_BYTE_LANES = [
    sum(1 << (_LANE * bit) for bit in range(8) if byte >> bit & 1) for byte in range(256)
]
_AS_DIGITS = bytes([ord("0")] * 128 + [ord("1")] * 128)
_LONGEST_KEPT = 32
_POSITIVE = (1 << 63) - 1


class SimHashClusters:
    """Near-duplicates as :class:`~enrich.port.NearDuplicates` asks.

    Fingerprints are found again by any of eight overlapping runs of 16 bits: of two that
    differ in up to three bits at least one run is equal, of more distant ones only often.
    For each value of each run the latest fingerprint is remembered, so the memory is the
    same from the first post to the last: about the last thirty thousand different texts.
    ``words`` is how many words' votes are kept.
    """

    def __init__(self, *, words: int = 50_000) -> None:
        self._votes = VoteMemo(words)
        self._runs = [(shift, [0] * _VALUES) for shift in range(0, 64, 8)]
        self._short = OneWordApart()

    def assign(self, batch: Sequence[Tokens]) -> list[int]:
        return [self._assign(tokens.folded) for tokens in batch]

    def _assign(self, folded: list[str]) -> int:
        words = {w for w in folded[:_MOST_WORDS] if w[0] != "@" and "/" not in w} - _NO_WORDS
        if not words:
            return 0
        fingerprint = self._fingerprint(words)
        most = MOST_BITS if len(words) >= _FEWEST_WORDS else 0
        near = 0
        ring = fingerprint | fingerprint << 64
        for shift, slots in self._runs:
            other = slots[ring >> shift & 0xFFFF]
            if other == fingerprint:
                return fingerprint
            if other and not near and (other ^ fingerprint).bit_count() <= most:
                near = other
        if near:
            return near
        numbers = numbers_of([self._votes[word][1] for word in words])
        near = self._short.find(numbers)
        if near:
            return near
        self._short.remember(numbers, fingerprint)
        for shift, slots in self._runs:
            slots[ring >> shift & 0xFFFF] = fingerprint
        return fingerprint

    def _fingerprint(self, words: set[str]) -> int:
        """The majority vote of the words on each of 63 bits; never 0.

        All lanes are added at once as parts of one long integer.
        """
        votes = sum([self._votes[word][0] for word in words])
        majority = (votes + _ONE_IN_EACH * (0x8000 - len(words) // 2 - 1)) & _TOP_OF_EACH
        digits = majority.to_bytes(_LANES * _LANE // 8, "little")[1::2].translate(_AS_DIGITS)
        return int(digits, 2) & _POSITIVE or 1


class VoteMemo(dict[str, tuple[int, int]]):
    """The 64 votes of a word, one in each lane of 16 bits, and its hash; emptied when full."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def __missing__(self, word: str) -> tuple[int, int]:
        digest = xxhash.xxh3_64_digest(word.encode("utf-8", "surrogatepass"))
        votes = 0
        for at, byte in enumerate(digest):
            votes |= _BYTE_LANES[byte] << (at * 8 * _LANE)
        if len(self) >= self._limit:
            self.clear()
        found = (votes, int.from_bytes(digest[: HASH_BITS // 8]))
        if len(word) <= _LONGEST_KEPT:
            self[word] = found
        return found
