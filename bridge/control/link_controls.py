"""Declarations of Ableton Link's controls. Presets leave them out: loading one joins nothing and sets no tempo."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from bridge.core.control import Control
from bridge.core.file_choice import FileChoice

LINK_ON, LINK_TEMPO = "clock.link", "clock.link_tempo_bpm"
LINK_START_STOP, LINK_OFFSET = "clock.link_start_stop", "clock.link_offset_ms"
LINK_MODULE = "link"
"""The module of the optional extra, of the package LinkPython-extern."""
LINK_PROBLEM = "the optional extra for Ableton Link is not installed"
LINK_FIX = "pip install 'sideman[link]' (or: pip install LinkPython-extern), and start again"
SLOWEST_LINK_BPM, FASTEST_LINK_BPM = 20.0, 999.0
"""The range of Link itself."""
MOST_OFFSET_MS = 500.0


def find_link_problem(word: str) -> tuple[FileChoice, ...]:
    """Why the choice ``word`` of a control cannot be chosen: the extra is missing. Empty where it is installed."""
    return () if find_spec(LINK_MODULE) else (FileChoice(word, "", LINK_PROBLEM, LINK_FIX),)


def make_link_controls() -> Iterator[Control]:
    """The controls of the Link session."""
    yield Control(
        LINK_ON, 0, 1, 0, kind="choice", choices=("off", "on"), saved=False, unavailable=find_link_problem("on"),
        doc="Join the Ableton Link session of this network. It takes the session's tempo and changes nobody's. "
        "clock.source link joins too.",
    )  # fmt: skip
    yield Control(
        LINK_TEMPO, SLOWEST_LINK_BPM, FASTEST_LINK_BPM, 120, unit="BPM", saved=False,
        doc="Tempo of the Link session while it is joined: a change here changes everybody's, a change of theirs this. "
        "Of a session that nobody else is in yet, the tempo at the start.",
    )  # fmt: skip
    yield Control(
        LINK_START_STOP, 0, 1, 0, kind="switch", saved=False,
        doc="Share start and stop with those in the Link session that do so too. Off: the clock rolls while anybody "
        "else is in the session.",
    )  # fmt: skip
    yield Control(
        LINK_OFFSET, -MOST_OFFSET_MS, MOST_OFFSET_MS, 0, unit="ms", saved=False,
        doc="So much later than Link's beat the input has its sound. Negative: earlier, as the input of a DAW that "
        "sends to us before its sound card's delay.",
    )  # fmt: skip
