"""Ableton service: actions and readings of a sidecar's Bus, against the model of AbletonOSC over UDP."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.daw.ableton.ableton_service import AbletonService
from bridge.daw.ableton.band_notes import BandNotes
from bridge.errors import ControlError
from bridge.settings import AbletonSettings
from tests.daw.ableton.live_model import LiveModel, ModelClip
from tests.daw.ableton.test_midi_file_notes import make_file
from tests.daw.ableton.udp_live import UdpLive
from tests.ports import free_port
from tests.waiting import until

BEAT_FRAMES = 22050  # 120 BPM at 44.1 kHz


def make_bus() -> Bus:
    return Bus(make_sidecar_registry({}))


def play(bus: Bus, beats: range, part: str = "bass", offset: float = 0.0) -> None:
    """Let a part play a note on each of ``beats``."""
    for beat in beats:
        frame = round((beat + offset) * BEAT_FRAMES)
        bus.publish("accompaniment.note", frame, BEAT_FRAMES // 2, part, 36 + beat % 12, 90, beat + offset)


@contextmanager
def run(model: LiveModel | None = None) -> Iterator[tuple[Bus, UdpLive]]:
    """A Bus with the service, connected to a Live."""
    reply_port, bus = free_port(), make_bus()
    with UdpLive(reply_port, tick_s=0.005, model=model) as live:
        settings = AbletonSettings(True, port=live.port, reply_port=reply_port, hub_port=0, midi_port="sideman")
        with AbletonService(bus, settings) as service:
            for action, handler in service.handlers().items():
                bus.add_handler(action, handler)
            until("the scenes", lambda: len(bus.get_rows("ableton.scene")) == len(live.model.scenes))
            yield bus, live


def test_state_transport_tracks_and_scenes_are_published() -> None:
    with run() as (bus, live):
        until("connected", lambda: bus.get_latest("ableton.state") == ("connected", "12.1", ""))
        tracks = [(1, "Bass", "midi"), (2, "Keys", "midi"), (3, "Gesang", "audio")]
        assert sorted(bus.get_rows("ableton.track")) == tracks
        scenes = [(1, "Intro"), (2, "Verse"), *((number, "") for number in range(3, 9))]
        assert sorted(bus.get_rows("ableton.scene")) == scenes
        with live.lock:
            live.model.change("tempo", 99.5)
            live.model.scenes.pop()
        until("the tempo", lambda: (bus.get_latest("ableton.transport") or (0, 0, 0))[2] == 99.5)
        until("the scene that went", lambda: len(bus.get_rows("ableton.scene")) == 7)


def test_what_the_band_played_comes_into_a_clip_and_starts_in_phase() -> None:
    with run() as (bus, live):
        play(bus, range(18), offset=0.25)
        assert bus.trigger("ableton.write", "bass", "bass", "2", "2") == ((1, 2, 8, 8.0),)
        clip = live.model.get_clip(0, 1)
        assert [round(note.start, 4) for note in sorted(clip.notes)] == [beat + 0.25 for beat in range(8)]
        assert [note.pitch for note in sorted(clip.notes)] == [36 + beat % 12 for beat in range(8, 16)]
        assert {round(note.duration, 4) for note in clip.notes} == {0.5}
        assert ("1/2", "bass", "written", 1, 1, "") in bus.get_rows("ableton.clip")
        with live.lock:
            live.model.change("tempo", 600.0)
            live.model.change("is_playing", True)
        ((beat, offset, _),) = bus.trigger("ableton.launch", "Bass", "2")
        assert float(beat) % 4 == 0
        with live.lock:
            assert live.model.find_position(clip) == pytest.approx((live.model.beat - 8.0) % 8.0, abs=1e-3)
        assert abs(float(offset)) < 0.25


def test_a_track_of_a_midi_file_comes_into_a_clip(connected: tuple[Bus, UdpLive], tmp_path: Path) -> None:
    bus, live = connected
    (tmp_path / "song.mid").write_bytes(make_file())
    assert bus.trigger("ableton.import", str(tmp_path / "song.mid"), "bass", "Keys", "1") == ((2, 1, 3, 8.0),)
    assert sorted(note.pitch for note in live.model.get_clip(1, 0).notes) == [36, 38, 40]


def test_a_track_that_was_deleted_a_moment_ago_is_named_with_those_that_there_are() -> None:
    with run() as (bus, live):
        play(bus, range(18))
        with live.lock:
            del live.model.tracks[1:]
            live.model.received.clear()
        with pytest.raises(ControlError, match="Live has no track 2; it has 1 Bass"):
            bus.trigger("ableton.write", "bass", "2", "1")
        assert live.model.received.count(("/live/track/get/has_midi_input", (1,))) == 1


def test_tempo_start_and_stop_reach_live() -> None:
    with run() as (bus, live):
        bus.trigger("ableton.tempo", "123.45")
        assert live.model.song["tempo"] == pytest.approx(123.45)
        bus.trigger("ableton.play")
        until("playing", lambda: bool(live.model.song["is_playing"]))
        bus.trigger("ableton.stop")
        until("stopped", lambda: not live.model.song["is_playing"])
        bus.trigger("ableton.fire_scene", "verse")
        until("the scene", lambda: ("/live/scene/fire", (1,)) in live.model.received)


def test_live_is_wired_by_its_own_names() -> None:
    with run(LiveModel(external="Ext. Eingang", midi_ports=("sideman accompaniment",))) as (bus, _):
        rows = bus.trigger("ableton.wire")
        assert ("Sideman drums", "channel", "1/2") in rows
        assert ("Sideman notes", "input", "sideman accompaniment") in rows


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ableton.write", "bass", "9", "1"), "track '9'; give 1 to 3"),
        (("ableton.write", "bass", "Bas", "1"), "Live has no track 'Bas'; it has 1 Bass, 2 Keys, 3 Gesang"),
        (("ableton.write", "bass", "1", "9"), "slot '9'; give 1 to 8"),
        (("ableton.write", "bass", "1", "1", "0"), "bars '0'"),
        (("ableton.write", "bass", "1", "1", "9"), "has played 4 whole bars"),
        (("ableton.write", "harp", "1", "1"), "the band has no part 'harp'; there are: bass"),
        (("ableton.launch", "1", "1"), "slot 1 of track 1 is empty"),
        (("ableton.tempo", "1000"), "'1000' is no tempo of Live; give 20 to 999 BPM"),
        (("ableton.tempo", "nan"), "'nan' is no tempo of Live"),
        (("ableton.fire_scene", "Chorus"), "Live has no scene 'Chorus'; it has 1 Intro, 2 Verse"),
        (("ableton.wire", "x"), "first input 'x'; give 1 to 255"),
    ],
)
def test_wrong_arguments_are_refused_with_what_to_give(
    connected: tuple[Bus, UdpLive], arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ControlError) as caught:
        connected[0].trigger(*arguments)
    assert message in str(caught.value)


@pytest.fixture(scope="module")
def connected() -> Iterator[tuple[Bus, UdpLive]]:
    with run() as (bus, live):
        play(bus, range(17))
        yield bus, live


def test_two_tracks_of_one_name_need_their_number() -> None:
    model = LiveModel()
    model.tracks[1].name = "Bass"
    with run(model) as (bus, _), pytest.raises(ControlError, match=r"2 tracks of Live are called 'Bass'.*1, 2"):
        bus.trigger("ableton.write", "bass", "Bass", "1")


def test_a_clip_of_the_users_is_refused_and_the_reading_says_why() -> None:
    with run() as (bus, live):
        live.model.tracks[0].slots[0] = ModelClip(4.0, [], {"name": "mine"})
        play(bus, range(17))
        with pytest.raises(ControlError, match="has the clip 'mine'"):
            bus.trigger("ableton.write", "bass", "1", "1")
        assert bus.get_rows("ableton.clip")[0][:3] == ("1/1", "bass", "failed")


def test_a_program_that_has_the_port_of_abletonosc_is_named_while_live_is_silent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port, bus = int(other.getsockname()[1]), make_bus()
        with AbletonService(bus, AbletonSettings(True, port=port, reply_port=free_port(), hub_port=0)) as service:
            for action, handler in service.handlers().items():
                bus.add_handler(action, handler)
            until("the state", lambda: bool(bus.get_latest("ableton.state")))
            state, _, detail = bus.get_latest("ableton.state") or ("", "", "")
            for asked in (("play",), ("tempo", "120"), ("wire",), ("launch", "Bass", "1")):
                with pytest.raises(ControlError, match=f"UDP port {port}, AbletonOSC's, belongs to"):
                    bus.trigger(f"ableton.{asked[0]}", *asked[1:])
    assert state == "searching"
    assert f"UDP port {port}, AbletonOSC's, belongs to" in str(detail)
    assert f"(process {os.getpid()}): end it" in str(detail)


def test_a_service_that_is_off_takes_no_port_and_says_how_to_switch_it_on() -> None:
    bus = make_bus()
    with AbletonService(bus, AbletonSettings()) as service:
        for action, handler in service.handlers().items():
            bus.add_handler(action, handler)
        assert (bus.get_latest("ableton.state") or ("",))[0] == "off"
        with pytest.raises(ControlError, match=r"set enabled = true under \[ableton\]"):
            bus.trigger("ableton.play")


def test_a_host_that_does_not_exist_leaves_the_sidecar_running() -> None:
    bus = make_bus()
    with AbletonService(bus, AbletonSettings(True, host="no.such.host.invalid", reply_port=free_port(), hub_port=0)):
        assert (bus.get_latest("ableton.state") or ("",))[0] == "off"


def test_notes_that_were_withdrawn_are_not_written() -> None:
    bus = make_bus()
    notes = BandNotes(bus)
    notes.start()
    play(bus, range(17))
    bus.publish("accompaniment.withdrawn", 9 * BEAT_FRAMES)
    assert notes.collect("bass", 2).origin == 0.0
    with pytest.raises(ControlError, match="has played 2 whole bars"):
        notes.collect("bass", 3)


def test_notes_before_a_jump_back_belong_to_another_pass() -> None:
    bus = make_bus()
    notes = BandNotes(bus)
    notes.start()
    play(bus, range(100, 117))
    play(bus, range(40, 49))
    clip = notes.collect("bass", 2)
    assert (clip.origin, clip.length, len(clip.notes)) == (40.0, 8.0, 8)


def test_a_band_that_has_not_played_is_said_so() -> None:
    notes = BandNotes(make_bus())
    with pytest.raises(ControlError, match="has played nothing yet"):
        notes.collect("bass", 4)
