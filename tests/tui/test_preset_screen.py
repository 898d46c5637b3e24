"""Preset screen: differences, loading, comparing A and B, and keeping presets."""

from __future__ import annotations

from tests.tui.keys import answer_yes, press, show, type_text
from tests.tui.rig import SessionRig
from tests.tui.sample_session import make_sample
from tui.screens.presets import PresetScreen


def make_screen(selected: str = "rehearsal") -> tuple[PresetScreen, SessionRig]:
    """The sample session with this preset selected."""
    rig, screen = make_sample(), PresetScreen()
    for _ in range(10):
        if f"now ▸ {selected}" in show(screen, rig):
            break
        press(screen, rig, "down")
    assert f"now ▸ {selected}" in show(screen, rig)
    return screen, rig


def test_what_a_preset_would_change_is_shown_with_when_it_takes_effect() -> None:
    screen, rig = make_screen()
    shown = show(screen, rig)
    assert "stems.vocals.mute    on       ▸ off" in shown
    assert "▸ pop, next bar" in shown
    assert "moves the declared delay" in shown
    assert "stems.drums.gain_db" not in shown
    press(screen, rig, "d")
    assert "stems.drums.gain_db  0.0      = 0.0 dB" in show(screen, rig)


def test_the_differences_follow_what_is_set() -> None:
    screen, rig = make_screen()
    rig.bus.set_all({"stems.vocals.mute": False, "latency.separation.reserve_frames": 512}, "hand")
    shown = show(screen, rig)
    assert "stems.vocals.mute" not in shown
    assert "moves the declared delay" not in shown


def test_a_content_is_asked_once_and_again_when_its_entry_changes() -> None:
    screen, rig = make_screen()
    calls = rig.remote.calls.count(("preset.show", "rehearsal"))
    show(screen, rig)
    assert rig.remote.calls.count(("preset.show", "rehearsal")) == calls
    rig.bus.publish("preset.entry", "rehearsal", "user", 6, "mine now", "")
    show(screen, rig)
    assert rig.remote.calls.count(("preset.show", "rehearsal")) == calls + 1


def test_enter_loads_and_undo_sets_back_what_it_changed() -> None:
    screen, rig = make_screen()
    press(screen, rig, "enter")
    assert rig.remote.calls[-1] == ("preset.load", "rehearsal")
    assert rig.messages[-1][0].startswith("loaded rehearsal: 5 controls changed")
    rig.bus.set_all({"stems.vocals.mute": False, "accompaniment.band.style": "pop"}, "preset")
    rig.remote.undos[-1]()
    assert rig.session.is_on("stems.vocals.mute")
    assert rig.session.get_choice("accompaniment.band.style") == "jazz"


def test_b_changes_over_in_one_step_and_keeps_what_was_changed_meanwhile() -> None:
    screen, rig = make_screen()
    press(screen, rig, "b")
    assert len(rig.remote.recalls) == 1
    assert rig.session.get_choice("accompaniment.band.style") == "pop"
    assert not rig.session.is_on("stems.vocals.mute")
    assert "[B] rehearsal" in show(screen, rig)
    rig.bus.set("stems.bass.mute", True, "hand")
    press(screen, rig, "b")
    assert (rig.session.get_choice("accompaniment.band.style"), rig.session.is_on("stems.bass.mute")) == ("jazz", False)
    press(screen, rig, "b")
    assert (rig.session.get_choice("accompaniment.band.style"), rig.session.is_on("stems.bass.mute")) == ("pop", True)
    assert len(rig.remote.recalls) == 3
    press(screen, rig, "c", "b")
    assert len(rig.remote.recalls) == 3
    assert rig.session.get_choice("accompaniment.band.style") == "pop"


def test_chains_of_a_preset_that_cannot_run_live_are_said_as_it_is_loaded() -> None:
    screen, rig = make_screen()
    fields = ("control", "chain", "obstacle")
    rows = [(f"inserts.{point}.chain", "echo-tempo", "ZamDelay: it needs a tempo") for point in ("drums", "mix")]
    rig.remote.results["preset.load"] = [dict(zip(fields, row, strict=True)) for row in rows]
    press(screen, rig, "enter")
    words, role = rig.messages[-1]
    assert words.endswith("; echo-tempo cannot run live: ZamDelay: it needs a tempo, and 1 more")
    assert role == "warning"


def test_a_refused_file_is_shown_with_its_sentence_and_not_loaded() -> None:
    screen, rig = make_screen("old tour")
    assert "line 7: stems.vox.mute: no such control" in show(screen, rig)
    press(screen, rig, "enter")
    assert ("preset.load", "old tour") not in rig.remote.calls
    assert rig.messages[-1][1] == "error"


def test_presets_are_saved_renamed_described_and_deleted() -> None:
    screen, rig = make_screen("soundcheck")
    press(screen, rig, "n")
    type_text(rig, "encore")
    rig.bus.publish("preset.entry", "encore", "user", 60, "", "")
    press(screen, rig, "r")
    type_text(rig, "line check")
    rig.bus.withdraw("preset.entry", "encore")
    rig.bus.publish("preset.entry", "line check", "user", 60, "", "")
    press(screen, rig, "e")
    type_text(rig, "before the doors open")
    press(screen, rig, "x")
    assert rig.remote.calls[-1][0] != "preset.delete"
    answer_yes(rig)
    assert [one for one in rig.remote.calls if one[0] != "preset.show"] == [
        ("preset.save", "encore"),
        ("preset.rename", "encore", "line check"),
        ("preset.describe", "line check", "before the doors open"),
        ("preset.delete", "line check"),
    ]
    rig.remote.undos[0]()
    assert rig.remote.calls[-1] == ("preset.rename", "line check", "encore")


def test_shipped_presets_stay_as_they_are() -> None:
    screen, rig = make_screen("karaoke")
    press(screen, rig, "r", "e", "x")
    assert (rig.context.view.field, rig.context.view.asked) == (None, None)
    assert rig.messages[-1] == ("karaoke is shipped and stays as it is: load it, then n saves your own", "warning")


def test_find_leaves_presets_with_all_words_and_esc_shows_all() -> None:
    screen, rig = make_screen()
    press(screen, rig, "slash")
    type_text(rig, "voice guide")
    shown = show(screen, rig)
    assert "1 of 6" in shown
    assert "karaoke" not in shown
    press(screen, rig, "escape")
    assert "karaoke" in show(screen, rig)
