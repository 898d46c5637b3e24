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
class Contender:
    """``make`` gives the separator for a song: an oracle knows the song, the others are the same for each.

    ``bare``: the name of the separator that it is a wrapping of, to which its cost is compared.
    """

    name: str
    make: Callable[[MultitrackSong], Separator]
    knows: bool = False
    bare: str = ""


@dataclass(frozen=True, slots=True)
class SeparationScore:
    """One contender on one song: figures of each stem, and CPU seconds for each second of audio."""

    contender: str
    song: str
    cost: float
    figures: tuple[SeparationFigures, ...]


def list_baselines() -> list[Contender]:
    """The floor and the ceilings that stand in every table."""
    return [
        make_contender(QuarterMixSeparator()),
        Contender(GridOracleSeparator.name, GridOracleSeparator, knows=True),
        Contender(OracleSeparator.name, OracleSeparator, knows=True),
    ]


def make_contender(separator: Separator, bare: str = "") -> Contender:
    """A separator that is the same for each song."""
    return Contender(separator.name, lambda _song: separator, bare=bare)


def make_step_contenders(separator: Separator, steps: Sequence[str]) -> list[Contender]:
    """``separator`` in each of ``steps`` ("cascade", "cascade+wiener"; "all": every step alone)."""
    chains = [name for step in steps for name in (NAMES if step == ALL else (step,))]
    return [make_contender(wrap_separator(separator, chain.split("+")), bare=separator.name) for chain in chains]


def evaluate(
    contenders: Sequence[Contender],
    songs: Iterable[MultitrackSong],
    museval_s: float = 0.0,
    clock: Callable[[], float] = time.process_time,
) -> Iterator[SeparationScore]:
    """Every contender on every song, a result at a time. What is not compiled yet is, before the time counts."""
    warm: set[str] = set()
    for song in songs:
        mix = song.mix
        for contender in contenders:
            separator = contender.make(song)
            if separator.rates and song.rate not in separator.rates:
                known = ", ".join(str(rate) for rate in separator.rates)
                raise EngineError(
                    f"{separator.name}: knows {known} Hz, and {song.name} has {song.rate}",
                    f"measure with --rate {separator.rates[0]}",
                )
            if not contender.knows and contender.name not in warm:
                separator.separate(np.zeros((2, song.rate // 2), np.float32), song.rate)
                warm.add(contender.name)
            began = clock()
            waves = separator.separate(mix, song.rate)
            spent = clock() - began
            estimates = group_estimates(song, separator.stems, waves)
            rows = compute_figures(contender.name, song, mix, estimates, museval_s)
            yield SeparationScore(contender.name, song.name, spent * song.rate / mix.shape[1], tuple(rows))
