"""The engine stream: pieces of any length give what one gives, audio without its latency, events at their frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.audio import Audio
from bridge.core.control import Control
from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.engine_stream import EngineStream, StreamOutput, TimedOutput
from bridge.core.events import TimedEvent
from bridge.core.midi import make_note_on
from bridge.core.time import BlockTime

RATE, HOP = 44100, 64
FRAMES = 1000
GAIN = Control("toy.gain", 0.0, 2.0, 1.0)


class Toy:
    """Gives out its input times GAIN, ``latency`` frames late; the mean of a mono input; and its events ``late``.

    ``received``: the inputs of each call: its position, the mono input and the events.
    """

    def __init__(self, latency: int = 100, late: int = 0) -> None:
        self.spec = EngineSpec(
            "toy.stream",
            (AudioPort("mix"), AudioPort("middle", 1), EventPort("midi")),
            (AudioPort("delayed"), AudioPort("direct", 1), EventPort("echo")),
            HOP,
            controls=(GAIN,),
        )
        self._latency = {"delayed": latency, "direct": 0, "echo": late}
        self._pending: Audio = np.zeros((2, latency), np.float32)
        self._events: list[TimedEvent] = []
        self.prepared: list[tuple[int, int, int]] = []
        self.received: list[tuple[BlockTime, Audio, list[TimedEvent]]] = []

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        self.prepared.append((rate, max_frames, lead_frames))

    def latency_frames(self, port: str) -> int:
        return self._latency[port]

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        self.received.append((time, block.audio["middle"].copy(), list(block.events["midi"])))
        gained = np.float32(block.values[GAIN.name]) * block.audio["mix"]
        self._pending = np.concatenate([self._pending, gained], axis=1)
        out.audio["delayed"][:] = self._pending[:, :HOP]
        out.audio["direct"][:] = block.audio["middle"]
        self._pending = self._pending[:, HOP:]
        self._events += block.events["midi"]
        due = [event for event in self._events if event.frame + self._latency["echo"] < time.frame + HOP]
        out.events["echo"] += due
        self._events = self._events[len(due) :]

    def reset(self) -> None:
        self.received.clear()
        self._pending = np.zeros((2, self._latency["delayed"]), np.float32)
        self._events = []

    def state(self) -> State:
        return {"pending": self._pending.copy()}

    def restore(self, state: State) -> None:
        self._pending = state["pending"].astype(np.float32)


def noise(frames: int = FRAMES) -> Audio:
    return np.random.default_rng(7).normal(0, 0.1, (2, frames)).astype(np.float32)


def notes(*frames: int) -> list[TimedEvent]:
    return [TimedEvent(frame, make_note_on(0, 60 + i, 100)) for i, frame in enumerate(frames)]


def join(outputs: Sequence[StreamOutput]) -> StreamOutput:
    """The outputs of several calls as one."""
    audio = {name: np.concatenate([one.audio[name] for one in outputs], axis=1) for name in outputs[0].audio}
    return StreamOutput(audio, [event for one in outputs for event in one.events])


def run(stream: EngineStream, audio: Audio, sizes: Sequence[int], events: Sequence[TimedEvent] = ()) -> StreamOutput:
    """All of ``audio`` in pieces of ``sizes``, again and again; each piece brings the events of its frames."""
    outputs: list[StreamOutput] = []
    first = 0
    while first < audio.shape[1]:
        last = min(first + sizes[len(outputs) % len(sizes)], audio.shape[1])
        outputs.append(stream.push(audio[:, first:last], {"midi": [e for e in events if first <= e.frame < last]}))
        first = last
    return join([*outputs, stream.flush()])


def is_same(one: StreamOutput, other: StreamOutput) -> bool:
    return one.events == other.events and all(np.array_equal(one.audio[name], other.audio[name]) for name in one.audio)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.integers(0, 300), st.integers(0, 200))
def test_pieces_of_any_length_give_what_one_gives_to_the_bit(sizes: list[int], latency: int, late: int) -> None:
    said = notes(0, 63, 64, 500, 500, 999)
    whole = run(EngineStream(Toy(latency, late), RATE), noise(), [FRAMES], said)
    assert is_same(run(EngineStream(Toy(latency, late), RATE), noise(), sizes, said), whole)


@pytest.mark.parametrize("latency", [0, 1, HOP, 100, 5000])
@pytest.mark.parametrize("frames", [1, HOP - 1, HOP, FRAMES])
def test_output_audio_is_aligned_with_the_input_and_as_long(latency: int, frames: int) -> None:
    audio = noise(frames)
    output = run(EngineStream(Toy(latency), RATE), audio, [100]).audio
    assert np.array_equal(output["delayed"], audio)
    assert np.array_equal(output["direct"], audio.mean(axis=0, keepdims=True))


def test_without_a_frame_nothing_comes_out() -> None:
    stream = EngineStream(Toy(), RATE)
    output = join([stream.push(noise(0)), stream.flush()])
    assert {name: array.shape for name, array in output.audio.items()} == {"delayed": (2, 0), "direct": (1, 0)}
    assert output.events == []


def test_audio_comes_as_soon_as_its_hop_is_whole() -> None:
    stream = EngineStream(Toy(latency=10), RATE)
    assert stream.push(noise(HOP - 1)).audio["delayed"].shape == (2, 0)
    assert stream.push(noise(1)).audio["delayed"].shape == (2, HOP - 10)
    assert stream.push(noise(2 * HOP)).audio["delayed"].shape == (2, 2 * HOP)
    assert stream.frames == 3 * HOP


def test_an_output_event_keeps_its_frame_and_says_in_which_block_it_came() -> None:
    events = notes(0, 63, 64, 990)
    output = run(EngineStream(Toy(late=130), RATE), noise(), [37], events)
    assert output.events == [
        TimedOutput("echo", event, reported) for event, reported in zip(events, (128, 192, 192, 1088), strict=True)
    ]


def test_an_event_that_refers_to_the_silence_after_the_signal_is_left_out() -> None:
    stream = EngineStream(Toy(), RATE)
    stream.push(noise(), {"midi": notes(FRAMES - 1, FRAMES)})
    assert [output.event.frame for output in stream.flush().events] == [FRAMES - 1]


def test_an_input_event_arrives_with_the_hop_of_its_frame_and_a_late_one_with_the_next() -> None:
    engine = Toy()
    stream = EngineStream(engine, RATE)
    third, second, late = notes(2 * HOP, HOP, 3)
    stream.advance(HOP, {"midi": [third, second]})
    stream.advance(2 * HOP, {"midi": [late]})
    assert [events for _, _, events in engine.received] == [[], [late, second], [third]]


def test_each_hop_has_its_position_and_the_controls() -> None:
    def at(frame: int) -> BlockTime:
        return BlockTime(frame, RATE, frame / 100, 90.0, True, 3, True)

    engine = Toy(latency=0)
    stream = EngineStream(engine, RATE, {GAIN.name: 2.0}, at, lead_frames=5)
    audio = stream.push(noise(200)).audio["delayed"]
    assert [time for time, _, _ in engine.received] == [at(0), at(64), at(128)]
    assert np.array_equal(audio, 2 * noise(200)[:, :192])
    assert engine.prepared == [(RATE, HOP, 5)]


def test_without_a_host_a_hop_has_its_frame_and_no_position() -> None:
    engine = Toy()
    EngineStream(engine, 48000).advance(2 * HOP)
    assert [time for time, _, _ in engine.received] == [BlockTime(0, 48000), BlockTime(HOP, 48000)]


def test_after_a_reset_it_is_as_fresh() -> None:
    stream = EngineStream(Toy(late=500), RATE)
    whole = run(stream, noise(), [FRAMES], notes(5, 600))
    stream.reset()
    stream.push(noise()[:, ::-1].copy(), {"midi": notes(900, 5000)})
    stream.reset()
    assert stream.frames == 0
    assert is_same(run(stream, noise(), [FRAMES], notes(5, 600)), whole)


def test_another_stream_continues_from_its_state_to_the_bit() -> None:
    audio, one, other = noise(), EngineStream(Toy(), RATE), EngineStream(Toy(), RATE)
    begun = one.push(audio[:, :333])
    other.restore(one.state())
    assert other.frames == 333
    ended = join([begun, other.push(audio[:, 333:]), other.flush()])
    assert is_same(ended, run(EngineStream(Toy(), RATE), audio, [FRAMES]))


def test_a_state_with_events_that_wait_is_refused() -> None:
    stream = EngineStream(Toy(), RATE)
    stream.push(noise(10), {"midi": notes(5)})
    with pytest.raises(ValueError, match="input events that wait"):
        stream.state()
