"""DAWproject file: writer of the archive, with the audio streamed into it.

Nothing is compressed: audio hardly shrinks, and compressed bytes differ from one zlib to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from zipfile import ZIP64_LIMIT, ZIP_STORED, ZipFile, ZipInfo

from export.dawproject.project_arrangement import get_audio_path
from export.dawproject.project_document import METADATA, PROJECT, make_metadata, make_project
from export.dawproject.project_structure import Devices
from export.files.bwf import make_bwf_header, write_bwf
from export.session.session import AudioTrack, Session

_DATE = (1980, 1, 1, 0, 0, 0)
"""First date that an archive can hold: the same session gives the same bytes."""
_UNIX, _MODE = 3, 0o644
_NONE: Devices = MappingProxyType({})


def write_dawproject(session: Session, target: Path, on_write: Callable[[int], None], devices: Devices = _NONE) -> None:
    """Write a session as a DAWproject. ``target``: a draft, which the caller renames. ``on_write`` gets the audio
    frames of each block. ``devices``: plugins by channel.

    Raises:
        BridgeError: A source cannot be read, or gave another number of frames than it said.
        OSError: The disk is full or refuses.
        ValueError: ``devices`` names a channel that there is not.
    """
    document = make_project(session, devices)
    with ZipFile(target, "w", ZIP_STORED) as archive:
        archive.writestr(_make_info(METADATA), make_metadata(session))
        archive.writestr(_make_info(PROJECT), document.xml)
        for track in session.audio:
            if track.sound.frames:
                _write_audio(archive, session, track, on_write)
        for path, preset in document.presets.items():
            archive.writestr(_make_info(path), preset)


def _write_audio(archive: ZipFile, session: Session, track: AudioTrack, on_write: Callable[[int], None]) -> None:
    is_large = count_file_bytes(session, track) > ZIP64_LIMIT
    with archive.open(_make_info(get_audio_path(track)), "w", force_zip64=is_large) as member:
        write_bwf(member, session, track, on_write)  # type: ignore[arg-type]


def count_file_bytes(session: Session, track: AudioTrack) -> int:
    """The size of the file of ``track``."""
    data_bytes = track.sound.frames * track.sound.channels * session.sample_format.bits // 8
    return len(make_bwf_header(session, track)) + data_bytes + data_bytes % 2


def _make_info(path: str) -> ZipInfo:
    info = ZipInfo(path, _DATE)
    info.create_system = _UNIX
    info.external_attr = _MODE << 16
    return info
