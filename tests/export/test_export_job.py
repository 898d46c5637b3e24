"""Export job: sessions are whole or not there, are kept where nothing changed, and never replace the user's work."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from bridge.errors import BridgeError, ConfigError
from engines.backing.backing_track import BackingRequest
from engines.separation.offline.profiles import choose_profile
from export.dawproject.project_structure import Devices
from export.dawproject.vst_device import VstDevice
from export.export_job import ExportRequest, ExportResult, export_song, find_own_files
from export.files.audio_files import write_audio_files
from export.results.session_builder import SessionRequest
from export.results.song_results import ResultRequest
from export.session.session import Session
from export.session_formats import OnWrite, SessionFormat
from tests.export.sample_results import SongFiles, write_song_files
from tests.export.sample_session import WAV24, WAV32F


def write_folder(session: Session, folder: Path, on_write: OnWrite, devices: Devices) -> None:
    folder.mkdir()
    write_audio_files(session, folder, on_write)
    chords = " ".join(f"{chord.name}@{session.to_seconds(chord.tick):g}" for chord in session.chords)
    (folder / "session.txt").write_text(f"{session.start_frame} {chords}")


def write_file(session: Session, path: Path, on_write: OnWrite, devices: Devices) -> None:
    path.write_text(f"{session.name} {sorted((name, row[0].name) for name, row in devices.items())}")


FOLDER, FILE = SessionFormat("folder", " Folder", write_folder), SessionFormat("file", ".file", write_file)


@pytest.fixture
def files(tmp_path: Path) -> SongFiles:
    return write_song_files(tmp_path / "in")


def make_request(files: SongFiles, out: Path, *formats: SessionFormat) -> ExportRequest:
    made = ResultRequest("dsp", choose_profile("dsp"), None, files.stems, files.analysis)
    return ExportRequest(formats or (FOLDER, FILE), out / "results", made, SessionRequest(WAV24))


def export(files: SongFiles, out: Path, request: ExportRequest) -> ExportResult:
    return export_song(files.song, out, request, lambda *_: None, time.monotonic)


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def sum_stems(audio: Path) -> NDArray[np.float64]:
    stems = [path for path in audio.iterdir() if path.name != "mix.wav"]
    return np.asarray(np.sum([soundfile.read(path)[0] for path in stems], axis=0))


def test_a_song_becomes_a_session_in_each_format(files: SongFiles, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = export(files, out, make_request(files, out))
    assert result.status == "done"
    assert list_names(out) == [".export.json", "song Folder", "song.file"]
    audio = out / "song Folder" / "Audio"
    assert list_names(audio) == ["drums.wav", "mix.wav", "residual.wav", "vocals.wav"]
    assert (out / "song Folder" / "session.txt").read_text() == "0 Am@0 F@1 N.C.@2.5"
    np.testing.assert_array_equal(sum_stems(audio), soundfile.read(audio / "mix.wav")[0])
    np.testing.assert_array_equal(soundfile.read(audio / "mix.wav")[0], soundfile.read(files.song)[0])
    assert find_own_files(out) >= {(audio / "drums.wav").resolve(), (out / "song.file").resolve()}


def test_a_loud_song_is_lowered_as_a_whole_in_24_bits_and_left_in_floats(tmp_path: Path) -> None:
    files, out = write_song_files(tmp_path / "in", loudness=1.2), tmp_path / "out"
    request = make_request(files, out, FOLDER)
    notes = export(files, out, request).notes
    assert any("lowered by 1.6 dB" in note for note in notes)
    audio = out / "song Folder" / "Audio"
    assert np.abs(sum_stems(audio) - soundfile.read(audio / "mix.wav")[0]).max() <= 1e-6
    notes = export(files, out, replace(request, session=SessionRequest(WAV32F))).notes
    assert not any("lowered" in note for note in notes)
    assert np.abs(sum_stems(audio) - soundfile.read(audio / "mix.wav")[0]).max() <= 1e-7
    np.testing.assert_array_equal(soundfile.read(audio / "mix.wav")[0], soundfile.read(files.song)[0])


def test_what_is_there_is_kept_and_what_changed_is_replaced(files: SongFiles, tmp_path: Path) -> None:
    out = tmp_path / "out"
    request = make_request(files, out)
    export(files, out, request)
    before = (out / "song Folder" / "session.txt").stat().st_ino
    assert export(files, out, request).status == "skipped"
    assert (out / "song Folder" / "session.txt").stat().st_ino == before
    later = replace(request, session=SessionRequest(WAV24, start_s=3600.0))
    assert export(files, out, later).status == "done"
    assert (out / "song Folder" / "session.txt").read_text().startswith("158760000 ")
    assert list_names(out) == [".export.json", "song Folder", "song.file"]
    before = (out / "song Folder" / "session.txt").stat().st_ino  # anew: the first one's number may be given again
    assert export(files, out, replace(later, is_forced=True)).status == "done"
    assert (out / "song Folder" / "session.txt").stat().st_ino != before


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_a_session_that_the_user_changed_is_never_replaced(files: SongFiles, tmp_path: Path, change: str) -> None:
    out = tmp_path / "out"
    request = make_request(files, out, FOLDER)
    export(files, out, request)
    session = out / "song Folder"
    if change == "edited":
        (session / "session.txt").write_text("my work")
    elif change == "added":
        (session / "my take.wav").write_text("my work")
    else:
        (session / "Audio" / "drums.wav").unlink()
    kept = sorted(path.name for path in session.rglob("*"))
    later = replace(request, session=SessionRequest(WAV24, start_s=1.0), is_forced=True)
    assert export(files, out, later).sessions == {"folder": out / "song (2) Folder"}
    assert sorted(path.name for path in session.rglob("*")) == kept


def test_plugins_go_to_their_channels_and_those_without_a_track_are_named(files: SongFiles, tmp_path: Path) -> None:
    out = tmp_path / "out"
    request = make_request(files, out, FILE)
    assert export(files, out, request).status == "done"
    row = (VstDevice("Zam", "0" * 32),)
    devices = {"drums": row, "stems": row, "chords": row, "band bass": row}
    notes = export(files, out, replace(request, devices=devices)).notes
    assert notes[-1] == "plugins of band bass are left out: there is no such track"
    placed = "[('chords', 'Zam'), ('drums.wav', 'Zam'), ('stems', 'Zam')]"
    assert (out / "song.file").read_text() == f"song {placed}"


def test_a_file_of_somebody_else_is_left_alone(files: SongFiles, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "SONG.file").write_text("another's")
    export(files, out, make_request(files, out, FILE))
    assert list_names(out) == [".export.json", "SONG.file", "song (2).file"]


@pytest.mark.parametrize("stops_at", [0, 1, 3, 7])
def test_an_export_that_stops_leaves_what_was_there(files: SongFiles, tmp_path: Path, stops_at: int) -> None:
    out = tmp_path / "out"
    request = make_request(files, out, FOLDER)
    export(files, out, request)
    blocks = 0

    def write_and_stop(session: Session, folder: Path, on_write: OnWrite, devices: Devices) -> None:
        def count(frames: int) -> None:
            nonlocal blocks
            if blocks == stops_at:
                raise KeyboardInterrupt
            blocks += 1

        write_folder(session, folder, count, devices)

    stopping = replace(
        request, formats=(replace(FOLDER, write=write_and_stop),), session=SessionRequest(WAV24, start_s=1.0)
    )
    with pytest.raises(KeyboardInterrupt):
        export(files, out, stopping)
    assert list_names(out) == [".export.json", "song Folder"]
    assert (out / "song Folder" / "session.txt").read_text().startswith("0 ")
    assert export(files, out, request).status == "skipped"


def test_a_full_disk_says_so(files: SongFiles, tmp_path: Path) -> None:
    def fill(session: Session, folder: Path, on_write: OnWrite, devices: Devices) -> None:
        raise OSError(28, "No space left on device", str(folder))

    out = tmp_path / "out"
    request = make_request(files, out, replace(FILE, write=fill))
    with pytest.raises(ConfigError, match="No space left on device") as error:
        export(files, out, request)
    assert error.value.hint == "check free space; then give the same command again: it continues"
    assert not out.exists()


def test_a_song_without_a_beat_has_no_band_and_a_band_that_cannot_be_written_is_an_error(
    files: SongFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    request = make_request(files, out, FILE)
    notes = export(files, out, replace(request, made=replace(request.made, backing=BackingRequest()))).notes
    assert [note for note in notes if note.startswith("no band: ")]

    def fill(*_: object, **__: object) -> None:
        raise ConfigError("drums.wav: cannot be written (No space left on device)", "check free space")

    midi = tmp_path / "band.mid"
    midi.write_bytes(files.analysis.with_suffix(".mid").read_bytes())
    monkeypatch.setattr("export.results.song_results.write_stems", fill)
    for made in (replace(request.made, band=midi), replace(request.made, backing=BackingRequest())):
        monkeypatch.setattr("export.results.song_results._arrange", lambda *_: midi.read_bytes())
        with pytest.raises(ConfigError, match="No space left on device"):
            export(files, out, replace(request, made=made, is_forced=True))


def test_stems_and_analyses_that_are_none_are_refused(files: SongFiles, tmp_path: Path) -> None:
    out, empty = tmp_path / "out", tmp_path / "empty"
    empty.mkdir()
    request = make_request(files, out)
    for made in (
        replace(request.made, stems=empty),
        replace(request.made, stems=tmp_path / "nowhere"),
        replace(request.made, analysis=files.song),
        replace(request.made, analysis=empty),
        replace(request.made, band=files.song),
    ):
        with pytest.raises(BridgeError):
            export(files, out, replace(request, made=made))
    assert not (out / "song.file").exists()
