"""Draws which package imports which, as docs/import-graph.svg.

    make docs

The rows are the layers of the import-linter contract in pyproject.toml, read from
there; the arrows are the code's own imports. An arrow that points up, or sideways, is
drawn in red and makes the command fail.
"""

from __future__ import annotations

import sys
import tomllib
from html import escape
from pathlib import Path
from typing import NamedTuple

import grimp

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "import-graph.svg"
ASIDE = "config"

WIDTH, ROW, BOX_W, BOX_H, MARGIN = 920, 118, 190, 62, 36
FILLS = ("#dfe8f6", "#e3f0e6", "#f7efdc", "#f3e4ef", "#e4eef0", "#ececec")


class Box(NamedTuple):
    """A package on the sheet: where, which layer, how many modules and lines."""

    name: str
    x: float
    y: float
    layer: int
    modules: int
    lines: int


class Arrow(NamedTuple):
    """One package imports another, through so many imports of modules."""

    importer: str
    imported: str
    imports: int


def layers() -> list[list[str]]:
    """The rows of the contract, top first; ``config`` stands beside the first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    rows = next(c["layers"] for c in contracts if c["type"] == "layers")
    split = [[name.strip() for name in row.split("|")] for row in rows]
    return [[*split[0], ASIDE], *split[1:]]


def build(packages: list[str]) -> grimp.ImportGraph:
    """The imports of these packages, read from their source."""
    return grimp.build_graph(*packages, cache_dir=None)


def arrows(graph: grimp.ImportGraph, packages: list[str]) -> list[Arrow]:
    """Imports between packages, counted over their modules."""
    found: dict[tuple[str, str], int] = {}
    for module in sorted(graph.modules):
        importer = module.split(".")[0]
        for other in graph.find_modules_directly_imported_by(module):
            imported = other.split(".")[0]
            if importer != imported and {importer, imported} <= set(packages):
                found[importer, imported] = found.get((importer, imported), 0) + 1
    return [Arrow(a, b, n) for (a, b), n in sorted(found.items())]


def place(rows: list[list[str]], graph: grimp.ImportGraph) -> dict[str, Box]:
    """Boxes row by row, centred."""
    boxes = {}
    for layer, row in enumerate(rows):
        gap = WIDTH / (len(row) + 1)
        for position, name in enumerate(row, 1):
            modules = [m for m in graph.modules if m.split(".")[0] == name]
            boxes[name] = Box(
                name,
                gap * position,
                MARGIN + layer * ROW,
                layer,
                len(modules),
                sum(_lines(m) for m in modules),
            )
    return boxes


def _lines(module: str) -> int:
    base = ROOT.joinpath(*module.split("."))
    file = base.with_suffix(".py") if base.with_suffix(".py").exists() else base / "__init__.py"
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


def points_down(arrow: Arrow, boxes: dict[str, Box]) -> bool:
    """Whether the importer stands above, or beside ``config``, what it imports."""
    importer, imported = boxes[arrow.importer], boxes[arrow.imported]
    return importer.layer < imported.layer or arrow.imported == ASIDE


def _curve(arrow: Arrow, boxes: dict[str, Box]) -> str:
    start, end = boxes[arrow.importer], boxes[arrow.imported]
    colour = "#5b6b7f" if points_down(arrow, boxes) else "#c0202a"
    width = 1.0 + min(arrow.imports, 24) / 8
    if start.layer == end.layer:
        side = 1 if end.x > start.x else -1
        x1, x2, y = start.x + side * BOX_W / 2, end.x - side * BOX_W / 2, start.y + BOX_H / 2
        path = f"M{x1:.0f},{y:.0f} L{x2 - side * 8:.0f},{y:.0f}"
    else:
        lean = (end.x - start.x) * 0.18
        x1, y1 = start.x + lean, start.y + BOX_H
        x2, y2 = end.x - lean * 0.6, end.y - 8
        middle = (y1 + y2) / 2
        path = f"M{x1:.0f},{y1:.0f} C{x1:.0f},{middle:.0f} {x2:.0f},{middle:.0f} {x2:.0f},{y2:.0f}"
    tip = f"{arrow.importer} imports {arrow.imported}: {arrow.imports}"
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:.1f}" '
        f'stroke-opacity="0.7" marker-end="url(#tip)"><title>{escape(tip)}</title></path>'
    )


def _box(box: Box) -> str:
    x, y = box.x - BOX_W / 2, box.y
    size = f"{box.modules} modules, {box.lines:,} lines"
    return (
        f'<rect x="{x:.0f}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="9" '
        f'fill="{FILLS[box.layer % len(FILLS)]}" stroke="#3a4654"/>'
        f'<text x="{box.x:.0f}" y="{y + 27}" class="name">{escape(box.name)}</text>'
        f'<text x="{box.x:.0f}" y="{y + 47}" class="size">{size}</text>'
    )


def draw(boxes: dict[str, Box], found: list[Arrow]) -> str:
    """The whole sheet as SVG."""
    height = MARGIN * 2 + max(box.layer for box in boxes.values()) * ROW + BOX_H
    body = "\n".join([*(_curve(a, boxes) for a in found), *(_box(b) for b in boxes.values())])
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"
 width="{WIDTH}" height="{height}" role="img" aria-label="Which package imports which">
<style>text{{font-family:system-ui,sans-serif;text-anchor:middle;fill:#1c2530}}
.name{{font-size:17px;font-weight:600}}.size{{font-size:12px;fill:#4a5666}}</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="9" markerHeight="9"
 markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#3a4654"/>
</marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
{body}
</svg>
"""


def main() -> int:
    """Draw the picture; 1 when an arrow breaks the layering."""
    rows = layers()
    packages = [name for row in rows for name in row]
    graph = build(packages)
    boxes = place(rows, graph)
    found = arrows(graph, packages)
    PICTURE.write_text(draw(boxes, found), encoding="utf-8")
    wrong = [arrow for arrow in found if not points_down(arrow, boxes)]
    for arrow in wrong:
        sys.stderr.write(f"{arrow.importer} must not import {arrow.imported}\n")
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}: {len(found)} arrows, {len(wrong)} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
