"""The demo evening: invented posts that show what Tocsin does.

It may be started as often as one likes. A state folder that holds nothing but an earlier
demo is emptied first; one that holds anything else is left alone and refused, since
invented posts among real ones would be dangerous.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cli.supervise import ChildSpec
from cli.wiring import Wiring
from config.settings import SHIPPED
from model.errors import ConfigurationError

EVENING = SHIPPED / "demo" / "evening.jsonl"
SPEED = "360"
"""An hour in ten seconds."""


def start_demo(wiring: Wiring) -> None:
    """Make the state folder ready for the demo. Raises ConfigurationError if it holds posts."""
    state = wiring.state
    if wiring.settings.profile != "embedded":
        raise ConfigurationError(
            "the demo runs embedded",
            cause="its invented posts must not come among real ones on servers",
            remedy="Start it with: TOCSIN_PROFILE=embedded TOCSIN_STATE=var-demo tocsin up --demo",
        )
    with state.owned():
        if state.demo_mark.exists():
            _empty(state.root)
        elif state.log.exists() and any(wiring.log.ends("posts.raw").values()):
            raise ConfigurationError(
                f"the state folder {state.root} holds posts",
                cause="the demo would mix invented posts with them",
                remedy="Name another folder for the demo: TOCSIN_STATE=var-demo tocsin up --demo",
            )
        state.prepare()
        state.demo_mark.touch()


def demo_spec() -> ChildSpec:
    """The replay of the evening, as a process beside the stages."""
    options = ("--speed", SPEED, "--shift-to-now", "--parent", str(os.getpid()))
    return ChildSpec("demo", ("replay", str(EVENING), *options), passing=True)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "pipeline.lock":
            entry.unlink()
