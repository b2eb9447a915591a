"""The outlines of areas: from GeoJSON coordinates to checked polygons.

Follows RFC 7946: degrees of WGS 84, longitude before latitude, rings closed, outer rings
counter-clockwise. What can be mended without a guess is mended and counted (an open ring,
a wrong winding); everything else is refused with its remedy, since an area drawn in the
wrong place is an alert that rings in the wrong control room.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.polygon import orient
from shapely.validation import explain_validity

from model.errors import ConfigurationError

SMALLEST_M2 = 100.0
LARGEST_M2 = 3e11
"""From a small square to more than the United Kingdom: beyond, units or order are wrong."""

MOST_POSITIONS = 200_000
M_PER_DEGREE = 111_195.0

Ring = list[tuple[float, float]]


class Box(NamedTuple):
    """West, south, east and north in degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        """Whether a position lies in the box."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north


class Outline(NamedTuple):
    """A checked outline, its size in square metres, and what was mended in it."""

    shape: MultiPolygon
    size_m2: float
    mended: tuple[str, ...]

    @property
    def radius_m(self) -> float:
        """The radius of the circle of the same size, in metres."""
        return math.sqrt(self.size_m2 / math.pi)


class _Geometry(msgspec.Struct, frozen=True):
    type: str
    coordinates: msgspec.Raw = msgspec.Raw(b"null")


def read_outline(
    geometry: bytes, *, home: Box | None = None, latitude_first: bool = False
) -> Outline:
    """The outline of a GeoJSON geometry object.

    ``home`` is where areas are expected: an outline that lies there only when its numbers
    are swapped is refused. ``latitude_first`` swaps them. Raises ConfigurationError.
    """
    rings = _polygons(geometry)
    if sum(len(ring) for polygon in rings for ring in polygon) > MOST_POSITIONS:
        raise _fault(
            f"it has more than {MOST_POSITIONS:,} positions",
            "Simplify it to some metres with a map program and import it again",
        )
    if latitude_first:
        rings = [[[(y, x) for x, y in ring] for ring in polygon] for polygon in rings]
    _check_positions(rings, home)
    mended = _mended(rings)
    shape = MultiPolygon([orient(_polygon(polygon)) for polygon in rings])
    if not shape.is_valid:
        raise _fault(
            f"its outline crosses or touches itself: {explain_validity(shape)}",
            "Mend it there with a map program (often called 'fix geometries')",
        )
    return Outline(shape, _checked_size(shape), mended)


def size_m2(shape: MultiPolygon) -> float:
    """Square metres, by the flat approximation at the latitude of the middle: good to one
    per cent for anything up to the size of a large county."""
    middle = math.radians(shape.centroid.y)
    return float(shape.area) * M_PER_DEGREE**2 * math.cos(middle)


def as_geometry(shape: MultiPolygon) -> dict[str, object]:
    """The outline as a GeoJSON geometry, rounded to about ten centimetres."""
    polygons = [
        [
            [(round(x, 6), round(y, 6)) for x, y in ring.coords]
            for ring in (polygon.exterior, *polygon.interiors)
        ]
        for polygon in shape.geoms
    ]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _polygons(geometry: bytes) -> list[list[Ring]]:
    try:
        found = msgspec.json.decode(geometry, type=_Geometry)
        if found.type == "Polygon":
            positions = [msgspec.json.decode(found.coordinates, type=_RINGS)]
        elif found.type == "MultiPolygon":
            positions = msgspec.json.decode(found.coordinates, type=list[_RINGS])
        else:
            raise _fault(
                f"its geometry is a {found.type}, which has no inside",
                "Only Polygon and MultiPolygon make an area",
            )
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _fault(
            f"its geometry cannot be read ({error})", "Export it again as GeoJSON (RFC 7946)"
        ) from error
    if not positions or not all(positions):
        raise _fault("its geometry is empty", "Leave it out, or draw it")
    return [[[_position(p) for p in ring] for ring in polygon] for polygon in positions]


def _position(numbers: Sequence[float]) -> tuple[float, float]:
    """The first two numbers; a height, where there is one, is left out."""
    if len(numbers) < 2:
        raise _fault("a position has fewer than two numbers", "Export it again as GeoJSON")
    return numbers[0], numbers[1]


def _check_positions(polygons: Iterable[Iterable[Ring]], home: Box | None) -> None:
    xs, ys = zip(
        *((x, y) for polygon in polygons for ring in polygon for x, y in ring), strict=True
    )
    box = Box(min(xs), min(ys), max(xs), max(ys))
    if max(map(abs, box)) > 180:
        raise _fault(
            f"its coordinates are no degrees ({box.west:g}, {box.south:g})",
            "They look like a national grid: convert the file to WGS 84 (EPSG:4326) first",
        )
    swapped = box.south < -90 or box.north > 90
    if home is not None and not swapped:
        swapped = _inside(Box(box.south, box.west, box.north, box.east), home)
        swapped = swapped and not _inside(box, home)
    if swapped:
        raise _fault(
            f"its coordinates seem to be in the wrong order ({box.west:g}, {box.south:g})",
            "GeoJSON puts longitude before latitude; `--latitude-first` swaps them",
        )
    if box.east - box.west > 180:
        raise _fault("it spans more than half of the globe", "Cut it at the 180th meridian")


def _inside(box: Box, home: Box) -> bool:
    return home.holds(box.west, box.south) and home.holds(box.east, box.north)


def _mended(polygons: list[list[Ring]]) -> tuple[str, ...]:
    """Close open rings, in place, and say what was mended; the winding is put right when
    the polygon is made."""
    notes: dict[str, None] = {}
    for polygon in polygons:
        for number, ring in enumerate(polygon):
            if ring[0] != ring[-1]:
                ring.append(ring[0])
                notes["an open ring was closed"] = None
            if len(ring) < 4:
                raise _fault("a ring has fewer than three corners", "Draw it, or leave it out")
            if (_turning(ring) > 0) != (number == 0):
                notes["a ring wound the wrong way was turned round"] = None
    return tuple(notes)


def _turning(ring: Ring) -> float:
    """Above zero for a ring that runs counter-clockwise (the shoelace formula)."""
    steps = itertools.pairwise(ring)
    return sum((x2 - x1) * (y2 + y1) for (x1, y1), (x2, y2) in steps) * -0.5


def _polygon(rings: list[Ring]) -> Polygon:
    return Polygon(rings[0], rings[1:])


def _checked_size(shape: MultiPolygon) -> float:
    size = size_m2(shape)
    if size < SMALLEST_M2:
        raise _fault(
            f"it is only {size:.3g} square metres large",
            "Check its units: coordinates are degrees",
        )
    if size > LARGEST_M2:
        raise _fault(
            f"it is {size / 1e6:,.0f} square kilometres large",
            "Check its coordinates, or leave it out: an area is at most a country",
        )
    return size


def _fault(what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(what, remedy=remedy)


_RINGS = list[list[list[float]]]
