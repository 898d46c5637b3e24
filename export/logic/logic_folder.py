"""Logic folder: a MIDI file with tempo map, markers and the band, and a page of steps, beside the audio files.

Logic's own format has no description. A MIDI file that Logic *opens* brings tempo, time signatures and markers; one
that it imports, or that is dragged into a project, does not (Logic Pro User Guide).
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from export.files.session_midi import make_session_midi
from export.files.steps_page import DawSteps, name_muted, write_steps_page
from export.session.session import AUDIO_FOLDER, MIDI_FOLDER, Session

SOURCES = (
    "Logic Pro User Guide 10.6 (“Open a MIDI file”; “Smart Tempo project settings”; “Add multitrack audio files to the "
    "Tracks area”; “Set the sample rate of a project”)",
)


def write_logic(session: Session, folder: Path) -> None:
    """Write MIDI file and page into ``folder``, whose AUDIO_FOLDER has the audio files.

    Raises:
        OSError: The disk is full or refuses.
    """
    midi = folder / MIDI_FOLDER / f"{session.file_name}.mid"
    midi.parent.mkdir(exist_ok=True)
    midi.write_bytes(make_session_midi(session, spans_tempo=False))
    write_steps_page(session, make_logic_steps(session), folder)


def make_logic_steps(session: Session) -> DawSteps:
    """The steps for a new project."""
    midi = escape(f"{MIDI_FOLDER}/{session.file_name}.mid")
    brings = "tempo, time signatures and markers" if session.sections or session.chords else "tempo and time signatures"
    steps = [
        f"Choose <b>File &gt; Open</b>, and open <b>{midi}</b>. This brings {brings}. "
        "Do not use File &gt; Import, and do not drag the file: both leave these out. "
        "If Logic asks about the environment, choose <b>New</b>.",
        f"Choose <b>File &gt; Project Settings &gt; Audio</b>. Set <b>Sample Rate</b> to <b>{session.rate}</b> Hz.",
        "Choose <b>File &gt; Project Settings &gt; Smart Tempo</b>. Set <b>Project Tempo mode</b> to "
        "<b>Keep Project Tempo</b>, and <b>Set imported audio files to</b> to <b>Off</b>. "
        "So Logic changes neither the tempo map nor the audio.",
        f"Drag all files of the folder <b>{AUDIO_FOLDER}</b> together to the Tracks area, to bar 1. "
        "In the dialog, select <b>Create new tracks</b>. "
        "Do not select <b>All selected files are stems from one project</b>: Logic would look for a tempo.",
    ]
    if muted := name_muted(session):
        steps.append(f"Mute these tracks (button M): {muted}. What plays now is the song.")
    if session.midi:
        steps.append(
            "Logic chose an instrument for each MIDI track. The table <b>MIDI tracks</b> shows which sound was meant."
        )
    steps.append("Choose <b>File &gt; Save As</b>.")
    return DawSteps("Logic Pro", steps, SOURCES)
