"""OSC surface service: each action arrives as the DAW's own message, and what cannot be done is said."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import mido
import msgspec
import pytest

from bridge.daw.osc_surfaces.surface_service import OscSurfaceService
from bridge.errors import BridgeError, ConfigError, ControlError, DriverError
from bridge.runtime.graph import Graph
from bridge.settings import DawSettings, Settings
from engines.backing.accompany_command import accompany
from tests.daw.osc_surfaces.surface_peer import SurfacePeer
from tests.waiting import until

RATE = 48000


@pytest.fixture
def peer() -> Iterator[SurfacePeer]:
    with SurfacePeer() as running:
        yield running


def make_service(kind: str, port: int) -> OscSurfaceService:
    service = OscSurfaceService(msgspec.convert({"kind": kind, "port": port}, DawSettings))
    service.attach(cast("Graph", SimpleNamespace(plan=SimpleNamespace(rate=RATE))))
    return service


def call(service: OscSurfaceService, action: str, *arguments: str) -> Any:
    return cast("Callable[..., Any]", service.handlers()[action])(*arguments)


def test_ardours_transport_is_started_located_and_stopped(peer: SurfacePeer) -> None:
    service = make_service("ardour", peer.port)
    call(service, "daw.locate", "1.5")
    assert call(service, "daw.position") == [(1.5, 0)]
    call(service, "daw.start")
    until("the start", lambda: peer.speed == 1.0)
    assert call(service, "daw.position") == [(1.5, 1)]
    call(service, "daw.stop")
    until("the stop", lambda: peer.speed == 0.0)
    assert peer.messages == [("/locate", (72000, 0)), ("/transport_play", ()), ("/transport_stop", ())]


def test_the_keys_of_a_song_map_become_markers_where_they_begin(peer: SurfacePeer, tmp_path: Path) -> None:
    file = tmp_path / "song.json"
    keys = [{"start_s": 2.0, "end_s": 4.0, "label": "C major"}, {"start_s": 0.0, "end_s": 2.0, "label": "A minor"}]
    file.write_text(json.dumps({"keys": keys, "duration_s": 4.0}), encoding="utf-8")
    added = call(make_service("ardour", peer.port), "daw.markers", str(file))
    assert added == [(0.0, "A minor"), (2.0, "C major")]
    until("the markers", lambda: len(peer.markers) == 2)
    assert peer.markers == [(0, "A minor"), (96000, "C major")]


def write_band(file: Path) -> list[tuple[float, str]]:
    """Write sections of 8, 4 and 8 beats with a change of tempo in the second one; returns what they are."""
    song = mido.MidiFile(ticks_per_beat=480)
    conductor = mido.MidiTrack(
        [
            mido.MetaMessage("marker", text="intro"),
            mido.MetaMessage("set_tempo", tempo=500_000),
            mido.MetaMessage("marker", text="verse", time=8 * 480),
            mido.MetaMessage("set_tempo", tempo=400_000, time=480),
            mido.MetaMessage("marker", text="chorus\n", time=3 * 480),
        ]
    )
    song.tracks += [conductor, mido.MidiTrack([mido.Message("note_on", note=60, time=1000)])]
    song.save(file)
    return [(0.0, "intro"), (4.0, "verse"), (5.7, "chorus")]


def test_the_sections_of_a_band_become_markers_by_its_tempo_map_and_none_twice(
    peer: SurfacePeer, tmp_path: Path
) -> None:
    file, service = tmp_path / "band.mid", make_service("ardour", peer.port)
    expected = write_band(file)
    for _ in range(2):
        assert call(service, "daw.markers", str(file)) == expected
    until("the markers", lambda: len(peer.markers) == 3)
    assert sorted(peer.markers) == [(round(seconds * RATE), name) for seconds, name in expected]


def test_reaper_which_does_not_say_what_it_has_gets_markers_again_only_on_request(
    peer: SurfacePeer, tmp_path: Path
) -> None:
    file, service = tmp_path / "band.mid", make_service("reaper", peer.port)
    expected = write_band(file)
    assert call(service, "daw.markers", str(file)) == expected
    assert call(service, "daw.markers", str(file)) == []
    assert call(service, "daw.markers", str(file), "again") == expected
    until("twice", lambda: [address for address, _ in peer.messages].count("/action/40157") == 6)
    with pytest.raises(ControlError, match="second argument"):
        call(service, "daw.markers", str(file), "twice")


def test_sections_that_sideman_wrote_come_at_their_bars(peer: SurfacePeer, tmp_path: Path) -> None:
    sheet = tmp_path / "song.txt"
    sheet.write_text("tempo: 96\n[verse]\n| C | F | G | C |\n[chorus]\n| F | G | C | C |\n", encoding="utf-8")
    accompany(str(sheet), out=tmp_path)
    added = call(make_service("ardour", peer.port), "daw.markers", str(tmp_path / "band.mid"))
    assert [name.lower() for _, name in added] == ["verse", "chorus"]
    assert [seconds for seconds, _ in added] == pytest.approx([0.0, 10.0], abs=1e-3)


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF1234"])
def test_a_midi_file_that_is_none_or_has_no_sections_is_refused(peer: SurfacePeer, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "band.mid"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match="no standard MIDI file"):
        call(make_service("ardour", peer.port), "daw.markers", str(file))
    mido.MidiFile().save(file)
    with pytest.raises(ConfigError, match="no sections"):
        call(make_service("ardour", peer.port), "daw.markers", str(file))
    assert peer.messages == []


def test_no_marker_is_set_while_ardour_rolls(peer: SurfacePeer) -> None:
    service = make_service("ardour", peer.port)
    peer.speed = 1.0
    with pytest.raises(ControlError, match="Ardour rolls"):
        call(service, "daw.marker", "1", "chorus")
    assert peer.messages == []


def test_reaper_gets_the_messages_of_its_default_patterns(peer: SurfacePeer) -> None:
    service = make_service("reaper", peer.port)
    for action, *arguments in (("daw.start",), ("daw.stop",), ("daw.locate", "2"), ("daw.marker", "3", "chorus")):
        call(service, action, *arguments)
    expected = [("/play", (1.0,)), ("/stop", (1.0,)), ("/time", (2.0,)), ("/time", (3.0,)), ("/action/40157", (1.0,))]
    until("the messages", lambda: peer.messages == expected)
    with pytest.raises(ControlError, match="Reaper does not answer"):
        call(service, "daw.position")


@pytest.mark.parametrize(
    ("kind", "action"),
    [("ardour", "daw.position"), ("ardour", "daw.start"), ("ardour", "daw.stop"), ("reaper", "daw.start")],
)
def test_a_daw_that_does_not_listen_is_named_with_its_port_and_what_to_do(kind: str, action: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DriverError, match=rf"at 127.0.0.1:{port} does not listen \(Connection refused\)") as caught:
        call(make_service(kind, port), action)
    assert "[daw]" in str(caught.value)


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "1e9", "soon", ""])
def test_what_is_no_time_is_refused(peer: SurfacePeer, seconds: str) -> None:
    with pytest.raises(ControlError, match="is no time"):
        call(make_service("reaper", peer.port), "daw.locate", seconds)
    assert peer.messages == []


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\x00b"])
def test_a_marker_needs_a_name_that_can_be_shown(peer: SurfacePeer, name: str) -> None:
    with pytest.raises(ControlError, match="marker name"):
        call(make_service("ardour", peer.port), "daw.marker", "1", name)


@pytest.mark.parametrize("text", ["", "[]", '{"keys": [{"start_s": "x"}]}', "\xff"])
def test_a_file_that_is_no_song_map_is_refused_whole(peer: SurfacePeer, tmp_path: Path, text: str) -> None:
    file = tmp_path / "song.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=re.escape(str(file))):
        call(make_service("ardour", peer.port), "daw.markers", str(file))
    assert peer.messages == []


def test_without_a_daw_the_error_names_the_setting() -> None:
    with pytest.raises(ControlError, match=re.escape('kind = "ardour"')):
        call(make_service("", 0), "daw.start")


def test_while_no_audio_runs_ardours_frames_are_not_known() -> None:
    service = OscSurfaceService(DawSettings(kind="ardour"))
    with pytest.raises(BridgeError, match="no audio runs"):
        call(service, "daw.locate", "1")


def test_our_own_osc_port_is_refused_whatever_the_host_is_called() -> None:
    for host in ("127.0.0.1", "0.0.0.0", "localhost", "::1"):
        with pytest.raises(msgspec.ValidationError, match="messages would come back"):
            msgspec.convert({"osc": {"port": 9123}, "daw": {"kind": "ardour", "host": host, "port": 9123}}, Settings)
