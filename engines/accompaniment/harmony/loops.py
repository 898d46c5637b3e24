"""Loop memory: music repeats, so the beat that is like this one says what comes next.

Every lag from two beats to sixteen bars is weighed by how alike the beats before now were to those a lag earlier; a
beat ahead is then what stood a lag before it, of every lag at once. A song that goes on in a higher key repeats as
well: the last beats are compared with earlier ones raised, too, for which more must be alike.
"""

from __future__ import annotations

import numpy as np

from engines.accompaniment.harmony.states import CLASSES, COUNT, LIKENESS, NONE, UNKNOWN, Doubles, States

SHORTEST, LONGEST = 2, 64
"""Beats of a lag."""
COMPARED = 16
"""Beats before now that are compared with those a lag earlier."""
FADES = 0.93
"""What a beat counts of the next one in the comparison."""
SCARCE = 4.0
"""With this many beats compared, likeness counts half."""
SURPRISED = 0.7
"""How much of its score a lag loses that foretold another chord than the one that sounds now: a loop that was left."""
WHOLE_BARS = 0.15
"""What a lag of whole bars is likelier in advance."""
SHARP = 18.0
"""The exponent of the lags' weights."""
RAISED = (1, 2)
"""Semitones by which a song goes on higher: 35 of the 40 changes of key, but not of mode, in the songs that the habits
were counted on."""
RAISED_COMPARED, RAISED_FADES, RAISED_SCARCE = 12, 0.88, 3.0
"""As for plain lags, but shorter: of a new key only the last beats can tell."""
UNLIKELIER = 0.2
"""What a raised lag is less likely in advance. These four were chosen on every third of the songs held out, raised from
their middle bar on, so that nothing is lost on the songs as they are."""
_STATES = np.arange(COUNT)
RAISE = np.stack(
    [np.where(_STATES == NONE, NONE, _STATES - _STATES % CLASSES + (_STATES + up) % CLASSES) for up in RAISED]
)
"""Shape (len(RAISED), COUNT): each state so much higher."""


def lag_scores(heard: States, bar_beats: int) -> Doubles:
    """``heard`` (beats,): the chords up to now, the newest last. For each lag from SHORTEST on, shape (lags,): 0 to
    1.15; empty while there is nothing to compare."""
    return _scores(heard, bar_beats, _STATES, COMPARED, FADES, SCARCE)


def raised_scores(heard: States, bar_beats: int) -> Doubles:
    """As `lag_scores`, for each of RAISED: what now sounds is what sounded a lag earlier, so much higher. Shape
    (len(RAISED), lags)."""
    scores = [
        _scores(heard, bar_beats, raise_, RAISED_COMPARED, RAISED_FADES, RAISED_SCARCE) - UNLIKELIER for raise_ in RAISE
    ]
    return np.stack(scores)


def _scores(heard: States, bar_beats: int, as_now: States, compared: int, fades: float, scarce: float) -> Doubles:
    """``as_now`` (COUNT,): what a chord of earlier would be now."""
    beats = len(heard)
    lags = np.arange(SHORTEST, min(LONGEST, beats - 2) + 1)
    if not len(lags):
        return np.zeros(0)
    known = np.where(heard == UNKNOWN, 0, heard)
    fade = fades ** np.arange(compared)
    at = beats - 1 - np.arange(compared)[None, :]
    before = at - lags[:, None]
    there = (before >= 0) & (heard[np.maximum(at, 0)] != UNKNOWN) & (heard[np.maximum(before, 0)] != UNKNOWN)
    alike = LIKENESS[known[np.maximum(at, 0)], as_now[known[np.maximum(before, 0)]]] * there
    counted = there.sum(1)
    weight = np.maximum((fade * there).sum(1), 1e-9)
    scores = (fade * alike).sum(1) / weight * counted / (counted + scarce)
    scores = scores * (1.0 - SURPRISED * (there[:, 0] - alike[:, 0]))
    return np.asarray(scores + WHOLE_BARS * (lags % max(bar_beats, 1) == 0), np.float64)


def repeated(heard: States, bar_beats: int, horizon: int) -> tuple[Doubles, float]:
    """What the loops say of the next ``horizon`` beats, shape (horizon, COUNT), rows that sum to one or are zero; and
    the best lag's score."""
    told = np.zeros((horizon, COUNT))
    plain = lag_scores(heard, bar_beats)
    if not len(plain):
        return told, 0.0
    scores = np.vstack([plain, raised_scores(heard, bar_beats)])
    weights = np.exp(SHARP * (scores - scores.max()))
    lags = np.arange(SHORTEST, SHORTEST + len(plain))
    beats = len(heard)
    for ahead in range(horizon):
        at = beats + ahead - lags * (ahead // lags + 1)  # as many lags back as it takes to be in what was heard
        chords = np.where(at >= 0, heard[np.maximum(at, 0)], UNKNOWN)
        known = chords != UNKNOWN
        for as_now, weight in zip((_STATES, *RAISE), weights, strict=True):
            np.add.at(told[ahead], as_now[chords[known]], weight[known])
        total = told[ahead].sum()
        if total > 0:
            told[ahead] /= total
    return told, float(scores.max())
