"""The band on a clock: the drums go with the bass that is analysed, as late as a separation reports it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from bridge.core.audio import Audio
from bridge.core.engine import Engine, block_for
from bridge.core.events import Midi, TimedEvent
from engines.accompaniment.band import Band
from engines.accompaniment.performer import CHANNELS
from engines.accompaniment.sidechain import FOLLOWS, SOURCES
from engines.accompaniment.style import ROLES
from engines.accompaniment.timeline import HOP
from tests.engines.accompaniment.test_sidechain import RHYTHM, make_plucks
from tests.engines.driving import RATE, parse_chord, rolling_host

BPM, BARS = 120.0, 12
BAR = 2 * RATE
LATE = 7000
Said = list[tuple[int, TimedEvent]]
PLAYS: Mapping[str, float] = {"accompaniment.band.humanise": 0.0, "accompaniment.band.style": 6.0}


def play(bass: Audio, values: Callable[[int], Mapping[str, float]], late: int = LATE, bars: int = BARS) -> Said:
    """(first frame of the hop, message) of the rock band that hears ``bass``, and a C from the start."""
    band: Engine = Band()
    band.prepare(RATE, HOP, 640)
    results = np.concatenate([np.zeros((2, late), np.float32), bass], axis=1)
    said: Said = []
    at = rolling_host(BPM)
    for first in range(0, bars * BAR - HOP, HOP):
        block, out = block_for(band.spec.inputs, HOP, band.spec.controls), block_for(band.spec.outputs, HOP)
        block.values, block.stem_delay_frames = {**block.values, **PLAYS, **values(first)}, late
        block.audio["bass"][:] = results[:, first : first + HOP]
        if first == 0:
            block.events["chords"].append(TimedEvent(0, parse_chord("C")))
        band.process(block, at(first), out)
        said += [(first, event) for event in out.events["midi"]]
    return said


def follows(part: str, source: str) -> Mapping[str, float]:
    return {FOLLOWS[part].name: 1.0 + SOURCES.index(source)}


def strokes(said: Said, part: str, pitch: int = -1, from_bar: int = 4, to_bar: int = BARS - 1) -> list[tuple[int, int]]:
    """(twelfth of a beat in its bar, velocity) of what begins in these bars; ``pitch`` -1: any."""
    found = []
    for _, event in said:
        assert isinstance(event.payload, Midi)
        status, note, velocity = event.payload.data
        bar, place = divmod(round(event.frame * 48 / BAR), 48)
        if status == 0x90 | CHANNELS[part] and velocity and pitch in (-1, note) and from_bar <= bar < to_bar:
            found.append((place, velocity))
    return found


@pytest.fixture(scope="module")
def bass() -> Audio:
    return make_plucks(RHYTHM, BARS, BPM, RATE)


def on_rhythm(said: Said, part: str, pitch: int, from_bar: int = 4) -> float:
    places = [place for place, _ in strokes(said, part, pitch, from_bar)]
    return sum(place in RHYTHM for place in places) / len(places)


def test_the_kick_follows_a_bass_that_is_detected_late(bass: Audio) -> None:
    by_itself, following = play(bass, lambda _: {}), play(bass, lambda _: follows("drums", "bass"))
    assert on_rhythm(following, "drums", ROLES["kick"]) > 0.8 > 0.6 > on_rhythm(by_itself, "drums", ROLES["kick"])
    # nobody else does
    other = [[row for row in said if row[1].payload.data[0] & 15 != 9] for said in (by_itself, following)]  # type: ignore[union-attr]
    assert other[0] == other[1]


def test_reported_at_once_or_late_it_is_the_same_rhythm(bass: Audio) -> None:
    for late in (0, 20000):
        said = play(bass, lambda _: follows("drums", "bass"), late)
        assert on_rhythm(said, "drums", ROLES["kick"]) > 0.8


def test_another_stem_is_another_matter(bass: Audio) -> None:
    assert play(bass, lambda _: follows("drums", "vocals")) == play(bass, lambda _: {})


def test_the_drums_go_soft_where_the_bass_rests(bass: Audio) -> None:
    rests = bass.copy()
    rests[:, 6 * BAR :] = 0.0

    def loudness(said: Said) -> float:
        return float(np.mean([velocity for _, velocity in strokes(said, "drums", from_bar=8)]))

    both = [play(audio, lambda _: follows("drums", "bass")) for audio in (bass, rests)]
    assert loudness(both[1]) < 0.85 * loudness(both[0])


def test_what_sounds_after_the_decision_does_not_change_it(bass: Audio) -> None:
    decided = round(6.6 * BAR) // HOP * HOP
    other = bass.copy()
    other[:, max(decided - LATE, 0) :] = 0.0
    one, changed = (play(audio, lambda _: follows("drums", "bass")) for audio in (bass, other))
    assert [row for row in one if row[0] < decided] == [row for row in changed if row[0] < decided]
    assert one != changed


def test_it_begins_where_the_control_is_turned(bass: Audio) -> None:
    turned = round(4.5 * BAR)
    plain = play(bass, lambda _: {})
    said = play(bass, lambda frame: follows("drums", "bass") if frame >= turned else {})
    assert [row for row in said if row[0] < turned] == [row for row in plain if row[0] < turned]
    assert on_rhythm(said, "drums", ROLES["kick"], 8) > 0.9 > 0.8 > on_rhythm(plain, "drums", ROLES["kick"], 8)
