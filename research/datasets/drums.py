"""Loose drum stems: every kit, with human and programmed grooves."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from research.datasets.effects import Random
from research.datasets.fluid import DRUM_KITS, Fonts, FontSynthesizer
from research.datasets.grooves import STYLES, play, program, seat, timed
from research.datasets.kits import DrumKit, hydrogen_kits, recorded_kits, synthesised_kit
from research.datasets.production import produce
from research.datasets.sources import Recording, StemStore, split_of
from research.datasets.symbolic import MidiGroove
from research.datasets.truth import SongTruth

log = logging.getLogger(__name__)

HYDROGEN = Path("/usr/share/hydrogen/data/drumkits")
"""Where Debian's hydrogen-drumkits puts its kits; without them there are fewer kits."""
NOTE_OF_ROLE = {
    "kick": 36, "snare": 38, "stick": 37, "clap": 39, "closed": 42, "pedal": 44, "open": 46, "tom_high": 50,
    "tom_mid": 47, "tom_low": 43, "crash": 49, "ride": 51, "perc": 56,
}  # fmt: skip
WEAK_KITS = frozenset({"frankensnare", "gogodze1", "circAfrique v4", "Gimme A Hand 1.0"})
"""Collections of single drums: played now and then as they are, used for mixing with others."""


def draw(seed: int, name: str) -> Random:
    """The randomness of one stem, the same whatever else is rendered."""
    return np.random.default_rng([seed, *name.encode()])


def gather_kits(recordings: list[Recording], without: tuple[str, ...] = ()) -> dict[str, DrumKit]:
    """All drum kits by name."""
    return recorded_kits(recordings) | hydrogen_kits(HYDROGEN, without)


def training_kits(kits: dict[str, DrumKit]) -> dict[str, DrumKit]:
    return {name: kit for name, kit in kits.items() if split_of(name) == "train"}


def drummers(grooves: Iterable[MidiGroove]) -> dict[str, list[MidiGroove]]:
    """What may be played in each split: who is held out plays there and nowhere else."""
    by_split: dict[str, list[MidiGroove]] = {"train": [], "valid": []}
    for groove in grooves:
        by_split[split_of(groove.drummer)].append(groove)
    return by_split


def drum_part(
    kits: dict[str, DrumKit], home: str, grooves: list[MidiGroove], bpm: float | None, seconds: float, random: Random,
    swing: float = 0.5,
) -> tuple[Float32Array, float]:  # fmt: skip
    """A drum stem with kit ``home`` ("machine": a synthesised one), produced; and its tempo.

    ``bpm`` None takes the groove's own. A held-out kit is not mixed with others.
    """
    pool = training_kits(kits) if split_of(home) == "train" else {}
    kit = synthesised_kit(random) if home == "machine" else kits[home]
    electronic = home in ("machine", "sonicpi", "ElectricEmpireKit", "HardElectro1", "VariBreaks", "Audiophob")
    if grooves and random.random() > (0.85 if electronic else 0.2):
        near = [g for g in grooves if bpm is None or 0.75 < bpm / g.bpm < 1.3] or grooves
        groove = near[int(random.integers(len(near)))]
        pace = bpm or groove.bpm * random.uniform(0.92, 1.08)
    else:
        groove = program(str(random.choice(sorted(STYLES))), 32, random)
        pace = bpm or random.uniform(78, 150)
    drummer = seat(pool, kit, random, 0.2 if pool else 0.0)
    wave = play(drummer, timed(groove.swung(swing), pace, seconds), seconds, random)
    return produce(wave, "drums", random, 60 / pace), pace


def render_drums(
    stock: StemStore,
    kits: dict[str, DrumKit],
    grooves: Mapping[str, list[MidiGroove]],
    each: int,
    seed: int,
    seconds: float = 45.0,
) -> None:
    """``each`` stems a kit; of the synthesised ones, each of which is new, four times as many. ``grooves`` by split."""
    homes = [(name, each // 3 if name in WEAK_KITS else each) for name in sorted(kits)] + [("machine", 4 * each)]
    for home, count in homes:
        for i in range(count):
            name = f"groove-{home.replace(' ', '_')}-{i:02d}"
            if stock.has(name, "drums"):
                continue
            wave, pace = drum_part(kits, home, grooves[split_of(home)], None, seconds, draw(seed, name))
            if np.abs(wave).max(initial=0.0) < 1e-3:
                log.warning("%s: silent, left out", name)
                continue
            stock.add(name, "drums", wave, group=home, source=f"grooves on {home}", truth=SongTruth(pace))
        log.info("drums: %s, %.1f min in all", home, stock.minutes().get("drums", 0.0))


def font_drums(
    synthesizer: FontSynthesizer, grooves: list[MidiGroove], bpm: float | None, seconds: float, random: Random,
    swing: float = 0.5,
) -> tuple[Float32Array, float]:  # fmt: skip
    """A drum stem with a General MIDI kit, produced; and its tempo."""
    groove = grooves[int(random.integers(len(grooves)))]
    if random.random() < 0.3:
        groove = program(str(random.choice(sorted(STYLES))), 32, random)
    pace = bpm or (groove.bpm * random.uniform(0.92, 1.08) if groove.name not in STYLES else random.uniform(78, 150))
    hits = timed(groove.swung(swing), pace, seconds)
    notes = [(at, 0.3, NOTE_OF_ROLE[role], min(1.0, force**0.8)) for at, role, force in hits]
    wave = synthesizer.render(notes, int(random.choice(DRUM_KITS)), seconds, drums=True)
    return produce(wave, "drums", random, 60 / pace), pace


def render_font_drums(
    stock: StemStore, fonts: Fonts, grooves: Mapping[str, list[MidiGroove]], each: int, seed: int
) -> None:
    """``each`` stems of 45 s a sound font. ``grooves`` by split."""
    for font in fonts.names:
        for i in range(each):
            name = f"groove-{font}-{i:02d}"
            if not stock.has(name, "drums"):
                wave, pace = font_drums(fonts.get(font), grooves[split_of(font)], None, 45.0, draw(seed, name))
                kit, source = f"{font}-kit", f"grooves on {font}"
                stock.add(name, "drums", wave, group=kit, split=split_of(font), source=source, truth=SongTruth(pace))
