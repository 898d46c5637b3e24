"""A MIDI file read as what the band plays to: tempo map, bars, sections from markers, chords from texts or notes."""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from mido import MidiFile, MidiTrack
from mido.midifiles.meta import KeySignatureError

from bridge.core.events import NOTE_NAMES, Chord, Key
from bridge.core.time import TICKS_PER_BEAT
from bridge.errors import ConfigError
from engines.accompaniment.harmony.fitting import Sounding, chords_of_notes
from engines.accompaniment.offline.midi import SIGNATURES, SIXTY_FOURTH
from engines.accompaniment.offline.piece import Piece, Tempi
from engines.accompaniment.score import COUNT_IN, NO_CHORD
from engines.accompaniment.sheet import LONGEST_BARS, METRES, Section, Sheet, chord_of

HEAD = b"MThd"
USUAL_US = 500_000
"""Microseconds a quarter note where a file does not say."""
DRUMS = 9
"""The channel, from 0, whose notes are no pitches."""
LONGEST_BEATS = max(METRES.values())
PARTS_OF_BARS = (4, 3, 6, 5, 7, 2)
"""Quarter notes that a longer bar is divided into, the first that fits."""

_KEY_NAME = re.compile(rf"(?:{'|'.join(NOTE_NAMES)}) (?:major|minor)")
Timed = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Metre:
    """From ``tick`` on a bar has ``numerator`` / ``denominator`` of a whole note."""

    tick: int
    numerator: int
    denominator: int

    @property
    def ticks(self) -> int:
        """Of a bar."""
        return self.numerator * 4 * TICKS_PER_BEAT // self.denominator


def read_midi(data: bytes, name: str, harmony: bool = True) -> Piece:
    """The piece in the MIDI file ``data``; what is wrong is a `ConfigError` with ``name`` and a mend.

    Without ``harmony`` a file of drums alone will do.
    """
    tracks = _tracks(data, name)
    notes = _notes(tracks)
    texts = _chord_texts(tracks)
    end = max([*(note.end for note in notes), *(_end(track) for track in tracks if _names_chords(track))], default=0)
    if end <= 0:
        raise ConfigError(f"{name}: has no notes and names no chords", "give a MIDI file with notes in it")
    pitched = [note for note in notes if note.pitch >= 0]
    if not texts and not pitched and harmony:
        raise ConfigError(f"{name}: has drums alone, so no chords can be read", "ask for --parts drums")
    lead, starts = _bars(_metres(tracks), end, name)
    if len(starts) < 2:
        raise ConfigError(f"{name}: ends before its first whole bar", "give a longer file")
    beats = [tick for start, after in pairwise(starts) for tick in range(start, after, TICKS_PER_BEAT)]
    downbeats = [beat in set(starts) for beat in beats]
    if texts:
        chords = [_chord_at(texts, beat) for beat in beats]
    else:
        chords = chords_of_notes(pitched, [*beats, starts[-1]], downbeats)
    return _piece(tracks, lead, starts, chords)


def _tracks(data: bytes, name: str) -> list[list[Timed]]:
    """Each track's messages with their ticks, 480 a quarter note."""
    try:
        file = MidiFile(file=io.BytesIO(data), charset="latin1", clip=True)
    except (OSError, EOFError, ValueError, IndexError, KeyError, KeySignatureError) as error:
        raise ConfigError(f"{name}: cannot be read as MIDI ({error or type(error).__name__})", _SAVE) from error
    if file.type == 2 or file.ticks_per_beat <= 0:
        what = "patterns side by side (type 2)" if file.type == 2 else "no beats (SMPTE time)"
        raise ConfigError(f"{name}: a MIDI file of {what}", _SAVE)
    return [list(_timed(track, file.ticks_per_beat)) for track in file.tracks]


_SAVE = "save it anew as a standard MIDI file of type 0 or 1"


def _timed(track: MidiTrack, ticks_per_beat: int) -> Iterator[Timed]:
    at = 0
    for message in track:
        at += message.time
        yield round(at * TICKS_PER_BEAT / ticks_per_beat), message


def _notes(tracks: Sequence[Sequence[Timed]]) -> list[Sounding]:
    """All notes; those of drums have the pitch -1."""
    found: list[Sounding] = []
    for track in tracks:
        open_: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for tick, message in track:
            if message.type == "note_on" and message.velocity > 0:
                open_.setdefault((message.channel, message.note), []).append((tick, message.velocity))
            elif message.type in ("note_on", "note_off") and open_.get((message.channel, message.note)):
                start, velocity = open_[message.channel, message.note].pop(0)
                pitch = -1 if message.channel == DRUMS else message.note
                found.append(Sounding(start, max(tick, start + 1), pitch, velocity))
        for (channel, pitch), begun in open_.items():  # never ended: a beat long
            pitch = -1 if channel == DRUMS else pitch
            found += [Sounding(start, start + TICKS_PER_BEAT, pitch, velocity) for start, velocity in begun]
    return sorted(found, key=lambda note: note.start)


def _text(message: Any) -> str:
    """As UTF-8 where it is that, else as Latin-1."""
    raw: bytes = message.text.encode("latin1")
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin1").strip()


