"""Stem side-chain: the onset pattern of a stem per bar and its level against its average, for parts that follow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import floor, isnan, log10, sqrt

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.audio import MAX_SAMPLE, STEMS, Audio
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

SOURCES = ("mix", *STEMS)
"""The band's audio inputs; without a separation all of them get the mix."""
FOLLOWS = {
    name: Control(
        f"accompaniment.band.{name}.follows", 0.0, len(SOURCES), 0.0, kind="choice", choices=("nothing", *SOURCES),
        doc=f"The stem that the {name} part follows: it plays on that stem's usual onsets, louder and softer with it.",
    )
    for name in PARTS
}  # fmt: skip

MOST_LATE = 1 << 17
"""The largest delay of a source, in frames, at which it is still followed."""
TOP_HZ = 2000.0
"""Kick, snare and the pitches of bass and voice are below it; hats, which play on every step, above."""
EARLY_HOPS = 0.2
"""An onset shows in the hop that starts so much before it, as with `SpectralFlux` of the pulse."""
MIN_STRONGEST_ONSET = 0.3
"""The strongest onset of a groove has at least this."""
GROOVE_BARS, LEAST_BARS = 4, 2
"""Bars that the groove is averaged over, about; bars from which on it is followed."""
MAX_MISSING_TWELFTHS = 3
"""A bar with this many twelfths missing does not count."""
MIN_CONTRAST = 0.25
"""A groove whose strongest onset exceeds its mean by less than this share is no rhythm: noise, or a roll."""
AVERAGED_S = 30.0
"""Seconds that the reference level is averaged over, about; the present level is that of a bar."""
LEAST_S = 4.0
SILENT_POWER = 1e-7
"""Mean square below which a signal is silent."""
DOWN_DB, UP_DB = -20.0, 6.0
"""Limits of the level against the reference."""
A_DB = 0.03
"""Intensity that a part gains for each dB above the reference."""


class StemSource(SavedState):
    """Side-chain of one of SOURCES, analysed along a timeline.

    ``onsets``, ``groove``: square root of the spectral flux at each twelfth of a beat, of this bar and averaged over
    bars, shape (places,). Crosstalk of the separation has flux too, but not at the same places in each bar, so that it
    averages out without a threshold. ``powers``: latest mean square at each twelfth; ``mean_power``: the average.
    ``began``, ``place``: the first and the last analysed twelfth of the bar; ``size``: twelfths of the bar.
    ``accents``, ``level_db``: latched when the band's present bar began.
    """

    saved_fields = (
        "waiting", "filled", "flux", "onsets", "groove", "bars", "began", "place",
        "size", "powers", "mean_power", "analysed_s", "accents", "level_db",
    )  # fmt: skip

    def __init__(self, rate: int) -> None:
        hop = 2 * HOP * max(round(rate / 48000), 1)
        self._hop_s, self._onsets, self._downmix = hop / rate, SpectralFlux(rate, hop, TOP_HZ), Downmix(rate)
        self.waiting = np.zeros(hop, np.float32)
        self.flux = np.zeros(3)
        places = LONGEST_BAR * TWELFTHS
        self.onsets, self.groove, self.powers, self.accents = (np.zeros(places) for _ in range(4))
        self.reset()

    def reset(self) -> None:
        self._onsets.reset()
        self._downmix.reset()
        for array in (self.waiting, self.flux, self.onsets, self.groove, self.powers, self.accents):
            array[:] = 0.0
        self.filled, self.bars = 0, 0
        self.began, self.place, self.size = 0, 0, 0
        self.mean_power, self.analysed_s, self.level_db = 0.0, 0.0, 0.0

    def state(self) -> State:
        parts = add_prefix("onsets", self._onsets.state()) | add_prefix("downmix", self._downmix.state())
        return super().state() | parts

    def restore(self, state: State) -> None:
        super().restore(state)
        self._onsets.restore(strip_prefix("onsets", state))
        self._downmix.restore(strip_prefix("downmix", state))

    def process(self, audio: Audio, beats: Float64Array, bar_beats: int) -> None:
        """Analyse HOP frames, shape (2, HOP). ``beats``: the position of each hop's end so far, from a bar's start."""
        sides = np.where(np.abs(audio) < MAX_SAMPLE, audio, np.float32(0.0))
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
        place = self._advance(float(beats[-1 - began]), bar_beats * TWELFTHS)
        self._measure_level(place, float(np.square(self.waiting).mean(dtype=np.float64)))
        self.flux[:2] = self.flux[1:]
        self.flux[2] = self._onsets.process(self.waiting)
        before, here, after = self.flux.tolist()
        if before <= here > after:
            self.onsets[place] = max(self.onsets[place], sqrt(here))

    def _advance(self, beat: float, size: int) -> int:
        """Go on to ``beat``, counted from a bar's start, and return its twelfth in the bar."""
        place = floor(beat * TWELFTHS + 0.5) % size
        if size != self.size:
            self.groove[:], self.bars = 0.0, 0
        if place < self.place - 1 or size != self.size:
            if self.began <= 1 and self.place >= self.size - 2 and size == self.size:
                self.bars = min(self.bars + 1, GROOVE_BARS)
                self.groove[:size] += (_widen(self.onsets[:size]) - self.groove[:size]) / self.bars
            self.onsets[:], self.began = 0.0, place
        elif place > self.place + MAX_MISSING_TWELFTHS:
            self.began = size
        self.place, self.size = place, size
        return place

    def _measure_level(self, place: int, power: float) -> None:
        self.analysed_s += self._hop_s
        self.powers[place] += (power - self.powers[place]) / 2  # a twelfth has more hops than one
        self.mean_power += (power - self.mean_power) * self._hop_s / min(self.analysed_s, AVERAGED_S)

    def begin_bar(self) -> None:
        """Latch groove and level for the bar that the band begins."""
        self.level_db, self.accents[:] = 0.0, 0.0
        if self.analysed_s >= LEAST_S:
            level = 10.0 * log10((self.powers[: self.size].mean() + SILENT_POWER) / (self.mean_power + SILENT_POWER))
            self.level_db = min(max(level, DOWN_DB), UP_DB)
        if self.bars >= LEAST_BARS:
            groove = self.groove[: self.size]
            strongest, stands_out = float(groove.max()), float(groove.max() - groove.mean())
            if strongest >= MIN_STRONGEST_ONSET and stands_out >= MIN_CONTRAST * strongest:
                self.accents[: self.size] = np.maximum(groove - groove.mean(), 0.0) / stands_out

    def apply_to(self, controls: PerformanceControls, bar_beats: int) -> PerformanceControls:
        """``make_controls`` of a part that follows it."""
        accents = self.accents[: bar_beats * TWELFTHS] if bar_beats * TWELFTHS == self.size else self.accents[:0]
        intensity = min(max(controls.intensity + A_DB * self.level_db, 0.0), 1.0)
        return replace(controls, intensity=intensity, accents=tuple(accents.round(2).tolist()) if accents.any() else ())


