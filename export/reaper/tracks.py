"""Tracks of a Reaper project: folders, audio items, MIDI items.

The MIDI is in the project (``HASDATA``) and not in files beside it: its events are in quarter notes, so they follow
the project's tempo map alone, Reaper asks nothing when it opens them, and no file can get lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bridge.core.midi import ALL_NOTES_OFF, CONTROL_CHANGE
from bridge.core.time import TICKS_PER_BEAT
from export.files.session_midi import list_track_messages
from export.reaper.rpp_text import RppBlock, format_number, make_guid, quote
from export.session.session import AUDIO_FOLDER, FOLDER_TRACKS, AudioTrack, MidiTrack, Session

FOLDER_OPENS, FOLDER_CLOSES, IN_FOLDER = "1 1", "2 -1", "0 0"
"""Values of ``ISBUS``: the folder's own track, the last track in it, all others."""
BY_TIME, BY_BEATS = 0, 1
"""Values of ``BEAT``: when the tempo is edited, items stay at their time, or on their beats."""


@dataclass(frozen=True, slots=True)
class ReaperTrack:
    """A track. ``guid_name``: what its GUID is made from. ``item``: what lies on it; none on a folder's own track."""

    name: str
    guid_name: str
    timebase: int = BY_TIME
    is_muted: bool = False
    item: RppBlock | None = None
    folder: str = IN_FOLDER


def list_track_blocks(session: Session) -> Iterator[RppBlock]:
    """The tracks in the order of the mixer; MIDI is with the band."""
    for group in ("song", *FOLDER_TRACKS):
        tracks = [_make_audio_track(session, track) for track in session.audio if track.group == group]
        if group == "band":
            tracks += [_make_midi_track(session, track, number) for number, track in enumerate(session.midi, 1)]
        if tracks and group in FOLDER_TRACKS:
            tracks = [ReaperTrack(FOLDER_TRACKS[group], f"folder {group}", folder=FOLDER_OPENS), *tracks]
            tracks[-1] = replace(tracks[-1], folder=FOLDER_CLOSES)
        yield from (_make_track_block(session, track) for track in tracks)


def _make_audio_track(session: Session, track: AudioTrack) -> ReaperTrack:
    source = RppBlock("SOURCE WAVE", (f"FILE {quote(f'{AUDIO_FOLDER}/{track.file}')}",))
    guid_name = f"audio {track.file}"
    item = _make_item(session, track.name, guid_name, track.sound.frames / session.rate, source)
    return ReaperTrack(track.name, guid_name, BY_TIME, track.is_muted, item)


def _make_midi_track(session: Session, track: MidiTrack, number: int) -> ReaperTrack:
    guid_name = f"midi {number}"
    if not track.notes:
        return ReaperTrack(track.name, guid_name)
    source = RppBlock("SOURCE MIDI", (f"HASDATA 1 {TICKS_PER_BEAT} QN", *_list_events(session, track)))
    item = _make_item(session, track.name, guid_name, session.to_seconds(session.end_tick), source)
    return ReaperTrack(track.name, guid_name, BY_BEATS, item=item)


def _list_events(session: Session, track: MidiTrack) -> Iterator[str]:
    """Ticks since the last event, then three bytes in hexadecimal; an *all notes off* is the end of the source."""
    before = 0
    for tick, message in list_track_messages(track):
        yield _format_event(tick - before, message.bytes())
        before = tick
    yield _format_event(session.end_tick - before, [CONTROL_CHANGE | track.channel, ALL_NOTES_OFF, 0])


def _format_event(ticks: int, message: Sequence[int]) -> str:
    return f"E {ticks} " + " ".join(f"{byte:02x}" for byte in [*message, 0][:3])


def _make_item(session: Session, name: str, guid_name: str, length_s: float, source: RppBlock) -> RppBlock:
    """An item from the start of the project, without fades: Reaper's own would take 10 ms from both ends."""
    content = (
        "POSITION 0",
        "SNAPOFFS 0",
        f"LENGTH {format_number(length_s)}",
        "LOOP 0",
        "ALLTAKES 0",
        "FADEIN 1 0 0 1 0 0 0",
        "FADEOUT 1 0 0 1 0 0 0",
        "MUTE 0 0",
        f"IGUID {make_guid(session.name, 'item', guid_name)}",
        f"NAME {quote(name)}",
        "VOLPAN 1 0 1 -1",
        "SOFFS 0 0",
        "PLAYRATE 1 1 0 -1 0 0.0025",
        "CHANMODE 0",
        f"GUID {make_guid(session.name, 'take', guid_name)}",
        source,
    )
    return RppBlock("ITEM", content)


def _make_track_block(session: Session, track: ReaperTrack) -> RppBlock:
    guid = make_guid(session.name, "track", track.guid_name)
    content = (
        f"NAME {quote(track.name)}",
        f"BEAT {track.timebase}",
        "VOLPAN 1 0 -1 -1 1",
        f"MUTESOLO {int(track.is_muted)} 0 0",
        f"ISBUS {track.folder}",
        "NCHAN 2",
        f"TRACKID {guid}",
        "MAINSEND 1 0",
    )
    return RppBlock(f"TRACK {guid}", content if track.item is None else (*content, track.item))
