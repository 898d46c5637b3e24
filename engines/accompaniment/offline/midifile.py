"""MIDI file reader: a timed sheet with tempo map, bars, sections from markers, chords from notes or from a track of
chord symbols."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, groupby, pairwise

from bridge.core.events import NOTE_NAMES, Chord, Key
from bridge.core.midi import DRUM_CHANNEL, NOTE_OFF, NOTE_ON
from bridge.core.time import TICKS_PER_BEAT
from bridge.errors import ConfigError
from engines.accompaniment.harmony.chord_recognition import TickNote, recognise_chords
from engines.accompaniment.offline.barlines import find_bar_lines
from engines.accompaniment.offline.chordtexts import find_chord_tracks, read_chord_texts
from engines.accompaniment.offline.timed_sheet import Tempi, TimedSheet
from engines.accompaniment.score import COUNT_IN
from engines.accompaniment.sheet import Sheet, SheetSection
from engines.offline.smf.bars import SIXTEENTH, fill_time
from engines.offline.smf.events import Event
from engines.offline.smf.metas import MARKER, parse_key, parse_metre, parse_tempo, parse_text
from engines.offline.smf.reading import USUAL_US, Smf, read_smf

SHORTEST_TICKS = TICKS_PER_BEAT // 16
"""No note is shorter: how long one sounds whose end stands at its start is not known."""
MOST_REMARKS = 12

_KEYS = {f"{note} {mode}" for note in NOTE_NAMES for mode in ("major", "minor")}


def read_midi(data: bytes, name: str, harmony: bool = True) -> TimedSheet:
    """The piece in the MIDI file ``data``. Without ``harmony`` a file of drums alone will do.

    Raises: ConfigError, with ``name`` and a fix.
    """
    smf = read_smf(data, name)
    notes = _read_notes(smf)
    tracks = find_chord_tracks(smf)
    end = max(
        [*(note.end for note in notes), *(track.end for track in tracks if track.is_certain or not notes)], default=0
    )
    if end <= 0:
        raise ConfigError(f"{name}: has no notes and names no chords", "give a MIDI file with notes in it")
    lines = find_bar_lines(smf.find_all(parse_metre), end, name)
    starts = lines.starts
    if len(starts) < 2:
        raise ConfigError(f"{name}: ends before its first whole bar", "give a longer file")
    beats = list(range(starts[0], starts[-1] + 1, TICKS_PER_BEAT))
    first_beats = set(starts)
    pitched = [note for note in notes if note.pitch >= 0]
    of_notes = recognise_chords(pitched, beats, [beat in first_beats for beat in beats[:-1]])
    named, remarks = read_chord_texts(tracks, beats, pitched, of_notes)
    if named is None and not pitched and harmony:
        raise ConfigError(f"{name}: has drums alone, so no chords can be read", "ask for --parts drums")
    piece = _make_sheet(smf, lines.lead, starts, of_notes if named is None else named)
    all_remarks = [*smf.remarks, *lines.remarks, *remarks]
    more = [f"and {len(all_remarks) - MOST_REMARKS} more remarks"] if len(all_remarks) > MOST_REMARKS else []
    return replace(piece, remarks=(*all_remarks[:MOST_REMARKS], *more))


def _read_notes(smf: Smf) -> list[TickNote]:
    """All notes, in order of their start; those of drums have the pitch -1."""
    found: list[TickNote] = []
    for track in smf.tracks:
        open_: dict[tuple[int, int], deque[Event]] = {}
        for event in track:
            kind = event.status & 0xF0
            if kind not in (NOTE_OFF, NOTE_ON):
                continue
            place = event.channel, event.data[0]
            if kind == NOTE_ON and event.data[1]:
                open_.setdefault(place, deque()).append(event)
            elif open_.get(place):
                found.append(_make_note(open_[place].popleft(), event.tick))
        for begun in open_.values():  # never ended: a beat long
            found += [_make_note(event, event.tick + TICKS_PER_BEAT) for event in begun]
    return sorted(found, key=lambda note: note.start)


def _make_note(on: Event, end: int) -> TickNote:
    pitch = -1 if on.channel == DRUM_CHANNEL else on.data[0]
    return TickNote(on.tick, max(end, on.tick + SHORTEST_TICKS), pitch, on.data[1])


def _make_sheet(smf: Smf, lead: int, starts: Sequence[int], chords: Sequence[Chord]) -> TimedSheet:
    usual = Counter((after - start) // TICKS_PER_BEAT for start, after in pairwise(starts)).most_common(1)[0][0]
    left = iter(chords)
    bars = [
        tuple(next(left) for _ in range((after - start) // TICKS_PER_BEAT)) for start, after in pairwise(starts)
    ]  # fmt: skip
    names = _read_section_names(smf, starts)
    counted = names[0] == COUNT_IN and len(names) > 1
    if counted:
        names, bars = names[1:], bars[1:]
    sections = []
    for name, group in groupby(zip(names, bars, strict=True), key=lambda named: named[0]):
        sections.append(SheetSection(name, 1, tuple(bar for _, bar in group)))
    lead, tempi = _round_lead(lead, tuple(sorted({0: USUAL_US, **dict(smf.find_all(parse_tempo))}.items())))
    sheet = Sheet(tuple(sections), usual, 60e6 / tempi[0][1], _read_key(smf))
    return TimedSheet(sheet, tempi, lead, counted)


def _read_section_names(smf: Smf, starts: Sequence[int]) -> list[str]:
    """A name for each bar: that of the last marker, moved to the nearest bar line. Names of keys are none."""
    markers = [(event.tick, text) for event in smf.events if (text := parse_text(event, MARKER)) and text not in _KEYS]
    named: dict[int, str] = {}
    for tick, text in sorted(markers):
        after = bisect_left(starts, tick)
        near = min(range(max(after - 1, 0), min(after + 1, len(starts))), key=lambda bar: abs(starts[bar] - tick))
        named[near] = text
    names = accumulate(range(len(starts) - 1), lambda name, bar: named.get(bar, name), initial="")
    return list(names)[1:]


def _round_lead(ticks: int, tempi: Tempi) -> tuple[int, Tempi]:
    """A lead of so many ticks as whole sixteenths that last as long, and the tempi with it: DAWs count no finer."""
    if ticks % SIXTEENTH == 0:
        return ticks, tempi
    edges = [*((tick, tempo) for tick, tempo in tempi if tick < ticks), (ticks, 0)]
    length_us = sum(tempo * (after - tick) / TICKS_PER_BEAT for (tick, tempo), (after, _) in pairwise(edges))
    now = [tempo for tick, tempo in tempi if tick <= ticks][-1]
    lead = fill_time(length_us, now)
    later = [(tick + lead.ticks - ticks, tempo) for tick, tempo in tempi if tick > ticks]
    return lead.ticks, (*lead.tempi, (lead.ticks, now), *later)


def _read_key(smf: Smf) -> Key | None:
    """The first one written."""
    for event in smf.events:
        if (key := parse_key(event)) is not None:
            tonic, minor = key
            return Key(tonic, int(minor), 1.0)
    return None
