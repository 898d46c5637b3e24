"""The rings: what one side writes is what the other reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from bridge.core.events import Beat, Chord, ClockPosition, Gap, Key, Midi, Payload, Tempo, TimedEvent, Transport
from bridge.runtime.shared.layout import CAPACITY, RECORDS
from bridge.runtime.shared.rings import EventReader, EventWriter, read_audio, write_audio
from bridge.runtime.shared.slots import RECORD_WORDS, RING_DELAY
from tests.runtime.callback_driver import make_noise

Ring = tuple[NDArray[np.int64], NDArray[np.int64]]


def new_ring() -> Ring:
    return np.zeros((RECORDS, RECORD_WORDS), np.int64), np.zeros(8, np.int64)


@pytest.fixture
def ring() -> Ring:
    return new_ring()


def note(frame: int) -> TimedEvent:
    return TimedEvent(frame, Midi(bytes((0x90, frame % 128, 1))))


@pytest.mark.parametrize("frame", [0, CAPACITY - 1, CAPACITY - 50, CAPACITY, 5 * CAPACITY - 99, 2**40 - 3])
def test_audio_wraps_at_the_end_of_the_ring(frame: int) -> None:
    memory, audio = np.zeros((6, CAPACITY), np.float32), make_noise(100)
    write_audio(memory, 2, frame, audio)
    back = np.zeros((CHANNELS, 100), np.float32)
    read_audio(memory[2:4], frame, back)
    assert np.array_equal(back, audio)
    assert np.count_nonzero(memory) == np.count_nonzero(audio)


def test_writing_nothing_changes_nothing() -> None:
    memory = np.zeros((CHANNELS, CAPACITY), np.float32)
    write_audio(memory, 0, 77, np.ones((CHANNELS, 0), np.float32))
    assert not memory.any()


def test_events_come_out_in_the_order_written_to_every_reader(ring: Ring) -> None:
    writer, one, two = EventWriter(*ring), EventReader(*ring), EventReader(*ring)
    events = [note(frame) for frame in (5, 3, 3, 9)]
    for event in events[:2]:
        writer.write(event, 1)
    assert one.read() == events[:2]
    for event in events[2:]:
        writer.write(event, 1)
    assert one.read() == events[2:]
    assert two.read() == events
    assert one.read() == two.read() == []


def test_a_reader_stops_before_a_frame_and_goes_on_from_there(ring: Ring) -> None:
    writer, reader = EventWriter(*ring), EventReader(*ring)
    for frame in range(10):
        writer.write(note(frame), 1)
    assert [event.frame for event in reader.read(before=4)] == [0, 1, 2, 3]
    assert reader.read(before=4) == []
    assert [event.frame for event in reader.read()] == [4, 5, 6, 7, 8, 9]


def test_order_holds_over_many_turns_of_the_ring(ring: Ring) -> None:
    writer, reader = EventWriter(*ring), EventReader(*ring)
    output: list[int] = []
    for frame in range(3 * RECORDS):
        writer.write(note(frame), 1)
        if frame % 1000 == 999:
            output += [event.frame for event in reader.read()]
    output += [event.frame for event in reader.read()]
    assert output == list(range(3 * RECORDS))
    assert reader.lost == 0


@given(written=st.integers(RECORDS, 4 * RECORDS))
@settings(deadline=None, max_examples=15)
def test_an_overtaken_reader_counts_what_it_lost_and_reads_the_newest_half(written: int) -> None:
    ring = new_ring()
    writer, reader = EventWriter(*ring), EventReader(*ring)
    for frame in range(written):
        writer.write(note(frame), 1)
    output = [event.frame for event in reader.read()]
    assert output == list(range(written - RECORDS // 2, written))
    assert reader.lost == written - len(output)


def test_a_reader_passes_over_records_of_epochs_older_than_its_own(ring: Ring) -> None:
    writer, reader = EventWriter(*ring), EventReader(*ring)
    for frame, epoch in enumerate((1, 1, 3, 2, 3)):
        writer.write(note(frame), epoch)
    reader.epoch = 3
    assert reader.read() == [note(2), note(4)]


def test_the_declared_delay_is_read_beside_the_ring(ring: Ring) -> None:
    ring[1][RING_DELAY] = 1234
    assert EventReader(*ring).delay == 1234


finite = st.floats(allow_nan=False)
whole = st.integers(-(2**53), 2**53)
payloads = st.one_of(
    st.binary(min_size=1, max_size=40).map(Midi),
    st.builds(Beat, whole, whole, finite, finite, whole),
    st.builds(Chord, whole, whole, whole, finite),
    st.builds(Key, whole, whole, finite),
    st.builds(Tempo, finite, finite),
    st.builds(Transport, whole, finite, finite, whole),
    st.builds(ClockPosition, whole, whole),
    st.builds(Gap, whole),
)


@given(payload=payloads, frame=st.integers(-(2**62), 2**62), epoch=st.integers(0, 2**31))
@settings(deadline=None)
def test_any_payload_survives_a_ring_whatever_its_epoch(payload: Payload, frame: int, epoch: int) -> None:
    ring = new_ring()
    EventWriter(*ring).write(TimedEvent(frame, payload), epoch)
    assert EventReader(*ring).read() == [TimedEvent(frame, payload)]


def test_a_short_message_leaves_nothing_of_the_long_one_before_it(ring: Ring) -> None:
    writer = EventWriter(*ring)
    writer.write(TimedEvent(0, Midi(b"\xff" * 40)), 1)
    ring[1][0] = RECORDS  # the same slot again
    writer.write(TimedEvent(1, Midi(b"\x90\x01\x02")), 1)
    assert ring[0][0, 3:].tobytes() == b"\x90\x01\x02".ljust(40, b"\0")
