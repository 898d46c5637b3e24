"""Chain audition: every shipped chain on the stem that it is for, before and behind, in figures of loudness and tone.

Usage: python -m bench.chain_audition [STEMS] [--only NAME] [--from S] [--seconds S] [--level DB]

STEMS is a folder with a recording for each of drums, bass, vocals and other, whose names contain these words; without
it the demo's song is used, which has no vocals. Each stem, and their sum for chains of a mix, is brought to --level
first, where it plays, and below a true peak of -3 dB. It prints Markdown for docs/chains.md: what changes, and in
brackets what comes out.

Loudness: EBU R 128, in LU and LUFS. Crest: peak above RMS. Low: share of 20 to 120 Hz in the energy. Tilt: line through
the energy of third octaves, 63 Hz to 12.5 kHz, in dB per octave. Side: energy of left minus right against that of left
plus right. A run takes a minute and a half.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.audiofile import Song
from bridge.core.arrays import Float64Array
from bridge.core.audio import CHANNELS, Audio, db_to_gain
from bridge.errors import BridgeError, ConfigError
from bridge.printing import Printer
from chains.document.chain import Chain
from chains.document.chain_lookup import list_chains
from chains.document.member_paths import walk_members
from chains.process.audio_file import create_segment, map_segment, write_segment
from chains.process.host_process import HostProcess
from chains.process.messages import AudioSegment, MidiNote, RenderRequest
from demo.demo_song import render_own_song
from engines.mastering.loudness import measure_loudness

STEMS = ("drums", "bass", "vocals", "other")
MIX = "mix"
STEM_BY_WORD = {
    "vocal": "vocals", "de-esser": "vocals", "slap": "vocals", "room": "vocals", "drum": "drums", "bass": "bass",
    "guitar": "other", "echo": "other", "pad": "",
}  # fmt: skip
"""Stem of a chain by a word in its name, the first that fits; all others are for the mix, "" plays notes."""
LEVEL_DB, PEAK_DBTP = -18.0, -3.0
"""RMS of what goes in, the level at which the shipped chains are made to work, and its highest true peak."""
START_S, LENGTH_S = 0.0, 40.0
GATE_S, GATE_DB = 0.4, -20.0
"""Blocks that are this much softer than the loudest one are pauses."""
RATE = 44_100
TEMPO_BPM = 120.0
NOTES = tuple(MidiNote(start, 3.5, pitch, 90) for start in (0.5, 4.5) for pitch in (57, 60, 64))
"""Two bars of a chord, for instruments."""
WINDOW_FRAMES = 8192
LOW_HZ = (20.0, 120.0)
THIRDS_HZ = 1000.0 * 2.0 ** (np.arange(-12, 12) / 3)
"""Centres of third octaves, 63 Hz to 12.7 kHz."""
FLOOR = 1e-20
HEAD = "| chain | on | loudness | true peak | range | crest | low | tilt | side | latency |"
UNITS = "|  |  | LU (LUFS) | dB (dBTP) | LU | dB | dB | dB/octave | dB | frames |"


@dataclass(frozen=True, slots=True)
class SoundFigures:
    """Figures of a sound; the module's docstring says what each is. In LUFS, dBTP, LU, dB, dB, dB per octave, dB."""

    loudness_lufs: float
    true_peak_dbtp: float
    range_lu: float
    crest_db: float
    low_db: float
    tilt_db: float
    side_db: float


def measure_sound(audio: Audio, rate: int) -> SoundFigures:
    """Measure a sound, shape (2, frames). Raises: ConfigError where it is silent or shorter than three seconds."""
    loudness = measure_loudness([audio], rate)
    if loudness.integrated_lufs is None or loudness.true_peak_dbtp is None or loudness.range_lu is None:
        raise ConfigError(f"it cannot be measured: {loudness.reason or 'it is shorter than 3 s'}", "give another part")
    rms_db = 10 * np.log10(float(np.mean(np.square(audio, dtype=np.float64))))
    spectrum, frequencies = compute_spectrum(audio, rate)
    middle, side = audio[0] + audio[1], audio[0] - audio[1]
    return SoundFigures(
        loudness.integrated_lufs,
        loudness.true_peak_dbtp,
        loudness.range_lu,
        20 * float(np.log10(loudness.peak)) - float(rms_db),
        _to_db(_sum_band(spectrum, frequencies, *LOW_HZ) / float(spectrum.sum())),
        compute_tilt(spectrum, frequencies),
        _to_db(float(np.mean(np.square(side))) / (float(np.mean(np.square(middle))) + FLOOR)),
    )


