"""Arranger: makes bars from a chord sheet: sections with intensity, fills, count-in, ending, a loop."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.core.events import Chord
from bridge.errors import ConfigError
from engines.accompaniment.parts import PlayPart
from engines.accompaniment.score import (
    COUNT_IN,
    INTRO_BARS,
    NO_CHORD,
    Bar,
    PartState,
    PerformanceControls,
    ScoreNote,
    is_intro,
)
from engines.accompaniment.sheet import LONGEST_BARS, Sheet
from engines.accompaniment.style import Style

INTENSITIES: Mapping[str, float] = {
    "intro": 0.3, "verse": 0.45, "pre": 0.6, "chorus": 0.8, "refrain": 0.8, "hook": 0.8, "drop": 0.9, "bridge": 0.6,
    "solo": 0.7, "head": 0.5, "break": 0.2, "outro": 0.35, "coda": 0.35, "ending": 0.35, "a": 0.45, "b": 0.65,
}  # fmt: skip
"""By the word that a section's name begins with; "prechorus" begins with "pre"."""
DEFAULT_INTENSITY = 0.5
REPEAT_LIFT, MOST_LIFTS = 0.05, 2
"""How much more a section is played each time it comes back, and how often that goes on."""
FILL_BARS = 8
"""So many bars after the last fill, or the section's start, the next one is due while the section goes on."""
SHORTEST_FILLED = 2
"""A section of fewer bars has no fill."""
MAX_PASSES = 4
"""How often a loop is played through at most until it begins as it ends."""


@dataclass(frozen=True, slots=True)
class PartTrack:
    """``bars``: for each bar the notes of one part, ticks from the bar's start."""

    name: str
    bars: tuple[tuple[ScoreNote, ...], ...]

    @property
    def pitches(self) -> list[int]:
        return [note.pitch for bar in self.bars for note in bar]


def get_intensity(section: str, times: int = 0) -> float:
    """The intensity of a section of this name that was played ``times`` times before."""
    words = re.findall(r"[a-z]+", section.lower())
    word = words[0] if words else ""
    known = [name for name in INTENSITIES if word == name or (len(name) > 1 and word.startswith(name))]
    base = INTENSITIES[max(known, key=len)] if known else DEFAULT_INTENSITY
    return min(base + REPEAT_LIFT * min(times, MOST_LIFTS), 1.0)


def arrange(sheet: Sheet, bars: int | None = None, count_in: bool = False) -> tuple[Bar, ...]:
    """The sheet once, or repeated until there are ``bars`` bars; its last bar leads to the first."""
    if bars is not None and not 1 <= bars <= LONGEST_BARS:
        raise ConfigError(f"{bars} bars", f"ask for 1 to {LONGEST_BARS}")
    made = _lay_out(sheet, bars or sum(len(section.bars) * section.times for section in sheet.sections))
    fills = _find_fills(made)
    arranged = tuple(
        replace(
            bar,
            coming=made[(number + 1) % len(made)].chords[0],
            opens=bar.position == 0 or fills[number - 1],
            fill=fills[number],
        )
        for number, bar in enumerate(made)
    )
    return (make_count_in(sheet.beats, made[0]), *arranged) if count_in else arranged


def _lay_out(sheet: Sheet, count: int) -> list[Bar]:
    """``count`` bars with their sections; the sheet begins again where it ends."""
    made: list[Bar] = []
    times: dict[str, int] = {}
    while len(made) < count:
        for section in sheet.sections:
            for _ in range(section.times):
                again = bool(made) and made[-1].section == section.name
                position = made[-1].position + 1 if again else 0
                if not again:
                    times[section.name] = times.get(section.name, -1) + 1
                intensity = get_intensity(section.name, times[section.name])
                made += [
                    Bar(len(made) + place, chords, NO_CHORD, section.name, position + place, intensity)
                    for place, chords in enumerate(section.bars)
                ]
    return made[:count]


def _find_fills(bars: Sequence[Bar]) -> list[bool]:
    """Whether each bar leads to something new: its section's last, one of every FILL_BARS, the last of an intro's
    figure."""
    fills = []
    for number, bar in enumerate(bars):
        ends = number + 1 == len(bars) or bars[number + 1].position == 0
        long_enough = bar.position + 1 >= SHORTEST_FILLED
        fills.append(long_enough and (ends or is_fill_due(bar.section, bar.position)))
    return fills


def is_fill_due(section: str, position: int) -> bool:
    """Whether a fill leads on within ``section`` at the end of its bar ``position``."""
    return (position + 1) % FILL_BARS == 0 or (is_intro(section) and position + 1 == INTRO_BARS)


def add_ending(bars: Sequence[Bar], rests: Collection[int] = ()) -> tuple[Bar, ...]:
    """``bars`` with an ending: the last one that is none of ``rests`` (bar numbers) ends the song, the one before it
    leads there with a fill."""
    last = max((place for place, bar in enumerate(bars) if bar.number not in rests), default=len(bars) - 1)
    ended = list(bars)
    ended[last] = replace(bars[last], fill=False, coming=NO_CHORD, ends=True)
    if last and bars[last - 1].number >= 0:
        ended[last - 1] = replace(bars[last - 1], fill=True)
    return tuple(ended)


def make_count_in(beats: int, first: Bar) -> Bar:
    """The bar in which the drummer counts."""
    silent: tuple[Chord, ...] = (NO_CHORD,) * beats
    return Bar(-1, silent, first.chords[0], COUNT_IN, intensity=first.intensity)


@dataclass(frozen=True, slots=True)
class _PlayedBar:
    """A bar's ``notes``, and the part's state ``before`` and ``then`` (after it)."""

    before: PartState
    notes: tuple[ScoreNote, ...]
    then: PartState

    def is_same_after(self, memory: PartState) -> bool:
        """Whether the bar would be the same after ``memory``: only velocities of its own pitches matter."""
        if (memory.voicing, memory.bass) != (self.before.voicing, self.before.bass):
            return False
        now, was = dict(memory.velocities), dict(self.before.velocities)
        return all(now.get(note.pitch) == was.get(note.pitch) for note in self.notes)

    def get_state_after(self, memory: PartState) -> PartState:
        """The part's state where the bar was played after ``memory``."""
        velocities = dict(memory.velocities) | {note.pitch: note.velocity for note in self.notes}
        return PartState(self.then.voicing, self.then.bass, tuple(sorted(velocities.items())))


def perform(bars: Sequence[Bar], name: str, play: PlayPart, style: Style, controls: PerformanceControls) -> PartTrack:
    """One part through all ``bars``. It begins as if it had just played the end, so that a loop has no seam."""
    memory, played = PartState(), list[_PlayedBar]()
    for _ in range(MAX_PASSES):
        before, last = memory, played
        played = []
        for number, bar in enumerate(bars):
            if last and last[number].is_same_after(memory):
                notes, after = last[number].notes, last[number].get_state_after(memory)
            else:
                made, after = play(bar, style, controls, memory)
                notes = tuple(made)
            played.append(_PlayedBar(memory, notes, after))
            memory = after
        if memory == before:
            break
    return PartTrack(name, tuple(each.notes for each in played))
