"""Band screen: dials and parts come from the registry, planned notes from the plan, and keys do what they say."""

from __future__ import annotations

from dataclasses import replace

from tests.tui.keys import press, show
from tests.tui.rig import SessionRig
from tests.tui.sample_session import BEAT_FRAMES, NOW_FRAME, make_sample
from tui.core.registry import Action, Control
from tui.drawing.roll import make_grid
from tui.models.band_controls import REGENERATE, find_dials
from tui.models.planned_notes import PlannedNotes
from tui.models.position import compute_position
from tui.screens.band import BandScreen


def find_last(notes: PlannedNotes, rig: SessionRig) -> float:
    return max(note.frame for part in notes.read(rig.session).values() for note in part)


def test_a_new_dial_of_the_band_appears() -> None:
    rig = make_sample()
    rig.session.registry.controls["accompaniment.band.push"] = Control(
        "accompaniment.band.push", -20, 20, 5, "ms", "linear", "How early it plays.", step=0.4
    )
    assert "push" in show(BandScreen(), rig)


def test_tab_selects_a_dial_and_the_arrows_turn_it() -> None:
    rig, screen = make_sample(), BandScreen()
    dials = find_dials(rig.session)
    before = rig.session.get(dials[1].name)
    press(screen, rig, "tab", "right")
    assert rig.bus.get(dials[1].name) > before
    press(screen, rig, "shift+tab", "left")
    assert rig.bus.get(dials[0].name) < 0.62
    press(screen, rig, "0")
    assert rig.bus.get(dials[0].name) == dials[0].default


def test_a_part_is_muted_by_its_digit_and_m() -> None:
    rig, screen = make_sample(), BandScreen()
    assert show(screen, rig).count("MUTED") == 1
    press(screen, rig, "2", "m")
    assert rig.bus.get("accompaniment.band.bass.mute") == 1
    assert show(screen, rig).count("MUTED") == 2


def test_style_and_section_go_round() -> None:
    rig, screen = make_sample(), BandScreen()
    for _ in rig.session.registry.controls["accompaniment.band.style"].choices:
        press(screen, rig, "y")
    assert rig.session.get_choice("accompaniment.band.style") == "jazz"
    press(screen, rig, "Y", "E")
    assert rig.session.get_choice("accompaniment.band.style") == "funk"
    assert rig.session.get_choice("accompaniment.band.section") == "break"


def test_a_drop_out_says_which_parts_pause() -> None:
    rig, screen = make_sample(), BandScreen()
    press(screen, rig, "d")
    assert "drop-out ON" in show(screen, rig)
    assert show(screen, rig).count(" out ") == 3  # bass, keys, guitar: the drums stay, the pad is muted
    press(screen, rig, "3", "k")
    assert show(screen, rig).count(" out ") == 2


def test_another_performance_is_an_action_or_the_next_seed() -> None:
    rig, screen = make_sample(), BandScreen()
    rig.session.registry.actions.pop(REGENERATE, None)
    press(screen, rig, "n")
    assert rig.bus.get("accompaniment.band.seed") == 8
    rig.session.registry.actions[REGENERATE] = Action(REGENERATE, "")
    press(screen, rig, "n")
    assert rig.remote.calls == [(REGENERATE,)]


def test_withdrawn_notes_are_gone_and_later_ones_are_shown() -> None:
    rig, notes = make_sample(), PlannedNotes()
    assert find_last(notes, rig) > NOW_FRAME
    rig.bus.publish("accompaniment.withdrawn", NOW_FRAME)
    assert find_last(notes, rig) < NOW_FRAME
    rig.bus.publish("accompaniment.note", NOW_FRAME + 5, 100, "bass", 40, 90, 140)
    assert find_last(notes, rig) == NOW_FRAME + 5


def test_a_beat_that_is_decided_again_replaces_the_later_ones() -> None:
    rig, notes = SessionRig(), PlannedNotes()
    for beat, frame in ((4, 400), (5, 500), (4, 410)):
        rig.bus.publish("accompaniment.note", frame, 50, "bass", 40, 90, beat)
    assert [note.frame for note in notes.read(rig.session)["bass"]] == [400, 410]


def test_the_roll_stands_still_during_a_beat_and_the_playhead_moves() -> None:
    position = compute_position(make_sample().session, 100.0)
    assert position is not None
    later = replace(position, frame=position.frame + BEAT_FRAMES / 2, beat=position.beat + 0.5)
    first, second = (make_grid(one, 64, None, 1.0) for one in (position, later))
    frame = float(130 * BEAT_FRAMES)
    assert first.find_column(frame) == second.find_column(frame)
    assert second.playhead == first.playhead + first.beat_columns // 2
    assert first.beats_ahead == 4
    assert make_grid(position, 64, None, 8.0).beats_ahead == 10


def test_nothing_is_drawn_where_nothing_is_decided() -> None:
    rig = make_sample()
    row = next(line for line in show(BandScreen(), rig).splitlines() if "bass" in line)
    assert len(row.rstrip()) < 75  # five columns of the last beat are blank
    rig.bus.publish("accompaniment.commit", 134 * BEAT_FRAMES, 134, "foreseen", "loop", 4.2)
    row = next(line for line in show(BandScreen(), rig).splitlines() if "bass" in line)
    assert row.rstrip().endswith("┈")
