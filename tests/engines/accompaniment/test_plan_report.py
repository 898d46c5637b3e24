"""Report of the band's plans: the notes as they are decided, the chords to come, section and lookahead."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.core.events import (
    CHORD_SOURCES,
    Commit,
    ExpectedChord,
    Lookahead,
    Midi,
    PlannedNote,
    Section,
    TimedEvent,
    to_chord,
)
from bridge.core.time import BlockTime
from engines.accompaniment.band import Band
from engines.accompaniment.form import COUNT_IN, SECTION, SECTIONS
from engines.accompaniment.harmony.repetition import HORIZON
from engines.accompaniment.live_sheet import SHEET
from engines.accompaniment.plan_report import EXPECTED_BARS
from engines.accompaniment.timeline import LOOKAHEAD
from tests.engines.accompaniment.test_band import BEAT, LOOP, TEMPO, make_chords, play
from tests.engines.driving import RATE, parse_chord, rolling_host

TEXT = "[intro]\n| C | F |\n[Refrain mit sehr langem Namen, der nicht ganz passt]\n| G7/B | N.C. |\n"


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "7 song.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    return 7.0


def make_started(event: TimedEvent) -> tuple[int, int, int, int]:
    """(frame, channel, pitch, velocity) of the note that the event starts or plans."""
    note = event.payload
    if isinstance(note, PlannedNote):
        return event.frame, note.channel, note.pitch, note.velocity
    assert isinstance(note, Midi)
    return event.frame, note.data[0] & 0x0F, note.data[1], note.data[2]


@pytest.mark.parametrize("lookahead", [0.0, 1.0, 4.0])
def test_every_note_that_starts_was_planned_and_no_other(lookahead: float) -> None:
    recorded = play(make_chords(LOOP * 3), 40, lead=640, values=lambda _: {LOOKAHEAD.name: lookahead})
    starts = [event for _, event in recorded.said if isinstance(event.payload, Midi) and event.payload.data[0] >= 0x90]
    assert len(starts) > 300
    assert sorted(map(make_started, starts)) == sorted(map(make_started, recorded.planned))


def test_a_note_has_its_beat_and_most_end_as_planned() -> None:
    recorded = play(make_chords(LOOP * 3), 40, lead=640)
    ends = {
        (part.channel, on, pitch): off
        for part in Band.spec.parts
        for on, off, pitch in recorded.notes(part.name)
    }  # fmt: skip
    right = []
    for event in recorded.planned:
        note = event.payload
        assert isinstance(note, PlannedNote)
        assert abs(event.frame - note.beat * BEAT) < 0.1 * BEAT
        right.append(abs(ends[note.channel, event.frame, note.pitch] - event.frame - note.length_s * RATE) <= 1)
    assert sum(right) > 0.9 * len(right)


def find_plans(results: list[TimedEvent]) -> list[list[ExpectedChord]]:
    """The plans in order; each is ended by a Lookahead."""
    plans, plan = [], []
    for event in results:
        if isinstance(event.payload, ExpectedChord):
            plan.append(event.payload)
        elif isinstance(event.payload, Lookahead):
            plans.append(plan)
            plan = []
    assert not plan
    return plans


def test_of_a_sheet_the_next_bars_are_expected_for_sure(sheet: float) -> None:
    recorded = play(make_chords(["Gb"] * 10), 40, values=lambda _: {SHEET.name: sheet})
    for plan in find_plans(recorded.results)[1:]:
        assert [one.beat for one in plan] == list(range(plan[0].beat, plan[0].beat + 4 * EXPECTED_BARS))
        assert {CHORD_SOURCES[one.source] for one in plan} == {"track"}
        labels = [to_chord(one.state, 1.0).label for one in plan]
        assert labels == [("C", "F", "G7", "N")[one.beat // 4 % 4] for one in plan]
        assert {one.bass for one in plan if one.beat // 4 % 4 == 2} == {11}
        assert all(one.confidence > 0.9 for one in plan)


def test_of_a_loop_as_much_is_expected_as_is_predicted() -> None:
    recorded = play(make_chords(LOOP * 4), 64)
    plans = find_plans(recorded.results)
    for plan in plans[40:]:
        assert len(plan) in range(HORIZON - 6, HORIZON + 1)
        assert {CHORD_SOURCES[one.source] for one in plan} == {"loop"}
        labels = [to_chord(one.state, 1.0).label for one in plan]
        assert labels == [LOOP[one.beat // 4 % 4] for one in plan]
    sure = [[one.confidence for one in plan] for plan in plans]
    assert max(sure[6]) < min(sure[60])


def test_nothing_is_expected_before_the_first_chord() -> None:
    plans = find_plans(play([], 12).results)
    assert len(plans) > 8
    assert not any(plans)


def test_the_expected_beats_follow_the_decided_ones() -> None:
    recorded = play(make_chords(LOOP * 2), 32, values=lambda _: {LOOKAHEAD.name: 3.0})
    decided = 0
    for event in recorded.results:
        if isinstance(event.payload, Commit):
            decided = event.payload.beat
            assert event.payload.tempo == TEMPO
        elif isinstance(event.payload, ExpectedChord):
            assert event.payload.beat > decided


def sections_of(results: list[TimedEvent]) -> list[tuple[int, str]]:
    found = [(event.payload.bar, event.payload.name) for event in results if isinstance(event.payload, Section)]
    return [key for key, _ in groupby(found)]


def test_a_section_is_reported_with_the_bar_since_which_it_is_played(sheet: float) -> None:
    recorded = play(make_chords(["C"]), 40, values=lambda _: {SHEET.name: sheet})
    cut = "Refrain mit sehr langem Namen, der nicht ganz passt"[:32]
    assert sections_of(recorded.results)[:4] == [(1, "intro"), (3, cut), (5, "intro"), (7, cut)]


def test_a_section_by_hand_begins_at_the_next_bar() -> None:
    def values(frame: int) -> Mapping[str, float]:
        return {SECTION.name: float(SECTIONS.index("chorus") if frame > 9 * BEAT else 0)}

    recorded = play(make_chords(["C"]), 24, values=values)
    assert [(bar, name) for bar, name in sections_of(recorded.results) if name] == [(4, "chorus")]


def test_the_count_in_is_a_section() -> None:
    def at(frame: int) -> BlockTime:
        return rolling_host(TEMPO)(frame) if frame > BEAT else BlockTime(frame, RATE, 0.0, TEMPO, False, 4, True)

    recorded = play(make_chords(["C"]), 12, at=at, values=lambda _: {COUNT_IN.name: 1.0})
    names = [name for name, _ in groupby(name for _, name in sections_of(recorded.results))]
    assert names == ["count-in", ""]


def test_the_lookahead_is_reported_as_asked_and_as_kept() -> None:
    recorded = play(make_chords(["C"]), 24, values=lambda _: {LOOKAHEAD.name: 2.0})
    reports = [event.payload for event in recorded.results if isinstance(event.payload, Lookahead)]
    assert len(reports) > 20
    assert all(one.asked_beats == 2.0 and 2.0 <= one.kept_beats < 2.1 and one.late == 0 for one in reports[1:])


def test_beats_that_come_too_late_are_counted() -> None:
    leap = 16 * RATE

    def at(frame: int) -> BlockTime:
        here = BlockTime(min(frame, leap), RATE, min(frame, leap) / RATE, 60.0, True, 4, True)
        return here if frame <= leap else BlockTime(leap, RATE, 16.0, 400.0, True, 4, True).moved_to(frame)

    recorded = play(
        [(0, TimedEvent(0, parse_chord("C")))], 40, at=at, lead=2304, values=lambda _: {LOOKAHEAD.name: 0.0}
    )
    assert sum(event.payload.late for event in recorded.results if isinstance(event.payload, Lookahead)) > 0
