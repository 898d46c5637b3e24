"""Transport client in a process of its own: ``python -m tests.live.transport_process SERVER NAME``.

It reads JACK's transport in each cycle, as any client that follows it does. Lines on standard input, each answered by
a line of JSON: ``roll``, ``stop``, ``locate FRAME``; ``take`` and ``give`` the timebase, ``take`` without regard for
who holds it; ``read``: the cycles since the last one, as in `Cycle`.
"""

from __future__ import annotations

import collections
import json
import subprocess
import sys
from types import TracebackType
from typing import Any, NamedTuple

from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.libjack import import_jack

FOREIGN_TEMPO = 77.0
"""Tempo of the timebase that it takes."""


class Cycle(NamedTuple):
    """Frame time, 1 where the transport rolls, frame of the transport, and its BBT. ``tempo`` 0: it has none."""

    raw: int
    rolls: int
    frame: int
    bar: int
    beat: int
    tick: int
    offset: int
    bar_start_tick: float
    beats_per_bar: float
    ticks_per_beat: float
    tempo: float

    @property
    def song_beat(self) -> float:
        """Beats from the start of the song, at the first frame of the cycle, but for the offset."""
        return (self.bar - 1) * self.beats_per_bar + self.beat - 1 + self.tick / self.ticks_per_beat


class TransportPeer:
    """A context manager: the client runs inside."""

    def __init__(self, server: DummyServer, name: str = "probe") -> None:
        self._command = [sys.executable, "-m", "tests.live.transport_process", server.name, name]
        self._env = server.env
        self._process: subprocess.Popen[str]

    def __enter__(self) -> TransportPeer:
        self._process = subprocess.Popen(
            self._command, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._read_answer()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def ask(self, *words: str) -> Any:
        """Send a line; returns its answer once it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        return self._read_answer()

    def read(self) -> list[Cycle]:
        """The cycles since the last call."""
        return [Cycle(*values) for values in self.ask("read")]

    def _read_answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline() or '"it has ended"')


def run(server: str, name: str) -> None:
    """The process."""
    jack = import_jack()
    client = jack.Client(name, use_exact_name=True, servername=server, no_start_server=True)
    cycles: collections.deque[Cycle] = collections.deque(maxlen=20000)

    @client.set_process_callback  # type: ignore[untyped-decorator]
    def note_position(_frames: int) -> None:
        state, position = client.transport_query_struct()
        has_bars = position.valid & jack.POSITION_BBT
        offset = position.bbt_offset if position.valid & jack.POSITION_BBT_FRAME_OFFSET else 0
        place = (position.bar, position.beat, position.tick, offset, position.bar_start_tick)
        size = (position.beats_per_bar, position.ticks_per_beat, position.beats_per_minute)
        values = (*place, *size) if has_bars else (0, 0, 0, 0, 0.0, 0.0, 1.0, 0.0)
        cycles.append(Cycle(client.last_frame_time, int(state == jack.ROLLING), position.frame, *values))

    def set_bars(_state: int, _frames: int, position: Any, _is_new: bool) -> None:
        position.valid = jack.POSITION_BBT
        position.bar = position.beat = 1
        position.tick, position.bar_start_tick, position.ticks_per_beat = 0, 0.0, 960.0
        position.beats_per_bar = position.beat_type = 4.0
        position.beats_per_minute = FOREIGN_TEMPO

    with client:
        sys.stdout.write("true\n")
        sys.stdout.flush()
        for line in sys.stdin:
            what, *arguments = line.split()
            answer: Any = True
            if what == "roll":
                client.transport_start()
            elif what == "stop":
                client.transport_stop()
            elif what == "locate":
                client.transport_locate(int(arguments[0]))
            elif what == "take":
                client.set_timebase_callback(set_bars)
            elif what == "give":
                client.release_timebase()
            else:
                answer = [cycles.popleft() for _ in range(len(cycles))]
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    run(*sys.argv[1:])
