"""A song's map as a standard MIDI file of type 1: its tempo map, bars, keys as markers, and a track of chords.

Frame 0 of the song is tick 0, so that the file fits the song when both are dropped at the DAW's bar 1. Every beat
that was heard is a quarter note of its own tempo: it falls where it was heard, to the microsecond.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from mido import Message, MetaMessage, MidiFile, MidiTrack

from bridge.core.time import TICKS_PER_BEAT
from engines.mir.offline.songmap import ChordSpan, NoteSpan, SongBeat, SongMap

STILL_BPM = 120.0
"""What a file in which no beat was heard is written in."""
LONGEST_US = 2e6
"""A quarter note lasts no longer; longer pauses between beats become several (a message holds up to 16.7 s)."""
SIXTY_FOURTH = TICKS_PER_BEAT // 16
LONGEST_BARS = 1.5
"""What is longer than so many usual bars (a pause in which no beat was heard) is divided into such."""
BASS_OCTAVE, CHORD_OCTAVE, VELOCITY = 36, 60, 80
VOICE_CHANNELS = tuple(channel for channel in range(1, 16) if channel != 9)
"""Channel 1 (0 in the message) is the chords', 10 is drums."""
KEYS = (
    ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"),
    ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm"),
)
"""Key signatures that exist, major and minor, by tonic."""

Timed = tuple[int, Message | MetaMessage]


