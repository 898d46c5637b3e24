"""An hour of virtual time: the server restarts, clocks come and go, presets are loaded, the service looks late."""

from __future__ import annotations

import logging
import random

import pytest

from bridge.control.clock_controls import CLOCK_TEMPO
from bridge.control.link_controls import LINK_ON, LINK_START_STOP
from bridge.control.sidecar import RESERVE_FRAMES
from bridge.core.clock import AUTO_ORDER, CLOCK_SOURCE
from bridge.core.events import Midi, TimedEvent
from bridge.errors import BridgeError
from bridge.runtime.graph import Graph
from tests.clocks.clock_rig import CLOCK, CONTINUE, RATE, START, STOP, WIRING, ClockRig, open_rig
from tests.clocks.time_code_messages import LABELS, make_piece

HOUR_S, RESTART_S = 3600.0, 900.0
PERIOD = 4096
"""The longest usual period: the hour has few cycles, and the service looks once in each."""
STEP_BPM = 2.0
"""A tempo that moves by this in one cycle has jumped; the loop that searches a tempo moves by less."""
CHOICES = ("auto", "auto", "auto", "internal", "midi", "jack", "mtc", "link")
HAPPENINGS = (
    "midi", "midi ends", "mtc", "mtc ends", "jack", "jack stops", "link", "link peer", "link peer leaves", "link tempo",
    "tempo", "source", "start", "stop", "preset",
)  # fmt: skip


class Sender:
    """A MIDI clock or time code that starts, stops and goes away as it is asked to."""

    def __init__(self, kind: str) -> None:
        self.kind, self.bpm = kind, 120.0
        self._next: float | None = None
        self._count = 0
        self._pending: list[bytes] = []

    def start(self, now: int, first: bytes = START) -> None:
        """Send from soon after ``now`` on."""
        self._next, self._count = now + 1000.0, 0
        if self.kind == "midi":
            self._pending.append(first)

    def end(self, says_so: bool) -> None:
        """Send nothing any more. ``says_so``: after a stop."""
        self._next = None
        if says_so and self.kind == "midi":
            self._pending.append(STOP)

    def render(self, now: int) -> list[TimedEvent]:
        """The messages of the period at ``now``."""
        events = [TimedEvent(now, Midi(data)) for data in self._pending]
        self._pending.clear()
        step = 60 * RATE / self.bpm / 24 if self.kind == "midi" else RATE / 100
        while self._next is not None and self._next < now + PERIOD:
            data = CLOCK if self.kind == "midi" else make_piece(self._count, LABELS[1], 1)
            events.append(TimedEvent(max(round(self._next), now), Midi(data)))
            self._next, self._count = self._next + step, self._count + 1
        return events


class Session:
    """A rig with senders, and all that can happen to it."""

    def __init__(self, rig: ClockRig, seed: int) -> None:
        self.rig, self.random = rig, random.Random(seed)
        self.midi, self.code = Sender("midi"), Sender("mtc")
        self.steps: list[float] = []
        """Jumps of the engines' tempo, in BPM, since the last look."""
        self._tempo = 0.0

    def run(self, seconds: float) -> None:
        """Serve so much time, and note the jumps of the tempo."""
        for _ in range(round(seconds * RATE / PERIOD)):
            events = self.midi.render(self.rig.now) + self.code.render(self.rig.now)
            self.rig.run_cycle(sorted(events, key=lambda event: event.frame))
            at = self.rig.engine.time_at(self.rig.now)
            if at.rolling and self._tempo and abs(at.tempo - self._tempo) > STEP_BPM:
                self.steps.append(at.tempo - self._tempo)
            self._tempo = at.tempo if at.rolling else self._tempo

    def act(self) -> None:
        """Something happens."""
        rig, pick = self.rig, self.random
        happening = pick.choice(HAPPENINGS)
        if happening == "midi":
            self.midi.bpm = pick.choice((96.0, 120.0, 123.45))
            self.midi.start(rig.now, pick.choice((START, CONTINUE)))
        elif happening == "midi ends":
            self.midi.end(pick.random() < 0.5)
        elif happening == "mtc":
            self.code.start(rig.now)
        elif happening == "mtc ends":
            self.code.end(True)
        elif happening in ("jack", "jack stops"):
            rig.host.rolls, rig.host_tempo = happening == "jack", pick.choice((90.0, 128.0))
        elif happening == "link":
            rig.bus.set(LINK_ON, pick.choice(("on", "off")), "user")
        elif happening in ("link peer", "link peer leaves"):
            rig.link_network.peers = happening == "link peer"
        elif happening == "link tempo":
            rig.link_network.set_tempo(pick.choice((100.0, 126.0)))
        elif happening == "tempo":
            rig.bus.set(CLOCK_TEMPO, pick.choice((80.0, 120.0, 140.0)), "user")
        elif happening == "source":
            rig.bus.set(CLOCK_SOURCE, pick.choice(CHOICES), "user")
        elif happening == "preset":  # all that presets contain, at once
            saved = [control for control in rig.bus.registry.controls if control.saved]
            rig.bus.set_all({control.name: control.default for control in saved}, "preset.load")
        else:
            try:
                rig.service.handlers()[f"transport.{happening}"]()
            except BridgeError as refusal:
                assert "cannot be asked" in str(refusal) or LINK_START_STOP in str(refusal)

    def restart(self, graph: Graph) -> None:
        """The server comes back: the frames begin at 0, and the senders with them."""
        self.rig.service.detach()
        self.rig.attach(graph)
        self.midi.end(False)
        self.code.end(False)
        self._tempo = 0.0


def check_leader(rig: ClockRig) -> None:
    """Whoever leads is whom the engines follow, or nobody does."""
    status, at = rig.graph.clock_status, rig.engine.time_at(rig.now)
    assert status.source in ("", *AUTO_ORDER)
    if not at.rolling:
        return
    source = rig.service.get_source(status.source)
    assert source is not None, "the engines roll, and nobody leads"
    state = source.update(rig.now, rig.now_s, ())
    assert state.runs
    assert at.tempo == pytest.approx(state.time.tempo, abs=0.6)
    away = abs(at.beat - state.time.beat_at(rig.now))
    assert away < 0.2 or status.source == "midi"  # a clock that is joined after its start has no position


def test_for_an_hour_one_clock_leads_and_no_tempo_jumps_without_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bridge.clocks")
    with open_rig(period=PERIOD, has_link=True) as rig:
        session = Session(rig, 1)
        changes, leaders = 0, set[str]()
        for part in range(round(HOUR_S / RESTART_S)):
            with Graph(WIRING, PERIOD, RESERVE_FRAMES, {}) as graph:
                session.restart(graph)
                while rig.now < RESTART_S * RATE:
                    session.act()
                    caplog.clear()
                    session.steps.clear()
                    session.run(4.0 + 8.0 * session.random.random())
                    check_leader(rig)
                    leaders.add(rig.service.leader)
                    reasons = [line for line in caplog.messages if " is now " in line]
                    assert reasons or not session.steps, (part, rig.now_s, session.steps)
                    assert all(line.partition(": ")[2] for line in reasons)
                    changes += sum("the clock is now" in line for line in reasons)
                rig.service.detach()
        assert changes > 50
        assert leaders >= set(AUTO_ORDER), "each was the clock at some time"
        assert rig.now_s >= HOUR_S
