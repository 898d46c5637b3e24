"""General MIDI sounds by FluidSynth: a stem a pass, as samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from engines.synth.fluidsynth import open_font
from research.datasets.effects import Random
from research.datasets.sources import RATE
from research.datasets.symbolic import TuneNote

FONTS = {
    "FluidR3_GM": "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "TimGM6mb": "/usr/share/sounds/sf2/TimGM6mb.sf2",
    "MuseScore_General": "/usr/share/sounds/sf3/MuseScore_General.sf3",
}
"""Where Debian puts fluid-soundfont-gm, timgm6mb-soundfont and musescore-general-soundfont."""

BASSES = (32, 33, 34, 35, 36, 37, 38, 39)
OTHERS = (
    *range(32), 40, 41, 42, 44, 45, 46, 48, 49, 50, 51, 55, *range(56, 80), 80, 81, 82, 83, 84, 86, 88, 89, 90,
    92, 93, 94, 95, 96, 98, 99, 104, 105, 106, 107, 108, 109, 110, 111,
)  # fmt: skip
"""Programs counted from 0, without the choirs and voices, basses, drums and noises."""
DRUM_KITS = (0, 8, 16, 24, 25, 32, 40)
GAIN = 0.4


class FontSynthesizer:
    """One sound font loaded by FluidSynth, without its own reverb and chorus."""

    def __init__(self, font: str) -> None:
        """``font``: a key of FONTS. Raises ConfigError where the library or the font is missing."""
        self.font = font
        (self._synth,) = open_font(Path(FONTS[font]), RATE, GAIN)

    def render(
        self, notes: Sequence[tuple[float, float, int, float]], program: int, seconds: float, drums: bool = False
    ) -> Float32Array:
        """``notes``: (second, seconds, pitch, force). Shape (2, frames of ``seconds``)."""
        synth, channel = self._synth, 9 if drums else 0
        synth.reset()
        synth.program_change(channel, program)
        events: list[tuple[int, int, int, int]] = []
        for start, length, pitch, force in notes:
            if 0 <= pitch <= 127 and length > 0:
                at, stop = int(start * RATE), int((start + length) * RATE)
                events += [(at, 1, pitch, int(np.clip(force * 127, 1, 127))), (max(stop, at + 1), 0, pitch, 0)]
        frames = int(seconds * RATE)
        out = np.zeros((2, frames), np.float32)
        now = 0
        for at, on, pitch, force in [*sorted(events), (frames, 2, 0, 0)]:
            now = self._write(out, now, min(at, frames))
            if on == 1:
                synth.note_on(channel, pitch, force)
            elif on == 0:
                synth.note_off(channel, pitch)
        return out

    def _write(self, out: Float32Array, start: int, stop: int) -> int:
        if stop > start:
            self._synth.write(out[:, start:stop])
        return max(start, stop)


@dataclass(frozen=True)
class FontProgram:
    """A General MIDI program of a font, as an instrument."""

    synthesizer: FontSynthesizer
    program: int

    @property
    def name(self) -> str:
        return f"{self.synthesizer.font}-{self.program:03d}"

    def perform(self, notes: Sequence[TuneNote], beat_s: float, seconds: float, random: Random) -> Float32Array:  # noqa: ARG002
        """Shape (2, frames). Nothing is left to chance."""
        timed = [(n.beat * beat_s, n.beats * beat_s, n.pitch, float(np.clip(n.force, 0.05, 1))) for n in notes]
        return self.synthesizer.render(timed, self.program, seconds)


@dataclass
class Fonts:
    """The fonts of FONTS, less those left out by ``without``, each loaded when it is first wanted."""

    without: tuple[str, ...] = ()
    loaded: dict[str, FontSynthesizer] = field(default_factory=dict)

    def get(self, font: str) -> FontSynthesizer:
        if font not in self.loaded:
            self.loaded[font] = FontSynthesizer(font)
        return self.loaded[font]

    @property
    def names(self) -> list[str]:
        return [font for font in FONTS if not (self.without and font.startswith(self.without))]
