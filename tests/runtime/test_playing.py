"""The event half of an answer: what is due at its frame, and no note left hanging."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.core.latency import MIDI_PORTS, PATHS
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import MAX_EVENTS, RECORDS
from bridge.runtime.shared.slots import GRACE_FRAMES
from tests.runtime.desk import ACCOMPANIMENT, MIR, NO_ENGINES, RINGS, Desk, Sent, off, on, open_desk

PORT = "accompaniment"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        opened.midi_cycle(64)
        yield opened


def set_delay(desk: Desk, port: str, frames: int) -> None:
    desk.shared.heads[RINGS.index(port), w.RING_DELAY] = frames


def set_ping(desk: Desk, port: str, pinging: bool) -> None:
    desk.state[w.PING] = int(pinging) << PATHS.index(port)


def begin_epoch(desk: Desk, worker: int = ACCOMPANIMENT) -> None:
    desk.worker(worker)[w.RESTART_ONE] += 1


def cycles(desk: Desk, count: int, frames: int = 64, port: str = PORT) -> list[Sent]:
    """What ``port`` sends in the next ``count`` cycles, by stream frame."""
    sent = []
    for _ in range(count):
        said = desk.midi_cycle(frames)[port]
        sent += [(desk.now + offset, data) for offset, data in said]
    return sent


def test_a_message_is_sent_at_its_frame(desk: Desk) -> None:
    desk.say(PORT, 64 + 200, on(60))
    assert cycles(desk, 5) == [(264, on(60))]


@pytest.mark.parametrize("period", [1, 64, 1000])
def test_a_message_is_sent_at_its_frame_plus_what_its_path_declares(desk: Desk, period: int) -> None:
    set_delay(desk, PORT, 333)
    desk.say(PORT, 64 + 200, on(60))
    assert cycles(desk, 1000 // period, period) == [(64 + 200 + 333, on(60))]


def test_each_port_has_its_own_messages(desk: Desk) -> None:
    for i, port in enumerate(MIDI_PORTS):
        desk.say(port, 70, on(60 + i))
    assert desk.midi_cycle(64) == {port: [(6, on(60 + i))] for i, port in enumerate(MIDI_PORTS)}


def test_messages_keep_their_order_and_their_length(desk: Desk) -> None:
    messages = [on(60), on(64), b"\xc0\x05", b"\xf0" + bytes(38) + b"\xf7", off(60), b"\xe0\x00\x40", off(64)]
    for message in messages:
        desk.say(PORT, 70, message)
    assert desk.midi_cycle(64)[PORT] == [(6, message) for message in messages]


def test_nothing_is_sent_twice(desk: Desk) -> None:
    desk.say(PORT, 70, on(60))
    assert len(cycles(desk, 50)) == 1


def test_a_note_within_the_grace_is_played_at_once_and_counted(desk: Desk) -> None:
    cycles(desk, 20)
    desk.say(PORT, desk.now + 64 - GRACE_FRAMES, on(60))
    assert desk.midi_cycle(64)[PORT] == [(0, on(60))]
    assert desk.state[w.LATE_EVENTS] == 1


def test_a_note_beyond_the_grace_is_dropped_while_what_ends_one_passes(desk: Desk) -> None:
    cycles(desk, 20)
    late = desk.now + 64 - GRACE_FRAMES - 1
    for message in (on(60), off(60), on(61, velocity=0), b"\xb0\x40\x00"):
        desk.say(PORT, late, message)
    assert [data for _, data in desk.midi_cycle(64)[PORT]] == [off(60), on(61, velocity=0), b"\xb0\x40\x00"]
    assert desk.state[w.LATE_EVENTS] == 4


def test_what_an_older_epoch_planned_is_dropped(desk: Desk) -> None:
    desk.say(PORT, 200, on(60))
    begin_epoch(desk)
    desk.midi_cycle(64)
    desk.say(PORT, 201, on(61), epoch=1)
    desk.say(PORT, 202, on(62))
    assert cycles(desk, 5) == [(202, on(62))]


def test_a_new_epoch_releases_what_sounds_on_its_ports_only(desk: Desk) -> None:
    desk.say("chords", 64, on(40))
    for note in (72, 60):
        desk.say(PORT, 64, on(note, channel=3))
    desk.midi_cycle(64)
    begin_epoch(desk)
    sent = desk.midi_cycle(64)
    assert sent[PORT] == [(0, off(60, 3)), (0, off(72, 3))]
    assert sent["chords"] == []
    begin_epoch(desk, MIR)
    assert desk.midi_cycle(64)["chords"] == [(0, off(40))]


def test_a_release_request_switches_off_every_note_of_every_port_once(desk: Desk) -> None:
    for port in MIDI_PORTS:
        for channel in range(16):
            desk.say(port, 64, on(127, channel))
            desk.say(port, 64, on(0, channel))
    desk.midi_cycle(64)
    desk.state[w.RELEASE] += 1
    for said in desk.midi_cycle(64).values():
        assert sorted(said) == sorted((0, off(note, channel)) for note in (0, 127) for channel in range(16))
    assert not any(desk.midi_cycle(64).values())
    assert desk.state[w.RELEASED] == 1


def test_a_note_that_ended_is_not_released_again(desk: Desk) -> None:
    for message in (on(60), off(60), on(61), on(61, velocity=0)):
        desk.say(PORT, 64, message)
    desk.midi_cycle(64)
    desk.state[w.RELEASE] += 1
    assert desk.midi_cycle(64)[PORT] == []


def test_a_note_that_sounds_already_is_switched_off_before_it_is_struck_again(desk: Desk) -> None:
    desk.say(PORT, 64, on(60, 2))
    desk.say(PORT, 70, on(60, 2, velocity=10))
    assert desk.midi_cycle(64)[PORT] == [(0, on(60, 2)), (6, off(60, 2)), (6, on(60, 2, velocity=10))]


def test_a_release_that_overfills_the_buffer_goes_on_in_the_next_cycle(desk: Desk) -> None:
    notes = [(note, channel) for channel in range(12) for note in range(128)]
    for note, channel in notes:
        desk.say(PORT, 64, on(note, channel))
    struck = cycles(desk, 4)
    assert len(struck) == len(notes)
    desk.state[w.RELEASE] += 1
    first, second = desk.midi_cycle(64)[PORT], desk.midi_cycle(64)[PORT]
    assert len(first) == MAX_EVENTS - 1
    assert {data for _, data in first + second} == {off(*note) for note in notes}
    assert len(first) + len(second) == len(notes)


def test_more_messages_than_a_buffer_holds_come_in_the_next_cycle_in_order(desk: Desk) -> None:
    messages = [bytes((0xB0, i % 128, i // 128)) for i in range(MAX_EVENTS + 100)]
    for message in messages:
        desk.say(PORT, 70, message)
    assert [data for _, data in cycles(desk, 3)] == messages


def test_a_ring_that_ran_over_leaves_no_note_of_the_lost_part_hanging(desk: Desk) -> None:
    desk.say(PORT, 64, on(60))
    desk.midi_cycle(64)
    desk.say(PORT, 130, off(60))
    for _ in range(RECORDS // 2):
        desk.say(PORT, 130, b"\xb0\x01\x01")
    assert off(60) in [data for _, data in cycles(desk, 5)]


def test_what_a_ring_that_ran_over_lost_is_counted(desk: Desk) -> None:
    for _ in range(RECORDS // 2 + 37):
        desk.say(PORT, 70, b"\xb0\x01\x01")
    desk.midi_cycle(64)
    assert desk.state[w.LOST_EVENTS] == 37


def test_a_stalled_worker_loses_its_sounding_notes_once(desk: Desk) -> None:
    desk.say(PORT, 64, on(60))
    desk.midi_cycle(64)
    sent = []
    for _ in range(20):
        desk.read_inputs(64)
        sent.append(desk.play(64, stall_frames=512)[PORT])
    assert [said for said in sent if said] == [[(0, off(60))]]
    assert sent.index([(0, off(60))]) == 9  # the first cycle that starts more than 512 frames behind


def test_a_worker_that_has_just_begun_an_epoch_is_not_stalled(desk: Desk) -> None:
    for _ in range(20):
        desk.read_inputs(64)
        desk.play(64, stall_frames=512)
    begin_epoch(desk)
    desk.read_inputs(64)
    desk.play(64, stall_frames=512)
    desk.say(PORT, desk.now + 64, on(60))
    desk.read_inputs(64)
    assert desk.play(64, stall_frames=512)[PORT] == [(0, on(60))]
    assert not desk.context.ports[0, w.STALLED]


def test_a_quiet_port_says_nothing_and_forgets_what_came_meanwhile(desk: Desk) -> None:
    desk.state[w.MIDI_MUTED] = 1
    desk.say(PORT, 70, on(60))
    assert cycles(desk, 3) == []
    desk.state[w.MIDI_MUTED] = 0
    assert cycles(desk, 3) == []
    desk.say(PORT, desk.now + 70, on(61))
    assert [data for _, data in cycles(desk, 3)] == [on(61)]


def test_quiet_with_a_release_ends_what_sounds(desk: Desk) -> None:
    desk.say(PORT, 64, on(60))
    desk.midi_cycle(64)
    desk.state[w.MIDI_MUTED] = 1
    desk.state[w.RELEASE] += 1
    assert cycles(desk, 3) == [(128, off(60))]


def test_a_port_without_an_engine_is_silent() -> None:
    with open_desk(NO_ENGINES) as desk:
        desk.read_inputs(64, [(0, on(60))])
        assert not any(desk.play(64).values())


# ping


@pytest.mark.parametrize("port", MIDI_PORTS)
@pytest.mark.parametrize("delay", [0, 40, 333])
def test_a_port_in_ping_mode_is_the_input_delayed_by_what_it_declares(desk: Desk, port: str, delay: int) -> None:
    set_ping(desk, port, True)
    set_delay(desk, port, delay)
    desk.say(port, 130, on(99))
    notes = [(3, on(60)), (40, b"\xb0\x07\x64"), (63, off(60))]
    sent = [(desk.now + offset, data) for offset, data in desk.midi_cycle(64, notes)[port]]
    sent += cycles(desk, 10, port=port)
    assert sent == [(64 + offset + delay, data) for offset, data in notes]


def test_clock_and_system_messages_pass_no_ping(desk: Desk) -> None:
    set_ping(desk, PORT, True)
    messages = [(0, b"\xf8"), (0, b"\xfa"), (1, b"\xf0\x01\xf7"), (2, on(60))]
    assert desk.midi_cycle(64, messages)[PORT] == [(2, on(60))]


def test_ping_starts_with_what_comes_after_it_was_switched_on(desk: Desk) -> None:
    set_delay(desk, PORT, 300)
    desk.midi_cycle(64, [(0, on(60))])
    set_ping(desk, PORT, True)
    assert cycles(desk, 10) == []


@pytest.mark.parametrize("into_ping", [True, False])
def test_switching_ping_releases_what_sounds(desk: Desk, into_ping: bool) -> None:
    set_ping(desk, PORT, not into_ping)
    if into_ping:
        desk.say(PORT, 64, on(60))
    assert len(desk.midi_cycle(64, [(0, on(60))])[PORT]) == 1
    set_ping(desk, PORT, into_ping)
    assert cycles(desk, 3) == [(128, off(60))]


def test_a_quiet_ping_port_forgets_what_came_meanwhile(desk: Desk) -> None:
    set_ping(desk, PORT, True)
    desk.state[w.MIDI_MUTED] = 1
    assert desk.midi_cycle(64, [(0, on(60))])[PORT] == []
    desk.state[w.MIDI_MUTED] = 0
    assert cycles(desk, 3) == []
