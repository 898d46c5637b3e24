"""Interface of the app: the screens, what lies above them, and what each key does; it knows no terminal.

A key acts before anything is drawn. Keys go, in this order, to panic, an open question, an open text field, an
overlay, the screen's own actions, and those of the app.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence

from tui.core.rows import Row, fit_row
from tui.core.screen import Context, KeyAction, Screen, TextField
from tui.core.session import Record
from tui.drawing.characters import replace_controls
from tui.drawing.frame import FRAME_ROWS, find_tab
from tui.drawing.text_field import paste, type_key
from tui.interface.snapshot import add_app_actions, draw_whole
from tui.keys import app_actions
from tui.keys.keymap import Keymap
from tui.overlays.controls import ControlList
from tui.overlays.covered_screen import CoveredScreen, to_words
from tui.overlays.entries import list_entries
from tui.overlays.help import Help
from tui.overlays.jump import Jump
from tui.overlays.key_probe import KeyProbe
from tui.overlays.overlay import Overlay
from tui.overlays.palette import Palette
from tui.overlays.places import Place, find_places
from tui.overlays.screens_menu import ScreensMenu

PASTE_S = 0.02
"""A sign that comes so soon after another one was not pressed: a terminal without bracketed paste pastes so."""
NUMBERS_S = 0.25
"""Numbers of the head are rewritten at most so often."""
MESSAGE_S = 30.0
"""Time that a message is shown; errors stay until the next one."""
FIRST_FUNCTION_KEY = 2
"""F1 belongs to many terminals."""


class Interface:
    """The app without its terminal. ``screens``: at least one.

    Attributes:
        show_screen: Called with each screen that is shown, to subscribe to what it needs.
        leave: Called to quit.
        refresh: Called to ask the sidecar for everything anew.
        faults: Texts of errors in our own code, for after the app.
    """

    def __init__(self, context: Context, screens: Sequence[Screen], keymap: Keymap | None = None) -> None:
        self.context = context
        self.screens = tuple(screens)
        self.keymap = keymap or Keymap()
        self.show_screen: Callable[[Screen], None] = lambda _screen: None
        self.leave: Callable[[], None] = lambda: None
        self.refresh: Callable[[], None] = lambda: None
        self.faults: list[str] = []
        self._overlay: Overlay | None = None
        self._clock: Record = {}
        self._numbers_s = self._message_s = self._sign_s = float("-inf")
        context.say = self.say
        if self.find_screen(context.view.screen) is None:
            context.view.screen = self.screens[0].name
        self._own: dict[str, Callable[[Context], None]] = {
            "app.help": self._open_help,
            "app.palette": self._open_palette,
            "app.jump": self._open_jump,
            "app.controls": lambda _: self.open_controls(""),
            "app.screens": lambda _: self._open(ScreensMenu(self.screens, self.go_to)),
            "app.next": lambda _: self._step(1),
            "app.previous": lambda _: self._step(-1),
            "app.refresh": lambda _: self.refresh(),
            "app.leave": lambda _: self.say("", "text"),
            "app.quit": lambda _: self.leave(),
        }

    @property
    def screen(self) -> Screen:
        """The screen that is shown."""
        return self.find_screen(self.context.view.screen) or self.screens[0]

    @property
    def app_actions(self) -> tuple[KeyAction, ...]:
        """The app's actions, with the user's keys."""
        return self.keymap.apply(app_actions.APP_ACTIONS)

    def find_screen(self, name: str) -> Screen | None:
        """The screen of this name."""
        return next((screen for screen in self.screens if screen.name == name), None)

    def list_actions(self, screen: Screen) -> tuple[KeyAction, ...]:
        """The actions of a screen, with the user's keys."""
        return self.keymap.apply(screen.actions)

    def say(self, text: str, role: str) -> None:
        """Show a message, in one row."""
        self.context.view.message, self.context.view.message_role = " ".join(text.split()), role
        self._message_s = self.context.now_s

    def go_to(self, name: str) -> None:
        """Show a screen."""
        if name != self.context.view.screen:
            self.context.view.screen = name
            self.show_screen(self.screen)

    def press(self, key: str, character: str | None, now_s: float) -> None:
        """Act on a key. ``key``: as Textual names it; ``character``: the sign that it types; ``now_s``: when."""
        self.context.now_s = now_s
        is_sign = character is not None and character.isprintable()
        is_burst = is_sign and now_s - self._sign_s < PASTE_S
        if is_sign:
            self._sign_s = now_s
        self._try(lambda: self._act(key, character if is_sign else None, is_sign and is_burst))

    def _try(self, act: Callable[[], None]) -> None:
        """Act; a fault of it is said, and the rest goes on."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a fault in one key must not end the app on stage
            self._note_fault(to_words(error))

    def _act(self, key: str, character: str | None, is_burst: bool) -> None:
        view, context = self.context.view, self.context
        panics = key in self._find(self.app_actions, "app.panic").keys
        overlay = self._overlay
        if isinstance(overlay, KeyProbe):
            overlay.press(context, key, character)
            if not overlay.is_open:
                self.leave()
        elif panics and not is_burst:
            app_actions.panic(context)
        elif key == "ctrl+c":
            self.say("q quits, Esc leaves a field; the sound goes on", "text")
        elif view.asked is not None:
            self._answer(key)
        elif view.field is not None:
            self._type(view.field, key, character)
        elif panics:
            self.say("! came together with other keys, as in a paste: press it again to panic", "warning")
        elif overlay is not None:
            self._press_overlay(overlay, key, character)
        else:
            self._press_screen(key)

    def _answer(self, key: str) -> None:
        asked, self.context.view.asked = self.context.view.asked, None
        if asked is not None and key in ("enter", "y"):
            asked[1]()
        else:
            self.say("nothing was changed", "dim")
            self._press_app(key, app_actions.PREFIXES)

    def _type(self, field: TextField, key: str, character: str | None) -> None:
        view = self.context.view
        if key in ("enter", "escape"):
            view.field = None
            if key == "escape" and field.on_cancel is not None:
                field.on_cancel()
            elif key == "enter" and field.on_submit is not None:
                field.on_submit(field.text)
        elif not type_key(field, key, character) and character is None:
            if self._overlay is not None:
                self._press_overlay(self._overlay, key, None)
            else:
                self._press_screen(key, own_only=True)

    def _press_overlay(self, overlay: Overlay, key: str, character: str | None) -> None:
        if not overlay.press(self.context, key, character):
            if key == "escape":
                overlay.is_open = False
            elif key in self._find(self.app_actions, "app.help").keys:
                self._open(Help([("Keys here", overlay.actions), ("Everywhere", self.app_actions)]))
                return
            elif not self._press_app(key, app_actions.FROM_OVERLAYS):
                self.say("this key does nothing here · Esc leaves", "dim")
        if not overlay.is_open and self._overlay is overlay:
            self._overlay = None

    def _press_screen(self, key: str, own_only: bool = False) -> None:
        for action in self.list_actions(self.screen):
            if key in action.keys:
                action.run(self.context)
                return
        if own_only:
            return
        if key.startswith("f") and key[1:].isdigit() and 0 <= int(key[1:]) - FIRST_FUNCTION_KEY < len(self.screens):
            self.go_to(self.screens[int(key[1:]) - FIRST_FUNCTION_KEY].name)
        elif not self._press_app(key):
            self.say("this key does nothing here · ? shows the keys", "dim")

    def _press_app(self, key: str, allowed: Sequence[str] = ()) -> bool:
        for action in self.app_actions:
            if key in action.keys and (not allowed or action.name in allowed):
                self.run_app_action(action)
                return True
        return False

    def run_app_action(self, action: KeyAction) -> None:
        """Do one of the app's own actions."""
        self._own.get(action.name, action.run)(self.context)

    def paste(self, text: str) -> None:
        """Take a paste: into the text field that is open; a paste is never keys."""
        self._try(lambda: self._paste(text))

    def _paste(self, text: str) -> None:
        overlay = self._overlay
        if self.context.view.field is not None:
            paste(self.context.view.field, text)
        elif isinstance(overlay, Palette | ControlList) and overlay.field is not None:
            paste(overlay.field, text)
            overlay.press(self.context, "end", None)
        else:
            self.say("pasted text goes into text fields only", "dim")

    def click(self, column: int, row: int) -> None:
        """Act on a click: a tab shows its screen, a row is selected."""
        self._try(lambda: self._click(column, row))

    def _click(self, column: int, row: int) -> None:
        view = self.context.view
        if self._overlay is not None or view.field is not None or view.asked is not None:
            return
        if row == 1:
            name = find_tab(self.screens, self.screen.name, view.width, column)
            if name:
                self.go_to(name)
        elif 1 < row <= view.height - FRAME_ROWS + 1:
            for place in reversed(self._find_places(self.context)):
                if place.row <= row - 2:
                    place.select()
                    return

    def draw(self, now_s: float) -> list[Row]:
        """Every row of the terminal; where they cannot be drawn, what is wrong."""
        try:
            return self._draw(now_s)
        except Exception as error:  # noqa: BLE001 - keys go on, panic first of all
            self._note_fault(to_words(error))
            view = self.context.view
            rows: list[Row] = [[(" ! panic, q quit", "key")], [], [(f" cannot be drawn: {to_words(error)}", "error")]]
            rows += [[]] * view.height
            return [fit_row(replace_controls(row), view.width) for row in rows[: view.height]]

    def _draw(self, now_s: float) -> list[Row]:
        context, view = self.context, self.context.view
        context.now_s = now_s
        if now_s - self._message_s > MESSAGE_S and view.message_role != "error":
            view.message = ""
        present = context.session.read("clock")
        if now_s - self._numbers_s >= NUMBERS_S or not self._clock:
            self._clock, self._numbers_s = present, now_s
        held: Record = {name: self._clock[name] for name in ("tempo_bpm", "jitter_ms") if name in self._clock}
        clock: Record = {**present, **held} if present else {}
        shown = CoveredScreen(self.screen, self._overlay, self._note_fault)
        own = self._overlay.actions if self._overlay is not None else self.list_actions(self.screen)
        actions = own if self._overlay is not None else add_app_actions(own, self.app_actions)
        return draw_whole(context, shown, self.screens, actions, clock, self.app_actions)

    def open_probe(self) -> None:
        """Show what arrives for each key; leaving it leaves the app."""
        groups = [(screen.title, self.list_actions(screen)) for screen in self.screens]
        self._open(KeyProbe([("everywhere", self.app_actions), *groups]))

    def open_controls(self, name: str) -> None:
        """Show the list of all controls, with the cursor on ``name``."""
        self._open(ControlList(name))

    def _open(self, overlay: Overlay) -> None:
        self._overlay = overlay

    def _open_help(self, _context: Context) -> None:
        self._open(Help([(self.screen.title, self.list_actions(self.screen)), ("Everywhere", self.app_actions)]))

    def _open_palette(self, _context: Context) -> None:
        self._open(Palette(list_entries(self)))

    def _open_jump(self, context: Context) -> None:
        places = self._find_places(context)
        self._open(Jump(places))
        if not places:
            self.say("nothing to jump to on this screen · Esc leaves, ^P finds everything", "dim")

    def _find_places(self, context: Context) -> list[Place]:
        view = context.view
        return find_places(self.screen, context, view.width, max(view.height - FRAME_ROWS, 0))

    def _step(self, by: int) -> None:
        self.go_to(self.screens[(self.screens.index(self.screen) + by) % len(self.screens)].name)

    def _find(self, actions: Sequence[KeyAction], name: str) -> KeyAction:
        return next(action for action in actions if action.name == name)

    def _note_fault(self, words: str) -> None:
        text = traceback.format_exc()
        if text not in self.faults:
            self.faults.append(text)
        self.say(f"fault of this app: {words}", "error")