def _chord_texts(tracks: Sequence[Sequence[Timed]]) -> list[tuple[int, Chord]]:
    told = {
        tick: chord
        for track in tracks for tick, message in track
        if message.type == "text" and (chord := chord_of(_text(message))) is not None
    }  # fmt: skip
    return sorted(told.items(), key=lambda timed: timed[0])


def _names_chords(track: Sequence[Timed]) -> bool:
    return bool(_chord_texts([track]))


def _end(track: Sequence[Timed]) -> int:
    return int(track[-1][0]) if track else 0


def _chord_at(texts: Sequence[tuple[int, Chord]], beat: int) -> Chord:
    """The last chord named until half of the beat is over: what is named between beats counts from the nearest."""
    place = bisect_right(texts, beat + TICKS_PER_BEAT // 2 - 1, key=lambda timed: timed[0])
    return texts[place - 1][1] if place else NO_CHORD


def _metres(tracks: Sequence[Sequence[Timed]]) -> list[Metre]:
    told = {
        tick: Metre(tick, message.numerator, message.denominator)
        for track in tracks for tick, message in track if message.type == "time_signature"
    }  # fmt: skip
    return sorted({0: Metre(0, 4, 4), **told}.values(), key=lambda metre: metre.tick)


def _bars(metres: Sequence[Metre], end: int, name: str) -> tuple[int, list[int]]:
    """The ticks before the first whole bar, and where bars begin, with the end of the last one."""
    starts, lead = [0], 0
    for metre, after in zip(metres, [*(metre.tick for metre in metres[1:]), None], strict=True):
        until = end if after is None else min(after, end)
        if metre.tick >= end:
            break
        while starts[-1] < until:
            length = metre.ticks if after is None else min(metre.ticks, after - starts[-1])
            if length % TICKS_PER_BEAT:
                if lead or len(starts) > 1 or length % SIXTY_FOURTH:
                    metre_ = f"{metre.numerator}/{metre.denominator}"
                    what = f"bar {len(starts)} ({metre_}) has no whole number of quarter notes"
                    raise ConfigError(f"{name}: {what}", "write it in quarter notes, such as 7/8 as 7/4 twice as fast")
                lead = length
                starts = [length]
                continue
            starts += [starts[-1] + part * TICKS_PER_BEAT for part in _divided(length // TICKS_PER_BEAT)]
            if len(starts) > LONGEST_BARS:
                raise ConfigError(f"{name}: more than {LONGEST_BARS} bars", "give a shorter file")
    return lead, starts


def _divided(beats: int) -> list[int]:
    """Where the bars end that a bar of ``beats`` is played as, in beats from its start: none is longer than 7."""
    if beats <= LONGEST_BEATS:
        return [beats]
    part = next((part for part in PARTS_OF_BARS if beats % part == 0), PARTS_OF_BARS[0])
    return [*range(part, beats, part), beats]


def _piece(tracks: Sequence[Sequence[Timed]], lead: int, starts: Sequence[int], chords: Sequence[Chord]) -> Piece:
    usual = Counter((after - start) // TICKS_PER_BEAT for start, after in pairwise(starts)).most_common(1)[0][0]
    left = iter(chords)
    bars = [
        tuple(next(left) for _ in range((after - start) // TICKS_PER_BEAT)) for start, after in pairwise(starts)
    ]  # fmt: skip
    names = _sections(tracks, starts)
    counted = names[0] == COUNT_IN and len(names) > 1
    if counted:
        names, bars = names[1:], bars[1:]
    sections = []
    for name, group in groupby(zip(names, bars, strict=True), key=lambda named: named[0]):
        sections.append(Section(name, 1, tuple(bar for _, bar in group)))
    tempi = _tempi(tracks)
    sheet = Sheet(tuple(sections), usual, 60e6 / tempi[0][1], _key(tracks))
    return Piece(sheet, tempi, lead, counted)


def _sections(tracks: Sequence[Sequence[Timed]], starts: Sequence[int]) -> list[str]:
    """A name for each bar: that of the last marker, moved to the nearest bar line. Names of keys are none."""
    names = [""] * (len(starts) - 1)
    markers = sorted(
        (tick, text) for track in tracks for tick, message in track
        if message.type == "marker" and (text := _text(message)) and not _KEY_NAME.fullmatch(text)
    )  # fmt: skip
    for tick, text in markers:
        first = min(range(len(starts)), key=lambda bar: abs(starts[bar] - tick))
        names[first:] = [text] * (len(names) - first)
    return names


def _tempi(tracks: Sequence[Sequence[Timed]]) -> Tempi:
    told = {tick: message.tempo for track in tracks for tick, message in track if message.type == "set_tempo"}
    return tuple(sorted({0: USUAL_US, **told}.items()))


def _key(tracks: Sequence[Sequence[Timed]]) -> Key | None:
    """The first one written."""
    for track in tracks:
        for _, message in track:
            if message.type == "key_signature":
                for minor, names in enumerate(SIGNATURES):
                    if message.key in names:
                        return Key(names.index(message.key), minor, 1.0)
    return None
