"""Drum stems: human and programmed grooves played on kits, one-shots mixed across kits too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.jit import njit
from research.datasets.effects import Random, apply_filter, convolve, make_room_response
from research.datasets.kits import INSTEAD, ROLES, DrumKit, DrumShot
from research.datasets.sources import RATE
from research.datasets.symbolic import GrooveHit, MidiGroove

LEVEL_DB = {
    "kick": 0.0, "snare": -2.0, "stick": -8.0, "clap": -5.0, "closed": -14.0, "pedal": -17.0, "open": -12.0,
    "tom_high": -5.0, "tom_mid": -5.0, "tom_low": -4.0, "crash": -9.0, "ride": -14.0, "perc": -10.0,
}  # fmt: skip
PAN = {"closed": 0.3, "open": 0.3, "pedal": 0.3, "ride": -0.4, "tom_high": 0.25, "tom_low": -0.35, "crash": -0.3}
DRY = frozenset({"kick"})

STYLES: Mapping[str, Mapping[str, str]] = {
    "four on the floor": {
        "kick": "9...9...9...9..1",
        "clap": "....9.......9...",
        "closed": "2.4.2.4.2.4.2.4.",
        "open": "..9...9...9...9.",
    },
    "house": {
        "kick": "9...9...9..29...",
        "snare": "....9.......9..2",
        "closed": "9393939393939393",
        "open": "..8...8...8...8.",
        "perc": "..3..3.3..3..3.4",
    },
    "trap": {
        "kick": "9......3..7...2.",
        "snare": "........9.......",
        "closed": "9797999799979997",
        "open": "......2.......3.",
        "perc": "...2......2.....",
    },
    "boom bap": {
        "kick": "9.2....4.59...2.",
        "snare": "....9..2.2..9...",
        "closed": "9.9.9.9.9.9.9.9.",
        "open": "..............3.",
    },
    "breakbeat": {
        "kick": "9.9.......92..2.",
        "snare": "....9..7.7..9..5",
        "closed": "9.9.9.9.9.9.9.9.",
        "ride": "1...1...1...1...",
    },
    "rock": {
        "kick": "9......29.5.....",
        "snare": "....9.......9...",
        "closed": "9.9.9.9.9.9.9.9.",
        "open": "..............3.",
    },
    "ride rock": {
        "kick": "9..2..3.9.7..2..",
        "snare": "....9..1....9..1",
        "ride": "9.9.9.9.9.9.9.9.",
        "pedal": "....5.......5...",
    },
    "half time": {
        "kick": "9.....3...5.....",
        "snare": "........9......1",
        "closed": "9.6.9.6.9.6.9.6.",
    },
    "disco": {
        "kick": "9...9...9...9...",
        "snare": "....9.......9...",
        "closed": "9.2.9.2.9.2.9.2.",
        "open": "..9...9...9...9.",
    },
    "reggaeton": {
        "kick": "9...9...9...9...",
        "snare": "...9..9....9..9.",
        "closed": "9.5.9.5.9.5.9.5.",
        "perc": "..3..2....3..2..",
    },
    "ballad": {
        "kick": "9.......7.3.....",
        "stick": "....9.......9...",
        "closed": "9.4.9.4.9.4.9.4.",
    },
    "drum and bass": {
        "kick": "9.........9.....",
        "snare": "....9..3.3..9...",
        "closed": "9.9.9.9.9.9.9.9.",
        "ride": "3...3...3...3...",
    },
    "sixteenths": {
        "kick": "9..5..3.9..5....",
        "snare": "....9..2.1..9..2",
        "closed": "9898989898989898",
    },
    "toms": {
        "kick": "9...5...9...5...",
        "tom_low": "..8.2.7...8.2.7.",
        "tom_mid": "...3..5....3..5.",
        "crash": "1...............",
    },
}
"""Sixteen steps of a bar: how likely a stroke is, from . (never) to 9 (always)."""


@dataclass(frozen=True)
class KitDrummer:
    """A kit as one recording has it: the drum of each role, its gain, pan and tuning, and the room."""

    drums: Mapping[str, tuple[list[DrumShot], float, float, float]]
    response: Float32Array
    wet: float
    name: str


def assemble_kit(kits: Mapping[str, DrumKit], home: DrumKit, random: Random, mixing: float = 0.25) -> KitDrummer:
    """``home`` with a drum of each role chosen, ``mixing`` of them from other kits, as also the missing ones."""
    drums = {}
    for role in ROLES:
        owner = home
        if role not in home.shots or random.random() < mixing:
            having = [kit for kit in kits.values() if role in kit.shots]
            if having and (mixing > 0 or (role in ("kick", "snare", "closed") and role not in home.shots)):
                owner = having[int(random.integers(len(having)))]
        if role not in owner.shots:
            continue
        articles = sorted(owner.shots[role])
        shots = owner.shots[role][articles[int(random.integers(len(articles)))]]
        gain = 10 ** ((LEVEL_DB[role] + random.normal(0, 2.5)) / 20)
        pan = float(np.clip(PAN.get(role, 0.0) * random.choice([0.0, 1.0, 1.0]) + random.normal(0, 0.06), -1, 1))
        drums[role] = sorted(shots, key=lambda shot: shot.loudness), gain, pan, float(np.exp(random.normal(0, 0.05)))
    response = make_room_response(
        random, float(random.choice([0.15, 0.3, 0.5, 0.9])) * random.uniform(0.8, 1.3), random.uniform(2500, 9000)
    )
    wet = 10 ** (random.uniform(-32, -14) / 20)
    return KitDrummer(drums, response, float(wet), home.name)


@njit(fastmath=True)
def _add_hit(
    out: Float32Array, wave: Float32Array, at: int, left: float, right: float, speed: float, stop: int
) -> None:
    """Add ``wave`` read at ``speed`` from frame ``at`` on; past frame ``stop`` it is damped within 30 ms."""
    frames = wave.shape[1]
    gain = 1.0
    for i in range(int((frames - 2) / speed)):
        t = at + i
        if t >= out.shape[1] or gain < 1e-3:
            break
        if t > stop:
            gain *= 0.996
        where = i * speed
        j = int(where)
        u = where - j
        out[0, t] += left * gain * ((1 - u) * wave[0, j] + u * wave[0, j + 1])
        out[1, t] += right * gain * ((1 - u) * wave[1, j] + u * wave[1, j + 1])


def play(drummer: KitDrummer, hits: list[tuple[float, str, float]], seconds: float, random: Random) -> Float32Array:
    """Strokes (second, role, force) as sound, shape (2, frames): by force a sample and its gain, no two alike."""
    frames = int(seconds * RATE)
    dry, sent = np.zeros((2, frames), np.float32), np.zeros((2, frames), np.float32)
    cymbals = sorted(at for at, role, _ in hits if role in ("closed", "pedal", "open"))
    for at, wanted, force in hits:
        role: str | None = wanted
        for _ in range(3):
            if role is None or role in drummer.drums:
                break
            role = INSTEAD.get(role)
        start = int(at * RATE)
        if role is None or role not in drummer.drums or not 0 <= start < frames:
            continue
        shots, gain, pan, speed = drummer.drums[role]
        pick = int(np.clip(round(force * (len(shots) - 1) + random.normal(0, 1.0)), 0, len(shots) - 1))
        loud = gain * max(force, 0.03) ** 1.3 * float(np.exp(random.normal(0, 0.05)))
        stop = frames
        if role == "open":
            later = [c for c in cymbals if c > at + 0.03]
            stop = int(later[0] * RATE) if later else frames
        angle = (pan + 1) * np.pi / 4
        left, right = loud * np.cos(angle) * 2**0.5, loud * np.sin(angle) * 2**0.5
        pace = speed * float(np.exp(random.normal(0, 0.006)))
        bus = dry if role in DRY else sent
        _add_hit(bus, shots[pick].wave, start, left, right, pace, stop)
    wet = convolve(apply_filter(sent, "high", 120.0) + 0.3 * dry, drummer.response)
    out: Float32Array = dry + sent + np.float32(drummer.wet) * wet
    return out


def to_seconds(groove: MidiGroove, bpm: float, seconds: float, first: float = 0.0) -> list[tuple[float, str, float]]:
    """The strokes of ``groove`` at ``bpm`` from second ``first``, repeated until ``seconds``."""
    beat_s = 60.0 / bpm
    hits: list[tuple[float, str, float]] = []
    start = first
    while start < seconds:
        hits += [(start + hit.beat * beat_s, hit.role, hit.force) for hit in groove.hits]
        start += groove.beats * beat_s
    return [hit for hit in hits if hit[0] < seconds - 0.05]


def program_groove(style: str, bars: int, random: Random) -> MidiGroove:
    """A machine's groove: four bars that repeat with small changes, swing, fills and crashes."""
    swing = float(random.choice([0.0, 0.0, random.uniform(0.0, 0.33)]))
    machine = random.random() < 0.5
    phrase = [_draw_bar(STYLES[style], random) for _ in range(int(random.choice([1, 2, 4])))]
    without = str(random.choice(["closed", "open", "perc", "none"]))
    hits = []
    for bar in range(bars):
        sounds = list(phrase[bar % len(phrase)])
        if random.random() < 0.25:
            sounds = _draw_bar(STYLES[style], random)
        if bar % 8 >= 6 and random.random() < 0.1:
            sounds = [s for s in sounds if s[1] not in ("kick", without)]
        if bar % 4 == 3 and random.random() < 0.5:
            sounds = [s for s in sounds if s[0] < 12] + _draw_fill(random)
        if bar % 8 == 0 and bar and random.random() < 0.6:
            sounds.append((0.0, "crash", 0.9))
        for step, role, force in sounds:
            late = swing * 0.25 * (step % 2 == 1) * (step == int(step))
            loose = 0.0 if machine else random.normal(0, 0.012)
            hits.append(GrooveHit(max(0.0, bar * 4 + step / 4 + late + loose), role, force))
    return MidiGroove(style, 120.0, bars * 4.0, tuple(sorted(hits, key=lambda hit: hit.beat)))


