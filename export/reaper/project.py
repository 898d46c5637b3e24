"""Reaper project writer: a session as an RPP file beside its audio files.

Not run in Reaper. Two readers that are not ours find in it what the session has (tests/export/test_reaper.py).
"""

from __future__ import annotations

from pathlib import Path

from export.reaper.rpp_text import RppBlock, format_block, quote
from export.reaper.timeline import format_tempo, list_markers, make_tempo_envelope
from export.reaper.tracks import list_track_blocks
from export.session.session import Session

PROJECT_SUFFIX = ".RPP"
HEAD = 'REAPER_PROJECT 0.1 "7.0/sideman" 0'
"""The first line: version of the format, version of the program, and its time, which is 0: the same session gives the
same bytes."""
BALANCE = 3
"""Pan mode in which a stereo track is balanced and not summed."""


def write_reaper(session: Session, folder: Path) -> None:
    """Write the project of ``session`` into ``folder``. Its audio files belong into AUDIO_FOLDER there.

    Raises:
        OSError: The disk is full or refuses.
    """
    path = folder / f"{session.file_name}{PROJECT_SUFFIX}"
    path.write_bytes(format_block(make_project(session)).encode("utf-8", "replace"))


def make_project(session: Session) -> RppBlock:
    """The project: settings, tempo map, regions and markers, tracks.

    The pan law is 0 dB, and the rate is the session's and not the audio device's: with all faders as they are the
    stems add up to the song.
    """
    return RppBlock(
        HEAD,
        (
            f"TITLE {quote(session.name)}",
            "PANLAW 1",
            f"PANMODE {BALANCE}",
            f"SAMPLERATE {session.rate} 1 0",
            format_tempo(session),
            make_tempo_envelope(session),
            *list_markers(session),
            *list_track_blocks(session),
        ),
    )
