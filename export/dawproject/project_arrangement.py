"""Project arrangement: clips, markers, tempo map and time signatures of a DAWproject.

Audio lies in lanes in seconds, so that it stays on its sample whatever the tempo map; all music is in beats. Each clip
holds its audio or notes directly: Studio One reads no notes that are wrapped twice (ProjectConverter, issue 15).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from export.dawproject.project_elements import ElementFactory, format_beats, format_number
from export.dawproject.project_structure import MOST_MIDI, ProjectTracks
from export.session.session import AudioTrack, Marker, MidiTrack, Session

AUDIO_DIRECTORY = "audio"
"""Directory of the audio files in the archive."""
SECTION_COLOR, CHORD_COLOR = "#d9822b", "#8c8c8c"


def get_audio_path(track: AudioTrack) -> str:
    """Where the file of ``track`` is in the archive."""
    return f"{AUDIO_DIRECTORY}/{track.file}"


def write_arrangement(
    elements: ElementFactory, arrangement: ET.Element, session: Session, tracks: ProjectTracks
) -> None:
    """Write the timelines of a session into the element ``Arrangement``, in the order of the schema."""
    lanes = elements.add_with_id(arrangement, "Lanes", {"timeUnit": "beats"})
    for track, track_id in tracks.audio:
        _write_audio(elements, _add_clips(elements, lanes, track_id, "seconds"), track, session)
    for part, track_id in tracks.midi:
        _write_notes(elements, _add_clips(elements, lanes, track_id, "beats"), part, session)
    _write_markers(elements, arrangement, session)


def write_tempi(elements: ElementFactory, arrangement: ET.Element, session: Session, parameter: str) -> None:
    """Write the tempo map as steps; ``parameter``: the id of the transport's tempo, which has the first one."""
    if len(session.tempi) < 2:
        return
    points = elements.add_with_id(arrangement, "TempoAutomation", {"timeUnit": "beats", "unit": "bpm"})
    elements.add(points, "Target", {"parameter": parameter})
    for tempo in session.tempi:
        attributes = {"time": format_beats(tempo.tick), "value": format_number(tempo.bpm), "interpolation": "hold"}
        elements.add(points, "RealPoint", attributes)


def write_metres(elements: ElementFactory, arrangement: ET.Element, session: Session, parameter: str) -> None:
    """Write the time signatures; ``parameter``: the id of the transport's, which has the first one."""
    if len(session.metres) < 2:
        return
    points = elements.add_with_id(arrangement, "TimeSignatureAutomation", {"timeUnit": "beats"})
    elements.add(points, "Target", {"parameter": parameter})
    for metre in session.metres:
        figures = {"numerator": str(metre.numerator), "denominator": str(metre.denominator)}
        elements.add(points, "TimeSignaturePoint", {"time": format_beats(metre.tick), **figures})


def _add_clips(elements: ElementFactory, lanes: ET.Element, track_id: str, unit: str) -> ET.Element:
    # the unit is in both: ProjectConverter looks at that of the clips alone
    lane = elements.add_with_id(lanes, "Lanes", {"timeUnit": unit, "track": track_id})
    return elements.add_with_id(lane, "Clips", {"timeUnit": unit})


def _add_clip(elements: ElementFactory, clips: ET.Element, name: str, duration: str, unit: str) -> ET.Element:
    attributes = {"time": "0.0", "duration": duration, "contentTimeUnit": unit, "playStart": "0.0", "name": name}
    return elements.add(clips, "Clip", attributes)


def _write_audio(elements: ElementFactory, clips: ET.Element, track: AudioTrack, session: Session) -> None:
    """Write the clip of a whole file; a track without a frame has none."""
    sound = track.sound
    if not sound.frames:
        return
    duration = format_number(sound.frames / session.rate)
    clip = _add_clip(elements, clips, track.name, duration, "seconds")
    attributes = {"timeUnit": "seconds", "duration": duration, "algorithm": "raw"}
    figures = {"channels": str(sound.channels), "sampleRate": str(session.rate)}
    audio = elements.add_with_id(clip, "Audio", {**attributes, **figures})
    elements.add(audio, "File", {"path": get_audio_path(track), "external": "false"})


def _write_notes(elements: ElementFactory, clips: ET.Element, track: MidiTrack, session: Session) -> None:
    """Write the clip of a part, as long as the session; a track without a note has none."""
    if not track.notes:
        return
    clip = _add_clip(elements, clips, track.name, format_beats(session.end_tick), "beats")
    notes = elements.add_with_id(clip, "Notes", {"timeUnit": "beats"})
    for note in sorted(track.notes, key=lambda one: (one.tick, one.pitch)):
        attributes = {
            "time": format_beats(note.tick),
            "duration": format_beats(note.end_tick - note.tick),
            "channel": str(note.channel),
            "key": str(note.pitch),
            "vel": format_number(note.velocity / MOST_MIDI),
        }
        elements.add(notes, "Note", attributes)


def _write_markers(elements: ElementFactory, arrangement: ET.Element, session: Session) -> None:
    """Write sections and chords as markers; the schema wants one at least."""
    found = [(one, SECTION_COLOR) for one in session.sections] + [(one, CHORD_COLOR) for one in session.chords]
    if not found:
        return
    markers = elements.add_with_id(arrangement, "Markers", {"timeUnit": "beats"})
    for marker, color in sorted(found, key=_get_tick):
        elements.add(markers, "Marker", {"time": format_beats(marker.tick), "name": marker.name, "color": color})


def _get_tick(found: tuple[Marker, str]) -> int:
    return found[0].tick
