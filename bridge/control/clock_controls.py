"""Declarations of the clock's controls. Presets leave them out: loading one changes nobody's tempo."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.control.link_controls import find_link_problem
from bridge.core.clock import AUTO_ORDER, CLOCK_SOURCE, CLOCK_SOURCES, LINK
from bridge.core.control import Control

CLOCK_TEMPO, CLOCK_BAR, TIME_CODE_START = "clock.tempo_bpm", "clock.bar_beats", "clock.mtc_start_s"
TIMEBASE_MASTER = "clock.timebase_master"
SLOWEST_TEMPO_BPM, FASTEST_TEMPO_BPM = 20.0, 300.0
"""The range of the internal transport: what DAWs take, within a factor."""
DAY_S = 86400.0
"""MIDI time code begins again after 24 hours."""


def make_clock_controls() -> Iterator[Control]:
    """The controls of the clock's source and of the internal transport."""
    yield Control(
        CLOCK_SOURCE, 0, len(CLOCK_SOURCES) - 1, 0, kind="choice", choices=CLOCK_SOURCES, saved=False,
        doc=f"Where the time of the engines comes from. auto: the first of {', '.join(AUTO_ORDER)} that runs. Others "
        "are ignored, and shown as candidates. In the tempo mode follow the audio leads whatever the source.",
        unavailable=find_link_problem(LINK),
    )  # fmt: skip
    yield Control(
        CLOCK_TEMPO, SLOWEST_TEMPO_BPM, FASTEST_TEMPO_BPM, 120, unit="BPM", saved=False,
        doc="Tempo of the internal transport, beats to which MIDI time code is converted, and tempo of JACK's "
        "transport while we set that. /transport/tap sets it while one of the first two is the clock.",
    )  # fmt: skip
    yield Control(
        CLOCK_BAR, 1, 16, 4, unit="beats", kind="integer", saved=False,
        doc="Quarter notes per bar of the internal transport, of MIDI time code and of Ableton Link.",
    )  # fmt: skip
    yield Control(
        TIME_CODE_START, 0, DAY_S, 0, unit="s", saved=False,
        doc="MIDI time code at which the song begins; 3600 where the DAW starts at 01:00:00:00.",
    )  # fmt: skip
    yield Control(
        TIMEBASE_MASTER, 0, 1, 0, kind="switch", saved=False,
        doc="Be JACK's timebase master: bars, beats and tempo of JACK's transport are those of the clock while that "
        "runs, else counted from frame 0 by clock.tempo_bpm. Refused while another program is it, as "
        "transport.timebase says.",
    )  # fmt: skip
