"""Control MIDI, offline: events in and out of the callback's rings, and switches that act in the same cycle."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.jit import njit
from bridge.errors import DriverError
from bridge.runtime.callback.context import VALUE
from bridge.runtime.callback.control_context import CONTROL_IN_WORDS, CONTROL_OUT_WORDS, ControlContext
from bridge.runtime.callback.control_output import (
    find_next_control,
    get_control_address,
    get_control_size,
    skip_padding,
)
from bridge.runtime.callback.switch_gains import take_switch_table
from bridge.runtime.control_midi import MAX_SENT_BYTES, ControlMidi, Gains, OutputFullError, Switch
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from bridge.runtime.shared.slots import ANTICIPATION_FRAMES, SWITCH_ROWS
from tests.runtime.callback_driver import NO_ENGINES, RATE, Callback, open_callback
from tests.runtime.stem_worker import MIX, OTHER

PERIOD = 128
RAMP = 2 * round(0.0025 * RATE)
MUTE_BUTTON = b"\xb0\x30\x7f"


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(NO_ENGINES) as opened:
        yield opened


@pytest.fixture
def control_midi(callback: Callback) -> Iterator[ControlMidi]:
    with ControlMidi(callback.control) as opened:
        yield opened


def sysex(size: int) -> bytes:
    """A system exclusive message of ``size`` bytes."""
    return bytes((0xF0, *(k * 7 & 0x7F for k in range(size - 2)), 0xF7))


def take_output(control: ControlContext, room: int = 1 << 30) -> list[bytes]:
    """What the callback sends in a cycle whose buffer takes ``room`` messages, by the functions that it uses."""
    messages: list[bytes] = []
    own, raw = control.own, control.ring_out.view(np.uint8)
    head = int(control.requests[w.CONTROL_OUT_HEAD])
    tail = skip_padding(control, int(own[w.CONTROL_OUT_TAIL]), head)
    while tail < head and len(messages) < room:
        at = get_control_address(control, tail) - control.ring_out.ctypes.data
        messages.append(raw[at : at + get_control_size(control, tail)].tobytes())
        tail = skip_padding(control, find_next_control(control, tail), head)
    publish(own, w.CONTROL_OUT_TAIL, tail)
    return messages


def test_messages_have_the_stream_frame_of_their_offset(callback: Callback, control_midi: ControlMidi) -> None:
    callback.run_control(100)
    callback.run_control(PERIOD, [(5, MUTE_BUTTON), (77, b"\xc3\x10")])
    callback.raw += 1000  # skipped cycles
    callback.run_control(PERIOD, [(127, b"\xb0\x01\x02")])
    assert control_midi.receive() == [
        (105, MUTE_BUTTON),
        (177, b"\xc3\x10"),
        (100 + PERIOD + 1000 + 127, b"\xb0\x01\x02"),
    ]
    assert control_midi.receive() == []
    assert control_midi.received == 3


@given(sizes=st.lists(st.lists(st.integers(2, 9000), max_size=4), max_size=40))
def test_every_event_arrives_unchanged_wherever_the_ring_ends(sizes: list[list[int]]) -> None:
    with open_callback(NO_ENGINES) as callback:
        start = CONTROL_IN_WORDS - 1500  # so that some event crosses the end
        callback.control.own[[w.CONTROL_IN_HEAD, w.CONTROL_IN_FILLED]] = start
        control_midi = ControlMidi(callback.control)
        for cycle in sizes:
            sent = [(k, sysex(size)) for k, size in enumerate(cycle)]
            callback.run_control(PERIOD, sent)
            assert [message for _, message in control_midi.receive()] == [message for _, message in sent]
        assert control_midi.lost == 0


def test_a_sysex_of_32_kib_and_one_in_51_events_are_whole(callback: Callback, control_midi: ControlMidi) -> None:
    long, cut = sysex(32000), sysex(302)
    callback.run_control(PERIOD, [(0, long)])
    for at in range(0, 302, 60):  # ten events a cycle, of six bytes
        callback.run_control(PERIOD, [(k, cut[at + 6 * k : at + 6 * k + 6]) for k in range(10) if at + 6 * k < 302])
    assert [message for _, message in control_midi.receive()] == [long, cut]


def test_a_full_ring_drops_whole_events_and_counts_them(callback: Callback, control_midi: ControlMidi) -> None:
    fits = CONTROL_IN_WORDS // 3
    for first in range(0, fits + 300, 300):
        count = min(300, fits + 300 - first)
        callback.run_control(PERIOD, [(0, bytes((0xB0, k >> 7 & 0x7F, k & 0x7F))) for k in range(first, first + count)])
    assert control_midi.lost == 300
    messages = [message for _, message in control_midi.receive()]
    assert len(messages) == fits
    assert messages == [bytes((0xB0, k >> 7 & 0x7F, k & 0x7F)) for k in range(fits)]
    callback.run_control(PERIOD, [(1, MUTE_BUTTON)])
    assert [message for _, message in control_midi.receive()] == [MUTE_BUTTON]
    assert control_midi.incomplete == 0


def test_halves_of_two_messages_are_not_joined_over_a_loss(callback: Callback, control_midi: ControlMidi) -> None:
    callback.run_control(PERIOD, [(0, b"\xf0\x01\x02")])
    filler = sysex(30000)
    while control_midi.lost == 0:
        callback.run_control(PERIOD, [(0, b"\xfe" * 30000)])
    control_midi.receive()
    callback.run_control(PERIOD, [(0, b"\x05\x06\xf7"), (1, filler)])
    assert [message for _, message in control_midi.receive()] == [filler]
    assert control_midi.incomplete == 1


def test_nobody_waits_for_a_server_that_stands_still_where_nothing_was_sent(control_midi: ControlMidi) -> None:
    assert control_midi.flush(1.0)
    control_midi.send(MUTE_BUTTON)
    assert not control_midi.flush(0.01)


def test_a_new_reader_does_not_get_what_was_for_another(callback: Callback) -> None:
    callback.run_control(PERIOD, [(0, MUTE_BUTTON)])
    with ControlMidi(callback.control) as control_midi:
        assert control_midi.receive() == []
        callback.run_control(PERIOD, [(0, b"\xb0\x01\x02")])
        assert control_midi.receive() == [(PERIOD, b"\xb0\x01\x02")]


def test_waiting_ends_when_something_arrives_or_at_a_wake(callback: Callback, control_midi: ControlMidi) -> None:
    assert not control_midi.wait(0.001)
    threading.Timer(0.01, control_midi.wake).start()
    assert not control_midi.wait(1e6)  # beyond pytest's own limit
    callback.run_control(PERIOD, [(0, MUTE_BUTTON)])
    assert control_midi.wait(500.0)
    assert control_midi.wait(500.0)  # still unread
    control_midi.receive()
    assert not control_midi.wait(0.0)


@given(sizes=st.lists(st.integers(1, MAX_SENT_BYTES), max_size=40), room=st.integers(1, 5))
def test_what_is_sent_goes_out_in_order_and_in_one_piece(sizes: list[int], room: int) -> None:
    with open_callback(NO_ENGINES) as callback, ControlMidi(callback.control) as control_midi:
        start = CONTROL_OUT_WORDS - 1500  # so that some message comes to the end
        callback.control.own[w.CONTROL_OUT_TAIL] = callback.control.requests[w.CONTROL_OUT_HEAD] = start
        sent, taken = [bytes(k * 5 + size & 0x7F for k in range(size)) for size in sizes], list[bytes]()
        for message in sent:
            while True:
                try:
                    control_midi.send(message)
                    break
                except OutputFullError:
                    taken += take_output(callback.control, room)
        while not control_midi.is_drained:
            taken += take_output(callback.control, room)
        assert taken == sent


@pytest.mark.parametrize("size", [0, MAX_SENT_BYTES + 1])
def test_a_message_that_cannot_be_sent_is_refused(control_midi: ControlMidi, size: int) -> None:
    with pytest.raises(DriverError, match=f"{size} bytes cannot be sent"):
        control_midi.send(bytes(size))
    assert control_midi.is_drained


def test_a_full_output_is_an_error_and_changes_nothing(callback: Callback, control_midi: ControlMidi) -> None:
    sent = 0
    with pytest.raises(OutputFullError, match="is the JACK server running"):
        while True:
            control_midi.send(MUTE_BUTTON)
            sent += 1
    assert sent == CONTROL_OUT_WORDS // 2 == control_midi.sent
    assert take_output(callback.control) == [MUTE_BUTTON] * sent
    control_midi.send(MUTE_BUTTON)


def gains_with(**changed: float) -> Gains:
    gains = dict.fromkeys(STEMS, 1.0) | changed
    return gains, gains


MUTE_OTHER = {Switch(0xB0, 0x30, True): gains_with(other=0.0)}


def run_ones(callback: Callback, events: Sequence[tuple[int, bytes]] = (), frames: int = PERIOD) -> Any:
    """One cycle of a steady 1 through ``other``: its port, shape (frames,)."""
    return callback.run_control(np.ones((CHANNELS, frames), np.float32), events)[OTHER, 0]


def set_gain(callback: Callback, stem: int, value: float) -> None:
    callback.set_gains({stem: value, len(STEMS) + stem: value})


def test_a_switch_acts_in_the_cycle_of_its_message(callback: Callback, control_midi: ControlMidi) -> None:
    run_ones(callback)
    control_midi.set_switches(MUTE_OTHER)
    out = run_ones(callback, [(100, MUTE_BUTTON)], RAMP)
    assert out[0] < 1.0
    assert out[-1] == 0.0


def test_what_is_anticipated_holds_until_the_message_is_confirmed(
    callback: Callback, control_midi: ControlMidi
) -> None:
    control_midi.set_switches(MUTE_OTHER)
    run_ones(callback, [(0, MUTE_BUTTON)], RAMP)
    assert len(control_midi.receive()) == 1  # read, not handled
    assert not run_ones(callback, frames=1000).any()
    set_gain(callback, OTHER, 0.0)  # what the Bus does
    control_midi.confirm()
    assert not run_ones(callback, frames=1000).any()
    set_gain(callback, OTHER, 1.0)
    assert run_ones(callback, frames=1000)[-1] == 1.0


def test_the_bus_has_the_last_word(callback: Callback, control_midi: ControlMidi) -> None:
    control_midi.set_switches(MUTE_OTHER)
    run_ones(callback, [(0, MUTE_BUTTON)], RAMP)
    control_midi.receive()
    assert not run_ones(callback)[-1]
    control_midi.wait(0.0)  # handled: the button did something else
    assert run_ones(callback, frames=RAMP)[-1] == 1.0


def test_a_message_that_came_meanwhile_is_not_confirmed_with_the_one_before(
    callback: Callback, control_midi: ControlMidi
) -> None:
    control_midi.set_switches(MUTE_OTHER)
    run_ones(callback, [(0, b"\xb0\x01\x02")])
    control_midi.receive()
    run_ones(callback, [(0, MUTE_BUTTON)], RAMP)
    control_midi.confirm()
    assert not run_ones(callback).any()


def test_a_control_process_that_hangs_gives_way(callback: Callback, control_midi: ControlMidi) -> None:
    control_midi.set_switches(MUTE_OTHER)
    run_ones(callback, [(0, MUTE_BUTTON)])
    for _ in range(ANTICIPATION_FRAMES // 1024 - 1):
        assert run_ones(callback, frames=1024)[-1] == 0.0
    for _ in range(3):
        out = run_ones(callback, frames=1024)
    assert out[-1] == 1.0


def test_two_switches_for_two_stems_do_not_undo_one_another(callback: Callback, control_midi: ControlMidi) -> None:
    control_midi.set_switches(
        MUTE_OTHER | {Switch(0x90, 0x24, True): gains_with(drums=0.0), Switch(0x90, 0x25, True): gains_with(bass=0.5)}
    )
    run_ones(callback, [(0, MUTE_BUTTON), (1, b"\x90\x24\x7f"), (2, b"\x90\x25\x01")], RAMP)
    levels = callback.context.ramps[:, VALUE].reshape(2, len(STEMS))
    assert levels.tolist() == [[0.0, 0.5, 1.0, 0.0]] * 2


def test_ports_and_mix_are_anticipated_separately(callback: Callback, control_midi: ControlMidi) -> None:
    unity = dict.fromkeys(STEMS, 1.0)
    control_midi.set_switches({Switch(0xB0, 0x30, True): (unity, unity | {"other": 0.0})})
    out = callback.run_control(np.ones((CHANNELS, RAMP), np.float32), [(0, MUTE_BUTTON)])
    assert out[OTHER, 0, -1] == 1.0
    assert out[MIX, 0, -1] == 0.0


@pytest.mark.parametrize("release", [b"\x80\x24\x40", b"\x90\x24\x00"])
def test_a_held_button_is_released_by_either_note_off(
    callback: Callback, control_midi: ControlMidi, release: bytes
) -> None:
    control_midi.set_switches(
        {Switch(0x90, 0x24, True): gains_with(other=0.0), Switch(0x90, 0x24, False): gains_with()}
    )
    run_ones(callback, [(0, b"\x90\x24\x7f")], RAMP)
    assert run_ones(callback)[-1] == 0.0
    assert run_ones(callback, [(0, release)], RAMP)[-1] == 1.0


def test_other_messages_anticipate_nothing(callback: Callback, control_midi: ControlMidi) -> None:
    control_midi.set_switches(MUTE_OTHER)
    others = [b"\xb0\x30\x00", b"\xb1\x30\x7f", b"\xb0\x31\x7f", b"\xb0\x30\x7f\x00", b"\x90\x30\x7f", b"\xc0\x30"]
    assert np.all(run_ones(callback, [(0, message) for message in others], RAMP) == 1.0)


def test_a_new_table_replaces_the_old_one(callback: Callback, control_midi: ControlMidi) -> None:
    for _ in range(7):  # the three tables come round
        control_midi.set_switches(MUTE_OTHER)
        run_ones(callback, [(0, b"\xb0\x01\x01")])
    control_midi.set_switches({})
    assert np.all(run_ones(callback, [(0, MUTE_BUTTON)], RAMP) == 1.0)


def test_rows_beyond_the_table_are_left_to_python(callback: Callback, control_midi: ControlMidi) -> None:
    control_midi.set_switches({Switch(0xB0, k, True): gains_with(other=0.0) for k in range(SWITCH_ROWS + 1)})
    assert run_ones(callback, [(0, bytes((0xB0, SWITCH_ROWS, 1)))], RAMP)[-1] == 1.0
    assert run_ones(callback, [(0, bytes((0xB0, SWITCH_ROWS - 1, 1)))], RAMP)[-1] == 0.0


def test_closing_leaves_no_gain_behind(callback: Callback) -> None:
    with ControlMidi(callback.control) as control_midi:
        control_midi.set_switches(MUTE_OTHER)
        run_ones(callback, [(0, MUTE_BUTTON)], RAMP)
        control_midi.receive()
    assert run_ones(callback, frames=RAMP)[-1] == 1.0
    assert np.all(run_ones(callback, [(0, MUTE_BUTTON)], RAMP) == 1.0)


@njit(error_model="numpy", nogil=True)
def check_tables(control: ControlContext, rounds: int, looks: int) -> int:
    """Look at each table so many times, as a callback that is held up: how often a row was of another kind."""
    torn = 0
    for _ in range(rounds):
        take_switch_table(control)
        front = control.own[w.SWITCH_FRONT]
        gains, keys = control.switch_gains[front], control.switch_keys[front]
        for look in range(looks):
            row = look % SWITCH_ROWS
            if keys[row] >= 0 and gains[row, 0] != gains[0, 0]:
                torn += 1
    return torn


def test_no_table_changes_while_the_callback_reads_it(callback: Callback, control_midi: ControlMidi) -> None:
    torn: list[int] = []
    check_tables(callback.control, 1, 1)
    reader = threading.Thread(target=lambda: torn.append(check_tables(callback.control, 100, 2_000_000)))
    reader.start()
    writes = 0
    while reader.is_alive():
        writes += 1
        control_midi.set_switches({Switch(0xB0, k, True): gains_with(drums=2.0 + writes) for k in range(SWITCH_ROWS)})
    assert torn == [0]
    assert writes > 2
