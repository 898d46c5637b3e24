"""MIDI export of a song map: a standard MIDI file of type 1 with tempo map, bars, keys as markers, chords and notes.

Frame 0 of the song is tick 0, so the file fits the song when both are dropped at bar 1 of the DAW. Every detected
beat is a quarter note with a tempo of its own: it falls at its time, to a tenth of a millisecond. Whole bars lead in to
the first downbeat. Where there is no room for one, its bar begins with the song, and the beats before the second one
are not on quarter notes. A first beat within 50 ms of the song's start is written at the start.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from mido import Message, MetaMessage

from bridge.core.midi import DRUM_CHANNEL, MIDI_CHANNELS
from bridge.core.time import TICKS_PER_BEAT
from engines.mir.offline.song_map import ChordSpan, NoteSpan, SongBeat, SongMap
from engines.offline.smf.bars import (
    FASTEST_US,
    MOST_BEATS,
    SHORTEST_US,
    SLOWEST_US,
    choose_lead_quarters,
    fill_quarters,
    fill_time,
    find_metre_changes,
    split_into_bars,
)  # fmt: skip
from engines.offline.smf.writing import SIGNATURES, TimedMessage, to_metre_messages, to_tempo_messages, write_smf

DEFAULT_BPM = 120.0
"""The tempo of a file without detected beats."""
MAX_USUAL_BARS = 1.5
"""A bar longer than so many usual ones (a pause without beats) is divided into usual ones."""
MAX_UNEVENNESS = 1.5
"""Quarter notes before the first beat are so many times as long or short as a beat at most."""
BASS_OCTAVE, CHORD_OCTAVE, CHORD_VELOCITY = 36, 60, 80
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
        self.first_bar_tick = -1
        """Where the bar of the first downbeat begins; -1: on that beat."""
        here = self._lead_in(beats, bpm)
        here_us = self._to_time_us(here)
        for number, beat in enumerate(beats[len(self.beat_ticks) :], len(self.beat_ticks)):
            step = fill_time(beat.time_s * 1e6 - here_us, _estimate_period_us(beats, number, bpm))
            for tick, tempo_us in step.tempi:
                self._add_tempo(here + tick, tempo_us)
            here += step.ticks
            here_us = self._to_time_us(here)
            self.beat_ticks.append(here)
        known = self.tempi_us and len(beats) > 1  # the last beat's own length is not known
        last_us = self.tempi_us[-1] if known else _estimate_period_us(beats, 0, bpm)
        self._add_tempo(here, round(min(max(last_us, FASTEST_US), SLOWEST_US)))

    def _lead_in(self, beats: Sequence[SongBeat], bpm: float) -> int:
        """Lay the tempi up to the first downbeat, or to the beat behind it, in whole bars; returns the tick there.

        Nothing is laid where no downbeat is known, or only sixteenths fit.
        """
        first = next((index for index, beat in enumerate(beats) if beat.number == 1), -1)
        if first < 0:
            return 0
        period_us = min(max(_estimate_period_us(beats, first, bpm), FASTEST_US), SLOWEST_US)
        first_us = beats[first].time_s * 1e6
        after_us = beats[first + 1].time_s * 1e6 if first + 1 < len(beats) else first_us + period_us
        bar_beats = _get_bar_ticks(beats[first]) // TICKS_PER_BEAT
        if first_us < SHORTEST_US:
            return 0
        if first and (quarters := _choose_pickup_quarters(beats[0].time_s * 1e6, period_us, first, bar_beats)):
            self._fill(fill_quarters(beats[0].time_s * 1e6, quarters).tempi)
            self.first_bar_tick = (quarters + first) * TICKS_PER_BEAT
            self.beat_ticks.append(quarters * TICKS_PER_BEAT)
            return self.beat_ticks[0]
        quarters = choose_lead_quarters(first_us, after_us, period_us, bar_beats)
        if quarters and first_us >= FASTEST_US * quarters:
            self._fill(fill_quarters(first_us, quarters).tempi)
            self.first_bar_tick = quarters * TICKS_PER_BEAT
            self.beat_ticks += [self.to_tick(beat.time_s) for beat in beats[:first]]
            self.beat_ticks.append(self.first_bar_tick)
            return self.first_bar_tick
        late = min(max(round(first_us / after_us * TICKS_PER_BEAT), 1), TICKS_PER_BEAT - 1)
        tempi = [first_us * TICKS_PER_BEAT / late, (after_us - first_us) * TICKS_PER_BEAT / (TICKS_PER_BEAT - late)]
        if not FASTEST_US <= min(tempi) <= max(tempi) <= SLOWEST_US:
            return 0
        self.first_bar_tick = 0
        self._fill([(0, round(tempi[0])), (late, round(tempi[1]))])
        self.beat_ticks += [self.to_tick(beat.time_s) for beat in beats[: first + 1]]
        if first + 1 < len(beats):
            self.beat_ticks.append(TICKS_PER_BEAT)
            return TICKS_PER_BEAT
        return late

    def _fill(self, tempi: Iterable[tuple[int, int]]) -> None:
        for tick, tempo_us in tempi:
            self._add_tempo(tick, tempo_us)

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


def _choose_pickup_quarters(first_us: float, period_us: float, pickup: int, bar_beats: int) -> int:
    """Quarter notes before a first beat at ``first_us`` that complete its ``pickup`` beats to whole bars.

    0 where they would be much longer or shorter than ``period_us``.
    """
    bars = max(round((first_us / period_us + pickup) / bar_beats), -(-(pickup + 1) // bar_beats))
    quarters = bars * bar_beats - pickup
    quarter_us = first_us / quarters
    shortest, longest = max(period_us / MAX_UNEVENNESS, FASTEST_US), min(period_us * MAX_UNEVENNESS, SLOWEST_US)
    return quarters if shortest <= quarter_us <= longest else 0


def _estimate_period_us(beats: Sequence[SongBeat], number: int, bpm: float) -> float:
    """The beat period around the beat of this ``number``: the median of its neighbours."""
    near = sorted(after.time_s - before.time_s for before, after in _list_neighbours(beats, number))
    return 1e6 * (near[len(near) // 2] if near else 60.0 / (bpm if bpm > 0 else DEFAULT_BPM))


def _list_neighbours(beats: Sequence[SongBeat], number: int, around: int = 4) -> Iterator[tuple[SongBeat, SongBeat]]:
    first, last = max(number - around, 0), min(number + around, len(beats) - 1)
    return ((beats[i], beats[i + 1]) for i in range(first, last))


def list_time_signatures(
    beats: Sequence[SongBeat], beat_ticks: Sequence[int], first_bar_tick: int
) -> list[tuple[int, int, int]]:
    """(tick, numerator, denominator) wherever the time signature changes, so that each downbeat begins a bar.

    ``first_bar_tick``: where the bar of the first downbeat begins; -1: on that beat.
    """
    usual = _get_bar_ticks(beats[0]) if beats else 4 * TICKS_PER_BEAT
    lengths: list[int] = []
    at, begun = 0, False
    for beat, tick in zip(beats, beat_ticks, strict=True):
        if beat.number == 1:
            start = tick if begun or first_bar_tick < 0 else first_bar_tick
            begun = True
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
    conductor += to_metre_messages(list_time_signatures(song.beats, grid.beat_ticks, grid.first_bar_tick))
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
    """Each chord (`list_chord_pitches`), and its label as a text event."""
    for span in chords:
        if span.root < 0:
            continue
        start, end = grid.to_tick(span.start_s), grid.to_tick(span.end_s)
        pitches = list_chord_pitches(span)
        yield start, MetaMessage("text", text=span.label)
        if end > start:
            yield from ((start, Message("note_on", note=pitch, velocity=CHORD_VELOCITY)) for pitch in pitches)
            yield from ((end, Message("note_off", note=pitch, velocity=0)) for pitch in pitches)


def list_chord_pitches(span: ChordSpan) -> list[int]:
    """The MIDI notes of a chord that has a root, ascending: its bass, and each of its notes once."""
    bass = span.root if span.bass < 0 else span.bass
    return sorted({BASS_OCTAVE + bass, *(CHORD_OCTAVE + pitch_class for pitch_class in span.pitch_classes)})


def _format_voice(notes: Sequence[NoteSpan], grid: TempoGrid, channel: int) -> Iterator[TimedMessage]:
    """The notes of one voice, at the nearest semitone."""
    for note in notes:
        start, end, pitch = grid.to_tick(note.start_s), grid.to_tick(note.end_s), round(note.pitch)
        if end > start and 0 <= pitch <= 127:
            yield start, Message("note_on", channel=channel, note=pitch, velocity=min(max(note.velocity, 1), 127))
            yield end, Message("note_off", channel=channel, note=pitch, velocity=0)
