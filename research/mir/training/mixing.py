"""Training pieces: songs, accompaniments with drums fitted to them, recordings; mixed and degraded each time anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array
from research.datasets.library import RATE, StemClip, StemLibrary
from research.datasets.truth import SongTruth, read_truth
from research.mir.onset_labels import detect_onsets, merge_onsets
from research.mir.training.augment import (
    TimeWarp,
    add_resampled,
    apply_sidechain_pump,
    degrade,
    draw_time_warp,
    drop_fourth_beat,
)
from research.mir.training.targets import PieceTimeline

RENDERED_SHARE, FITTED_SHARE, RECORDED_SHARE, NOISE_SHARE = 0.4, 0.33, 0.2, 0.03
"""Shares of rendered songs, of accompaniments with drums that were made for others, of recordings, and of sounds that
are no music; the rest are drums alone."""
MAX_SPEED_RATIO = 1.22
"""Drums are played at most so much faster or slower to fit."""
WALTZ_SHARE = 0.12
"""Share of songs whose bars lose their last beat: 3/4 is rare in what there is to learn from."""
PUMPED_SHARE = 0.3
"""Share of pieces with drums in which what sustains is pumped or cut to the beat."""
REAL_DRUMS = 0.3
"""Share of fitted drums that come from the recorded songs."""


@dataclass(frozen=True)
class TrainingPiece:
    """``mono`` (frames,) at 44.1 kHz and what it holds."""

    mono: Float32Array
    line: PieceTimeline


class Repertoire:
    """What can be drawn from a folder of stems with their truths."""

    def __init__(self, folder: Path, library: StemLibrary) -> None:
        self._truths: dict[str, SongTruth] = {}
        self._onsets: dict[Path, Float64Array] = {}
        for clip in [*library.clips, *(clip for song in library.songs.values() for clip in song.values())]:
            name = clip.path.name.rsplit(".", 2)[0]
            if name not in self._truths and (truth := read_truth(folder, name)) is not None:
                self._truths[name] = truth
        songs = {name: song for name, song in library.songs.items() if name in self._truths}
        self.rendered = {name: song for name, song in songs.items() if self._truths[name].chords}
        self.recorded = {name: song for name, song in songs.items() if not self._truths[name].chords}
        self.parts = [clip for clip in self._select_loose(library, "other") if self.get_truth(clip).chords]
        self.drums = self._select_loose(library, "drums")
        self.real_drums = [song["drums"] for song in self.recorded.values() if "drums" in song]
        self.voices = [clip for group in library.loose.get("vocals", {}).values() for clip in group if not clip.song]

    def _select_loose(self, library: StemLibrary, stem: str) -> list[StemClip]:
        clips = [clip for group in library.loose.get(stem, {}).values() for clip in group if not clip.song]
        return [clip for clip in clips if clip.path.name.rsplit(".", 2)[0] in self._truths]

    def get_onsets(self, clip: StemClip) -> Float64Array:
        """Onsets in ``clip`` in seconds: detected once, then cached."""
        if clip.path not in self._onsets:
            mono = clip.read_samples().astype(np.float32).mean(1) / np.float32(32768.0)
            self._onsets[clip.path] = detect_onsets(mono)
        return self._onsets[clip.path]

    def get_song_onsets(self, song: dict[str, StemClip]) -> Float64Array:
        """Of all its parts together."""
        return merge_onsets([self.get_onsets(song[part]) for part in _list_parts(song)])

    def get_truth(self, clip: StemClip) -> SongTruth:
        return self._truths[clip.path.name.rsplit(".", 2)[0]]

    def get_song_truth(self, song: str) -> SongTruth:
        return self._truths[song]


class PieceMixer:
    """Draws pieces of ``seconds``, reproducibly by its ``random``."""

    def __init__(self, repertoire: Repertoire, seconds: float, random: np.random.Generator) -> None:
        self.repertoire, self.random = repertoire, random
        self.seconds, self.frames = seconds, round(seconds * RATE)

    def draw(self) -> TrainingPiece:
        while True:
            piece = self._draw()
            if np.isfinite(piece.mono).all() and np.abs(piece.mono).max() > 1e-3:
                return replace(piece, mono=degrade(piece.mono, self.random))

    def mix_whole(self, song: dict[str, StemClip]) -> tuple[Float32Array, float]:
        """The middle of a song as it is, (frames,), and the second at which that begins in it."""
        available = min(clip.frames for clip in song.values())
        start = max(0, (available - self.frames) // 2)
        mono = np.zeros(self.frames, np.float32)
        for part in _list_parts(song):
            add_resampled(song[part].read_samples(), np.arange(start, start + self.frames, dtype=np.float64), 1.0, mono)
        return mono, start / RATE

    def _draw(self) -> TrainingPiece:
        random, stock = self.random, self.repertoire
        kind = random.random()
        recorded = RENDERED_SHARE + FITTED_SHARE <= kind < RENDERED_SHARE + FITTED_SHARE + RECORDED_SHARE
        if stock.rendered and (kind < RENDERED_SHARE or (recorded and not stock.recorded)):
            return self._mix_song(stock.rendered, True)
        if kind < RENDERED_SHARE + FITTED_SHARE and stock.parts and stock.drums:
            return self._mix_fitted()
        if recorded and stock.recorded:
            return self._mix_song(stock.recorded, False)
        return self._make_noise() if kind > 1.0 - NOISE_SHARE else self._mix_drums()

    def _mix_song(self, songs: dict[str, dict[str, StemClip]], rendered: bool) -> TrainingPiece:
        random = self.random
        name = sorted(songs)[int(random.integers(len(songs)))]
        song, truth = songs[name], self.repertoire.get_song_truth(name)
        waltz = rendered and random.random() < WALTZ_SHARE
        frames = self.frames * 4 // 3 + RATE if waltz else self.frames
        warp = draw_time_warp(min(clip.frames for clip in song.values()), frames, self.random)
        mono = np.zeros(frames, np.float32)
        parts = _list_parts(song)
        left_out = {"drums": 0.2, "vocals": 0.3, "bass": 0.12, "other": 0.1}
        kept = [part for part in parts if random.random() >= left_out.get(part, 0.0)] if len(parts) > 2 else parts
        if not {"bass", "other", "bassother", "instrumental"} & set(kept):
            kept = parts
        line = warp.to_timeline(truth, frames / RATE)
        pumps = rendered and "drums" in kept and random.random() < PUMPED_SHARE
        onsets = (
            merge_onsets([warp.to_piece(self.repertoire.get_onsets(song[part])) for part in kept]) if rendered else None
        )
        line = replace(line, onsets=onsets)
        for part in sorted(kept, key=lambda part: part == "drums"):  # the drums last, over what was pumped
            gain = random.normal(0.0, 4.0) + (7.0 if part == "vocals" and random.random() < 0.15 else 0.0)
            if part == "drums" and pumps:
                mono = apply_sidechain_pump(mono, line.beats, random)
            add_resampled(song[part].read_samples(), warp.at, _to_gain(gain), mono)
        if waltz:
            mono, line = drop_fourth_beat(mono, line, self.frames)
        return TrainingPiece(mono, line)

    def _mix_fitted(self) -> TrainingPiece:
        """An accompaniment, drums at its tempo whose bars begin with its own, and now and then a strange voice."""
        random, stock = self.random, self.repertoire
        part = stock.parts[int(random.integers(len(stock.parts)))]
        truth = stock.get_truth(part)
        warp = draw_time_warp(part.frames, self.frames, self.random)
        mono = np.zeros(self.frames, np.float32)
        add_resampled(part.read_samples(), warp.at, 1.0, mono)
        line, onsets = warp.to_timeline(truth, self.seconds), [warp.to_piece(stock.get_onsets(part))]
        mono *= _to_gain(-20.0) / max(float(np.sqrt((mono**2).mean())), 1e-4)
        if random.random() < 0.85 and (drums := self._choose_drums(truth.bpm)) is not None:
            if random.random() < PUMPED_SHARE:
                mono = apply_sidechain_pump(mono, line.beats, random)
            beats, along = np.zeros(self.frames, np.float32), self._align_drums(warp, truth, drums)
            add_resampled(drums.read_samples(), along.at, 1.0, beats)
            onsets.append(along.to_piece(stock.get_onsets(drums)))
            level = max(float(np.sqrt((beats**2).mean())), 1e-4)
            mono += beats * np.float32(_to_gain(-20.0 + random.normal(0.0, 5.0)) / level)
        if stock.voices and random.random() < 0.15:
            voice = stock.voices[int(random.integers(len(stock.voices)))]
            start = random.integers(max(1, voice.frames - self.frames))
            sung, along = np.zeros(self.frames, np.float32), TimeWarp(start + np.arange(self.frames, dtype=np.float64))
            add_resampled(voice.read_samples(), along.at, 1.0, sung)
            onsets.append(along.to_piece(stock.get_onsets(voice)))
            mono += sung * np.float32(_to_gain(-30.0) / max(float(np.sqrt((sung**2).mean())), 1e-3))
        return TrainingPiece(mono, replace(line, onsets=merge_onsets(onsets)))

    def _choose_drums(self, bpm: float) -> StemClip | None:
        """Drums whose tempo can be made ``bpm``, of a recorded song now and then."""
        stock = self.repertoire
        pool = stock.real_drums if self.random.random() < REAL_DRUMS and stock.real_drums else stock.drums
        fitting = [clip for clip in pool if 1 / MAX_SPEED_RATIO < bpm / stock.get_truth(clip).bpm < MAX_SPEED_RATIO]
        return fitting[int(self.random.integers(len(fitting)))] if fitting else None

    def _align_drums(self, warp: TimeWarp, truth: SongTruth, drums: StemClip) -> TimeWarp:
        """Where to read ``drums`` so that their bars fall on those of ``truth``, which is read along ``way``."""
        own = self.repertoire.get_truth(drums)
        at = (warp.at - truth.start_s * RATE) * (truth.bpm / own.bpm) + own.start_s * RATE
        bar = own.bar_beats * 60.0 * RATE / own.bpm
        first, last = np.ceil(-at[0] / bar), np.floor((drums.frames - 2 - at[-1]) / bar)
        if last > first:  # any of its bars may be the first
            at = at + bar * int(self.random.integers(int(first), int(last) + 1))
        return TimeWarp(at)

    def _mix_drums(self) -> TrainingPiece:
        random, stock = self.random, self.repertoire
        drums = stock.drums[int(random.integers(len(stock.drums)))]
        warp = draw_time_warp(drums.frames, self.frames, self.random)
        mono = np.zeros(self.frames, np.float32)
        add_resampled(drums.read_samples(), warp.at, 1.0, mono)
        line = replace(
            warp.to_timeline(stock.get_truth(drums), self.seconds), onsets=warp.to_piece(stock.get_onsets(drums))
        )
        return TrainingPiece(mono, replace(line, chords=((0.0, self.seconds, -1, -1, -1),)))

    def _make_noise(self) -> TrainingPiece:
        """Noise of some colour that comes and goes, or a hum: no beat, no chord."""
        random = self.random
        if random.random() < 0.3:
            at = np.arange(self.frames) / RATE
            wave = sum(np.sin(2 * np.pi * 50.0 * n * at) * random.uniform(0, 1) / n for n in range(1, 8))
            sound = np.asarray(wave, np.float32)
        else:
            spectrum = np.fft.rfft(random.standard_normal(self.frames))
            spectrum *= np.maximum(np.arange(len(spectrum)), 1.0) ** -random.uniform(0.0, 1.0)
            sound = np.fft.irfft(spectrum, self.frames).astype(np.float32)
        if random.random() < 0.7:  # like wind, waves or a crowd
            knots = int(random.integers(2, 24))
            level = np.interp(np.arange(self.frames), np.linspace(0, self.frames, knots), random.uniform(-30, 0, knots))
            sound *= (10.0 ** (level / 20.0)).astype(np.float32)
        sound /= np.float32(max(float(np.abs(sound).max()), 1e-6))
        none = np.zeros(0)
        silent = PieceTimeline(none, np.zeros(0, np.int64), 1.0, ((0.0, self.seconds, -1, -1, -1),), (), none)
        return TrainingPiece(sound, silent)


def _list_parts(song: dict[str, StemClip]) -> list[str]:
    """Which clips to add up so that nothing is in twice."""
    if "instrumental" in song:
        return ["instrumental"]
    if "bassother" in song:
        return [name for name in ("drums", "vocals", "bassother") if name in song]
    return sorted(song)


def _to_gain(db: float) -> float:
    return float(10.0 ** (db / 20.0))
