"""What was heard of the harmony, a chord a beat, and what it foretells."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

import numpy as np

from bridge.core.events import Chord, Key
from engines.accompaniment.harmony.predictor import ChordPredictor
from engines.accompaniment.harmony.trellis import HABIT, HEARD, NOTHING, PLAYED, Forecast, Metre, foreseen
from engines.accompaniment.harmony.vocabulary import NONE, UNKNOWN, state_of
from engines.accompaniment.timeline import Timeline
from engines.saved_state import SavedState

REMEMBERED = 256
"""Beats."""
WAITING = 16
"""Chords that are known and whose beat is not yet over; of more the oldest goes."""
SETTLED_BEATS = 0.15
"""A chord that begins so much after a beat is that beat's; so long is waited for one that was told late."""
LONGEST_LATE_BEATS = 16
"""What a chord says of beats longer ago than this is not believed."""
FORGETS_LATE = 0.98
"""How fast it is forgotten, chord by chord, that one was told later than the others."""
BEFORE = -(1 << 60)
"""Before every frame."""


class ChordHistory(SavedState):
    """Takes chords and keys as they are told, and the time; says what chord sounds at a beat.

    A chord is told late, by as much as its analyser needs. So the last beats are not known when they are over: they
    are foretold like those to come. How late chords are told is learned from them.

    What the user's hands play goes before what an analyser hears meanwhile, and is known at once.

    ``heard`` (REMEMBERED,): states in the order of time, the newest last; ``count`` of them are beats heard. ``next``:
    the beat that follows, in the timeline's count. ``frames``, ``states``, ``hands``: chords whose beat is not yet
    over, and whether they were played. ``now``, ``by_hand``: what sounds. ``trusted``: up to this frame chords that are
    heard are put ``aside``; ``holding``: the hands are on a chord. ``latest``: the frame of the newest that was heard.
    ``key``, as heard; ``key_wanted``: what the user says instead, -1 nothing.
    """

    saved_fields = (
        "heard", "count", "next", "frames", "states", "hands", "waiting", "now", "by_hand", "late", "latest", "key",
        "trusted", "aside", "holding",
    )  # fmt: skip

    def __init__(self, foreseer: ChordPredictor | None = None) -> None:
        self._foreseer = foreseer
        self.key_wanted = -1
        self.heard = np.full(REMEMBERED, UNKNOWN, np.int64)
        self.frames = np.zeros(WAITING, np.int64)
        self.states = np.zeros(WAITING, np.int64)
        self.hands = np.zeros(WAITING, np.int64)
        self.reset()

    def prepare(self) -> None:
        """Load what foresees and run it once, so that no beat waits for it.

        Raises EngineError where it is not there.
        """
        foreseen(np.zeros(1, np.int64), 1, -1, Metre(), {}, self._foreseer)

    def reset(self) -> None:
        self.heard[:] = UNKNOWN
        self.frames[:], self.states[:], self.hands[:] = 0, 0, 0
        self.count, self.waiting, self.next = 0, 0, 0
        self.now, self.by_hand, self.late, self.latest, self.key = UNKNOWN, False, 0.0, BEFORE, -1
        self.trusted, self.aside, self.holding = 0, UNKNOWN, False
        self._ahead: tuple[object, Forecast] | None = None

    def restore(self, state: Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]) -> None:
        super().restore(dict(state))
        self._ahead = None

    def hear(self, chord: Chord, frame: int, told: int) -> None:
        """``chord`` sounds from ``frame`` on, told at frame ``told``; passed over where a later one was told before."""
        if frame < self.latest:
            return
        self.latest = frame
        self.late = max(FORGETS_LATE * self.late, float(told - frame))
        if frame < self.trusted:
            self.aside = state_of(chord)
        else:
            self.aside = UNKNOWN
            self._wait(frame, state_of(chord), False)

    def play(self, state: int, frame: int) -> None:
        """The user's hands play ``state`` from ``frame`` on."""
        self._wait(frame, state, True)

    def trust(self, until: int, holding: bool) -> None:
        """What is heard of frames before ``until`` gives way to the hands."""
        self.trusted, self.holding = until, holding

    def _wait(self, frame: int, state: int, by_hand: bool) -> None:
        if self.waiting == WAITING:
            self._take()
        self.frames[self.waiting], self.states[self.waiting], self.hands[self.waiting] = frame, state, by_hand
        self.waiting += 1

    @property
    def in_key(self) -> int:
        """The key that holds: tonic, 12 more in minor, -1 unknown."""
        return self.key_wanted if self.key_wanted >= 0 else self.key

    def hear_key(self, key: Key) -> None:
        self.key = key.tonic + 12 * key.minor

    def jump(self, beat: int, metre: Metre) -> None:
        """The song goes on at ``beat``: what was heard stays, since music that jumps mostly repeats.

        The last beats before are not known yet, nor how many they were. Their chord is taken to have gone on up to the
        same place in the bar as ``beat``, so that a loop keeps its length.
        """
        while self.waiting:
            self._take()
        missed = (metre.number(beat) - metre.number(self.next)) % max(metre.bar_beats, 1)
        for _ in range(missed if self.count else 0):
            self._heard_now()
        self.next = beat

    def _take(self) -> None:
        """The oldest that waits is what sounds."""
        self.now, self.by_hand = int(self.states[0]), bool(self.hands[0])
        for waiting in (self.frames, self.states, self.hands):
            waiting[:-1] = waiting[1:].copy()
        self.waiting -= 1

    def advance(self, line: Timeline, frame: int) -> None:
        """It is ``frame`` now: every beat of which the chord is known by then is heard."""
        if self.aside != UNKNOWN and frame >= self.trusted:  # the hands have left it to what is heard
            self._wait(self.trusted, self.aside, False)
            self.aside = UNKNOWN
        while self.waiting and self.frames[0] < line.frame(self.next - SETTLED_BEATS):  # later than any before
            began = floor(line.time.beat_at(int(self.frames[0])) + SETTLED_BEATS)
            self._take()
            back = min(self.next - began, LONGEST_LATE_BEATS)
            self.heard[-back:] = self.now
            self.count = max(self.count, back)
        while line.frame(self.next) <= frame:
            begins, ends = (line.frame(beat - SETTLED_BEATS) for beat in (self.next, self.next + 1))
            told = self.waiting and self.frames[self.waiting - 1] >= begins
            if not (told or self.holding) and line.frame(self.next + SETTLED_BEATS) + self.late > frame:
                return
            while self.waiting and self.frames[0] < ends:
                self._take()
            if self.now != UNKNOWN:
                self._heard_now()
            self.next += 1

    def _heard_now(self) -> None:
        """What sounds was heard for another beat."""
        self.heard[:-1] = self.heard[1:].copy()
        self.heard[-1] = self.now
        self.count = min(self.count + 1, REMEMBERED)

    def ahead(self, metre: Metre, track: Mapping[int, int]) -> Forecast:
        """What comes, from the beat `next` on."""
        asked = (self.next, self.count, self.now, self.in_key, metre, tuple(track.items()))
        if self._ahead is None or self._ahead[0] != asked:
            known = self.heard[REMEMBERED - self.count :]
            told = foreseen(known, self.next, self.in_key, metre, track, self._foreseer)
            self._ahead = asked, told
        return self._ahead[1]

    def chord_at(self, beat: int, metre: Metre, track: Mapping[int, int]) -> tuple[int, float, int]:
        """The state at ``beat``, how sure, and from which of SOURCES; NONE before anything was heard."""
        if beat < self.next:
            back = self.next - beat
            return (int(self.heard[-back]), 1.0, self._sense) if back <= self.count else (NONE, 0.0, NOTHING)
        if not self.count and not track:
            return NONE, 0.0, NOTHING
        told = self.ahead(metre, track)
        at = min(beat - told.first, len(told.path) - 1)
        state, source = int(told.path[at]), int(told.sources[at])
        if source == HABIT and state == self.now:  # that a chord stays is no more than that it was heard
            source = self._sense
        return state, float(told.sure[at]), source

    @property
    def _sense(self) -> int:
        return PLAYED if self.by_hand else HEARD
