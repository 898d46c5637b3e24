"""Chord predictor: a network that weighs loops in the history against usual chord progressions.

A small one, in two parts. One looks at every lag in the same way: from how alike the beats are to those a lag earlier
it says how much that lag's word counts. The other knows how chords follow one another, counted from the root of the
last: what usually comes after the last four in this key, at this place in the bar. Both speak of all HORIZON beats at
once, so one state serves every lookahead and every length of what is decided; and a song in any key is the same to
them. Trained by ``python -m research.accompaniment.training learn``.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array
from bridge.core.chords import MAJOR, MINOR, NO_CHORD_STATE, PITCH_CLASSES, QUALITIES
from engines.accompaniment.harmony.chord_states import COUNT, THIRDS, UNKNOWN, States
from engines.accompaniment.harmony.repetition import (
    AS_NOW,
    FEATURES,
    HORIZON,
    LAGS,
    RAISED,
    compare_lags,
    read_lags,
)
from engines.onnx import BoundSession, check_shapes, open_session, read_shipped
from engines.weights import WEIGHTS

FILE = "foresight.onnx"
FIX = "if QUALITIES changed, train it again (docs/chords.md); else use the weights that ship (docs/accompaniment.md)"
MAX_BAR_BEATS, MAX_LASTING_BEATS, LONGEST_HISTORY = 4, 16, 128
"""Beats of a bar, of a chord that lasts and of the song so far: what is longer is the same."""
CHORDS_BEFORE = 3
"""Chords before the last that are looked at, within CONTEXT_BEATS beats."""
CONTEXT_BEATS = 64
KINDS = 2 * PITCH_CLASSES + 1
"""Of chords, as far as habit tells them: 2 * root + 1 with a minor third, and none."""
KIND_OF = np.array(
    [
        state % PITCH_CLASSES * 2 + THIRDS[state // PITCH_CLASSES] if state != NO_CHORD_STATE else KINDS - 1
        for state in range(COUNT)
    ]
)
"""Shape (COUNT,)."""
_TRIADS = np.array(
    [QUALITIES.index(MINOR if kind % 2 else MAJOR) * PITCH_CLASSES + kind // 2 for kind in range(KINDS - 1)]
)
CONTEXT = MAX_BAR_BEATS + MAX_LASTING_BEATS + 1 + len(QUALITIES) + (CHORDS_BEFORE + 1) + (CHORDS_BEFORE + 1) * KINDS
PREDICTORS = len(RAISED) * len(LAGS)


def find_reference(history: States, key: int) -> int:
    """The pitch class from which the network counts: the last root, else the key's tonic. ``history``, ``key``: as
    `foreseen` takes them."""
    if len(history) and history[-1] not in (UNKNOWN, NO_CHORD_STATE):
        return int(history[-1]) % PITCH_CLASSES
    return key % PITCH_CLASSES if key >= 0 else 0


def encode_context(history: States, number: int, key: int) -> Float32Array:
    """Where the song is, 0 to 1, shape (CONTEXT,). ``history`` (beats,), not empty; ``number``: of the next beat in its
    bar; ``key``: tonic, 12 more in minor, -1 unknown.

    The beat's place in the bar; how long the last chord has lasted; how long the song is known; the last chord's
    quality; how long it and the ones before lasted; their kinds and the key's, counted from `find_reference`.
    """
    home = find_reference(history, key)
    begins, lengths = _find_last_chords(history[-CONTEXT_BEATS:])
    last = int(history[-1])
    place, lasted, quality = np.zeros(MAX_BAR_BEATS), np.zeros(MAX_LASTING_BEATS), np.zeros(len(QUALITIES))
    place[number % MAX_BAR_BEATS] = 1.0
    lasted[min(lengths[0], MAX_LASTING_BEATS) - 1] = 1.0
    if last not in (UNKNOWN, NO_CHORD_STATE):
        quality[last // PITCH_CLASSES] = 1.0
    lengths_ = np.zeros(CHORDS_BEFORE + 1)
    lengths_[: len(lengths)] = np.minimum(lengths, MAX_LASTING_BEATS) / MAX_LASTING_BEATS
    kinds = np.zeros((CHORDS_BEFORE + 1, KINDS))
    for row in range(1, CHORDS_BEFORE + 1):
        state = begins[row] if row < len(begins) else NO_CHORD_STATE
        kinds[row - 1, _to_kind(home, state)] = 1.0
    kinds[
        CHORDS_BEFORE,
        (key % PITCH_CLASSES - home) % PITCH_CLASSES * 2 + key // PITCH_CLASSES if key >= 0 else KINDS - 1,
    ] = 1.0
    known_share = min(len(history), LONGEST_HISTORY) / LONGEST_HISTORY
    return np.concatenate([place, lasted, [known_share], quality, lengths_, kinds.ravel()], dtype=np.float32)


def _find_last_chords(history: States) -> tuple[list[int], list[int]]:
    """The last CHORDS_BEFORE + 1 chords, the newest first, and how many beats each lasted."""
    edges = [0, *(np.flatnonzero(np.diff(history)) + 1).tolist()][-CHORDS_BEFORE - 1 :]
    ends = [*edges[1:], len(history)]
    return [int(history[edge]) for edge in edges][::-1], [end - edge for edge, end in zip(edges, ends, strict=True)][
        ::-1
    ]


def _to_kind(home: int, state: int) -> int:
    """The kind of ``state``, counted from pitch class ``home``."""
    if state in (UNKNOWN, NO_CHORD_STATE):
        return KINDS - 1
    return (state - home) % PITCH_CLASSES * 2 + int(THIRDS[state // PITCH_CLASSES])


class ChordPredictor:
    """The network, ready to run; `load_shipped` has the one that ships.

    ``model``: an ONNX graph from ``lags`` (RAISED, LAGS, FEATURES), ``context`` (CONTEXT,) and ``there`` (LAGS,
    HORIZON), 1 where a chord stands, to ``words`` (PREDICTORS, HORIZON), the weight of each lag's word, and ``habit``
    (HORIZON, KINDS), chances counted from `find_reference`; all that is said of a beat sums to one.
    """

    def __init__(self, model: bytes, name: str = FILE) -> None:
        self._lags = np.zeros((len(RAISED), len(LAGS), FEATURES), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        self._there = np.zeros((len(LAGS), HORIZON), np.float32)
        self._words = np.zeros((PREDICTORS, HORIZON), np.float32)
        self._habit = np.zeros((HORIZON, KINDS), np.float32)
        session = open_session(model, name)
        inputs = {"lags": self._lags, "context": self._context, "there": self._there}
        outputs = {"words": self._words, "habit": self._habit}
        shapes_in, shapes_out = ({port: array.shape for port, array in ports.items()} for ports in (inputs, outputs))
        check_shapes(session, name, shapes_in, shapes_out, FIX)
        self._bound = BoundSession(session, inputs, outputs)

    def predict(self, history: States, number: int, key: int, bar_beats: int) -> tuple[Float64Array, Float64Array]:
        """Chances of each chord in the next HORIZON beats, by loops and by habit: two of shape (HORIZON, COUNT),
        which sum to one together. Arguments as for `encode_context`; ``bar_beats``: beats of a bar."""
        stands = read_lags(history)
        self._lags[:], self._there[:] = compare_lags(history, bar_beats), stands != UNKNOWN
        self._context[:] = encode_context(history, number, key)
        self._bound.run()
        chords = AS_NOW[:, np.maximum(stands, 0)] + COUNT * np.arange(HORIZON)
        weights = self._words.reshape(chords.shape) * self._there
        counted: Float64Array = np.bincount(chords.ravel(), weights.ravel(), HORIZON * COUNT).astype(np.float64)
        habit = np.zeros((HORIZON, COUNT))
        states = _TRIADS - _TRIADS % PITCH_CLASSES + (_TRIADS + find_reference(history, key)) % PITCH_CLASSES
        last = int(history[-1])
        if last not in (UNKNOWN, NO_CHORD_STATE):  # a chord that stays, or comes again, is the one that was received
            states[THIRDS[last // PITCH_CLASSES]] = last
        habit[:, states], habit[:, NO_CHORD_STATE] = self._habit[:, :-1], self._habit[:, -1]
        return counted.reshape(HORIZON, COUNT), habit


@cache
def load_shipped() -> ChordPredictor:
    """The network that ships. Raises EngineError where it is not there or was changed."""
    return ChordPredictor(read_shipped(WEIGHTS, FILE))
