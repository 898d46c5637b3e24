"""Export job for one song: its results, its session, and the session in each format that is asked for.

A session is written beside its final name and renamed when it is whole. One that the user changed, as a DAW does when
it saves, is never replaced: what is written anew gets another name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

import bridge
from bridge.audiofile import Song
from bridge.drafts import longest_name, sync_folder
from bridge.errors import ConfigError
from bridge.failures import fix_for
from bridge.names import fold_name
from engines.offline.folder_lock import lock_folder
from engines.offline.song_batch import ProgressCallback
from engines.offline.songs import escape_name, list_names, make_result_name, resolve_path
from engines.separation.offline.journal import read_identity
from export.dawproject.project_structure import GROUP_CHANNELS, Devices
from export.dawproject.vst_device import VstDevice
from export.results.result_journal import FileStamp, ResultJournal, make_key, read_stamp
from export.results.session_builder import SessionRequest, build_session
from export.results.song_results import ResultRequest, SongResults, make_results
from export.session.session import Session
from export.session_formats import SessionFormat

SESSIONS = "session"
"""Beginning of the names of sessions in the journal of the folder."""
SPARE_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export. ``results``: the folder of results. ``is_forced``: also what is there already.

    ``devices``: plugins by the name of a track or of a group channel, for formats that take them.
    """

    formats: Sequence[SessionFormat]
    results: Path
    made: ResultRequest
    session: SessionRequest
    devices: Devices = field(default_factory=dict)
    is_forced: bool = False


@dataclass(slots=True)
class ExportResult:
    """Result of a song. ``status``: done, skipped or failed. ``sessions``: by format, a file or folder each."""

    song: Path
    status: str = "done"
    sessions: dict[str, Path] = field(default_factory=dict)
    rate: int = 0
    frames: int = 0
    tracks: int = 0
    took_s: float = 0.0
    notes: list[str] = field(default_factory=list)
    error: str = ""
    hint: str = ""


def export_song(
    song: Path, out: Path, request: ExportRequest, progress: ProgressCallback, clock: Callable[[], float]
) -> ExportResult:
    """Export the song at ``song`` into ``out``. Raises: BridgeError.

    Results and sessions that are there are left alone unless forced.
    """
    began_s = clock()
    result = ExportResult(song)
    try:
        with Song(song) as opened:
            result.rate, channels = opened.rate, min(opened.channels, 2)
        with lock_folder(out):
            results = make_results(song, request.results, request.made, result.rate, channels, progress)
            _write_sessions(song, out, request, results, result, progress)
    except OSError as error:
        message = f"{error.filename or out}: {error.strerror or error}"
        raise ConfigError(message, f"{fix_for(error)}; then give the same command again: it continues") from error
    result.took_s = clock() - began_s
    return result


def _write_sessions(
    song: Path,
    out: Path,
    request: ExportRequest,
    results: SongResults,
    result: ExportResult,
    progress: ProgressCallback,
) -> None:
    journal = ResultJournal(out)
    key = make_session_key(song, results, request)
    targets = [_Target(song, out, format_, journal, key, request.is_forced) for format_ in request.formats]
    result.sessions = {target.format.name: target.path for target in targets}
    missing = [target for target in targets if not target.is_made]
    if not missing:
        result.status = "skipped"
        return

    def report_read(frames: int) -> None:
        progress("measuring", frames, results.map.length_frames, results.rate)

    session, notes = build_session(song, missing[0].file_name, results, request.session, report_read)
    result.notes = [*results.notes, *notes]
    devices, unknown = place_devices(session, request.devices)
    result.notes += [f"plugins of {name} are left out: there is no such track" for name in unknown]
    result.frames, result.tracks = session.frames, len(session.audio) + len(session.midi)
    total, done = len(missing) * sum(track.sound.frames for track in session.audio), 0
    _check_space(out, session, len(missing))

    def report_written(frames: int) -> None:
        nonlocal done
        done += frames
        progress("writing", done, total, session.rate)

    for target in missing:
        target.write(session, report_written, devices)


