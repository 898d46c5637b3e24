"""Mixtures to learn from: loose stems thrown together or songs taken as they are, each time produced anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.audio import STEMS
from bridge.core.jit import njit
from engines.separation.frequency_grid import WINDOW
from research.datasets.library import JOINED, RATE, StemClip, StemLibrary
from research.datasets.production import produce, reamp
from research.separation.training.targets import STRIDE

COHERENT_SHARE = 0.4
"""Share of mixtures that are one song's own stems; the others are thrown together."""
ABSENT: Mapping[str, float] = {"drums": 0.12, "bass": 0.06, "vocals": 0.2, "other": 0.06}
"""Share of the mixtures without a stem: a model that never hears an absence hears stems where there are none."""
LEVEL_DB: Mapping[str, float] = {"drums": -19.0, "bass": -21.0, "vocals": -20.0, "other": -20.0}
"""RMS that a loose stem is brought to before its random gain: about what pop mixtures have."""
SPREAD_DB = 4.5
SLIDES: Mapping[str, float] = {"bass": 0.25, "other": 0.15}
"""Share of loose stems whose notes slide into one another: sampled ones never do, played and synthesised ones like to.
A network trained without it took a sliding bass for a drum, and a sliding lead for a voice."""
PRODUCED_SHARES: dict[str, float] = {"recorded": 0.3, "rendered": 0.1}
"""Shares of the loose stems that go through another production: equalizers, compressor, drive, echo, room. Rendered
ones had one already; a recorded one occurs so often that the network would learn its own room."""
REAMPED_SHARE = 0.06
"""Share of the loose accompaniments and basses that go through a guitar amplifier."""
SPEED = (0.84, 1.19)
"""Pitch and tempo together, by resampling: three semitones down to three up."""
RECORDED_WEIGHT = 10.0
"""A recorded song or voice counts as so many minutes of a rendered one: what is real comes first."""
LOWS_HZ, MIN_LOW_SHARE = 300.0, 0.7
"""A bass has this share of its energy below: one that production left without is not drawn."""
BASS_DB = 3.0
"""Rendered songs have their bass so much too low: its median is 8.6 dB below the sum of stems, on recordings 4.8 dB."""
SILENT_RMS = 1e-4
"""RMS under which a crop counts as silent (-80 dB)."""


@dataclass
class Mixture:
    """``stems`` (4, 2, frames) and ``joined`` (4, 4): row i says which estimates together are compared to stem i.

    The identity where each stem is known; where one recording holds several stems, it lies in the last of them,
    whose row has ones for all, and the rows of the others are zero.
    """

    stems: Float32Array
    joined: Float32Array
    rate: int


@njit()
def _resample(samples: NDArray[np.int16], places: NDArray[np.float64], out: Float32Array) -> None:
    """``out`` (2, frames): ``samples`` (any, 2) read at ``places`` (frames,), by Catmull-Rom interpolation."""
    last = samples.shape[0] - 1
    for i in range(places.shape[0]):
        j = int(places[i])
        u = np.float32(places[i] - j)
        a, b, c, d = max(j - 1, 0), min(j, last), min(j + 1, last), min(j + 2, last)
        for k in range(2):
            p0, p1 = np.float32(samples[a, k]), np.float32(samples[b, k])
            p2, p3 = np.float32(samples[c, k]), np.float32(samples[d, k])
            slope = p2 - p0
            bend = 2 * p0 - 5 * p1 + 4 * p2 - p3
            turn = 3 * (p1 - p2) + p3 - p0
            out[k, i] = (p1 + np.float32(0.5) * u * (slope + u * (bend + u * turn))) * np.float32(1 / 32768)


