"""Render options: the chains of a render by part, and what becomes of the sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chains.document.chain import Chain
from engines.mastering.mastering import Target
from engines.offline.stemfile import FORMATS, FileFormat

MIX = "mix"
"""Name of the sum of all parts; a song without parts is one, too."""
ALL_PARTS = ""
"""Key of the instrument for all parts that have none of their own."""
MIDI_HZ = 44_100
"""Sampling rate of MIDI by default, as of `sideman accompany --audio`."""


@dataclass(frozen=True, slots=True)
class ChainChoice:
    """A chain as it was chosen. ``name``: as the user gave it. ``folder``: of its file."""

    name: str
    chain: Chain
    folder: Path


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What is done to every source.

    Attributes:
        chains: By part; that of `MIX` is for the sum of all parts, and for songs.
        instruments: By part; that of `ALL_PARTS` is for all others. A part without one is played by the synth.
        sidechains: Files by the names that members use.
        format: Of the files.
        target: Loudness and ceiling of the mix and of songs; parts keep their level, so that they add up.
        tail_s: Length beyond the end; None: as each chain says.
        tempo_bpm: 0: a MIDI file's own, or as each chain says.
        rate: Sampling rate of MIDI in Hz.
        analysis: Map of `sideman analyze`, or folder with maps, whose beats are the tempo; None: what lies beside the
            source.
        gains_db: By part, before its chain. An instrument without one gets the loudness of the synth.
    """

    chains: Mapping[str, ChainChoice] = field(default_factory=dict)
    instruments: Mapping[str, ChainChoice] = field(default_factory=dict)
    sidechains: Mapping[str, Path] = field(default_factory=dict)
    format: FileFormat = FORMATS["wav24"]
    target: Target = field(default_factory=Target)
    tail_s: float | None = None
    tempo_bpm: float = 0.0
    block_frames: int = 8192
    host: str = "auto"
    rate: int = MIDI_HZ
    force: bool = False
    gains_db: Mapping[str, float] = field(default_factory=dict)
    analysis: Path | None = None

    def find_instrument(self, part: str) -> ChainChoice | None:
        """The instrument of a part of a MIDI file; None: the synth."""
        return self.instruments.get(part, self.instruments.get(ALL_PARTS))
