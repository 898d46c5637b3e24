"""Complete songs of four stems that belong together: drums, bass, accompaniment and a voice to one tune."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from bridge.core.arrays import Float32Array
from research.datasets.drums import make_random, render_drum_part, render_font_drum_part
from research.datasets.effects import Random
from research.datasets.fluid import BASSES, FONTS, OTHERS, FontProgram, Fonts
from research.datasets.instruments import PitchedInstrument, RecordedInstrument
from research.datasets.kits import DrumKit
from research.datasets.patches import draw_bass_patch, draw_keys_patch
from research.datasets.players import SYNTHS, Songbook, render_bass_part, render_other_part
from research.datasets.sources import RATE, StemStore, get_split
from research.datasets.speech import Choir
from research.datasets.symbolic import MidiGroove, Tune
from research.datasets.truth import SongTruth, make_truth
from research.datasets.voices import render_vocal_part

log = logging.getLogger(__name__)

SONG_S = (60.0, 90.0)
HELD_OUT_EVERY = 10
"""Each tenth song is for validation, of held-out kits, instruments and readers alone."""
LEVEL_DB = {"drums": -19.0, "bass": -21.0, "vocals": -20.0, "other": -20.0}
WITHOUT_VOICE = 0.15
SECTION_BEATS = 32.0
SWING_SHARE, SWING_RANGE = 0.2, (0.56, 0.68)
"""Share of songs that swing, and how much: from a hint to a little more than triplets."""


@dataclass(frozen=True)
class SongBand:
    """Who can play: of one split. Fonts by name."""

    split: str
    kits: Mapping[str, DrumKit]
    basses: Mapping[str, RecordedInstrument]
    others: Mapping[str, RecordedInstrument]
    fonts: list[str]
    readers: list[str]
    grooves: list[MidiGroove]


def make_band(
    split: str,
    kits: Mapping[str, DrumKit],
    basses: Mapping[str, RecordedInstrument],
    others: Mapping[str, RecordedInstrument],
    choir: Choir,
    fonts: Fonts,
    grooves: Mapping[str, list[MidiGroove]],
) -> SongBand:
    """The part of everything that belongs to ``split``."""
    return SongBand(
        split,
        {name: kit for name, kit in kits.items() if get_split(name) == split},
        {name: one for name, one in basses.items() if get_split(name) == split},
        {name: one for name, one in others.items() if get_split(name) == split},
        [font for font in fonts.names if get_split(font) == split],
        choir.list_names(split),
        grooves[split],
    )


def _draw_bass(band: SongBand, fonts: Fonts, random: Random) -> PitchedInstrument:
    kind = random.random()
    if kind < 0.35 and band.split == "train":
        return draw_bass_patch(random)
    if kind < 0.7 and band.basses:
        return band.basses[str(random.choice(sorted(band.basses)))]
    return FontProgram(fonts.get(str(random.choice(band.fonts))), int(random.choice(BASSES)))


def _draw_other(band: SongBand, fonts: Fonts, random: Random) -> PitchedInstrument:
    kind = random.random()
    if kind < 0.3 and band.split == "train":
        return draw_keys_patch(random, str(random.choice(SYNTHS)))
    if kind < 0.6 and band.others:
        return band.others[str(random.choice(sorted(band.others)))]
    return FontProgram(fonts.get(str(random.choice(band.fonts))), int(random.choice(OTHERS)))


def _drop_sections(tune: Tune, share: float, random: Random) -> Tune:
    """``tune`` with about ``share`` of its sections of eight bars left, for a player that does not play throughout."""
    count = int(np.ceil(tune.beats / SECTION_BEATS))
    plays = random.random(count) < share
    if not plays.any():
        plays[int(random.integers(count))] = True
    chords = tuple(c for c in tune.chords if plays[int(c.beat // SECTION_BEATS)])
    return replace(tune, chords=chords or tune.chords)


def _mute_sections(wave: Float32Array, beat_s: float, share: float, random: Random) -> Float32Array:
    """``wave`` silent in some sections, as drums drop out; the cuts fade within 20 ms."""
    out = wave.copy()
    section = int(SECTION_BEATS * beat_s * RATE)
    fade = np.linspace(1, 0, 882, dtype=np.float32)
    for start in range(0, wave.shape[1], section):
        if random.random() > share and start + section < wave.shape[1]:
            out[:, start : start + section] = 0
            tail = wave[:, start : start + 882]
            out[:, start : start + tail.shape[1]] = tail * fade[: tail.shape[1]]
    return out


def compose(
    band: SongBand, fonts: Fonts, choir: Choir, book: Songbook, random: Random
) -> tuple[dict[str, Float32Array], str, SongTruth]:
    """A song's stems (2, frames), levelled as in a mixture so that no sum of them clips; what plays, and what of."""
    seconds = float(random.uniform(*SONG_S))
    tune = book.draw_tune(seconds, random, sung=True)
    if random.random() < SWING_SHARE:
        tune = replace(tune, swing=float(random.uniform(*SWING_RANGE)))
    beat_s = 60 / tune.bpm
    stems: dict[str, Float32Array] = {}
    heads = [*sorted(band.kits), *(["machine"] * 3 if band.split == "train" else []), *band.fonts]
    head = str(random.choice(heads))
    if head in FONTS:
        drums, _ = render_font_drum_part(fonts.get(head), band.grooves, tune.bpm, seconds, random, tune.swing)
    else:
        drums, _ = render_drum_part(dict(band.kits), head, band.grooves, tune.bpm, seconds, random, tune.swing)
    stems["drums"] = _mute_sections(drums, beat_s, 0.85, random)
    bass = _draw_bass(band, fonts, random)
    stems["bass"] = render_bass_part(bass, _drop_sections(tune, 0.85, random), seconds, random)
    players = [_draw_other(band, fonts, random) for _ in range(int(random.integers(2, 5)))]
    parts = [render_other_part(player, _drop_sections(tune, 0.7, random), seconds, random) for player in players]
    stems["other"] = np.sum([_set_level(part, random.normal(-20, 3.5)) for part in parts], axis=0, dtype=np.float32)
    played = [head, bass.name, *(player.name for player in players)]
    if random.random() > WITHOUT_VOICE:
        reader = str(random.choice(band.readers))
        singer = choir.get_singer(reader)
        if singer is not None:
            stems["vocals"] = render_vocal_part(singer, tune, seconds, random)
            played.append(reader)
    stems = {stem: _set_level(wave, LEVEL_DB[stem] + random.normal(0, 2.5)) for stem, wave in stems.items()}
    peak = max(
        float(np.abs(np.sum(list(stems.values()), axis=0)).max()), *(float(np.abs(w).max()) for w in stems.values())
    )
    gain = np.float32(0.95 / peak) if peak > 0.95 else np.float32(1.0)
    source = f"{' '.join(played)} to POP909-CL {tune.name}"
    return {stem: wave * gain for stem, wave in stems.items()}, source, make_truth(tune)