class StemMixer:
    """Draws mixtures of ``steps`` analysis steps from a library, reproducibly by its ``random``."""

    def __init__(self, library: StemLibrary, steps: int, random: np.random.Generator) -> None:
        self.library, self.random = library, random
        self.frames = (steps - 1) * STRIDE + WINDOW
        songs = library.songs
        self._songs = sorted(song for song, clips in songs.items() if "bass" not in clips or _has_lows(clips["bass"]))
        self._song_odds = _make_odds([max(_weigh_clip(clip) for clip in songs[song].values()) for song in self._songs])
        self._groups: dict[str, tuple[list[str], Float32Array]] = {}
        self._clips: dict[str, dict[str, list[StemClip]]] = {}
        for stem, groups in library.loose.items():
            kept = {name: [c for c in clips if stem != "bass" or _has_lows(c)] for name, clips in groups.items()}
            self._clips[stem] = kept
            names = sorted(name for name, clips in kept.items() if clips)
            if names:
                self._groups[stem] = (
                    names,
                    _make_odds([sum(_weigh_clip(clip) for clip in kept[name]) for name in names]),
                )

    def draw(self) -> Mixture:
        random = self.random
        mixture = self._mix_song() if self._songs and random.random() < COHERENT_SHARE else self._mix_random_clips()
        if not np.isfinite(mixture.stems).all() or np.abs(mixture.stems.sum(0)).max() < SILENT_RMS:
            return self.draw()
        _master(mixture, random)
        return mixture

    def _mix_song(self) -> Mixture:
        random = self.random
        song = self.library.songs[str(random.choice(self._songs, p=self._song_odds))]
        speed = float(random.uniform(0.92, 1.09))
        need = int(self.frames * speed) + 4
        start = int(random.integers(max(1, min(c.frames for c in song.values()) - need)))
        stems, joined = np.zeros((len(STEMS), 2, self.frames), np.float32), np.eye(len(STEMS), dtype=np.float32)
        for name in list_parts(song):
            clip = song[name]
            if name in ABSENT and random.random() < 0.5 * ABSENT[name]:
                continue
            wave = self._crop(clip, start, speed, False)
            if random.random() < 0.7:
                wave *= _to_gain(random.normal(0.0, 2.5))
            if name == "bass" and not clip.recorded:
                wave *= _to_gain(BASS_DB)
            stems[get_stem_index(name)] += wave
            if name in JOINED:
                joined[:] = get_joined_rows(name)
        if "instrumental" in song:  # a song without a voice: give it one now and then, that is what it is good for
            voice = self._draw_clip("vocals") if "vocals" in self._groups and random.random() < 0.8 else None
            if voice is not None:
                stems[STEMS.index("vocals")] += voice
        return Mixture(stems, joined, self._draw_rate())

    def _mix_random_clips(self) -> Mixture:
        random = self.random
        stems = np.zeros((len(STEMS), 2, self.frames), np.float32)
        for i, stem in enumerate(STEMS):
            if stem not in self._groups or random.random() < ABSENT[stem]:
                continue
            for extra in range(2):
                if extra and random.random() > (0.45 if stem == "other" else 0.12):
                    continue
                wave = self._draw_clip(stem)
                if wave is not None:
                    stems[i] += wave
        return Mixture(stems, np.eye(len(STEMS), dtype=np.float32), self._draw_rate())

    def _draw_rate(self) -> int:
        """Both native rates; the same samples at the other rate are 9 % faster and higher, which does no harm."""
        return 44100 if self.random.random() < 0.6 else 48000

    def _draw_clip(self, stem: str) -> Float32Array | None:
        """A crop of some clip at about its usual level, or None where it happens to be silent."""
        random = self.random
        names, odds = self._groups[stem]
        clips = self._clips[stem][str(random.choice(names, p=odds))]
        clip = clips[int(random.integers(len(clips)))]
        speed = float(np.exp(random.uniform(np.log(SPEED[0]), np.log(SPEED[1]))))
        slides = random.random() < SLIDES.get(stem, 0.0)
        need = int(self.frames * speed * (2.0 if slides else 1.0)) + 4
        wave = self._crop(clip, int(random.integers(max(1, clip.frames - need))), speed, True, slides)
        rms = float(np.sqrt(np.mean(wave**2)))
        if rms < SILENT_RMS:
            return None
        wave = self._process(wave, stem, clip.recorded)
        rms = float(np.sqrt(np.mean(wave**2)))
        active = rms / max(float(np.mean(np.abs(wave).max(0) > 0.1 * rms)) ** 0.5, 0.2)
        wave *= _to_gain(LEVEL_DB[stem] + random.normal(0.0, SPREAD_DB)) / active
        return wave

    def _process(self, wave: Float32Array, stem: str, recorded: bool) -> Float32Array:
        """``wave`` as another studio would have made it, in the shares of the constants; else as it is."""
        random = self.random
        if stem in ("bass", "other") and random.random() < REAMPED_SHARE:
            return reamp(wave, random)
        if random.random() < PRODUCED_SHARES["recorded" if recorded else "rendered"]:
            return produce(wave, stem, random)
        return wave

    def _crop(self, clip: StemClip, start: int, speed: float, loose: bool, slides: bool = False) -> Float32Array:
        """``loose``: it may begin late. ``slides``: its pitch glides to and fro on the way."""
        speeds = speed * _draw_pitch_slides(self.frames, self.random) if slides else np.full(self.frames, speed)
        places = np.cumsum(speeds) - speeds[0]
        samples = np.asarray(clip.read_samples()[start : start + int(places[-1]) + 4])
        wave = np.zeros((2, self.frames), np.float32)
        have = int(np.searchsorted(places, len(samples) - 1))
        if have > 0:
            late = int(self.random.integers(self.frames - have + 1)) if loose else 0
            _resample(samples, places[:have], wave[:, late : late + have])
        return wave


