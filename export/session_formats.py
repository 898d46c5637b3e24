"""Session formats: what a session can be written as, by the names of ``--to``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import EngineError
from export.dawproject.dawproject_check import check_dawproject
from export.dawproject.dawproject_file import write_dawproject
from export.dawproject.project_structure import Devices
from export.files.audio_files import write_audio_files
from export.live.live_folder import write_live
from export.logic.logic_folder import write_logic
from export.reaper.project import write_reaper
from export.session.session import Session

MOST_PROBLEMS = 3
"""Most problems of a file that an error names."""
OnWrite = Callable[[int], None]
"""Gets the frames of each block of audio that is written."""


@dataclass(frozen=True, slots=True)
class SessionFormat:
    """Session format. ``ending``: of the name of its file or folder, behind that of the song.

    ``write``: writes a session to a path that does not exist yet. ``takes_devices``: whether plugins are written.
    """

    name: str
    ending: str
    write: Callable[[Session, Path, OnWrite, Devices], None]
    takes_devices: bool = False


def _write_dawproject(session: Session, target: Path, on_write: OnWrite, devices: Devices) -> None:
    """Write a DAWproject, and check it: no DAW says what is wrong with one."""
    write_dawproject(session, target, on_write, devices)
    if problems := check_dawproject(target):
        raise EngineError(f"the DAWproject has errors: {'; '.join(problems[:MOST_PROBLEMS])}", "please report them")


def _write_folder(write: Callable[[Session, Path], None]) -> Callable[[Session, Path, OnWrite, Devices], None]:
    """A writer of a folder: the audio files, then what ``write`` adds."""

    def write_all(session: Session, folder: Path, on_write: OnWrite, _: Devices) -> None:
        folder.mkdir()
        write_audio_files(session, folder, on_write)
        write(session, folder)

    return write_all


SESSION_FORMATS = {
    format_.name: format_
    for format_ in (
        SessionFormat("dawproject", ".dawproject", _write_dawproject, takes_devices=True),
        SessionFormat("reaper", " Reaper", _write_folder(write_reaper)),
        SessionFormat("live", " Live", _write_folder(write_live)),
        SessionFormat("logic", " Logic", _write_folder(write_logic)),
    )
}