def _set_level(wave: Float32Array, rms_db: float) -> Float32Array:
    """``wave`` with the RMS of its sounding parts at ``rms_db``."""
    loud = np.abs(wave).max(0) > 1e-3
    rms = float(np.sqrt((wave[:, loud] ** 2).mean())) if loud.any() else 1.0
    return wave * np.float32(10 ** (rms_db / 20) / max(rms, 1e-4))


def render_songs(
    stock: StemStore,
    bands: Callable[[str], SongBand],
    fonts: Fonts,
    choir: Choir,
    book: Songbook,
    count: int,
    seed: int,
    held_out_every: int = HELD_OUT_EVERY,
) -> None:
    """``count`` songs; ``bands`` gives the band of a split."""
    for i in range(count):
        song = f"song-{i:03d}"
        if stock.has(song, "other"):
            continue
        split = "valid" if i % held_out_every == held_out_every - 1 else "train"
        stems, played, truth = compose(bands(split), fonts, choir, book, make_random(seed, song))
        for stem in sorted(stems):  # "other" is in every song and, but for a voice, the last to be written
            group = f"songs-{i % 8}"
            stock.add(song, stem, stems[stem], group=group, split=split, song=song, source=played, truth=truth)
        log.info("%s: %s, %.0f s (%s)", song, ", ".join(sorted(stems)), stems["drums"].shape[1] / RATE, played)
