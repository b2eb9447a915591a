"""Which partition a key belongs to: the same on every back end, so that a key keeps it."""

from __future__ import annotations

import xxhash


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: XXH3 of its UTF-8, the same on every machine and for good."""
    return xxhash.xxh3_64_intdigest(key) % partitions if partitions > 1 else 0
