"""What parts may follow: where in the bar a stem is usually struck, and how loud it is against its usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import floor, isnan, log10, sqrt

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import STEMS, Audio
from bridge.core.control import Control
from bridge.core.engine import Block, State
from engines.accompaniment.form import NOWHERE
from engines.accompaniment.parts import PARTS
from engines.accompaniment.performer import LONGEST_BAR
from engines.accompaniment.score import TWELFTHS, PerformanceControls
from engines.accompaniment.timeline import HOP
from engines.downmix import Downmix
from engines.saved_state import SavedState, add_prefix, strip_prefix
from engines.spectral_flux import SpectralFlux

Floats = NDArray[np.float64]

SOURCES = ("mix", *STEMS)
"""The band's audio inputs; without a separation all of them hear the mix."""
FOLLOWS = {
    name: Control(
        f"accompaniment.band.{name}.follows", 0.0, len(SOURCES), 0.0, kind="choice", choices=("nothing", *SOURCES),
        doc=f"What the {name} part follows: it strikes where that is usually struck, and rises and falls with it.",
    )
    for name in PARTS
}  # fmt: skip

MOST_LATE = 1 << 17
"""Frames by which a source may lie behind the time and still be followed."""
LOUDEST = 1e9
"""What exceeds this is no audio but an accident, and is taken for silence as NaN is."""
TOP_HZ = 2000.0
"""Kick, snare and the tones of bass and voice lie below it; hats, which strike everywhere, above."""
EARLY_HOPS = 0.2
"""A stroke shows in the hop that starts so much before it, as with `SpectralFlux` of the pulse."""
LEAST = 0.3
"""The strongest strokes of a groove have this at least."""
GROOVE_BARS, LEAST_BARS = 4, 2
"""What is usual is the mean of about so many bars; from this many on it is followed."""
SKIPPED = 3
"""A bar of which so many twelfths and more were not heard is not counted."""
PLAIN = 0.25
"""A groove whose strongest stroke stands out from its mean by less than this share is no rhythm: noise, or a roll."""
LATE_S = 30.0
"""The usual level is the mean of about so long; the present one is that of a bar."""
LEAST_S = 4.0
SILENCE = 1e-7
"""Mean square of what counts as silent."""
DOWN_DB, UP_DB = -20.0, 6.0
"""No level is further from the usual than this."""
A_DB = 0.03
"""By how much a part is played harder for each dB above the usual."""


class StemSource(SavedState):
    """One of SOURCES, heard along a timeline.

    ``struck``, ``groove``: the root of how much it grew at each twelfth of a beat of this bar, and of late, shape
    (places,). What a separation leaves of others grows too, but not at the same places in each bar; so no threshold
    sorts strokes out. ``powers``: mean square at each twelfth when it was last heard; ``usual``: of late.
    ``began``, ``place``: the first and the last twelfth of the bar that was heard; ``size``: how many it has.
    ``accents``, ``level_db``: what held when the band's present bar began.
    """

    saved_fields = (
        "waiting", "filled", "growths", "struck", "groove", "bars", "began", "place",
        "size", "powers", "usual", "heard_s", "accents", "level_db",
    )  # fmt: skip

    def __init__(self, rate: int) -> None:
        hop = 2 * HOP * max(round(rate / 48000), 1)
        self._hop_s, self._onsets, self._downmix = hop / rate, SpectralFlux(rate, hop, TOP_HZ), Downmix(rate)
        self.waiting = np.zeros(hop, np.float32)
        self.growths = np.zeros(3)
        places = LONGEST_BAR * TWELFTHS
        self.struck, self.groove, self.powers, self.accents = (np.zeros(places) for _ in range(4))
        self.reset()

    def reset(self) -> None:
        self._onsets.reset()
        self._downmix.reset()
        for array in (self.waiting, self.growths, self.struck, self.groove, self.powers, self.accents):
            array[:] = 0.0
        self.filled, self.bars = 0, 0
        self.began, self.place, self.size = 0, 0, 0
        self.usual, self.heard_s, self.level_db = 0.0, 0.0, 0.0

    def state(self) -> State:
        parts = add_prefix("onsets", self._onsets.state()) | add_prefix("downmix", self._downmix.state())
        return super().state() | parts

    def restore(self, state: State) -> None:
        super().restore(state)
        self._onsets.restore(strip_prefix("onsets", state))
        self._downmix.restore(strip_prefix("downmix", state))

    def listen(self, audio: Audio, beats: Floats, bar_beats: int) -> None:
        """Take HOP frames, shape (2, HOP). ``beats``: where each end of a hop up to theirs lies, from a bar's start."""
        sides = np.where(np.abs(audio) < LOUDEST, audio, np.float32(0.0))
        mono = sides.mean(0)
        self._downmix.correct(sides, mono)
        self.waiting[self.filled : self.filled + HOP] = mono
        self.filled += HOP
        hop = len(self.waiting)
        if self.filled < hop:
            return
        self.filled = 0
        # the peak is known a hop after it, and lies about where its own began
        began = round((2.0 - EARLY_HOPS) * hop / HOP)
        if len(beats) <= began or isnan(beats[-1 - began]):
            return
        place = self._move(float(beats[-1 - began]), bar_beats * TWELFTHS)
        self._weigh(place, float(np.square(self.waiting).mean(dtype=np.float64)))
        self.growths[:2] = self.growths[1:]
        self.growths[2] = self._onsets.process(self.waiting)
        before, here, after = self.growths.tolist()
        if before <= here > after:
            self.struck[place] = max(self.struck[place], sqrt(here))

    def _move(self, beat: float, size: int) -> int:
        """Go on to ``beat``, counted from a bar's start; its twelfth in the bar."""
        place = floor(beat * TWELFTHS + 0.5) % size
        if size != self.size:
            self.groove[:], self.bars = 0.0, 0
        if place < self.place - 1 or size != self.size:
            if self.began <= 1 and self.place >= self.size - 2 and size == self.size:
                self.bars = min(self.bars + 1, GROOVE_BARS)
                self.groove[:size] += (_wide(self.struck[:size]) - self.groove[:size]) / self.bars
            self.struck[:], self.began = 0.0, place
        elif place > self.place + SKIPPED:
            self.began = size
        self.place, self.size = place, size
        return place

    def _weigh(self, place: int, power: float) -> None:
        self.heard_s += self._hop_s
        self.powers[place] += (power - self.powers[place]) / 2  # a twelfth has more hops than one
        self.usual += (power - self.usual) * self._hop_s / min(self.heard_s, LATE_S)

    def take(self) -> None:
        """A bar of the band begins: what was heard by now holds through it."""
        self.level_db, self.accents[:] = 0.0, 0.0
        if self.heard_s >= LEAST_S:
            level = 10.0 * log10((self.powers[: self.size].mean() + SILENCE) / (self.usual + SILENCE))
            self.level_db = min(max(level, DOWN_DB), UP_DB)
        if self.bars >= LEAST_BARS:
            groove = self.groove[: self.size]
            strongest, stands_out = float(groove.max()), float(groove.max() - groove.mean())
            if strongest >= LEAST and stands_out >= PLAIN * strongest:
                self.accents[: self.size] = np.maximum(groove - groove.mean(), 0.0) / stands_out

    def led(self, dials: PerformanceControls, bar_beats: int) -> PerformanceControls:
        """``dials`` of a part that follows it."""
        accents = self.accents[: bar_beats * TWELFTHS] if bar_beats * TWELFTHS == self.size else self.accents[:0]
        intensity = min(max(dials.intensity + A_DB * self.level_db, 0.0), 1.0)
        return replace(dials, intensity=intensity, accents=tuple(accents.round(2).tolist()) if accents.any() else ())


