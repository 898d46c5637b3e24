"""Clock list: the sources of the clock in a list on the song screen; Enter takes the one under the cursor."""

from __future__ import annotations

from tui.core.rows import Row
from tui.core.screen import Context, KeyAction
from tui.drawing.clock_rows import draw_sources
from tui.models.clocks import CLOCK_SOURCE, UNAVAILABLE, list_sources


class ClockList:
    """The list and its keys. Nothing is set while the cursor moves: a source passed by would join a Link session."""

    def __init__(self) -> None:
        self.is_open = False
        self._at = 0

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The key that opens it, and those of the open list."""
        return (
            KeyAction(
                "song.clock",
                ("s",),
                "clock",
                "Choose the clock: JACK's transport, MIDI clock, time code, Ableton Link, our own, or automatically.",
                self._turn,
            ),
            KeyAction("song.down", ("down", "j"), "", "In the list of clocks: one down.", lambda _: self._move(1)),
            KeyAction("song.up", ("up", "k"), "", "One up.", lambda _: self._move(-1)),
            KeyAction("song.take", ("enter",), "", "Take the clock under the cursor.", self._take),
            KeyAction("song.leave", ("escape",), "", "Leave the list of clocks.", self._leave),
        )

    def draw(self, context: Context, width: int) -> list[Row]:
        """The list; nothing where it is not open."""
        if not self.is_open:
            return []
        self._at = min(self._at, max(len(list_sources(context.session)) - 1, 0))
        return draw_sources(context.session, self._at, width)

    def _turn(self, context: Context) -> None:
        names = [line.name for line in list_sources(context.session)]
        if not names:
            context.say(f"this sidecar has no {CLOCK_SOURCE}", "warning")
            return
        present = context.session.get_choice(CLOCK_SOURCE)
        self.is_open, self._at = not self.is_open, names.index(present) if present in names else 0

    def _move(self, lines: int) -> None:
        if self.is_open:
            self._at = max(self._at + lines, 0)

    def _take(self, context: Context) -> None:
        lines = list_sources(context.session)
        if not self.is_open or self._at >= len(lines):
            return
        line = lines[self._at]
        if line.state == UNAVAILABLE:
            context.say(f"{line.title} cannot be chosen: sideman doctor says what to install", "warning")
            return
        context.remote.set(CLOCK_SOURCE, line.name)
        self.is_open = False

    def _leave(self, _context: Context) -> None:
        self.is_open = False
