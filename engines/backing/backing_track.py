"""Backing track: the band's parts, or new drums, for a source, by what the user requested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from mido import tempo2bpm

from bridge.errors import ConfigError
from engines.accompaniment.arranger import PartTrack, add_ending, perform
from engines.accompaniment.groove_matching import find_nearest_style, match_grooves
from engines.accompaniment.offline.midi import format_band_file
from engines.accompaniment.offline.performance_options import check_tempo, make_controls, parse_parts, select_parts
from engines.accompaniment.offline.timed_sheet import TimedSheet
from engines.accompaniment.parts import PARTS
from engines.accompaniment.parts.drums import NAME as DRUMS
from engines.accompaniment.score import Bar
from engines.accompaniment.style import PART_NAMES, Style, load_style
from engines.accompaniment.style_lookup import SHIPPED_STYLES, USUAL_STYLE, find_style, load_named
from engines.backing.backing_source import BackingSource
from engines.backing.drum_extraction import transcribe_drums
from engines.offline.song_batch import ProgressCallback


@dataclass(frozen=True, slots=True)
class BackingRequest:
    """The user's options, as typed. ``style`` empty: the usual one, or for new drums the nearest. ``loop``: without an
    ending, so that the last bar leads to the first."""

    style: str = ""
    parts: str = ",".join(PART_NAMES)
    controls: Mapping[str, float | None] = field(default_factory=dict)
    seed: int = 0
    bars: int | None = None
    tempo: float | None = None
    count_in: bool = False
    loop: bool = False

    def load_style(self) -> Style:
        """Load the style, after checking all that can be checked without a source."""
        style = load_style(find_style(self.style or USUAL_STYLE))
        make_controls(style, self.controls, self.seed)
        select_parts(self.parts, style)
        if self.tempo is not None:
            check_tempo(self.tempo)
        return style

    def check_for_song(self) -> None:
        """Raise a ConfigError where a tempo, a length or a count-in is requested: a recording keeps its own."""
        for name, asked in (("--tempo", self.tempo), ("--bars", self.bars), ("--count-in", self.count_in or None)):
            if asked is not None:
                raise ConfigError(f"{name}: the band plays to a song as it is", f"leave {name} out")

    @property
    def needs_chords(self) -> bool:
        """Whether any part needs chords."""
        return parse_parts(self.parts) != [DRUMS]


@dataclass(frozen=True, slots=True)
class BackingTrack:
    """``bars``, and what each of ``parts`` plays in them, in ``style``, to ``source``."""

    source: BackingSource
    piece: TimedSheet
    style: Style
    bars: tuple[Bar, ...]
    parts: tuple[PartTrack, ...]

    def to_midi(self) -> bytes:
        piece = self.piece
        name = f"Sideman: {self.style.name}"
        key = piece.sheet.key
        lead, late = piece.lead_ticks, piece.late_ticks
        return format_band_file(self.bars, self.parts, self.style, piece.tempi, key, name, lead, late)

    @property
    def bpm(self) -> float:
        """The middle one of its tempi, quarter notes a minute."""
        tempi = sorted(tempo for _, tempo in self.piece.tempi)
        return float(tempo2bpm(tempi[len(tempi) // 2]))

    @property
    def sections(self) -> list[tuple[str, int]]:
        """Names, and how many bars each lasts."""
        return [(name, len(list(group))) for name, group in groupby(bar.section for bar in self.bars)]


def arrange_backing(source: BackingSource, request: BackingRequest) -> BackingTrack:
    """Arrange the band's parts to ``source``."""
    style = request.load_style()
    piece = _apply_request(source, request)
    bars = piece.list_bars(request.bars)
    if not request.loop:
        bars = add_ending(bars, piece.rests)
    controls = make_controls(style, request.controls, request.seed)
    parts = [perform(bars, name, PARTS[name], style, controls) for name in select_parts(request.parts, style)]
    return BackingTrack(source, piece, style, bars, tuple(piece.silence_rests(part, bars) for part in parts))


def replace_drums(
    source: BackingSource, drums: Path, request: BackingRequest, progress: ProgressCallback
) -> BackingTrack:
    """Write new drums to the song ``source``, whose own are in the file ``drums``.

    Where no style is requested the nearest one that ships is taken.
    """
    if source.timeline is None:
        raise ConfigError(f"{source.name}: no song", "give a recording")
    transcription = transcribe_drums(drums, source.timeline, progress)
    styles = [load_style(find_style(request.style))] if request.style else [load_named(name) for name in SHIPPED_STYLES]
    style = find_nearest_style(transcription.grooves, styles)
    controls = make_controls(replace(style, swing=transcription.swing), request.controls, request.seed)
    bars = source.piece.list_bars()
    part = match_grooves(bars, transcription.grooves, style, controls)
    return BackingTrack(source, source.piece, style, bars, (part,))


def _apply_request(source: BackingSource, request: BackingRequest) -> TimedSheet:
    """The piece in the requested tempo and with the requested count-in."""
    piece = source.piece
    if request.tempo is not None:
        piece = piece.change_tempo(request.tempo)
    return piece.add_count_in() if request.count_in else piece
