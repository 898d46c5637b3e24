"""Song analysers: from the audio of a song, piece by piece, to its beats, chords, keys and notes.

The networks of mir.standard are decoded over the whole song. Any other engine analyses it as it would live.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.core.clock import FOLLOW
from bridge.core.engine import Engine
from bridge.core.events import TimedEvent
from engines.mir.chroma.chroma_mir import PRIOR
from engines.mir.learned.features import STEPS_PER_HARMONY_STEP
from engines.mir.learned.harmony_chain import DELAY_S as HARMONY_DELAY_S
from engines.mir.learned.harmony_chain import FILE as HARMONY_FILE
from engines.mir.learned.learned_mir import LearnedMir
from engines.mir.learned.pitch_chain import PitchChain
from engines.mir.learned.rhythm_chain import FILE as RHYTHM_FILE
from engines.mir.learned.rhythm_chain import ONSETS_S, OnsetPeakPicker
from engines.mir.offline.beat_activation import ActivationExtractor
from engines.mir.offline.beat_decoder import HarmonicChanges, Track, decode_beats
from engines.mir.offline.harmony_activation import HarmonyExtractor
from engines.mir.offline.song_decoder import decode_song
from engines.mir.offline.song_map_builder import SongMapBuilder
from engines.mir.offline.step_windows import SongDownmix, StepWindows
from engines.mir.offline.tempo_changes import describe_changes, describe_tempo, find_tempo_changes
from engines.mir.tempo_mode import MAX_TEMPO_DEVIATION, MODE, TempoPrior
from engines.offline.analysis_stream import AnalysisStream


@dataclass(frozen=True, slots=True)
class SongFindings:
    """What was found in a song. ``events``: for the song map. ``activation``: the beat activation (steps,).

    ``changes``: of the harmony, None where they are not known. ``track``: the decoded beats. ``downmix``: where the
    channels cancelled. ``tempo_remarks``: on changes of tempo.
    """

    events: SongMapBuilder
    activation: NDArray[np.float32]
    changes: HarmonicChanges | None
    track: Track
    downmix: SongDownmix
    tempo_remarks: tuple[str, ...]


class SongAnalyser(Protocol):
    """Takes a song at one rate in pieces of any length."""

    def push(self, audio: Audio) -> None:
        """Append audio, shape (2, any)."""

    def finish(self) -> SongFindings:
        """The findings, once all audio was pushed."""


def make_song_analyser(engine: Engine, rate: int, values: Mapping[str, float]) -> SongAnalyser:
    """The analyser for songs at ``rate`` Hz with the networks of ``engine``, or with the engine itself.

    ``values``: controls of the engine that are not at their default.
    """
    if isinstance(engine, LearnedMir):
        return WholeSongAnalyser(engine, rate, values)
    return CausalSongAnalyser(engine, rate, values)


class CausalSongAnalyser:
    """Analyses a song with an engine as it would live. Its beats are compared with those of the whole song."""

    def __init__(self, engine: Engine, rate: int, values: Mapping[str, float]) -> None:
        self._stream, self._builder = AnalysisStream(engine, rate, values), SongMapBuilder(rate)
        self._rate = rate
        self._downmix, self._rhythm = SongDownmix(rate), ActivationExtractor(rate)
        self._windows = StepWindows(rate, self._rhythm.window)

    def push(self, audio: Audio) -> None:
        for _, window in self._windows.push(self._downmix.push(audio)):
            self._rhythm.push(window)
        for output in self._stream.push(audio).events:
            self._builder.push(output.event, output.port)

    def finish(self) -> SongFindings:
        for _, window in self._windows.push(np.zeros(round(HARMONY_DELAY_S * self._rate), np.float32)):
            self._rhythm.push(window)
        for output in self._stream.flush().events:
            self._builder.push(output.event, output.port)
        activation, _ = self._rhythm.finish(self._downmix.frames)
        track = decode_beats(activation)
        remarks = describe_tempo(self._builder.build_beats(self._downmix.frames / self._rate), track, activation)
        return SongFindings(self._builder, activation, None, track, self._downmix, remarks)


class WholeSongAnalyser:
    """Runs the networks of mir.standard over a song, then decodes their outputs as a whole."""

    def __init__(self, engine: LearnedMir, rate: int, values: Mapping[str, float]) -> None:
        self._rate, self._builder = rate, SongMapBuilder(rate)
        self._downmix = SongDownmix(rate)
        self._rhythm = ActivationExtractor(rate, engine.read_model(RHYTHM_FILE))
        self._harmony = HarmonyExtractor(rate, engine.read_model(HARMONY_FILE))
        self._pitch, self._onsets = PitchChain(rate), OnsetPeakPicker()
        self._windows = StepWindows(rate, max(self._rhythm.window, self._harmony.window, self._pitch.window))
        clamp = MAX_TEMPO_DEVIATION if values.get(MODE.name, MODE.default) == FOLLOW else inf
        self._prior = TempoPrior(values.get(PRIOR.name, PRIOR.default), clamp)

    def push(self, audio: Audio) -> None:
        self._analyse(self._downmix.push(audio))

    def finish(self) -> SongFindings:
        latency_s = max(HARMONY_DELAY_S, self._pitch.latency / self._rate)
        self._analyse(np.zeros(round(latency_s * self._rate) + 1, np.float32))
        activation, downbeats = self._rhythm.finish(self._downmix.frames)
        song = decode_song(activation, downbeats, self._harmony.finish(), self._prior)
        for at_s, payload in song.events:
            self._builder.push(TimedEvent(round(at_s * self._rate), payload))
        return SongFindings(
            self._builder,
            activation,
            song.changes,
            song.track,
            self._downmix,
            describe_changes(find_tempo_changes(song.track.beats_s, activation), song.ambiguities),
        )

    def _analyse(self, mono: NDArray[np.float32]) -> None:
        for end, window in self._windows.push(mono):
            onset = self._onsets.update(*self._rhythm.push(window[-self._rhythm.window :]))
            if onset is not None:  # of the step before this
                self._builder.push(TimedEvent(end - round(ONSETS_S * self._rate), onset))
            self._pitch.process(window[-self._pitch.window :], end)
            if self._windows.steps % STEPS_PER_HARMONY_STEP == 0:
                self._harmony.push(window[-self._harmony.window :])
            for event in self._pitch.pop_events_before(end):
                self._builder.push(event, "notes")
