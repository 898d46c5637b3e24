"""Session MIDI writer: tempo map, time signatures, keys, markers and MIDI tracks as a standard MIDI file of type 1.

TICKS_PER_BEAT ticks a quarter note, as the session's own. A finer division (960) would move nothing: tempi are whole
microseconds in the session already, so each tick of the file is at the session's own time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from mido import Message, MetaMessage

from bridge.core.midi import MIDI_CHANNELS, PAN, VOLUME
from engines.offline.smf.writing import SIGNATURES, TimedMessage, to_metre_messages, to_tempo_messages, write_smf
from export.session.session import MidiTrack, Session

TEMPO_TRACK_NAME = "tempo map (delete)"
TEMPO_NOTE = 0
"""Pitch of the note that spans the tempo changes: the lowest, which few instruments play."""


def make_session_midi(session: Session, *, spans_tempo: bool, ascii_only: bool = False) -> bytes:
    """The bytes of the file: track 0 has all that concerns the song, then a track for each of the session's.

    Texts are UTF-8; with ``ascii_only`` they lose accents, and other characters are question marks, for a program that
    takes texts for Latin-1. With ``spans_tempo`` a last track has one quiet note from the start to the end: Live
    imports the tempo map only if notes span all changes (help.ableton.com, *Importing a tempo map*).
    """
    clean = _to_ascii if ascii_only else _to_utf8
    end = max(session.end_tick, session.tempi[-1].tick + 1, session.metres[-1].tick + 1)
    tracks = [_list_song_messages(session, clean)]
    tracks += [[_name(clean(track.name)), *list_track_messages(track)] for track in session.midi]
    if spans_tempo:
        tracks.append(list(_list_spanning_note(session, end)))
    return write_smf(tracks, end)


def list_track_messages(track: MidiTrack) -> list[TimedMessage]:
    """Program, volume, pan and notes of ``track`` by tick; at one tick a note ends before the next begins."""
    channel = track.channel
    setup: list[TimedMessage] = []
    if track.program is not None:
        setup.append((0, Message("program_change", channel=channel, program=track.program)))
    for controller, value in ((VOLUME, track.volume), (PAN, track.pan)):
        if value is not None:
            setup.append((0, Message("control_change", channel=channel, control=controller, value=value)))
    ends: list[TimedMessage] = [
        (note.end_tick, Message("note_off", channel=note.channel, note=note.pitch, velocity=0)) for note in track.notes
    ]
    starts: list[TimedMessage] = [
        (note.tick, Message("note_on", channel=note.channel, note=note.pitch, velocity=note.velocity))
        for note in track.notes
    ]
    return setup + sorted(ends + starts, key=lambda timed: timed[0])


def _list_song_messages(session: Session, clean: Callable[[str], str]) -> list[TimedMessage]:
    """Sections come before chords: where both begin, the section's name is the first."""
    messages: list[TimedMessage] = [_name(clean(session.name))]
    messages += to_metre_messages((metre.tick, metre.numerator, metre.denominator) for metre in session.metres)
    messages += to_tempo_messages((point.tick, point.quarter_us) for point in session.tempi)
    for key in session.keys:
        messages.append((key.tick, MetaMessage("key_signature", key=SIGNATURES[key.is_minor][key.tonic])))
    for marker in (*session.sections, *session.chords):
        messages.append((marker.tick, MetaMessage("marker", text=clean(marker.name))))
    return messages


def _list_spanning_note(session: Session, end: int) -> Iterator[TimedMessage]:
    used = {track.channel for track in session.midi} | {note.channel for track in session.midi for note in track.notes}
    channel = next((channel for channel in range(MIDI_CHANNELS) if channel not in used), MIDI_CHANNELS - 1)
    yield _name(TEMPO_TRACK_NAME)
    yield 0, Message("note_on", channel=channel, note=TEMPO_NOTE, velocity=1)
    yield end, Message("note_off", channel=channel, note=TEMPO_NOTE, velocity=0)


def _name(text: str) -> TimedMessage:
    return 0, MetaMessage("track_name", name=text)


def _to_utf8(text: str) -> str:
    """``text`` with question marks for what is no character: bytes of a file name that could not be read."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _to_ascii(text: str) -> str:
    letters = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letters).encode("ascii", "replace").decode("ascii")
