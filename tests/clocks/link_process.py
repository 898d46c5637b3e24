"""Link's clock source beside a real peer, on a network of its own: prints what it saw as JSON.

Its audio clock is slower than Link's by `DRIFT_PPM`, as a sound card's can be. Run by `test_link_source.py` through
`bench.link_peer.run_alone`, with the file for the answer.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.link_peer import PeerProcess
from bridge.clocks.clock_service import ClockService
from bridge.clocks.clock_source import SourceState
from bridge.clocks.link_session import LinkSession
from bridge.clocks.link_source import LinkSource
from bridge.control.bus import Bus
from bridge.control.clock_controls import TIMEBASE_MASTER
from bridge.control.link_controls import LINK_OFFSET, LINK_ON, LINK_START_STOP, LINK_TEMPO
from bridge.control.sidecar import RESERVE_FRAMES, make_sidecar_registry
from bridge.core.clock import CLOCK_SOURCE
from bridge.runtime.callback.timebase import TICKS_PER_BEAT, update_timebase
from bridge.runtime.graph import Graph
from bridge.runtime.pulse_fit import LOCKED
from bridge.runtime.shared import slots as w
from bridge.runtime.wiring import wire
from tests.clocks.clock_rig import HostPlayer

RATE, DRIFT_PPM = 48000, 80.0
LARGEST_ERROR_PPM = 20.0
PEER_BPM, OURS_BPM = 93.7, 140.0
HANG_S = 20.0
BARS = (w.TIMEBASE_BAR, w.TIMEBASE_BEAT, w.TIMEBASE_TICK, w.TIMEBASE_OFFSET)


class Audio:
    """A driver whose frames go by Link's clock, but for the drift."""

    def __init__(self, clock: LinkSession) -> None:
        self._clock, self._began_us = clock, clock.now_us

    def find_frame(self) -> int:
        return int((self._clock.now_us - self._began_us) * RATE * 1e-6 / (1.0 + DRIFT_PPM * 1e-6))

    def time_of(self, frame: float) -> int:
        """The time on Link's clock at ``frame``."""
        return self._began_us + round(frame / RATE * 1e6 * (1.0 + DRIFT_PPM * 1e-6))


class Watch:
    """A source that is looked at until something is so."""

    def __init__(self, source: LinkSource, audio: Audio, peer: PeerProcess) -> None:
        self.source, self.audio, self.peer = source, audio, peer

    def look(self) -> SourceState:
        time.sleep(0.02)
        return self.source.update(self.audio.find_frame(), time.monotonic(), ())

    def until(self, is_so: Callable[[SourceState], bool]) -> SourceState:
        end_s = time.monotonic() + HANG_S
        while not is_so(state := self.look()) and time.monotonic() < end_s:
            pass
        return state

    def phase_error_ms(self) -> float:
        """How much later a beat falls than the peer has it."""
        at = self.look().time
        return self.compare(at.frame, at.beat, at.tempo)

    def compare(self, frame: int, beat: float, tempo: float) -> float:
        """How much later the bar of ``beat`` at ``frame`` falls than the peer has it, in ms at ``tempo``."""
        off = float(self.peer.ask(f"beat {self.audio.time_of(frame)}")["beat"]) - beat
        return 60e3 / tempo * (off - 4.0 * round(off / 4.0))


