"""Repetition features of the chord history: music repeats, so an earlier beat like this one predicts the next.

Every lag from two beats to sixteen bars is compared: how alike the last beats are to those a lag earlier. A beat ahead
is then what stood a lag before it. A song that goes on in a higher key repeats as well, so the last beats are compared
with earlier ones raised, too. How much each lag's word counts, so many beats ahead, a network says (`recall.py`).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from engines.accompaniment.harmony.chord_states import COUNT, LIKENESS, UNKNOWN, States

HORIZON = 24
"""Beats from the last known one that are foretold at most."""
LAGS = np.arange(2, 65)
"""Beats."""
SPANS = np.array([1, 2, 4, 8, 16, 32])
"""So many of the last beats are compared."""
COMPARED = int(SPANS[-1])
RAISED = (0, 1, 2)
"""Semitones by which a song goes on: 35 of the 40 changes of key, but not of mode, in the first 300 songs of POP909-CL
that the habits were counted on are by one or two."""
_STATES = np.arange(COUNT)
AS_NOW = np.stack(
    [
        np.where(
            _STATES == NO_CHORD_STATE,
            NO_CHORD_STATE,
            _STATES - _STATES % PITCH_CLASSES + (_STATES + up) % PITCH_CLASSES,
        )
        for up in RAISED
    ]
)
"""Shape (RAISED, COUNT): each state so much higher."""
_ALIKE = np.stack([LIKENESS[:, raised] for raised in AS_NOW]).astype(np.float32)
"""Shape (RAISED, COUNT, COUNT): of a chord that sounds now, and one of earlier."""
_HEARD_OF = (8, 32)
"""Of the last so many beats: how many can be compared."""
_TURNS_OF = (16, 32)
"""Of the last so many beats those on which a chord begins are compared by themselves, too."""
_REACH = COMPARED + int(LAGS[-1]) + 1


def compare_lags(history: States, bar_beats: int) -> Float32Array:
    """``history`` (beats,): the chords up to now, the newest last. What there is to say of each lag and each of RAISED,
    0 to 1, shape (RAISED, LAGS, FEATURES).

    The likeness over each of SPANS; how much could be compared; the likeness of the beats on which chords begin; how
    long the two have been the same; whether the newest beat can be compared; then what `_make_lag_features` says.
    """
    reach = np.full(_REACH, UNKNOWN, np.int64)
    kept = min(len(history), _REACH)
    reach[_REACH - kept :] = history[len(history) - kept :]
    at = _REACH - 1 - np.arange(COMPARED)
    now, before = reach[at], reach[at - LAGS[:, None]]
    there = (now != UNKNOWN) & (before != UNKNOWN)
    now, before = np.maximum(now, 0), np.maximum(before, 0)
    alike = _ALIKE[:, now, before] * there
    same = (AS_NOW[:, before] == now) & there
    turns = there & (reach[at] != reach[at - 1])
    counts, likeness = there.cumsum(1), alike.cumsum(2)
    turned, turned_alike = turns.cumsum(1), (alike * turns).cumsum(2)
    found = [likeness[:, :, span - 1] / np.maximum(counts[:, span - 1], 1) for span in SPANS]
    found += [np.broadcast_to(counts[:, span - 1] / span, found[0].shape) for span in _HEARD_OF]
    found += [turned_alike[:, :, span - 1] / np.maximum(turned[:, span - 1], 1) for span in _TURNS_OF]
    found += [np.cumprod(same, 2).sum(2) / COMPARED, np.broadcast_to(there[:, 0], found[0].shape)]
    return np.concatenate([np.stack(found, 2), _make_lag_features(bar_beats)], 2, dtype=np.float32)


@cache
def _make_lag_features(bar_beats: int) -> Float32Array:
    """Shape (RAISED, LAGS, features): whether a lag is whole bars, two, four, eight, or one; its length; how much is
    raised."""
    bar = max(bar_beats, 1)
    whole = [LAGS % (bars * bar) == 0 for bars in (1, 2, 4, 8)]
    lag = np.stack([*whole, np.log2(LAGS) / 6, LAGS <= 4, bar == LAGS], 1)
    raised = np.eye(len(RAISED))[:, None, 1:]
    shape = (len(RAISED), len(LAGS))
    return np.concatenate(
        [np.broadcast_to(lag, (*shape, lag.shape[1])), np.broadcast_to(raised, (*shape, raised.shape[2]))],
        2, dtype=np.float32,
    )  # fmt: skip


FEATURES = len(SPANS) + len(_HEARD_OF) + len(_TURNS_OF) + 2 + _make_lag_features(4).shape[2]
_AHEAD = np.arange(HORIZON)
_BACK = _AHEAD - LAGS[:, None] * (_AHEAD // LAGS[:, None] + 1)
"""From the next beat to what stands for each beat ahead: as many lags back as it takes to be in the history."""


def read_lags(history: States) -> States:
    """What each lag says of the next HORIZON beats, shape (LAGS, HORIZON); UNKNOWN where nothing stands there."""
    if not len(history):
        return np.full(_BACK.shape, UNKNOWN, np.int64)
    at = len(history) + _BACK
    return np.where(at >= 0, history[np.maximum(at, 0)], UNKNOWN)
