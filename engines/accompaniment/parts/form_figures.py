"""Figures of the form: the intro's, in which the band is not complete yet, and the ending's, one chord that is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engines.accompaniment.score import Bar
from engines.accompaniment.style import HOLD, PITCHED_LANE, REST, StepLanes

TIMEKEEPERS = frozenset(
    {"closed", "pedal", "open", "ride", "bell", "shaker", "tambourine", "cowbell", "triangle"}
)  # fmt: skip
"""The drums of an intro."""
FINAL_SYMBOLS: Mapping[str, str] = {"bass": "R", "keys": "X", "pad": "X", "guitar": "D"}
CERTAIN, KICK = "9", "kick"


def shape_beats(bar: Bar, name: str, beats: list[StepLanes], opening: str = "") -> list[StepLanes]:
    """``beats`` of the part ``name`` as the form has them; ``opening``: the style's cymbal."""
    if bar.ends:
        return _end(bar.final_beat, name, beats, opening)
    if bar.introduces and name == "bass":
        return [_hold("R" if number == 0 else HOLD, lanes) for number, lanes in enumerate(beats)]
    if bar.introduces and name == "drums":
        return _keep_time(beats, len(beats) // 2 if bar.fill else len(beats))
    return beats


def _end(final: int, name: str, beats: Sequence[StepLanes], opening: str) -> list[StepLanes]:
    """``beats`` to the ``final`` one, in which all is hit once and held."""
    if name in FINAL_SYMBOLS:
        held = [_hold(FINAL_SYMBOLS[name] if number == final else HOLD, beats[number])
                for number in range(final, len(beats))]  # fmt: skip
        return [*beats[:final], *held]
    struck = {role for role, line in beats[0].items() if line[0] != REST}
    roles = {KICK, opening} if opening else struck or {KICK}
    rest = REST * len(next(iter(beats[final].values())))
    hit, silent = dict.fromkeys(sorted(roles), CERTAIN + rest[1:]), dict.fromkeys(sorted(roles), rest)
    return [*beats[:final], hit, *[silent] * (len(beats) - final - 1)]


def _hold(symbol: str, lanes: StepLanes) -> StepLanes:
    """``symbol``, held through the beat of ``lanes``."""
    return {PITCHED_LANE: symbol + HOLD * (len(lanes[PITCHED_LANE]) - 1)}


def _keep_time(beats: Sequence[StepLanes], count: int) -> list[StepLanes]:
    """The first ``count`` of ``beats`` without the drums that are no timekeepers, if the pattern has any of these.

    Their heaviest hits are certain, so that time is kept at any density.
    """
    symbols = [line for lanes in beats[:count] for role, line in lanes.items() if role in TIMEKEEPERS]
    heaviest = max("".join(symbols).replace(REST, ""), default="")
    if not heaviest:
        return list(beats)
    kept = [
        {role: line.replace(heaviest, CERTAIN) if role in TIMEKEEPERS else REST * len(line)
         for role, line in lanes.items()}
        for lanes in beats[:count]
    ]  # fmt: skip
    return [*kept, *beats[count:]]
