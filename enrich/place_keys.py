"""Features as numbers: 32-bit keys, and tables that look many of them up at once.

A feature is a short text, or several numbers that hold together; its key is a hash. Two
features that share a key are told apart nowhere, which among some hundred thousand of
them happens to a handful. Key 0 is no feature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xxhash

Keys = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int32]

_GOLDEN = np.uint32(0x9E3779B1)
_FACTORS = tuple(np.uint32(f) for f in (0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1))


def text_key(text: str) -> int:
    """The key of a text; 0 for none."""
    return xxhash.xxh32_intdigest(text.encode("utf-8", "surrogatepass")) if text else 0


def phrase_key(words: list[str]) -> int:
    """The key of a name of one word or more, as :func:`follow` builds it up."""
    key = np.array([text_key(words[0])], np.uint32)
    for word in words[1:]:
        key = follow(key, np.array([text_key(word)], np.uint32))
    return int(key[0])


def follow(phrase: Keys, word: Keys) -> Keys:
    """The keys of phrases that go on with another word."""
    return _stirred(phrase * _FACTORS[0] + word * _GOLDEN)


def joint(template: int, *parts: Keys) -> Keys:
    """The keys of things that hold together, told apart by the number of the template."""
    total = parts[0] * _FACTORS[0]
    for part, factor in zip(parts[1:], _FACTORS[1:], strict=False):
        total += part * factor
    total += np.uint32(template * 0x9E3779B1 & 0xFFFFFFFF)
    return _stirred(total)


def placed(keys: Keys, place: int) -> Keys:
    """The keys of the same features elsewhere: of the word before, of another corpus."""
    return np.where(keys == 0, np.uint32(0), joint(1_000 + place, keys))


def _stirred(keys: Keys) -> Keys:
    """Every bit of the result hangs on every bit (the finish of MurmurHash3); in place."""
    keys ^= keys >> np.uint32(16)
    keys *= np.uint32(0x85EBCA6B)
    keys ^= keys >> np.uint32(13)
    keys *= np.uint32(0xC2B2AE35)
    keys ^= keys >> np.uint32(16)
    return keys


class KeyTable:
    """From keys to their rows, by open addressing. Read-only."""

    def __init__(self, keys: Keys) -> None:
        """``keys`` are distinct and none is 0; the row of a key is its position."""
        self.absent = len(keys)
        size = 1 << max(4, (4 * len(keys) - 1).bit_length())
        self._mask = np.uint32(size - 1)
        self._keys = np.append(keys.astype(np.uint32), np.uint32(0))
        self._slots = np.full(size, self.absent, np.int32)
        self._fill()

    def _fill(self) -> None:
        left = np.arange(self.absent, dtype=np.int32)
        slots = self._keys[left] & self._mask
        while len(left):
            free = self._slots[slots] == self.absent
            self._slots[slots[free]] = left[free]
            lost = self._slots[slots] != left
            left, slots = left[lost], (slots[lost] + np.uint32(1)) & self._mask

    def rows(self, keys: Keys) -> Rows:
        """The row of each key, :attr:`absent` for an unknown one; in the keys' shape."""
        wanted = keys.ravel()
        slots = wanted & self._mask
        rows = self._slots[slots]
        at = np.flatnonzero(self._other(rows, wanted))
        while len(at):
            slots[at] = (slots[at] + np.uint32(1)) & self._mask
            rows[at] = self._slots[slots[at]]
            at = at[self._other(rows[at], wanted[at])]
        found: Rows = rows.reshape(keys.shape)
        return found

    def _other(self, rows: Rows, keys: Keys) -> npt.NDArray[np.bool_]:
        other: npt.NDArray[np.bool_] = (rows != self.absent) & (self._keys[rows] != keys)
        return other