def read_jack_bars(watch: Watch, bus: Bus, graph: Graph) -> dict[str, object]:
    """What JACK's transport would get from us as its timebase master, where the clock service lets Link lead."""
    bus.set(TIMEBASE_MASTER, 1, "test")
    bus.set(LINK_START_STOP, 0, "test")  # so that it rolls while the peer is there
    service, end_s = ClockService(bus, (watch.source,), HostPlayer), time.monotonic() + HANG_S
    service.attach(graph)
    while graph.clock_status.lock != LOCKED and time.monotonic() < end_s:
        time.sleep(0.02)
        graph.arrays.state[w.HEAD] = watch.audio.find_frame()
        service.update(time.monotonic())
    frame = watch.audio.find_frame() + RATE
    graph.arrays.state[w.HEAD] = frame  # the cycle in a second, which the clock extrapolates
    control = graph.control_context
    update_timebase(graph.context, control, 0, True)
    bar, beat, tick, offset = (int(control.own[word]) for word in BARS)
    tempo = float(control.timebase_tables[control.own[w.TIMEBASE_FRONT], w.LINE_TEMPO])
    beats = 4 * (bar - 1) + beat - 1 + tick / TICKS_PER_BEAT + offset * tempo / (60 * RATE)
    phase = watch.compare(frame, beats, tempo)
    return {"leader": graph.clock_status.source, "bars_tempo": tempo, "bars_phase": phase}


def run(watch: Watch, bus: Bus, graph: Graph) -> dict[str, object]:
    """What was seen, in the order of the tests."""
    found: dict[str, object] = {"off": watch.look().is_present}
    bus.set(LINK_TEMPO, OURS_BPM, "test")
    bus.set(LINK_ON, "on", "test")
    state = watch.until(lambda state: state.is_present)
    found["joined_tempo"], found["control"] = state.time.tempo, bus.get(LINK_TEMPO)
    found["peer_tempo"] = watch.peer.ask("get")["tempo"]
    # the drift of the first locked second has the machine's load in it
    state = watch.until(lambda state: state.lock == LOCKED and abs(state.drift_ppm - DRIFT_PPM) < LARGEST_ERROR_PPM)
    found["rolls"], found["lock"], found["drift"] = state.time.rolling, state.lock, state.drift_ppm
    found["phases"] = [watch.phase_error_ms() for _ in range(10)]
    bus.set(LINK_OFFSET, 25.0, "test")
    found["offset_phase"] = watch.phase_error_ms()
    bus.set(LINK_OFFSET, 0.0, "test")
    jumps = state.jumps
    watch.peer.ask("tempo 111.0")
    state = watch.until(lambda state: abs(state.time.tempo - 111.0) < 0.01)
    found["followed"], found["followed_control"] = state.time.tempo, bus.get(LINK_TEMPO)
    found["tempo_jumps"], found["tempo_phase"] = state.jumps - jumps, watch.phase_error_ms()
    bus.set(LINK_TEMPO, 128.0, "test")
    watch.until(lambda _: abs(float(watch.peer.ask("get")["tempo"]) - 128.0) < 0.01)
    found["sent"] = watch.peer.ask("get")["tempo"]
    bus.set(LINK_START_STOP, 1, "test")
    found["stands"] = not watch.until(lambda state: not state.time.rolling).time.rolling
    watch.peer.ask("play")
    state = watch.until(lambda state: state.time.rolling)
    found["start_beat"] = state.time.beat
    watch.source.stop(watch.audio.find_frame())
    watch.until(lambda state: not state.time.rolling and not watch.peer.ask("get")["playing"])
    found["peer_plays"] = watch.peer.ask("get")["playing"]
    bus.set(LINK_ON, "off", "test")
    found["left"], found["peers"] = watch.look().is_present, watch.peer.wait_for("peers", 0)["peers"]
    bus.set(CLOCK_SOURCE, "link", "test")
    state = watch.until(lambda state: state.is_present)
    found["selected"], found["selected_tempo"] = state.is_present, watch.peer.ask("get")["tempo"]
    return found | read_jack_bars(watch, bus, graph)


def main() -> None:
    """Write what was seen into the file that was given."""
    bus = Bus(make_sidecar_registry({}))
    with LinkSession(120.0) as clock, PeerProcess(120.0) as peer:
        audio = Audio(clock)
        peer.ask(f"tempo {PEER_BPM}")
        source = LinkSource(bus, lambda: audio)
        with Graph(wire({}, RATE, RESERVE_FRAMES), 256, RESERVE_FRAMES, {}) as graph:
            source.attach(graph)
            found = run(Watch(source, audio, peer), bus, graph)
            source.detach()
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