class TempoGrid:
    """Ticks for seconds. Beats become quarter notes, several where some were not heard in between.

    ``ticks``, ``times_us``: where tempi begin, the latter as they come out in whole microseconds a quarter note;
    ``tempi_us``: microseconds a quarter note from there on; ``beat_ticks``: a tick for each beat.
    """

    def __init__(self, beats: Sequence[SongBeat], bpm: float) -> None:
        self.ticks, self.times_us, self.tempi_us = [0], [0.0], [round(60e6 / (bpm if bpm > 0 else STILL_BPM))]
        self.beat_ticks: list[int] = []
        for number, beat in enumerate(beats):
            period_us = self._period_us(beats, number, bpm)
            length_us = beat.time_s * 1e6 - self._here_us
            if number == 0:
                self._step(length_us, lead_in_ticks(length_us, period_us))
            else:
                self._step(length_us, TICKS_PER_BEAT * max(round(length_us / period_us), 1))
            self.beat_ticks.append(self._here)
        if len(self.tempi_us) < len(self.ticks):  # the last beat's own length is not known
            self.tempi_us.append(self.tempi_us[-1] if len(beats) > 1 else round(self._period_us(beats, 0, bpm)))

    @property
    def _here(self) -> int:
        return self.ticks[-1]

    @property
    def _here_us(self) -> float:
        return self.times_us[-1]

    def _period_us(self, beats: Sequence[SongBeat], number: int, bpm: float) -> float:
        """How long a beat is about the one of this ``number``: what lies around it, if that is anything like it."""
        near = sorted(after.time_s - before.time_s for before, after in _neighbours(beats, number))
        told_s = 60.0 / (bpm if bpm > 0 else STILL_BPM)
        return min(1e6 * (near[len(near) // 2] if near else told_s), LONGEST_US)

    def _step(self, length_us: float, ticks: int) -> None:
        """``ticks`` more from here that last ``length_us``, in whole microseconds a quarter note."""
        if ticks <= 0:
            return
        tempo_us = max(round(length_us * TICKS_PER_BEAT / ticks), 1)
        if len(self.tempi_us) == len(self.ticks):
            self.tempi_us[-1] = tempo_us
        else:
            self.tempi_us.append(tempo_us)
        self.ticks.append(self._here + ticks)
        self.times_us.append(self._here_us + tempo_us * ticks / TICKS_PER_BEAT)

    def tick_at(self, time_s: float) -> int:
        """The nearest tick."""
        i = max(bisect_right(self.times_us, time_s * 1e6) - 1, 0)
        return self.ticks[i] + round((time_s * 1e6 - self.times_us[i]) * TICKS_PER_BEAT / self.tempi_us[i])


def _neighbours(beats: Sequence[SongBeat], number: int, around: int = 4) -> Iterator[tuple[SongBeat, SongBeat]]:
    first, last = max(number - around, 0), min(number + around, len(beats) - 1)
    return ((beats[i], beats[i + 1]) for i in range(first, last))


def lead_in_ticks(length_us: float, period_us: float) -> int:
    """Ticks from the file's start to the first beat: whole quarter notes, or 64ths where there is no room for one.

    Of such lengths bars can be made, so that the first bar line falls on the first downbeat.
    """
    if length_us < 500.0:
        return 0
    if length_us >= period_us / 2:
        return TICKS_PER_BEAT * max(round(length_us / period_us), 1)
    return SIXTY_FOURTH * max(round(length_us / period_us * TICKS_PER_BEAT / SIXTY_FOURTH), 1)


def bars(beats: Sequence[SongBeat], beat_ticks: Sequence[int]) -> list[tuple[int, int, int]]:
    """(tick, numerator, denominator) wherever the time signature changes, so that each downbeat begins a bar."""
    usual = beats[0].bar_beats if beats else 4
    starts = [tick for beat, tick in zip(beats, beat_ticks, strict=True) if beat.number == 1]
    found: list[tuple[int, int, int]] = []
    at = 0
    for start in starts:
        for length in _bar_lengths(start - at, usual * TICKS_PER_BEAT):
            quarters = length % TICKS_PER_BEAT == 0
            found.append(
                (at, length // TICKS_PER_BEAT, 4) if quarters else (at, length // SIXTY_FOURTH, 64),
            )
            at += length
    after = beats[-1].bar_beats if beats else usual
    found.append((at, after, 4))
    changes = found[:1]
    for bar in found[1:]:
        if bar[1:] != changes[-1][1:]:
            changes.append(bar)
    return changes


def _bar_lengths(ticks: int, usual: int) -> Iterator[int]:
    """``ticks`` as bars, a short one first where they are more than a bar may have."""
    odd = ticks % TICKS_PER_BEAT
    if odd:  # the lead-in's 64ths; what follows are quarter notes
        yield odd
        ticks -= odd
    if ticks > LONGEST_BARS * usual:
        if ticks % usual:
            yield ticks % usual
        yield from [usual] * (ticks // usual)
    elif ticks:
        yield ticks


def midi_file(song: SongMap, name: str) -> bytes:
    """The file's bytes; ``name`` is written as that of the first track."""
    grid = TempoGrid(song.beats, song.bpm)
    end = max(grid.tick_at(song.duration_s), grid.ticks[-1])
    conductor: list[Timed] = [(0, MetaMessage("track_name", name=name))]
    conductor += [
        (tick, MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for tick, numerator, denominator in bars(song.beats, grid.beat_ticks)
    ]
    tempi = zip(grid.ticks, grid.tempi_us, strict=True)
    conductor += [(tick, MetaMessage("set_tempo", tempo=tempo_us)) for tick, tempo_us in tempi]
    for span in song.keys:
        tick = grid.tick_at(span.start_s)
        conductor.append((tick, MetaMessage("key_signature", key=KEYS[span.minor][span.tonic])))
        conductor.append((tick, MetaMessage("marker", text=span.label)))
    file = MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(_track(conductor, end))
    file.tracks.append(_track([(0, MetaMessage("track_name", name="chords")), *_chord_notes(song.chords, grid)], end))
    for channel, voice in zip(VOICE_CHANNELS, dict.fromkeys(note.voice for note in song.notes), strict=False):
        notes = [note for note in song.notes if note.voice == voice]
        played = [(0, MetaMessage("track_name", name=voice)), *_played(notes, grid, channel)]
        file.tracks.append(_track(played, end))
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def _chord_notes(chords: Sequence[ChordSpan], grid: TempoGrid) -> Iterator[Timed]:
    """Each chord's bass in the second octave, its notes in the fourth and fifth, and its label as a text."""
    for span in chords:
        if span.root < 0:
            continue
        start, end = grid.tick_at(span.start_s), grid.tick_at(span.end_s)
        bass = span.root if span.bass < 0 else span.bass
        pitches = sorted({BASS_OCTAVE + bass, *(CHORD_OCTAVE + pitch_class for pitch_class in span.pitch_classes)})
        yield start, MetaMessage("text", text=span.label)
        if end > start:
            yield from ((start, Message("note_on", note=pitch, velocity=VELOCITY)) for pitch in pitches)
            yield from ((end, Message("note_off", note=pitch, velocity=0)) for pitch in pitches)


def _played(notes: Sequence[NoteSpan], grid: TempoGrid, channel: int) -> Iterator[Timed]:
    """The notes of one voice, at the nearest semitone."""
    for note in notes:
        start, end, pitch = grid.tick_at(note.start_s), grid.tick_at(note.end_s), round(note.pitch)
        if end > start and 0 <= pitch <= 127:
            yield start, Message("note_on", channel=channel, note=pitch, velocity=min(max(note.velocity, 1), 127))
            yield end, Message("note_off", channel=channel, note=pitch, velocity=0)


def _track(messages: Sequence[Timed], end: int) -> MidiTrack:
    """In order, as they were given where at one tick, with the end at tick ``end``."""
    track = MidiTrack()
    before = 0
    for tick, message in sorted(messages, key=lambda timed: timed[0]):
        track.append(message.copy(time=tick - before))
        before = tick
    track.append(MetaMessage("end_of_track", time=max(end - before, 0)))
    return track
