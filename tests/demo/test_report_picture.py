"""The picture: drawn from whatever the run gave, and never a reason to fail."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bridge.core.events import Midi, TimedEvent
from bridge.errors import BridgeError
from demo.demo_song import DemoSong, render_own_song
from demo.report import Music, add_verdict
from demo.report_picture import KIT, _draw_chord_lane, draw, find_drum_lane, reduce_to_peaks, to_notes
from tests.demo.made_up import make_accompaniment, make_report

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def song() -> DemoSong:
    return render_own_song(22050, seconds=3.0)


def test_a_full_report_is_drawn(song: DemoSong, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "report.png"
    draw(make_report(song), song.stems, song.audio, make_accompaniment(song), path)
    assert path.read_bytes().startswith(PNG)
    assert path.stat().st_size > 30_000


def test_a_run_without_any_detection_is_drawn_too(song: DemoSong, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "report.png"
    bare = msgspec.structs.replace(make_report(song), detected=Music(), truth=None, checks=None, paths=())
    draw(add_verdict(bare), {}, np.zeros_like(song.audio), [], path)
    assert path.read_bytes().startswith(PNG)


def test_a_long_name_ends_where_its_chord_does(song: DemoSong, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    report = msgspec.structs.replace(make_report(song), seconds=30.0)
    pictures = []
    for name in ("Eb", "Ebmaj7"):
        figure = Figure((10, 1), dpi=100)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, 30)
        axes.set_ylim(0, 1)
        chords = ((0, name), (report.rate, "N"))  # a second, which is 33 pixels
        _draw_chord_lane(axes, Music(chords=chords), report, 0.0, 1.0)
        figure.savefig(tmp_path / "lane.png")
        pictures.append(imread(tmp_path / "lane.png"))
    assert not np.array_equal(pictures[0][:, :33], pictures[1][:, :33])
    assert np.array_equal(pictures[0][:, 36:], pictures[1][:, 36:])


def test_without_matplotlib_the_error_names_the_extra(
    song: DemoSong, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(BridgeError, match=r"pip install 'sideman\[bench\]'"):
        draw(make_report(song), song.stems, song.audio, [], tmp_path / "report.png")
    assert not list(tmp_path.iterdir())


def test_the_outline_keeps_every_peak() -> None:
    audio = np.zeros((2, 10_000), np.float32)
    audio[0, 4321], audio[1, 9999] = 0.8, -0.6
    low, high = reduce_to_peaks(audio, columns=100)
    assert (len(low), len(high)) == (100, 100)
    assert (high.max(), int(high.argmax())) == (np.float32(0.8), 43)
    assert (low.min(), int(low.argmin())) == (np.float32(-0.6), 99)


def test_a_short_outline_has_a_column_a_frame() -> None:
    low, high = reduce_to_peaks(np.ones((2, 7), np.float32), columns=100)
    assert len(low) == len(high) == 7


def test_notes_end_at_note_off_at_silent_note_on_at_a_repeat_or_at_the_end() -> None:
    sent = [
        (0, b"\x90\x3c\x40"),
        (10, b"\x80\x3c\x00"),
        (10, b"\x90\x3e\x40"),
        (20, b"\x90\x3e\x00"),
        (30, b"\x90\x40\x40"),
        (40, b"\x90\x40\x40"),
        (45, b"\xf8"),
        (50, b"\xb0\x40\x7f"),
    ]
    events = [TimedEvent(frame, Midi(data)) for frame, data in sent]
    assert to_notes(events, 99) == [(0, 10, 60, 0), (10, 20, 62, 0), (30, 40, 64, 0), (40, 99, 64, 0)]


def test_drums_lie_in_lanes_of_the_kit() -> None:
    assert [find_drum_lane(pitch) for pitch in (36, 38, 42, 46, 45, 49, 51, 81)] == [0, 1, 2, 2, 3, 4, 4, len(KIT)]
