"""MIDI music: tempi, time signatures, keys, markers and tracks of a MIDI file, as a session has them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.midi import CONTROL_CHANGE, NOTE_OFF, NOTE_ON, PAN, PROGRAM_CHANGE, VOLUME
from engines.offline.smf.events import META, Event
from engines.offline.smf.metas import MARKER, TEXT, TRACK_NAME, parse_key, parse_metre, parse_tempo, parse_text
from engines.offline.smf.reading import USUAL_US, Smf, read_smf
from export.session.session import KeySignature, Marker, MidiTrack, SessionNote, SessionTempo, TimeSignature

USUAL_METRE = (4, 4)


@dataclass(frozen=True, slots=True)
class MidiMusic:
    """The music of a MIDI file. ``texts``: the text events of its first track, which are chords in Sideman's own."""

    tempi: tuple[SessionTempo, ...]
    signatures: tuple[TimeSignature, ...]
    keys: tuple[KeySignature, ...]
    markers: tuple[Marker, ...]
    texts: tuple[Marker, ...]
    tracks: tuple[MidiTrack, ...]
    remarks: tuple[str, ...] = ()


def read_midi_music(data: bytes, name: str) -> MidiMusic:
    """Read the MIDI file ``data``. Raises: ConfigError, with ``name`` and a fix."""
    smf = read_smf(data, name)
    tempi = {0: USUAL_US, **dict(smf.find_all(parse_tempo))}
    metres = {0: USUAL_METRE, **dict(smf.find_all(parse_metre))}
    return MidiMusic(
        tuple(SessionTempo(tick, tempo) for tick, tempo in sorted(tempi.items())),
        tuple(TimeSignature(tick, *metre) for tick, metre in sorted(metres.items())),
        tuple(KeySignature(tick, *key) for tick, key in smf.find_all(parse_key)),
        _list_texts(smf, MARKER),
        _list_texts(smf, TEXT),
        tuple(track for events in smf.tracks if (track := _make_track(events)).notes),
        smf.remarks,
    )


def _list_texts(smf: Smf, kind: int) -> tuple[Marker, ...]:
    events = smf.tracks[0] if smf.tracks else ()
    return tuple(Marker(event.tick, text) for event in events if (text := parse_text(event, kind)) is not None)


def _make_track(events: Sequence[Event]) -> MidiTrack:
    names = (text for event in events if (text := parse_text(event, TRACK_NAME)))
    name = next(names, "MIDI")
    notes = _pair_notes(events)
    channel = notes[0].channel if notes else 0

    def find(status: int, kind: int | None = None) -> int | None:
        """The value of the channel's first message of this kind."""
        for event in events:
            if event.status == status | channel and (kind is None or event.data[0] == kind):
                return event.data[-1]
        return None

    return MidiTrack(
        name, tuple(notes), channel, find(PROGRAM_CHANGE), find(CONTROL_CHANGE, VOLUME), find(CONTROL_CHANGE, PAN)
    )


def _pair_notes(events: Sequence[Event]) -> list[SessionNote]:
    """The notes by their start; one that never ends lasts until the last event."""
    found: list[SessionNote] = []
    sounding: dict[tuple[int, int], deque[Event]] = {}
    end = max((event.tick for event in events), default=0)
    for event in events:
        kind = event.status & 0xF0
        if event.status == META or kind not in (NOTE_OFF, NOTE_ON):
            continue
        place = event.channel, event.data[0]
        if kind == NOTE_ON and event.data[1]:
            sounding.setdefault(place, deque()).append(event)
        elif sounding.get(place):
            found.append(_make_note(sounding[place].popleft(), event.tick))
    found += [_make_note(event, end) for begun in sounding.values() for event in begun]
    return sorted(found, key=lambda note: (note.tick, note.pitch))


def _make_note(on: Event, end: int) -> SessionNote:
    return SessionNote(on.tick, max(end, on.tick + 1), on.data[0], on.data[1], on.channel)
