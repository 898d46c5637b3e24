"""Action table of the whole app: the keys that act on every screen. Screens add their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.core.screen import Context, KeyAction, TextField


def _leave_to_app(_context: Context) -> None:
    """What the app itself does: `tui.interface.interface` finds it by the action's name."""


def panic(context: Context) -> None:
    """Release all notes, and put the dry input on the mix; undo ends the dry mix, unless it was dry before."""
    action = context.session.registry.actions.get("transport.panic")
    has_dry = action is not None and "dry" in action.arguments
    can_undo = has_dry and not context.session.is_on("stems.dry")
    dry = f", the mix is dry{' · u undoes it' if can_undo else ''}" if has_dry else ""
    context.say(f"PANIC: notes are off{dry}", "warning")
    context.remote.call(
        "transport.panic", *(("dry",) if has_dry else ()), undo=_leave_dry(context) if can_undo else None
    )


def _leave_dry(context: Context) -> Callable[[], None]:
    return lambda: context.remote.set("stems.dry", False)


def save_preset(context: Context) -> None:
    """Ask for a name, and save the controls as a session preset."""
    known = [str(row.get("preset", "")) for row in context.session.read_rows("preset.entry")]
    name = str(context.session.read("preset.current").get("preset", ""))

    def submit(text: str) -> None:
        if text.strip():
            context.remote.call("preset.save", text.strip())
        else:
            context.say("a preset needs a name; nothing was saved", "warning")

    context.view.field = TextField("Save as preset", name, len(name), on_submit=submit, complete=lambda _: known)


def start_or_stop(context: Context) -> None:
    """Start the transport where it stands, stop it where it rolls."""
    rolling = bool(context.session.read("clock").get("rolling", 0))
    context.remote.call("transport.stop" if rolling else "transport.start")


def undo(context: Context) -> None:
    """Undo the last change that was made here."""
    context.remote.undo()


def redo(context: Context) -> None:
    """Make again what was undone last."""
    context.remote.redo()


APP_ACTIONS: tuple[KeyAction, ...] = (
    KeyAction(
        "app.panic",
        ("exclamation_mark", "f12"),
        "panic",
        "Release all notes at once and put the dry input on the mix. It acts everywhere, also while text is typed.",
        panic,
    ),
    KeyAction("app.help", ("question_mark",), "help", "Show every key of this screen and of the app.", _leave_to_app),
    KeyAction(
        "app.start",
        ("space",),
        "start/stop",
        "Start or stop the transport, JACK's or that of the offline driver.",
        start_or_stop,
        shown=False,
    ),
    KeyAction("app.undo", ("u", "ctrl+z"), "undo", "Undo the last change that was made here.", undo, shown=False),
    KeyAction("app.redo", ("ctrl+r",), "redo", "Make again what was undone last.", redo, shown=False),
    KeyAction("app.save", ("ctrl+s",), "save", "Save the controls as a session preset.", save_preset, shown=False),
    KeyAction(
        "app.palette",
        ("ctrl+p",),
        "palette",
        "Find any control, action or screen by a few letters of its name or of what it does.",
        _leave_to_app,
        shown=False,
    ),
    KeyAction("app.jump", ("f",), "jump", "Show a letter at each row that can be chosen.", _leave_to_app, shown=False),
    KeyAction(
        "app.controls",
        ("ctrl+g",),
        "controls",
        "Show every control, action and reading of the sidecar, and edit it.",
        _leave_to_app,
        shown=False,
    ),
    KeyAction("app.screens", ("g",), "screens", "Go to another screen by its letter.", _leave_to_app, shown=False),
    KeyAction(
        "app.next", ("right_square_bracket",), "next screen", "Go to the next screen.", _leave_to_app, shown=False
    ),
    KeyAction(
        "app.previous",
        ("left_square_bracket",),
        "screen before",
        "Go to the screen before.",
        _leave_to_app,
        shown=False,
    ),
    KeyAction(
        "app.refresh",
        ("ctrl+l",),
        "ask anew",
        "Ask the sidecar for everything anew, and draw the screen anew.",
        _leave_to_app,
        shown=False,
    ),
    KeyAction("app.leave", ("escape",), "leave", "Leave what lies above the screen.", _leave_to_app, shown=False),
    KeyAction("app.quit", ("q",), "quit", "Quit the app. The sound goes on.", _leave_to_app, shown=False),
)
"""F2 to F10 show the screens in their order, besides."""
PREFIXES = ("app.screens", "app.jump", "app.palette")
"""Actions whose keys are followed by letters: where one of them did nothing, the letters would act by themselves."""
FROM_OVERLAYS = (*PREFIXES, "app.undo", "app.redo", "app.refresh", "app.start")
"""Actions of the app that act while an overlay is shown."""
FOOTER_RIGHT = ("app.panic", "app.help")
FOOTER_WIDE = ("app.start", "app.undo", "app.redo", "app.save", "app.palette", "app.jump")


def select_footer(actions: Sequence[KeyAction]) -> tuple[list[KeyAction], list[KeyAction]]:
    """Of the app's actions those that the footer shows always, at the right, and those that it shows where there is
    room."""
    by_name = {action.name: action for action in actions}
    return [by_name[name] for name in FOOTER_RIGHT], [by_name[name] for name in FOOTER_WIDE]
