"""The ``tocsin`` command."""

from __future__ import annotations

import sys

import typer

from cli import (
    alerts,
    areas,
    dead,
    enriching,
    health,
    pipeline,
    places,
    rules,
    search,
    sources,
    spread,
)
from cli.output import complain
from config.settings import SettingsError
from model.errors import QueryError, TocsinError

FAILED = 1
WRONG_USAGE = 2

app = typer.Typer(
    name="tocsin",
    help="Listens to public posts and rings when people are about to be hurt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(pipeline.up)
app.command()(pipeline.run)
app.command()(pipeline.replay)
app.command()(enriching.enrich)
app.command()(search.search)
app.command()(search.count)
app.command()(spread.spread)
app.add_typer(rules.app, name="rules")
app.add_typer(alerts.app, name="alerts")
app.add_typer(areas.app, name="areas")
app.add_typer(places.app, name="places")
app.add_typer(sources.app, name="sources")
app.command()(sources.coverage)
app.add_typer(dead.app, name="dead")
app.add_typer(health.index_app, name="index")
app.command()(health.status)
app.command()(health.doctor)


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 failed, 2 wrong usage."""
    try:
        app()
    except QueryError as error:
        complain(str(error))
        sys.exit(WRONG_USAGE)
    except (TocsinError, SettingsError) as error:
        complain(str(error))
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
