"""Where the harmony turns, and what that tells of bars."""

from __future__ import annotations

import numpy as np
import pytest

from engines.mir.learned.bar_counter import BarCounter
from engines.mir.learned.harmonic_change import BEATS, TO_S, HarmonicChangeDetector

RATE = 44100
LOOK = RATE // 10
PERIOD = RATE / 2


def chances(root: int, sure: float = 0.9) -> np.ndarray:
    told = np.full(13, (1.0 - sure) / 12)
    told[root] = sure
    return told


def listen(
    turns: HarmonicChangeDetector, root_at: dict[float, int], beats: list[float], seconds: float
) -> list[tuple[float, int, float]]:
    """What is said while the roots from these seconds on are looked at: (second, beats ago, turned)."""
    said, waiting, starts = [], list(beats), sorted(root_at)
    for look in range(1, int(seconds * 10)):
        now = look / 10
        while waiting and waiting[0] <= now + 0.6:  # a look speaks of the past, so beats are told before it
            turns.told(round(waiting.pop(0) * RATE), PERIOD)
        root = root_at[max(start for start in starts if start <= now)]
        said += [(now, ago, turned) for ago, turned in turns.look(chances(root), look * LOOK)]
    return said


def test_each_beat_is_judged_once_as_soon_as_what_follows_it_was_heard() -> None:
    beats = [0.5 * i for i in range(1, 17)]
    said = listen(HarmonicChangeDetector(RATE), {0.0: 0, 2.0: 5, 6.0: 7}, beats, 9.0)
    assert len(said) == len(beats)
    for (now, ago, turned), beat in zip(said, beats, strict=True):
        assert beat + 0.25 + TO_S <= now < beat + 0.25 + TO_S + 0.15  # half a period later, too
        assert (turned > 0.5) == (beat in (2.0, 6.0))
        assert ago == sum(beat < later <= now + 0.6 for later in beats)


def test_where_no_chord_sounds_nothing_is_said() -> None:
    assert not listen(HarmonicChangeDetector(RATE), {0.0: 12}, [1.0, 2.0], 4.0)
    assert not listen(HarmonicChangeDetector(RATE), {0.0: 3, 1.0: 12}, [1.0], 4.0)


def test_more_beats_than_there_is_room_for_forget_the_oldest() -> None:
    turns = HarmonicChangeDetector(RATE)
    for beat in range(BEATS + 3):
        turns.told(beat * RATE, PERIOD)
    assert turns.count == BEATS
    assert turns.beats[0] == 3 * RATE


def test_state_goes_on_where_it_was() -> None:
    one, other = HarmonicChangeDetector(RATE), HarmonicChangeDetector(RATE)
    listen(one, {0.0: 0, 1.0: 5}, [0.5, 1.0, 1.5], 1.2)
    other.restore(one.state())
    assert one.look(chances(5), 2 * RATE) == other.look(chances(5), 2 * RATE) != []


def test_beats_between_which_the_harmony_turns_are_beside_the_music() -> None:
    roots = {float(second): (0, 5, 7, 9)[second % 4] for second in range(0, 40, 2)}
    on, beside = HarmonicChangeDetector(RATE), HarmonicChangeDetector(RATE)
    listen(on, roots, [0.5 * i for i in range(1, 60)], 30.0)
    listen(beside, roots, [0.25 + 0.5 * i for i in range(1, 60)], 30.0)
    assert not on.is_beside()
    assert beside.is_beside()
    assert not beside.is_beside()  # it is taken for mended


@pytest.mark.parametrize("late", [0, 1, 2])
@pytest.mark.parametrize("first", [0, 1, 3])
def test_bars_are_found_by_the_harmony_alone_however_late_it_is_told(first: int, late: int) -> None:
    counter, told = BarCounter(), []
    for beat in range(48):
        told.append(counter.step()[:2])
        counter.hear(0.1)
        if beat >= late:
            counter.hear_turn(late, 0.9 if (beat - late + first) % 4 == 0 else 0.05)
    assert told[-8:] == [((beat + first) % 4, 4) for beat in range(40, 48)]