def compute_spectrum(audio: Audio, rate: int) -> tuple[Float64Array, Float64Array]:
    """Mean power of both channels by frequency, and the frequencies in Hz: shape (bins,) each."""
    window = np.hanning(WINDOW_FRAMES)
    power = np.zeros(WINDOW_FRAMES // 2 + 1)
    for start in range(0, audio.shape[1] - WINDOW_FRAMES + 1, WINDOW_FRAMES // 2):
        power += np.square(np.abs(np.fft.rfft(audio[:, start : start + WINDOW_FRAMES] * window))).sum(axis=0)
    return power, np.asarray(np.fft.rfftfreq(WINDOW_FRAMES, 1 / rate), np.float64)


def compute_tilt(spectrum: Float64Array, frequencies: Float64Array) -> float:
    """Slope of a line through the energy of third octaves, in dB per octave; 0 for pink noise."""
    half = 2.0 ** (1 / 6)
    levels = [_to_db(_sum_band(spectrum, frequencies, one / half, one * half)) for one in THIRDS_HZ]
    return float(np.polyfit(np.log2(THIRDS_HZ), levels, 1)[0])


def _sum_band(spectrum: Float64Array, frequencies: Float64Array, low_hz: float, high_hz: float) -> float:
    return float(spectrum[(frequencies >= low_hz) & (frequencies < high_hz)].sum())


def _to_db(power: float) -> float:
    return 10 * float(np.log10(power + FLOOR))


def choose_stem(name: str) -> str:
    """What the chain of this name is for: a stem, the mix, or "" where it plays notes."""
    return next((stem for word, stem in STEM_BY_WORD.items() if word in name), MIX)


def read_stems(folder: Path | None, start_s: float, length_s: float) -> tuple[dict[str, Audio], int]:
    """A part of each stem, shape (2, frames), and of their sum; and the rate. None: of the demo's song.

    Raises:
        ConfigError: A stem is missing, or the rates differ.
    """
    if folder is None:
        song = render_own_song(RATE, start_s + length_s)
        stems, rate = {name: np.asarray(audio) for name, audio in song.stems.items()}, RATE
    else:
        stems, rates = {}, set()
        for stem in STEMS:
            found = next((one for one in sorted(folder.iterdir()) if stem in one.stem), None)
            if found is None:
                raise ConfigError(f"{folder}: no file whose name contains {stem}", "give one for each stem")
            with Song(found) as file:
                rates.add(file.rate)
                audio = np.concatenate(list(file.read_blocks()), axis=1)
                stems[stem] = np.repeat(audio, CHANNELS // audio.shape[0], axis=0)
        if len(rates) != 1:
            raise ConfigError(f"{folder}: rates of {sorted(rates)} Hz", "convert them to one")
        rate = rates.pop()
    part = slice(round(start_s * rate), round((start_s + length_s) * rate))
    cut = {name: audio[:, part] for name, audio in stems.items()}
    frames = min(audio.shape[1] for audio in cut.values())
    cut = {name: np.ascontiguousarray(audio[:, :frames], np.float32) for name, audio in cut.items()}
    return cut | {MIX: np.asarray(sum(cut.values()))}, rate


def level_sound(audio: Audio, rate: int, level_db: float) -> Audio:
    """``audio`` at an RMS of ``level_db`` in dBFS where it plays, and at a true peak of PEAK_DBTP at most."""
    block = round(GATE_S * rate)
    powers = np.square(audio[:, : audio.shape[1] // block * block], dtype=np.float64).mean(axis=0)
    powers = powers.reshape(-1, block).mean(axis=1)
    playing = float(powers[powers > powers.max() * 10 ** (GATE_DB / 10)].mean())
    gain_db = min(level_db - _to_db(playing), PEAK_DBTP - measure_sound(audio, rate).true_peak_dbtp)
    return np.asarray(audio * np.float32(db_to_gain(gain_db)), np.float32)


def play_chain(chain: Chain, stem: str, sounds: Mapping[str, Audio], rate: int, folder: Path) -> tuple[Audio, int]:
    """The part ``stem`` of ``sounds`` through a chain, and its latency in frames. ``folder``: for audio.

    Raises:
        BridgeError: A plugin is missing or failed.
    """
    length = next(iter(sounds.values())).shape[1] if stem else round(10.0 * rate)
    source = write_segment(folder / "source", sounds[stem] if stem else np.zeros((CHANNELS, length), np.float32))
    sink = create_segment(folder / "sink", CHANNELS, length)
    wanted = {member.sidechain for _, member in walk_members(chain) if member.sidechain}
    keys: dict[str, AudioSegment] = {key: write_segment(folder / f"key-{key}", sounds[key]) for key in sorted(wanted)}
    notes = () if stem else NOTES
    with HostProcess() as process:
        process.load(chain, rate)
        request = RenderRequest(source, sink, tempo_bpm=TEMPO_BPM, sidechains=keys, notes=notes)
        result = process.render(request)
    return np.array(map_segment(sink)), result.latency_frames


def format_row(name: str, stem: str, before: SoundFigures | None, after: SoundFigures, latency: int) -> str:
    """A row of the table: what changed, and in brackets what came out."""

    def subtract(field: str) -> str:
        came = getattr(after, field)
        return f"{came:.1f}" if before is None else f"{came - getattr(before, field):+.1f}"

    loudness = f"{subtract('loudness_lufs')} ({after.loudness_lufs:.1f})" if before else f"({after.loudness_lufs:.1f})"
    peak = f"{subtract('true_peak_dbtp')} ({after.true_peak_dbtp:.1f})" if before else f"({after.true_peak_dbtp:.1f})"
    others = [subtract(field) for field in ("range_lu", "crest_db", "low_db", "tilt_db", "side_db")]
    return f"| {name} | {stem or 'notes'} | {loudness} | {peak} | {' | '.join(others)} | {latency} |"


def audition_chains(
    stems: Path | None, only: Sequence[str], start_s: float, length_s: float, level_db: float, out: Printer
) -> None:
    """Print the table, a row as soon as it is measured; a chain that cannot be played says why."""
    sounds, rate = read_stems(stems, start_s, length_s)
    sounds = {name: level_sound(audio, rate, level_db) for name, audio in sounds.items() if np.any(audio)}
    before = {name: measure_sound(audio, rate) for name, audio in sounds.items()}
    for line in (HEAD, UNITS, "|---" * (HEAD.count("|") - 1) + "|"):
        out.print(line)
    for entry in list_chains():
        if entry.chain is None or entry.origin != "shipped" or (only and entry.name not in only):
            continue
        stem = choose_stem(entry.name)
        if stem and stem not in sounds:
            out.print(f"{entry.name}: there are no {stem} in this part")
            continue
        with tempfile.TemporaryDirectory(prefix="sideman-audition-") as folder:
            try:
                audio, latency = play_chain(entry.chain, stem, sounds, rate, Path(folder))
                out.print(format_row(entry.name, stem, before.get(stem), measure_sound(audio, rate), latency))
            except BridgeError as error:
                out.print(f"{entry.name}: {error}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.chain_audition", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stems", nargs="?", type=Path, metavar="STEMS", help="a folder; else the demo's song")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this chain; may be repeated")
    parser.add_argument("--from", dest="start", type=float, default=START_S, metavar="S", help="where the part begins")
    parser.add_argument("--seconds", type=float, default=LENGTH_S, metavar="S", help="how long it is")
    parser.add_argument("--level", type=float, default=LEVEL_DB, metavar="DB", help="RMS of what goes in")
    options = parser.parse_args(arguments)
    audition_chains(options.stems, options.only, options.start, options.seconds, options.level, Printer(width=200))


if __name__ == "__main__":
    main()
