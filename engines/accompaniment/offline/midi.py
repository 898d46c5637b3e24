"""The band as a standard MIDI file of type 1: tempo, metre, sections as markers, chords as texts, a track a part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from mido import Message, MetaMessage

from bridge.core.events import Chord, Key
from bridge.core.midi import PAN, VOLUME
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.arranger import PartTrack
from engines.accompaniment.offline.timed_sheet import Tempi, list_bar_starts
from engines.accompaniment.performer import CHANNELS
from engines.accompaniment.score import Bar
from engines.accompaniment.style import PartStyle, Style
from engines.offline.smf.bars import find_metre_changes, split_into_bars
from engines.offline.smf.writing import SIGNATURES, TimedMessage, to_metre_messages, to_tempo_messages, write_smf


def format_band_file(
    bars: Sequence[Bar], parts: Sequence[PartTrack], style: Style, tempi: Tempi, key: Key | None, name: str,
    lead_ticks: int = 0, late_ticks: int = 0,
) -> bytes:  # fmt: skip
    """The file's bytes. ``name`` is that of the first track; the first bar begins after ``lead_ticks``, and what is
    played in the file's first beat comes ``late_ticks`` later in it (see `Piece`)."""
    starts = list_bar_starts(bars, lead_ticks)
    usual = Counter(bar.ticks for bar in bars).most_common(1)[0][0]
    lengths = [*split_into_bars(lead_ticks, usual), *(bar.ticks for bar in bars)]
    conductor: list[TimedMessage] = [(0, MetaMessage("track_name", name=name))]
    conductor += to_tempo_messages((tick, tempo) for tick, tempo in tempi if tick < max(starts[-1], 1))
    conductor += to_metre_messages(find_metre_changes(lengths))
    if key is not None:
        conductor.append((0, MetaMessage("key_signature", key=SIGNATURES[key.minor][key.tonic])))
    conductor += _make_markers(bars, starts)
    conductor += _make_chord_texts(bars, starts)
    tracks = [conductor]
    for part in parts:
        played = _make_track(part, style.parts[part.name], starts)
        tracks.append([(_delay_first_beat(tick, late_ticks), message) for tick, message in played])
    return write_smf(tracks, starts[-1])


def _delay_first_beat(tick: int, late_ticks: int) -> int:
    """Where ``tick`` is when the first beat begins ``late_ticks`` behind its place and ends where it did."""
    if not 0 <= tick < TICKS_PER_BEAT or not late_ticks:
        return tick
    return late_ticks + round(tick * (TICKS_PER_BEAT - late_ticks) / TICKS_PER_BEAT)


def _make_markers(bars: Sequence[Bar], starts: Sequence[int]) -> Iterator[TimedMessage]:
    """One where each section begins."""
    for number, bar in enumerate(bars):
        if bar.section and (number == 0 or bars[number - 1].section != bar.section):
            yield starts[number], MetaMessage("marker", text=bar.section)


def _make_chord_texts(bars: Sequence[Bar], starts: Sequence[int]) -> Iterator[TimedMessage]:
    """A text where each chord begins."""
    before: Chord | None = None
    for bar, start in zip(bars, starts, strict=False):
        for beat, chord in enumerate(bar.chords):
            if chord != before:
                yield start + beat * TICKS_PER_BEAT, MetaMessage("text", text=chord.label)
            before = chord


def _make_track(part: PartTrack, style: PartStyle, starts: Sequence[int]) -> Iterator[TimedMessage]:
    channel = CHANNELS[part.name]
    yield 0, MetaMessage("track_name", name=part.name)
    yield 0, Message("program_change", channel=channel, program=style.program)
    yield 0, Message("control_change", channel=channel, control=VOLUME, value=style.volume)
    yield 0, Message("control_change", channel=channel, control=PAN, value=style.pan)
    # where notes meet, the one that ends goes first
    notes = [(start, note) for start, bar in zip(starts, part.bars, strict=False) for note in bar]
    ends = [(start + note.end, note.pitch) for start, note in notes]
    yield from ((tick, Message("note_off", channel=channel, note=pitch, velocity=0)) for tick, pitch in sorted(ends))
    for start, note in notes:
        yield start + note.tick, Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
