"""Area files: GeoJSON in a folder, good areas and problems.

Each file is a FeatureCollection. A feature has ``id``, ``name`` and ``kind`` among its
properties, and an outline (:mod:`enrich.area_geometry`). A feature that is wrong is
reported and left out; the others work.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec

from enrich.area_geometry import Outline, read_outline
from model.errors import ConfigurationError

AreaKind = Literal["force", "district", "ward", "beat"]
KINDS: tuple[str, ...] = get_args(AreaKind)
SUFFIX = ".geojson"
LARGEST_FILE = 256_000_000
LONGEST_ID = 64
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Area(NamedTuple):
    """An area of the force. ``id`` is what ``area:`` asks for."""

    id: str
    name: str
    kind: str
    outline: Outline
    file: Path


class AreaProblem(NamedTuple):
    """What is wrong with a feature (its number from 1, or 0 for the whole file), and what
    to do."""

    file: Path
    feature: int
    name: str
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f", feature {self.feature}" if self.feature else ""
        named = f" ({self.name})" if self.name else ""
        return f"{self.file}{where}{named}: {self.what}. {self.remedy}"


class AreaSet(NamedTuple):
    """What a folder holds. ``version`` changes with any of its files."""

    areas: tuple[Area, ...]
    problems: tuple[AreaProblem, ...]
    version: str


class Feature(msgspec.Struct, frozen=True):
    """A GeoJSON feature; its geometry is read later, so that each can fail alone."""

    properties: dict[str, object] | None = None
    geometry: msgspec.Raw = msgspec.Raw(b"null")


class Collection(msgspec.Struct, frozen=True):
    """A GeoJSON FeatureCollection."""

    type: Literal["FeatureCollection"]
    features: list[Feature]


def load_areas(folder: Path) -> AreaSet:
    """Every area of the folder's files; no folder means no areas. Never raises for what
    stands in a file."""
    areas: dict[str, Area] = {}
    problems: list[AreaProblem] = []
    digest = hashlib.sha256()
    for file in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            data = read_file(file)
        except ConfigurationError as error:
            problems.append(AreaProblem(file, 0, "", error.what, error.remedy))
            continue
        digest.update(data)
        for found in _read(file, data):
            if isinstance(found, AreaProblem):
                problems.append(found)
            else:
                number, area = found
                other = areas.setdefault(area.id, area)
                if other is not area:
                    problems.append(_twice(number, area, other))
    version = digest.hexdigest()[:12] if areas else ""
    return AreaSet(tuple(areas.values()), tuple(problems), version)


def read_file(file: Path) -> bytes:
    """The bytes of an area file. Raises ConfigurationError."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise ConfigurationError(
                f"it is larger than {LARGEST_FILE // 1_000_000} MB",
                remedy="Simplify its outlines to some metres with a map program",
            )
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"it cannot be read ({error.strerror})", remedy="Check its name and permissions"
        ) from error


def read_collection(data: bytes) -> list[Feature]:
    """The features of a file. Raises ConfigurationError."""
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=Collection).features
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"it is no GeoJSON FeatureCollection ({error})",
            remedy="Export the areas as GeoJSON (RFC 7946), all in one collection",
        ) from error


def _read(file: Path, data: bytes) -> Iterator[tuple[int, Area] | AreaProblem]:
    try:
        features = read_collection(data)
    except ConfigurationError as error:
        yield AreaProblem(file, 0, "", error.what, error.remedy)
        return
    for number, feature in enumerate(features, start=1):
        properties = feature.properties or {}
        try:
            yield number, _area(file, properties, bytes(feature.geometry))
        except ConfigurationError as error:
            name = str(properties.get("id") or properties.get("name") or "")
            yield AreaProblem(file, number, name, error.what, error.remedy)


def _area(file: Path, properties: dict[str, object], geometry: bytes) -> Area:
    area_id, name, kind = (properties.get(field) for field in ("id", "name", "kind"))
    if not isinstance(area_id, str) or not is_id(area_id):
        raise ConfigurationError(
            f"its id is {area_id!r}",
            remedy=f"Write small letters, digits and single hyphens, {LONGEST_ID} at most",
        )
    if not isinstance(name, str) or not name.strip():
        raise ConfigurationError("it has no name", remedy="Give it the name that people use")
    if kind not in KINDS:
        raise ConfigurationError(f"its kind is {kind!r}", remedy=f"Write {', '.join(KINDS)}")
    return Area(area_id, name, str(kind), read_outline(geometry), file)


def is_id(text: str) -> bool:
    """Whether this can be the id of an area."""
    return len(text) <= LONGEST_ID and _ID.fullmatch(text) is not None


def _twice(number: int, area: Area, other: Area) -> AreaProblem:
    return AreaProblem(
        area.file,
        number,
        area.id,
        f"its id is also that of {other.name!r} in {other.file.name}",
        "Give each area an id of its own",
    )
