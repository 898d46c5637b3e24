"""Sample sessions for tests: an array as a sound, and a song with what trips exporters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.core.time import TICKS_PER_BEAT
from export.files.bwf import round_samples
from export.session.session import (
    AudioTrack,
    KeySignature,
    Marker,
    MidiTrack,
    SampleFormat,
    Session,
    SessionNote,
    SessionTempo,
    TimeSignature,
)

RATE, FRAMES = 48000, 9600
WAV24, WAV32F = SampleFormat("wav24", 24), SampleFormat("wav32f", 32)
ODD_NAME = 'Don\'t "stop" `now` ♫ <&> ../x'
"""A name with all kinds of quotes, markup, a path and a character that is not in Latin-1."""
IMPULSE_FRAME = 4321


@dataclass(frozen=True, slots=True)
class SampleSound:
    """An array of shape (frames, channels), in blocks of 1000 frames."""

    samples: NDArray[np.float64]

    @property
    def channels(self) -> int:
        return int(self.samples.shape[1])

    @property
    def frames(self) -> int:
        return len(self.samples)

    def read_blocks(self) -> Iterator[NDArray[np.float64]]:
        for at in range(0, self.frames, 1000):
            yield self.samples[at : at + 1000]


def make_impulse(frames: int = FRAMES, channels: int = 2, at: int = IMPULSE_FRAME) -> SampleSound:
    """Silence with an impulse of half of full scale."""
    samples = np.zeros((frames, channels))
    samples[at] = 0.5
    return SampleSound(samples)


def make_noise(seed: int, format_: SampleFormat = WAV24, frames: int = FRAMES, channels: int = 2) -> SampleSound:
    """Noise at -12 dBFS."""
    noise = np.random.default_rng(seed).uniform(-0.25, 0.25, (frames, channels))
    return SampleSound(round_samples(noise, format_))


def make_session(**changes: Any) -> Session:
    """A song in 9/8 with a pickup of a quarter, a tempo that grows with each beat, chords, sections and a band."""
    pickup = TICKS_PER_BEAT
    bar = 9 * TICKS_PER_BEAT // 2
    notes = tuple(
        SessionNote(pickup + n * TICKS_PER_BEAT, pickup + n * TICKS_PER_BEAT + 200, 36 + n, 90 + n, 9) for n in range(4)
    )
    session = Session(
        name=ODD_NAME,
        file_name="Don't _stop_ now",
        rate=RATE,
        frames=FRAMES,
        sample_format=WAV24,
        tempi=tuple(SessionTempo(n * TICKS_PER_BEAT, 500_000 - 7_919 * n) for n in range(12)),
        metres=(TimeSignature(0, 1, 4), TimeSignature(pickup, 9, 8)),
        keys=(KeySignature(0, 9, True),),
        sections=(Marker(pickup, "intro"), Marker(pickup + bar, ODD_NAME)),
        chords=(Marker(0, "Am7/G"), Marker(pickup, "F#m7b5"), Marker(pickup + TICKS_PER_BEAT, "N.C.")),
        audio=(
            AudioTrack("mix", "mix.wav", "song", make_impulse(), True),
            AudioTrack("drums", "drums.wav", "stems", make_impulse()),
            AudioTrack(ODD_NAME, "vocals.wav", "stems", make_impulse(channels=1)),
            AudioTrack("band drums", "band drums.wav", "band", make_impulse(FRAMES + 500), True),
        ),
        midi=(MidiTrack("drums", notes, 9, 0, 127, 64), MidiTrack(ODD_NAME, (), 0, 33)),
    )
    return replace(session, **changes)
