"""While the audio leads: the host's clock and transport count for nothing, and our own, come back, for no host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.core.engine import Block
from bridge.core.events import Beat, Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.callback.midi_output import ECHO_FRAMES
from bridge.runtime.engine_runner import EngineRunner
from bridge.runtime.shared import slots as w
from tests.runtime.callback_driver import ACCOMPANIMENT, HOP, MIR, RATE, Callback, Sent, note_on, open_callback
from tests.runtime.toys import ACCOMPANIMENT_SPEC, MIR_SPEC, Toy, make_runner

START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"
BEAT = 21_000  # frames


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback() as opened:
        opened.worker(MIR)[w.DEADLINE] = 2 * HOP
        yield opened


def epochs(callback: Callback) -> list[int]:
    return [int(worker[w.EPOCH]) for worker in callback.shared.workers]


def follow(callback: Callback, note_on: bool = True) -> None:
    callback.state[w.FOLLOWING] = int(note_on)


def emit_beats(block: Block, time: BlockTime, out: Block) -> None:
    """A beat every BEAT frames."""
    index = -(-time.frame // BEAT)
    if index * BEAT < time.frame + HOP:
        out.events["beats"].append(TimedEvent(index * BEAT, Beat(index % 4, 4, 60.0 * RATE / BEAT, 1.0, index)))


class Loop:
    """A callback whose clock port is connected to its own input."""

    def __init__(self, callback: Callback) -> None:
        self.callback = callback
        self.analyst, self.player = Toy(MIR_SPEC, emit_beats), Toy(ACCOMPANIMENT_SPEC)
        self.runners: list[EngineRunner] = [
            make_runner(callback, self.analyst, MIR),
            make_runner(callback, self.player, ACCOMPANIMENT),
        ]
        self.echo: list[Sent] = []
        self.clock: list[bytes] = []

    def cycles(self, count: int, extra: tuple[bytes, ...] = ()) -> None:
        for _ in range(count):
            self.callback.read_inputs(HOP, [*self.echo, *((HOP - 1, data) for data in extra)])
            while sum(runner.process_available() for runner in self.runners):
                pass
            self.echo = self.callback.write_midi(HOP)["clock"]
            self.clock += [data for _, data in self.echo]


def test_our_own_clock_that_comes_back_is_no_host(callback: Callback) -> None:
    loop = Loop(callback)
    follow(callback)
    loop.cycles(1)
    begun = epochs(callback)
    loop.cycles(12 * BEAT // HOP)
    assert loop.clock.count(START) == 1
    assert loop.clock.count(CLOCK) > 24 * 6
    assert epochs(callback) == begun
    assert not any(at.hosted or at.rolling for toy in (loop.analyst, loop.player) for at in toy.times)
    assert {event.payload for _, port, event in loop.player.received if port == "midi"} == set()


def test_after_following_the_last_of_our_own_clock_is_no_host_either(callback: Callback) -> None:
    loop = Loop(callback)
    follow(callback)
    loop.cycles(8 * BEAT // HOP)
    begun = epochs(callback)
    follow(callback, False)
    loop.cycles(2 * BEAT // HOP)
    assert loop.clock[-1] == STOP
    assert loop.clock.count(STOP) == 2  # one at the start, for whoever was here before
    assert epochs(callback) == begun
    assert not any(at.hosted for toy in (loop.analyst, loop.player) for at in toy.times)
    assert callback.context.callback_state[w.CLOCK_RUNNING] == 0


def test_after_that_a_host_is_believed_again(callback: Callback) -> None:
    loop = Loop(callback)
    follow(callback)
    loop.cycles(6 * BEAT // HOP)
    follow(callback, False)
    loop.cycles(ECHO_FRAMES // HOP + 8)
    loop.cycles(1, (START,))
    for _ in range(10):
        loop.cycles(1, (CLOCK,))
    assert loop.player.times[-1].hosted
    assert loop.player.times[-1].rolling


def test_a_hosts_clock_before_is_forgotten_and_notes_still_arrive_while_following(callback: Callback) -> None:
    loop = Loop(callback)
    loop.cycles(1, (START,))
    for _ in range(10):
        loop.cycles(1, (CLOCK,))
    assert loop.player.times[-1].rolling
    follow(callback)
    begun = epochs(callback)
    loop.cycles(3, (CLOCK, note_on(60)))
    assert not loop.player.times[-1].hosted
    assert [event.payload for _, _, event in loop.player.received][-1] == Midi(note_on(60))
    follow(callback, False)
    loop.cycles(3)
    assert not loop.player.times[-1].hosted
    assert epochs(callback) == begun


def test_a_transport_that_starts_jumps_and_stops_breaks_nothing_while_following(callback: Callback) -> None:
    follow(callback)
    callback.read_inputs(64)
    begun, transport = epochs(callback), callback.context.transport
    for rolling, frame in ((1, 0), (1, 64), (1, 9000), (0, 9064), (1, 9064)):
        transport[[w.T_ROLLING, w.T_FRAME]] = rolling, frame
        callback.read_inputs(64)
    assert epochs(callback) == begun
    follow(callback, False)
    transport[[w.T_ROLLING, w.T_FRAME]] = 0, 9128
    callback.read_inputs(64)
    assert epochs(callback) != begun


def test_whoever_leaves_stops_a_clock_that_runs_and_no_other(callback: Callback) -> None:
    loop = Loop(callback)
    follow(callback)
    loop.cycles(6 * BEAT // HOP)
    loop.clock.clear()
    callback.state[w.MIDI_MUTED] = 1
    loop.cycles(5)
    assert loop.clock == [STOP]


def test_outside_of_follow_mode_the_clock_port_is_silent(callback: Callback) -> None:
    loop = Loop(callback)
    loop.cycles(6 * BEAT // HOP)
    assert loop.clock == []