class StemFollower:
    """The sources, who follows which, and where in the song the frames lie that are heard late."""

    def __init__(self) -> None:
        self._sources: dict[str, StemSource] = {}
        self._beats = np.full(MOST_LATE // HOP, np.nan)
        self._taken = NOWHERE

    def prepare(self, rate: int) -> None:
        self._sources = {name: StemSource(rate) for name in SOURCES}

    def listen(self, block: Block, beat: float, bar_beats: int) -> None:
        """Take the ``block``, at whose end it is ``beat``, counted from a bar's start; NaN: no time passes. What nobody
        follows is left out."""
        self._beats[:-1] = self._beats[1:]
        self._beats[-1] = beat
        heard = self._beats[: max(len(self._beats) - round(block.stem_delay_frames / HOP), 0)]
        for name in {name for part in PARTS if (name := followed(part, block.values))}:
            self._sources[name].listen(block.audio[name], heard, bar_beats)

    def turn(self) -> None:
        """The band's next beat may be anywhere."""
        self._taken = NOWHERE

    def take(self, bar: int) -> None:
        """The band plays in the bar that begins at beat ``bar``; what was heard as it entered it holds through it."""
        if bar != self._taken:
            self._taken = bar
            for source in self._sources.values():
                source.take()

    def dials(
        self, dials: PerformanceControls, bar_beats: int, values: Mapping[str, float]
    ) -> dict[str, PerformanceControls]:
        """By part."""
        sources = {part: self._sources.get(followed(part, values)) for part in PARTS}
        return {part: source.led(dials, bar_beats) if source else dials for part, source in sources.items()}

    def reset(self) -> None:
        self._beats[:] = np.nan
        self._taken = NOWHERE
        for source in self._sources.values():
            source.reset()

    def state(self) -> State:
        kept: State = {"beats": self._beats.copy(), "taken": np.array(self._taken)}
        for name, source in self._sources.items():
            kept |= add_prefix(name, source.state())
        return kept

    def restore(self, state: State) -> None:
        self._beats[:], self._taken = state["beats"], int(state["taken"])
        for name, source in self._sources.items():
            source.restore(strip_prefix(name, state))


def _wide(struck: Floats) -> Floats:
    """At each place the strongest there or beside it, in a bar that comes again: musicians are not exact."""
    return np.maximum(struck, np.maximum(np.roll(struck, 1), np.roll(struck, -1)))


def followed(part: str, values: Mapping[str, float]) -> str:
    """The source that ``part`` follows by FOLLOWS; empty where it follows nothing."""
    number = int(values[FOLLOWS[part].name])
    return SOURCES[number - 1] if number else ""
