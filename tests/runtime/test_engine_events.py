"""Events between engines: when they are read, and the chase for a worker that starts late."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort
from bridge.core.events import Beat, Chord, Key, Midi, TimedEvent
from bridge.core.role import SOUND_RING
from bridge.core.time import BlockTime
from bridge.runtime.engine_runner import EngineRunner
from bridge.runtime.shared import slots as w
from tests.runtime.callback_driver import (
    ACCOMPANIMENT,
    AHEAD,
    HOP,
    MIR,
    RATE,
    RINGS,
    SYNTH,
    WITH_SYNTH,
    Callback,
    note_off,
    note_on,
    open_callback,
)
from tests.runtime.toys import ACCOMPANIMENT_SPEC, MIR_SPEC, Toy, make_runner

C, F = Chord(0, 0, 0, 0.5), Chord(5, 0, 5, 0.5)


def make_chord_toy(frames: dict[int, Chord]) -> Toy:
    """A mir engine that emits each chord in the hop in which it falls."""

    def act(block: Block, time: BlockTime, out: Block) -> None:
        out.events["chords"] += [TimedEvent(f, c) for f, c in frames.items() if time.frame <= f < time.frame + HOP]

    return Toy(MIR_SPEC, act)


def read_chords(callback: Callback, periods: list[int], in_order: bool, frames: int = 3000) -> list[tuple[int, str]]:
    """(hop, chord) as the accompaniment gets them, with the workers run in the order of roles or against it."""
    callback.shared.heads[RINGS.index("mir.chords"), w.RING_DELAY] = HOP + 300
    callback.state[w.FREEWHEEL] = 1
    callback.worker(MIR)[w.DEADLINE] = 300
    callback.shared.workers[:, w.ALIVE] = 1
    toy = Toy(ACCOMPANIMENT_SPEC)
    analyst = make_runner(callback, make_chord_toy({5: C, 100: F, 1000: C, 1063: F, 1500: C}), MIR)
    pair = [analyst, make_runner(callback, toy, ACCOMPANIMENT)]
    frame = 0
    while frame < frames:
        for period in periods:
            count = min(period, frames - frame)
            if count:
                callback.read_inputs(count)
                while sum(runner.process_available() for runner in (pair if in_order else reversed(pair))):
                    pass
            frame += count
    return [(hop, event.payload.label) for hop, _, event in toy.received if isinstance(event.payload, Chord)]


@given(periods=st.lists(st.integers(1, 400), min_size=1, max_size=5), in_order=st.booleans())
@settings(deadline=None, max_examples=40)
def test_an_analysis_is_received_at_its_declared_time_whatever_the_periods(periods: list[int], in_order: bool) -> None:
    with open_callback() as callback:
        received = read_chords(callback, periods, in_order)
    due = {5: "C", 100: "F", 1000: "C", 1063: "F", 1500: "C"}
    assert received == [((frame + HOP + 300) // HOP * HOP, label) for frame, label in due.items()]


@pytest.mark.parametrize("offset", [0, 1000, 20_000])
def test_in_freewheel_a_reader_waits_for_its_source_however_late_the_source_is_played(offset: int) -> None:
    with open_callback() as callback:
        callback.state[w.FREEWHEEL] = 1
        callback.worker(MIR)[w.DEADLINE] = HOP + offset
        callback.shared.workers[:, w.ALIVE] = 1
        analyst = make_runner(callback, make_chord_toy({}), MIR)
        reader_runner = make_runner(callback, Toy(ACCOMPANIMENT_SPEC), ACCOMPANIMENT)
        callback.read_inputs(1000)
        assert reader_runner.process_available() == 0
        analyst.process_available()
        assert reader_runner.process_available() == 1000 // HOP


def test_in_freewheel_no_worker_waits_for_a_dead_source() -> None:
    with open_callback() as callback:
        callback.state[w.FREEWHEEL] = 1
        reader_runner = make_runner(callback, Toy(ACCOMPANIMENT_SPEC), ACCOMPANIMENT)
        callback.read_inputs(1000)
        assert reader_runner.process_available() == 1000 // HOP


def test_host_messages_are_received_in_the_hop_in_which_they_fall() -> None:
    with open_callback() as callback:
        toy = Toy(ACCOMPANIMENT_SPEC)
        runner = make_runner(callback, toy, ACCOMPANIMENT)
        callback.read_inputs(300, [(0, note_on(60)), (HOP - 1, note_on(61)), (HOP, note_on(62)), (299, note_on(63))])
        runner.process_available()
        callback.read_inputs(300)
        runner.process_available()
    assert [(hop, event.frame, event.payload) for hop, _, event in toy.received] == [
        (0, 0, Midi(note_on(60))),
        (0, HOP - 1, Midi(note_on(61))),
        (HOP, HOP, Midi(note_on(62))),
        (299 // HOP * HOP, 299, Midi(note_on(63))),
    ]


def test_a_worker_that_starts_late_gets_the_last_chord_and_key_and_nothing_older() -> None:
    with open_callback() as callback:
        writer = callback.writer("mir.chords")
        for event in (C, Key(0, 0, 0.5), F, Key(5, 1, 0.5), Beat(0, 4, 120.0, 1.0, 0)):
            writer.write(TimedEvent(10, event), 1)
        callback.read_inputs(1000, [(0, note_on(60))])
        toy = Toy(ACCOMPANIMENT_SPEC)
        runner = make_runner(callback, toy, ACCOMPANIMENT)
        callback.read_inputs(HOP)
        runner.process_available()
    known = {event.payload for _, port, event in toy.received}
    assert known == {F, Key(5, 1, 0.5)}
    assert len(toy.received) == 2
    assert toy.received[0][0] == toy.times[0].frame


@pytest.mark.parametrize("whom", ["the listener alone", "everyone"])
def test_a_reset_of_one_engine_replays_the_chord_a_reset_of_all_does_not(whom: str) -> None:
    with open_callback() as callback:
        toy = Toy(ACCOMPANIMENT_SPEC)
        runner = make_runner(callback, toy, ACCOMPANIMENT)
        callback.read_inputs(HOP)
        callback.writer("mir.chords").write(TimedEvent(HOP, F), 1)
        for _ in range(3):
            callback.read_inputs(HOP)
            runner.process_available()
        if whom == "everyone":
            callback.state[w.RESTART] += 1
        else:
            callback.worker(ACCOMPANIMENT)[w.RESTART_ONE] += 1
        for _ in range(3):
            callback.read_inputs(HOP)
            runner.process_available()
    received = [(hop, event) for hop, _, event in toy.received]
    again = [(4 * HOP, TimedEvent(HOP, F))] if whom == "the listener alone" else []
    assert received == [(HOP, TimedEvent(HOP, F)), *again]


def test_events_before_a_break_of_all_are_not_received_after_it() -> None:
    with open_callback() as callback:
        callback.shared.heads[RINGS.index("mir.chords"), w.RING_DELAY] = 5 * HOP
        toy = Toy(ACCOMPANIMENT_SPEC)
        pair = [
            make_runner(callback, make_chord_toy({5: C, 7 * HOP: F}), MIR),
            make_runner(callback, toy, ACCOMPANIMENT),
        ]
        for cycle in range(20):
            if cycle == 2:
                callback.state[w.RESTART] += 1
            callback.read_inputs(HOP)
            for runner in pair:
                runner.process_available()
    assert [event.payload for _, _, event in toy.received] == [F]


def test_an_engine_that_failed_gets_the_chord_replayed() -> None:
    def act(block: Block, time: BlockTime, out: Block) -> None:
        if time.frame == 2 * HOP:
            raise RuntimeError("on purpose")

    with open_callback() as callback:
        toy = Toy(ACCOMPANIMENT_SPEC, act)
        runner = make_runner(callback, toy, ACCOMPANIMENT)
        callback.writer("mir.chords").write(TimedEvent(5, F), 1)
        for _ in range(5):
            callback.read_inputs(HOP)
            runner.process_available()
    assert [hop for hop, _, _ in toy.received] == [0, 3 * HOP]


def test_a_worker_that_starts_late_has_the_song_position_from_the_next_beat_on() -> None:
    tick = 900
    with open_callback() as callback:
        callback.read_inputs(1, [(0, b"\xfa")])
        toy = Toy(ACCOMPANIMENT_SPEC)

        def clocks(first: int, count: int) -> None:
            for _ in range(count):
                callback.read_inputs(tick, [(0, b"\xf8")])
                if runner is not None:
                    runner.process_available()

        runner = None
        clocks(0, 24 * 3 + 7)
        callback.worker(ACCOMPANIMENT)[w.RESTART_ONE] += 1
        runner = make_runner(callback, toy, ACCOMPANIMENT)
        clocks(24 * 3 + 7, 30)
    ready = [time for time in toy.times if time.rolling]
    assert ready
    assert ready[0].frame <= 1 + 24 * 4 * tick + HOP
    assert all(abs(time.beat - (time.frame - 1) / (24 * tick)) < 1 / 24 for time in ready[-20:])
    assert ready[-1].tempo == pytest.approx(60 * RATE / (24 * tick), rel=1e-3)


def test_chords_are_rendered_as_notes_on_their_port() -> None:
    with open_callback() as callback:
        runner = make_runner(callback, make_chord_toy({5: C, 100: F}), MIR)
        for _ in range(4):
            callback.read_inputs(HOP)
            runner.process_available()
        events = callback.reader("chords").read()
    assert [(event.frame, event.payload.data[:2]) for event in events if isinstance(event.payload, Midi)] == [
        *((5, bytes((0x90, note))) for note in (48, 52, 55)),
        *((100, bytes((0x80, note))) for note in (48, 52, 55)),
        *((100, bytes((0x90, note))) for note in (48, 53, 57)),
    ]


def test_a_new_epoch_forgets_the_notes_that_it_held() -> None:
    with open_callback() as callback:
        runner = make_runner(callback, make_chord_toy({5: C, 200: F}), MIR)
        callback.read_inputs(HOP)
        runner.process_available()
        callback.state[w.RESTART] += 1
        for _ in range(4):
            callback.read_inputs(HOP)
            runner.process_available()
        events = callback.reader("chords").read()
    assert {event.frame for event in events} == {5, 200}
    assert not [event for event in events if isinstance(event.payload, Midi) and event.payload.data[0] == 0x80]


# notes for a synth


SOUNDER = EngineSpec("toy.synth", (EventPort("midi"), EventPort("sound")), (AudioPort("audio"),), HOP)
PROGRAM, VOLUME, PEDAL_UP = bytes((0xC1, 33)), bytes((0xB1, 7, 90)), bytes((0xB1, 123, 0))


def make_synth_runner(callback: Callback) -> tuple[Toy, EngineRunner]:
    toy = Toy(SOUNDER)
    runner = EngineRunner(WITH_SYNTH, WITH_SYNTH.workers[SYNTH], callback.shared, toy)
    runner.prepare()
    return toy, runner


def read_notes(toy: Toy) -> list[tuple[int, int, bytes]]:
    """(first frame of the hop, frame, message)"""
    return [(hop, e.frame, e.payload.data) for hop, _, e in toy.received if isinstance(e.payload, Midi)]


@given(periods=st.lists(st.integers(1, 400), min_size=1, max_size=5), offset=st.sampled_from([0, 700]))
@settings(deadline=None, max_examples=20)
def test_a_synth_gets_notes_in_the_hop_in_which_they_sound_ahead_of_the_input(periods: list[int], offset: int) -> None:
    due = {500: note_on(60), 640: note_on(61), 641: note_off(60), 1000: note_off(61)}
    with open_callback(WITH_SYNTH) as callback:
        callback.shared.heads[RINGS.index("accompaniment"), w.RING_DELAY] = (
            offset  # its port's affair, and the callback's
        )
        toy, runner = make_synth_runner(callback)
        callback.read_inputs(1)
        for frame, data in due.items():
            callback.write_message("accompaniment", frame, data)
        while callback.state[w.HEAD] < 2000:
            for period in periods:
                callback.read_inputs(period)
                runner.process_available()
    assert read_notes(toy) == [(frame // HOP * HOP, frame, data) for frame, data in due.items()]
    assert toy.times[0].frame == AHEAD


def test_a_synth_that_was_reset_gets_its_programs_replayed() -> None:
    with open_callback(WITH_SYNTH) as callback:
        callback.read_inputs(1)
        callback.writer(SOUND_RING).write(TimedEvent(10, Midi(bytes((0xC1, 5)))), 1)
        for frame, data in ((12, PROGRAM), (12, VOLUME), (13, PEDAL_UP), (13, note_on(60))):
            callback.writer(SOUND_RING).write(TimedEvent(frame, Midi(data)), 1)
        toy, runner = make_synth_runner(callback)  # it starts when all has been sent
        for request in range(3):
            toy.received.clear()
            callback.state[w.RELEASE] += request
            first = callback.read_inputs(4 * HOP)
            runner.process_available()
            assert [data for _, _, data in read_notes(toy)] == [PROGRAM, VOLUME]
            assert {hop for hop, _, _ in read_notes(toy)} <= {first + AHEAD, AHEAD}


def test_a_player_that_was_reset_sends_its_programs_again_and_its_old_notes_are_dropped() -> None:
    with open_callback(WITH_SYNTH) as callback:
        toy, runner = make_synth_runner(callback)
        callback.read_inputs(HOP)
        callback.writer(SOUND_RING).write(TimedEvent(0, Midi(PROGRAM)), 1)
        runner.process_available()
        callback.write_message("accompaniment", 5 * HOP, note_on(60))
        callback.worker(ACCOMPANIMENT)[w.RESTART_ONE] += 1
        callback.read_inputs(HOP)
        callback.write_message("accompaniment", 6 * HOP, note_on(61))
        toy.received.clear()
        callback.read_inputs(8 * HOP)
        runner.process_available()
    assert [data for _, _, data in read_notes(toy)] == [note_on(61)]


def test_a_note_that_comes_much_too_late_is_left_out_and_what_ends_one_is_not() -> None:
    late = 10 * HOP
    with open_callback(WITH_SYNTH) as callback:
        toy, runner = make_synth_runner(callback)
        callback.read_inputs(late)
        runner.process_available()
        now = late + AHEAD  # the first frame of its next hop
        sent = [
            (now - w.GRACE_FRAMES - 1, note_on(60)),
            (now - w.GRACE_FRAMES - 1, note_off(62)),
            (now - w.GRACE_FRAMES, note_on(61)),
        ]
        for frame, data in sent:
            callback.write_message("accompaniment", frame, data)
        callback.read_inputs(HOP)
        runner.process_available()
    assert [(frame, data) for _, frame, data in read_notes(toy)] == sent[1:]
