"""Standard input through the enricher to standard output, without waiting for full batches."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from cli.output import complain, printable

if TYPE_CHECKING:
    from enrich.explain import Explainer
    from enrich.pipeline import Enricher

CHUNK = 1 << 20
BATCH_LINES = 500


def filter_lines(enricher: Enricher, descriptor: int, out: BinaryIO) -> int:
    """Answer every line that comes from ``descriptor``; returns how many were broken.

    A broken line is complained of by its number, and the others are answered.
    """
    from enrich.stream import BadLine, enrich_batch

    number, broken = 1, 0
    for lines in batches(descriptor):
        for answer in enrich_batch(enricher, lines, number):
            if isinstance(answer, BadLine):
                broken += 1
                complain(f"line {answer.number}: {answer.cause}")
            else:
                out.write(answer)
        out.flush()
        number += len(lines)
    return broken


def explain_lines(explainer: Explainer, descriptor: int, out: BinaryIO, *, as_json: bool) -> int:
    """Explain every line that comes from ``descriptor``; returns how many were broken."""
    from enrich.explain import in_words
    from enrich.pipeline import Subject
    from enrich.stream import BadLine, as_json_line, parse_lines

    number, broken = 1, 0
    for lines in batches(descriptor):
        for line in parse_lines(lines, number):
            if isinstance(line, BadLine):
                broken += 1
                complain(f"line {line.number}: {line.cause}")
                continue
            (explained,) = explainer.explain([Subject(line.text)])
            if as_json:
                out.write(as_json_line({"id": line.id, **msgspec.structs.asdict(explained)}))
            else:
                words = [f"{line.id}: {line.text}", *in_words(explained), ""]
                out.write("".join(f"{printable(w)}\n" for w in words).encode())
        out.flush()
        number += len(lines)
    return broken


def batches(descriptor: int) -> Iterator[list[bytes]]:
    """Lines as they come: full batches when input is fast, what is there when it pauses."""
    rest = b""
    lines: list[bytes] = []
    while chunk := os.read(descriptor, CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        lines += whole
        while len(lines) >= BATCH_LINES:
            yield lines[:BATCH_LINES]
            del lines[:BATCH_LINES]
        if lines and not _more(descriptor):
            yield lines
            lines = []
    if rest:
        lines.append(rest)
    if lines:
        yield lines


def _more(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])
