"""Chord history: one chord per beat so far, from the analyser and the user's keys, and the prediction from it."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

import numpy as np

from bridge.core.chords import NO_CHORD_STATE
from bridge.core.events import Chord, Key, to_state
from engines.accompaniment.harmony.chord_states import UNKNOWN
from engines.accompaniment.harmony.predictor import ChordPredictor
from engines.accompaniment.harmony.trellis import DETECTED, HABIT, NOTHING, PLAYED, Forecast, Metre, predict_chords
from engines.accompaniment.timeline import Timeline
from engines.saved_state import SavedState

HISTORY_BEATS = 256
"""Beats."""
MAX_QUEUED = 16
"""Longest queue of chords whose beat is not yet over; a further one pushes the oldest out."""
SETTLED_BEATS = 0.15
"""A chord that begins up to this long after a beat counts for the beat; a late chord is awaited as long."""
LONGEST_LATE_BEATS = 16
"""A late chord corrects no more beats than these."""
FORGETS_LATE = 0.98
"""Decay of the largest delay seen, per chord."""
BEFORE_ALL_FRAMES = -(1 << 60)
"""Before every frame."""


class ChordHistory(SavedState):
    """Receives chords, keys and the time; returns the chord at a beat, known or predicted.

    An analyser reports a chord with a delay. So the last beats are not known when they are over, and are predicted like
    those to come. The delay is learned from the chords. Chords that the user plays have priority over the analyser's,
    and no delay.

    ``history`` (HISTORY_BEATS,): states in the order of time, the newest last; ``count`` of them are known. ``next``:
    the beat that follows, in the timeline's count. ``frames``, ``states``, ``played``: the queue of chords whose beat
    is not yet over, and whether they were played. ``current``, ``current_played``: the chord that sounds. The
    analyser's chords up to frame ``played_until`` are ``deferred``. ``holding``: the user holds a chord.
    ``latest_frame``: that of the newest analysed chord. ``key``: as analysed; ``key_override``: the user's instead,
    -1 none.
    """

    saved_fields = (
        "history", "count", "next", "frames", "states", "played", "queued", "current", "current_played",
        "delay_frames", "latest_frame", "key", "played_until", "deferred", "holding",
    )  # fmt: skip

    def __init__(self, predictor: ChordPredictor | None = None) -> None:
        self._predictor = predictor
        self.key_override = -1
        self.history = np.full(HISTORY_BEATS, UNKNOWN, np.int64)
        self.frames = np.zeros(MAX_QUEUED, np.int64)
        self.states = np.zeros(MAX_QUEUED, np.int64)
        self.played = np.zeros(MAX_QUEUED, np.int64)
        self.reset()

    def prepare(self) -> None:
        """Load the network and run it once, so that no beat waits for it. Raises: EngineError."""
        predict_chords(np.zeros(1, np.int64), 1, -1, Metre(), {}, self._predictor)

    def reset(self) -> None:
        self.history[:] = UNKNOWN
        self.frames[:], self.states[:], self.played[:] = 0, 0, 0
        self.count, self.queued, self.next = 0, 0, 0
        self.current, self.current_played, self.key = UNKNOWN, False, -1
        self.delay_frames, self.latest_frame = 0.0, BEFORE_ALL_FRAMES
        self.played_until, self.deferred, self.holding = 0, UNKNOWN, False
        self._forecast: tuple[object, Forecast] | None = None

    def restore(self, state: Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]) -> None:
        super().restore(dict(state))
        self._forecast = None

    def push_chord(self, chord: Chord, frame: int, received: int) -> None:
        """``chord`` sounds from ``frame`` on, and was received at ``received``; ignored after a later one."""
        if frame < self.latest_frame:
            return
        self.latest_frame = frame
        self.delay_frames = max(FORGETS_LATE * self.delay_frames, float(received - frame))
        if frame < self.played_until:
            self.deferred = to_state(chord)
        else:
            self.deferred = UNKNOWN
            self._enqueue(frame, to_state(chord), False)

    def push_played(self, state: int, frame: int) -> None:
        """The user plays ``state`` from ``frame`` on."""
        self._enqueue(frame, state, True)

    def prefer_played(self, until: int, holding: bool) -> None:
        """Defer the analyser's chords of frames before ``until``: what the user plays has priority."""
        self.played_until, self.holding = until, holding

    def _enqueue(self, frame: int, state: int, by_hand: bool) -> None:
        if self.queued == MAX_QUEUED:
            self._dequeue()
        self.frames[self.queued], self.states[self.queued], self.played[self.queued] = frame, state, by_hand
        self.queued += 1

    @property
    def effective_key(self) -> int:
        """The key that holds: tonic, 12 more in minor, -1 unknown."""
        return self.key_override if self.key_override >= 0 else self.key

    def push_key(self, key: Key) -> None:
        self.key = key.tonic + 12 * key.minor

    def jump(self, beat: int, metre: Metre) -> None:
        """The song goes on at ``beat``. The history stays, since music that jumps mostly repeats.

        The last beats before the jump are not known yet, nor how many they were. Their chord is extended up to the same
        place in the bar as ``beat``, so that a loop keeps its length.
        """
        while self.queued:
            self._dequeue()
        missed = (metre.get_number(beat) - metre.get_number(self.next)) % max(metre.bar_beats, 1)
        for _ in range(missed if self.count else 0):
            self._append_current()
        self.next = beat

    def _dequeue(self) -> None:
        """Make the oldest queued chord the current one."""
        self.current, self.current_played = int(self.states[0]), bool(self.played[0])
        for waiting in (self.frames, self.states, self.played):
            waiting[:-1] = waiting[1:].copy()
        self.queued -= 1

    def advance(self, line: Timeline, frame: int) -> None:
        """Go on to ``frame``: append every beat of which the chord is known by now."""
        if self.deferred != UNKNOWN and frame >= self.played_until:  # the analyser's chords count again
            self._enqueue(self.played_until, self.deferred, False)
            self.deferred = UNKNOWN
        while self.queued and self.frames[0] < line.to_frame(self.next - SETTLED_BEATS):  # later than any before
            began = floor(line.time.beat_at(int(self.frames[0])) + SETTLED_BEATS)
            self._dequeue()
            back = min(self.next - began, LONGEST_LATE_BEATS)
            self.history[-back:] = self.current
            self.count = max(self.count, back)
        while line.to_frame(self.next) <= frame:
            begins, ends = (line.to_frame(beat - SETTLED_BEATS) for beat in (self.next, self.next + 1))
            received = self.queued and self.frames[self.queued - 1] >= begins
            if not (received or self.holding) and line.to_frame(self.next + SETTLED_BEATS) + self.delay_frames > frame:
                return
            while self.queued and self.frames[0] < ends:
                self._dequeue()
            if self.current != UNKNOWN:
                self._append_current()
            self.next += 1

    def _append_current(self) -> None:
        """Append a beat with the current chord."""
        self.history[:-1] = self.history[1:].copy()
        self.history[-1] = self.current
        self.count = min(self.count + 1, HISTORY_BEATS)

    def predict(self, metre: Metre, track: Mapping[int, int]) -> Forecast:
        """The forecast from the beat `next` on."""
        asked = (self.next, self.count, self.current, self.effective_key, metre, tuple(track.items()))
        if self._forecast is None or self._forecast[0] != asked:
            known = self.history[HISTORY_BEATS - self.count :]
            forecast = predict_chords(known, self.next, self.effective_key, metre, track, self._predictor)
            self._forecast = asked, forecast
        return self._forecast[1]

    def predict_chord(self, beat: int, metre: Metre, track: Mapping[int, int]) -> tuple[int, float, int]:
        """The state at ``beat``, its confidence, and its source (of SOURCES); NO_CHORD_STATE before the first chord."""
        if beat < self.next:
            back = self.next - beat
            return (
                (int(self.history[-back]), 1.0, self._current_source)
                if back <= self.count
                else (NO_CHORD_STATE, 0.0, NOTHING)
            )
        if not self.count and not track:
            return NO_CHORD_STATE, 0.0, NOTHING
        forecast = self.predict(metre, track)
        at = min(beat - forecast.first, len(forecast.path) - 1)
        state, source = int(forecast.path[at]), int(forecast.sources[at])
        if source == HABIT and state == self.current:  # a chord that stays is the one that was received
            source = self._current_source
        return state, float(forecast.confidence[at]), source

    @property
    def _current_source(self) -> int:
        return PLAYED if self.current_played else DETECTED
