"""MIDI export of a song map: a standard MIDI file of type 1 with tempo map, bars, keys as markers, chords and notes.

Frame 0 of the song is tick 0, so the file fits the song when both are dropped at bar 1 of the DAW. Every detected
beat is a quarter note with a tempo of its own: it falls at its time, to a tenth of a millisecond. A first beat within
50 ms of the song's start, for which no bar is short enough, is written at the start.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from mido import Message, MetaMessage

from bridge.core.midi import DRUM_CHANNEL, MIDI_CHANNELS
from bridge.core.time import TICKS_PER_BEAT
from engines.mir.offline.song_map import ChordSpan, NoteSpan, SongBeat, SongMap
from engines.offline.smf.bars import FASTEST_US, MOST_BEATS, SLOWEST_US, fill_time, find_metre_changes, split_into_bars
from engines.offline.smf.writing import SIGNATURES, TimedMessage, to_metre_messages, to_tempo_messages, write_smf

DEFAULT_BPM = 120.0
"""The tempo of a file without detected beats."""
MAX_USUAL_BARS = 1.5
"""A bar longer than so many usual ones (a pause without beats) is divided into usual ones."""
BASS_OCTAVE, CHORD_OCTAVE, VELOCITY = 36, 60, 80
VOICE_CHANNELS = tuple(channel for channel in range(1, MIDI_CHANNELS) if channel != DRUM_CHANNEL)
"""Channel 1 (0 in the message) is for chords."""


class TempoGrid:
    """Ticks for seconds. Beats become quarter notes, several where some were missed in between; sixteenths where they
    are too near for the fastest tempo that DAWs support.

    ``ticks``, ``times_us``: where tempi begin, the latter as rounded by whole microseconds per quarter note;
    ``tempi_us``: microseconds per quarter note from there on; ``beat_ticks``: a tick for each beat.
    """

    def __init__(self, beats: Sequence[SongBeat], bpm: float) -> None:
        self.ticks: list[int] = []
        self.times_us: list[float] = []
        self.tempi_us: list[int] = []
        self.beat_ticks: list[int] = []
        here, here_us = 0, 0.0
        for number, beat in enumerate(beats):
            step = fill_time(beat.time_s * 1e6 - here_us, _estimate_period_us(beats, number, bpm))
            for tick, tempo_us in step.tempi:
                self._add_tempo(here + tick, tempo_us)
            here += step.ticks
            here_us = self._to_time_us(here)
            self.beat_ticks.append(here)
        known = self.tempi_us and len(beats) > 1  # the last beat's own length is not known
        last_us = self.tempi_us[-1] if known else _estimate_period_us(beats, 0, bpm)
        self._add_tempo(here, round(min(max(last_us, FASTEST_US), SLOWEST_US)))

    def _add_tempo(self, tick: int, tempo_us: int) -> None:
        self.times_us.append(self._to_time_us(tick))
        self.ticks.append(tick)
        self.tempi_us.append(tempo_us)

    def _to_time_us(self, tick: int) -> float:
        """The time of a tick behind all tempi so far."""
        if not self.ticks:
            return 0.0
        return self.times_us[-1] + self.tempi_us[-1] * (tick - self.ticks[-1]) / TICKS_PER_BEAT

    def to_tick(self, time_s: float) -> int:
        """The nearest tick."""
        i = max(bisect_right(self.times_us, time_s * 1e6) - 1, 0)
        return self.ticks[i] + round((time_s * 1e6 - self.times_us[i]) * TICKS_PER_BEAT / self.tempi_us[i])


def _estimate_period_us(beats: Sequence[SongBeat], number: int, bpm: float) -> float:
    """The beat period around the beat of this ``number``: the median of its neighbours."""
    near = sorted(after.time_s - before.time_s for before, after in _list_neighbours(beats, number))
    return 1e6 * (near[len(near) // 2] if near else 60.0 / (bpm if bpm > 0 else DEFAULT_BPM))


def _list_neighbours(beats: Sequence[SongBeat], number: int, around: int = 4) -> Iterator[tuple[SongBeat, SongBeat]]:
    first, last = max(number - around, 0), min(number + around, len(beats) - 1)
    return ((beats[i], beats[i + 1]) for i in range(first, last))


def list_time_signatures(beats: Sequence[SongBeat], beat_ticks: Sequence[int]) -> list[tuple[int, int, int]]:
    """(tick, numerator, denominator) wherever the time signature changes, so that each downbeat begins a bar."""
    usual = _get_bar_ticks(beats[0]) if beats else 4 * TICKS_PER_BEAT
    lengths: list[int] = []
    at = 0
    for beat, start in zip(beats, beat_ticks, strict=True):
        if beat.number == 1:
            lengths += _divide_bars(start - at, usual)
            at = start
    return find_metre_changes([*lengths, _get_bar_ticks(beats[-1]) if beats else usual])


def _get_bar_ticks(beat: SongBeat) -> int:
    """The length of the bar of ``beat``."""
    return min(max(beat.bar_beats, 1), MOST_BEATS) * TICKS_PER_BEAT


def _divide_bars(ticks: int, usual: int) -> Iterator[int]:
    """Divide ``ticks`` into one bar, remaining sixteenths before it; into usual bars if that would be too long."""
    whole = ticks - ticks % TICKS_PER_BEAT
    fits = whole <= min(MAX_USUAL_BARS * usual, MOST_BEATS * TICKS_PER_BEAT)
    return split_into_bars(ticks, max(whole, 1) if fits else usual)


def format_midi_file(song: SongMap, name: str) -> bytes:
    """The file's bytes; ``name`` is that of the first track."""
    grid = TempoGrid(song.beats, song.bpm)
    end = max(grid.to_tick(song.duration_s), grid.ticks[-1])
    conductor: list[TimedMessage] = [(0, MetaMessage("track_name", name=name))]
    conductor += to_metre_messages(list_time_signatures(song.beats, grid.beat_ticks))
    conductor += to_tempo_messages(zip(grid.ticks, grid.tempi_us, strict=True))
    for span in song.keys:
        tick = grid.to_tick(span.start_s)
        conductor.append((tick, MetaMessage("key_signature", key=SIGNATURES[span.minor][span.tonic])))
        conductor.append((tick, MetaMessage("marker", text=span.label)))
    tracks: list[list[TimedMessage]] = [
        conductor,
        [(0, MetaMessage("track_name", name="chords")), *_format_chords(song.chords, grid)],
    ]
    for channel, voice in zip(VOICE_CHANNELS, dict.fromkeys(note.voice for note in song.notes), strict=False):
        notes = [note for note in song.notes if note.voice == voice]
        tracks.append([(0, MetaMessage("track_name", name=voice)), *_format_voice(notes, grid, channel)])
    return write_smf(tracks, end)


