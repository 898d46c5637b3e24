"""MIDI score: the parts of a MIDI file as notes for instruments and as events for the synth, and its beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import (
    CONTROL_CHANGE,
    DRUM_CHANNEL,
    SUSTAIN_PEDAL,
    get_channel,
    get_status,
    is_note_off,
    is_note_on,
)
from bridge.core.time import TICKS_PER_BEAT, TempoChange, TempoMap
from bridge.errors import ConfigError
from bridge.failures import fix_for
from chains.process.messages import MidiNote
from engines.offline.smf.events import META
from engines.offline.smf.metas import TRACK_NAME, parse_tempo, parse_text
from engines.offline.smf.reading import LARGEST_BYTES, USUAL_US, MidiTrackEvents, Smf, read_smf
from engines.synth.stems import make_score

PEDAL_DOWN = 64
"""Least value of the sustain pedal that holds notes."""
LONGEST_S = 4 * 3600.0
"""Longest file that is rendered: more is a wrong tick."""
SHORTEST_NOTE_S = 0.001


@dataclass(frozen=True, slots=True)
class MidiPart:
    """A part: ``notes`` for an instrument, ``events`` by frame for the synth."""

    notes: tuple[MidiNote, ...]
    events: Sequence[TimedEvent]


@dataclass(frozen=True, slots=True)
class MidiScore:
    """A MIDI file at ``rate`` Hz. ``frames``: its length. ``beats_s``: the time of each quarter note, to its end."""

    rate: int
    frames: int
    parts: Mapping[str, MidiPart]
    beats_s: tuple[float, ...]
    remarks: tuple[str, ...] = ()


def read_midi(path: Path, rate: int) -> MidiScore:
    """Read the MIDI file at ``path``. A file of one track with several channels has a part for each of these.

    Raises:
        ConfigError: It cannot be read, has no notes, or is longer than LONGEST_S.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", fix_for(error)) from error
    smf = read_smf(data, str(path))
    tempi = [TempoChange(tick / TICKS_PER_BEAT, 60e6 / tempo) for tick, tempo in smf.find_all(parse_tempo)]
    if not tempi or tempi[0].beat > 0:
        tempi.insert(0, TempoChange(0.0, 60e6 / USUAL_US))
    tempo_map = TempoMap(tempi, rate)
    try:
        score = make_score([_to_messages(name, track) for name, track in _list_tracks(smf)], tempo_map, rate)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", error.hint) from error
    if score.frames > LONGEST_S * rate:
        hours = score.frames / rate / 3600
        raise ConfigError(f"{path}: it lasts {hours:.1f} hours", f"cut it; {LONGEST_S / 3600:g} hours are the most")
    beats = range(int(tempo_map.beat_at(score.frames)) + 2)
    parts = {name: MidiPart(_to_notes(events, score.frames, rate), events) for name, events in score.parts.items()}
    beats_s = tuple(tempo_map.frame_at(beat) / rate for beat in beats)
    return MidiScore(rate, score.frames, parts, beats_s, smf.remarks)


def _list_tracks(smf: Smf) -> list[tuple[str, MidiTrackEvents]]:
    """Name and events of each track; of a single one with notes, of each channel."""
    tracks = [(_find_name(track), track) for track in smf.tracks]
    playing = [track for _, track in tracks if _list_channels(track)]
    if len(playing) != 1 or len(channels := _list_channels(playing[0])) == 1:
        return tracks
    return [
        (
            "drums" if channel == DRUM_CHANNEL else f"channel {channel + 1}",
            [event for event in playing[0] if event.status == META or event.channel == channel],
        )
        for channel in channels
    ]


def _find_name(track: MidiTrackEvents) -> str:
    return next((name for event in track if (name := parse_text(event, TRACK_NAME))), "")


def _list_channels(track: MidiTrackEvents) -> list[int]:
    return sorted({event.channel for event in track if is_note_on(bytes((event.status, *event.data)))})


def _to_messages(name: str, track: MidiTrackEvents) -> tuple[str, list[tuple[float, bytes]]]:
    return name, [
        (event.tick / TICKS_PER_BEAT, b"" if event.status == META else bytes((event.status, *event.data)))
        for event in track
    ]


def _to_notes(events: Sequence[TimedEvent], frames: int, rate: int) -> tuple[MidiNote, ...]:
    """The notes of ``events``, to the end of their key or of the sustain pedal that holds them."""
    notes: list[MidiNote] = []
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}  # start and velocity, by channel and pitch
    held: dict[tuple[int, int], list[tuple[int, int]]] = {}  # whose key is up, and whose pedal is down
    pedals: set[int] = set()

    def end(channel: int, pitch: int, begun: tuple[int, int], at: int) -> None:
        start, velocity = begun
        length_s = max((at - start) / rate, SHORTEST_NOTE_S)
        notes.append(MidiNote(start / rate, length_s, pitch, velocity, channel))

    for event in events:
        if not isinstance(event.payload, Midi):
            continue
        data, at = event.payload.data, event.frame
        channel = get_channel(data)
        if is_note_on(data):
            key = (channel, data[1])
            for begun in held.pop(key, []):  # struck again under the pedal
                end(*key, begun, at)
            sounding.setdefault(key, []).append((at, data[2]))
        elif is_note_off(data):
            key = (channel, data[1])
            if begun_at := sounding.get(key):
                begun = begun_at.pop(0)
                if channel in pedals:
                    held.setdefault(key, []).append(begun)
                else:
                    end(*key, begun, at)
        elif get_status(data) == CONTROL_CHANGE and data[1] == SUSTAIN_PEDAL:
            if data[2] >= PEDAL_DOWN:
                pedals.add(channel)
                continue
            pedals.discard(channel)
            for key in [key for key in held if key[0] == channel]:
                for begun in held.pop(key):
                    end(*key, begun, at)
    for left in (sounding, held):
        for (channel, pitch), begun_at in left.items():
            for begun in begun_at:
                end(channel, pitch, begun, frames)
    return tuple(sorted(notes, key=lambda note: (note.start_s, note.channel, note.pitch)))
