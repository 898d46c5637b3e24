"""Score: bars with their chords, the performance controls, and notes in ticks, which the parts read and write."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.events import Chord
from bridge.core.time import TICKS_PER_BEAT

COUNT_IN = "count-in"
"""The section of a bar in which the drummer counts in and no other part plays."""
TWELFTHS = 12
"""Of a beat: fine enough for sixteenths and triplets."""
NO_CHORD = Chord(-1, 0, -1, 1.0)
INTRO, INTRO_BARS = "intro", 2
"""A section whose name begins so opens with this many bars in which the drummer only keeps time and the bass holds."""


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """``tick``: from its bar's start. ``ticks``: how long it sounds. ``pitch``, ``velocity``: as in MIDI."""

    tick: int
    ticks: int
    pitch: int
    velocity: int

    @property
    def end(self) -> int:
        return self.tick + self.ticks


def is_intro(section: str) -> bool:
    return section.strip().lower().startswith(INTRO)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, with everything that a part needs to play it.

    ``number``: bars since the song's start; a count-in is -1. ``chords``: one for each beat (quarter note).
    ``coming``: the next bar's first chord. ``position``: bars since this section began. ``opens``: something new
    begins here, a section or what follows a fill. ``fill``: this bar leads to something new. ``tempo``: quarter notes a
    minute; 0: the style's usual one. ``ends``: the song ends with the last chord of this bar, hit once and held.
    """

    number: int
    chords: tuple[Chord, ...]
    coming: Chord = NO_CHORD
    section: str = ""
    position: int = 0
    intensity: float = 0.5
    opens: bool = False
    fill: bool = False
    tempo: float = 0.0
    ends: bool = False

    @property
    def beats(self) -> int:
        return len(self.chords)

    @property
    def ticks(self) -> int:
        return self.beats * TICKS_PER_BEAT

    @property
    def introduces(self) -> bool:
        """Whether the band is not complete yet."""
        return is_intro(self.section) and self.position < INTRO_BARS

    @property
    def final_beat(self) -> int:
        """The beat at which the last chord of the bar begins; 0 where it has none."""
        there = [beat for beat, chord in enumerate(self.chords) if chord.root >= 0]
        last = self.chords[there[-1]] if there else NO_CHORD
        return next(
            (beat for beat in there if self.chords[beat : there[-1] + 1] == (last,) * (there[-1] + 1 - beat)), 0
        )

    def find_change_after(self, beat: int) -> tuple[int, Chord]:
        """The first beat after ``beat`` with another chord, and that chord; the next bar's where none follows."""
        for later in range(beat + 1, self.beats):
            if self.chords[later] != self.chords[beat]:
                return later, self.chords[later]
        return self.beats, self.coming


@dataclass(frozen=True, slots=True)
class PerformanceControls:
    """Performance parameters, each from 0 to 1.

    ``intensity``: 0.5 leaves that of the bars as it is. ``density``: how many of the light steps are played.
    ``complexity``: how many different patterns are used. ``swing``: 1 delays off-beats to the triplet.
    ``humanise``: variation of timing and velocity. ``style_strength``: 0 is a plain band, 1 the style.
    ``temperature``: randomness, 0 is the most likely choice. ``accents``: the usual onset strength of the followed stem
    at each of TWELFTHS of a beat through the bar; empty: no stem is followed. ``pattern_shift``: added to the loudness
    by which patterns are chosen.
    """

    intensity: float = 0.5
    density: float = 0.5
    complexity: float = 0.5
    swing: float = 0.0
    humanise: float = 0.3
    style_strength: float = 1.0
    temperature: float = 0.5
    seed: int = 0
    accents: tuple[float, ...] = ()
    pattern_shift: float = 0.0

    def get_loudness(self, bar: Bar) -> float:
        """The intensity at which ``bar`` is played, 0 to 1."""
        return min(max(bar.intensity + self.intensity - 0.5, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class PartState:
    """State that a part carries from one bar to the next.

    ``voicing``: the pitches of the last chord, low to high. ``bass``: the last pitch of a bass line, -1: none.
    ``velocities``: pitches and the velocities of their last notes.
    """

    voicing: tuple[int, ...] = ()
    bass: int = -1
    velocities: tuple[tuple[int, int], ...] = ()
