"""MIDI output of the callback: each message at its frame, and no note left hanging."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.core.latency import MIDI_PORTS, PATHS
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import MAX_EVENTS, RECORDS
from bridge.runtime.shared.slots import GRACE_FRAMES
from tests.runtime.callback_driver import (
    ACCOMPANIMENT,
    MIR,
    NO_ENGINES,
    RINGS,
    Callback,
    Sent,
    note_off,
    note_on,
    open_callback,
)

PORT = "accompaniment"


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback() as opened:
        opened.run_midi(64)
        yield opened


def set_delay(callback: Callback, port: str, frames: int) -> None:
    callback.shared.heads[RINGS.index(port), w.RING_DELAY] = frames


def set_ping(callback: Callback, port: str, pinging: bool) -> None:
    callback.state[w.PING] = int(pinging) << PATHS.index(port)


def begin_epoch(callback: Callback, worker: int = ACCOMPANIMENT) -> None:
    callback.worker(worker)[w.RESTART_ONE] += 1


def cycles(callback: Callback, count: int, frames: int = 64, port: str = PORT) -> list[Sent]:
    """What ``port`` sends in the next ``count`` cycles, by stream frame."""
    sent = []
    for _ in range(count):
        said = callback.run_midi(frames)[port]
        sent += [(callback.now + offset, data) for offset, data in said]
    return sent


def test_a_message_is_sent_at_its_frame(callback: Callback) -> None:
    callback.write_message(PORT, 64 + 200, note_on(60))
    assert cycles(callback, 5) == [(264, note_on(60))]


@pytest.mark.parametrize("period", [1, 64, 1000])
def test_a_message_is_sent_at_its_frame_plus_what_its_path_declares(callback: Callback, period: int) -> None:
    set_delay(callback, PORT, 333)
    callback.write_message(PORT, 64 + 200, note_on(60))
    assert cycles(callback, 1000 // period, period) == [(64 + 200 + 333, note_on(60))]


def test_each_port_has_its_own_messages(callback: Callback) -> None:
    for i, port in enumerate(MIDI_PORTS):
        callback.write_message(port, 70, note_on(60 + i))
    assert callback.run_midi(64) == {port: [(6, note_on(60 + i))] for i, port in enumerate(MIDI_PORTS)}


def test_messages_keep_their_order_and_their_length(callback: Callback) -> None:
    messages = [
        note_on(60),
        note_on(64),
        b"\xc0\x05",
        b"\xf0" + bytes(38) + b"\xf7",
        note_off(60),
        b"\xe0\x00\x40",
        note_off(64),
    ]
    for message in messages:
        callback.write_message(PORT, 70, message)
    assert callback.run_midi(64)[PORT] == [(6, message) for message in messages]


def test_nothing_is_sent_twice(callback: Callback) -> None:
    callback.write_message(PORT, 70, note_on(60))
    assert len(cycles(callback, 50)) == 1


def test_a_note_within_the_grace_is_played_at_once_and_counted(callback: Callback) -> None:
    cycles(callback, 20)
    callback.write_message(PORT, callback.now + 64 - GRACE_FRAMES, note_on(60))
    assert callback.run_midi(64)[PORT] == [(0, note_on(60))]
    assert callback.state[w.LATE_EVENTS] == 1


def test_a_note_beyond_the_grace_is_dropped_while_what_ends_one_passes(callback: Callback) -> None:
    cycles(callback, 20)
    late = callback.now + 64 - GRACE_FRAMES - 1
    for message in (note_on(60), note_off(60), note_on(61, velocity=0), b"\xb0\x40\x00"):
        callback.write_message(PORT, late, message)
    assert [data for _, data in callback.run_midi(64)[PORT]] == [note_off(60), note_on(61, velocity=0), b"\xb0\x40\x00"]
    assert callback.state[w.LATE_EVENTS] == 4


def test_what_an_older_epoch_planned_is_dropped(callback: Callback) -> None:
    callback.write_message(PORT, 200, note_on(60))
    begin_epoch(callback)
    callback.run_midi(64)
    callback.write_message(PORT, 201, note_on(61), epoch=1)
    callback.write_message(PORT, 202, note_on(62))
    assert cycles(callback, 5) == [(202, note_on(62))]


def test_a_new_epoch_releases_what_sounds_on_its_ports_only(callback: Callback) -> None:
    callback.write_message("chords", 64, note_on(40))
    for note in (72, 60):
        callback.write_message(PORT, 64, note_on(note, channel=3))
    callback.run_midi(64)
    begin_epoch(callback)
    sent = callback.run_midi(64)
    assert sent[PORT] == [(0, note_off(60, 3)), (0, note_off(72, 3))]
    assert sent["chords"] == []
    begin_epoch(callback, MIR)
    assert callback.run_midi(64)["chords"] == [(0, note_off(40))]


def test_a_release_request_switches_off_every_note_of_every_port_once(callback: Callback) -> None:
    for port in MIDI_PORTS:
        for channel in range(16):
            callback.write_message(port, 64, note_on(127, channel))
            callback.write_message(port, 64, note_on(0, channel))
    callback.run_midi(64)
    callback.state[w.RELEASE] += 1
    for said in callback.run_midi(64).values():
        assert sorted(said) == sorted((0, note_off(note, channel)) for note in (0, 127) for channel in range(16))
    assert not any(callback.run_midi(64).values())
    assert callback.state[w.RELEASED] == 1


def test_a_note_that_ended_is_not_released_again(callback: Callback) -> None:
    for message in (note_on(60), note_off(60), note_on(61), note_on(61, velocity=0)):
        callback.write_message(PORT, 64, message)
    callback.run_midi(64)
    callback.state[w.RELEASE] += 1
    assert callback.run_midi(64)[PORT] == []


def test_a_note_that_sounds_already_is_switched_off_before_it_is_struck_again(callback: Callback) -> None:
    callback.write_message(PORT, 64, note_on(60, 2))
    callback.write_message(PORT, 70, note_on(60, 2, velocity=10))
    assert callback.run_midi(64)[PORT] == [(0, note_on(60, 2)), (6, note_off(60, 2)), (6, note_on(60, 2, velocity=10))]


def test_a_release_that_overfills_the_buffer_goes_on_in_the_next_cycle(callback: Callback) -> None:
    notes = [(note, channel) for channel in range(12) for note in range(128)]
    for note, channel in notes:
        callback.write_message(PORT, 64, note_on(note, channel))
    struck = cycles(callback, 4)
    assert len(struck) == len(notes)
    callback.state[w.RELEASE] += 1
    first, second = callback.run_midi(64)[PORT], callback.run_midi(64)[PORT]
    assert len(first) == MAX_EVENTS - 1
    assert {data for _, data in first + second} == {note_off(*note) for note in notes}
    assert len(first) + len(second) == len(notes)


def test_more_messages_than_a_buffer_holds_come_in_the_next_cycle_in_order(callback: Callback) -> None:
    messages = [bytes((0xB0, i % 128, i // 128)) for i in range(MAX_EVENTS + 100)]
    for message in messages:
        callback.write_message(PORT, 70, message)
    assert [data for _, data in cycles(callback, 3)] == messages


def test_a_ring_that_ran_over_leaves_no_note_of_the_lost_part_hanging(callback: Callback) -> None:
    callback.write_message(PORT, 64, note_on(60))
    callback.run_midi(64)
    callback.write_message(PORT, 130, note_off(60))
    for _ in range(RECORDS // 2):
        callback.write_message(PORT, 130, b"\xb0\x01\x01")
    assert note_off(60) in [data for _, data in cycles(callback, 5)]


def test_what_a_ring_that_ran_over_lost_is_counted(callback: Callback) -> None:
    for _ in range(RECORDS // 2 + 37):
        callback.write_message(PORT, 70, b"\xb0\x01\x01")
    callback.run_midi(64)
    assert callback.state[w.LOST_EVENTS] == 37


def test_a_stalled_worker_loses_its_sounding_notes_once(callback: Callback) -> None:
    callback.write_message(PORT, 64, note_on(60))
    callback.run_midi(64)
    sent = []
    for _ in range(20):
        callback.read_inputs(64)
        sent.append(callback.write_midi(64, stall_frames=512)[PORT])
    assert [said for said in sent if said] == [[(0, note_off(60))]]
    assert sent.index([(0, note_off(60))]) == 9  # the first cycle that starts more than 512 frames behind


def test_a_worker_that_has_just_begun_an_epoch_is_not_stalled(callback: Callback) -> None:
    for _ in range(20):
        callback.read_inputs(64)
        callback.write_midi(64, stall_frames=512)
    begin_epoch(callback)
    callback.read_inputs(64)
    callback.write_midi(64, stall_frames=512)
    callback.write_message(PORT, callback.now + 64, note_on(60))
    callback.read_inputs(64)
    assert callback.write_midi(64, stall_frames=512)[PORT] == [(0, note_on(60))]
    assert not callback.context.ports[0, w.STALLED]


def test_a_muted_port_sends_nothing_and_skips_what_came_meanwhile(callback: Callback) -> None:
    callback.state[w.MIDI_MUTED] = 1
    callback.write_message(PORT, 70, note_on(60))
    assert cycles(callback, 3) == []
    callback.state[w.MIDI_MUTED] = 0
    assert cycles(callback, 3) == []
    callback.write_message(PORT, callback.now + 70, note_on(61))
    assert [data for _, data in cycles(callback, 3)] == [note_on(61)]


def test_muting_with_a_release_ends_sounding_notes(callback: Callback) -> None:
    callback.write_message(PORT, 64, note_on(60))
    callback.run_midi(64)
    callback.state[w.MIDI_MUTED] = 1
    callback.state[w.RELEASE] += 1
    assert cycles(callback, 3) == [(128, note_off(60))]


def test_a_port_without_an_engine_is_silent() -> None:
    with open_callback(NO_ENGINES) as callback:
        callback.read_inputs(64, [(0, note_on(60))])
        assert not any(callback.write_midi(64).values())


# ping


@pytest.mark.parametrize("port", MIDI_PORTS)
@pytest.mark.parametrize("delay", [0, 40, 333])
def test_a_port_in_ping_mode_is_the_input_delayed_by_what_it_declares(
    callback: Callback, port: str, delay: int
) -> None:
    set_ping(callback, port, True)
    set_delay(callback, port, delay)
    callback.write_message(port, 130, note_on(99))
    notes = [(3, note_on(60)), (40, b"\xb0\x07\x64"), (63, note_off(60))]
    sent = [(callback.now + offset, data) for offset, data in callback.run_midi(64, notes)[port]]
    sent += cycles(callback, 10, port=port)
    assert sent == [(64 + offset + delay, data) for offset, data in notes]


def test_clock_and_system_messages_pass_no_ping(callback: Callback) -> None:
    set_ping(callback, PORT, True)
    messages = [(0, b"\xf8"), (0, b"\xfa"), (1, b"\xf0\x01\xf7"), (2, note_on(60))]
    assert callback.run_midi(64, messages)[PORT] == [(2, note_on(60))]


def test_ping_starts_with_what_comes_after_it_was_switched_on(callback: Callback) -> None:
    set_delay(callback, PORT, 300)
    callback.run_midi(64, [(0, note_on(60))])
    set_ping(callback, PORT, True)
    assert cycles(callback, 10) == []


@pytest.mark.parametrize("into_ping", [True, False])
def test_switching_ping_releases_what_sounds(callback: Callback, into_ping: bool) -> None:
    set_ping(callback, PORT, not into_ping)
    if into_ping:
        callback.write_message(PORT, 64, note_on(60))
    assert len(callback.run_midi(64, [(0, note_on(60))])[PORT]) == 1
    set_ping(callback, PORT, into_ping)
    assert cycles(callback, 3) == [(128, note_off(60))]


def test_a_muted_ping_port_skips_what_came_meanwhile(callback: Callback) -> None:
    set_ping(callback, PORT, True)
    callback.state[w.MIDI_MUTED] = 1
    assert callback.run_midi(64, [(0, note_on(60))])[PORT] == []
    callback.state[w.MIDI_MUTED] = 0
    assert cycles(callback, 3) == []
