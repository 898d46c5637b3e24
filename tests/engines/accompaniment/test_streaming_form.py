"""Sections, drop-outs, the count-in and the user's hands, live behind the real callback."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest

from bridge.core.events import Onset
from engines.accompaniment.form import COUNT_IN, DROPOUT, FILL, SECTION, SECTIONS
from engines.accompaniment.style import ROLES
from tests.engines.accompaniment.streaming import (
    BEAT,
    PERIOD,
    STEADY,
    delay_events,
    find_drum_bars,
    host,
    make_beats,
    make_chords,
    stream,
)
from tests.engines.driving import RATE


def test_a_bar_of_sticks_comes_before_a_start_from_a_stop_and_before_no_jump() -> None:
    cycles = host(("stop", 1, 0), ("roll", 6, 120), ("jump", 4, 32.0), ("stop", 1, 0))
    played = stream(
        cycles, {"chords": delay_events(make_chords(cycles), lambda _: 0.1)}, lambda _: {COUNT_IN.name: 1.0}
    )  # fmt: skip
    notes, stick = played.notes(), (9, ROLES["stick"])
    sticks = [round(played.beat_at(on), 2) for on, _, *note in notes if tuple(note) == stick]
    assert sticks[:3] == [1.0, 2.0, 3.0]
    first = min(on for on, _, *note in notes if tuple(note) != stick)
    assert played.beat_at(first) == pytest.approx(4.0, abs=0.01)
    assert any(32 < played.beat_at(on) < 34 for on, _, channel, _ in notes if channel == 0)


def test_a_section_that_is_called_for_is_led_to_opened_and_played_as_hard_as_it_is() -> None:
    called = 5 * 4 * BEAT + 2 * BEAT  # in the middle of a bar

    def values(frame: int) -> Mapping[str, float]:
        return {SECTION.name: float(SECTIONS.index("chorus" if frame >= called else "verse"))}

    played = stream(STEADY, {"chords": delay_events(make_chords(STEADY), lambda _: 0.1)}, values)
    velocities = {(frame, data[1]): data[2] for frame, data in played.sent if data[0] == 0x99}
    kicks: dict[int, list[int]] = {}  # the patterns differ, but both have these
    for (frame, pitch), velocity in velocities.items():
        if pitch == ROLES["kick"]:
            kicks.setdefault(int(played.beat_at(frame) + 0.02) // 4, []).append(velocity)
    assert np.mean(kicks[7]) > np.mean(kicks[3]) + 8
    crashes = [played.beat_at(frame) for frame, pitch in velocities if pitch == ROLES["crash"]]
    change = int(played.beat_at(called)) // 4 * 4 + 4
    assert any(abs(beat - change) < 0.01 for beat in crashes)


def test_where_nobody_says_otherwise_music_that_grows_harder_is_played_to_harder() -> None:
    softly, hard = Onset(0.3, 1.0), Onset(0.9, 1.0)
    onsets = [(frame, softly if beat.index < 28 else hard) for frame, beat in make_beats(STEADY)]
    recorded = {"chords": delay_events(make_chords(STEADY), lambda _: 0.1)}
    grows, stays = (
        stream(STEADY, recorded | {"onsets": delay_events(rows, lambda _: 0.04)})
        for rows in (onsets, [(f, softly) for f, _ in onsets])
    )
    loudness = [
        [np.mean([data[2] for frame, data in one.sent if data[0] == 0x99 and first <= one.beat_at(frame) < last])
         for first, last in ((8, 27), (36, 48))]
        for one in (grows, stays)
    ]  # fmt: skip
    assert loudness[0][0] == loudness[1][0]
    assert loudness[0][1] > loudness[1][1] + 8


def test_in_a_drop_out_only_the_drums_play_until_all_come_back_on_a_bar() -> None:
    start, end = 6 * RATE, 15 * RATE

    def values(frame: int) -> Mapping[str, float]:
        return {DROPOUT.name: float(start <= frame < end)}

    played = stream(STEADY, {"chords": delay_events(make_chords(STEADY), lambda _: 0.1)}, values)
    resting = [played.beat_at(on) for on, _, channel, _ in played.notes() if channel != 9]
    gap = max(pairwise(resting), key=lambda pair: pair[1] - pair[0])
    assert gap[1] - gap[0] > 12
    assert gap[1] / 4 == pytest.approx(round(gap[1] / 4), abs=0.003)
    assert set(range(4, 11)) <= set(find_drum_bars(played))


def test_a_fill_that_is_pressed_shortly_changes_the_drums_of_its_bar_and_opens_the_next() -> None:
    pressed = RATE // 2 + 5 * 4 * BEAT + BEAT // 2

    def values(frame: int) -> Mapping[str, float]:
        return {SECTION.name: float(SECTIONS.index("verse")), FILL.name: float(pressed <= frame < pressed + PERIOD)}

    chords = {"chords": delay_events(make_chords(STEADY), lambda _: 0.1)}
    plain, filled = (
        stream(STEADY, chords, lambda frame: {**values(frame), FILL.name: 0.0}),
        stream(STEADY, chords, values),
    )
    hits = [
        {(round(played.beat_at(frame), 1), data[1]) for frame, data in played.sent if data[0] == 0x99 and data[2]}
        for played in (plain, filled)
    ]
    bar = int(plain.beat_at(pressed)) // 4
    assert {beat for beat, _ in hits[0] ^ hits[1] if 4 * bar <= beat < 4 * bar + 3.9}
    assert [any(pitch == ROLES["crash"] and beat == 4 * bar + 4 for beat, pitch in one) for one in hits] == [
        False,
        True,
    ]


def test_chords_held_on_a_keyboard_override_detected_ones() -> None:
    """The analyser hears C all the time; the hands go Dm, Eb, a bar each, as a loop."""
    held = {0: (50, 65, 69), 1: (51, 67, 70)}
    keys: list[tuple[int, bytes]] = []
    for bar in range(3, 12):
        start = RATE // 2 + bar * 4 * BEAT
        keys += [(start + 20, bytes((0x90, pitch, 80))) for pitch in held[bar % 2]]
        keys += [(start + 4 * BEAT - 2000, bytes((0x80, pitch, 0))) for pitch in held[bar % 2]]
    played = stream(STEADY, {"chords": delay_events(make_chords(STEADY, ("C",)), lambda _: 0.1)}, keys=sorted(keys))
    bass = {
        int(played.beat_at(on) + 0.02) // 4: pitch % 12
        for on, _, channel, pitch in reversed(played.notes())
        if channel == 0 and (played.beat_at(on) + 0.02) % 4 < 0.1
    }
    assert [bass[bar] for bar in (1, 2)] == [0, 0]
    assert [bass[bar] for bar in (8, 9, 10)] == [2, 3, 2]
