"""What is said in the documentation is there, and what is there is said."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from docs import commands_page, import_graph

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def tracked() -> list[Path]:
    """The project's files as they will be published."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_page_of_commands_is_current() -> None:
    """`make docs` writes it."""
    assert commands_page.PAGE.read_text(encoding="utf-8") == commands_page.page()


def test_every_command_explains_itself_with_an_example() -> None:
    for name, command in commands_page.commands():
        assert command.help, f"{name} says nothing"
        assert "Example" in command.help, f"{name} shows no example"
        assert f"{name}" in command.help, f"the example of {name} is of another command"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_a_page_names_exist(page: Path) -> None:
    known = {name.removeprefix("tocsin ") for name, _ in commands_page.commands()}
    groups = {name.split(" ")[0] for name in known}
    for code in re.findall(r"`([^`]+)`", page.read_text(encoding="utf-8")):
        for call in re.findall(r"(?:^|\n|bin/)tocsin ([a-z]+(?: [a-z]+)?)", code):
            assert call in known or call.split(" ")[0] in known | groups, f"tocsin {call}"


def test_the_import_graph_is_current_and_points_down() -> None:
    """`make docs` draws it. Compared by its arrows: line counts change with every edit."""
    rows = import_graph.layers()
    packages = [name for row in rows for name in row]
    graph = import_graph.build(packages)
    boxes = import_graph.place(rows, graph)
    found = import_graph.arrows(graph, packages)
    drawn = set(re.findall(r"<title>(\w+) imports (\w+):", import_graph.PICTURE.read_text()))
    assert drawn == {(arrow.importer, arrow.imported) for arrow in found}
    assert all(import_graph.points_down(arrow, boxes) for arrow in found)


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
    for file in tracked():
        if file.suffix in {".py", ".md", ".toml", ".yaml"}:
            assert not words.search(file.read_text(encoding="utf-8")), file
