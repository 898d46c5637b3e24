"""The band live: on the chords that come, ahead of the beat, every note ended, nothing taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.core.engine import block_for
from bridge.core.events import LEVELS, Beat, Chord, Commit, Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.accompaniment.band import Band, fit_bar_beats
from engines.accompaniment.form import COUNT_IN, DROPOUT, SECTION, SECTIONS
from engines.accompaniment.harmony.trellis import SOURCES
from engines.accompaniment.live_sheet import SHEET
from engines.accompaniment.performer import CHANNELS
from engines.accompaniment.style_lookup import SHIPPED_STYLES
from engines.accompaniment.timeline import HOP, LOOKAHEAD
from tests.engines.driving import RATE, BlockTimeAt, no_host, parse_chord, rolling_host

TEMPO = 120.0
BEAT = 60 * RATE / TEMPO
LOOP = ["C", "Am", "F", "G"]
TimedEvents = Sequence[tuple[int, TimedEvent]]
K = TypeVar("K", Chord, Commit)


@dataclass
class Recorded:
    """What a band said: (frame of the block, event), when a note began and ended, and what it planned."""

    said: list[tuple[int, TimedEvent]] = field(default_factory=list)
    results: list[TimedEvent] = field(default_factory=list)
    planned: list[TimedEvent] = field(default_factory=list)

    def foreseen(self, kind: type[K]) -> list[tuple[int, K]]:
        """What was said of the beats that were decided."""
        return [(event.frame, event.payload) for event in self.results if isinstance(event.payload, kind)]

    def notes(self, part: str) -> list[tuple[int, int, int]]:
        """(frame on, frame off, pitch); fails on a note that begins twice, ends unplayed or never ends."""
        channel, open_, found = CHANNELS[part], dict[int, int](), []
        for _, event in self.said:
            assert isinstance(event.payload, Midi)
            status, pitch, velocity = event.payload.data
            if status & 0x0F != channel:
                continue
            if status & 0xF0 == 0x90:
                assert velocity
                assert pitch not in open_, (
                    f"{part}: {pitch} begins at {event.frame} and sounds since {open_.get(pitch)}"
                )
                open_[pitch] = event.frame
            else:
                began = open_.pop(pitch)
                assert event.frame > began
                found.append((began, event.frame, pitch))
        assert not open_, f"{part}: {open_} never end"
        return sorted(found)


def make_band(lead: int = 0) -> Band:
    band = Band()
    band.prepare(RATE, HOP, lead)
    return band


def play(
    chords: TimedEvents, beats: float, at: BlockTimeAt | None = None, lead: int = 0,
    beats_heard: Sequence[TimedEvent] = (),
    values: Callable[[int], Mapping[str, float]] = lambda _: {}, stop: bool = True,
) -> Recorded:  # fmt: skip
    """Let a band hear ``chords``, each when it is reported, for so many beats; ``stop``: then the song stops."""
    band, recorded, at = make_band(lead), Recorded(), at or rolling_host(TEMPO)
    frames = round(beats * BEAT) // HOP * HOP
    for first in range(0, frames + (4 * HOP if stop else 0), HOP):
        block = block_for(band.spec.inputs, HOP, band.spec.controls)
        out = block_for(band.spec.outputs, HOP)
        block.values = {**block.values, **values(first)}
        block.events["chords"] += [event for results, event in chords if first <= results < first + HOP]
        block.events["beats"] += [event for event in beats_heard if first <= event.frame < first + HOP]
        time = at(first) if first < frames else BlockTime(first, RATE, 0.0, TEMPO, False, 4, True)
        band.process(block, time, out)
        recorded.said += [(first, event) for event in out.events["midi"]]
        recorded.results += out.events["foreseen"]
        recorded.planned += out.events["planned"]
    return recorded


def make_chords(labels: Sequence[str], beats_each: int = 4, late: int = 0) -> list[tuple[int, TimedEvent]]:
    """A chord every so many beats, reported ``late`` frames after."""
    return [
        (round(i * beats_each * BEAT) + late, TimedEvent(round(i * beats_each * BEAT), parse_chord(label)))
        for i, label in enumerate(labels)
    ]


@pytest.mark.parametrize("style", range(len(SHIPPED_STYLES)))
def test_in_every_style_every_note_ends_and_none_is_played_twice_at_once(style: int) -> None:
    recorded = play(make_chords(LOOP * 3, 2), 24, values=lambda _: {"accompaniment.band.style": float(style)})
    assert sum(len(recorded.notes(part)) for part in CHANNELS) > 60
    frames = [event.frame for _, event in recorded.said]
    assert frames == sorted(frames)


@pytest.mark.parametrize("late", [0, 25600])
@pytest.mark.parametrize("lookahead", [1.0, 2.0])
def test_the_bass_plays_the_predicted_chord_once_the_loop_was_detected(late: int, lookahead: float) -> None:
    recorded = play(make_chords(LOOP * 4, 4, late), 64, lead=640, values=lambda _: {LOOKAHEAD.name: lookahead})
    roots = [0, 9, 5, 7]
    first: dict[int, int] = {}
    for on, _, pitch in recorded.notes("bass"):
        bar, within = divmod(on / BEAT + 0.1, 4)
        if within < 0.35:
            first.setdefault(int(bar), pitch % 12)
    right = [first.get(bar) == roots[bar % 4] for bar in range(8, 16)]
    assert np.mean(right) == 1.0


@pytest.mark.parametrize("lead", [0, 640, 4096])
def test_what_is_said_lies_after_the_block_and_the_lead(lead: int) -> None:
    recorded = play(make_chords(LOOP * 2), 32, lead=lead)
    assert recorded.said
    assert all(event.frame >= block + HOP + lead for block, event in recorded.said)


@pytest.mark.parametrize("lookahead", [1.0, 4.0])
def test_what_comes_after_the_decision_does_not_change_it(lookahead: float) -> None:
    decided = round(18 * BEAT) // HOP * HOP

    def values(_: int) -> Mapping[str, float]:
        return {LOOKAHEAD.name: lookahead}

    one = play(make_chords(LOOP * 3), 30, values=values, stop=False)
    other = play(
        [row for row in make_chords(LOOP * 3) if row[0] < decided]
        + [(decided, TimedEvent(decided, parse_chord("Gb")))],
        30, values=values, stop=False,
    )  # fmt: skip
    assert [row for row in one.said if row[0] < decided] == [row for row in other.said if row[0] < decided]
    assert one.said != other.said


def test_a_chord_that_gives_way_takes_its_notes_with_it() -> None:
    """Foreseen was a bar of C: the pad that holds it lets go when F is known in the middle of the bar."""
    chords = [*make_chords(["C"]), (round(17.2 * BEAT), TimedEvent(round(17.2 * BEAT), parse_chord("Gb")))]
    recorded = play(
        chords,
        22,
        values=lambda _: {LOOKAHEAD.name: 0.0, "accompaniment.band.style": float(SHIPPED_STYLES.index("pop"))},
    )
    late = [(on, off, pitch) for on, off, pitch in recorded.notes("pad") if on < 17.5 * BEAT < off]
    assert late == [] or all(off < 19.1 * BEAT for _, off, pitch in late if pitch % 12 in (0, 4, 7))
    later = [pitch % 12 for on, _, pitch in recorded.notes("pad") if on > 18.5 * BEAT]
    assert later
    assert set(later) <= {6, 10, 1}


def test_nothing_is_played_before_a_chord_is_known_nor_while_the_host_stands() -> None:
    assert not play([], 8).said
    assert not play(make_chords(LOOP), 8, at=lambda frame: BlockTime(frame, RATE, 0.0, TEMPO, False, 4, True)).said


def test_each_part_is_muted_by_itself_from_the_next_beat_and_ends_what_it_held() -> None:
    def values(frame: int) -> Mapping[str, float]:
        return {f"accompaniment.band.{part}.mute": float(frame > 8.5 * BEAT) for part in ("drums", "pad")}

    recorded = play(make_chords(LOOP * 2), 24, values=values)
    for part in CHANNELS:
        after = [on for on, _, _ in recorded.notes(part) if on > 11 * BEAT]
        assert bool(after) == (part not in ("drums", "pad")), part


def test_without_a_host_it_follows_detected_beats_and_stops_two_beats_after_the_last() -> None:
    beats = [TimedEvent(round(i * BEAT), Beat(i % 4, 4, TEMPO, 0.9, i)) for i in range(20)]
    recorded = play(make_chords(LOOP * 2), 40, at=no_host, beats_heard=beats)
    ends = [off for part in CHANNELS for _, off, _ in recorded.notes(part)]
    assert 18 * BEAT < max(ends) < 24 * BEAT


def test_the_same_is_played_again_and_another_seed_plays_otherwise() -> None:
    one, again = play(make_chords(LOOP), 16), play(make_chords(LOOP), 16)
    other = play(make_chords(LOOP), 16, values=lambda _: {"accompaniment.band.seed": 7.0})
    assert one.said == again.said
    assert one.said != other.said


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_the_transport_does_no_note_hangs_or_doubles(data: st.DataObject) -> None:
    """Stops, jumps, ramps of the tempo, chords late or missing, styles and mutes changed while it plays."""
    turns = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from(["roll", "stop", "jump", "ramp", "mir"]), st.floats(0.3, 6.0), st.floats(70.0, 190.0)
            ),
            min_size=2, max_size=6,
        )
    )  # fmt: skip
    seed = data.draw(st.integers(0, 99))
    random = np.random.default_rng(seed)
    times: list[BlockTime] = []
    beat, frame, tempo = 0.0, 0, TEMPO
    for what, seconds, bpm in turns:
        if what == "jump":
            beat = float(random.integers(0, 64))
        ends = frame + int(seconds * RATE)
        started = tempo
        while frame < ends:
            tempo = started + (bpm - started) * (1 - (ends - frame) / (seconds * RATE)) if what == "ramp" else tempo
            rolls = what != "stop"
            times.append(BlockTime(frame, RATE, beat, tempo, rolls, 4, what != "mir"))
            beat += HOP * tempo / (60 * RATE) if rolls else 0.0
            frame += HOP
    total = len(times) * HOP
    chords = [
        (at + int(random.integers(0, 30000)), TimedEvent(at, parse_chord(str(random.choice([*LOOP, "Gb7", "Dm7"])))))
        for at in range(0, total, int(random.integers(9000, 60000)))
    ]
    chords.sort(key=lambda row: row[0])
    changes: dict[int, dict[str, float]] = defaultdict(dict)
    for i in range(0, total, 40000):
        changes[i // 40000] = {
            "accompaniment.band.style": float(random.integers(len(SHIPPED_STYLES))),
            "accompaniment.band.pad.mute": float(random.integers(2)),
            "accompaniment.band.humanise": float(random.random()),
            LOOKAHEAD.name: float(random.choice([0.0, 1.0, 3.0])),
            SECTION.name: float(random.integers(len(SECTIONS))),
            DROPOUT.name: float(random.integers(2)),
            COUNT_IN.name: float(random.integers(2)),
        }
    recorded = play(
        chords, total / BEAT, at=lambda first: times[min(first // HOP, len(times) - 1)],
        lead=int(random.integers(0, 3000)), values=lambda first: changes[first // 40000],
    )  # fmt: skip
    for part in CHANNELS:
        recorded.notes(part)
    frames = [event.frame for _, event in recorded.said]
    assert frames == sorted(frames)


def test_the_user_s_sheet_is_played_from_the_first_bar_on_whatever_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "7 song.txt").write_text("| Dm | G7/B | C | N.C. |")
    recorded = play(make_chords(["Gb"] * 12), 47, values=lambda _: {SHEET.name: 7.0, LOOKAHEAD.name: 3.0})
    first: dict[int, int] = {}
    for on, _, pitch in recorded.notes("bass"):
        first.setdefault(int(on / BEAT + 0.1) // 4, pitch % 12)
    assert [first.get(bar) for bar in range(1, 12)] == [11, 0, None, 2, 11, 0, None, 2, 11, 0, None]
    assert {int(on / BEAT + 0.1) // 4 for on, _, _ in recorded.notes("drums")} >= set(range(12))
    chords = {frame // round(BEAT): chord.label for frame, chord in recorded.foreseen(Chord)}
    assert [chords[beat] for beat in (8, 20, 30)] == ["C", "G7/B", "N"]
    assert {commit.source for _, commit in recorded.foreseen(Commit)} == {SOURCES.index("track")}


def test_each_beat_s_chord_is_said_when_it_is_decided_with_its_source_and_how_long_before() -> None:
    recorded = play(make_chords(LOOP * 4, 4, 20000), 64, lead=640, values=lambda _: {LOOKAHEAD.name: 2.0})
    commits = recorded.foreseen(Commit)
    beats = [commit.beat for _, commit in commits]
    assert beats == list(range(beats[0], beats[0] + len(beats)))
    assert all(frame == round(commit.beat * BEAT) for frame, commit in commits)
    assert all(2.0 <= commit.lookahead_beats < 2.1 for _, commit in commits[4:])
    sources = [SOURCES[commit.source] for _, commit in commits]
    assert "detected" in sources[:8]
    assert set(sources[34:]) == {"loop"}
    sure = [chord.confidence for _, chord in recorded.foreseen(Chord)]
    assert 0 < np.mean(sure[4:12]) < np.mean(sure[40:]) <= 1.0


def test_a_chord_that_is_reported_again_at_a_start_does_not_make_the_analyser_slow() -> None:
    band, at = make_band(), rolling_host(TEMPO)
    for first in range(0, RATE, HOP):
        block, out = block_for(band.spec.inputs, HOP, band.spec.controls), block_for(band.spec.outputs, HOP)
        if first == 0:
            block.events["chords"].append(TimedEvent(-20 * RATE, parse_chord("C")))
        if first == HOP:
            block.events["chords"].append(TimedEvent(0, parse_chord("F")))
        band.process(block, at(first), out)
    assert float(band.state()["history.delay_frames"]) == 2 * HOP


def test_beats_that_a_leap_of_the_tempo_has_made_too_late_are_said_to_be_silent() -> None:
    leap = round(15.8 * RATE) // HOP * HOP

    def at(frame: int) -> BlockTime:
        here = BlockTime(min(frame, leap), RATE, min(frame, leap) / RATE, 60.0, True, 4, True)
        return here if frame <= leap else replace(here, tempo=400.0).moved_to(frame)

    recorded = play(
        [(0, TimedEvent(0, parse_chord("C")))], 40, at=at, lead=2304, values=lambda _: {LOOKAHEAD.name: 0.0}
    )
    silent = [commit.beat for _, commit in recorded.foreseen(Commit) if commit.level == LEVELS.index("silence")]
    assert silent == [16, 17]  # what was decided of the slow beat 15 ends in the quick beat 17
    recorded.notes("pad")


@pytest.mark.parametrize(("bar_beats", "played"), [(2, 2), (7, 7), (8, 4), (9, 3), (11, 1), (12, 6)])
def test_bars_that_are_too_long_are_played_in_equal_parts(bar_beats: int, played: int) -> None:
    assert fit_bar_beats(bar_beats) == played
    recorded = play(make_chords(LOOP, 4), 16, at=rolling_host(TEMPO, bar_beats))
    assert recorded.notes("drums")


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(EngineError, match="rate 0"):
        Band().prepare(0, HOP)
