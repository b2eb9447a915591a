"""Importing areas: a boundary file as others publish it, into one of ours.

The file's features are renamed by two of their properties, checked, mended where that needs
no guess, and written as one file of the areas folder, one feature a line, in one step.
"""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from enrich.area_file import (
    LONGEST_ID,
    SUFFIX,
    Area,
    AreaProblem,
    Feature,
    is_id,
    read_collection,
    read_file,
)
from enrich.area_geometry import Box, as_geometry, read_outline
from model.errors import ConfigurationError

_NEITHER = re.compile(r"[^a-z0-9]+")
_MOST_SHOWN = 20


class AreaImport(msgspec.Struct, frozen=True, kw_only=True):
    """How a boundary file is read: which properties are id and name, what kind of area it
    has, where areas are expected, and whether latitude comes first in it."""

    id_field: str
    name_field: str
    kind: str
    home: Box | None = None
    latitude_first: bool = False


class Mended(NamedTuple):
    """What was put right in an area without asking."""

    area_id: str
    what: str


class Imported(NamedTuple):
    """What a boundary file gave."""

    areas: tuple[Area, ...]
    problems: tuple[AreaProblem, ...]
    mended: tuple[Mended, ...]


def import_areas(
    file: Path, wanted: AreaImport, progress: Callable[[int, int], None] | None = None
) -> Imported:
    """Read a boundary file. What is wrong with a feature is in ``problems``.

    ``progress`` is told how many features of how many are done. Raises ConfigurationError
    for a file that is no collection of features.
    """
    try:
        features = read_collection(read_file(file))
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error.what}", remedy=error.remedy) from error
    areas: dict[str, Area] = {}
    problems: list[AreaProblem] = []
    mended: list[Mended] = []
    for number, feature in enumerate(features, start=1):
        try:
            area = _area(file, feature, wanted, areas)
            areas[area.id] = area
            mended += [Mended(area.id, what) for what in area.outline.mended]
        except ConfigurationError as error:
            name = str((feature.properties or {}).get(wanted.name_field) or "")
            problems.append(AreaProblem(file, number, name, error.what, error.remedy))
        if progress is not None:
            progress(number, len(features))
    return Imported(tuple(areas.values()), tuple(problems), tuple(mended))


def write_areas(folder: Path, name: str, areas: Sequence[Area]) -> Path:
    """Write areas as ``folder/name.geojson``, in place of an earlier one, in one step.

    Raises ConfigurationError where the folder takes no file.
    """
    target = folder / f"{name}{SUFFIX}"
    scratch = folder / f".{name}.{os.getpid()}"
    lines = b",\n".join(msgspec.json.encode(_feature(area)) for area in areas)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(b'{"type":"FeatureCollection","features":[\n' + lines + b"\n]}\n")
        scratch.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise ConfigurationError(
            f"the areas cannot be written to {target}",
            cause=error.strerror or str(error),
            remedy="Make the folder writable, or name another configuration with TOCSIN_CONFIG",
        ) from error
    return target


def clashes(areas: Iterable[Area], known: Iterable[Area], target: str) -> list[AreaProblem]:
    """Areas whose ids stand already in another file than ``target``."""
    others = {area.id: area for area in known if area.file.name != target}
    return [
        AreaProblem(
            area.file,
            0,
            area.name,
            f"its id {area.id!r} stands in {others[area.id].file} already",
            "Delete that file if this one takes its place, or choose another --id-field",
        )
        for area in areas
        if area.id in others
    ]


def slug(text: str) -> str:
    """A text as an id: ``St. Mary's Ward`` is ``st-marys-ward``."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return _NEITHER.sub("-", plain.replace("'", "")).strip("-")[:LONGEST_ID].strip("-")


def _area(file: Path, feature: Feature, wanted: AreaImport, known: Mapping[str, Area]) -> Area:
    properties = feature.properties or {}
    area_id = slug(_property(properties, wanted.id_field, "--id-field"))
    if not is_id(area_id):
        raise ConfigurationError(
            f"its {wanted.id_field} holds no letter or digit",
            remedy="Name another property with --id-field",
        )
    if area_id in known:
        raise ConfigurationError(
            f"its id {area_id!r} is also that of an earlier feature",
            remedy="Name a property that tells them apart with --id-field",
        )
    name = _property(properties, wanted.name_field, "--name-field").strip()
    outline = read_outline(
        bytes(feature.geometry), home=wanted.home, latitude_first=wanted.latitude_first
    )
    return Area(area_id, name, wanted.kind, outline, file)


def _property(properties: dict[str, object], field: str, option: str) -> str:
    value = properties.get(field)
    if isinstance(value, str | int) and str(value).strip():
        return str(value)
    known = ", ".join(list(properties)[:_MOST_SHOWN]) or "no properties at all"
    raise ConfigurationError(
        f"it has no {field!r}", remedy=f"It has {known}: name one of them with {option}"
    )


def _feature(area: Area) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {"id": area.id, "name": area.name, "kind": area.kind},
        "geometry": as_geometry(area.outline.shape),
    }
