"""Trackers that stand beside the engines where the user has them installed.

Nothing here depends on them: madmom's and BeatNet's models are not for commercial use, essentia is AGPL, aubio has to
be built. Those of madmom and BeatNet are written after their documentation and were not run: madmom 0.16 does not
build for Python 3.11, and BeatNet needs it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import soundfile
import soxr

from bridge.core.audio import Audio
from research.mir.evaluation.librosas import librosa_listener
from research.mir.evaluation.predictions import Answer, Listener, mono
from research.mir.evaluation.truth import Chords, Floats

RATE = 44100
"""What essentia's and madmom's trackers expect."""


def essentia_listener() -> Listener:
    """RhythmExtractor2013, KeyExtractor, and chords from HPCPs; hears the whole song first."""
    standard = import_module("essentia.standard")
    window, step = 8192, 2048

    def chords(wave: Audio) -> Chords:
        spectrum = standard.Spectrum()
        taper, peaks, hpcp = standard.Windowing(type="blackmanharris62"), standard.SpectralPeaks(), standard.HPCP()
        frames = standard.FrameGenerator(wave, frameSize=window, hopSize=step)
        profiles = [hpcp(*peaks(spectrum(taper(frame)))) for frame in frames]
        labels, _strengths = standard.ChordsDetection(hopSize=step, sampleRate=RATE)(np.array(profiles, np.float32))
        starts = np.arange(len(labels)) * step / RATE
        named = tuple(f"{label.removesuffix('m')}:{'min' if label.endswith('m') else 'maj'}" for label in labels)
        return Chords(np.stack([starts, starts + step / RATE], axis=1), named)

    def listen(mix: Audio, rate: int) -> Answer:
        wave = _at(mono(mix), rate, RATE)
        bpm, beats, *_ = standard.RhythmExtractor2013(method="multifeature")(wave)
        tonic, mode, _ = standard.KeyExtractor()(wave)
        return Answer(beats=_times(beats), bpm=float(bpm), chords=chords(wave), key=f"{tonic} {mode}")

    return Listener("essentia", listen)


def madmom_listener() -> Listener:
    """RNNs with the dynamic Bayesian network for bars, key and chord recognition; hears the whole song first."""
    beats_of = import_module("madmom.features.downbeats")
    keys, chords_of = import_module("madmom.features.key"), import_module("madmom.features.chords")
    audio, chroma = import_module("madmom.audio.signal"), import_module("madmom.audio.chroma")

    def listen(mix: Audio, rate: int) -> Answer:
        signal = audio.Signal(_at(mono(mix), rate, RATE), sample_rate=RATE, num_channels=1)
        bars = beats_of.DBNDownBeatTrackingProcessor(beats_per_bar=[3, 4], fps=100)
        found = bars(beats_of.RNNDownBeatProcessor()(signal)).reshape(-1, 2)
        key = keys.key_prediction_to_label(keys.CNNKeyRecognitionProcessor()(signal))
        rows = chords_of.DeepChromaChordRecognitionProcessor()(chroma.DeepChromaProcessor()(signal))
        return Answer(
            beats=_times(found[:, 0]),
            downbeats=_times(found[found[:, 1] == 1, 0]),
            bpm=_bpm(found[:, 0]),
            chords=Chords(np.array([(row[0], row[1]) for row in rows]), tuple(str(row[2]) for row in rows)),
            key=str(key),
        )

    return Listener("madmom", listen)


def beatnet_listener() -> Listener:
    """BeatNet's particle filter in its online mode (Heydari et al., ISMIR 2021)."""
    kind = import_module("BeatNet.BeatNet").BeatNet

    def listen(mix: Audio, rate: int) -> Answer:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "song.wav"
            soundfile.write(path, mono(mix), rate)
            found = kind(1, mode="online", inference_model="PF", plot=[], thread=False).process(str(path))
        rows = np.asarray(found, np.float64).reshape(-1, 2)
        return Answer(beats=_times(rows[:, 0]), downbeats=_times(rows[rows[:, 1] == 1, 0]), bpm=_bpm(rows[:, 0]))

    return Listener("BeatNet online", listen, live=True)


def aubio_listener() -> Listener:
    """aubio's beat and onset detection, which hear hop by hop."""
    aubio = import_module("aubio")
    window, hop = 1024, 512

    def listen(mix: Audio, rate: int) -> Answer:
        wave = _at(mono(mix), rate, RATE)
        tempo, onset = aubio.tempo("default", window, hop, RATE), aubio.onset("default", window, hop, RATE)
        beats, onsets = [], []
        for at in range(0, len(wave) - hop + 1, hop):
            piece = np.ascontiguousarray(wave[at : at + hop])
            if tempo(piece)[0]:
                beats.append(tempo.get_last_s())
            if onset(piece)[0]:
                onsets.append(onset.get_last_s())
        return Answer(beats=_times(beats), bpm=_bpm(beats), onsets=_times(onsets))

    return Listener("aubio", listen, live=True)


OTHERS: dict[str, Callable[[], Listener]] = {
    "librosa": librosa_listener,
    "essentia": essentia_listener,
    "madmom": madmom_listener,
    "beatnet": beatnet_listener,
    "aubio": aubio_listener,
}
"""By the name that the command knows."""


def installed(names: list[str]) -> tuple[list[Listener], list[str]]:
    """Those of ``names`` that can be had, and for each other one why not."""
    found, reasons = [], []
    for name in names:
        try:
            found.append(OTHERS[name]())
        except ImportError as error:
            reasons.append(f"{name} was not run: it cannot be imported ({error})")
    return found, reasons


def _at(wave: Audio, rate: int, to: int) -> Audio:
    return wave if rate == to else np.asarray(soxr.resample(wave, rate, to, quality="VHQ"), np.float32)


def _times(times: object) -> Floats:
    """In order and each once, whatever a tracker gives."""
    return np.unique(np.asarray(times, np.float64))


def _bpm(beats: object) -> float:
    steps = np.diff(_times(beats))
    return 60.0 / float(np.median(steps)) if len(steps) else 0.0