def _draw_pitch_slides(frames: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Factors of speed (frames,): now and then to another pitch within a sixth or so, in 20 to 300 ms."""
    times, semitones = [0.0], [0.0]
    while times[-1] < frames:
        stay, glide = random.uniform(0.1, 1.2), random.uniform(0.02, 0.3)
        times += [times[-1] + stay * RATE, times[-1] + (stay + glide) * RATE]
        semitones += [semitones[-1], float(np.clip(random.normal(0.0, 4.0), -7.0, 9.0))]
    return np.asarray(2.0 ** (np.interp(np.arange(frames), times, semitones) / 12), np.float64)


def list_parts(song: Mapping[str, StemClip]) -> list[str]:
    """Which clips of a song to add up so that nothing is in twice."""
    if "bass" in song and "other" in song:
        return [name for name in song if name in STEMS]
    if "bassother" in song:
        return [name for name in ("drums", "vocals", "bassother") if name in song]
    if "instrumental" in song:
        return ["instrumental"]
    return [name for name in song if name in STEMS]


def get_stem_index(name: str) -> int:
    return STEMS.index(JOINED[name][-1] if name in JOINED else name)


def get_joined_rows(name: str) -> Float32Array:
    """The matrix of `Mixture.joined` where the parts of ``name`` are one recording."""
    rows = np.eye(len(STEMS), dtype=np.float32)
    parts = [STEMS.index(part) for part in JOINED[name]]
    rows[parts] = 0.0
    rows[parts[-1], parts] = 1.0
    return rows


def _weigh_clip(clip: StemClip) -> float:
    """Its frames, a recording's counted several times."""
    return clip.frames * (RECORDED_WEIGHT if clip.recorded else 1.0)


def _has_lows(clip: StemClip) -> bool:
    """Whether a bass sounds as one; a silent one may."""
    samples = clip.read_samples()
    middle = max(0, len(samples) // 2 - 10 * RATE)
    power = np.abs(np.fft.rfft(samples[middle : middle + 20 * RATE].astype(np.float32).sum(1))) ** 2
    return bool(power[: int(len(power) * LOWS_HZ / (RATE / 2))].sum() >= MIN_LOW_SHARE * power.sum())


def _make_odds(sizes: list[float]) -> Float32Array:
    """Probabilities by the root of the size: a big group counts more, but not as much more as it is bigger."""
    roots = np.sqrt(np.asarray(sizes, np.float64))
    odds: Float32Array = roots / roots.sum()
    return odds


def _to_gain(db: float) -> np.float32:
    return np.float32(10.0 ** (db / 20.0))


def _master(mixture: Mixture, random: np.random.Generator) -> None:
    """Stereo image of each stem, soft limiting of the whole, and the level: as mixing engineers differ."""
    stems = mixture.stems
    for stem in stems:
        if random.random() < 0.5:
            stem[:] = stem[::-1].copy()
        mid, side = 0.5 * (stem[0] + stem[1]), 0.5 * (stem[0] - stem[1])
        width = 0.0 if random.random() < 0.12 else random.uniform(0.5, 1.6) if random.random() < 0.5 else 1.0
        pan = random.normal(0.0, 0.15) if random.random() < 0.4 else 0.0
        stem[0] = (mid + width * side) * np.float32(1.0 - pan)
        stem[1] = (mid - width * side) * np.float32(1.0 + pan)
    if random.random() < 0.05:  # a mono mixture
        stems[:] = stems.mean(1, keepdims=True)
    whole = stems.sum(0)
    peak = float(np.abs(whole).max()) + 1e-9
    if random.random() < 0.3:  # limited: what is over the ceiling bends, for all stems by the same factor
        drive = random.uniform(1.0, 2.5) / peak
        bent = np.abs(whole).max(0) * np.float32(drive) + np.float32(1e-6)
        stems *= np.tanh(bent) / bent
        peak = float(np.abs(stems.sum(0)).max()) + 1e-9
    stems *= _to_gain(-abs(random.normal(0.0, 7.0))) / np.float32(peak)
