"""``tocsin rules``: rule files, before and while they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cli.context import wire
from cli.output import complain, console, emit, printable, severity, table
from model.clock import to_datetime
from model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rules import LoadedRule, Problem, RuleSet
    from cli.wiring import Wiring

JSON = typer.Option("--json", help="One JSON object a line.")

app = typer.Typer(help="What the alert engine looks for.", no_args_is_help=True)


@app.command()
def check(*, as_json: Annotated[bool, JSON] = False) -> None:
    """Check every rule file; name each fault with file, line and field.

    Ends with status 1 if anything is wrong, a route to a channel that does not exist
    included. The rules that are right run all the same, and of those that are not, the
    last good version, if there was one.

    Example:

      tocsin rules check
    """
    with wire() as wiring:
        found = wiring.rules()
        now = wiring.clock.now()
        kept = wiring.kept_rules(found)
        problems = [*found.problems, *_lost_routes(wiring, found)]
    for problem in problems:
        if as_json:
            still = kept.get(problem.rule_id)
            version = {"kept": still.version} if still else {}
            emit({**problem._asdict(), "file": str(problem.file), **version})
        else:
            complain(str(problem))
    for loaded in found.expired(now):
        complain(f"{loaded.file}:{loaded.line}: rule {loaded.rule.id} has expired, does not run")
    for good in kept.values():
        since = to_datetime(good.loaded_at)
        complain(
            f"rule {good.rule_id} runs as version {good.version}, read {since:%d %b %H:%M} UTC"
        )
    if not as_json:
        running = len(found.running(now)) + len(kept)
        console().print(f"{running} rules run, {len(problems)} problems")
    if problems:
        raise typer.Exit(1)


def _lost_routes(wiring: Wiring, found: RuleSet) -> Iterator[Problem]:
    """Routes that name a channel that does not exist."""
    from alerts.route import Router
    from alerts.rules import Problem
    from cli.stages import channel_names

    names = channel_names(wiring)
    placed = {loaded.rule.id: loaded for loaded in found.rules}
    for rule, name in Router(names, names).unknown(loaded.rule for loaded in found.rules):
        loaded = placed[rule.id]
        cause = f"there is no channel {name!r}; there are {', '.join(names)}"
        yield Problem(loaded.file, loaded.line, 1, rule.id, "route", cause)


@app.command("list")
def list_rules(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The rules that run, with their state.

    A rule is live, expired, kept (its file is wrong now, its last good version runs), or
    cannot know (it looks for silence, and not everything was seen).

    Example:

      tocsin rules list
    """
    with wire() as wiring:
        found = wiring.running_rules()
        now = wiring.clock.now()
        unsure = wiring.unsure_rules()
    expired = {loaded.rule.id for loaded in found.expired(now)}
    rows = []
    for loaded in found.rules:
        rule = loaded.rule
        state = "live"
        if rule.id in expired:
            state = "expired"
        elif rule.id in found.kept:
            state = "kept"
        elif rule.id in unsure:
            state = "cannot know"
        if as_json:
            emit({"state": state, "why": unsure.get(rule.id, ""), **msgspec.structs.asdict(rule)})
        rows.append((severity(rule.severity), rule.id, rule.kind, state, printable(rule.title)))
    if not as_json:
        console().print(table(("severity", "id", "kind", "state", "title…"), rows))
        for rule_id in sorted(unsure.keys() & {loaded.rule.id for loaded in found.rules}):
            complain(f"rule {rule_id} cannot know: {unsure[rule_id]}")


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
        rules = {loaded.rule.id: loaded for loaded in wiring.running_rules().rules}
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
        ("looks for", rule.query or "nothing in posts"),
        ("rings", _when(loaded)),
        ("late posts", _late(loaded)),
        ("severity", rule.severity),
        ("response", rule.response),
        ("tells", ", ".join(rule.route) or "every channel"),
        ("purpose", rule.purpose),
        ("authority", f"{rule.authority}, owner {rule.owner}"),
        ("review by", f"{rule.review_by}, expires {rule.expires or 'never'}"),
        ("written in", f"{loaded.file}:{loaded.line}, version {rule.version[:12]}"),
    ]


def _late(loaded: LoadedRule) -> str:
    from alerts.kinds.table import KINDS

    return KINDS[loaded.rule.kind].late


def _when(loaded: LoadedRule) -> str:
    from alerts.kinds.table import KINDS

    rule = loaded.rule
    per = f", for each {' and '.join(rule.group_by)}" if rule.group_by else ""
    return KINDS[rule.kind].when(rule) + per
