"""Entries of the palette: the screens, the keys of all of them, and every control and action of the sidecar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from tui.core.registry import Action
from tui.core.screen import Context, KeyAction, Screen
from tui.core.values import format_value
from tui.keys.key_names import to_label
from tui.overlays.controls import ask_arguments
from tui.overlays.palette import PaletteEntry

MOVEMENTS = ("up", "down", "left", "right", "pageup", "pagedown")
"""Actions on these keys make no sense outside their screen, so the palette leaves them out."""


class Source(Protocol):
    """What entries are made from: the interface."""

    context: Context
    screens: tuple[Screen, ...]

    @property
    def app_actions(self) -> tuple[KeyAction, ...]:
        """The app's actions."""

    def list_actions(self, screen: Screen) -> tuple[KeyAction, ...]:
        """The actions of a screen."""

    def go_to(self, name: str) -> None:
        """Show a screen."""

    def open_controls(self, name: str) -> None:
        """Show the list of controls."""

    def run_app_action(self, action: KeyAction) -> None:
        """Do one of the app's own actions."""


def list_entries(source: Source) -> list[PaletteEntry]:
    """All entries, in this order: screens, keys of the present screen first, controls, actions."""
    registry = source.context.session.registry
    here = source.context.view.screen
    screens = sorted(source.screens, key=lambda screen: screen.name != here)
    entries = [
        PaletteEntry(
            screen.title, "screen", f"Show the screen {screen.title}.", _show(source, screen.name), f"g{screen.letter}"
        )
        for screen in source.screens
    ]
    for screen in screens:
        entries += [
            PaletteEntry(
                f"{screen.title}: {_name(action)}", "key", action.doc, _run(source, screen.name, action), _label(action)
            )
            for action in _skip_movements(source.list_actions(screen))
        ]
    entries += [
        PaletteEntry(action.words, "key", action.doc, _run_app(source, action), _label(action))
        for action in _skip_movements(source.app_actions)
    ]
    for control in sorted(registry.controls.values(), key=lambda control: control.order):
        value = format_value(control, source.context.session.get(control.name))
        entries.append(PaletteEntry(_spell(control.name), "control", control.doc, _open(source, control.name), value))
    for action in sorted(registry.actions.values(), key=lambda action: action.order):
        entries.append(PaletteEntry(_spell(action.name), "action", action.doc, _call(action)))
    return entries


def _name(action: KeyAction) -> str:
    return action.words or action.doc.rstrip(".")


def _spell(name: str) -> str:
    return name.replace(".", " ")


def _label(action: KeyAction) -> str:
    return to_label(action.keys[0]) if action.keys else ""


def _skip_movements(actions: Iterable[KeyAction]) -> list[KeyAction]:
    return [action for action in actions if not action.keys or action.keys[0] not in MOVEMENTS]


def _show(source: Source, name: str) -> Callable[[Context], None]:
    return lambda _context: source.go_to(name)


def _run(source: Source, screen: str, action: KeyAction) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        source.go_to(screen)
        action.run(context)

    return run


def _run_app(source: Source, action: KeyAction) -> Callable[[Context], None]:
    return lambda _context: source.run_app_action(action)


def _open(source: Source, name: str) -> Callable[[Context], None]:
    return lambda _context: source.open_controls(name)


def _call(action: Action) -> Callable[[Context], None]:
    return lambda context: ask_arguments(context, action)
