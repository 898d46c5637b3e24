"""The band plays to a source: what was wished for, checked, arranged and performed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from mido import tempo2bpm

from bridge.errors import ConfigError
from engines.accompaniment.arranger import Part, perform
from engines.accompaniment.groove_matching import match, nearest_style
from engines.accompaniment.offline.midi import band_file
from engines.accompaniment.offline.piece import Piece
from engines.accompaniment.offline.wish import asked_for, checked_tempo, dials_of, names_of
from engines.accompaniment.parts import PARTS
from engines.accompaniment.parts.drums import NAME as DRUMS
from engines.accompaniment.score import Bar
from engines.accompaniment.style import PART_NAMES, Style, find, load, load_named, shipped_names
from engines.backing.backing_source import Source
from engines.backing.drum_extraction import drumming_of
from engines.offline.song_batch import ProgressCallback

USUAL_STYLE = "pop"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks for, as it was typed. ``style`` empty: the usual one, or for new drums the nearest."""

    style: str = ""
    parts: str = ",".join(PART_NAMES)
    dials: Mapping[str, float | None] = field(default_factory=dict)
    seed: int = 0
    bars: int | None = None
    tempo: float | None = None
    count_in: bool = False

    def loaded(self) -> Style:
        """The style, once all that needs no source to be checked is checked."""
        style = load(find(self.style or USUAL_STYLE))
        dials_of(style, self.dials, self.seed)
        names_of(self.parts, style)
        if self.tempo is not None:
            checked_tempo(self.tempo)
        return style

    def for_a_song(self) -> None:
        """A recording's tempo and length are as they are; a ConfigError where others are asked for."""
        for name, asked in (("--tempo", self.tempo), ("--bars", self.bars), ("--count-in", self.count_in or None)):
            if asked is not None:
                raise ConfigError(f"{name}: the band plays to a song as it is", f"leave {name} out")

    @property
    def harmony(self) -> bool:
        """Whether somebody plays who needs chords."""
        return asked_for(self.parts) != [DRUMS]


@dataclass(frozen=True, slots=True)
class Played:
    """``bars``, and what each of ``parts`` plays in them, in ``style``, to ``source``."""

    source: Source
    piece: Piece
    style: Style
    bars: tuple[Bar, ...]
    parts: tuple[Part, ...]

    def midi(self) -> bytes:
        piece = self.piece
        name = f"Sideman: {self.style.name}"
        key = piece.sheet.key
        lead, late = piece.lead_ticks, piece.late_ticks
        return band_file(self.bars, self.parts, self.style, piece.tempi, key, name, lead, late)

    @property
    def bpm(self) -> float:
        """The middle one of its tempi, quarter notes a minute."""
        tempi = sorted(tempo for _, tempo in self.piece.tempi)
        return float(tempo2bpm(tempi[len(tempi) // 2]))

    @property
    def sections(self) -> list[tuple[str, int]]:
        """Names, and how many bars each lasts."""
        return [(name, len(list(group))) for name, group in groupby(bar.section for bar in self.bars)]


def play(source: Source, wish: Wish) -> Played:
    """The band's parts to ``source``."""
    style = wish.loaded()
    piece = _asked(source, wish)
    bars = piece.bars(wish.bars)
    dials = dials_of(style, wish.dials, wish.seed)
    parts = [perform(bars, name, PARTS[name], style, dials) for name in names_of(wish.parts, style)]
    return Played(source, piece, style, bars, tuple(piece.silenced(part, bars) for part in parts))


def redrum(source: Source, drums: Path, wish: Wish, told: ProgressCallback) -> Played:
    """New drums to the song ``source``, whose own are in the file ``drums``; its style is the nearest that ships where
    none is wished for."""
    if source.course is None:
        raise ConfigError(f"{source.name}: no song", "give a recording")
    drumming = drumming_of(drums, source.course, told)
    styles = [load(find(wish.style))] if wish.style else [load_named(name) for name in shipped_names()]
    style = nearest_style(drumming.grooves, styles)
    dials = dials_of(replace(style, swing=drumming.swing), wish.dials, wish.seed)
    bars = source.piece.bars()
    part = match(bars, drumming.grooves, style, dials)
    return Played(source, source.piece, style, bars, (part,))


def _asked(source: Source, wish: Wish) -> Piece:
    """The piece in the tempo and with the count-in that were asked for."""
    piece = source.piece
    if wish.tempo is not None:
        piece = piece.at(wish.tempo)
    return piece.with_count_in() if wish.count_in else piece