class StemFollower:
    """All sources, which part follows which, and the song positions of the stems' delayed frames."""

    def __init__(self) -> None:
        self._sources: dict[str, StemSource] = {}
        self._beats = np.full(MOST_LATE // HOP, np.nan)
        self._taken = NOWHERE

    def prepare(self, rate: int) -> None:
        self._sources = {name: StemSource(rate) for name in SOURCES}

    def process(self, block: Block, beat: float, bar_beats: int) -> None:
        """Analyse the ``block``, which ends at ``beat``, counted from a bar's start; NaN: no time passes. Sources that
        no part follows are skipped."""
        self._beats[:-1] = self._beats[1:]
        self._beats[-1] = beat
        beats = self._beats[: max(len(self._beats) - round(block.stem_delay_frames / HOP), 0)]
        for name in {name for part in PARTS if (name := get_followed_source(part, block.values))}:
            self._sources[name].process(block.audio[name], beats, bar_beats)

    def jump(self) -> None:
        """The song jumps: the next bar is a new one."""
        self._taken = NOWHERE

    def begin_bar(self, bar: int) -> None:
        """The band plays in the bar that begins at beat ``bar``; groove and level are latched at its first beat."""
        if bar != self._taken:
            self._taken = bar
            for source in self._sources.values():
                source.begin_bar()

    def make_controls(
        self, controls: PerformanceControls, bar_beats: int, values: Mapping[str, float]
    ) -> dict[str, PerformanceControls]:
        """By part."""
        sources = {part: self._sources.get(get_followed_source(part, values)) for part in PARTS}
        return {part: source.apply_to(controls, bar_beats) if source else controls for part, source in sources.items()}

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


def _widen(onsets: Float64Array) -> Float64Array:
    """At each place the maximum of it and its neighbours, round the bar: musicians are not exact."""
    return np.maximum(onsets, np.maximum(np.roll(onsets, 1), np.roll(onsets, -1)))


def get_followed_source(part: str, values: Mapping[str, float]) -> str:
    """The source that ``part`` follows by FOLLOWS; empty where it follows nothing."""
    number = int(values[FOLLOWS[part].name])
    return SOURCES[number - 1] if number else ""
