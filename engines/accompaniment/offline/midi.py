"""The band as a standard MIDI file of type 1: tempo, metre, sections as markers, chords as texts, a track a part."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from mido import Message, MetaMessage, MidiFile, MidiTrack

from bridge.core.events import Chord, Key
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.arranger import Part
from engines.accompaniment.offline.piece import Tempi, starts_of
from engines.accompaniment.score import Bar
from engines.accompaniment.style import PartStyle, Style

CHANNELS = {"bass": 0, "keys": 1, "pad": 2, "guitar": 3, "drums": 9}
"""From 0, as in the messages; drums are on channel 10 as General MIDI has them."""
VOLUME = 7
"""The controller."""
SIXTY_FOURTH = TICKS_PER_BEAT // 16
SIGNATURES = (
    ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"),
    ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm"),
)
"""Key signatures that exist, major and minor, by tonic."""

Timed = tuple[int, Message | MetaMessage]


def band_file(
    bars: Sequence[Bar], parts: Sequence[Part], style: Style, tempi: Tempi, key: Key | None, name: str,
    lead_ticks: int = 0,
) -> bytes:  # fmt: skip
    """The file's bytes. ``name`` is that of the first track; the first bar begins after ``lead_ticks``."""
    starts = starts_of(bars, lead_ticks)
    conductor: list[Timed] = [(0, MetaMessage("track_name", name=name))]
    conductor += [(tick, MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in tempi if tick < max(starts[-1], 1)]
    conductor += _metres(bars, starts)
    if key is not None:
        conductor.append((0, MetaMessage("key_signature", key=SIGNATURES[key.minor][key.tonic])))
    conductor += _markers(bars, starts)
    conductor += _chords(bars, starts)
    file = MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(_track(conductor, starts[-1]))
    for part in parts:
        file.tracks.append(_track(list(_played(part, style.parts[part.name], starts)), starts[-1]))
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def _metres(bars: Sequence[Bar], starts: Sequence[int]) -> Iterator[Timed]:
    """A time signature wherever the metre changes. What leads in is a bar of 64ths, if any are over, and one of the
    quarter notes."""
    quarters, over = divmod(starts[0], TICKS_PER_BEAT)
    lengths = [(0, over // SIXTY_FOURTH, 64), (over, quarters, 4)]
    lengths += [(start, bar.beats, 4) for start, bar in zip(starts, bars, strict=False)]
    before = (0, 0)
    for tick, numerator, denominator in lengths:
        if numerator and (numerator, denominator) != before:
            before = numerator, denominator
            yield tick, MetaMessage("time_signature", numerator=numerator, denominator=denominator)


def _markers(bars: Sequence[Bar], starts: Sequence[int]) -> Iterator[Timed]:
    """One where each section begins."""
    for number, bar in enumerate(bars):
        if bar.section and (number == 0 or bars[number - 1].section != bar.section):
            yield starts[number], MetaMessage("marker", text=bar.section)


def _chords(bars: Sequence[Bar], starts: Sequence[int]) -> Iterator[Timed]:
    """A text where each chord begins."""
    before: Chord | None = None
    for bar, start in zip(bars, starts, strict=False):
        for beat, chord in enumerate(bar.chords):
            if chord != before:
                yield start + beat * TICKS_PER_BEAT, MetaMessage("text", text=chord.label)
            before = chord


def _played(part: Part, style: PartStyle, starts: Sequence[int]) -> Iterator[Timed]:
    channel = CHANNELS[part.name]
    yield 0, MetaMessage("track_name", name=part.name)
    yield 0, Message("program_change", channel=channel, program=style.program)
    yield 0, Message("control_change", channel=channel, control=VOLUME, value=style.volume)
    # where notes meet, the one that ends goes first
    notes = [(start, note) for start, bar in zip(starts, part.bars, strict=False) for note in bar]
    ends = [(start + note.end, note.pitch) for start, note in notes]
    yield from ((tick, Message("note_off", channel=channel, note=pitch, velocity=0)) for tick, pitch in sorted(ends))
    for start, note in notes:
        yield start + note.tick, Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)


def _track(messages: Sequence[Timed], end: int) -> MidiTrack:
    """In order, as they were given where at one tick, with the end at tick ``end``."""
    track = MidiTrack()
    before = 0
    for tick, message in sorted(messages, key=lambda timed: timed[0]):
        track.append(message.copy(time=tick - before))
        before = tick
    track.append(MetaMessage("end_of_track", time=max(end - before, 0)))
    return track
