"""Terminal app: keys through Textual's own event loop, and what the terminal then shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual import events
from textual.pilot import Pilot

from tests.tui.plain_screen import PlainScreen
from tests.tui.rig import SessionRig
from tui.core.rows import Row
from tui.core.screen import Screen
from tui.drawing.themes import CALM, MONO, Theme
from tui.interface.interface import Interface
from tui.terminal.app import TerminalApp
from tui.terminal.gate import Gate


class SilentConnection:
    """A connection whose session the rig fills; it notes what the app asks of it."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.events: list[str] = []

    def start(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        self.events.append("start")
        self.on_change = on_change

    def flush(self) -> None:
        self.events.append("flush")

    def stop(self) -> None:
        self.events.append("stop")

    def show(self, screen: Screen) -> None:
        self.shown.append(screen.name)

    def ask_anew(self) -> None:
        self.events.append("ask anew")


class AppRig:
    """An app of two plain screens over a session of the real registry and Bus."""

    def __init__(self, width: int = 80, height: int = 24, theme: Theme = CALM) -> None:
        self.rig = SessionRig(width, height)
        self.connection = SilentConnection()
        self.interface = Interface(self.rig.context, (PlainScreen(), PlainScreen("other", "Other", "o")))
        self.app = TerminalApp(self.interface, self.connection, theme)
        self.size = (width, height)

    def run(self, use: Callable[[Pilot[None]], Awaitable[None]]) -> None:
        async def play() -> None:
            async with self.app.run_test(size=self.size) as pilot:
                await pilot.pause()
                await use(pilot)

        asyncio.run(play())

    def read_lines(self) -> list[str]:
        """The terminal's rows as Textual has composed them."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    async def wait(self, pilot: Pilot[None], is_true: Callable[[list[str]], bool]) -> list[str]:
        """The rows once ``is_true`` of them."""
        for _ in range(500):
            lines = self.read_lines()
            if is_true(lines):
                return lines
            await pilot.pause(0.01)
        raise AssertionError("\n".join(lines))


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_a_key_acts_is_sent_and_is_then_shown(size: tuple[int, int]) -> None:
    rig = AppRig(*size)

    async def use(pilot: Pilot[None]) -> None:
        lines = await rig.wait(pilot, lambda lines: "● " in lines[0])
        assert len(lines) == size[1]
        assert {len(line) for line in lines} == {size[0]}
        rig.connection.events.clear()
        await pilot.press("m")
        assert rig.rig.session.is_on("stems.drums.mute")
        assert rig.connection.events == ["flush"]
        await pilot.press("g", "o")
        await rig.wait(pilot, lambda lines: "▌Other" in lines[1])
        assert rig.connection.shown == ["plain", "other"]

    rig.run(use)


@pytest.mark.parametrize("opening", [(), ("ctrl+p",), ("ctrl+s",), ("g",), ("question_mark",), ("ctrl+g", "slash")])
@pytest.mark.parametrize("key", ["exclamation_mark", "f12"])
def test_panic_acts_from_everywhere(opening: tuple[str, ...], key: str) -> None:
    rig = AppRig()

    async def use(pilot: Pilot[None]) -> None:
        await pilot.press(*opening)
        rig.interface._sign_s = float("-inf")  # the pilot presses faster than a hand
        await pilot.press(key)
        assert [call for call in rig.rig.remote.calls if call[0] == "transport.panic"] != []
        await rig.wait(pilot, lambda lines: any("PANIC" in line for line in lines[-2:]) or bool(opening))

    rig.run(use)


def test_a_paste_is_text_and_never_keys() -> None:
    rig = AppRig()

    async def use(pilot: Pilot[None]) -> None:
        rig.app.post_message(events.Paste("!mq"))
        await rig.wait(pilot, lambda lines: "pasted text" in lines[-2])
        assert rig.rig.remote.calls == []
        await pilot.press("ctrl+s")
        rig.app.post_message(events.Paste("la!te\nset"))
        await rig.wait(pilot, lambda lines: "Save as preset › la!te▏" in lines[-2])
        await pilot.press("enter")
        assert rig.rig.remote.calls == [("preset.save", "la!te")]

    rig.run(use)


def test_a_new_size_is_drawn_whole() -> None:
    rig = AppRig()

    async def use(pilot: Pilot[None]) -> None:
        for size in ((120, 40), (40, 10), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            lines = await rig.wait(pilot, lambda lines, size=size: len(lines) == size[1])  # type: ignore[misc]
            assert {len(line) for line in lines} == {size[0]}

    rig.run(use)


def test_a_click_on_a_tab_shows_its_screen() -> None:
    rig = AppRig()

    async def use(pilot: Pilot[None]) -> None:
        lines = await rig.wait(pilot, lambda lines: "Other" in lines[1])
        await pilot.click(offset=(lines[1].index("Other") + 2, 1))
        await rig.wait(pilot, lambda lines: "▌Other" in lines[1])

    rig.run(use)


def test_quitting_takes_leave_of_the_sidecar() -> None:
    rig = AppRig()

    async def use(pilot: Pilot[None]) -> None:
        await pilot.press("q")

    rig.run(use)
    assert rig.connection.events[-1] == "stop"


def test_without_colour_no_segment_has_one() -> None:
    rig = AppRig(theme=MONO)

    async def use(pilot: Pilot[None]) -> None:
        await rig.wait(pilot, lambda lines: "● " in lines[0])
        for strip in rig.app.screen._compositor.render_strips():
            for segment in strip:
                style = segment.style
                colors = [] if style is None else [style.color, style.bgcolor]
                assert all(color is None or color.is_default for color in colors)

    rig.run(use)


def test_only_rows_that_changed_are_drawn() -> None:
    rig = AppRig()

    async def use(pilot: Pilot[None]) -> None:
        await rig.wait(pilot, lambda lines: "● " in lines[0])
        canvas = rig.app._canvas
        rows = rig.interface.draw(rig.rig.context.now_s)
        canvas.show(rows)
        assert canvas.show(rig.interface.draw(rig.rig.context.now_s)) == 0
        rig.rig.bus.publish("mir.key", 0, "D minor", 0.8)
        assert canvas.show(rig.interface.draw(rig.rig.context.now_s)) == 1

    rig.run(use)


def test_while_the_terminal_takes_nothing_keys_act_and_frames_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = AppRig()
    free = [True]
    monkeypatch.setattr(Gate, "is_free", property(lambda _: free[0]))

    async def use(pilot: Pilot[None]) -> None:
        await rig.wait(pilot, lambda lines: "● " in lines[0])
        drawn: list[int] = []
        display = rig.app._display

        def note(screen: object, renderable: object) -> None:
            drawn.append(rig.app._batch_count)
            display(screen, renderable)  # type: ignore[arg-type]

        monkeypatch.setattr(rig.app, "_display", note)
        free[0] = False
        for _ in range(100):
            if rig.app._gate._batch is not None:
                break
            await pilot.pause(0.02)
        before = rig.read_lines()
        count = len(drawn)
        for _ in range(40):
            rig.app.post_message(events.Key("m", "m"))
        rig.app.post_message(events.Key("g", "g"))
        for _ in range(100):
            if rig.interface._overlay is not None:
                break
            await pilot.pause(0.02)
        assert rig.connection.events.count("flush") == 41
        assert rig.read_lines() == before
        assert 0 not in drawn[count:], "nothing reaches the terminal past the gate"
        assert rig.app._gate._batch is not None
        free[0] = True
        await rig.wait(pilot, lambda lines: any("go to" in line for line in lines[2:]))

    rig.run(use)


def test_nothing_is_drawn_while_nothing_changes() -> None:
    rig = AppRig()

    async def use(pilot: Pilot[None]) -> None:
        await rig.wait(pilot, lambda lines: "● " in lines[0])
        shown: list[int] = []
        show = rig.app._canvas.show

        def note(rows: list[Row]) -> int:
            shown.append(show(rows))
            return shown[-1]

        rig.app._canvas.show = note  # type: ignore[method-assign]
        while len(shown) < 8:
            await pilot.pause(0.02)
        assert set(shown) == {0}

    rig.run(use)