def _draw_bar(style: Mapping[str, str], random: Random) -> list[tuple[float, str, float]]:
    sounds: list[tuple[float, str, float]] = []
    for role, steps in style.items():
        for step, odds in enumerate(steps):
            if odds == "." or random.random() > int(odds) / 9:
                continue
            accent = 0.85 if step % 4 == 0 or (role in ("kick", "snare", "clap") and odds == "9") else 0.6
            sounds.append((float(step), role, float(np.clip(accent + random.normal(0, 0.07), 0.15, 1.0))))
            if role == "closed" and "7" in steps and random.random() < 0.1:  # rolls, as trap has
                parts = int(random.choice([2, 3, 4]))
                sounds += [(step + k / parts, role, 0.5) for k in range(1, parts)]
    return sounds


def _draw_fill(random: Random) -> list[tuple[float, str, float]]:
    roles = [["snare"], ["tom_high", "tom_mid", "tom_low"], ["snare", "tom_mid", "kick"]][int(random.integers(3))]
    steps = np.arange(12, 16, float(random.choice([0.5, 1.0, 1.0])))
    return [
        (float(step), roles[min(int(i * len(roles) / len(steps)), len(roles) - 1)], float(random.uniform(0.5, 1.0)))
        for i, step in enumerate(steps)
        if random.random() < 0.85
    ]
