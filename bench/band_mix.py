"""Mix of the band, style by style: ``python -m bench.band_mix [--style NAME ...] [--synth plain]``.

One sheet of eight bars in each style, slow, at its usual tempo and fast, as ``sideman accompany --audio`` makes it. For
each part and the mix: integrated loudness (ITU-R BS.1770), the share of the energy below 120 Hz, side against mid, left
against right, crest factor and spectral tilt; for the mix also the drums against the loudest other part, and the median
velocity of the kick. With files (``--files SONG ...``) it measures those instead, as mixes to compare with. Takes a
minute and a half.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bench.band_notes import TEMPO_FACTORS
from bench.styles import perform
from bridge.core.audio import CHANNELS, Audio
from engines.accompaniment.style import ROLES, load_style
from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style
from engines.mastering.loudness import measure_loudness
from engines.synth.stems import MIX, EngineFactory
from engines.synth.synth_engine import fluid_for_files, plain

LOW_HZ, FLOOR_HZ = 120.0, 20.0
"""Edges of the low end: kick and bass have their fundamentals between them."""
OCTAVES_HZ = tuple(62.5 * 2**octave for octave in range(8))
"""Centres of the bands through which the line of the spectral tilt is laid."""
SILENT_DB = -99.0
SYNTHS: Mapping[str, EngineFactory] = {"fluid": fluid_for_files, "plain": plain}


@dataclass(frozen=True, slots=True)
class MixFigures:
    """Of one sound, energies against one another in dB.

    ``lufs``: integrated loudness, None: silent. ``low_db``: below LOW_HZ against all. ``side_mid_db``: (L - R) / 2
    against (L + R) / 2. ``left_right_db``: L against R. ``crest_db``: peak against RMS. ``tilt_db``: change of the
    energy in a band of one octave, an octave up.
    """

    lufs: float | None
    low_db: float
    side_mid_db: float
    left_right_db: float
    crest_db: float
    tilt_db: float


def measure_mix(audio: Audio, rate: int) -> MixFigures:
    """Measure ``audio``, shape (2, frames), at ``rate`` Hz."""
    wave = audio.astype(np.float64)
    powers = (np.abs(np.fft.rfft(wave)) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(wave.shape[1], 1 / rate)
    whole = float(powers[hz >= FLOOR_HZ].sum())
    octaves = [
        _to_db(float(powers[(hz >= centre / 2**0.5) & (hz < centre * 2**0.5)].sum()), whole) for centre in OCTAVES_HZ
    ]
    left, right = (wave**2).mean(axis=1).tolist()
    mid, side = wave.sum(axis=0) / 2, (wave[0] - wave[1]) / 2
    return MixFigures(
        lufs=measure_loudness([audio], rate).integrated_lufs,
        low_db=_to_db(float(powers[(hz >= FLOOR_HZ) & (hz < LOW_HZ)].sum()), whole),
        side_mid_db=_to_db(float((side**2).mean()), float((mid**2).mean())),
        left_right_db=_to_db(left, right),
        crest_db=_to_db(float(np.abs(wave).max()) ** 2, (left + right) / 2),
        tilt_db=float(np.polyfit(range(len(octaves)), np.array(octaves), 1)[0]),
    )


def _to_db(power: float, reference: float) -> float:
    return 10 * float(np.log10(power / reference)) if power > 0 and reference > 0 else SILENT_DB


def compare_drums(loudness: dict[str, float | None]) -> float | None:
    """LU of the drums above the loudest other part; None where either is silent."""
    others = [lufs for name, lufs in loudness.items() if name != "drums" and lufs is not None]
    drums = loudness.get("drums")
    return None if drums is None or not others else drums - max(others)


def read_stereo(path: Path) -> tuple[Audio, int]:
    """Audio, shape (2, frames), and rate in Hz of the file at ``path``; one channel is both."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(np.broadcast_to(audio[:, :CHANNELS].T, (CHANNELS, len(audio)))), rate


def format_row(name: str, one: MixFigures) -> str:
    lufs = f"{one.lufs:7.1f}" if one.lufs is not None else "      –"
    return (
        f"  {name:<22}{lufs}{one.low_db:8.1f}{one.side_mid_db:10.1f}{one.left_right_db:7.1f}"
        f"{one.crest_db:8.1f}{one.tilt_db:7.1f}"
    )


def measure_style(style: str, speed: str, synth: str, out: Path) -> str:
    """The table of ``style`` at ``speed``, one of TEMPO_FACTORS, by ``synth``, one of SYNTHS; its files go to
    ``out``."""
    bpm = round(load_style(find_style(style)).tempo * TEMPO_FACTORS[speed])
    played = perform(style, out, bpm, SYNTHS[synth])
    rows = {name: measure_mix(*read_stereo(out / f"{name}.wav")) for name in (*played.parts, MIX)}
    lines = [format_row(name, one) for name, one in rows.items()]
    drums = compare_drums({name: one.lufs for name, one in rows.items() if name != MIX})
    kicks = sorted(note.velocity for note in played.parts.get("drums", ()) if note.pitch == ROLES["kick"])
    kick = f", kick velocity {kicks[len(kicks) // 2]}" if kicks else ""
    summary = f"{style} at {bpm} ({speed}): drums {drums:+.1f} LU{kick}" if drums is not None else f"{style} at {bpm}"
    return "\n".join([summary, *lines])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--style", nargs="*", default=list(SHIPPED_STYLES), help="some styles")
    speeds = list(TEMPO_FACTORS)
    parser.add_argument("--speed", nargs="*", default=speeds, choices=speeds, help="some tempi")
    parser.add_argument("--synth", default="fluid", choices=list(SYNTHS), help="fluid by default")
    parser.add_argument("--out", type=Path, help="keep the files here")
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="measure these mixes instead")
    options = parser.parse_args(arguments)
    sys.stdout.write(f"{'':<26}{'LUFS':>5}{'<120 Hz':>8}{'side/mid':>10}{'L/R':>7}{'crest':>8}{'tilt':>7}\n")
    for file in options.files:
        sys.stdout.write(format_row(file.stem[-22:], measure_mix(*read_stereo(file))) + "\n")
    with tempfile.TemporaryDirectory() as scratch:
        for style in () if options.files else options.style:
            for speed in options.speed:
                folder = (options.out or Path(scratch)) / style / speed
                sys.stdout.write(measure_style(style, speed, options.synth, folder) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
