"""Link timeline: a song's position by the states of a real session, which no network sees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.clocks.link_session import LinkSession, LinkSnapshot
from bridge.clocks.link_timeline import LinkPosition, LinkTimeline
from bridge.control.link_controls import LINK_MODULE

pytest.importorskip(LINK_MODULE, reason="not installed: LinkPython-extern (pip install 'sideman[link]')")

BEAT_US = 500_000
LOOK_US = 20_000


class Session:
    """A session at 120 BPM that nobody joined, and its timeline looked at fifty times a second."""

    def __init__(self, link: LinkSession, quantum: int = 4, shares_start: bool = False) -> None:
        self.link, self.quantum, self.shares_start = link, quantum, shares_start
        self.timeline = LinkTimeline()
        self.now_us = link.now_us
        self.shift = 0.0

    def look(self) -> LinkPosition:
        self.now_us += LOOK_US
        return self.timeline.update(self.capture(), self.now_us, self.quantum, self.shares_start)

    def capture(self) -> LinkSnapshot:
        return Shifted(self.link.capture(), self.shift) if self.shift else self.link.capture()  # type: ignore[return-value]

    def run(self, beats: float) -> LinkPosition:
        for _ in range(round(beats * BEAT_US / LOOK_US)):
            at = self.look()
        return at

    def phase(self) -> float:
        return self.capture().beat_at(self.now_us, self.quantum) % self.quantum


class Shifted:
    """A session whose beats jumped, as when an older session is found."""

    def __init__(self, state: LinkSnapshot, shift: float) -> None:
        self._state, self._shift = state, shift
        self.tempo, self.is_playing, self.changed_us = state.tempo, state.is_playing, state.changed_us

    def beat_at(self, time_us: float, quantum: int) -> float:
        return self._state.beat_at(time_us, quantum) + self._shift

    def time_at(self, beat: float, quantum: int) -> float:
        return self._state.time_at(beat - self._shift, quantum)


@pytest.fixture(scope="module")
def link() -> LinkSession:
    session = LinkSession(120.0)
    session.__enter__()  # never joined: `update` joins
    return session


@pytest.mark.parametrize("quantum", [3, 4, 7])
def test_bars_are_those_of_the_session_and_the_song_begins_with_one(link: LinkSession, quantum: int) -> None:
    session = Session(link, quantum)
    first = session.look()
    assert first.rolling
    assert 0.0 <= first.beat < quantum
    jumps = session.timeline.jumps
    last = session.run(40)
    assert last.beat - first.beat == pytest.approx(40, abs=1e-4)
    assert last.beat % quantum == pytest.approx(session.phase(), abs=1e-4)
    assert session.timeline.jumps == jumps


def test_a_new_tempo_is_no_jump_and_keeps_the_beat(link: LinkSession) -> None:
    session = Session(link)
    before, jumps = session.run(4), session.timeline.jumps
    link.set_tempo(180.0, session.now_us)
    after = session.look()
    assert after.beat - before.beat == pytest.approx(0.06, abs=1e-3)
    assert session.timeline.jumps == jumps
    link.set_tempo(120.0, session.now_us)


@pytest.mark.parametrize(("shift", "jumps"), [(8.0, 0), (-4.0, 0), (0.01, 0), (1.5, 1), (-401.0, 1)])
def test_a_jump_of_the_session_keeps_the_bar_and_takes_the_new_phase(
    link: LinkSession, shift: float, jumps: int
) -> None:
    session = Session(link)
    before, seen = session.run(9), session.timeline.jumps
    session.shift = shift
    after = session.look()
    assert session.timeline.jumps - seen == jumps
    assert abs(after.beat - before.beat) <= 0.5 * session.quantum + 0.05
    assert after.beat % 4 == pytest.approx(session.phase(), abs=1e-4)


def test_a_shared_start_begins_the_song_at_the_next_bar_line_and_a_stop_holds_it(link: LinkSession) -> None:
    session = Session(link, shares_start=True)
    assert not session.run(1).rolling
    jumps = session.timeline.jumps
    started_us = session.now_us
    link.set_playing(True, started_us)
    at = session.look()
    assert (at.rolling, at.beat) == (True, 0.0)
    assert started_us <= at.time_us <= started_us + 4 * BEAT_US
    assert session.capture().beat_at(at.time_us, 4) % 4 == pytest.approx(0.0, abs=1e-4)
    begun_us = at.time_us
    at = session.run(10)
    assert at.beat == pytest.approx((session.now_us - begun_us) / BEAT_US, abs=1e-4)
    assert session.timeline.jumps == jumps + 1
    link.set_playing(False, session.now_us)
    held = session.look()
    assert not held.rolling
    assert held.beat == pytest.approx(at.beat, abs=1e-9)
    assert session.run(3) == replace(held, time_us=session.now_us)
    assert session.timeline.jumps == jumps + 2


def test_who_joins_a_session_that_plays_counts_from_its_start(link: LinkSession) -> None:
    session = Session(link, shares_start=True)
    link.set_playing(True, session.now_us - 20 * BEAT_US)
    at = session.look()
    assert at.rolling
    assert 16.0 <= at.beat <= 20.1
    assert at.beat % 4 == pytest.approx(session.phase(), abs=1e-4)
    link.set_playing(False, session.now_us)


def test_locate_changes_the_number_of_the_bar_and_never_the_phase(link: LinkSession) -> None:
    session = Session(link)
    session.run(3)
    session.timeline.locate(96.0)
    at = session.look()
    assert abs(at.beat - 96.0) <= 2.1
    assert at.beat % 4 == pytest.approx(session.phase(), abs=1e-4)


def test_another_length_of_the_bar_is_a_jump(link: LinkSession) -> None:
    session = Session(link)
    session.run(3)
    jumps = session.timeline.jumps
    session.quantum = 3
    assert session.look().beat % 3 == pytest.approx(session.phase(), abs=1e-4)
    assert session.timeline.jumps == jumps + 1
