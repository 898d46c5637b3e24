"""DAW surface: names of tracks, banks that move, and DAWs that restart."""

from __future__ import annotations

import pytest

from bridge.core.audio import STEMS
from tests.controllers.mcu.daw_surface.surface_desk import Desk, make_tracks, to_db
from tests.controllers.mcu.simulated_daw import HEADER, SimulatedDaw, Track


def test_names_that_come_a_second_after_the_faders_are_awaited() -> None:
    desk = Desk(SimulatedDaw(make_tracks("Tr 1", "Bass"), names_after_s=1.0))
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
    tracks = [*make_tracks("Drums", "Tr 1"), Track("Tr 2", mute=True), Track("Tr 3")]
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
    desk = Desk(SimulatedDaw(make_tracks("Drums", *(f"Tr {i}" for i in range(12)))))
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
    desk = Desk(SimulatedDaw(make_tracks("Audio 1", "Audio 2", "Audio 3", "Audio 4")))
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
