"""Progress display while a song is separated."""

from __future__ import annotations

import io

import pytest

from bridge.printing import Printer
from bridge.progress_channel import ProgressRate
from engines.offline.progress import ProgressDisplay, format_duration


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def make_display(terminal: bool) -> tuple[ProgressDisplay, io.StringIO, Clock]:
    text, clock = io.StringIO(), Clock()
    console = Printer(file=text, force_terminal=terminal, width=100)
    return ProgressDisplay(console, 2, clock), text, clock


def test_lines_come_every_ten_seconds_where_there_is_no_terminal() -> None:
    screen, text, clock = make_display(terminal=False)
    with screen:
        screen.begin(1, "song.wav")
        for second in range(22):
            clock.now_s = float(second)
            screen.update("separating", second * 441_000, 44_100_000, 44100)
    assert text.getvalue().splitlines() == [
        "song.wav (1 of 2): separating, 10 %, 1:30 left, 10.0 x real time",
        "song.wav (1 of 2): separating, 20 %, 1:20 left, 10.0 x real time",
    ]


def test_a_song_of_unknown_length_says_how_far_it_is() -> None:
    screen, text, clock = make_display(terminal=False)
    with screen:
        screen.begin(1, "song.wav")
        screen.update("separating", 0, 0, 44100)
        clock.now_s = 10.0
        screen.update("separating", 441_000, 0, 44100)
    assert text.getvalue() == "song.wav (1 of 2): separating, 0:10 done, 1.0 x real time\n"


def test_a_terminal_shows_a_bar_with_the_time_left() -> None:
    screen, text, clock = make_display(terminal=True)
    with screen:
        screen.begin(2, "a [live].wav")
        for second in range(3):
            clock.now_s = float(second)
            screen.update("separating", second * 441_000, 4_410_000, 44100)
    assert "a [live].wav (2 of 2)" in text.getvalue()
    assert "1:20 left" in text.getvalue() or "0:08 left" in text.getvalue()


def test_a_run_that_goes_on_says_from_where_and_takes_no_speed_from_the_jump() -> None:
    screen, text, clock = make_display(terminal=False)
    with screen:
        screen.begin(1, "song.wav")
        screen.update("resuming", 44_100 * 65, 44_100 * 100, 44100)
        screen.update("separating", 44_100 * 66, 44_100 * 100, 44100)
        clock.now_s = 10.0
        screen.update("separating", 44_100 * 76, 44_100 * 100, 44100)
    assert text.getvalue().splitlines() == [
        "song.wav (1 of 2): continues at 1:05",
        "song.wav (1 of 2): separating, 76 %, 0:24 left, 1.0 x real time",
    ]


def test_the_rate_follows_the_latest_reports() -> None:
    rate = ProgressRate()
    for second in range(100):
        rate.update(second if second < 50 else 50 + 10 * (second - 50), float(second))
    assert rate.per_second == pytest.approx(10.0)


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0:00"), (65.4, "1:05"), (3599.6, "1:00:00"), (7265.0, "2:01:05")])
def test_lengths_are_said_as_players_say_them(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
