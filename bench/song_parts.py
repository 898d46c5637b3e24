"""Beats of songs in parts: ``python -m bench.song_parts [--only rock_sil,jazz] [--list]``.

The songs are what the band plays itself, so every beat is known: parts with silences of 3 to 180 s between or before
them, digital or with noise at -60 dB, tempi that change at once or little by little, fades, a break without drums. A
song is right where the beat grid of `sideman accompany` has a beat within 70 ms of each beat of each part, and no
other. All 121 take 6 s each or more.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import soundfile
from mido import MetaMessage, MidiFile

from bridge.core.arrays import Float32Array, Float64Array
from engines.backing.backing_source import read_source
from engines.backing.backing_track import BackingRequest, arrange_backing
from engines.backing.beat_grid import build_beat_grid
from engines.backing.onset_strength import measure_onset_strength
from engines.mir.engine_lookup import DEFAULT, create_engine
from engines.mir.offline.analysis_job import analyse_file
from engines.synth.stems import write_stems

RATE, NEAR_S, ROOM_DB = 44100, 0.07, -60.0
CHORDS = "| C | Am | F | G |"
SILENCES_S = (5, 7.3, 10, 13, 20, 25.7, 30, 37.21, 45, 52.9, 60, 75.3, 90, 111.11, 120, 150, 171.37, 180)
OTHER_STYLES = ("jazz", "funk", "pop", "techno", "lo-fi", "classical", "orchestral")
CHANGES = ((120, 48, 80, 56), (80, 32, 120, 48), (100, 40, 140, 56), (140, 56, 100, 40), (120, 48, 126, 48))
"""Tempo and beats before, tempo and beats behind."""
DRIFTS = ((110, 130), (130, 100), (80, 100))


@dataclass(frozen=True, slots=True)
class Part:
    """``audio``: shape (2, frames). ``beats_s``: when its beats fall, its end last; None where it is silence."""

    audio: Float32Array
    beats_s: Float64Array | None = None

    def cut(self, beats: int) -> Part:
        """The first ``beats`` beats."""
        assert self.beats_s is not None
        return Part(self.audio[:, : round(self.beats_s[beats] * RATE)], self.beats_s[: beats + 1])


Song = Callable[[], list[Part]]


@cache
def play(style: str, bpm: float = 120.0, bars: int = 12, parts: str = "") -> Part:
    """The band at a steady tempo; ``parts``: those that play, by default all of the style."""
    return _render(style, bpm, np.arange(4 * bars + 1, dtype=np.float64) * (60.0 / bpm), parts, steady=True)


def play_in_time(style: str, bpm: float, beats_s: Float64Array) -> Part:
    """The band with its beats at ``beats_s``, whole bars and the end."""
    return _render(style, bpm, beats_s, "", steady=False)


def _render(style: str, bpm: float, beats_s: Float64Array, parts: str, *, steady: bool) -> Part:
    # as a loop: an ending holds its last chord, which has no onsets on its beats
    request = BackingRequest(style, parts or BackingRequest().parts, bars=len(beats_s) // 4, tempo=bpm, loop=True)
    file = MidiFile(file=io.BytesIO(arrange_backing(read_source(CHORDS, bpm, lambda *_: None), request).to_midi()))
    if not steady:
        _set_tempi(file, beats_s)
    with tempfile.TemporaryDirectory() as folder:
        write_stems(file, Path(folder), rate=RATE)
        audio, _ = soundfile.read(Path(folder, "mix.wav"), dtype="float32")
    return Part(audio.T, beats_s)


def _set_tempi(file: MidiFile, beats_s: Float64Array) -> None:
    """A tempo for each beat, in the first track."""
    track, tick = file.tracks[0], 0
    timed = []
    for message in track:
        tick += message.time
        if message.type not in ("set_tempo", "end_of_track"):
            timed.append((tick, 1, message))
    for beat, length_s in enumerate(np.diff(beats_s)):
        timed.append((beat * file.ticks_per_beat, 0, MetaMessage("set_tempo", tempo=round(length_s * 1e6))))
    timed.sort(key=lambda one: one[:2])
    track.clear()
    last = 0
    for tick, _, message in timed:
        track.append(message.copy(time=tick - last))
        last = tick
    track.append(MetaMessage("end_of_track", time=0))


def make_silence(seconds: float, *, room: bool = False) -> Part:
    """Digital silence, or noise at ROOM_DB below full scale."""
    frames = round(seconds * RATE)
    if not room:
        return Part(np.zeros((2, frames), np.float32))
    noise = np.random.default_rng(5).standard_normal((2, frames))
    return Part((10.0 ** (ROOM_DB / 20.0) * noise).astype(np.float32))


def fade(style: str) -> list[Part]:
    """Out over eight seconds and in again."""
    part = play(style)
    frames = 8 * RATE
    out, back = part.audio.copy(), part.audio.copy()
    out[:, -frames:] *= np.linspace(1.0, 0.0, frames, dtype=np.float32)
    back[:, :frames] *= np.linspace(0.0, 1.0, frames, dtype=np.float32)
    return [Part(out, part.beats_s), Part(back, part.beats_s)]


def surround_silence(style: str, seconds: float, *, room: bool = False) -> list[Part]:
    """Music on both sides of a silence."""
    return [play(style), make_silence(seconds, room=room), play(style)]


def start_after_silence(style: str, seconds: float) -> list[Part]:
    """A silence, then music."""
    return [make_silence(seconds), play(style)]


def change_tempo(style: str, first: float, beats: int, second: float, more: int) -> list[Part]:
    """``beats`` at the tempo ``first``, then ``more`` at ``second``."""
    return [play(style, first, (beats + 7) // 4).cut(beats), play(style, second, more // 4)]


def drift_tempo(style: str, first: float, last: float) -> list[Part]:
    """80 beats from one tempo to another."""
    return [play_in_time(style, first, _make_drift(first, last, 80))]


def play_break(style: str, few: str) -> list[Part]:
    """A break of 16 bars in which ``few`` parts play, whose beats do not count."""
    return [play(style).cut(48), Part(play(style, 120, 16, few).cut(64).audio), play(style)]


def list_songs() -> Iterator[tuple[str, Song]]:
    """Every song by name, such as ``rock_sil_30``: style, kind, seconds or tempi."""
    for seconds in SILENCES_S:
        yield f"rock_sil_{seconds}", partial(surround_silence, "rock", seconds)
    for seconds in (20, 45.3, 60, 120.2):
        yield f"rock_room_{seconds}", partial(surround_silence, "rock", seconds, room=True)
    for style in OTHER_STYLES:
        for seconds in (7.3, 30, 45, 60.2, 90):
            yield f"{style}_sil_{seconds}", partial(surround_silence, style, seconds)
    for style in ("rock", "jazz", "funk", "pop"):
        for first, n1, second, n2 in (*CHANGES, (90, 40, 100, 48)):
            yield f"{style}_{first}_{second}", partial(change_tempo, style, first, n1, second, n2)
    for style in ("rock", "funk"):
        yield from _list_gaps(style)
    for style in ("rock", "jazz"):
        yield from _list_slow_changes(style)


def _list_gaps(style: str) -> Iterator[tuple[str, Song]]:
    def at(bpm: float, bars: int = 12) -> Part:
        return play(style, bpm, bars)

    yield f"{style}_gap_120_90", lambda: [at(120), make_silence(33.3), at(90)]
    yield f"{style}_gap_80_132", lambda: [at(80), make_silence(11.1), at(132)]
    yield f"{style}_gap_70_140", lambda: [at(70, 8), make_silence(21.1), at(140)]
    yield f"{style}_three_gaps", lambda: [
        at(120), make_silence(17.3), at(120), make_silence(41.9), at(120), make_silence(6.6), at(120)
    ]  # fmt: skip
    yield f"{style}_two_gaps", lambda: [at(100), make_silence(45.3), at(100), make_silence(77), at(110)]
    yield f"{style}_short_gap", lambda: [at(120).cut(46), make_silence(3.27), at(120)]


def _list_slow_changes(style: str) -> Iterator[tuple[str, Song]]:
    for first, last in DRIFTS:
        yield f"{style}_drift_{first}_{last}", partial(drift_tempo, style, first, last)
    yield f"{style}_ritardando", lambda: [play_in_time(style, 120, _make_ritardando())]
    yield f"{style}_fade", lambda: fade(style)
    yield f"{style}_break", partial(play_break, style, "keys" if style == "jazz" else "pad,keys")
    for seconds in (5, 20, 100.3, 150, 170):
        yield f"{style}_lead_{seconds}", partial(start_after_silence, style, seconds)
    yield f"{style}_lead_room_60", lambda: [make_silence(60.4, room=True), play(style)]
    yield f"{style}_plain", lambda: [play(style)]
    yield f"{style}_tail_100", lambda: [play(style), make_silence(100)]


def _make_drift(first: float, last: float, beats: int) -> Float64Array:
    """Beats whose length goes from that of ``first`` BPM to that of ``last``."""
    at, begin_s, end_s = np.arange(beats + 1), 60.0 / first, 60.0 / last
    return begin_s * at + (end_s - begin_s) * at**2 / (2 * beats)


def _make_ritardando() -> Float64Array:
    """48 beats at 120, eight that slow to 70, and 56 at 120."""
    slowing = 0.5 + (60.0 / 70.0 - 0.5) * np.arange(1, 9) / 8
    return np.concatenate([[0.0], np.cumsum([*[0.5] * 48, *slowing, *[0.5] * 56])])


def score_song(parts: list[Part]) -> tuple[list[str], bool]:
    """For each part its beats that were found, all of them, and the grid's in it; whether the song is right."""
    found, at, right, rows = find_beats(np.concatenate([part.audio for part in parts], axis=1)), 0, True, []
    for part in parts:
        if part.beats_s is not None:
            truth = part.beats_s[:-1] + at / RATE
            hits = int(sum(np.abs(found - beat).min() <= NEAR_S for beat in truth)) if len(found) else 0
            inside = int(((found > truth[0] - 0.1) & (found < truth[-1] + 0.1)).sum())
            rows.append(f"{hits}/{len(truth)} of {inside} in the grid")
            right &= hits == inside == len(truth)
        at += part.audio.shape[1]
    return rows, right


def find_beats(audio: Float32Array) -> Float64Array:
    """The beat grid of `sideman accompany` for ``audio``, shape (2, frames), in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "song.wav")
        soundfile.write(path, audio.T, RATE, subtype="PCM_16")
        strength = measure_onset_strength(path, lambda *_: None)
        analysis = analyse_file(path, create_engine(DEFAULT), {}, lambda *_: None)
        song, activation = analysis.map, analysis.activation
        grid = build_beat_grid(song.beats, activation, strength, analysis.changes)
    return grid.beats_s if grid else np.zeros(0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each song."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="parts of names, with commas between them")
    parser.add_argument("--list", action="store_true", help="the names alone")
    options = parser.parse_args(arguments)
    chosen = [(name, song) for name, song in list_songs() if any(part in name for part in options.only.split(","))]
    good = 0
    for name, song in chosen:
        if options.list:
            sys.stdout.write(f"{name}\n")
            continue
        rows, right = score_song(song())
        good += right
        sys.stdout.write(f"{'right' if right else 'WRONG'}  {name:24} {'   '.join(rows)}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} songs\n" if options.list else f"{good} of {len(chosen)} songs right\n")


if __name__ == "__main__":
    main()
