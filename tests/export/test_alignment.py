"""Alignment: one impulse in the song lies at the same sample of the timeline in all formats and tracks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import lxml.html
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from export.dawproject.dawproject_file import write_dawproject
from export.files.bwf import write_bwf
from export.live.live_folder import write_live
from export.logic.logic_folder import write_logic
from export.reaper.project import write_reaper
from export.session.session import AUDIO_FOLDER, SampleFormat, Session
from tests.export.dawproject.project_reader import read_project
from tests.export.rpp_readers import read_with_rpp
from tests.export.sample_session import IMPULSE_FRAME, RATE, WAV24, WAV32F, make_session

Sounds = Iterator[NDArray[np.float64]]
"""The sound of each track from the start of the timeline, shape (frames, channels)."""


def write_audio(session: Session, folder: Path) -> None:
    (folder / AUDIO_FOLDER).mkdir()
    for track in session.audio:
        with (folder / AUDIO_FOLDER / track.file).open("wb") as file:
            write_bwf(file, session, track, lambda frames: None)


def read_placed(path: Path, begin_s: float) -> NDArray[np.float64]:
    """The samples of a file that begins at ``begin_s`` of the timeline, to a hundredth of a sample."""
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert rate == RATE
    assert begin_s * rate == pytest.approx(round(begin_s * rate), abs=0.01)
    return np.concatenate([np.zeros((round(begin_s * rate), samples.shape[1])), samples])


def read_reaper(folder: Path) -> Sounds:
    (path,) = folder.glob("*.RPP")
    for track in read_with_rpp(path.read_text(encoding="utf-8")).find_all("TRACK"):
        for item in track.find_all("ITEM"):
            for source in item.find_all("SOURCE"):
                if source.tokens == ("WAVE",):
                    assert item.get("SOFFS")[0] == 0
                    assert item.get("PLAYRATE")[0] == 1
                    yield read_placed(folder / str(source.get("FILE")[0]), float(item.get("POSITION")[0]))


def read_page(folder: Path) -> Sounds:
    """By the page, all files begin at bar 1."""
    page = lxml.html.document_fromstring((folder / "Steps.html").read_text(encoding="utf-8"))
    table = next(table for table in page.iter("table") if table.getprevious().text_content() == "Audio files")
    for row in list(table.iter("tr"))[1:]:
        yield read_placed(folder / AUDIO_FOLDER / row[0].text_content(), 0.0)


def write_dawproject_into(session: Session, folder: Path) -> None:
    write_dawproject(session, folder / "x.dawproject", lambda frames: None)


def read_dawproject(folder: Path) -> Sounds:
    project = read_project(folder / "x.dawproject")
    for track in make_session().audio:
        yield project.read_audio(track.name)


@pytest.mark.parametrize("format_", [WAV24, WAV32F], ids=["24", "32f"])
@pytest.mark.parametrize(
    ("write", "read"),
    [
        (write_dawproject_into, read_dawproject),
        (write_reaper, read_reaper),
        (write_live, read_page),
        (write_logic, read_page),
    ],
    ids=["dawproject", "reaper", "live", "logic"],
)
def test_an_impulse_is_at_the_same_sample_in_all_tracks(
    write: Callable[[Session, Path], None], read: Callable[[Path], Sounds], format_: SampleFormat, tmp_path: Path
) -> None:
    session = make_session(sample_format=format_)
    write_audio(session, tmp_path)
    write(session, tmp_path)
    sounds = list(read(tmp_path))
    assert len(sounds) == len(session.audio)
    for sound in sounds:
        assert np.flatnonzero(sound.any(axis=1)).tolist() == [IMPULSE_FRAME]
