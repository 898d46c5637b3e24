"""Accent bias: moves the weights of a part's steps, and the choice of its pattern, towards a followed stem's onsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.score import TWELFTHS
from engines.accompaniment.style import HOLD, PITCHED_LANE, REST, StepLanes

KICK = "kick"
"""What of the drums follows; the others keep the time."""
BACKBEAT, BACKBEAT_WEIGHT = ("snare", "stick", "clap"), 7
"""No kick is added to a hit of these that has this weight or more."""
ADDED: Mapping[str, str] = {"bass": "R"}
"""The symbol that is added to a pitched part; the others get a block."""
BLOCK = "X"
ADDING_ACCENT, NEUTRAL_ACCENT = 0.75, 0.5
"""The accent from which on a step is added, and the one that leaves a step's weight as it is."""
WEIGHT_PER_ACCENT = 12.0
"""Weight that an accent of 1 adds against one of 0."""
MAX_WEIGHT = 9
ACCENT_WIDTH_TWELFTHS = 3
"""Twelfths of a beat that each followed onset covers: musicians are not exact."""
TICKS = TICKS_PER_BEAT // TWELFTHS


def bias_weight(weight: int, tick: int, accents: tuple[float, ...]) -> int:
    """``weight`` of a step at ``tick`` of the bar, moved by the accent there; the bar's first stays."""
    if not accents or tick == 0:
        return weight
    moved = weight + WEIGHT_PER_ACCENT * (accents[tick // TICKS % len(accents)] - NEUTRAL_ACCENT)
    return min(max(round(moved), 1), MAX_WEIGHT)


def measure_similarity(lanes: StepLanes, beats: Sequence[int], accents: tuple[float, ...]) -> float:
    """Cosine similarity, 0 to 1, of a pattern's ``lanes`` and ``accents``. ``beats``: its beats in the bar."""
    line = lanes.get(KICK) or lanes.get(PITCHED_LANE, "")
    places = _find_places(line, tuple(beats))
    strong = sum(accents[place] for place in places)
    own = sum(accent * accent for accent in accents) / ACCENT_WIDTH_TWELFTHS
    return min(strong / (len(places) * own) ** 0.5, 1.0) if places and own > 0 else 0.0


@lru_cache(1024)
def _find_places(line: str, beats: tuple[int, ...]) -> tuple[int, ...]:
    """The twelfths of a beat at which ``line`` has a note in a bar of these of its beats."""
    per_beat = len(line) // 4
    return tuple(
        TWELFTHS * number + place * TWELFTHS // per_beat
        for number, beat in enumerate(beats)
        for place in range(per_beat)
        if line[beat * per_beat + place] not in REST + HOLD
    )


def add_accents(name: str, beats: Sequence[StepLanes], accents: tuple[float, ...]) -> list[StepLanes]:
    """``beats`` of the part ``name`` with a step added wherever ``accents`` are certain and none is played."""
    found: list[StepLanes] = []
    for number, lanes in enumerate(beats):
        key = PITCHED_LANE if PITCHED_LANE in lanes else KICK
        per_beat = len(next(iter(lanes.values())))
        line = list(lanes.get(key, REST * per_beat))
        for place, symbol in enumerate(line):
            accent = accents[TWELFTHS * number + place * TWELFTHS // per_beat]
            if symbol in REST + HOLD and accent >= ADDING_ACCENT and not _is_backbeat(lanes, place):
                line[place] = ADDED.get(name, BLOCK) if key == PITCHED_LANE else str(round(MAX_WEIGHT * accent))
        found.append({**lanes, key: "".join(line)})
    return found


def _is_backbeat(lanes: StepLanes, place: int) -> bool:
    hits = [lanes[role][place] for role in BACKBEAT if role in lanes]
    return any(symbol != REST and int(symbol) >= BACKBEAT_WEIGHT for symbol in hits)
