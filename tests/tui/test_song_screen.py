"""Song screen: chords now and next, bars from history and plan, and what is not known."""

from __future__ import annotations

import pytest

from tests.tui.keys import press, show
from tests.tui.rig import SessionRig
from tests.tui.sample_session import BAR_BEATS, BEAT_FRAMES, NOW_FRAME, NOW_MS, make_sample
from tui.drawing.letters import draw_large
from tui.models.chord_bars import GUESSED, LIKELY, SURE, collect_bars, find_next_chord
from tui.models.position import Position, compute_position
from tui.screens.song import SongScreen


def find_position(rig: SessionRig) -> Position:
    position = compute_position(rig.session, rig.context.now_s)
    assert position is not None
    return position


def is_at(rig: SessionRig, bar: int, beat: float) -> bool:
    position = find_position(rig)
    return position.bar == bar and abs(position.beat - beat) < 1e-6


def test_the_position_is_carried_on_while_the_music_moves() -> None:
    rig = make_sample()
    rig.context.now_s += 0.5
    assert is_at(rig, 33, 2.25)
    rig.context.now_s += 60.0  # no clock for a minute: it is not taken to go on
    assert is_at(rig, 33, 3.25)
    rig.bus.publish("clock", NOW_FRAME, NOW_MS, 0, 33, 1.25, BAR_BEATS, 120.0, "host", "free", 0.0, 0, "jack", 0.0, "")
    rig.context.now_s += 0.5
    assert is_at(rig, 33, 1.25)


def test_bars_are_counted_over_the_bar_line() -> None:
    position = find_position(make_sample())
    for frame, bar, beat in ((position.frame + 4 * BEAT_FRAMES, 34, 1.25), (position.frame - BEAT_FRAMES, 32, 4.25)):
        assert position.find_bar(frame)[0] == bar
        assert position.find_bar(frame)[1] == pytest.approx(beat)


def test_the_next_chord_is_the_first_that_differs() -> None:
    rig = make_sample()
    following = find_next_chord(rig.session, find_position(rig), "Am7")
    assert following is not None
    assert (following.label, following.source) == ("D7", "loop")
    assert following.beats == pytest.approx(3.75, abs=1e-3)
    assert "in 4 beats" in show(SongScreen(), rig)


def test_bars_have_the_recognised_and_the_planned_chords() -> None:
    rig = make_sample()
    bars = {bar.number: bar.chords for bar in collect_bars(rig.session, find_position(rig), 2, 10)}
    assert [(chord.label, chord.certainty) for number in (31, 32, 33, 34) for chord in bars[number]] == [
        ("B7", SURE),
        ("Em", SURE),
        ("Am7", SURE),
        ("D7", SURE),
    ]
    assert (bars[35][0].label, bars[35][0].certainty) == ("Gmaj7", LIKELY)
    assert (bars[37][0].label, bars[37][0].certainty) == ("F#dim", GUESSED)


def test_two_chords_of_a_bar_lie_at_their_beats() -> None:
    rig = make_sample()
    rig.bus.publish("accompaniment.plan", 134, 134 * BEAT_FRAMES, "C", 0.9, "track")
    rig.bus.publish("accompaniment.plan", 135, 135 * BEAT_FRAMES, "C", 0.9, "track")
    bar = next(bar for bar in collect_bars(rig.session, find_position(rig), 1, 8) if bar.number == 34)
    assert [(chord.beat, chord.label) for chord in bar.chords] == [(1.0, "D7"), (3.0, "C")]
    assert "D7  C" in show(SongScreen(), rig)


def test_a_chord_some_frames_beside_the_bar_line_belongs_to_the_bar() -> None:
    rig = SessionRig()
    rig.bus.publish("counters", 128, 44_100, *[0] * 12)
    rig.bus.publish(
        "clock", NOW_FRAME, NOW_MS, 1, 33, 1.25, BAR_BEATS, 120.0, "host", "locked", 0.0, 0, "jack", 0.0, ""
    )
    rig.bus.publish("mir.chord", 124 * BEAT_FRAMES - 900, "G", 0.9)
    (bar,) = collect_bars(rig.session, find_position(rig), 1, 1)
    assert (bar.number, bar.chords[0].beat, bar.chords[0].label) == (32, 1.0, "G")


def test_the_chord_is_drawn_in_large_letters() -> None:
    rig = make_sample()
    lines = draw_large("Am7")
    shown = show(SongScreen(), rig)
    assert all(line.strip() in shown for line in lines)
    rig.bus.publish("mir.chord", NOW_FRAME, "E", 0.9)
    assert draw_large("E")[0] in show(SongScreen(), rig)


def test_nothing_is_invented_before_the_first_bar() -> None:
    shown = show(SongScreen(), SessionRig())
    assert "bars are shown when" in shown
    assert "BPM" not in shown
    assert all(row.split()[1] == "–" for row in shown.splitlines() if row.startswith(("  key", "  chord", "  tempo")))


def test_keys_change_tempo_mode_source_and_prior() -> None:
    rig, screen = make_sample(), SongScreen()
    press(screen, rig, "l", "c", "right", "shift+right")
    assert rig.session.get_choice("mir.tempo.mode") == "assist"
    assert rig.session.get_choice("mir.chord.source") == "drums"
    assert rig.bus.get("mir.tempo_prior_bpm") == pytest.approx(131.0)
    press(screen, rig, "t", "r")
    assert rig.remote.calls == [("transport.tap",), ("engines.reset",)]


def test_the_key_is_fixed_and_freed() -> None:
    rig, screen = make_sample(), SongScreen()
    press(screen, rig, "y")
    assert rig.session.get_choice("accompaniment.band.key") == "G major"
    assert "fixed: G major" in show(screen, rig)
    press(screen, rig, "y")
    assert rig.session.get_choice("accompaniment.band.key") == "auto"


def test_the_same_chord_is_written_once_a_bar() -> None:
    rig = make_sample()
    for beat, confidence in ((133, 0.9), (134, 0.6), (135, 0.2)):
        rig.bus.publish("accompaniment.plan", beat, beat * BEAT_FRAMES, "D7", confidence, "loop")
    rig.bus.publish("mir.chord", 126 * BEAT_FRAMES, "Em", 0.9)
    bars = {bar.number: bar.chords for bar in collect_bars(rig.session, find_position(rig), 2, 10)}
    assert [chord.label for chord in bars[34]] == ["D7"]
    assert [chord.label for chord in bars[32]] == ["Em"]
