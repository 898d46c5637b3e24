"""Everything that is rendered, in one call: loose drums, basses, accompaniments and voices, then whole songs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from research.datasets.drums import gather_kits, render_drums, render_font_drums, split_grooves
from research.datasets.fluid import Fonts
from research.datasets.instruments import load_recorded_instruments
from research.datasets.library import list_tunes
from research.datasets.players import Songbook, render_basses, render_direct, render_others
from research.datasets.songs import SongBand, make_band, render_songs
from research.datasets.sources import StemStore, read_manifest
from research.datasets.speech import Choir
from research.datasets.symbolic import read_grooves
from research.datasets.voices import render_vocals


def render(
    symbolic: Path,
    audio: Path,
    out: Path,
    songs: int = 80,
    seed: int = 1,
    loose: int = 6,
    voices: int = 60,
    without: Sequence[str] = (),
    apart: Sequence[Path] = (),
) -> dict[str, float]:
    """Stems into ``out``, those that are not there yet; returns the minutes by stem.

    ``symbolic``: the unpacked symbolic collection. ``audio``: the recordings whose notes, kits and speech are used.
    ``loose``: stems of 45 s for each instrument and kit; ``voices``: stems of 45 s of sung speech.
    ``without``: beginnings of the names of groups to leave out. ``apart``: folders of
    held-out songs, none of whose tunes is played. The same ``seed`` gives the same stems.
    Raises ConfigError where a collection, FluidSynth or a sound font is missing.
    """
    stock, fonts = StemStore.open(out), Fonts(tuple(without))
    book = Songbook.open(symbolic, {tune for folder in apart for tune in list_tunes(folder)})
    recordings = read_manifest(audio, without)
    grooves = split_grooves(read_grooves(symbolic))
    kits = gather_kits(recordings, tuple(without))
    basses, others = load_recorded_instruments(recordings, "bass"), load_recorded_instruments(recordings, "other")
    choir = Choir.open(recordings)
    render_drums(stock, kits, grooves, loose, seed)
    render_font_drums(stock, fonts, grooves, 2 * loose, seed)
    render_basses(stock, basses, fonts, book, loose, seed)
    render_direct(stock, recordings, 5, seed)
    render_others(stock, others, fonts, book, loose, seed)
    bands: dict[str, SongBand] = {
        split: make_band(split, kits, basses, others, choir, fonts, grooves) for split in ("train", "valid")
    }
    render_songs(stock, bands.__getitem__, fonts, choir, book, songs, seed)
    render_vocals(stock, choir, book, voices, seed)
    return stock.count_minutes()


def render_held_out(symbolic: Path, audio: Path, out: Path, stems: Path, songs: int, seed: int) -> dict[str, float]:
    """``songs`` songs to test on into ``out``; returns the minutes by stem.

    Their tunes are none of those that ``stems``, the training's folder, was rendered from; font, kits, instruments,
    readers and drummers are the held-out ones.
    Raises ConfigError as `render` does, and where ``stems`` is no folder of stems.
    """
    stock, fonts = StemStore.open(out), Fonts()
    recordings = read_manifest(audio, ())
    kits = gather_kits(recordings)
    basses, others = load_recorded_instruments(recordings, "bass"), load_recorded_instruments(recordings, "other")
    choir = Choir.open(recordings)
    book = Songbook.open(symbolic, list_tunes(stems))
    grooves = split_grooves(read_grooves(symbolic))
    band = make_band("valid", kits, basses, others, choir, fonts, grooves)
    render_songs(stock, {"valid": band}.__getitem__, fonts, choir, book, songs, seed, 1)
    return stock.count_minutes()