def place_devices(session: Session, devices: Devices) -> tuple[Devices, list[str]]:
    """The devices by the channels of ``session``, and the names that no track has."""
    files = {track.name: track.file for track in session.audio}
    channels = {**files, **{track.name: track.name for track in session.midi if track.name not in files}}
    channels |= {name: name for name in GROUP_CHANNELS}
    placed = {channels[name]: row for name, row in devices.items() if name in channels}
    return placed, [name for name in devices if name not in channels]


def make_session_key(song: Path, results: SongResults, request: ExportRequest) -> str:
    """A hash of all that the sessions of ``song`` are made from: its results are known by size and date."""
    files = [
        *results.stems.items(),
        *results.band_audio.items(),
        ("band", results.band_midi),
        ("map", results.map_midi),
    ]
    stamps = [(name, str(path), read_stamp(path)) for name, path in files if path is not None]
    identity = msgspec.to_builtins(read_identity(song))
    devices = [(name, [_describe_device(one) for one in row]) for name, row in request.devices.items()]
    session = request.session
    return make_key(bridge.__version__, identity, stamps, session.sample_format.name, session.start_s, devices)


def _describe_device(device: VstDevice) -> list[object]:
    state = hashlib.sha256(device.state).hexdigest()
    return [device.name, device.class_id, state, device.label, device.is_enabled, device.is_instrument]


class _Target:
    """The place of a session in ``out``: the first name that is free, or that has a session of ours to replace.

    ``is_made``: whether the session is there, made with the same ``key``; never where ``is_forced``.
    """

    def __init__(
        self, song: Path, out: Path, format_: SessionFormat, journal: ResultJournal, key: str, is_forced: bool
    ) -> None:
        self.format = format_
        self._out, self._journal, self._key = out, journal, key
        place, taken = escape_name(resolve_path(song)), list_names(out)
        longest = longest_name(out) - len(format_.ending) - len("..part")
        self.is_made = False
        number = 0
        while True:
            number += 1
            self.file_name = make_result_name(song, number, longest)
            name = self.file_name + format_.ending
            self.path, self._record = out / name, f"{SESSIONS} {name} {place}"
            if not journal.is_known(self._record):
                if fold_name(name) not in taken:
                    return
                continue
            found = journal.find(self._record)
            self.is_made = found is not None and found.key == key and not is_forced
            if self.is_made or not self.path.exists():
                return
            if found is not None and not found.is_changed and set(_list_files(self.path)) == set(found.files):
                return

    def write(self, session: Session, on_write: Callable[[int], None], devices: Devices) -> None:
        draft, old = self._hide("part"), self._hide("old")
        _remove(draft)
        if old.exists() and not self.path.exists():  # a run was killed between two renames
            old.rename(self.path)
        _remove(old)
        try:
            self.format.write(session, draft, on_write, devices)
            self._journal.note(self._record, self._key, self._sync(draft))
            if self.path.is_dir():
                self.path.rename(old)
            draft.replace(self.path)
            sync_folder(self._out)
        finally:
            _remove(draft)
        _remove(old)

    def _hide(self, ending: str) -> Path:
        return self._out / f".{self.path.name}.{ending}"

    def _sync(self, draft: Path) -> dict[str, FileStamp | None]:
        """Write the draft through to the disk; the stamps of its files, by their final paths from the folder."""
        stamps = {}
        for file in _list_files(draft):
            descriptor = os.open(file, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            stamps[(self.path / file.relative_to(draft)).relative_to(self._out).as_posix()] = read_stamp(file)
        return stamps


def _list_files(path: Path) -> list[Path]:
    """The files in a folder and below it, or a file alone."""
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _check_space(out: Path, session: Session, copies: int) -> None:
    frame_bytes = session.sample_format.bits // 8
    audio = sum(track.sound.frames * track.sound.channels for track in session.audio) * frame_bytes
    needed, free = audio * copies + SPARE_BYTES, shutil.disk_usage(out).free
    if needed > free:
        message = f"{out}: {needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
        raise ConfigError(message, "free some, or give another --out")


def find_own_files(out: Path) -> frozenset[Path]:
    """The files of the sessions in ``out``, which are no songs to export."""
    return frozenset(map(resolve_path, ResultJournal(out).list_files(f"{SESSIONS} ")))
