"""MIDI clock from beats: on them, 24 each, started and stopped as receivers expect."""

from __future__ import annotations

import pytest

from bridge.core.clock import HostClock
from bridge.core.events import Beat, Midi, TimedEvent
from bridge.core.midi import CLOCK, CONTINUE, SONG_POSITION, START, STOP
from bridge.runtime.midi_clock import MidiClockGenerator

RATE, HOP, LEAD = 48000, 512, 1500


def beats(bpm: float, count: int, first: float = 1000.0, number: int = 0, bar_beats: int = 4) -> list[TimedEvent]:
    step = 60.0 * RATE / bpm
    return [
        TimedEvent(round(first + i * step), Beat((number + i) % bar_beats, bar_beats, bpm, 1.0, i))
        for i in range(count)
    ]


def render(clock: MidiClockGenerator, detected: list[TimedEvent], first: int, last: int) -> list[TimedEvent]:
    """What is sent while the hops from ``first`` to ``last`` are processed, each message in time and not held back."""
    messages: list[TimedEvent] = []
    for start in range(first, last, HOP):
        fresh = clock.render([e for e in detected if start <= e.frame < start + HOP], start + HOP + LEAD)
        assert all(start + LEAD - 1 <= event.frame < start + HOP + LEAD for event in fresh)
        messages += fresh
    return messages


def select(events: list[TimedEvent], status: int) -> list[TimedEvent]:
    return [e for e in events if isinstance(e.payload, Midi) and e.payload.data[0] == status]


def frames(events: list[TimedEvent], status: int) -> list[int]:
    return [event.frame for event in select(events, status)]


def test_it_starts_on_a_downbeat_and_every_24th_tick_is_a_beat() -> None:
    detected = beats(117.3, 20, number=2)
    messages = render(MidiClockGenerator(RATE), detected, 0, detected[-1].frame)
    [start], ticks = frames(messages, START), frames(messages, CLOCK)
    downbeat = detected[2].frame
    assert start == pytest.approx(downbeat - RATE // 1000, abs=2)
    on_beats = ticks[::24]
    assert [abs(tick - beat.frame) <= 1 for tick, beat in zip(on_beats, detected[2:], strict=False)] == [True] * len(
        on_beats
    )
    assert len(on_beats) >= 17


def test_a_receiver_that_smooths_the_clock_finds_beat_and_tempo() -> None:
    detected = beats(96.0, 24)
    receiver = HostClock(RATE)
    for event in render(MidiClockGenerator(RATE), detected, 0, detected[-1].frame):
        receiver.push(event)
    at = receiver.time_at(detected[-1].frame)
    assert at.tempo == pytest.approx(96.0, abs=0.1)
    assert abs(at.beat - round(at.beat)) < 0.01
    assert round(at.beat) == 19  # it began with the second bar, whose downbeat was the fifth detected beat


@pytest.mark.parametrize("to", [104.0, 92.0])
def test_a_new_tempo_is_followed_with_neither_a_tick_lost_nor_one_too_many(to: float) -> None:
    first = beats(98.0, 9)
    detected = first[:-1] + beats(to, 16, first[-1].frame)
    ticks = frames(render(MidiClockGenerator(RATE), detected, 0, detected[-1].frame), CLOCK)
    late = [tick - beat.frame for tick, beat in zip(ticks[::24], detected[4:], strict=False)]
    assert max(map(abs, late)) < 0.05 * RATE
    assert abs(late[-1]) < 0.002 * RATE
    assert ticks == sorted(ticks)


def test_beats_that_move_pull_the_clock_onto_them() -> None:
    first = beats(120.0, 8)
    detected = first + beats(120.0, 12, first[-1].frame + RATE / 2 + 0.05 * RATE)
    ticks = frames(render(MidiClockGenerator(RATE), detected, 0, detected[-1].frame), CLOCK)
    late = [tick - beat.frame for tick, beat in zip(ticks[::24], detected[4:], strict=False)]
    assert abs(late[4]) > 0.04 * RATE  # the tick was sent before the beat was detected
    assert abs(late[-1]) < 0.001 * RATE


def test_a_beat_that_is_missed_is_clocked_through() -> None:
    detected = beats(120.0, 16)
    ticks = frames(render(MidiClockGenerator(RATE), detected[:8] + detected[9:], 0, detected[-1].frame), CLOCK)
    assert all(abs(tick - beat.frame) <= 1 for tick, beat in zip(ticks[::24], detected[4:], strict=False))


def test_without_beats_it_stops_and_goes_on_at_a_whole_bar() -> None:
    detected = beats(120.0, 10)
    later = beats(120.0, 8, detected[-1].frame + 10 * RATE)
    clock = MidiClockGenerator(RATE)
    messages = render(clock, detected, 0, detected[-1].frame + 9 * RATE)
    assert len(frames(messages, STOP)) == 2  # one for whoever was here before, and one for the silence
    count = len(frames(messages, CLOCK))
    assert max(frames(messages, CLOCK)) < detected[-1].frame + 4.2 * RATE * 60 / 120
    start = (later[0].frame // HOP - 2) * HOP
    again = render(clock, later, start, later[-1].frame)
    assert not frames(again, START)
    [position] = select(again, SONG_POSITION)
    assert isinstance(position.payload, Midi)
    low, high = position.payload.data[1:]
    assert (low | high << 7) * 6 == -(-count // 96) * 96
    assert frames(again, CONTINUE) == [position.frame]
    assert frames(again, CLOCK)[0] == pytest.approx(later[4].frame, abs=1)


def test_an_idle_clock_sends_nothing_and_one_that_ran_is_stopped_once() -> None:
    clock, detected = MidiClockGenerator(RATE), beats(120.0, 12)
    assert clock.stop(HOP + LEAD) == []
    render(clock, detected, HOP, detected[-1].frame)
    end = detected[-1].frame + HOP + LEAD
    assert [event.payload for event in clock.stop(end)] == [Midi(bytes((STOP,)))]
    assert clock.stop(end + HOP) == []


def test_after_a_reset_it_stops_and_starts_from_the_top() -> None:
    clock, detected = MidiClockGenerator(RATE), beats(120.0, 12)
    render(clock, detected, 0, detected[-1].frame)
    clock.reset()
    first = detected[-1].frame // HOP * HOP + HOP
    messages = render(clock, beats(120.0, 12, first + 100), first, first + 12 * RATE // 2)
    assert [e.payload.data[0] for e in messages[:3] if isinstance(e.payload, Midi)] == [STOP, START, CLOCK]
