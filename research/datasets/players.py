"""Bass and accompaniment stems: an instrument plays a line to a tune's chords and is produced."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from research.datasets.drums import make_random
from research.datasets.effects import Random
from research.datasets.fluid import BASSES, OTHERS, FontProgram, Fonts
from research.datasets.instruments import PitchedInstrument, RecordedInstrument
from research.datasets.lines import ACCOMPANIMENTS, BASS_STYLES, make_accompaniment, make_bass_line
from research.datasets.patches import KEYS, draw_bass_patch, draw_keys_patch
from research.datasets.prepare import shorten_pauses
from research.datasets.production import produce, reamp
from research.datasets.sources import RATE, Recording, StemStore, decode, get_split, set_peak
from research.datasets.symbolic import Tune, list_tune_names, read_tune
from research.datasets.truth import make_truth

log = logging.getLogger(__name__)

SYNTHS = tuple(KEYS)
STRUMMED = ("spanish-guitar", "allan764-guitar", "chordcrack-guitar", "shinyguitar-ac")
ELECTRIC = ("emilyguitar", "shinyguitar-el")
STEM_S = 45.0


@dataclass
class Songbook:
    """Tunes, read when they are wanted."""

    symbolic: Path
    names: list[str]

    @staticmethod
    def open(symbolic: Path, without: Collection[str] = ()) -> Songbook:
        return Songbook(symbolic, [name for name in list_tune_names(symbolic) if name not in without])

    def draw_tune(self, seconds: float, random: Random, *, sung: bool = False) -> Tune:
        """A piece of at least ``seconds`` of some tune, from a bar's start, transposed, at 0.85 to 1.2 of its tempo.

        ``sung``: one with melody in at least half of it.
        """
        while True:
            tune = read_tune(self.symbolic, str(random.choice(self.names)))
            if tune is None or tune.bar != 4.0 or not tune.barred or not 50 < tune.bpm < 200:
                continue
            bpm = float(np.clip(tune.bpm * random.uniform(0.85, 1.2), 64, 168))
            need = seconds * bpm / 60
            if tune.beats < need + 4:
                continue
            first = 4 * int(random.integers(int((tune.beats - need) / 4)))
            piece = tune.cut(first, first + np.ceil(need)).transpose(int(random.integers(-5, 7)))
            piece = replace(piece, bpm=bpm)
            if sung and sum(note.beats for note in piece.melody) < 0.3 * need:
                continue
            return piece


def render_bass_part(instrument: PitchedInstrument, tune: Tune, seconds: float, random: Random) -> Float32Array:
    """A bass line of some style, produced."""
    notes = tune.apply_swing(make_bass_line(tune, str(random.choice(BASS_STYLES)), random))
    wave = instrument.perform(notes, 60 / tune.bpm, seconds, random)
    if not instrument.name.startswith(("synth", "lately")) and random.random() < 0.4:
        wave = 0.5 * set_peak(wave) + 0.5 * reamp(wave, random) if random.random() < 0.5 else reamp(wave, random)
    return produce(wave, "bass", random, 60 / tune.bpm)


def render_other_part(
    instrument: PitchedInstrument, tune: Tune, seconds: float, random: Random, style: str = ""
) -> Float32Array:
    """An accompaniment of ``style`` (empty: one that suits the instrument), produced."""
    name = instrument.name
    if not style:
        style = str(random.choice(ACCOMPANIMENTS))
        if name.startswith(STRUMMED) and random.random() < 0.6:
            style = "strum"
        if name.startswith(("weresax", "war-tuba", "bigcat", "synth-lead")):
            style = str(random.choice(["riff", "melody", "arpeggio"]))
        if name.startswith("synth-pad"):
            style = str(random.choice(["pad", "pad", "block"]))
    low = 40 if style == "strum" else int(random.choice([43, 48, 52, 55, 60]))
    notes = tune.apply_swing(make_accompaniment(tune, style, low, random))
    wave = instrument.perform(notes, 60 / tune.bpm, seconds, random)
    if name.startswith(ELECTRIC) and random.random() < 0.75:
        wave = reamp(wave, random)
    return produce(wave, "other", random, 60 / tune.bpm)


def render_basses(
    stock: StemStore, recorded: Mapping[str, RecordedInstrument], fonts: Fonts, book: Songbook, each: int, seed: int
) -> None:
    """``each`` stems a recorded bass, ten times as many synthesised ones and half as many a font's program."""
    for name, instrument in recorded.items():
        for i in range(each if not name.startswith("sonicpi") else max(1, each // 3)):
            _add(stock, "bass", f"line-{name}-{i:02d}", name, get_split(name), instrument, book, seed)
        log.info("bass: %s, %.1f min in all", name, stock.count_minutes().get("bass", 0.0))
    for i in range(10 * each):
        patch = draw_bass_patch(make_random(seed, f"bass patch {i}"))
        _add(stock, "bass", f"line-synth-{i:03d}", patch.name, "train", patch, book, seed)
    for font in fonts.names:
        for number in BASSES:
            for i in range(max(1, each // 2)):
                program = FontProgram(fonts.get(font), number)
                _add(stock, "bass", f"line-{program.name}-{i}", f"{font}-bass", get_split(font), program, book, seed)
    log.info("bass: %.1f min in all", stock.count_minutes().get("bass", 0.0))


def render_others(
    stock: StemStore, recorded: Mapping[str, RecordedInstrument], fonts: Fonts, book: Songbook, each: int, seed: int
) -> None:
    """``each`` stems a recorded instrument, twice as many a kind of synthesiser, and one a program and font a six."""
    for name, instrument in recorded.items():
        for i in range(each):
            _add(stock, "other", f"part-{name}-{i:02d}", name, get_split(name), instrument, book, seed)
        log.info("other: %s, %.1f min in all", name, stock.count_minutes().get("other", 0.0))
    for kind in SYNTHS:
        for i in range(2 * each):
            patch = draw_keys_patch(make_random(seed, f"{kind} patch {i}"), kind)
            _add(stock, "other", f"part-synth-{kind}-{i:02d}", f"synth-{kind}", "train", patch, book, seed)
    log.info("other: synthesisers, %.1f min in all", stock.count_minutes().get("other", 0.0))
    for font in fonts.names:
        for number in OTHERS:
            for i in range(max(1, each // 6)):
                program = FontProgram(fonts.get(font), number)
                group = f"{font}-{number // 8:02d}"
                _add(stock, "other", f"part-{program.name}-{i}", group, get_split(font), program, book, seed)
        log.info("other: %s, %.1f min in all", font, stock.count_minutes().get("other", 0.0))


def _add(
    stock: StemStore,
    stem: str,
    name: str,
    group: str,
    split: str,
    instrument: PitchedInstrument,
    book: Songbook,
    seed: int,
) -> None:
    if stock.has(name, stem):
        return
    random = make_random(seed, name)
    tune = book.draw_tune(STEM_S, random)
    wave = (render_bass_part if stem == "bass" else render_other_part)(instrument, tune, STEM_S, random)
    if float(np.sqrt((wave**2).mean())) < 1e-3:
        log.warning("%s: all but silent, left out", name)
        return
    source = f"{instrument.name} to POP909-CL {tune.name}"
    stock.add(name, stem, wave, group=group, split=split, source=source, truth=make_truth(tune))


def render_direct(stock: StemStore, recordings: list[Recording], each: int, seed: int) -> None:
    """Guitars and basses recorded without an amplifier, through ``each`` different ones."""
    for recording in recordings:
        if recording.group != "nam-di":
            continue
        dry = shorten_pauses(decode(recording.path))
        for i in range(each):
            name = f"nam-di-{recording.piece.replace(' ', '_')}-{i}"
            if stock.has(name, recording.stem):
                continue
            random = make_random(seed, name)
            wave = reamp(dry, random) if i else dry
            wave = produce(wave, recording.stem, random)
            stock.add(name, recording.stem, wave, group="nam-di", source=recording.source)
        log.info("%s: %.1f min", recording.path.name, dry.shape[1] / RATE / 60)
