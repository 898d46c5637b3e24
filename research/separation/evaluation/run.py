"""Separators on songs: who takes part, what each was given, what came of it and what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.errors import EngineError
from engines.separation.postprocess import NAMES, wrap_separator
from engines.separation.separator import Separator
from research.separation.evaluation.baselines import GridOracleSeparator, OracleSeparator, QuarterMixSeparator
from research.separation.evaluation.figures import SeparationFigures, compute_figures, group_estimates
from research.separation.evaluation.songs import MultitrackSong

ALL = "all"


@dataclass(frozen=True, slots=True)
class EvaluatedSeparator:
    """``make`` gives the separator for a song: an oracle knows the song, the others are the same for each.

    ``without_steps``: the name of the separator that it is a wrapping of, to which its cost is compared.
    """

    name: str
    make: Callable[[MultitrackSong], Separator]
    oracle: bool = False
    without_steps: str = ""


@dataclass(frozen=True, slots=True)
class SeparationScore:
    """One separator on one song: figures of each stem, and CPU seconds for each second of audio."""

    separator: str
    song: str
    cost: float
    figures: tuple[SeparationFigures, ...]


def list_baselines() -> list[EvaluatedSeparator]:
    """The floor and the ceilings that stand in every table."""
    return [
        make_evaluated(QuarterMixSeparator()),
        EvaluatedSeparator(GridOracleSeparator.name, GridOracleSeparator, oracle=True),
        EvaluatedSeparator(OracleSeparator.name, OracleSeparator, oracle=True),
    ]


def make_evaluated(separator: Separator, without_steps: str = "") -> EvaluatedSeparator:
    """A separator that is the same for each song."""
    return EvaluatedSeparator(separator.name, lambda _song: separator, without_steps=without_steps)


def make_step_separators(separator: Separator, steps: Sequence[str]) -> list[EvaluatedSeparator]:
    """``separator`` in each of ``steps`` ("cascade", "cascade+wiener"; "all": every step alone)."""
    chains = [name for step in steps for name in (NAMES if step == ALL else (step,))]
    return [
        make_evaluated(wrap_separator(separator, chain.split("+")), without_steps=separator.name) for chain in chains
    ]


def evaluate(
    separators: Sequence[EvaluatedSeparator],
    songs: Iterable[MultitrackSong],
    museval_s: float = 0.0,
    clock: Callable[[], float] = time.process_time,
) -> Iterator[SeparationScore]:
    """Every separator on every song, a result at a time. What is not compiled yet is, before the time counts."""
    warm: set[str] = set()
    for song in songs:
        mix = song.mix
        for evaluated in separators:
            separator = evaluated.make(song)
            if separator.rates and song.rate not in separator.rates:
                known = ", ".join(str(rate) for rate in separator.rates)
                raise EngineError(
                    f"{separator.name}: knows {known} Hz, and {song.name} has {song.rate}",
                    f"measure with --rate {separator.rates[0]}",
                )
            if not evaluated.oracle and evaluated.name not in warm:
                separator.separate(np.zeros((2, song.rate // 2), np.float32), song.rate)
                warm.add(evaluated.name)
            began = clock()
            waves = separator.separate(mix, song.rate)
            spent = clock() - began
            estimates = group_estimates(song, separator.stems, waves)
            rows = compute_figures(evaluated.name, song, mix, estimates, museval_s)
            yield SeparationScore(evaluated.name, song.name, spent * song.rate / mix.shape[1], tuple(rows))
