"""Whatever engines, hosts and users do: no note is left hanging."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.latency import MIDI_PORTS, PATHS
from bridge.runtime.shared import slots as w
from tests.runtime.callback_driver import ACCOMPANIMENT, RINGS, Callback, Sent, note_off, note_on, open_callback

PORT = "accompaniment"


def set_delay(callback: Callback, port: str, frames: int) -> None:
    callback.shared.heads[RINGS.index(port), w.RING_DELAY] = frames


def begin_epoch(callback: Callback, worker: int = ACCOMPANIMENT) -> None:
    callback.worker(worker)[w.RESTART_ONE] += 1


note_events = st.tuples(st.integers(0, 2), st.integers(-900, 900), st.integers(0, 3), st.integers(0, 2))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.lists(note_events, min_size=1, max_size=6)),
        st.tuples(st.just("host"), st.lists(st.integers(0, 7), min_size=1, max_size=4)),
        st.tuples(st.sampled_from(["epoch", "old epoch", "release", "stall", "quiet", "ping", "gap", "delay"])),
        st.tuples(st.just("cycles"), st.integers(1, 8)),
    ),
    max_size=40,
)


class Receiver:
    """Keeps account of what sounds, as a synthesizer would; complains about a note struck twice."""

    def __init__(self) -> None:
        self.sounding: set[tuple[str, int, int]] = set()

    def receive(self, sent: dict[str, list[Sent]], frames: int) -> None:
        for port, messages in sent.items():
            offsets = [offset for offset, _ in messages]
            assert all(0 <= offset < frames for offset in offsets)
            for _, data in messages:
                key = (port, data[0] & 0x0F, data[1])
                if data[0] & 0xF0 == 0x90 and data[2]:
                    assert key not in self.sounding
                    self.sounding.add(key)
                elif data[0] & 0xF0 in (0x80, 0x90):
                    self.sounding.discard(key)


def message(note: int, kind: int) -> bytes:
    return (note_on(note), note_off(note), note_on(note, velocity=0))[kind]


@given(steps=steps, period=st.integers(1, 700))
@settings(deadline=None, max_examples=150)
def test_after_a_release_no_note_hangs_whatever_happened_before(steps: list[tuple[Any, ...]], period: int) -> None:
    with open_callback() as callback:
        receiver, stalled = Receiver(), False
        host: list[Sent] = []

        def cycle() -> None:
            now = callback.read_inputs(period, host)
            host.clear()
            if not stalled:
                callback.shared.workers[:, w.PROGRESS] = now + period
            receiver.receive(callback.write_midi(period, stall_frames=2048), period)

        cycle()
        for step in steps:
            if step[0] == "say":
                for port, frame, note, kind in step[1]:
                    callback.write_message(MIDI_PORTS[port], callback.now + frame, message(note, kind))
            elif step[0] == "old epoch":
                callback.write_message(PORT, callback.now + 300, note_on(1), epoch=1)
            elif step[0] == "host":
                host += [(0, message(code % 4, code // 4)) for code in step[1]]
            elif step[0] == "epoch":
                begin_epoch(callback)
            elif step[0] == "release":
                callback.state[w.RELEASE] += 1
            elif step[0] == "stall":
                stalled = not stalled
            elif step[0] == "quiet":
                callback.state[w.MIDI_MUTED] ^= 1
            elif step[0] == "ping":
                callback.state[w.PING] ^= 1 << PATHS.index(PORT)
            elif step[0] == "delay":
                set_delay(callback, PORT, 200)
            elif step[0] == "gap":
                callback.raw += period
            else:
                for _ in range(step[1]):
                    cycle()
        for _ in range(2 + 1200 // period):  # until nothing is due any more
            cycle()
        callback.state[w.RELEASE] += 1
        cycle()
        assert not receiver.sounding
        assert not callback.context.sounding.any()
