"""Loose drum stems: every kit, with human and programmed grooves."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from research.datasets.effects import Random
from research.datasets.fluid import DRUM_KITS, Fonts, FontSynthesizer
from research.datasets.grooves import STYLES, assemble_kit, play, program_groove, to_seconds
from research.datasets.kits import DrumKit, load_hydrogen_kits, load_recorded_kits, synthesise_kit
from research.datasets.production import produce
from research.datasets.sources import Recording, StemStore, get_split
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


def make_random(seed: int, name: str) -> Random:
    """The randomness of one stem, the same whatever else is rendered."""
    return np.random.default_rng([seed, *name.encode()])


def gather_kits(recordings: list[Recording], without: tuple[str, ...] = ()) -> dict[str, DrumKit]:
    """All drum kits by name."""
    return load_recorded_kits(recordings) | load_hydrogen_kits(HYDROGEN, without)


def select_training_kits(kits: dict[str, DrumKit]) -> dict[str, DrumKit]:
    return {name: kit for name, kit in kits.items() if get_split(name) == "train"}


def split_grooves(grooves: Iterable[MidiGroove]) -> dict[str, list[MidiGroove]]:
    """What may be played in each split: who is held out plays there and nowhere else."""
    by_split: dict[str, list[MidiGroove]] = {"train": [], "valid": []}
    for groove in grooves:
        by_split[get_split(groove.drummer)].append(groove)
    return by_split


def render_drum_part(
    kits: dict[str, DrumKit], home: str, grooves: list[MidiGroove], bpm: float | None, seconds: float, random: Random,
    swing: float = 0.5,
) -> tuple[Float32Array, float]:  # fmt: skip
    """A drum stem with kit ``home`` ("machine": a synthesised one), produced; and its tempo.

    ``bpm`` None takes the groove's own. A held-out kit is not mixed with others.
    """
    pool = select_training_kits(kits) if get_split(home) == "train" else {}
    kit = synthesise_kit(random) if home == "machine" else kits[home]
    electronic = home in ("machine", "sonicpi", "ElectricEmpireKit", "HardElectro1", "VariBreaks", "Audiophob")
    if grooves and random.random() > (0.85 if electronic else 0.2):
        near = [g for g in grooves if bpm is None or 0.75 < bpm / g.bpm < 1.3] or grooves
        groove = near[int(random.integers(len(near)))]
        pace = bpm or groove.bpm * random.uniform(0.92, 1.08)
    else:
        groove = program_groove(str(random.choice(sorted(STYLES))), 32, random)
        pace = bpm or random.uniform(78, 150)
    drummer = assemble_kit(pool, kit, random, 0.2 if pool else 0.0)
    wave = play(drummer, to_seconds(groove.apply_swing(swing), pace, seconds), seconds, random)
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
            wave, pace = render_drum_part(kits, home, grooves[get_split(home)], None, seconds, make_random(seed, name))
            if np.abs(wave).max(initial=0.0) < 1e-3:
                log.warning("%s: silent, left out", name)
                continue
            stock.add(name, "drums", wave, group=home, source=f"grooves on {home}", truth=SongTruth(pace))
        log.info("drums: %s, %.1f min in all", home, stock.count_minutes().get("drums", 0.0))


def render_font_drum_part(
    synthesizer: FontSynthesizer, grooves: list[MidiGroove], bpm: float | None, seconds: float, random: Random,
    swing: float = 0.5,
) -> tuple[Float32Array, float]:  # fmt: skip
    """A drum stem with a General MIDI kit, produced; and its tempo."""
    groove = grooves[int(random.integers(len(grooves)))]
    if random.random() < 0.3:
        groove = program_groove(str(random.choice(sorted(STYLES))), 32, random)
    pace = bpm or (groove.bpm * random.uniform(0.92, 1.08) if groove.name not in STYLES else random.uniform(78, 150))
    hits = to_seconds(groove.apply_swing(swing), pace, seconds)
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
                wave, pace = render_font_drum_part(
                    fonts.get(font), grooves[get_split(font)], None, 45.0, make_random(seed, name)
                )
                kit, source = f"{font}-kit", f"grooves on {font}"
                stock.add(name, "drums", wave, group=kit, split=get_split(font), source=source, truth=SongTruth(pace))