def _format_chords(chords: Sequence[ChordSpan], grid: TempoGrid) -> Iterator[TimedMessage]:
    """Each chord's bass in the second octave, its notes in the fourth and fifth, and its label as a text event."""
    for span in chords:
        if span.root < 0:
            continue
        start, end = grid.to_tick(span.start_s), grid.to_tick(span.end_s)
        bass = span.root if span.bass < 0 else span.bass
        pitches = sorted({BASS_OCTAVE + bass, *(CHORD_OCTAVE + pitch_class for pitch_class in span.pitch_classes)})
        yield start, MetaMessage("text", text=span.label)
        if end > start:
            yield from ((start, Message("note_on", note=pitch, velocity=VELOCITY)) for pitch in pitches)
            yield from ((end, Message("note_off", note=pitch, velocity=0)) for pitch in pitches)


def _format_voice(notes: Sequence[NoteSpan], grid: TempoGrid, channel: int) -> Iterator[TimedMessage]:
    """The notes of one voice, at the nearest semitone."""
    for note in notes:
        start, end, pitch = grid.to_tick(note.start_s), grid.to_tick(note.end_s), round(note.pitch)
        if end > start and 0 <= pitch <= 127:
            yield start, Message("note_on", channel=channel, note=pitch, velocity=min(max(note.velocity, 1), 127))
            yield end, Message("note_off", channel=channel, note=pitch, velocity=0)
