"""``tocsin rules``: rule files, before and while they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cli.context import wire
from cli.output import complain, console, emit, printable, severity, table
from model.clock import MINUTE
from model.errors import ConfigurationError

if TYPE_CHECKING:
    from alerts.rules import LoadedRule

JSON = typer.Option("--json", help="One JSON object a line.")

app = typer.Typer(help="What the alert engine looks for.", no_args_is_help=True)


@app.command()
def check(*, as_json: Annotated[bool, JSON] = False) -> None:
    """Check every rule file; name each fault with file, line and field.

    Ends with status 1 if anything is wrong. The rules that are right run all the same.

    Example:

      tocsin rules check
    """
    with wire() as wiring:
        found = wiring.rules()
        now = wiring.clock.now()
    for problem in found.problems:
        if as_json:
            emit({**problem._asdict(), "file": str(problem.file)})
        else:
            complain(str(problem))
    for loaded in found.expired(now):
        complain(f"{loaded.file}:{loaded.line}: rule {loaded.rule.id} has expired, does not run")
    if not as_json:
        console().print(f"{len(found.running(now))} rules run, {len(found.problems)} problems")
    if found.problems:
        raise typer.Exit(1)


@app.command("list")
def list_rules(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The rules that can be read, with their state.

    Example:

      tocsin rules list
    """
    with wire() as wiring:
        found = wiring.rules()
        now = wiring.clock.now()
    expired = {loaded.rule.id for loaded in found.expired(now)}
    if as_json:
        for loaded in found.rules:
            state = "expired" if loaded.rule.id in expired else "live"
            emit({"state": state, **msgspec.structs.asdict(loaded.rule)})
        return
    rows = [
        (
            severity(loaded.rule.severity),
            loaded.rule.id,
            loaded.rule.kind,
            "expired" if loaded.rule.id in expired else "live",
            printable(loaded.rule.title),
        )
        for loaded in found.rules
    ]
    console().print(table(("severity", "id", "kind", "state", "title…"), rows))


@app.command()
def explain(
    rule_id: Annotated[str, typer.Argument(help="The rule's id, as `tocsin rules list` shows it.")],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """What a rule looks for, when it rings, and what the controller is told to do.

    Example:

      tocsin rules explain weapon-seen
    """
    with wire() as wiring:
        rules = {loaded.rule.id: loaded for loaded in wiring.rules().rules}
    if rule_id not in rules:
        raise ConfigurationError(
            f"there is no rule {rule_id!r}", remedy=f"Rules: {', '.join(sorted(rules))}"
        )
    loaded = rules[rule_id]
    if as_json:
        emit(loaded.rule)
    else:
        console().print(table(("", ""), _explanation(loaded)))


def _explanation(loaded: LoadedRule) -> list[tuple[str, str]]:
    rule = loaded.rule
    return [
        ("rule", f"{rule.id} ({rule.title})"),
        ("looks for", rule.query),
        ("rings", _when(loaded)),
        ("severity", rule.severity),
        ("response", rule.response),
        ("tells", ", ".join(rule.route) or "every channel"),
        ("purpose", rule.purpose),
        ("authority", f"{rule.authority}, owner {rule.owner}"),
        ("review by", f"{rule.review_by}, expires {rule.expires or 'never'}"),
        ("written in", f"{loaded.file}:{loaded.line}, version {rule.version[:12]}"),
    ]


def _when(loaded: LoadedRule) -> str:
    rule = loaded.rule
    per = f", for each {' and '.join(rule.group_by)}" if rule.group_by else ""
    span = f"{rule.window / MINUTE:g} minutes"
    if rule.kind == "frequency":
        return f"when {rule.threshold} different posts match within {span}{per}"
    return f"when a post matches{per}; posts within {span} of each other are one incident"
