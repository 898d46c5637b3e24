"""Live folder: a MIDI file with the tempo map and the band, and a page of steps, beside the audio files.

Live's own format has no description and changes with each version, so Sideman does not write it. One MIDI file has
the tempo map and all parts, so that one import is enough.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from export.files.session_midi import TEMPO_TRACK_NAME, make_session_midi
from export.files.steps_page import DawSteps, name_muted, write_steps_page
from export.session.session import AUDIO_FOLDER, MIDI_FOLDER, Session

SOURCES = (
    "Live's Reference Manual (Arrangement View; Mixing)",
    "“Importing a tempo map” and “Auto-Warp in Live 11.3 or later” on help.ableton.com",
)


def write_live(session: Session, folder: Path) -> None:
    """Write MIDI file and page into ``folder``, whose AUDIO_FOLDER has the audio files.

    Raises:
        OSError: The disk is full or refuses.
    """
    midi = folder / MIDI_FOLDER / f"{session.file_name}.mid"
    midi.parent.mkdir(exist_ok=True)
    midi.write_bytes(make_session_midi(session, spans_tempo=True))
    write_steps_page(session, make_live_steps(session), folder)


def make_live_steps(session: Session) -> DawSteps:
    """The steps for a new Live Set."""
    midi = escape(f"{MIDI_FOLDER}/{session.file_name}.mid")
    steps = [
        "Make a new Live Set: <b>File &gt; New Live Set</b>. Show the Arrangement View (Tab key).",
        "Open Live's settings (Live 11 and older: Preferences). "
        f"On the page <b>Audio</b>, set <b>In/Out Sample Rate</b> to <b>{session.rate}</b>. "
        "On the page <b>Record/Warp/Launch</b>, set <b>Auto-Warp Long Samples</b> to <b>Off</b>.",
        "Put the insert marker at the start (Home key). "
        f"Choose <b>Create &gt; Import MIDI File</b>, and open <b>{midi}</b>. "
        "Live asks about the tempo of the file. Answer <b>Yes</b>.",
        f"Delete the track <b>{TEMPO_TRACK_NAME}</b>. Live reads tempo changes only where there are notes. "
        "That is why this track has one long note.",
        f"Drag the files of the folder <b>{AUDIO_FOLDER}</b>, one after the other, below the last track, to bar 1 "
        "(1.1.1). Each makes a track.",
        "Select all audio clips. Switch <b>Warp</b> off in the Clip View, if it is on. "
        "Now the audio has its own time, and the tempo map fits it.",
    ]
    steps.append(
        "Compare the time signatures with those on this page. Where one is missing, click at its bar, and choose "
        "<b>Create &gt; Insert Time Signature Change</b>."
    )
    if muted := name_muted(session):
        steps.append(f"Switch these tracks off with their Track Activator: {muted}. What plays now is the song.")
    if session.midi:
        steps.append(
            "The MIDI tracks need instruments. Drag one to each of them. "
            "The table <b>MIDI tracks</b> shows which sound was meant."
        )
    if session.sections:
        steps.append(
            "Live reads no markers from MIDI files. For each line of the table <b>Sections</b>, click at its bar, "
            "and choose <b>Create &gt; Add Locator</b>."
        )
    return DawSteps("Ableton Live", steps, SOURCES)
