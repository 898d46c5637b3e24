"""Audio files: those of all tracks of a session, in the folder AUDIO_FOLDER of a session folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from export.files.bwf import write_bwf
from export.session.session import AUDIO_FOLDER, Session


def write_audio_files(session: Session, folder: Path, on_write: Callable[[int], None]) -> None:
    """Write the audio of each track into ``folder``. ``on_write`` gets the frames of each block.

    Raises:
        BridgeError: A source cannot be read.
        OSError: The disk is full or refuses.
    """
    audio = folder / AUDIO_FOLDER
    audio.mkdir()
    for track in session.audio:
        with (audio / track.file).open("xb") as file:
            write_bwf(file, session, track, on_write)
