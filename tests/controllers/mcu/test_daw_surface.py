"""DAW surface: a DAW's strips show stems, whichever side moves, however late or often the DAW answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.strips import make_strips
from bridge.controllers.mcu.daw_surface import DawSurface
from bridge.core.audio import STEMS
from tests.controllers.mcu.simulated_daw import HEADER, SimulatedDaw, Track

TICK_S = 0.01
STEP_DB = 72 * 16.5 / 16383
"""A step of a fader of 1024 steps over the range of ours, sent in 16384 steps: so a half of one of those more."""
QUIET_S = 6.0
"""Enough for three presses that are not answered."""


@dataclass
class Desk:
    """A DAW and the surface, with the cable between them and a clock."""

    daw: SimulatedDaw
    bus: Bus = field(default_factory=lambda: Bus(make_sidecar_registry({})))
    now_s: float = 0.0
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.surface = DawSurface(self.bus, make_strips(self.bus.registry))
        self.daw.connect(0.0)

    def run(self, seconds: float) -> list[bytes]:
        """Let time pass; returns what the surface sent in it."""
        before = len(self.sent)
        for _ in range(round(seconds / TICK_S)):
            for message in self.daw.take_output(self.now_s):
                self.surface.receive(message, self.now_s)
            for message in self.surface.take_output(self.now_s):
                self.sent.append(message)
                self.daw.receive(message, self.now_s)
            self.now_s += TICK_S
        return self.sent[before:]

    def gain_db(self, stem: str) -> float:
        return self.bus.get(f"stems.{stem}.gain_db")

    def is_on(self, stem: str, switch: str) -> bool:
        return self.bus.get(f"stems.{stem}.{switch}") > 0.5


def to_db(fader: int) -> float:
    """The gain at a position of the fader: even steps in dB from -60 to 12."""
    return -60.0 + 72.0 * fader / 16383


def named(*names: str) -> list[Track]:
    return [Track(name) for name in names]


@pytest.fixture
def desk() -> Desk:
    desk = Desk(SimulatedDaw(named("Kick", "Drums", "BASS", "vocals", "Other")))
    desk.run(1.0)
    return desk


def test_the_values_of_the_daw_win_at_the_start(desk: Desk) -> None:
    assert [desk.gain_db(stem) for stem in STEMS] == pytest.approx([to_db(12000)] * 4)
    assert desk.sent == []


def test_a_fader_of_the_daw_moves_the_stem_of_that_name_alone(desk: Desk) -> None:
    desk.daw.move(2, 3000, desk.now_s)
    desk.run(0.2)
    assert desk.gain_db("bass") == pytest.approx(to_db(3000))
    assert desk.gain_db("drums") == pytest.approx(to_db(12000))


def test_a_track_of_another_name_moves_nothing(desk: Desk) -> None:
    before = dict(desk.bus.values())
    desk.daw.move(0, 0, desk.now_s)
    desk.daw.click(0, "mute", desk.now_s)
    desk.run(1.0)
    assert dict(desk.bus.values()) == before


@pytest.mark.parametrize("switch", ["mute", "solo"])
def test_a_button_of_the_daw_switches_the_stem_and_back(desk: Desk, switch: str) -> None:
    for expected in (True, False):
        desk.daw.click(3, switch, desk.now_s)
        desk.run(0.2)
        assert desk.is_on("vocals", switch) == expected
    assert desk.sent == []


def test_a_stem_that_changes_here_is_touched_moved_and_let_go(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -24.0, "osc")
    sent = desk.run(1.0)
    position = round((60 - 24) / 72 * 16383)
    move = bytes((0xE1, position & 0x7F, position >> 7))
    assert sent == [bytes((0x90, 0x69, 0x7F)), move, bytes((0x90, 0x69, 0x00))]
    assert to_db(desk.daw.tracks[1].fader) == pytest.approx(-24.0, abs=0.01)
    assert desk.gain_db("drums") == -24.0


@pytest.mark.parametrize(("switch", "note"), [("mute", 0x11), ("solo", 0x09)])
def test_a_stem_that_is_switched_here_presses_and_releases_once(desk: Desk, switch: str, note: int) -> None:
    desk.bus.set(f"stems.drums.{switch}", True, "osc")
    assert desk.run(3.0) == [bytes((0x90, note, 0x7F)), bytes((0x90, note, 0x00))]
    assert getattr(desk.daw.tracks[1], switch)
    assert desk.is_on("drums", switch)


def test_a_light_that_is_already_right_is_not_pressed(desk: Desk) -> None:
    desk.daw.click(1, "mute", desk.now_s)
    desk.bus.set("stems.drums.mute", True, "osc")  # both at once
    assert desk.run(3.0) == []
    assert desk.is_on("drums", "mute")
    assert desk.daw.tracks[1].mute


def test_a_sweep_is_one_touch_and_its_late_echoes_do_not_move_it(desk: Desk) -> None:
    desk.daw.delay_s = 0.2
    sent = []
    for i in range(50):
        desk.bus.set("stems.vocals.gain_db", -60.0 + i, "osc")
        sent += desk.run(0.01)
        assert desk.gain_db("vocals") == -60.0 + i
    sent += desk.run(2.0)
    touches = [message[2] for message in sent if message[:2] == bytes((0x90, 0x6B))]
    assert touches == [0x7F, 0]
    assert len([message for message in sent if message[0] == 0xE3]) <= 26  # one in two of the changes
    assert desk.gain_db("vocals") == -11.0
    assert to_db(desk.daw.tracks[3].fader) == pytest.approx(-11.0, abs=0.01)


def test_a_daw_that_rounds_gets_no_second_message(desk: Desk) -> None:
    desk.daw.step = 16
    desk.bus.set("stems.drums.gain_db", -11.111, "osc")
    assert len(desk.run(3.0)) == 3
    assert desk.gain_db("drums") == -11.111


def test_a_daw_that_rounds_coarsely_is_right_in_the_end(desk: Desk) -> None:
    desk.daw.step = 512
    desk.bus.set("stems.drums.gain_db", -11.111, "osc")
    assert len(desk.run(3.0)) == 3
    assert desk.gain_db("drums") == pytest.approx(to_db(desk.daw.tracks[1].fader))


def test_silence_arrives_as_silence(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -59.97, "osc")
    desk.run(1.0)
    desk.bus.set("stems.drums.gain_db", -60.0, "osc")
    desk.run(1.0)
    assert desk.daw.tracks[1].fader == 0


def test_small_changes_add_up_to_a_move(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -20.0, "osc")
    desk.run(1.0)
    for i in range(1, 11):
        desk.bus.set("stems.drums.gain_db", -20.0 + i * STEP_DB / 2, "osc")
        desk.run(1.0)
    assert to_db(desk.daw.tracks[1].fader) == pytest.approx(-20.0 + 5 * STEP_DB, abs=STEP_DB)


def test_a_button_that_the_daw_does_not_answer_is_pressed_three_times_and_then_left(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.daw.answers = False
    desk.bus.set("stems.bass.mute", True, "osc")
    desk.run(60.0)
    assert desk.daw.presses == 3
    assert "the DAW does not answer the button of strip 3" in caplog.text
    assert desk.is_on("bass", "mute")


def test_a_button_pressed_again_before_the_answer_ends_as_the_user_wants(desk: Desk) -> None:
    desk.daw.delay_s = 0.4
    desk.bus.set("stems.bass.mute", True, "osc")
    desk.run(0.1)
    desk.bus.set("stems.bass.mute", False, "osc")
    desk.run(3.0)
    assert not desk.is_on("bass", "mute")
    assert not desk.daw.tracks[2].mute
    assert desk.daw.presses == 2


def test_a_light_that_is_sent_again_unchanged_is_no_answer(desk: Desk) -> None:
    desk.daw.delay_s = 0.5
    desk.bus.set("stems.bass.mute", True, "osc")
    for _ in range(40):
        desk.surface.receive(bytes((0x90, 0x12, 0x00)), desk.now_s)
        desk.run(0.01)
    desk.run(3.0)
    assert desk.daw.presses == 1
    assert desk.is_on("bass", "mute")


def test_a_blinking_mute_is_not_a_mute(desk: Desk) -> None:
    desk.surface.receive(bytes((0x90, 0x12, 0x01)), desk.now_s)
    desk.run(1.0)
    assert not desk.is_on("bass", "mute")
    desk.bus.set("stems.bass.mute", True, "osc")
    desk.run(1.0)
    assert desk.daw.presses == 1


def test_a_fader_in_motion_is_followed_at_once(desk: Desk) -> None:
    desk.daw.move(1, 100, desk.now_s)
    desk.run(0.1)
    for position in range(200, 2000, 100):
        desk.daw.move(1, position, desk.now_s)
        desk.run(TICK_S)
        assert desk.gain_db("drums") == pytest.approx(to_db(position))


def test_of_two_moves_at_once_ours_counts_in_a_daw_that_does_not_repeat_moves(desk: Desk) -> None:
    desk.daw.echoes = False
    desk.daw.move(1, 100, desk.now_s)
    desk.run(0.02)
    desk.bus.set("stems.drums.gain_db", -20.0, "osc")
    desk.run(3.0)
    assert desk.gain_db("drums") == -20.0
    assert to_db(desk.daw.tracks[1].fader) == pytest.approx(-20.0, abs=0.01)


def test_names_that_come_a_second_after_the_faders_are_awaited() -> None:
    desk = Desk(SimulatedDaw(named("Tr 1", "Bass"), names_after_s=1.0))
    desk.run(2.0)
    assert desk.gain_db("bass") == pytest.approx(to_db(12000))
    assert desk.gain_db("drums") == 0.0


def test_a_move_of_another_track_long_before_the_bank_changed_is_of_that_track(desk: Desk) -> None:
    desk.daw.move(0, 500, desk.now_s)
    desk.run(1.0)
    desk.surface.receive(HEADER + bytes((0x12, 0)) + b"Drums  " * 2 + b"\xf7", desk.now_s)
    desk.run(1.0)
    assert desk.surface.find_strips()["Drums"] == 0
    assert desk.gain_db("drums") == pytest.approx(to_db(12000))


@pytest.mark.parametrize("answers", [True, False], ids=["press done", "press lost"])
@pytest.mark.parametrize("names_after_s", [-0.1, 0.0, 0.03])
def test_a_switch_that_waits_is_compared_with_the_light_of_its_own_track(names_after_s: float, answers: bool) -> None:
    tracks = [*named("Drums", "Tr 1"), Track("Tr 2", mute=True), Track("Tr 3")]
    desk = Desk(SimulatedDaw(tracks, names_after_s=names_after_s))
    desk.run(1.0)
    desk.daw.answers = answers
    desk.bus.set("stems.drums.mute", True, "osc")
    desk.run(0.02)
    desk.daw.answers = True
    desk.daw.tracks.insert(2, desk.daw.tracks.pop(0))  # its user drags the track to where a muted one is
    desk.daw.connect(desk.now_s)
    desk.run(3.0)
    assert desk.is_on("drums", "mute")
    assert [track.mute for track in desk.daw.tracks if track.name == "Drums"] == [True]


@pytest.mark.parametrize("names_after_s", [-0.1, 0.0, 0.03])
def test_a_bank_change_gives_no_stem_the_fader_of_another_track(names_after_s: float) -> None:
    tracks = [Track("Drums"), *(Track(f"Tr {i}", fader=100 * i) for i in range(10)), Track("Bass")]
    desk = Desk(SimulatedDaw(tracks, names_after_s=names_after_s))
    desk.run(1.0)
    drums = desk.gain_db("drums")
    for bank in (3, 4, 0, 1, 11, 0):
        desk.daw.show_bank(bank, desk.now_s)
        desk.run(1.0)
        assert desk.gain_db("drums") == drums
    desk.daw.show_bank(4, desk.now_s)
    desk.run(1.0)
    assert desk.surface.find_strips() == {"Bass": 7}
    desk.daw.move(11, 5000, desk.now_s)
    desk.run(1.0)
    assert desk.gain_db("bass") == pytest.approx(to_db(5000))
    assert desk.sent == []


def test_a_bank_change_while_a_fader_is_touched_lets_it_go() -> None:
    desk = Desk(SimulatedDaw(named("Drums", *(f"Tr {i}" for i in range(12)))))
    desk.run(1.0)
    desk.bus.set("stems.drums.gain_db", -30.0, "osc")
    desk.run(0.05)
    assert desk.daw.touched == {0}
    desk.daw.show_bank(2, desk.now_s)
    desk.run(0.05)
    assert desk.daw.touched == set()


@pytest.mark.parametrize("other_is_muted", [True, False])
@pytest.mark.parametrize("names_after_s", [-0.1, 0.0, 0.03])
def test_what_changed_out_of_sight_is_sent_when_the_track_is_back(names_after_s: float, other_is_muted: bool) -> None:
    tracks = [Track("Drums"), *(Track(f"Tr {i}", mute=other_is_muted) for i in range(12))]
    desk = Desk(SimulatedDaw(tracks, names_after_s=names_after_s))
    desk.run(1.0)
    desk.daw.show_bank(2, desk.now_s)
    desk.run(1.0)
    desk.bus.set("stems.drums.gain_db", -30.0, "osc")
    desk.bus.set("stems.drums.mute", True, "osc")
    assert desk.run(1.0) == []
    desk.daw.show_bank(0, desk.now_s)
    desk.run(2.0)
    assert to_db(desk.daw.tracks[0].fader) == pytest.approx(-30.0, abs=0.01)
    assert desk.daw.tracks[0].mute
    assert desk.daw.presses == 1


def test_a_daw_without_a_display_has_the_stems_by_number() -> None:
    desk = Desk(
        SimulatedDaw([Track("a", 1000), Track("b", 2000), Track("c", 3000), Track("d", 4000)], has_display=False)
    )
    desk.run(1.0)
    assert desk.gain_db("drums") == 0.0  # names may still come
    desk.run(2.0)
    assert [desk.gain_db(stem) for stem in STEMS] == pytest.approx([to_db(1000 * i) for i in range(1, 5)])


def test_names_without_a_stem_among_them_bind_nothing() -> None:
    desk = Desk(SimulatedDaw(named("Audio 1", "Audio 2", "Audio 3", "Audio 4")))
    desk.run(10.0)
    assert desk.surface.find_strips() == {}
    assert desk.gain_db("drums") == 0.0


def test_of_two_tracks_of_one_name_the_left_one_counts() -> None:
    desk = Desk(SimulatedDaw([Track("Bass", 1000), Track("Bass", 9000)]))
    desk.run(1.0)
    assert desk.gain_db("bass") == pytest.approx(to_db(1000))


def test_a_daw_that_restarts_with_another_song_wins_again(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -30.0, "osc")
    desk.run(0.05)
    desk.bus.set("stems.bass.mute", True, "osc")
    desk.bus.set("stems.drums.gain_db", -31.0, "osc")
    desk.surface.replay()
    desk.daw = SimulatedDaw([Track("Bass", 8000), Track("Drums", 9000)])
    desk.daw.connect(desk.now_s)
    assert desk.run(2.0) == [bytes((0x90, 0x69, 0x00))]  # the touch of before
    assert desk.gain_db("drums") == pytest.approx(to_db(9000))
    assert desk.gain_db("bass") == pytest.approx(to_db(8000))
    assert not desk.is_on("bass", "mute")


def test_of_a_daw_that_went_away_nothing_is_left(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -30.0, "osc")
    desk.run(0.05)
    desk.surface.release(desk.now_s)
    desk.bus.set("stems.drums.gain_db", -20.0, "osc")
    desk.bus.set("stems.bass.mute", True, "osc")
    assert desk.surface.take_output(desk.now_s + 10.0) == []
    assert desk.surface.find_strips() == {}


@pytest.mark.parametrize(
    "message",
    [
        bytes((0xE8, 0, 0)),
        bytes((0xEF, 0, 0)),
        bytes((0xE1, 0)),
        bytes((0xE1,)),
        bytes((0xE1, 0x80, 0)),
        bytes((0x90, 0x7F, 0x7F)),
        bytes((0x91, 0x11, 0x7F)),
        bytes((0xD0, 0x7F)),
        HEADER + bytes((0x12, 0)) + b"Bass",  # never ended
        HEADER + bytes((0x12, 0x7F)) + b"Bass\xf7",
        HEADER + bytes((0x12,)) + b"\xf7",
        HEADER + b"\xf7",
        HEADER[:4] + bytes((0x15, 0x12, 0)) + b"Bass   Bass   \xf7",
        b"\xf0",
        b"\xf8",
        b"",
    ],
    ids=lambda message: message.hex() or "empty",
)
def test_what_is_no_message_of_a_strip_changes_nothing(desk: Desk, message: bytes) -> None:
    before, strips = dict(desk.bus.values()), desk.surface.find_strips()
    desk.surface.receive(message, desk.now_s)
    assert desk.run(3.0) == []
    assert dict(desk.bus.values()) == before
    assert desk.surface.find_strips() == strips


def test_a_storm_of_echoes_ends_with_the_storm(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -30.0, "osc")
    desk.run(1.0)
    for i in range(1000):
        for position in (100, 16000, 8000 + i):
            desk.surface.receive(bytes((0xE1, position & 0x7F, position >> 7)), desk.now_s)
        assert desk.run(0.01) == []
    assert desk.run(3.0) == []
    assert desk.gain_db("drums") == pytest.approx(to_db(8999), abs=STEP_DB)


actions = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 11), st.integers(0, 16383)),
    st.tuples(st.just("click"), st.integers(0, 11), st.sampled_from(["mute", "solo"])),
    st.tuples(st.just("bank"), st.integers(0, 5)),
    st.tuples(st.just("gain"), st.sampled_from(STEMS), st.floats(-60, 12)),
    st.tuples(st.just("switch"), st.sampled_from(STEMS), st.sampled_from(["mute", "solo"]), st.booleans()),
    st.tuples(st.just("wait"), st.floats(0.0, 1.0)),
)
names = st.permutations([*STEMS, *(f"Tr {i}" for i in range(8))])


@settings(max_examples=60, deadline=None)
@given(names, st.lists(actions, max_size=12), st.floats(0, 0.25), st.sampled_from([1, 16, 100]), st.booleans())
def test_both_sides_agree_once_nobody_moves_anything(
    tracks: list[str], script: list[tuple[object, ...]], delay_s: float, step: int, echoes: bool
) -> None:
    desk = Desk(SimulatedDaw(named(*tracks), delay_s=delay_s, step=step, echoes=echoes))
    desk.run(1.0)
    do: dict[object, Callable[..., object]] = {
        "move": lambda index, fader: desk.daw.move(index, fader, desk.now_s),
        "click": lambda index, switch: desk.daw.click(index, switch, desk.now_s),
        "bank": lambda bank: desk.daw.show_bank(bank, desk.now_s),
        "gain": lambda stem, gain_db: desk.bus.set(f"stems.{stem}.gain_db", gain_db, "osc"),
        "switch": lambda stem, switch, on: desk.bus.set(f"stems.{stem}.{switch}", on, "osc"),
        "wait": desk.run,
    }
    for name, *arguments in script:
        do[name](*arguments)
    desk.run(QUIET_S)
    desk.daw.show_bank(0, desk.now_s)
    desk.run(QUIET_S)
    assert desk.run(2.0) == []
    assert desk.daw.touched == set()
    for track in desk.daw.shown():
        if track.name in STEMS:
            rounding_db = 72 / 16383 * step if not echoes else 0.0
            assert desk.gain_db(track.name) == pytest.approx(to_db(track.fader), abs=STEP_DB + rounding_db)
            assert desk.is_on(track.name, "mute") == track.mute
            assert desk.is_on(track.name, "solo") == track.solo


midi = st.one_of(
    st.binary(max_size=6),
    st.tuples(st.integers(0xE0, 0xEF), st.integers(0, 127), st.integers(0, 127)).map(bytes),
    st.tuples(st.just(0x90), st.integers(0, 127), st.sampled_from([0, 1, 127])).map(bytes),
    st.binary(max_size=130).map(lambda data: HEADER + bytes((0x12,)) + bytes(b & 0x7F for b in data) + b"\xf7"),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(midi, max_size=60))
def test_any_traffic_is_survived_and_nothing_is_sent_without_a_change_here(messages: list[bytes]) -> None:
    bus = Bus(make_sidecar_registry({}))
    surface = DawSurface(bus, make_strips(bus.registry))
    for i, message in enumerate(messages):
        surface.receive(message, i * 0.03)
        assert surface.take_output(i * 0.03) == []
    for name in bus.values():
        control = bus.registry.get_control(name)
        assert control.low <= bus.get(name) <= control.high
