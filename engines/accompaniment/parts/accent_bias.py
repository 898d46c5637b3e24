"""A part that follows a stem strikes where that strikes: which pattern is near, which strokes come and which go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.score import TWELFTHS
from engines.accompaniment.style import HOLD, LINE, REST, StepLines

KICK = "kick"
"""What of the drums follows; the others keep the time."""
BACKBEAT, HEAVY = ("snare", "stick", "clap"), 7
"""No kick is added to a stroke of these that has this weight or more."""
ADDED: Mapping[str, str] = {"bass": "R"}
"""What a pitched part strikes where a stroke is added; the others strike a block."""
BLOCK = "X"
CERTAIN, STRONG = 0.75, 0.5
"""From so strong an accent on a stroke of its own is added; at this one a stroke's weight stays as it is."""
PULL = 12.0
"""How much weight an accent of 1 gives a stroke more than one of 0."""
HEAVIEST = 9
WIDE = 3
"""Twelfths of a beat over which each stroke that is followed lies: musicians are not exact."""
TICKS = TICKS_PER_BEAT // TWELFTHS


def bias_weight(weight: int, tick: int, accents: tuple[float, ...]) -> int:
    """``weight`` of a stroke at ``tick`` of the bar, moved by what it follows; that on the bar's first beat stays."""
    if not accents or tick == 0:
        return weight
    moved = weight + PULL * (accents[tick // TICKS % len(accents)] - STRONG)
    return min(max(round(moved), 1), HEAVIEST)


def measure_similarity(lines: StepLines, beats: Sequence[int], accents: tuple[float, ...]) -> float:
    """How alike the strokes of a pattern's ``lines`` and ``accents`` are, 0 to 1: their cosine. ``beats``: which of the
    pattern's beats the bar's are."""
    line = lines.get(KICK) or lines.get(LINE, "")
    places = _find_places(line, tuple(beats))
    strong = sum(accents[place] for place in places)
    own = sum(accent * accent for accent in accents) / WIDE
    return min(strong / (len(places) * own) ** 0.5, 1.0) if places and own > 0 else 0.0


@lru_cache(1024)
def _find_places(line: str, beats: tuple[int, ...]) -> tuple[int, ...]:
    """The twelfths of a beat at which ``line`` is struck in a bar of these of its beats."""
    per_beat = len(line) // 4
    return tuple(
        TWELFTHS * number + place * TWELFTHS // per_beat
        for number, beat in enumerate(beats)
        for place in range(per_beat)
        if line[beat * per_beat + place] not in REST + HOLD
    )


def add_accents(name: str, beats: Sequence[StepLines], accents: tuple[float, ...]) -> list[StepLines]:
    """``beats`` of the part ``name`` with a stroke more wherever ``accents`` are certain and nothing is struck."""
    found: list[StepLines] = []
    for number, lines in enumerate(beats):
        key = LINE if LINE in lines else KICK
        per_beat = len(next(iter(lines.values())))
        line = list(lines.get(key, REST * per_beat))
        for place, letter in enumerate(line):
            accent = accents[TWELFTHS * number + place * TWELFTHS // per_beat]
            if letter in REST + HOLD and accent >= CERTAIN and not _is_backbeat(lines, place):
                line[place] = ADDED.get(name, BLOCK) if key == LINE else str(round(HEAVIEST * accent))
        found.append({**lines, key: "".join(line)})
    return found


def _is_backbeat(lines: StepLines, place: int) -> bool:
    struck = [lines[role][place] for role in BACKBEAT if role in lines]
    return any(letter != REST and int(letter) >= HEAVY for letter in struck)
