"""Import into Ardour: it finds the files of a session at the right place, its tempo map and its notes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mido import MidiFile

from bridge.core.time import TICKS_PER_BEAT
from export.files.bwf import write_bwf
from export.files.session_midi import make_session_midi
from export.session.session import Session
from tests.daw_live.ardour_session import SUPERCLOCK, find_audio, to_frames
from tests.daw_live.ardour_window import import_into_ardour, skip_without_window
from tests.export.sample_session import RATE, make_noise, make_session

pytestmark = [pytest.mark.daw, pytest.mark.live]

START_FRAME = 3600 * RATE + 12345
MICROSECOND = 1e-6


@dataclass(frozen=True)
class Imported:
    """What was exported, and the session that Ardour saved."""

    session: Session
    folder: Path
    root: ET.Element


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    skip_without_window()
    work = tmp_path_factory.mktemp("import")
    tracks = make_session().audio
    session = make_session(start_frame=START_FRAME, audio=(*tracks[:3], replace(tracks[3], sound=make_noise(5))))
    audio = [work / track.file for track in session.audio]
    for path, track in zip(audio, session.audio, strict=True):
        with path.open("wb") as file:
            write_bwf(file, session, track, lambda frames: None)
    midi = work / "song.mid"
    midi.write_bytes(make_session_midi(session, spans_tempo=False))
    saved = import_into_ardour(work, [[midi], audio], RATE)
    return Imported(session, saved.parent, ET.parse(saved).getroot())


def test_all_files_are_at_the_start_and_the_same_sample_by_sample(imported: Imported) -> None:
    sources = {source.attrib["id"]: source.attrib["name"] for source in imported.root.findall("Sources/Source")}
    for track in imported.session.audio:
        (region,) = imported.root.findall(f"Playlists/Playlist[@name='{Path(track.file).stem}']/Region")
        length, at = (to_frames(time, RATE) for time in region.attrib["length"].split("@"))
        assert (at, to_frames(region.attrib["start"], RATE), length) == (0, 0, track.sound.frames)
        names = [sources[region.attrib[f"source-{channel}"]] for channel in range(track.sound.channels)]
        read = [soundfile.read(find_audio(imported.folder, name), dtype="float64")[0] for name in names]
        expected = np.concatenate(list(track.sound.read_blocks()))
        np.testing.assert_array_equal(np.stack(read, axis=1), expected)


def test_ardour_reads_the_time_reference(imported: Imported) -> None:
    sources = imported.root.findall("Sources/Source[@type='audio']")
    assert len(sources) == sum(track.sound.channels for track in imported.session.audio)
    assert {to_frames(source.attrib["natural-position"], RATE) for source in sources} == {START_FRAME}


def test_the_tempo_map_is_that_of_the_session(imported: Imported) -> None:
    session = imported.session
    tempi = imported.root.findall("TempoMap/Tempos/Tempo")
    assert [read_quarters(tempo) for tempo in tempi] == [point.tick / TICKS_PER_BEAT for point in session.tempi]
    assert {tempo.attrib["type"] for tempo in tempi} == {"Tempo::Constant"}
    times = [int(tempo.attrib["sclock"]) / SUPERCLOCK for tempo in tempi]
    assert times == pytest.approx([session.to_seconds(point.tick) for point in session.tempi], abs=MICROSECOND)
    metres = imported.root.findall("TempoMap/Meters/Meter")
    assert [
        (read_quarters(metre) * TICKS_PER_BEAT, int(metre.attrib["divisions-per-bar"]), int(metre.attrib["note-value"]))
        for metre in metres
    ] == [(metre.tick, metre.numerator, metre.denominator) for metre in session.metres]


def test_notes_are_at_their_ticks(imported: Imported) -> None:
    (path,) = (imported.folder / "interchange").rglob("song.drums-1.mid")
    file = MidiFile(path)
    (messages,) = file.tracks
    ticks = accumulate(message.time * TICKS_PER_BEAT / file.ticks_per_beat for message in messages)
    found = [(tick, m.note, m.velocity) for tick, m in zip(ticks, messages, strict=True) if m.type == "note_on"]
    assert found == [(note.tick, note.pitch, note.velocity) for note in imported.session.midi[0].notes]


def read_quarters(element: ET.Element) -> float:
    """Where a tempo or time signature begins, in quarter notes: ``beats:ticks``, 1920 ticks a beat."""
    beats, ticks = element.attrib["quarters"].split(":")
    return int(beats) + int(ticks) / 1920
