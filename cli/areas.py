"""``tocsin areas``: the force's own geography."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import Progress

from cli.context import wire
from cli.output import complain, complaints, console, emit, printable, table
from cli.wiring import Wiring
from model.errors import ConfigurationError

if TYPE_CHECKING:
    from enrich.area_geometry import Box
    from enrich.area_import import AreaImport, Imported

JSON = typer.Option("--json", help="One JSON object a line.")
Kind = Literal["force", "district", "ward", "beat"]

app = typer.Typer(help="Forces, districts, wards and beats.", no_args_is_help=True)


@app.command("list")
def list_areas(
    *,
    at: Annotated[
        str | None, typer.Option(help="Only those that hold this point: LAT,LON.")
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """The areas that posts are sorted into.

    Examples:

      tocsin areas list

      tocsin areas list --at 53.235,-1.421
    """
    from enrich.areas import AreaMap

    with wire() as wiring:
        found = wiring.areas()
    areas = found.areas if at is None else AreaMap(found.areas).holding(*_point(at))
    if as_json:
        for area in areas:
            emit(
                {
                    "id": area.id,
                    "name": area.name,
                    "kind": area.kind,
                    "km2": round(area.outline.size_m2 / 1e6, 3),
                    "file": str(area.file),
                }
            )
        return
    rows = [
        (
            area.id,
            area.kind,
            f"{area.outline.size_m2 / 1e6:,.1f}",
            printable(area.name),
        )
        for area in areas
    ]
    console().print(table(("id", "kind", "km²#", "name…"), rows) if rows else "No areas.")


@app.command()
def check(*, as_json: Annotated[bool, JSON] = False) -> None:
    """Check every area file; name each fault with file, feature and remedy.

    Ends with status 1 if anything is wrong. The areas that are right work all the same.

    Example:

      tocsin areas check
    """
    with wire() as wiring:
        found = wiring.areas()
    for problem in found.problems:
        if as_json:
            emit({**problem._asdict(), "file": str(problem.file)})
        else:
            complain(str(problem))
    if not as_json:
        console().print(f"{len(found.areas):,} areas, {len(found.problems):,} problems")
    if found.problems:
        raise typer.Exit(1)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="GeoJSON in WGS 84, as boundaries are published.")],
    *,
    id_field: Annotated[str, typer.Option(help="The property that becomes the id.")],
    name_field: Annotated[str, typer.Option(help="The property that becomes the name.")],
    kind: Annotated[Kind, typer.Option(help="What the areas are.")],
    name: Annotated[
        str | None, typer.Option(help="Name of our file; the file's own if not given.")
    ] = None,
    latitude_first: Annotated[
        bool, typer.Option("--latitude-first", help="The file has latitude before longitude.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Import the rest where features are wrong.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Check a boundary file and make it a file of the areas folder, in place of an earlier one.

    Enrichers use it when they start again; `tocsin enrich --again` sorts older posts anew.

    Examples:

      tocsin areas import wards.geojson --id-field WD24CD --name-field WD24NM --kind ward

      tocsin areas import beats.json --id-field code --name-field title --kind beat --name beats
    """
    from enrich.area_import import AreaImport, slug

    with wire() as wiring:
        wanted = AreaImport(
            id_field=id_field,
            name_field=name_field,
            kind=kind,
            home=_home(wiring),
            latitude_first=latitude_first,
        )
        outcome = _import(
            wiring, file, slug(name or file.stem) or "areas", wanted, skip_bad=skip_bad
        )
    for problem in outcome.problems:
        complain(str(problem))
    if as_json:
        figures = {"problems": len(outcome.problems), "mended": len(outcome.mended)}
        emit({"imported": len(outcome.areas), **figures})
    else:
        for mended in outcome.mended:
            console().print(f"{mended.area_id}: {mended.what}", style="dim")
        console().print(
            f"{len(outcome.areas):,} areas imported, {len(outcome.problems):,} problems"
        )
    if outcome.problems and not outcome.areas:
        complaints().print("Nothing was written. --skip-bad imports what is right.")
    if outcome.problems or not outcome.areas:
        raise typer.Exit(1)


def _import(
    wiring: Wiring, file: Path, name: str, wanted: AreaImport, *, skip_bad: bool
) -> Imported:
    """Read and write; no areas in the outcome means that nothing was written."""
    from enrich.area_import import Imported, clashes, import_areas, write_areas

    with Progress(console=complaints(), transient=True) as bar:
        task = bar.add_task(f"Reading {file.name}")
        found = import_areas(
            file, wanted, lambda done, total: bar.update(task, completed=done, total=total)
        )
    doubles = clashes(found.areas, wiring.areas().areas, f"{name}.geojson")
    taken = {problem.name for problem in doubles}
    areas = tuple(area for area in found.areas if area.name not in taken)
    problems = (*found.problems, *doubles)
    if not areas or (problems and not skip_bad):
        return Imported((), problems, ())
    write_areas(wiring.settings.config / "areas", name, areas)
    return Imported(areas, problems, found.mended)


def _home(wiring: Wiring) -> Box | None:
    """Where the settlements of the home country lie, and a little around them."""
    from enrich.area_geometry import Box

    country = wiring.settings.enrich.home_country
    entries = [e for e in wiring.gazetteer().settlements() if e.country == country]
    if not entries:
        return None
    lats, lons = [e.lat for e in entries], [e.lon for e in entries]
    return Box(min(lons) - 1, min(lats) - 1, max(lons) + 1, max(lats) + 1)


def _point(text: str) -> tuple[float, float]:
    lat, _, lon = text.partition(",")
    try:
        return float(lat), float(lon)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} is no point", remedy="Write latitude,longitude, such as 53.235,-1.421"
        ) from error
