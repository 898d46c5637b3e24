"""Stems screen: keys act on the selected stem, and what is silent says why."""

from __future__ import annotations

import pytest

from tests.tui.keys import press, show
from tests.tui.rig import SessionRig
from tests.tui.sample_session import make_sample
from tui.core.registry import Control
from tui.screens.stems import DRY, StemsScreen


def find_row(shown: str, text: str) -> str:
    return next(line for line in shown.splitlines() if text in line)


def test_a_digit_or_a_letter_selects_and_m_mutes() -> None:
    rig, screen = make_sample(), StemsScreen()
    press(screen, rig, "2", "m")
    assert rig.bus.get("stems.bass.mute") == 1
    press(screen, rig, "v", "m")
    assert rig.bus.get("stems.vocals.mute") == 0
    press(screen, rig, "9", "m")  # there is no ninth stem: the selection stays
    assert rig.bus.get("stems.vocals.mute") == 1


def test_a_muted_stem_says_so_without_colour() -> None:
    rig, screen = make_sample(), StemsScreen()
    shown = show(screen, rig)
    assert " M " in find_row(shown, "vocals") and "░" in find_row(shown, "vocals")
    assert shown.count("MUTED") == 1
    press(screen, rig, "v", "m")
    shown = show(screen, rig)
    assert " m " in find_row(shown, "vocals") and "░" not in shown and "MUTED" not in shown


def test_a_solo_says_which_stems_it_silences() -> None:
    rig, screen = make_sample(), StemsScreen()
    press(screen, rig, "b", "s")
    shown = show(screen, rig)
    assert shown.count("not soloed") == 2 and "soloed" in shown
    assert shown.count("MUTED") == 1  # the mute of the vocals matters still


@pytest.mark.parametrize(
    ("keys", "gain_db"),
    [
        (("right",), -0.5),
        (("left", "left"), -3.5),
        (("shift+right",), -1.4),
        (("pagedown",), -7.5),
        (("0",), 0.0),
    ],
)
def test_the_fader_moves_by_whole_decibels(keys: tuple[str, ...], gain_db: float) -> None:
    rig, screen = make_sample(), StemsScreen()
    press(screen, rig, "b", *keys)
    assert rig.bus.get("stems.bass.gain_db") == pytest.approx(gain_db, abs=1e-5)
    assert f"{gain_db:+.1f}  gain" in show(screen, rig)


def test_a_clip_stays_until_x() -> None:
    rig, screen = make_sample(), StemsScreen()
    assert "CLIP" not in show(screen, rig)
    rig.bus.publish("meters", "bass", 0.0, -9.0, 0.0, -3.0, -9.0, -9.0)
    assert "CLIP" in show(screen, rig)
    rig.bus.publish("meters", "bass", -20.0, -29.0, -20.0, -20.0, -29.0, -29.0)
    rig.context.now_s += 60.0
    assert "CLIP" in show(screen, rig)
    press(screen, rig, "x")
    assert "CLIP" not in show(screen, rig)


def test_numbers_are_rewritten_four_times_a_second() -> None:
    rig, screen = make_sample(), StemsScreen()
    rows = []
    for tenth in range(10):
        rig.bus.publish("meters", "bass", -9.0 + tenth / 2, -20.0, -9.0 + tenth / 2, -30.0, -20.0, -40.0)
        rig.context.now_s = 200.0 + tenth / 10
        rows.append(find_row(show(screen, rig), "bass")[-12:])
    assert len(set(rows)) <= 4


def test_the_dry_mix_says_how_to_leave_it() -> None:
    rig, screen = make_sample(), StemsScreen()
    if DRY not in rig.session.registry.controls:
        rig.session.registry.controls[DRY] = Control(DRY, 0, 1, 0, "", "switch", "Dry mix.")
    rig.session.values[DRY] = 1.0
    shown = show(screen, rig)
    assert "DRY MIX  the input as it came" in shown and "y leaves it" in shown
    for size in ((40, 10), (160, 50), (60, 16)):
        rig.context.view.width, rig.context.view.height = size
        assert "y leaves it" in show(screen, rig)


def test_the_selected_stem_is_shown_where_there_is_no_room_for_all() -> None:
    rig, screen = SessionRig(40, 8), StemsScreen()
    for _ in range(5):
        press(screen, rig, "down")
    shown = show(screen, rig)
    assert "▌ 4 other" in shown
    assert len(shown.splitlines()) == 3


def test_without_levels_nothing_is_invented() -> None:
    row = find_row(show(StemsScreen(), SessionRig()), "drums")
    assert "–  peak" in row and "█" not in row


def test_late_frames_of_one_stem_are_beside_it_those_of_all_are_said_once() -> None:
    rig = make_sample()
    rig.bus.publish("latency", "bass", 1024, 1024, 77, 512, 0, 128, 384, 0, 0, 0)
    assert show(StemsScreen(), rig).count("late 77") == 1
    for stem in ("drums", "vocals", "other"):
        rig.bus.publish("latency", stem, 1024, 1024, 77, 512, 0, 128, 384, 0, 0, 0)
    assert "late 77" not in show(StemsScreen(), rig)


def test_silence_has_no_number() -> None:
    rig = make_sample(160, 50)
    rig.bus.publish("meters", "bass", -120.0, -120.0, -120.0, -120.0, -120.0, -120.0)
    assert "-inf  peak dB" in show(StemsScreen(), rig)


def test_no_level_is_shown_while_the_sidecar_is_lost() -> None:
    rig, screen = make_sample(), StemsScreen()
    assert "█" in find_row(show(screen, rig), "drums")
    rig.session.state = "lost"
    rig.context.now_s += 10.0
    shown = show(screen, rig)
    assert "█" not in shown and "━" not in shown
    assert "–" in find_row(shown, "drums")


@pytest.mark.parametrize(
    ("state", "sign", "word"),
    [
        ("running", "◆", "insert on"),
        ("bypassed", "◇", "insert dry"),
        ("starting", "◇", "insert dry"),
        ("died (SIGSEGV)", "◇", "insert dry"),
        ("refused: a plugin is missing", "×", "insert refused"),
        ("off: failed twice: Kars: crashed", "×", "insert off"),
    ],
)
def test_an_insert_has_a_sign_before_the_name_and_a_word_where_there_is_room(state: str, sign: str, word: str) -> None:
    rig = make_sample()
    for point in ("vocals", "mix"):
        rig.bus.publish("insert", point, "chain", state, 0, 512, 0, 0, 0, 0.1)
    rig.bus.publish("latency", "vocals", 1024, 1024, 77, 512, 0, 128, 384, 0, 0, 0)
    shown = show(StemsScreen(), rig)
    assert f" 3{sign}vocals" in shown and f"   {sign}mix" in shown
    assert " 2 bass" in shown and "    band" in shown
    rig.bus.set("stems.vocals.mute", 0, "test")
    rig.bus.publish("latency", "vocals", 1024, 1024, 128, 512, 0, 128, 384, 0, 0, 0)
    assert word in show(StemsScreen(), rig)
    rig.context.view.width, rig.context.view.height = 60, 14  # one row for each stem
    assert f" 3{sign}vocals" in show(StemsScreen(), rig)
    rig.bus.withdraw("insert", "vocals")
    assert f" 3{sign}vocals" not in show(StemsScreen(), rig)
