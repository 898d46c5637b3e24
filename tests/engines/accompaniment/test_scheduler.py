"""Sounds at their frames: in order, none too early, each ended before it is struck again."""

from __future__ import annotations

from bridge.core.events import Midi, TimedEvent
from bridge.core.time import BlockTime
from engines.accompaniment.performer import NoteEvent
from engines.accompaniment.scheduler import NoteScheduler
from engines.accompaniment.timeline import Timeline

LINE = Timeline(BlockTime(0, 48000, 0.0, 120.0, True, 4, True))
"""50 frames a tick."""


def describe(events: list[TimedEvent]) -> list[tuple[int, str, int]]:
    return [
        (event.frame, "on" if event.payload.data[0] >= 0x90 else "off", event.payload.data[1])
        for event in events
        if isinstance(event.payload, Midi)
    ]


def test_each_sound_falls_on_its_tick() -> None:
    results = NoteScheduler().schedule(
        [NoteEvent(0, 9, 36, 90), NoteEvent(60, 9, 36, 0), NoteEvent(240, 9, 36, 80), NoteEvent(300, 9, 36, 0)],
        4,
        LINE,
        0,
    )
    assert describe(results) == [(96000, "on", 36), (99000, "off", 36), (108000, "on", 36), (111000, "off", 36)]


def test_what_is_held_back_is_struck_again_only_after_it_ended() -> None:
    timing = NoteScheduler()
    timing.schedule([NoteEvent(0, 9, 37, 90)], 0, LINE, 700)
    results = timing.schedule([NoteEvent(6, 9, 37, 0), NoteEvent(12, 9, 37, 80), NoteEvent(13, 9, 37, 0)], 0, LINE, 700)
    assert describe(results) == [(701, "off", 37), (701, "on", 37), (702, "off", 37)]
    assert timing.last_frame == 702


def test_what_sounds_is_ended_after_all_that_was_said() -> None:
    timing = NoteScheduler()
    timing.schedule([NoteEvent(0, 0, 40, 90), NoteEvent(100, 1, 60, 90)], 0, LINE, 0)
    assert describe(timing.end_notes([(0, 40), (1, 60)], 300)) == [(5001, "off", 40), (5001, "off", 60)]
    assert timing.end_notes([], 9000) == []
    assert timing.last_frame == 5001
