"""JACK timebase: another client reads bars and beats that we set, at the frame; nobody's timebase is taken away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.app import Sidecar
from bridge.clocks.timebase_line import TIMEBASE_READING
from bridge.control.clock_controls import CLOCK_BAR, CLOCK_TEMPO, TIMEBASE_MASTER
from bridge.core.clock import CLOCK_SOURCE
from bridge.core.time import BlockTime
from bridge.drivers.dummy_server import DummyServer
from bridge.runtime.shared import slots as w
from tests.live.rig import NO_ENGINES, find_stream_offset, sidecar_on
from tests.live.transport_process import FOREIGN_TEMPO, Cycle, TransportPeer
from tests.waiting import until

pytestmark = pytest.mark.live

RATE = 48000
TEMPO = 123.45


@pytest.fixture(scope="module")
def sidecar(module_server: DummyServer) -> Iterator[Sidecar]:
    with sidecar_on(module_server, NO_ENGINES) as running:
        yield running


@pytest.fixture
def peer(sidecar: Sidecar, module_server: DummyServer) -> Iterator[TransportPeer]:
    """A client; the transport stands at 0, and the sidecar is no timebase master."""
    set_master(sidecar, False)
    sidecar.bus.set(CLOCK_SOURCE, "auto", "test")
    sidecar.bus.set(CLOCK_TEMPO, TEMPO, "test")
    sidecar.bus.set(CLOCK_BAR, 3, "test")
    with TransportPeer(module_server) as running:
        running.ask("stop")
        running.ask("locate", "0")
        until("the transport's start", lambda: any(not one.rolls and one.frame == 0 for one in running.read()))
        yield running


def read_state(sidecar: Sidecar) -> str:
    return str((sidecar.bus.get_latest(TIMEBASE_READING) or ("",))[0])


def set_master(sidecar: Sidecar, is_on: bool, state: str = "") -> None:
    sidecar.bus.set(TIMEBASE_MASTER, float(is_on), "test")
    wanted = state or ("master" if is_on else "off")
    until(wanted, lambda: read_state(sidecar) == wanted)


def read_rolling(peer: TransportPeer, count: int = 200) -> list[Cycle]:
    """So many cycles in which the transport rolls, without the first ones behind its start."""
    peer.read()
    found: list[Cycle] = []

    def has_enough() -> bool:
        found.extend(one for one in peer.read() if one.rolls)
        return len(found) > count

    until("rolling cycles", has_enough)
    return found


def check_bars(cycles: list[Cycle], bar_beats: int = 3, tempo: float = TEMPO) -> None:
    for one in cycles:
        assert one.tempo == pytest.approx(tempo, abs=1e-9)
        assert (one.beats_per_bar, one.bar_start_tick) == (bar_beats, (one.bar - 1) * bar_beats * one.ticks_per_beat)


def find_beat(one: Cycle) -> float:
    return one.song_beat + one.offset * one.tempo / (60 * RATE)


def test_bars_are_counted_from_the_transport_s_frames_while_no_clock_runs(
    sidecar: Sidecar, peer: TransportPeer
) -> None:
    set_master(sidecar, True)
    peer.ask("locate", str(10 * RATE))
    peer.ask("roll")
    cycles = read_rolling(peer)
    check_bars(cycles)
    half_frame = 0.51 * TEMPO / (60 * RATE)
    for one in cycles:
        assert find_beat(one) == pytest.approx(one.frame * TEMPO / (60 * RATE), abs=half_frame)
    # and it is the clock of our own engines, as any transport with bars and beats
    until("the transport leads", lambda: sidecar.signal_path.graph.clock_status.source == "jack")


def test_bars_are_those_of_the_leading_clock_which_does_not_follow_itself(
    sidecar: Sidecar, peer: TransportPeer
) -> None:
    graph = sidecar.signal_path.graph
    set_master(sidecar, True)
    sidecar.bus.set(CLOCK_SOURCE, "internal", "test")
    until("our clock", lambda: graph.clock_status.source == "internal")
    sidecar.bus.trigger("transport.locate", "64")
    sidecar.bus.trigger("transport.start")
    until("our clock rolls", lambda: bool(graph.control_context.timebase_tables[:, w.LINE_ROLLS].any()))
    sidecar.bus.set(CLOCK_SOURCE, "auto", "test")
    peer.ask("roll")
    cycles = read_rolling(peer)
    check_bars(cycles)
    line = find_line(sidecar)
    half_frame, ahead = 0.51 * TEMPO / (60 * RATE), find_stream_offset(sidecar)
    for one in cycles:
        assert find_beat(one) == pytest.approx(line.beat_at(one.raw + ahead), abs=half_frame)
    # with auto, JACK's transport would lead now if its bars and beats were another program's
    assert graph.clock_status.source == "internal"
    sidecar.bus.trigger("transport.stop")


def find_line(sidecar: Sidecar) -> BlockTime:
    """The line of the clock, as the engines get it."""
    line = sidecar.signal_path.graph.control_context.clock_line
    frame, beat, tempo = (float(line[word]) for word in (w.LINE_FRAME, w.LINE_BEAT, w.LINE_TEMPO))
    return BlockTime(int(frame), RATE, beat, tempo, True)


def test_another_master_keeps_its_timebase_until_it_leaves_and_is_named(sidecar: Sidecar, peer: TransportPeer) -> None:
    peer.ask("take")
    set_master(sidecar, True, "refused")
    assert "another program is JACK's timebase master" in str(sidecar.bus.get_latest(TIMEBASE_READING))
    peer.ask("roll")
    assert {one.tempo for one in read_rolling(peer, 20)[10:]} == {FOREIGN_TEMPO}
    peer.ask("give")
    until("it is ours", lambda: read_state(sidecar) == "master")
    peer.ask("take")  # JACK lets a program take it from us
    until("it is noticed", lambda: read_state(sidecar) == "refused")


def test_it_is_given_back_when_the_sidecar_leaves(sidecar: Sidecar, module_server: DummyServer) -> None:
    set_master(sidecar, False)
    with TransportPeer(module_server, "stays") as peer:
        with sidecar_on(module_server, NO_ENGINES, "leaves") as leaving:
            set_master(leaving, True)
        peer.ask("locate", "0")
        peer.ask("roll")
        assert {one.tempo for one in read_rolling(peer, 20)[10:]} == {0.0}
        peer.ask("stop")
