"""``tocsin spread``: how a story got round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import RenderableType
from rich.text import Text

from cli.context import wire
from cli.output import console, emit, iso, moment, printable, table
from cli.search import gaps
from cli.times import parse_span

if TYPE_CHECKING:
    from desk.spread import Step, Story, Telling

NAME = typer.Argument(help="A post's uid, or the number of a cluster.", show_default=False)
JSON = typer.Option("--json", help="One JSON object: figures, curve and every post.")
PURPOSE = typer.Option(help="What it is for; kept beside it.")
BAR = 36
MARKS = (("original", "█", "bold green"), ("copy", "█", "yellow"), ("repost", "░", "cyan"))


def spread(
    name: Annotated[str, NAME],
    *,
    window: Annotated[str, typer.Option(help="The longest pause in one story: 6h, 3d.")] = "3d",
    limit: Annotated[int, typer.Option(min=0, max=1_000, help="Most posts to list.")] = 5,
    purpose: Annotated[str, PURPOSE] = "",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """How posts that say nearly the same spread: when, by how many authors, and who was first.

    Of a cluster's number the latest story is shown.

    Examples:

      tocsin spread x:x.example:p0512

      tocsin spread 1784528342238471 --window 12h --json
    """
    with wire(purpose) as wiring:
        story = wiring.spread_desk.story(wiring.caller, name, parse_span(window))
    if as_json:
        emit(_as_object(story))
        return
    out = console()
    for line in story_lines(story, limit):
        out.print(line, soft_wrap=isinstance(line, Text))


def story_lines(story: Story, limit: int) -> Iterator[RenderableType]:
    """The story as people read it."""
    yield Text(printable(story.first.text), style="bold")
    yield Text(
        f"{story.posts:,} posts by {story.authors:,} authors: {story.originals:,} original, "
        f"{story.copies:,} copies, {story.reposts:,} reposts"
    )
    platforms = ", ".join(f"{name} {count:,}" for name, count in story.platforms.items())
    yield Text(f"{moment(story.first.at)} to {moment(story.last.at)} on {platforms}")
    if story.originals == 0:
        yield Text("Its original was not collected: only reposts were seen.", style="yellow")
    if not story.whole:
        yield Text("There are more posts than can be counted here.", style="yellow")
    yield plot(story.curve)
    if limit:
        yield table(("when", "what", "author…", "uid"), map(_row, story.tellings[:limit]))
    if story.earlier or story.later:
        yield Text(
            f"The same words stand in {story.earlier:,} posts long before and {story.later:,} "
            "long after.",
            style="dim",
        )
    yield from gaps(story.coverage)


def plot(curve: tuple[Step, ...]) -> Text:
    """A bar for each step; a stretch of empty ones is one line."""
    most = max(step.posts for step in curve)
    text = Text()
    empty = 0
    for step in curve:
        if not step.posts:
            empty += 1
            continue
        if empty:
            text.append(f"{'…':>16}\n", style="dim")
            empty = 0
        text.append(f"{moment(step.since)} {step.posts:>6,} ")
        for (_, mark, style), count in zip(MARKS, _shares(step, most), strict=True):
            text.append(mark * count, style=style)
        text.append("\n")
    legend = "  ".join(f"{mark} {name}" for name, mark, _ in MARKS)
    return text.append(f"{'':24}{legend}", style="dim")


def _shares(step: Step, most: int) -> list[int]:
    """Columns for each role; whatever is there has at least one."""
    counts = [getattr(step, name) for name, _, _ in MARKS]
    return [max(1, round(BAR * count / most)) if count else 0 for count in counts]


def _row(telling: Telling) -> tuple[str, str, str, str]:
    author = printable(telling.author or "-")
    return moment(telling.at), telling.role, author, printable(telling.uid)


def _as_object(story: Story) -> dict[str, object]:
    steps = [
        {"since": iso(step.since), "posts": step.posts, **_roles(step)} for step in story.curve
    ]
    tellings = [
        {**msgspec.structs.asdict(telling), "at": iso(telling.at)} for telling in story.tellings
    ]
    return {
        "cluster": str(story.cluster),
        "first_at": iso(story.first.at),
        "last_at": iso(story.last.at),
        "posts": story.posts,
        "originals": story.originals,
        "copies": story.copies,
        "reposts": story.reposts,
        "authors": story.authors,
        "platforms": story.platforms,
        "earlier": story.earlier,
        "later": story.later,
        "whole": story.whole,
        "step_seconds": story.step // 1_000_000,
        "curve": steps,
        "tellings": tellings,
    }


def _roles(step: Step) -> dict[str, int]:
    return {name: getattr(step, name) for name, _, _ in MARKS}
