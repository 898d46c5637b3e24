"""Clocks: which one leads, how good it is, and the others that are there."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.session import Record, Session
from tui.core.values import read_number, read_text

CLOCK_SOURCE = "clock.source"
AUTO, TIME_CODE, LINK, INTERNAL = "auto", "mtc", "link", "internal"
TITLES = {
    AUTO: "automatic",
    "jack": "JACK transport",
    "midi": "MIDI clock",
    TIME_CODE: "MIDI time code",
    LINK: "Ableton Link",
    INTERNAL: "our own",
}
"""Sources, in words."""
BRIEF_TITLES = {"jack": "JACK", "midi": "MIDI clock", TIME_CODE: "MTC", LINK: "Link", INTERNAL: "own clock"}
"""Sources, where there is no room for more."""
BRIEF_LEADERS = {"detected": "music", "none": "no clock"}
"""Leaders that are no source, likewise."""
TEMPO_CONTROLS = {TIME_CODE: "clock.tempo_bpm", LINK: "clock.link_tempo_bpm", INTERNAL: "clock.tempo_bpm"}
"""Controls of the tempo of those that have one before they run."""
MEASURED_DRIFTS = frozenset((TIME_CODE, LINK))
"""Sources whose time is compared with the audio's. JACK and ours count frames, and MIDI clock says no tempo."""
FREE = "free"
"""Lock of a clock that does not run."""
MUSIC = "the music"
RUNS = "*"
"""Mark of a candidate that runs."""
LEADS, ROLLS, STANDS, ABSENT, UNAVAILABLE = "leads", "rolls", "there", "", "not installed"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What is known of a source: its choice of `CLOCK_SOURCE`, and its state, one of the words above."""

    name: str
    state: str

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES.get(self.name, self.name)


def name_leader(clock: Record) -> str:
    """What the time of the engines comes from; empty where nothing leads."""
    leader, source = read_text(clock, "leader"), read_text(clock, "source")
    if leader == "detected":
        return MUSIC
    if leader != "host":
        return ""
    return TITLES.get(source, source) if source != "none" else "the host"


def name_leader_briefly(clock: Record) -> str:
    """The same in 10 columns, for the first row of each screen; empty where the sidecar has not said it yet."""
    leader, source = read_text(clock, "leader"), read_text(clock, "source")
    if leader != "host":
        return BRIEF_LEADERS.get(leader, leader)
    return BRIEF_TITLES.get(source, "host")


def name_chosen(session: Session) -> str:
    """The source that the user has chosen, empty for auto: where nothing leads, it stands."""
    chosen = session.get_choice(CLOCK_SOURCE)
    return "" if chosen == AUTO else TITLES.get(chosen, chosen)


def say_quality(clock: Record) -> list[str]:
    """Lock, jitter and drift of the clock that leads, as far as they are known."""
    if read_text(clock, "lock") == FREE:
        return ["stands"]
    jitter_ms = read_number(clock, "jitter_ms")
    words = [read_text(clock, "lock"), f"jitter {jitter_ms:.{1 if jitter_ms >= 1.0 else 2}f} ms"]
    if read_text(clock, "leader") == "host" and read_text(clock, "source") in MEASURED_DRIFTS:
        drift_ppm = read_number(clock, "drift_ppm")
        words.append(f"drift {drift_ppm:+.{0 if abs(drift_ppm) >= 10.0 else 1}f} ppm")
    return [word for word in words if word]


def list_candidates(clock: Record) -> list[SourceLine]:
    """The other clocks that are there, those that run first."""
    names = read_text(clock, "candidates").split()
    return sorted(
        (SourceLine(name.removesuffix(RUNS), ROLLS if name.endswith(RUNS) else STANDS) for name in names),
        key=lambda line: line.state != ROLLS,
    )


def list_sources(session: Session) -> list[SourceLine]:
    """A line a choice of `CLOCK_SOURCE`, in the order of the control; none where the sidecar has none."""
    control, clock = session.registry.controls.get(CLOCK_SOURCE), session.read("clock")
    if control is None:
        return []
    states = {line.name: line.state for line in list_candidates(clock)}
    if read_text(clock, "leader") == "host":
        states[read_text(clock, "source")] = LEADS
    available = control.available_choices
    return [
        SourceLine(name, states.get(name, ABSENT) if name in available else UNAVAILABLE) for name in control.choices
    ]
