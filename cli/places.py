"""``tocsin places``: larger gazetteers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.context import wire
from cli.output import complain, complaints, console, day_or_time, emit, iso, printable, table

if TYPE_CHECKING:
    from enrich.gazetteer_import import Report
    from enrich.gazetteer_rows import Row

JSON = typer.Option("--json", help="One JSON object a line.")
FILE = typer.Argument(help="The publisher's file: as it is, .zip, .gz, or a folder of them.")
NAME = typer.Option(help="Under which it is kept; a second import of it replaces the first.")

app = typer.Typer(help="Places that the enricher knows.", no_args_is_help=True)
importing = typer.Typer(help="Build a gazetteer from a publisher's file.", no_args_is_help=True)
app.add_typer(importing, name="import")


@importing.command("geonames")
def geonames(
    file: Annotated[Path, FILE],
    *,
    name: Annotated[str, NAME] = "geonames",
    country: Annotated[
        list[str] | None, typer.Option(help="Only this country, as ISO 3166 letters; repeatable.")
    ] = None,
    alternates: Annotated[
        bool, typer.Option("--alternates", help="Also the names in other languages and spellings.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """GeoNames: a country's dump, allCountries, or a postal file.

    Enrichers use it when they start again.

    Examples:

      tocsin places import geonames GB.zip

      tocsin places import geonames allCountries.zip --country GB --country IE
    """
    from enrich.gazetteer_rows import geonames

    wanted = frozenset(code.upper() for code in country or ())
    _import(file, name, geonames(wanted, alternates=alternates), as_json=as_json)


@importing.command("osopennames")
def osopennames(
    file: Annotated[Path, FILE],
    *,
    name: Annotated[str, NAME] = "osopennames",
    streets: Annotated[bool, typer.Option(help="Also streets whose name is the only one.")] = True,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """OS Open Names as CSV: settlements, streets, stations, waters, hills, postcodes.

    Example:

      tocsin places import osopennames opname_csv_gb.zip
    """
    from enrich.gazetteer_rows import open_names

    _import(file, name, open_names(streets=streets), as_json=as_json)


@importing.command("postcodes")
def postcodes(
    file: Annotated[Path, FILE],
    *,
    name: Annotated[str, NAME] = "postcodes",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Postcodes: OS Code-Point Open, or the ONS directories ONSPD and NSPL.

    Example:

      tocsin places import postcodes codepo_gb.zip
    """
    from enrich.gazetteer_rows import postcodes

    _import(file, name, postcodes(), as_json=as_json)


@app.command("list")
def list_gazetteers(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The gazetteers that were imported. To be rid of one, delete its file.

    Example:

      tocsin places list
    """
    from enrich.gazetteer_import import list_imported

    with wire() as wiring:
        found = list_imported(wiring.state.gazetteers)
        now = wiring.clock.now()
        folder = wiring.state.gazetteers
    if as_json:
        for one in found:
            emit({**one._asdict(), "built_at": iso(one.built_at)})
        return
    rows = [
        (
            one.name,
            f"{one.places:,}",
            f"{one.names:,}",
            f"{one.bytes / 1e6:,.1f} MB",
            day_or_time(one.built_at, now),
            printable(one.source),
        )
        for one in found
    ]
    if rows:
        console().print(table(("name", "places#", "names#", "size#", "built", "from…"), rows))
    else:
        console().print(f"None beside what ships; {folder} is where they would lie.")


def _import(file: Path, name: str, row: Row, *, as_json: bool) -> None:
    from enrich.area_import import slug
    from enrich.gazetteer_import import import_gazetteer

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with wire() as wiring, Progress(*columns, console=complaints(), transient=True) as bar:
        wiring.state.prepare()
        target = wiring.state.gazetteers / f"{slug(name) or 'imported'}.gaz"
        task = bar.add_task(f"Reading {file.name}", total=None)
        report = import_gazetteer(
            file,
            row,
            target,
            at=wiring.clock.now(),
            progress=lambda done, total: bar.update(task, completed=done, total=total or None),
        )
    for line in report.first_bad:
        complain(line)
    if as_json:
        emit(report)
    else:
        console().print(_words(report))


def _words(report: Report) -> str:
    words = f"{report.places:,} places under {report.names:,} names, kept as {report.name}."
    if report.too_common:
        words += f"\n{report.too_common:,} names that too many places bear were left out."
    if report.bad:
        words += f"\n{report.bad:,} of {report.lines:,} lines were of no use."
    return words
